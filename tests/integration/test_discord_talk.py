"""Lines of text and orders in Discord: the real process, the embedded Picker, the look-alike."""

from __future__ import annotations

from pathlib import Path

from bot_process import until
from discord_evening import Evening, evening, text, told
from discord_peer import Peer


def reading(peer: Peer) -> str:
    """Lines are heard, and hosts are known by their role."""
    peer.world.content_granted = True
    role = peer.world.add_role("hosts")
    return f'message_content = true\n[hosts]\nroles = ["{role.id}"]\n'


def answers(night: Evening) -> list[str]:
    """The replies to lines in the channel."""
    return [text(m) for m in night.games.messages.values() if m.reply_to]


async def test_votes_and_questions_in_lines(tmp_path: Path) -> None:
    """Votes by line and by tap are one tally, marked and never answered in public; a question is
    answered by a reply, one in private there, and a relay's line is neither."""
    async with evening(tmp_path, reading) as night:
        board = await night.begin()
        peer, games = night.peer, night.games
        alice, bob, relay = (peer.person(name) for name in ("alice", "bob", "relay"))
        relay.bot = True
        vote = peer.say(games, alice, "well, thisgame++ !")
        await until(lambda: vote.reactions == ["✅"])
        peer.say(games, relay, "thisgame--")
        peer.say(games, bob, "[irc] <carl> thisgame--")
        await told(await night.tap(board, "bob"), "is counted")
        await told(await night.tap(board, "alice"), "voted on Drawful 2 already")
        await until(lambda: "2👍 0👎" in text(board))
        peer.say(games, bob, f"<@{peer.world.bot.id}> votes")
        await until(lambda: any("tonight 2👍 0👎 (+2)" in answer for answer in answers(night)))
        own = peer.world.direct(bob)
        peer.say(own, bob, "night")
        await until(lambda: any("Drawful 2: 2👍" in text(m) for m in own.messages.values()))
        assert len(answers(night)) == 1
        assert await night.stored() == [
            ("alice", "up", "Drawful 2"),
            ("bob", "up", "Drawful 2"),
        ]


async def test_orders(tmp_path: Path) -> None:
    """A host, known by a role, mutes the channel and lifts that; somebody else is told no; while
    it is muted the board goes on."""
    async with evening(tmp_path, reading) as night:
        board = await night.begin()
        (role,) = night.peer.world.roles
        host, guest = night.peer.person("dana", role), night.peer.person("bob")
        slash = night.peer.interactions.slash
        await told(await slash(night.games, "mute", guest, span="1h"), "from the hosts alone")
        await told(await slash(night.games, "mute", host, span="1h"), "1 h")
        await told(await night.tap(board, "bob"), "is counted")
        await until(lambda: "1👍 0👎" in text(board))
        await night.host.add(night.session, "Fibbage 4")
        await until(lambda: "Final votes: 1👍 0👎" in text(board))
        assert len(night.games.messages) == 2
        await told(await slash(night.games, "unmute", host), "I announce here again")
        await told(await slash(night.games, "say-again", host), "It is being said again")
        await until(lambda: len(night.games.messages) > 2)
        await told(await slash(night.games, "reconnect", host), "log in to the Picker anew")
        await told(await slash(night.games, "top", guest), "Drawful 2")
        await told(await slash(night.games, "help", guest), "/votes")


async def test_it_is_not_granted(tmp_path: Path) -> None:
    """Without the intent everything else works, and the log says once where to switch it on."""
    async with evening(tmp_path, lambda peer: "message_content = true\n") as night:
        board = await night.begin()
        await told(await night.tap(board, "alice"), "is counted")
        assert night.bot.log.count("Privileged Gateway Intents") == 1

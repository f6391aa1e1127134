"""Two chats at once, a real IRC server with services and the Discord look-alike: one tally, each
ballot once, and nobody obeyed who is not who they seem."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from bot_process import until
from discord_evening import text, told
from irc_bot import needs_inspircd
from irc_person import Person
from two_chats import HALL, TIME, two_chats

from bot.ballots import BallotStatus

pytestmark = [needs_inspircd, pytest.mark.timeout(90)]
GAME, NEXT = "Drawful 2", "Fibbage 4"


async def test_one_tally(tmp_path: Path) -> None:
    """Lines on IRC and taps in Discord are one tally on the board and in the answers."""
    async with two_chats(tmp_path, "annie", more="[votes]\nnotice = true\n") as night:
        await night.person("ann", "annie")
        await night.person("ben")
        board = await night.begin()
        night.say("ann", "that was good, thisgame++")
        night.say("ben", "ThisGame-- :(")
        for name in ("carol", "dave"):
            await night.tap(board, name)
        await until(lambda: "3👍 1👎" in text(board))
        await night.people["ann"].expect(f"NOTICE ann :🗳️ Your 👍 for {GAME} is counted.")
        night.people["ann"].send("NICK ann_", f"PRIVMSG {HALL} :thisgame--")
        night.say("ben", "!votes")
        said = await night.people["ben"].expect("tonight 3👍 1👎 (+2)")
        assert f"PRIVMSG {HALL} :" in said
        night.say("ben", "night", to="nightcrier")
        await night.people["ben"].expect("ben :📊 Tonight so far: Drawful 2: 3👍 1👎 (+2)")
        night.say("ben", "nightcrier, top")
        await night.people["ben"].expect(f"{HALL} :🏆 Tonight's best: Drawful 2: 3👍 1👎 (+2)")
        carol = night.peer.person("carol")
        slash = await night.peer.interactions.slash(night.games, "votes", carol)
        await told(slash, "tonight 3👍 1👎 (+2)")
        assert await night.stored() == [
            ("ann", "up", GAME),
            ("ben", "down", GAME),
            ("carol", "up", GAME),
            ("dave", "up", GAME),
        ]
        voters = {ballot.name: ballot.voter for ballot in night.ballots}
        assert voters["ann"] == "hall/annie"
        assert voters["ben"] == "hall/nick:ben"


@pytest.mark.timeout(120)
async def test_through_a_restart_of_the_picker(tmp_path: Path) -> None:
    """The Picker dies among votes from both chats and comes back: each vote is counted once, and
    the board of the game shows them all."""
    async with two_chats(tmp_path) as night:
        people = [f"p{number}" for number in range(8)]
        for nick in people:
            await night.person(nick)
        board = await night.begin()
        for number, nick in enumerate(people):
            if number == 3:
                await night.picker_dies()
            night.say(nick, "thisgame++")
            await night.tap(board, f"d{number}", up=False)
            await asyncio.sleep(0.02)
        await until(lambda: len(night.ballots) == 16)
        night.say("watcher", "!votes")
        await night.people["watcher"].expect("by my own count, since the Picker does not answer")
        await night.picker_returns()
        await until(lambda: all(b.status is not BallotStatus.HELD for b in night.ballots), 60)
        voted = int(TIME.now())
        await until(lambda: int(TIME.now()) > voted)  # games' moments are cut to the second
        await night.host.add(night.session, NEXT)
        await night.board(NEXT)
        await until(lambda: "Final votes: 8👍 8👎" in text(board), 30)
        assert {b.status for b in night.ballots} == {BallotStatus.COUNTED}
        expected = [(nick, "up", GAME) for nick in people]
        expected += [(f"d{number}", "down", GAME) for number in range(8)]
        assert await night.stored() == sorted(expected)


async def test_orders_on_irc(tmp_path: Path) -> None:
    """An account is a host whatever its nick, an operator is one in the channel; a nick like the
    account's is nobody, and is told so once."""
    more = '[hosts]\naccounts = ["hall/annie"]\noperators = true\n'
    async with two_chats(tmp_path, "annie", more=more) as night:
        host = await night.person("somebody", "annie")
        eve = await night.person("eve")
        eve.send("NICK ANNIE_")
        await night.begin()
        night.say("eve", "!mute 30m")
        await eve.expect("I take that order from the hosts alone")
        night.say("eve", "!mute 30m")
        night.say("somebody", "!mute 30m")
        await host.expect("I announce nothing here for 30 min")
        await night.host.add(night.session, NEXT)
        await night.board(NEXT)
        night.say("watcher", "!unmute")  # who came first is the channel's operator
        await host.expect("I announce here again")
        night.say("somebody", "!reconnect")
        await host.expect("I log in to the Picker anew")
        await until(lambda: "A host asked for a new link" in night.bot.log)
        await night.host.add(night.session, "Tee K.O.")
        await host.expect("Next up: \x02Tee K.O.")
        assert [line for line in host.said(HALL) if "Next up" in line and NEXT in line] == []
        assert sum("hosts alone" in line for line in eve.lines) == 1


async def test_a_relay_in_the_channel(tmp_path: Path) -> None:
    """Another bot relays, announces and answers: its lines, and ours that come back through it,
    are no votes, no commands, and lead to nothing."""
    more = '[votes]\nignore_nicks = ["relay"]\n'
    async with two_chats(tmp_path, more=more) as night:
        relay, other = await night.person("relay"), await night.person("bridge")
        await night.person("ben")
        await night.begin()
        before = len(ours(relay))
        for nick in ("relay", "bridge"):
            for said in list(relay.said(HALL)):
                night.say(nick, f"[discord] <nightcrier> {said}")
            night.say(nick, "[irc] <ann> thisgame++")
            night.say(nick, "\x02[Kosmi]\x02 <ann> !votes")
        for said in ("thisgame++", "!votes", "Current votes: thisgame++", "nightcrier: night"):
            night.say("relay", said)
        other.send(f"NOTICE {HALL} :thisgame++", f"NOTICE {HALL} :!votes")
        night.say("ben", "thisgame++")
        night.say("ben", "!votes")
        await relay.expect("tonight 1👍 0👎")
        assert await night.stored() == [("ben", "up", GAME)]
        assert len(ours(relay)) == before + 1


def ours(person: Person) -> list[str]:
    """What the bot has said in the channel, as somebody there saw it."""
    return [line for line in person.lines if line.startswith(":nightcrier!") and "PRIVMSG" in line]


async def test_beside_a_relay(tmp_path: Path) -> None:
    """In a chat that a relay serves we say nothing at all on IRC, and take neither votes nor
    commands there; the other chat has everything."""
    async with two_chats(tmp_path, irc="beside_relay = true\n") as night:
        ben = await night.person("ben")
        night.session = await night.host.start()
        await night.host.add(night.session, GAME)
        board = await night.board(GAME)
        for said in ("thisgame++", "!votes", "nightcrier: votes", "!mute 1h"):
            night.say("ben", said)
        await night.tap(board, "carol")
        await until(lambda: "1👍 0👎" in text(board))
        await night.host.add(night.session, NEXT)
        await night.board(NEXT)
        assert await night.stored() == [("carol", "up", GAME)]
        assert ours(ben) == []

"""Votes in lines of text: counted as those by button are, for the game of that moment."""

from __future__ import annotations

import pytest
from faults import STORED_THEN_RESET, UNAVAILABLE
from host import Host
from scene import GAME, NEXT, POST, TIME, Scene, until

from bot.app import Listening
from bot.ballots import BallotStatus
from bot.chat import Rules
from bot.domain import Author
from bot.port import Transient
from bot.sandbox import SEED

BEN = Author("id-ben", "ben")
CATALOGUE = "GET /api/games"


async def test_counted(scene: Scene, host: Host) -> None:
    """Votes in lines reach the Picker and the board; nothing is said, the lines are marked."""
    async with scene.running():
        session = await scene.begin(host)
        said = list(scene.chat.said)
        up = scene.say("good one thisgame++ :)")
        down = scene.say("THISGAME--", BEN)
        await scene.settled(2)
        board = await scene.board(GAME)
        await until(lambda: "1👍 1👎" in scene.chat.shows[board].text)
        assert scene.chat.said == said
    assert scene.chat.replies == []
    assert scene.chat.marks == [(up, True), (down, False)]
    assert await host.votes(session) == [("ann", "up", GAME), ("ben", "down", GAME)]


async def test_once_whatever_the_way(scene: Scene, host: Host) -> None:
    """By button, by text, and under another nick of the same account: one vote."""
    async with scene.running():
        session = await scene.begin(host)
        up = scene.button(await scene.board(GAME))
        await scene.answer(scene.tap(up, "ann", account="annie"))
        scene.say("thisgame--", Author("account:annie", "ann_", "annie"))
        scene.say("thisgame--", BEN)
        await until(lambda: len(scene.ballots) == 2)
        second = await scene.answer(scene.tap(up, "ben"))
        assert second.text.startswith("☑️ You have voted on Drawful 2 already")
        await scene.settled(2)
    assert len(await host.votes(session)) == 2


async def test_just_before_the_next_game(scene: Scene, host: Host) -> None:
    """A line that was said before the next game came votes on the earlier one, as the network
    stamped it, though it arrives later."""
    async with scene.running():
        session = await scene.begin(host)
        began = TIME.now()
        await until(lambda: int(TIME.now()) > began + 1)  # games' moments are cut to the second
        await host.add(session, NEXT)
        await scene.board(NEXT)
        scene.say("thisgame++", at=began + 0.5)
        scene.say("thisgame++", BEN)
        await scene.settled(2)
    assert await host.votes(session) == [("ann", "up", GAME), ("ben", "up", NEXT)]


async def test_what_is_no_vote(scene: Scene, host: Host) -> None:
    """History, relayed lines, bots, ignored people, and what only looks like a vote."""
    rules = Rules(ignore_nicks=("Bridge",))
    scene.listening = Listening(rules=rules)
    async with scene.running():
        await scene.begin(host)
        scene.say("thisgame++", at=TIME.now() - 400)
        scene.say("[irc] <ann> thisgame++")
        scene.say("thisgame++", Author("7", "robot", is_bot=True))
        scene.say("thisgame++", Author("8", "bridge"))
        scene.say("c++ i-- thisgame++ thisgame--")
        scene.say("`thisgame++` https://example.org/thisgame++")
        scene.say("thisgame++", BEN)
        (ballot,) = await scene.settled()
    assert ballot.name == "ben"


async def test_both_signs_in_different_words(scene: Scene, host: Host) -> None:
    """The game that runs, also by its ticker: one vote, or none with both signs."""
    this = (await _tickers(host))[GAME]
    async with scene.running():
        session = await scene.begin(host)
        scene.say(f"thisgame++ {this}--")
        scene.say(f"{this}-- thisgame--", BEN)
        (ballot,) = await scene.settled()
    assert ballot.name == "ben"
    assert await host.votes(session) == [("ben", "down", GAME)]


async def test_by_ticker(scene: Scene, host: Host) -> None:
    """A ticker of the catalogue votes on its game, running or not, once for each person; a
    word that is no ticker is nothing."""
    games = await _tickers(host)
    this, other = games[GAME], games["Tee K.O."]
    async with scene.running():
        session = await scene.begin(host)
        scene.say(f"{other}++ and {this.lower()}-- and ZZZZ++")
        await scene.settled(1 if this.isalpha() else 2)
        scene.say(f"{other}--")
        scene.say(f"{this}--")
        scene.say("thisgame++")
        scene.say(f"{other}--", BEN)
        await until(lambda: len(scene.ballots) == 3)
        await scene.settled(3)
    assert {(b.name, b.ticker, b.up) for b in scene.ballots} == {
        ("ann", other, True),
        ("ann", this, False),
        ("ben", other, False),
    }
    assert len(await host.votes(session)) == 3


async def test_by_ticker_while_the_picker_is_away(scene: Scene, host: Host) -> None:
    """Tickers that are known stay known, and such a vote is kept as any other; one that was
    never looked up is nothing."""
    games = await _tickers(host)
    async with scene.running():
        session = await scene.begin(host)
        scene.say(f"{games['Tee K.O.']}++")
        await scene.settled()
        scene.faults.put("(GET|POST) /.*", UNAVAILABLE)
        scene.say(f"{games[NEXT]}++ ZZZZ++", BEN)
        await until(lambda: len(scene.ballots) == 2)
        scene.faults.clear()
        await scene.settled(2, wait=30)
    assert await host.votes(session) == [("ann", "up", "Tee K.O."), ("ben", "up", NEXT)]


async def test_a_catalogue_that_cannot_be_read(scene: Scene, host: Host) -> None:
    """Without a catalogue no ticker is a vote, and the Picker is not asked for it each time."""
    games = await _tickers(host)
    async with scene.running():
        await scene.begin(host)
        before = scene.faults.asked.count(CATALOGUE)
        scene.faults.put(CATALOGUE, UNAVAILABLE)
        for name in ("ann", "ben", "cid"):
            scene.say(f"{games['Tee K.O.']}++", Author(name, name))
        await until(lambda: scene.faults.asked.count(CATALOGUE) > before)
        scene.say("thisgame++", Author("dan", "dan"))
        (ballot,) = await scene.settled()
        assert scene.faults.asked.count(CATALOGUE) == before + 1
    assert ballot.name == "dan"


@pytest.mark.parametrize("era", [SEED], ids=["seed"])
async def test_no_tickers(scene: Scene, host: Host) -> None:
    """A Picker that knows no tickers would count such a vote for the wrong game: it is none."""
    async with scene.running():
        await scene.begin(host)
        scene.say("TKO++ FIB4++")
        scene.say("thisgame++", BEN)
        (ballot,) = await scene.settled()
    assert ballot.name == "ben"


async def _tickers(host: Host) -> dict[str, str]:
    return {game["title"]: game["ticker"] for game in await host.ask("GET", "/api/games")}


async def test_a_notice(scene: Scene, host: Host) -> None:
    """Where the host wants it, who votes by text is told in private what became of it."""
    scene.listening = Listening(notice=True)
    async with scene.running():
        early = scene.say("thisgame++")
        assert (await scene.answer(early)).text == "🌙 There is no game night at the moment."
        session = await host.start()
        await until(lambda: scene.chat.said)
        early = scene.say("thisgame++")
        assert (await scene.answer(early)).text == "🎲 No game is running at the moment."
        await host.add(session, GAME)
        await scene.board(GAME)
        said = await scene.answer(scene.say("thisgame++"))
        assert said.text == "🗳️ Your 👍 for Drawful 2 is counted. Tonight: 1👍 0👎 (Score: +1)"
        again = await scene.answer(scene.say("thisgame--"))
        assert again.text.startswith("☑️ You have voted on Drawful 2 already")
        tickers = await _tickers(host)
        other = await scene.answer(scene.say(f"{tickers['Tee K.O.']}++"))
        assert other.text.startswith("🗳️ Your 👍 for Tee K.O. is counted.")
        again = await scene.answer(scene.say(f"{tickers['Tee K.O.']}++"))
        assert again.text.startswith("☑️ You have voted on Tee K.O. already")


async def test_a_mark_that_fails(scene: Scene, host: Host) -> None:
    """A network that will not mark a line costs nothing but the mark."""
    scene.chat.mark_troubles.extend([Transient("slow down"), RuntimeError("foreign")])
    async with scene.running():
        await scene.begin(host)
        for name in ("ann", "ben", "cid"):
            scene.say("thisgame++", Author(name, name))
        await scene.settled(3)
        await until(lambda: len(scene.chat.marks) == 3)


async def test_through_a_restart(scene: Scene, host: Host) -> None:
    """Votes that the Picker has not answered for, by text and by button, are counted once each
    after the bot was started again."""
    async with scene.running():
        session = await scene.begin(host)
        up = scene.button(await scene.board(GAME))
        scene.faults.put(POST, STORED_THEN_RESET, times=1)
        scene.faults.put("GET /api/votes", UNAVAILABLE)
        scene.say("thisgame++")
        await until(lambda: any(ballot.doubts for ballot in scene.ballots), 15)
        scene.faults.put(POST, UNAVAILABLE)
        scene.say("thisgame--", BEN)
        scene.tap(up, "cid")
        await until(lambda: len(scene.ballots) == 3)
    scene.faults.clear()
    async with scene.running():
        ballots = await scene.settled(3, wait=30)
    assert {ballot.status for ballot in ballots} == {BallotStatus.COUNTED}
    assert [name for name, _, _ in await host.votes(session)] == ["ann", "ben", "cid"]


async def test_only_where_votes_are_taken(scene: Scene, host: Host) -> None:
    """From a chat that is not in votes.from neither lines nor buttons vote; a button says so."""
    scene.listening = Listening(voting=frozenset({"other"}))
    async with scene.running():
        await scene.begin(host)
        up = scene.button(await scene.board(GAME))
        scene.say("thisgame++")
        assert (await scene.answer(scene.tap(up))).text == "🚫 No votes are taken here."
        assert "link to the Picker" in await scene.answered(scene.say("!status"))
    assert scene.ballots == ()


async def test_beside_a_relay(scene: Scene, host: Host) -> None:
    """Where another bot takes votes and commands by text, ours does not; buttons still vote."""
    scene.listening = Listening(beside_relay=frozenset({"chat"}))
    async with scene.running():
        await scene.begin(host)
        up = scene.button(await scene.board(GAME))
        silent = [scene.say(text) for text in ("thisgame++", "!votes", "nightcrier: votes")]
        assert "is counted" in (await scene.answer(scene.tap(up, "ben"))).text
        assert "Drawful 2" in (await scene.answer(scene.ask("votes"))).text
    assert [handle for handle, _ in scene.chat.replies if handle in silent] == []
    assert [ballot.name for ballot in scene.ballots] == ["ben"]


async def test_more_than_can_be_held(scene: Scene, host: Host) -> None:
    """While thousands of votes wait for the Picker, further ones by text are dropped."""
    async with scene.running():
        await scene.begin(host)
        scene.faults.put(POST, UNAVAILABLE)
        for start in range(0, 6300, 900):
            for number in range(start, start + 900):
                scene.say("thisgame++", Author(f"id-{number}", f"p{number}"))
            await until(lambda: not scene.hearing._lines)
        await until(lambda: scene.hearing.dropped)
    assert scene.hearing.dropped == 900

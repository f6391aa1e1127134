"""Votes from a chat to the Picker: counted once, whatever fails, and the voter is told."""

from __future__ import annotations

import asyncio

import pytest
from faults import (
    BROKEN,
    CLOSE,
    FORBIDDEN,
    HANG,
    STORED_THEN_BROKEN,
    STORED_THEN_RESET,
    UNAVAILABLE,
    Fault,
    error,
    slow,
)
from host import Host
from scene import GAME, HERE, NEXT, POST, TIME, Scene, until

from bot.ballots import DUPLICATE, BallotStatus, Limit
from bot.domain import Action, Author, SessionKey, Tap, Target
from bot.sandbox import SEED

EVERYTHING = "(GET|POST) /.*"


on_the_seed = pytest.mark.parametrize("era", [SEED], ids=["seed"])


async def begin(scene: Scene, host: Host) -> tuple[int, Action]:
    """A night with one game; its thumb up."""
    return await scene.begin(host), scene.button(await scene.board(GAME))


async def test_counted(scene: Scene, host: Host) -> None:
    """A tap is counted, shown on the board, and its voter is told tonight's numbers."""
    async with scene.running():
        session, up = await begin(scene, host)
        await host.vote("ben", "down")
        said = await scene.answer(scene.tap(up))
        assert said.text == "🗳️ Your 👍 for Drawful 2 is counted. Tonight: 1👍 1👎 (Score: 0)"
        board = await scene.board(GAME)
        await until(lambda: "1👍 1👎" in scene.chat.shows[board].text)
    assert await host.votes(session) == [("ann", "up", GAME), ("ben", "down", GAME)]
    (ballot,) = scene.ballots
    assert (ballot.status, ballot.attempts, ballot.voter) == (
        BallotStatus.COUNTED,
        1,
        "chat/id-ann",
    )


async def test_what_the_board_showed_is_final(scene: Scene, host: Host) -> None:
    """Votes from before our start that the board has shown are in the final votes too, even if
    the Picker does not answer just as the game ends."""
    session = await host.start()
    await host.add(session, GAME)
    for name in ("ann", "ben", "cid"):
        await host.vote(name)
    async with scene.running():
        board = await scene.board(GAME)
        await host.vote("dan")
        await until(lambda: "4👍" in scene.chat.shows[board].text, 12.0)
        scene.faults.put("GET /api/sessions/[0-9]+/votes", BROKEN)
        await host.add(session, "Fibbage 4")
        await scene.said(f"Final votes for {GAME}: 4👍 0👎")


async def test_once_for_each_person_and_play(scene: Scene, host: Host) -> None:
    """A second tap is refused in words; another person, and another play, is free."""
    async with scene.running():
        session, up = await begin(scene, host)
        await scene.answer(scene.tap(up, account="annie"))
        second = await scene.answer(scene.tap(up, "ann2", account="annie"))
        assert second.text == (
            "☑️ You have voted on Drawful 2 already. A vote cannot be taken back."
        )
        await scene.answer(scene.tap(up, "ben"))
        await host.add(session, NEXT)
        again = scene.button(await scene.board(NEXT))
        assert "is counted" in (await scene.answer(scene.tap(again, "cid", "annie"))).text
    assert len(await host.votes(session)) == 3


async def test_the_same_name_with_an_account(scene: Scene, host: Host) -> None:
    """Who votes, logs in to an account and votes again under the same name has voted once."""
    async with scene.running():
        session, up = await begin(scene, host)
        await scene.answer(scene.tap(up))
        second = await scene.answer(scene.tap(up, account="annie"))
        assert "voted on Drawful 2 already" in second.text
        third = await scene.answer(scene.tap(up, "ann2", account="annie"))
        assert "is counted" in third.text, "nothing is known of that account"
    assert len(await host.votes(session)) == 2


async def test_as_often_as_the_picker_lets(scene: Scene, host: Host) -> None:
    """Without a limit of ours the Picker's own holds: one vote a second."""
    scene.limit = Limit.UNLIMITED
    async with scene.running():
        session, up = await begin(scene, host)
        first, second = scene.tap(up), scene.tap(up)
        assert "is counted" in (await scene.answer(first)).text
        assert "already counted in that second" in (await scene.answer(second)).text
        one, two = await scene.settled(2)
    assert (one.reason, two.reason) == (None, DUPLICATE)
    assert two.status is BallotStatus.COUNTED
    assert len(await host.votes(session)) == 1


async def test_over_or_unknown(scene: Scene, host: Host) -> None:
    """A board that is over, or of a night that nobody knows, takes no vote and says so."""
    async with scene.running():
        session, up = await begin(scene, host)
        await host.add(session, NEXT)
        await scene.board(NEXT)
        said = await scene.answer(scene.tap(up))
        assert said.text == "⌛ Drawful 2 is over. Its votes are closed."
        stranger = Action(True, SessionKey(99, 1), 1)
        assert "do not know that game" in (await scene.answer(scene.tap(stranger))).text
        await host.close(session)
        await until(lambda: any("📊" in text for _, text in scene.chat.said))
        assert "That game is over" in (await scene.answer(scene.tap(up))).text
    assert scene.ballots == ()


async def test_kept_while_the_picker_is_away(scene: Scene, host: Host) -> None:
    """A vote for a Picker that is away is kept, its voter told within six seconds, and counted
    for the right game when it is back though another runs by then."""
    async with scene.running():
        session, up = await begin(scene, host)
        scene.faults.put(POST, Fault(503, "<html>", "text/html"))
        began = TIME.monotonic()
        handle = scene.tap(up)
        kept = await scene.answer(handle)
        assert TIME.monotonic() - began < 6.0
        assert kept.text.startswith("⏳ The Picker does not answer. Your 👍 for Drawful 2 is kept")
        await host.add(session, NEXT)
        await scene.board(NEXT)
        scene.faults.clear()
        assert "is counted" in (await scene.answer(handle, 2, wait=30)).text
    assert await host.votes(session) == [("ann", "up", GAME)]


@pytest.mark.parametrize("fault", [CLOSE, UNAVAILABLE, FORBIDDEN], ids=["reset", "503", "403"])
async def test_after_a_failure(scene: Scene, host: Host, fault: Fault) -> None:
    """A single failure costs a second or two, and neither loses nor doubles the vote."""
    async with scene.running():
        session, up = await begin(scene, host)
        scene.faults.put(POST, fault, times=1)
        assert "is counted" in (await scene.answer(scene.tap(up), wait=15)).text
    assert await host.votes(session) == [("ann", "up", GAME)]


@pytest.mark.parametrize("fault", [STORED_THEN_RESET, STORED_THEN_BROKEN], ids=["reset", "500"])
async def test_stored_without_an_answer(scene: Scene, host: Host, fault: Fault) -> None:
    """A vote whose answer was lost is found in the Picker and not sent again."""
    async with scene.running():
        session, up = await begin(scene, host)
        scene.faults.put(POST, fault)
        assert "is counted" in (await scene.answer(scene.tap(up))).text
    assert await host.votes(session) == [("ann", "up", GAME)]
    assert scene.faults.asked.count(POST) == 1
    assert [ballot.status for ballot in scene.ballots] == [BallotStatus.COUNTED]


async def test_told_before_it_could_be_asked_for(scene: Scene, host: Host) -> None:
    """The Picker's own event settles a vote in doubt, though it answers nothing else."""
    async with scene.running():
        session, up = await begin(scene, host)
        scene.faults.put("GET /api/votes", UNAVAILABLE)
        scene.faults.put(POST, STORED_THEN_RESET)
        assert "is counted" in (await scene.answer(scene.tap(up))).text
        scene.faults.clear()
    assert len(await host.votes(session)) == 1


@on_the_seed
async def test_a_picker_that_cannot_be_asked(scene: Scene, host: Host) -> None:
    """A Picker of November 2025 is sent a vote in doubt once more, with the same moment, and
    says itself that it has it."""
    async with scene.running():
        await begin(scene, host)
        up = scene.button(await scene.board(GAME))
        scene.faults.put(POST, STORED_THEN_RESET, times=1)
        said = await scene.answer(scene.tap(up))
        assert "already counted in that second" in said.text
        (ballot,) = await scene.settled()
    assert (ballot.status, ballot.attempts, ballot.reason) == (BallotStatus.COUNTED, 2, DUPLICATE)


@on_the_seed
async def test_numbers_of_an_old_picker(scene: Scene, host: Host) -> None:
    """Where tonight's votes are not told, the voter hears our own count, never the all-time one."""
    async with scene.running(interval=1.0):
        _, up = await begin(scene, host)
        before = await host.ask("GET", f"/api/games/{await host.game_id(GAME)}")
        assert before["upvotes"] > 10
        # our own count begins with the first look at the game's counters
        while "tonight 0👍 0👎" not in (await scene.answer(scene.ask("votes"))).text:
            pass
        said = await scene.answer(scene.tap(up))
    assert said.text == "🗳️ Your 👍 for Drawful 2 is counted. Tonight: 1👍 0👎 (Score: +1)"


async def test_refused_in_the_pickers_words(scene: Scene, host: Host) -> None:
    """What the Picker does not take ends, and the voter hears why."""
    async with scene.running():
        _, up = await begin(scene, host)
        scene.faults.put(POST, error(400, "Votes are closed tonight"))
        said = await scene.answer(scene.tap(up))
        assert said.text.endswith("did not count your 👍 for Drawful 2: Votes are closed tonight")
        (ballot,) = await scene.settled()
        assert (ballot.status, ballot.reason) == (BallotStatus.REFUSED, "Votes are closed tonight")
        scene.faults.clear()
        assert "is counted" in (await scene.answer(scene.tap(up))).text, "a refusal is no vote"


async def test_counted_for_another_game(scene: Scene, host: Host) -> None:
    """If the Picker's answer names another game, the voter is told which."""
    async with scene.running():
        _, up = await begin(scene, host)
        scene.faults.put(POST, Fault(200, '{"game":{"id":9999,"title":"Tee K.O."}}'))
        said = await scene.answer(scene.tap(up))
        assert "Your 👍 was counted for Tee K.O." in said.text
        (ballot,) = await scene.settled()
    assert (ballot.status, ballot.reason) == (BallotStatus.COUNTED, "for Tee K.O.")


async def test_too_late(scene: Scene, host: Host) -> None:
    """A vote held until its night was over is too late, and its voter is told."""
    async with scene.running():
        session, up = await begin(scene, host)
        scene.faults.put(POST, error(429, "Too many requests"))
        handle = scene.tap(up)
        await until(lambda: POST in scene.faults.asked)
        await host.close(session)
        assert (await scene.answer(handle)).text.startswith(
            "⌛ Your 👍 for Drawful 2 came too late"
        )
        (ballot,) = await scene.settled()
    assert (ballot.status, ballot.reason) == (BallotStatus.TOO_LATE, "the night was over")


async def test_closed_without_our_knowing(scene: Scene, host: Host) -> None:
    """A Picker that takes no votes any more says so before we know that the night is over."""
    async with scene.running():
        _, up = await begin(scene, host)
        scene.faults.put(POST, error(404, "No active session found"))
        assert "came too late" in (await scene.answer(scene.tap(up))).text
        (ballot,) = await scene.settled()
    assert (ballot.status, ballot.reason) == (BallotStatus.TOO_LATE, "No active session found")


async def test_stopped_before_the_answer(scene: Scene, host: Host) -> None:
    """A vote under way when the bot stops is looked for at the next start: one vote in all."""
    async with scene.running():
        session, up = await begin(scene, host)
        scene.faults.put(POST, Fault(hang=True, acts=True))
        scene.tap(up)
        await until(lambda: POST in scene.faults.asked)
        await until(lambda: scene.ballots[0].open)
    scene.faults.clear()
    async with scene.running():
        (ballot,) = await scene.settled()
    assert ballot.status is BallotStatus.COUNTED
    assert await host.votes(session) == [("ann", "up", GAME)]
    assert scene.faults.asked.count(POST) == 1


async def test_stopped_before_it_was_sent(scene: Scene, host: Host) -> None:
    """A vote that was confirmed to its voter survives a restart and is counted after it."""
    async with scene.running():
        session, up = await begin(scene, host)
        scene.faults.put(EVERYTHING, HANG)
        scene.tap(up)
        await until(lambda: len(scene.ballots) == 1)
    scene.faults.clear()
    async with scene.running():
        await scene.settled()
    assert await host.votes(session) == [("ann", "up", GAME)]


async def test_among_the_final_votes(scene: Scene, host: Host) -> None:
    """A vote under way when its game ends goes to the Picker before the tally is asked for."""
    async with scene.running():
        session, up = await begin(scene, host)
        scene.faults.put(POST, slow(1.5))
        scene.tap(up)
        tapped = int(TIME.now())
        # the Picker cuts the moments of games to the second
        await until(lambda: scene.ballots and int(TIME.now()) > tapped)
        await host.add(session, NEXT)
        await scene.board(NEXT)
    final = [text for _, text in scene.chat.said if "Final" in text]
    assert final == ["🗳️ Final votes for Drawful 2: 1👍 0👎 (Score: +1)"]


async def test_one_name_at_a_time(scene: Scene, host: Host) -> None:
    """Two people of one name, of two chats, go one after the other; others need not wait."""
    async with scene.running():
        session, up = await begin(scene, host)
        scene.faults.put(POST, HANG, times=1)
        scene.tap(up)
        await until(lambda: scene.faults.asked.count(POST) == 1)
        elsewhere = Target("other", "#there")
        scene.hearing.hear(Tap(elsewhere, Author("7", "ann"), up, TIME.now(), "h"))
        assert "is counted" in (await scene.answer(scene.tap(up, "ben"))).text
        assert scene.faults.asked.count(POST) == 2
    assert await host.votes(session) == [("ben", "up", GAME)]


async def test_a_crowd(scene: Scene, host: Host) -> None:
    """A hundred and fifty people at once: each vote counted once, the board edited twice or so."""
    async with scene.running():
        session, up = await begin(scene, host)
        for number in range(150):
            scene.tap(up, f"person{number}")
        ballots = await scene.settled(150, wait=30)
        board = await scene.board(GAME)
        await until(lambda: "150👍 0👎" in scene.chat.shows[board].text)
    assert {ballot.status for ballot in ballots} == {BallotStatus.COUNTED}
    moments = [moment for moment, _, _ in scene.chat.edits]
    assert len(moments) <= 2 + (moments[-1] - moments[0]) / 5
    counts = await host.ask("GET", f"/api/sessions/{session}/votes")
    assert [row["upvotes"] for row in counts["votes"]] == [150]


async def test_nobody_to_tell(scene: Scene, host: Host) -> None:
    """A tap from a channel that is no target is counted all the same, and breaks nothing."""
    async with scene.running():
        session, up = await begin(scene, host)
        elsewhere = Target("chat", "#elsewhere")
        scene.hearing.hear(Tap(elsewhere, Author("7", "ann"), up, TIME.now(), "h"))
        await scene.settled()
    assert len(await host.votes(session)) == 1
    assert scene.told("h") == []
    assert HERE != elsewhere


async def test_more_taps_than_can_be_held(scene: Scene, caplog: pytest.LogCaptureFixture) -> None:
    """A flood is dropped and counted, said once, and never waited for; bots are not heard."""
    action = Action(True, SessionKey(1, 1), 1)
    for _ in range(1500):
        scene.tap(action)
    assert scene.hearing.dropped == 500
    assert caplog.text.count("faster than they can be dealt with") == 1
    assert len(await scene.hearing.heard()) == 1000
    scene.hearing.hear(Tap(HERE, Author("b", "bot", is_bot=True), action, 0.0))
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(scene.hearing.heard(), 0.05)

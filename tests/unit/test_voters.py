"""A voter hears what became of a vote, within six seconds."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from clock import FakeTime, settle

from bot import messages
from bot.app.voters import Voters
from bot.ballots import Ballot, BallotStatus
from bot.domain import Action, Author, Game, SessionKey, Tap, Target, Votes
from bot.formatter import Wording
from bot.session import Phase, Play, Session, State

HERE, NIGHT = Target("chat", "here"), SessionKey(17, 1_762_563_600)
PLAY = Play(1, Game("Fibbage 4", 4), at=None, phase=Phase.RUNNING)
TAP = Tap(HERE, Author("7", "ann"), Action(True, NIGHT, 1), 0.0, "handle")
COUNTED = Ballot(1, HERE, "chat/7", "ann", NIGHT, 1, 4, True, 0.0, 0.0, status=BallotStatus.COUNTED)


class Desk:
    """The lane of a channel and the Picker's count, which comes ``after`` so many seconds."""

    def __init__(self, time: FakeTime, after: float) -> None:
        self.said: list[tuple[float, str]] = []
        self._time = time
        self._after = after

    def reply(self, handle: object, message: Any, private: bool) -> None:
        assert private
        self.said.append((self._time.monotonic() - 1_000.0, message.text))

    async def tonight(self, key: SessionKey, moment: float) -> dict[int, Votes]:
        await self._time.sleep(self._after)
        return {4: Votes(5, 1)}


@pytest.mark.parametrize(
    ("counted_after", "numbers_after", "expected"),
    [
        (0.1, 0.2, [(0.3, "Tonight: 5👍 1👎")]),
        (0.1, 60.0, [(1.6, "is counted.")]),
        (4.9, 60.0, [(5.5, "is counted.")]),
        (4.9, 0.3, [(5.2, "Tonight: 5👍 1👎")]),
        (8.0, 60.0, [(5.0, "is kept"), (9.5, "is counted.")]),
    ],
)
async def test_told_in_time(
    counted_after: float, numbers_after: float, expected: list[tuple[float, str]]
) -> None:
    """Whatever is slow, there is a first word within six seconds, with the numbers if they come."""
    time = FakeTime()
    desk: Any = Desk(time, numbers_after)
    state = State(current=Session(NIGHT, plays=(PLAY,)))
    voters = Voters({HERE: desk}, Wording(messages.load("en")), desk, lambda: state, time)
    reminding = asyncio.create_task(voters.remind())
    voters.expect(COUNTED, TAP)
    await settle()
    await time.advance(counted_after)
    settling = asyncio.create_task(voters.settled(COUNTED, None))
    await time.advance(20.0)
    await settling
    reminding.cancel()
    assert [round(at, 3) for at, _ in desk.said] == [at for at, _ in expected]
    assert all(part in text for (_, text), (_, part) in zip(desk.said, expected, strict=True))

"""The three seconds that a play's votes line waits: most of them are for our own votes."""

from __future__ import annotations

import asyncio
from typing import Any

from clock import FakeTime

from bot.app.asking import Asking
from bot.domain import SessionKey, Tallied, Votes, WantTally

WANT = WantTally(SessionKey(17, 1_762_563_600), 1, 4)
TALLIED = Tallied(WANT.key, 1, ((4, Votes(200, 0)),))


class Desk:
    """The intake, and a Picker that answers the tally half a second later."""

    def __init__(self, time: FakeTime, held_for: float) -> None:
        self.votes_are_pushed = True
        self.taken: list[tuple[float, Any]] = []
        self.answers_after = 0.5
        self._time = time
        self._held_for = held_for

    async def take(self, inputs: list[Any]) -> None:
        self.taken += [(self._time.monotonic() - 1_000.0, given) for given in inputs]

    async def tally(self, want: WantTally, known: bool) -> Tallied:
        await self._time.sleep(self.answers_after)
        return TALLIED

    async def flush(self, key: SessionKey) -> None:
        await self._time.sleep(self._held_for)


async def taken(held_for: float) -> list[tuple[float, Any]]:
    """When the tally was taken in, and which, if our votes take so long."""
    time = FakeTime()
    desk: Any = Desk(time, held_for)
    async with asyncio.TaskGroup() as tasks:
        asking = Asking(desk, desk, time, tasks, answered=lambda: None, flush=desk.flush)
        asking.want([WANT])
        await time.advance(3.0)
    return [(round(at, 3), given) for at, given in desk.taken]


async def test_votes_under_way_have_nearly_all_of_the_time() -> None:
    """Our own votes may take 2.25 s before the count is asked for, which still comes in time."""
    assert await taken(held_for=2.0) == [(2.5, TALLIED)]
    assert await taken(held_for=60.0) == [(2.75, TALLIED)]


async def test_nothing_is_waited_for_without_need() -> None:
    """Where no vote is under way the count is asked for at once."""
    assert await taken(held_for=0.0) == [(0.5, TALLIED)]


async def test_without_an_answer_what_was_told_before_is_taken() -> None:
    """A Picker that does not tell the tally in time may have told most of it a moment ago."""
    time, told = FakeTime(), Votes(3, 1)
    desk: Any = Desk(time, 0.0)
    desk.answers_after = 60.0
    async with asyncio.TaskGroup() as tasks:
        asking = Asking(
            desk,
            desk,
            time,
            tasks,
            answered=lambda: None,
            flush=desk.flush,
            told=lambda want: told if want == WANT else None,
        )
        asking.want([WANT])
        await time.advance(3.0)
    assert desk.taken == [(3.0, Tallied(WANT.key, 1, known=told))]

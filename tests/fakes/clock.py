"""A clock that moves only when told to, for tests of anything that waits."""

from __future__ import annotations

import asyncio
import heapq
import itertools


class FakeTime:
    """Implements ``bot.timing.Time``. ``advance`` wakes sleepers in order of their deadlines."""

    def __init__(self, now: float = 1_800_000_000.0) -> None:
        self._now = now
        self._monotonic = 1_000.0
        self._sleepers: list[tuple[float, int, asyncio.Event]] = []
        self._count = itertools.count()

    def now(self) -> float:
        return self._now

    def monotonic(self) -> float:
        return self._monotonic

    def jump(self, seconds: float) -> None:
        """Step the wall clock alone, as an administrator or NTP would."""
        self._now += seconds

    async def sleep(self, seconds: float) -> None:
        if seconds <= 0:
            await asyncio.sleep(0)
            return
        woken = asyncio.Event()
        heapq.heappush(self._sleepers, (self._monotonic + seconds, next(self._count), woken))
        await woken.wait()

    async def advance(self, seconds: float) -> None:
        """Let ``seconds`` pass, giving everything that becomes due the chance to run."""
        end = self._monotonic + seconds
        await settle()
        while self._sleepers and self._sleepers[0][0] <= end:
            due, _, woken = heapq.heappop(self._sleepers)
            self._move_to(due)
            woken.set()
            await settle()
        self._move_to(end)
        await settle()

    def _move_to(self, moment: float) -> None:
        step = max(moment - self._monotonic, 0.0)
        self._monotonic += step
        self._now += step


async def settle(turns: int = 50) -> None:
    """Give every task that is ready a good number of turns of the loop."""
    for _ in range(turns):
        await asyncio.sleep(0)

"""bot.deliver.pacer: a token bucket with announcements before replies."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from clock import FakeTime, settle

from bot.deliver import Pacer
from bot.domain import Pace

SLOW = Pace(burst=2, every=10.0)


class Waiting:
    """Turns that are waited for, in tasks that a test ends with."""

    def __init__(self) -> None:
        self.time = FakeTime()
        self.pacer = Pacer(self.time)
        self.had: list[tuple[str, float]] = []
        self.tasks: list[asyncio.Task[None]] = []

    def want(
        self,
        name: str,
        *,
        reply: bool = False,
        wanted: Callable[[], bool] = lambda: True,
        pace: Callable[[], Pace] = lambda: SLOW,
    ) -> None:
        async def wait() -> None:
            started = 1_000.0
            if await self.pacer.turn(pace, reply=reply, wanted=wanted):
                self.had.append((name, self.time.monotonic() - started))
            else:
                self.had.append((f"not {name}", self.time.monotonic() - started))

        self.tasks.append(asyncio.create_task(wait()))

    async def __aenter__(self) -> Waiting:
        return self

    async def __aexit__(self, *_: object) -> None:
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)


async def test_burst_then_pace() -> None:
    """The burst is free; after it there is one turn in each interval."""
    async with Waiting() as w:
        for name in "abcd":
            w.want(name)
        await w.time.advance(25)
        assert w.had == [("a", 0), ("b", 0), ("c", 10), ("d", 20)]


async def test_tokens_come_back() -> None:
    """Quiet time refills the burst, and no more than that."""
    async with Waiting() as w:
        w.want("a")
        w.want("b")
        await w.time.advance(500)
        for name in "cde":
            w.want(name)
        await w.time.advance(15)
        assert w.had[2:] == [("c", 500), ("d", 500), ("e", 510)]


async def test_announcements_before_replies() -> None:
    """A reply waits behind announcements that came after it."""
    async with Waiting() as w:
        for name in "ab":
            w.want(name)
        w.want("reply", reply=True)
        await settle()
        w.want("c")
        await w.time.advance(25)
        assert [name for name, _ in w.had] == ["a", "b", "c", "reply"]


async def test_not_wanted_any_more() -> None:
    """Who has given up takes no token, and no place in the queue."""
    give_up = False
    async with Waiting() as w:
        for name in "ab":
            w.want(name)
        w.want("c", wanted=lambda: not give_up)
        w.want("d")
        await w.time.advance(5)
        give_up = True
        w.pacer.stir()
        await w.time.advance(6)
        assert w.had[2:] == [("not c", 5), ("d", 10)]


async def test_cancelled() -> None:
    """A cancelled waiter lets the next one pass."""
    async with Waiting() as w:
        for name in "abcd":
            w.want(name)
        await w.time.advance(5)
        w.tasks[2].cancel()
        await w.time.advance(6)
        assert w.had[2:] == [("d", 10)]


async def test_no_pace() -> None:
    """A network without a pace is never waited for."""
    async with Waiting() as w:
        for name in "abcdef":
            w.want(name, pace=Pace)
        await settle()
        assert len(w.had) == 6


async def test_pace_may_change() -> None:
    """The pace is read when it is needed, as a network may tell it late."""
    paces = [SLOW]
    async with Waiting() as w:
        for name in "abc":
            w.want(name, pace=lambda: paces[-1])
        await w.time.advance(1)
        paces.append(Pace())
        w.pacer.stir()
        await settle()
        assert w.had[2:] == [("c", 1)]

"""Time as an argument: everything in the ring that reads a clock or waits is given one of these."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable
from typing import Protocol, TypeVar

T = TypeVar("T")


class Time(Protocol):
    def now(self) -> float:
        """Seconds since the epoch; may jump."""

    def monotonic(self) -> float:
        """Seconds since some moment; never jumps."""

    async def sleep(self, seconds: float) -> None: ...


class SystemTime:
    """The machine's own clocks."""

    def now(self) -> float:
        return time.time()

    def monotonic(self) -> float:
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


async def within(time: Time, seconds: float, work: Awaitable[T]) -> T:
    """The result of ``work`` if it comes within ``seconds``; else it is cancelled and
    TimeoutError raised. Work that was cancelled by itself never comes."""
    task = asyncio.ensure_future(work)
    alarm = asyncio.ensure_future(time.sleep(seconds))
    try:
        await asyncio.wait((task, alarm), return_when=asyncio.FIRST_COMPLETED)
        if not task.done() or task.cancelled():
            raise TimeoutError
        return task.result()
    finally:
        for pending in (task, alarm):
            pending.cancel()
        await asyncio.gather(task, alarm, return_exceptions=True)

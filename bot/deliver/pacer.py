"""The pace of one adapter, which its lanes share."""

from __future__ import annotations

import asyncio
import itertools
from bisect import insort
from collections.abc import Callable

from bot.domain import Pace
from bot.timing import Time

_ROUNDING = 1e-6
"""Seconds that do not matter; a sleep may end that much early."""


class Pacer:
    """A token bucket with a queue before it: announcements first, then replies, each in the
    order of arrival. A lane comes here only when it has something to send at once, so a
    channel that waits for its own reasons takes no place."""

    def __init__(self, time: Time) -> None:
        self._time = time
        self._full_at = 0.0  # when all tokens will be back
        self._queue: list[tuple[bool, int]] = []
        self._tickets = itertools.count()
        self._stirred = asyncio.Event()

    async def turn(
        self,
        pace: Callable[[], Pace],
        *,
        reply: bool = False,
        wanted: Callable[[], bool] = lambda: True,
    ) -> bool:
        """Wait for a token and take it: True; False as soon as it is not ``wanted`` any more,
        which is asked after each :meth:`stir`. ``pace`` may change meanwhile."""
        ticket = (reply, next(self._tickets))
        insort(self._queue, ticket)
        try:
            while wanted():
                first = self._queue[0] == ticket
                wait = self._wait(pace()) if first else None
                if wait is not None and wait <= _ROUNDING:
                    self._full_at = max(self._full_at, self._time.monotonic()) + pace().every
                    return True
                await nap(self._time, self._stirred, wait)
            return False
        finally:
            self._queue.remove(ticket)
            self.stir()

    def stir(self) -> None:
        """Let everyone who waits look again."""
        self._stirred.set()
        self._stirred = asyncio.Event()

    def _wait(self, pace: Pace) -> float:
        """Seconds until there is a token."""
        if pace.every <= 0:
            return 0.0
        return self._full_at - (max(pace.burst, 1) - 1) * pace.every - self._time.monotonic()


async def nap(time: Time, woken: asyncio.Event, seconds: float | None) -> None:
    """Until ``woken`` is set, or for so many seconds."""
    if seconds is None:
        await woken.wait()
        return
    waits = {asyncio.ensure_future(woken.wait()), asyncio.ensure_future(time.sleep(seconds))}
    try:
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for wait in waits:
            wait.cancel()

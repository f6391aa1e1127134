"""A running ``Picker`` and what it brought, for tests on loopback."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from clock import FakeTime

from bot.domain import Event
from bot.picker import Picker
from bot.timing import Time

PATIENCE = 5.0


class Listener:
    """``task`` is the run; ``hold`` keeps ``take`` from returning until it is set."""

    def __init__(self, picker: Picker) -> None:
        self.picker = picker
        self.batches: list[list[Event]] = []
        self.snapshots = 0
        self.kicks: list[str] = []
        self.hold = asyncio.Event()
        self.hold.set()
        self.task: asyncio.Task[None]

    @property
    def events(self) -> list[Event]:
        return [event for batch in self.batches for event in batch]

    async def run(self) -> None:
        await self.picker.run(
            self._take,
            want_snapshot=self._want_snapshot,
            poll_now=lambda: self.kicks.append("now"),
            recreate_poll=lambda: self.kicks.append("recreate"),
        )

    async def _take(self, events: list[Event]) -> None:
        self.batches.append(events)
        await self.hold.wait()

    def _want_snapshot(self) -> None:
        self.snapshots += 1


@asynccontextmanager
async def listening(picker: Picker) -> AsyncIterator[Listener]:
    """Run the picker until the block is left; an error of the run is raised there."""
    listener = Listener(picker)
    listener.task = asyncio.create_task(listener.run())
    try:
        yield listener
    finally:
        listener.task.cancel()
        await asyncio.wait({listener.task})
    if not listener.task.cancelled() and (error := listener.task.exception()):
        raise error


async def until(condition: Callable[[], object], time: Time | None = None) -> None:
    """Wait for ``condition``. A ``FakeTime`` given is moved on meanwhile, 0.1 s for each
    millisecond or so that really passes."""
    async with asyncio.timeout(PATIENCE):
        while not condition():
            await asyncio.sleep(0.001)
            if isinstance(time, FakeTime):
                await time.advance(0.1)

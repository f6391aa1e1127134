"""The poll on the real scheduler, and with the link machine that looks after it."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from bot.link import Do, Link
from bot.poll import Poll

PATIENCE = 5.0
NEVER = 3600.0
"""An interval so long that a run within the test was asked for."""


@asynccontextmanager
async def running(poll: Poll) -> AsyncIterator[None]:
    task = asyncio.create_task(poll.run())
    await asyncio.sleep(0)
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait({task})


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not condition():  # noqa: ASYNC110 - a condition of the code, not an event
            await asyncio.sleep(0.005)


async def test_it_calls_again_and_again() -> None:
    """The job is called every interval, on the event loop's own thread."""
    threads: list[int] = []
    async with running(Poll(0.02, lambda: threads.append(threading.get_ident()))):
        await until(lambda: len(threads) >= 3)
    assert set(threads) == {threading.get_ident()}


async def test_it_waits_one_interval_first() -> None:
    """Starting the poll calls nothing; the link takes the first snapshot."""
    calls: list[None] = []
    async with running(Poll(NEVER, lambda: calls.append(None))):
        await asyncio.sleep(0.05)
    assert calls == []


async def test_now_calls_at_once() -> None:
    """A call that is asked for comes without waiting for the interval, each time."""
    calls: list[None] = []
    poll = Poll(NEVER, lambda: calls.append(None))
    async with running(poll):
        for count in (1, 2, 3):
            poll.now()
            await until(lambda count=count: len(calls) == count)


async def test_after_now_the_interval_goes_on() -> None:
    """Asking for a call does not end the regular ones."""
    calls: list[None] = []
    poll = Poll(0.05, lambda: calls.append(None))
    async with running(poll):
        poll.now()
        await until(lambda: len(calls) >= 3)


async def test_recreate_before_and_after_the_start() -> None:
    """Creating the job anew leaves exactly one, and calls it now."""
    calls: list[None] = []
    poll = Poll(NEVER, lambda: calls.append(None))
    poll.recreate()
    async with running(poll):
        await until(lambda: len(calls) == 1)
        poll.recreate()
        await until(lambda: len(calls) == 2)
        await asyncio.sleep(0.05)
    assert len(calls) == 2


async def test_a_clock_that_is_set_back() -> None:
    """A scheduler that waits for a date far away, as after a step of the clock, is set going by
    the link machine, and when no snapshot comes for two intervals it is set going again."""
    calls: list[None] = []
    poll = Poll(NEVER, lambda: calls.append(None))
    kick = {Do.RECREATE_POLL: poll.recreate, Do.POLL_NOW: poll.now}
    link = Link(0.0, interval=30.0, roll=lambda: 0.0)

    async def tick(now: float, wall: float, count: int) -> None:
        link.tick(now, wall)
        for command in link.commands():
            if command in kick:
                kick[command]()
        await until(lambda: len(calls) == count)

    async with running(poll):
        await tick(10.0, 5000.0, 0)
        await tick(11.0, 5001.0 - 3600.0, 1)
        await tick(12.0, 5002.0 - 3600.0, 1)
        await tick(11.0 + 60.0, 5061.0 - 3600.0, 2)


async def test_stopping_leaves_nothing() -> None:
    """After the end no timer calls, and no task is left."""
    calls: list[None] = []
    poll = Poll(0.01, lambda: calls.append(None))
    async with running(poll):
        await until(lambda: bool(calls))
    count = len(calls)
    await asyncio.sleep(0.05)
    assert len(calls) == count
    assert asyncio.all_tasks() == {asyncio.current_task()}

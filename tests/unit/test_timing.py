"""bot.timing: waiting for something, but not for ever."""

from __future__ import annotations

import asyncio

import pytest
from clock import FakeTime, settle

from bot.timing import within


async def test_in_time() -> None:
    """What comes in time is given back, and leaves no alarm behind."""

    async def work() -> int:
        return 7

    assert await within(FakeTime(), 5.0, work()) == 7


async def test_too_late() -> None:
    """What does not come in time is cancelled."""
    time, never = FakeTime(), asyncio.get_running_loop().create_future()
    waiting = asyncio.create_task(within(time, 5.0, never))
    await time.advance(4.9)
    assert not waiting.done()
    await time.advance(0.2)
    with pytest.raises(TimeoutError):
        await waiting
    assert never.cancelled()


async def test_cancelled_from_within() -> None:
    """What was cancelled by itself will never come; whoever waits for it is not cancelled."""
    never = asyncio.get_running_loop().create_future()
    waiting = asyncio.create_task(within(FakeTime(), 5.0, never))
    await settle()
    never.cancel()
    with pytest.raises(TimeoutError):
        await waiting


async def test_cancelled_from_without() -> None:
    """Whoever waits may be cancelled, and takes what it waits for along."""
    never = asyncio.get_running_loop().create_future()
    waiting = asyncio.create_task(within(FakeTime(), 5.0, never))
    await settle()
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert never.cancelled()

"""One call of an adapter: bounded in time, and its errors turned into outcomes."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from bot.domain import Deferred, Doubtful, Refused, Target
from bot.formatter import clean
from bot.port import Ambiguous, Permanent, Transient
from bot.timing import Time

log = logging.getLogger(__name__)

T = TypeVar("T")

Mask = Callable[[str], str]
"""Blacks the secrets out that a far side may repeat to us. What it says is kept in the store."""

LONGEST = 60.0
"""Seconds that a call may take, whatever the adapter thinks."""

_TO_END = 1.0
_REASON_LENGTH = 300


async def attempt(call: Coroutine[Any, Any, T], time: Time) -> asyncio.Task[T]:
    """Run ``call`` and return its task, done; still running only if it took too long and
    would not be cancelled either."""
    task = asyncio.ensure_future(call)
    timer = asyncio.ensure_future(time.sleep(LONGEST))
    try:
        await asyncio.wait({task, timer}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        timer.cancel()
        if not task.done():
            task.cancel()
            await asyncio.wait({task}, timeout=_TO_END)
    return task


def failure(
    task: asyncio.Task[Any], target: Target, mask: Mask = str
) -> Deferred | Refused | Doubtful | None:
    """How the call failed, None if it did not. ``mask`` is put over what the far side says. An
    error that is not of the port may mean anything; of it only the type is told, since its text
    may hold a secret."""
    if not task.done() or task.cancelled():
        return Doubtful(f"no answer within {LONGEST:.0f} s")
    match task.exception():
        case None:
            return None
        case Transient(retry_after=wait) as error:
            return Deferred(_reason(error, mask), wait)
        case Permanent() as error:
            return Refused(_reason(error, mask))
        case Ambiguous() as error:
            return Doubtful(_reason(error, mask))
        case error:
            log.error("the adapter of %s failed: %s", target, type(error).__name__)
            return Doubtful(f"the adapter failed ({type(error).__name__})")


def _reason(error: Exception, mask: Mask) -> str:
    return clean(mask(str(error)))[:_REASON_LENGTH] or type(error).__name__

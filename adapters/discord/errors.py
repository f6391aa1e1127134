"""What went wrong with Discord, as the port's errors: one table, and one guard that applies it.

::

    401                       Revoked       the token is no longer good; ends the adapter
    429, RateLimited          Transient     with the told wait
    slow mode, overload       Transient
    connection refused        Transient     the request did not leave
    other 4xx                 Permanent     30046 among them, though it comes as a 429
    5xx, broken connection,
    no answer, senseless one  Ambiguous
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import aiohttp
import discord
from discord.http import HTTPClient

from bot.port import Ambiguous, Permanent, SendError, Transient

ANSWER_WITHIN = 10.0
"""Seconds for an answer. discord.py sets no limit, and aiohttp's own is five minutes."""
ALTOGETHER = 50.0
"""Seconds for a call with all that discord.py waits and tries inside; a lane gives up after 60."""
LONGEST_WAIT = 30.0
"""Seconds of a rate limit that discord.py may wait out inside, the least it can be set to."""

UNKNOWN_CHANNEL, UNKNOWN_MESSAGE, UNKNOWN_WEBHOOK = 10_003, 10_008, 10_015
TOO_MANY_OLD_EDITS, MISSING_ACCESS, MISSING_PERMISSIONS = 30_046, 50_001, 50_013
INVALID_FORM, ARCHIVED, HAS_A_THREAD = 50_035, 50_083, 160_004
NON_TEXT, LOCKED, NO_HISTORY = 50_008, 160_005, 160_002
_PASSING = frozenset({20_016, 20_028, 40_004, 40_062, 130_000})
"""Slow mode, write limits, sending switched off for now, overload."""

FOREIGN = (
    discord.DiscordException,
    aiohttp.ClientError,
    OSError,
    TimeoutError,
    # an answer that is not what discord.py expects, such as a 429 without its wait
    ValueError,
    LookupError,
    TypeError,
    AttributeError,
    # a session that was closed under the call
    RuntimeError,
)


class Refusal(Permanent):
    """A clear no, with the answer's status and Discord's own code for it (0: none).
    ``after_failure`` is whether an earlier try of the same call may have been carried out."""

    after_failure = False

    def __init__(self, reason: str, code: int, status: int = 404) -> None:
        super().__init__(reason)
        self.code = code
        self.status = status


class Revoked(Transient):
    """The token is no longer good. Transient for the line, which outlives the adapter."""


@dataclass(slots=True)
class _Watch:
    """One call. ``asking`` once a request has left and until it was refused or its answer was
    read; ``failed`` once an answer was a server's error, after which nobody knows whether it was
    carried out."""

    limit: asyncio.Timeout
    end: float
    asking: bool = False
    failed: bool = False


_watch: ContextVar[_Watch | None] = ContextVar("discord_watch", default=None)


def trace(answer_within: float = ANSWER_WITHIN) -> aiohttp.TraceConfig:
    """Sets the deadline of each request inside a :func:`guarded` call, until its answer was
    read whole; waits not counted."""

    async def started(_: aiohttp.ClientSession, __: SimpleNamespace, ___: Any) -> None:
        if watch := _watch.get():
            now = asyncio.get_running_loop().time()
            watch.limit.reschedule(min(now + answer_within, watch.end))

    config = aiohttp.TraceConfig()
    config.on_request_start.append(started)
    config.on_request_headers_sent.append(_asked)
    config.on_request_end.append(_answered)
    config.on_response_chunk_received.append(_read)  # once, with all of it
    return config


async def _asked(_: aiohttp.ClientSession, __: SimpleNamespace, ___: Any) -> None:
    if watch := _watch.get():
        watch.asking = True


async def _answered(
    _: aiohttp.ClientSession, __: SimpleNamespace, answer: aiohttp.TraceRequestEndParams
) -> None:
    if watch := _watch.get():
        watch.asking = answer.response.status < 400
        watch.failed = watch.failed or answer.response.status >= 500


async def _read(_: aiohttp.ClientSession, __: SimpleNamespace, ___: Any) -> None:
    if watch := _watch.get():
        watch.limit.reschedule(watch.end)
        watch.asking = False


@asynccontextmanager
async def guarded(http: HTTPClient | None = None) -> AsyncIterator[None]:
    """Around a call of discord.py or aiohttp: limited in time, and nothing but the port's
    errors comes out.

    With ``http``, a call that is cut short opens that client's global lock: a request that
    is cancelled while it waits out a global rate limit would leave it shut for ever.
    """
    end = asyncio.get_running_loop().time() + ALTOGETHER
    limit = asyncio.timeout_at(end)
    watch = _Watch(limit, end)
    try:
        async with limit:
            outer = _watch.set(watch)
            try:
                yield
            finally:
                _watch.reset(outer)
    except asyncio.CancelledError:
        _unlock(http)
        raise
    except TimeoutError as error:
        _unlock(http)
        raise _unsure(watch, error) from error
    except SendError:
        raise
    except aiohttp.ClientResponseError as error:
        # its repr shows the request, a webhook's address and the token among it
        raise _unsure(watch, error) from None
    except FOREIGN as error:
        raise _unsure(watch, error) from error


def _unlock(http: HTTPClient | None) -> None:
    if http is not None:
        http._global_over.set()


def _unsure(watch: _Watch, cause: Exception) -> SendError:
    """The port's error for one of the libraries': as sure as the request surely left, or not."""
    error = told(cause)
    may_be_done = watch.failed or watch.asking
    if isinstance(error, Refusal):
        error.after_failure = watch.failed
    if isinstance(error, Transient) and may_be_done:
        return Ambiguous(str(error))
    if isinstance(cause, aiohttp.ClientConnectionError) and not may_be_done:
        return Transient(str(error))
    return error


def told(error: Exception) -> SendError:
    """The port's error for one of the libraries'."""
    match error:
        case discord.RateLimited():
            return Transient("Discord limits the rate", error.retry_after)
        case discord.HTTPException():
            return _answer(error)
        case discord.LoginFailure():
            return Revoked("Discord refuses the token")
        case aiohttp.ClientConnectorError():
            return Transient(f"Discord cannot be reached: {error.strerror or error}")
        case RuntimeError():
            return Transient("the connection to Discord is being closed")
        case TimeoutError():
            return Transient("Discord did not answer in time")
        case OSError() | aiohttp.ClientError():
            return Ambiguous("the connection to Discord broke")
        case _:
            return Ambiguous(f"Discord's answer makes no sense ({type(error).__name__})")


def _answer(error: discord.HTTPException) -> SendError:
    return answered(error.status, error.code, error.text, error.response.headers)


def answered(status: int, code: int, text: str, headers: Mapping[str, str]) -> SendError:
    """The port's error for an answer that is no success."""
    said = f"Discord answers {status}: {_one_line(text)}" + (f" ({code})" if code else "")
    if status >= 500:
        return Ambiguous(said)
    if code == TOO_MANY_OLD_EDITS:
        return Refusal(said, code, status)
    if status == 429:
        return Transient(said, _retry_after(headers))
    if code in _PASSING:
        return Transient(said)
    if status == 401:
        return Revoked(said)
    return Refusal(said, code, status)


def _retry_after(headers: Mapping[str, str]) -> float | None:
    try:
        return float(headers["Retry-After"])
    except (KeyError, ValueError):
        return None


def is_blocked(error: SendError) -> bool:
    """Whether a login was turned away by the service in front of Discord's."""
    if isinstance(error, Refusal):
        return error.status == 403
    return isinstance(error, Transient) and error.retry_after is not None


def _one_line(text: str) -> str:
    """What Discord says, or the beginning of what something in front of it says."""
    line = " ".join(text.split()) or "no reason given"
    return line if len(line) <= 120 else f"{line[:119]}…"

"""Each failure of Discord or of the way there becomes exactly one of the port's errors."""

from __future__ import annotations

import asyncio
import json
from types import SimpleNamespace

import aiohttp
import discord
import pytest

from adapters.discord.backoff import BLOCKED, BLOCKED_LONGEST, Backoff
from adapters.discord.errors import Refusal, Revoked, guarded, is_blocked, told
from bot.port import Ambiguous, Permanent, Transient


def http(status: int, code: int = 0, headers=None, text: str = "why") -> discord.HTTPException:
    answer = SimpleNamespace(status=status, reason="r", headers=headers or {})
    return discord.HTTPException(answer, {"code": code, "message": text})


CONNECTION = aiohttp.ClientConnectorError(SimpleNamespace(ssl=None), OSError(111, "refused"))


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (http(401), Revoked),
        (http(403, 50013), Refusal),
        (http(404, 10003), Refusal),
        (http(400, 50035), Refusal),
        (http(400, 20016), Transient),
        (http(429, 30046), Refusal),
        (http(429), Transient),
        (discord.RateLimited(77.0), Transient),
        (http(500), Ambiguous),
        (http(503), Ambiguous),
        (CONNECTION, Transient),
        (aiohttp.ServerDisconnectedError(), Ambiguous),
        (ConnectionResetError(104, "reset"), Ambiguous),
        (KeyError("retry_after"), Ambiguous),
        (json.JSONDecodeError("no", "<html>", 0), Ambiguous),
        (RuntimeError("Session is closed"), Transient),
        (TimeoutError(), Transient),
    ],
)
def test_the_table(error, kind):
    """One row for each way to fail."""
    assert type(told(error)) is kind


def test_the_wait_is_told():
    """A rate limit carries its wait, from the header or from the library."""
    assert told(http(429, headers={"Retry-After": "65"})).retry_after == 65
    assert told(discord.RateLimited(77.0)).retry_after == 77


def test_a_page_in_place_of_an_answer_is_cut():
    """What a proxy says is one short line in the reason."""
    reason = str(told(http(502, text="<html>\n" + "x" * 5_000)))
    assert len(reason) < 160
    assert "\n" not in reason


def test_being_blocked():
    """Only the service in front of Discord blocks: 403, or 429 with a wait, at the login."""
    assert is_blocked(told(http(403)))
    assert is_blocked(told(http(429, headers={"Retry-After": "900"})))
    assert not is_blocked(told(http(404)))
    assert not is_blocked(told(CONNECTION))


async def test_a_guard_lets_only_the_ports_errors_out():
    """The library's error is the cause; one of the port's own passes as it is."""
    with pytest.raises(Refusal) as caught:
        async with guarded():
            raise http(403, 50001)
    assert isinstance(caught.value.__cause__, discord.HTTPException)
    with pytest.raises(Permanent, match="mine"):
        async with guarded():
            raise Permanent("mine")


async def test_what_surely_did_not_leave():
    """A connection that is closed before the request is written to it is no doubt."""
    with pytest.raises(Transient):
        async with guarded():
            raise aiohttp.ClientConnectionError("Connector is closed.")


async def test_a_cancellation_passes():
    """A guard does not hold a cancellation up."""

    async def waiting() -> None:
        async with guarded():
            await asyncio.Event().wait()

    task = asyncio.create_task(waiting())
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


def test_waits_double_to_a_minute():
    """From one second to a minute, at most halved by chance, and anew after a reset."""
    longest, shortest = Backoff(lambda: 1.0), Backoff(lambda: 0.0)
    assert [longest.next() for _ in range(8)] == [1, 2, 4, 8, 16, 32, 60, 60]
    assert [shortest.next() for _ in range(3)] == [0.5, 1, 2]
    longest.reset()
    assert longest.next() == 1


def test_waits_of_one_who_is_blocked():
    """A quarter of an hour, doubling to six hours."""
    backoff = Backoff()
    waits = [backoff.next(blocked=True) for _ in range(7)]
    assert waits[:2] == [BLOCKED, 2 * BLOCKED]
    assert waits[-1] == BLOCKED_LONGEST

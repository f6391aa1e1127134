"""Ending what discord.py does: for certain, soon, and leaving nothing behind."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from contextlib import suppress
from typing import Any

import discord

from adapters.discord.errors import FOREIGN

CLOSING = 2.0
"""Seconds for saying goodbye; a gateway that is gone would take 30."""


async def cancellable(call: Coroutine[Any, Any, None]) -> None:
    """``call``, ended for certain by a cancellation: discord.py connects inside ``wait_for``,
    which before Python 3.12 may swallow one."""
    task = asyncio.create_task(call)
    try:
        await asyncio.wait({task})
    finally:
        await _end(task)
    await task


async def hang_up(client: discord.Client) -> None:
    """Leave a gateway that made no sense; the client itself goes on."""
    with suppress(*FOREIGN):
        async with asyncio.timeout(CLOSING):
            await client.ws.close()


async def leave(client: discord.Client) -> None:
    """Close everything, soon, whether or not the far side takes part. May be called by several
    at once: they wait for the same end in discord.py, which is cancelled for all of them as soon
    as one has waited long enough."""
    closing = asyncio.create_task(client.close())
    try:
        await asyncio.wait({closing}, timeout=CLOSING)
    finally:
        await _end(closing)
        await client.http.close()


async def _end(task: asyncio.Task[None]) -> None:
    while not task.done():
        task.cancel()
        await asyncio.wait({task}, timeout=0.1)
    if not task.cancelled():
        task.exception()  # looked at, so that asyncio logs none

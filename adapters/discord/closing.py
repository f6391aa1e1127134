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
        while not task.done():
            task.cancel()
            await asyncio.wait({task}, timeout=0.1)
    await task


async def hang_up(client: discord.Client) -> None:
    """Leave a gateway that made no sense; the client itself goes on."""
    with suppress(*FOREIGN):
        async with asyncio.timeout(CLOSING):
            await client.ws.close()


async def leave(client: discord.Client) -> None:
    """Close everything, soon, whether or not the far side takes part."""
    try:
        async with asyncio.timeout(CLOSING):
            await client.close()
    except TimeoutError:
        await client.http.close()

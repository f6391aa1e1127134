"""Ending what discord.py does, with far sides that take no part in it."""

from __future__ import annotations

import asyncio
import gc
from contextlib import suppress
from typing import Any

import discord

from adapters.discord.closing import cancellable, leave


class Silent:
    """A gateway's connection that never answers a goodbye."""

    open = True

    async def close(self, code: int) -> None:
        await asyncio.Event().wait()


async def test_two_leave_at_once():
    """A send that was told that the token is refused, and the end of the connection, both close
    the client: neither is taken for cancelled when the other gives up."""
    client: Any = discord.Client(intents=discord.Intents.none())
    client.ws = Silent()
    first = asyncio.create_task(leave(client))
    await asyncio.sleep(0.05)
    await asyncio.wait_for(leave(client), 5)
    await asyncio.wait_for(first, 5)
    assert client.is_closed()


async def test_what_fails_while_it_is_cancelled():
    """A call that ends with an error of its own when it is cancelled leaves no complaint behind."""
    complaints: list[Any] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: complaints.append(context))
    await cut_short()
    await asyncio.sleep(0)  # the loop lets go of it
    gc.collect()
    assert not complaints


async def cut_short() -> None:
    task = asyncio.create_task(cancellable(breaking()))
    await asyncio.sleep(0.01)
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


async def breaking() -> None:
    try:
        await asyncio.Event().wait()
    except asyncio.CancelledError:
        raise ConnectionError("broke meanwhile") from None

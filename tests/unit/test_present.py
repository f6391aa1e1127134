"""What a test leaves open is closed with it."""

from __future__ import annotations

import asyncio

import pytest
from present import Present


@pytest.mark.parametrize(
    "greeting", [b":here 001 ann :Welcome\r\n:here 366 ann #night :End\r\n", b""]
)
async def test_who_is_present_leaves_when_a_test_fails(greeting: bytes) -> None:
    """One failure stays one failure: nobody keeps a connection or a task, be they in or not."""
    left = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(greeting)
        await reader.read()
        writer.close()
        left.set()

    async with await asyncio.start_server(serve, "127.0.0.1") as server:
        port = server.sockets[0].getsockname()[1]
        before = asyncio.all_tasks()
        with pytest.raises(TimeoutError):
            async with Present() as present, asyncio.timeout(0.1):
                await (await present.person("ann", port, "#night")).expect("what never comes")
        await asyncio.wait_for(left.wait(), 5)
    assert asyncio.all_tasks() <= before

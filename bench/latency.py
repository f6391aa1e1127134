"""From a frame's arrival to ``adapter.send``: parse, step, render, two commits, and the lane."""

from __future__ import annotations

import asyncio
import os
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from aiohttp import web

from bench import storm_server
from bench.rig import Silent, free_port, parts, until
from bench.storm_server import frame
from bench.table import middle_and_tail, milliseconds, table
from bot import app

LINES = 300
CODES = [f"{a}{b}{c}X" for a in "ABCDEFGH" for b in "ABCDEFGH" for c in "ABCDEFGH"][:LINES]


def measure() -> str:
    ours = asyncio.run(_ours())
    with tempfile.TemporaryDirectory() as folder:
        disk = [_commit_twice(Path(folder) / "file") for _ in range(LINES)]
    rows = []
    for name, samples in (("two synced writes to a file, bare", disk), ("Nightcrier", ours)):
        middle, tail = middle_and_tail(samples)
        rows.append((name, milliseconds(middle), milliseconds(tail)))
    return table(("frame to `adapter.send`", "median", "99th percentile"), rows)


async def _ours() -> list[float]:
    """A room code that changes is a line that waits for nothing."""
    adapter, began = Silent(), []
    with tempfile.TemporaryDirectory() as folder:
        async with _picker() as (url, sockets), parts(Path(folder), url, adapter) as made:
            running = asyncio.create_task(app.run(made))
            await until(lambda: any("Next up" in text for _, text in adapter.sent))
            for code in CODES:
                before = len(adapter.sent)
                began.append(time.perf_counter())
                sockets[0].write(frame(_status(code)))
                await until(lambda n=before: len(adapter.sent) > n)
            running.cancel()
            await asyncio.wait({running})
    sent = [at for at, text in adapter.sent if "room" in text][-LINES:]
    return [at - start for start, at in zip(began, sent, strict=True)]


@asynccontextmanager
async def _picker() -> AsyncIterator[tuple[str, list[asyncio.WriteTransport]]]:
    picker = storm_server.app(0)
    runner = web.AppRunner(picker)
    await runner.setup()
    port = free_port()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    try:
        yield f"http://127.0.0.1:{port}", picker["sockets"]
    finally:
        await runner.cleanup()


def _status(code: str) -> dict[str, object]:
    return {"type": "game.status", "data": {"sessionId": 1, "gameId": 17, "roomCode": code}}


def _commit_twice(path: Path) -> float:
    """What the disk alone takes: the row, then the mark before the send."""
    began = time.perf_counter()
    with path.open("ab") as file:
        for _ in range(2):
            file.write(b"x" * 4096)
            file.flush()
            os.fsync(file.fileno())
    return time.perf_counter() - began

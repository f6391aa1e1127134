"""A storm of votes: frames taken in per second, down to the commit, beside a bare receive loop."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
from websockets.asyncio.client import connect

from bench.rig import Silent, free_port, parts, until
from bench.table import resident_mib, table
from bot.app import Parts
from bot.app.intake import Intake
from bot.domain import Clock
from bot.picker import LinkState
from bot.session import State

VOTES = 200_000
ROUNDS = 3


def measure() -> str:
    return asyncio.run(_measure())


async def _measure() -> str:
    bare = max([await _bare() for _ in range(ROUNDS)])
    rounds = [await _ours() for _ in range(ROUNDS)]
    ours = max(rate for rate, _ in rounds)
    grown = max(growth for _, growth in rounds[1:])
    rows = [
        ("bare `websockets` loop with `json.loads`", f"{bare:,.0f}", "1", ""),
        ("Nightcrier, to the commit", f"{ours:,.0f}", f"{ours / bare:.2f}", f"{grown:.1f} MiB"),
    ]
    head = ("vote frames a second", "best of 3", "ratio", f"memory grown over {VOTES:,}")
    return table(head, rows)


async def _bare() -> float:
    async with _picker() as url:
        live = url.replace("http", "ws") + "/api/sessions/live"
        async with connect(live, compression=None, proxy=None) as socket:
            await socket.send('{"type":"auth","token":"t"}')
            await socket.recv()
            await _begin(url)
            began = time.perf_counter()
            for _ in range(VOTES):
                json.loads(await socket.recv())
            return VOTES / (time.perf_counter() - began)


async def _ours() -> tuple[float, float]:
    """Frames a second, and by how many MiB we have grown."""
    with tempfile.TemporaryDirectory() as folder:
        async with _picker() as url, parts(Path(folder), url, Silent()) as made:
            intake = _intake(made)
            link = asyncio.create_task(_link(made, intake))
            await until(lambda: made.picker.status().state is LinkState.LIVE)
            await intake.take([await made.picker.snapshot(0)])
            before = resident_mib()
            await _begin(url)
            began = time.perf_counter()
            await until(lambda: _votes(intake) == VOTES)
            rate = VOTES / (time.perf_counter() - began)
            grown = resident_mib() - before
            link.cancel()
            await asyncio.wait({link})
            return rate, grown


def _intake(made: Parts) -> Intake:
    return Intake(
        State(),
        store=made.store,
        wording=made.wording,
        announce=made.announce,
        clock=lambda: Clock(made.time.now()),
        held=lambda: False,
        committed=lambda state, wants: None,
    )


async def _link(made: Parts, intake: Intake) -> None:
    nothing = lambda: None  # noqa: E731
    await made.picker.run(
        intake.take, want_snapshot=nothing, poll_now=nothing, recreate_poll=nothing
    )


def _votes(intake: Intake) -> int:
    """The votes of the running game that are on disk."""
    current = intake.state.current
    high = current.plays[0].high if current else None
    return high.up if high else 0


async def _begin(url: str) -> None:
    async with httpx.AsyncClient(trust_env=False) as client:
        await client.get(f"{url}/api/storm")


@asynccontextmanager
async def _picker() -> AsyncIterator[str]:
    port = free_port()
    command = (sys.executable, "-m", "bench.storm_server", str(port), str(VOTES))
    with subprocess.Popen(command) as process:  # noqa: ASYNC220 - it takes a millisecond
        try:
            await asyncio.to_thread(_listening, port)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.kill()


def _listening(port: int) -> None:
    for _ in range(200):
        try:
            httpx.get(f"http://127.0.0.1:{port}/api/sessions/active", trust_env=False)
        except httpx.TransportError:
            time.sleep(0.05)
        else:
            return
    raise SystemExit("the storm server did not start")

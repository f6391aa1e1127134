"""Discord: from an event to the request on the wire in 50 channels, boards in a storm of votes,
and what the process weighs."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from statistics import median
from types import SimpleNamespace
from unittest.mock import patch

import aiohttp

from adapters.discord import Settings, bot, build
from adapters.discord.errors import trace
from bench.discord_peer import Peer, peer
from bench.footprint import ngircd
from bench.rig import EVERY_KIND, Silent, announcing, parts
from bench.table import middle_and_tail, milliseconds, resident_mib, table
from bot.cli import loading
from bot.domain import RoomSeen, Target
from bot.port import Adapter, Transient
from bot.sandbox import Sandbox
from bot.store import Store
from bot.timing import SystemTime

CHANNELS = 50
LINES = 20
APART = 1.2
"""Seconds between lines: Discord allows a bot 50 requests a second, which the pace keeps."""
STARTS = 5
CONNECTED_WITHIN = 20.0

BOARDS = 5
VOTES, OVER = 1_000, 10.0
INTERVAL = 5.0


def measure() -> str:
    return "\n\n".join((_wire(), _boards(), _weight()))


# --- from event to wire ---------------------------------------------------------------------


class Wire:
    """The moments at which requests of this process were written to their sockets."""

    def __init__(self) -> None:
        self.moments: list[float] = []

    def watch(self, config: aiohttp.TraceConfig) -> aiohttp.TraceConfig:
        config.on_request_chunk_sent.append(self._sent)
        return config

    async def _sent(
        self,
        _: aiohttp.ClientSession,
        __: SimpleNamespace,
        sent: aiohttp.TraceRequestChunkSentParams,
    ) -> None:
        if sent.method == "POST":
            self.moments.append(time.monotonic())

    def take(self) -> list[float]:
        taken, self.moments = self.moments, []
        return taken


def _wire() -> str:
    rows = []
    for latency in (0.0, 0.15):
        bare, ours = (middle_and_tail(asyncio.run(way(latency))) for way in (_bare, _delays))
        cells = (*map(milliseconds, (*bare, *ours)), f"{ours[1] / bare[1]:.1f}")
        rows.append((f"{latency * 1000:.0f} ms", *cells))
    head = (f"answer takes, {CHANNELS} channels", "bare aiohttp", "99th")
    return table((*head, "event to request", "99th", "ratio"), rows)


async def _bare(latency: float) -> list[float]:
    """As many posts at once, from a list in memory."""
    wire = Wire()
    delays: list[float] = []
    config = wire.watch(aiohttp.TraceConfig())
    with peer(CHANNELS, latency) as far:
        headers = {"Authorization": f"Bot {far.token}"}
        async with aiohttp.ClientSession(headers=headers, trace_configs=[config]) as session:

            async def post(channel: str) -> None:
                url = f"{far.api_url}/channels/{channel}/messages"
                async with session.post(url, json={"content": "room ABCD"}) as response:
                    await response.read()

            for _ in range(LINES):
                began = time.monotonic()
                await asyncio.gather(*map(post, far.channels))
                delays += [at - began for at in wire.take()]
    assert len(delays) == LINES * CHANNELS
    return delays


async def _delays(latency: float) -> list[float]:
    wire = Wire()
    delays: list[float] = []
    watched = patch.object(bot, "trace", lambda within: wire.watch(trace(within)))
    with watched, peer(CHANNELS, latency) as far, tempfile.TemporaryDirectory() as folder:
        adapter = _adapter(far)
        targets = {Target("discord", channel): EVERY_KIND for channel in far.channels}
        running = asyncio.create_task(adapter.run())
        async with parts(Path(folder), "http://127.0.0.1:9", Silent()) as made:
            ours = replace(
                made,
                adapters={"discord": adapter},
                announce=targets,
                configured=frozenset(targets),
            )
            with loading():
                await _ready(adapter, far.channels[0])
            async with announcing(ours) as intake:
                await _settled(made.store)
                wire.take()
                for number in range(LINES):
                    await asyncio.sleep(APART)
                    began = time.monotonic()
                    await intake.take([RoomSeen(1, 17, f"CODE{number}")])
                    await _settled(made.store)
                    delays += [at - began for at in wire.take()]
        running.cancel()
        await asyncio.wait({running})
    assert len(delays) == LINES * CHANNELS
    return delays


def _adapter(far: Peer) -> Adapter:
    settings = Settings(token=far.token, api_url=far.api_url)
    return build(
        settings,
        name="discord",
        channels=tuple(far.channels),
        hear=lambda heard: None,
        memory=_Forgetful(),
    )


class _Forgetful:
    def get(self, key: str) -> str | None:
        return None

    async def put(self, key: str, value: str | None) -> None:
        return None


async def _ready(adapter: Adapter, channel: str) -> None:
    while True:
        try:
            return await adapter.verify(channel)
        except Transient:
            await asyncio.sleep(0.01)


async def _settled(store: Store) -> None:
    while await store.write(lambda ledger: ledger.deliveries(["pending"], 1)):  # noqa: ASYNC110
        await asyncio.sleep(0.02)


# --- boards ---------------------------------------------------------------------------------


def _boards() -> str:
    edits = asyncio.run(_storm())
    boards = Counter(path for path, _, status in edits)
    apart = min(_apart(edits))
    refused = sum(status == 429 for _, _, status in edits)
    head = (f"{VOTES:,} votes in {OVER:.0f} s", "edits of a board", "least apart", "429")
    return table(head, [(f"{BOARDS} boards", max(boards.values()), f"{apart:.2f} s", refused)])


def _apart(edits: list[tuple[str, float, int]]) -> list[float]:
    """The seconds between two edits of a board."""
    moments: dict[str, list[float]] = {}
    for path, at, _ in edits:
        moments.setdefault(path, []).append(at)
    return [b - a for each in moments.values() for a, b in pairwise(each)]


async def _storm() -> list[tuple[str, float, int]]:
    """The real process, with a Picker that counts every vote."""
    sandbox = Sandbox("k", time=SystemTime())
    with peer(BOARDS) as far, tempfile.TemporaryDirectory() as folder:
        async with sandbox.serve() as url, _process(Path(folder), url, far.table()):
            await _until(far.connected)
            async with aiohttp.ClientSession(url) as session:
                login = await _ask(session, "/api/auth/login", key="k")
                session.headers["Authorization"] = f"Bearer {login['token']}"
                night = await _ask(session, "/api/sessions")
                await _ask(session, f"/api/sessions/{night['id']}/games", game_id=1)
                await _until(lambda: far.posted() > 0, spare=2.0)
                await _vote(session)
                await asyncio.sleep(2 * INTERVAL)
                return far.edits()


async def _vote(session: aiohttp.ClientSession) -> None:
    began = time.monotonic()
    for number in range(VOTES):
        await asyncio.sleep(max(began + number * OVER / VOTES - time.monotonic(), 0.0))
        stamp = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        vote = {"username": f"person{number}", "vote": "up", "timestamp": stamp}
        await _ask(session, "/api/votes/live", **vote)


async def _ask(session: aiohttp.ClientSession, path: str, **body: object) -> dict[str, str]:
    async with session.post(path, json=body) as response:
        response.raise_for_status()
        answer: dict[str, str] = await response.json()
        return answer


# --- the process ------------------------------------------------------------------------------


def _weight() -> str:
    starts = [asyncio.run(_start()) for _ in range(STARTS)]
    seconds, memory = (median(column) for column in zip(*starts, strict=True))
    head = ("Discord and IRC", "start to gateway", "resident")
    return table(head, [(f"median of {STARTS}", milliseconds(seconds), f"{memory:.1f} MiB")])


async def _start() -> tuple[float, float]:
    """Seconds from the start of the program to its gateway session, and its memory then."""
    sandbox = Sandbox("k", time=SystemTime())
    with peer(1) as far, tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        async with sandbox.serve() as url, ngircd(folder) as port:
            irc = f'[adapters.net]\nkind = "irc"\nhost = "127.0.0.1"\nport = {port}\n'
            more = irc + 'tls = false\nchannels = ["#bench"]\n'
            began = time.monotonic()
            async with _process(folder, url, far.table() + more) as pid:
                await _until(far.connected)
                took = time.monotonic() - began
                await asyncio.sleep(2.0)
                return took, resident_mib(pid)


@asynccontextmanager
async def _process(folder: Path, url: str, tables: str) -> AsyncIterator[int]:
    """The bot as a process of its own; its number."""
    config = folder / "config.toml"
    config.write_text(f'[picker]\nurl = "{url}"\nadmin_key = "k"\n{tables}')
    command = (sys.executable, "-m", "bot", "run", "-c", str(config))
    process = await asyncio.create_subprocess_exec(*command, stderr=subprocess.DEVNULL)
    try:
        yield process.pid
    finally:
        process.terminate()
        await process.wait()


async def _until(true: Callable[[], bool], spare: float = 0.0) -> None:
    """Until it is, and some seconds more."""
    end = time.monotonic() + CONNECTED_WITHIN
    while not true():
        assert time.monotonic() < end, "it took too long"
        await asyncio.sleep(0.005)
    await asyncio.sleep(spare)

"""Discord: from an event to the request on the wire in 50 channels, and what the process weighs."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from statistics import median

from adapters.discord import Settings, build
from bench.rig import EVERY_KIND, Silent, announcing, free_port, parts
from bench.table import middle_and_tail, milliseconds, resident_mib, table
from bot.domain import RoomSeen, Target
from bot.port import Adapter, Transient
from bot.store import Store

CHANNELS = 50
LINES = 12
APART = 1.2
"""Seconds between lines: Discord allows a bot 50 requests a second, which the pace keeps."""
STARTS = 3
CONNECTED_WITHIN = 20.0


def measure() -> str:
    rows = []
    for latency in (0.0, 0.15):
        middle, tail = middle_and_tail(asyncio.run(_delays(latency)))
        rows.append((f"{latency * 1000:.0f} ms", milliseconds(middle), milliseconds(tail)))
    wire = table((f"answer takes, {CHANNELS} channels", "event to request", "99th"), rows)
    starts = [_start() for _ in range(STARTS)]
    weight = table(
        ("Discord and console", "start to gateway", "resident"),
        [("median of 3", milliseconds(median(s[0] for s in starts)), f"{starts[0][1]:.1f} MiB")],
    )
    return f"{wire}\n\n{weight}"


# --- from event to wire ---------------------------------------------------------------------


async def _delays(latency: float) -> list[float]:
    with _peer(CHANNELS, latency) as peer, tempfile.TemporaryDirectory() as folder:
        adapter = _adapter(peer)
        targets = {Target("discord", channel): EVERY_KIND for channel in peer.channels}
        running = asyncio.create_task(adapter.run())
        async with parts(Path(folder), "http://127.0.0.1:9", Silent()) as made:
            ours = replace(
                made,
                adapters={"discord": adapter},
                announce=targets,
                configured=frozenset(targets),
            )
            await _ready(adapter, peer.channels[0])
            async with announcing(ours) as intake:
                await _settled(made.store)
                peer.posted()
                delays = []
                for number in range(LINES):
                    await asyncio.sleep(APART)
                    began = time.monotonic()
                    await intake.take([RoomSeen(1, 17, f"CODE{number}")])
                    await _settled(made.store)
                    delays += [at - began for at in peer.posted()]
        running.cancel()
        await asyncio.wait({running})
    assert len(delays) == LINES * CHANNELS
    return delays


def _adapter(peer: Peer) -> Adapter:
    settings = Settings(token=peer.token, api_url=peer.api_url)
    return build(
        settings,
        name="discord",
        channels=tuple(peer.channels),
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


# --- the process ------------------------------------------------------------------------------


def _start() -> tuple[float, float]:
    """Seconds from the start of the program to its gateway session, and its memory then."""
    with _peer(1, 0.0) as peer, tempfile.TemporaryDirectory() as folder:
        config = Path(folder) / "config.toml"
        config.write_text(
            f'[picker]\nurl = "http://127.0.0.1:{free_port()}"\nadmin_key = "k"\n'
            f'[adapters.console]\n[adapters.discord]\ntoken = "{peer.token}"\n'
            f'api_url = "{peer.api_url}"\nchannels = [{peer.channels[0]}]\n'
        )
        began = time.monotonic()
        command = (sys.executable, "-m", "bot", "run", "-c", str(config))
        with subprocess.Popen(command, stderr=subprocess.DEVNULL) as process:
            try:
                while not peer.connected():
                    assert time.monotonic() - began < CONNECTED_WITHIN, "it never connected"
                    time.sleep(0.005)
                took = time.monotonic() - began
                time.sleep(1.0)
                return took, resident_mib(process.pid)
            finally:
                process.terminate()


# --- the look-alike ------------------------------------------------------------------------------


class Peer:
    """The look-alike in its own process, so that it takes no time of ours."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        told = self._read()
        self.api_url: str = told["api_url"]
        self.token: str = told["token"]
        self.channels: list[str] = told["channels"]

    def posted(self) -> list[float]:
        """When the messages since the last question arrived there."""
        answer: list[float] = self._ask("posted")
        return answer

    def connected(self) -> bool:
        return bool(self._ask("connected"))

    def _ask(self, what: str):  # type: ignore[no-untyped-def]
        assert self._process.stdin is not None
        self._process.stdin.write(f"{what}\n")
        self._process.stdin.flush()
        return self._read()

    def _read(self):  # type: ignore[no-untyped-def]
        assert self._process.stdout is not None
        return json.loads(self._process.stdout.readline())


@contextmanager
def _peer(channels: int, latency: float) -> Iterator[Peer]:
    command = (sys.executable, "-m", "bench.discord_server", str(channels), str(latency))
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            yield Peer(process)
        finally:
            process.kill()

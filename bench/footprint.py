"""Start to joined, resident memory and idle processor time of ``run`` with IRC, beside an empty
client of the same IRC library."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from statistics import median

from bench.rig import free_port
from bench.table import cpu_seconds, resident_mib, table
from bot.sandbox import Sandbox
from bot.timing import SystemTime

STARTS = 5
IDLE = 20.0

EMPTY = """
import asyncio, sys
import irc.client_aio
async def main():
    reactor = irc.client_aio.AioReactor(loop=asyncio.get_running_loop())
    connection = await reactor.server().connect("127.0.0.1", int(sys.argv[1]), "empty")
    connection.add_global_handler("welcome", lambda c, e: c.join("#bench"))
    await asyncio.get_running_loop().create_future()
asyncio.run(main())
"""

CONFIG = """
[picker]
url = "{picker}"
admin_key = "k"
[adapters.net]
kind = "irc"
host = "127.0.0.1"
port = {port}
tls = false
channels = ["#bench"]
"""

NGIRCD = """
[Global]
Name = irc.test
Info = bench
Listen = 127.0.0.1
Ports = {port}
ServerUID = {uid}
ServerGID = {gid}
[Limits]
MaxConnectionsIP = 0
MaxPenaltyTime = 0
[Options]
DNS = no
Ident = no
PAM = no
"""


def measure() -> str:
    empty, ours = asyncio.run(_measure())
    rows = [(name, *_cells(found, empty)) for name, found in (("empty", empty), ("run", ours))]
    return table(("IRC client", "start to joined", "ratio", "resident", "ratio", "idle CPU"), rows)


def _cells(found: tuple[float, float, float], empty: tuple[float, float, float]) -> list[str]:
    start, memory, idle = found
    ratios = start / empty[0], memory / empty[1]
    return [
        f"{start:.2f} s",
        f"{ratios[0]:.1f}",
        f"{memory:.1f} MiB",
        f"{ratios[1]:.2f}",
        f"{100 * idle:.2f} %",
    ]


async def _measure() -> tuple[tuple[float, float, float], tuple[float, float, float]]:
    sandbox = Sandbox("k", time=SystemTime())
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        async with ngircd(folder) as port, sandbox.serve() as picker:
            config = folder / "config.toml"
            config.write_text(CONFIG.format(picker=picker, port=port))
            empty = await _client(port, sys.executable, "-c", EMPTY, str(port))
            ours = await _client(port, sys.executable, "-m", "bot", "run", "-c", str(config))
            return empty, ours


async def _client(port: int, *command: str) -> tuple[float, float, float]:
    """Seconds from exec to JOIN (median), MiB, and the share of a processor while idle."""
    starts = [await _run(port, command, 0.0) for _ in range(STARTS)]
    _, memory, idle = await _run(port, command, IDLE)
    return median(start for start, _, _ in starts), memory, idle


async def _run(port: int, command: tuple[str, ...], idle: float) -> tuple[float, float, float]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"NICK watcher\r\nUSER watcher 0 * :watcher\r\nJOIN #bench\r\n")
    await reader.readuntil(b" 366 ")
    began = time.perf_counter()
    process = await asyncio.create_subprocess_exec(*command, stderr=subprocess.DEVNULL)
    try:
        await reader.readuntil(b" JOIN ")
        joined = time.perf_counter() - began
        await asyncio.sleep(idle and 2.0)
        used = cpu_seconds(process.pid)
        await asyncio.sleep(idle)
        share = (cpu_seconds(process.pid) - used) / idle if idle else 0.0
        return joined, resident_mib(process.pid), share
    finally:
        process.kill()
        await process.wait()
        writer.close()


@asynccontextmanager
async def ngircd(folder: Path) -> AsyncIterator[int]:
    port = free_port()
    config = folder / "ngircd.conf"
    config.write_text(NGIRCD.format(port=port, uid=os.getuid(), gid=os.getgid()))
    process = await asyncio.create_subprocess_exec(
        "/usr/sbin/ngircd", "-n", "-f", str(config), stdout=subprocess.DEVNULL
    )
    try:
        await asyncio.sleep(1.0)
        yield port
    finally:
        process.kill()
        await process.wait()

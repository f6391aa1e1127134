"""Nightcrier beside two well-known bots, Limnoria and Sopel, on one ngircd in one run: memory,
start to joined, and a question asked in private to its answer. For Nightcrier also an event of
the Picker to the line that a person sees.

The peers are installed from PyPI into an environment that lives as long as the run."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import tempfile
import time
import venv
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import httpx

from bench import peers_config
from bench.footprint import ngircd
from bench.table import middle_and_tail, milliseconds, resident_mib, table
from bot.sandbox import Sandbox
from bot.timing import SystemTime

STARTS = 7
PEOPLE, QUESTIONS = 20, 3
GAMES = 40
PEERS = ("limnoria", "sopel")
KEY = "k"


@dataclass(frozen=True)
class Bot:
    name: str
    nick: str
    command: tuple[str, ...]
    question: str
    said: str  # begins the answer


@dataclass(frozen=True)
class Found:
    """Seconds, MiB, seconds."""

    starts: list[float]
    memory: float
    answers: list[float]


def measure() -> str:
    with tempfile.TemporaryDirectory() as folder:
        return asyncio.run(_measure(Path(folder)))


async def _measure(folder: Path) -> str:
    python = await asyncio.to_thread(_install, folder / "venv")
    sandbox = Sandbox(KEY, time=SystemTime())
    async with (
        ngircd(folder) as port,
        sandbox.serve() as picker,
        person(port, "watcher") as watcher,
    ):
        bots = [_nightcrier(folder, port, picker), *_others(folder, port, python)]
        found = await _look(bots, port, watcher)
        events = await _events(bots[0], watcher, picker)
    return f"{_table(found)}\n\n{_sentence(events)}"


def _table(found: dict[str, Found]) -> str:
    ours = found["Nightcrier"]
    rows = []
    for name, one in found.items():
        middle, tail = middle_and_tail(one.answers)
        rows.append(
            (
                name,
                f"{median(one.starts):.2f} s",
                f"{median(one.starts) / median(ours.starts):.2f}",
                f"{one.memory:.1f} MiB",
                f"{one.memory / ours.memory:.2f}",
                milliseconds(middle),
                milliseconds(tail),
                f"{middle / median(ours.answers):.2f}",
            )
        )
    head = ("bot", "start to joined", "ratio", "resident", "ratio")
    return table((*head, "question to answer", "99th percentile", "ratio"), rows)


def _sentence(events: list[float]) -> str:
    middle, tail = middle_and_tail(events)
    return (
        f"A game added at the Picker to the line in the channel, {len(events)} times: median "
        f"{milliseconds(middle)}, 99th percentile {milliseconds(tail)}."
    )


# --- the bots -----------------------------------------------------------------------------


def _install(folder: Path) -> str:
    venv.create(folder, with_pip=True)
    python = str(folder / "bin" / "python")
    pip = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, *PEERS], check=True)
    return python


def _nightcrier(folder: Path, port: int, picker: str) -> Bot:
    config = folder / "nightcrier.toml"
    config.write_text(peers_config.NIGHTCRIER.format(picker=picker, key=KEY, port=port))
    command = (sys.executable, "-m", "bot", "run", "-c", str(config))
    return Bot("Nightcrier", "crier", command, "!status", "")


def _others(folder: Path, port: int, python: str) -> list[Bot]:
    limnoria, sopel = folder / "limnoria", folder / "sopel"
    for home in (limnoria, sopel):
        home.mkdir()
    (limnoria / "bot.conf").write_text(peers_config.LIMNORIA.format(port=port, home=limnoria))
    (sopel / "bot.cfg").write_text(peers_config.SOPEL.format(port=port, home=sopel))
    (sopel / "answer.py").write_text(peers_config.SOPEL_PLUGIN)
    run = (str(Path(python).parent / "limnoria"), "--allow-root", str(limnoria / "bot.conf"))
    start = (python, "-c", peers_config.SOPEL_AS_ANYBODY, "-c", str(sopel / "bot.cfg"))
    return [
        Bot(f"Limnoria {_version(python, 'limnoria')}", "limno", run, "ping", "pong"),
        Bot(f"Sopel {_version(python, 'sopel')}", "sopelbot", start, "!ping", "pong"),
    ]


def _version(python: str, package: str) -> str:
    code = f"import importlib.metadata as m; print(m.version('{package}'))"
    return subprocess.run(
        [python, "-c", code], check=True, capture_output=True, text=True
    ).stdout.strip()


# --- looking ------------------------------------------------------------------------------


async def _look(bots: list[Bot], port: int, watcher: Person) -> dict[str, Found]:
    """Each bot in turn, again and again, so that what else the machine does slows all alike."""
    starts: dict[str, list[float]] = {bot.name: [] for bot in bots}
    for _ in range(STARTS):
        for bot in bots:
            async with _running(bot, watcher) as (_, joined):
                starts[bot.name].append(joined)
    async with AsyncExitStack() as running:
        pids = [(await running.enter_async_context(_running(bot, watcher)))[0] for bot in bots]
        await asyncio.sleep(2.0)
        memory = [resident_mib(pid) for pid in pids]
        answers = await _answers(bots, port)
    return {
        bot.name: Found(starts[bot.name], one, answers[bot.name])
        for bot, one in zip(bots, memory, strict=True)
    }


@asynccontextmanager
async def _running(bot: Bot, watcher: Person) -> AsyncIterator[tuple[int, float]]:
    """The bot in the channel: its process id, and how long it took to get there."""
    began = time.perf_counter()
    process = await asyncio.create_subprocess_exec(
        *bot.command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        await watcher.line(f":{bot.nick}!", " JOIN ")
        yield process.pid, time.perf_counter() - began
    finally:
        process.kill()
        await process.wait()
        await watcher.line(f":{bot.nick}!", " QUIT ")


async def _answers(bots: list[Bot], port: int) -> dict[str, list[float]]:
    """How long each answer took; one person asks so seldom that no bot's cool-down begins."""
    took: dict[str, list[float]] = {bot.name: [] for bot in bots}
    for number in range(PEOPLE):
        async with person(port, f"p{number}") as asker:
            await asyncio.sleep(0.1)  # until the JOIN is acknowledged, ngircd sends nothing more
            for bot in bots * QUESTIONS:
                began = time.perf_counter()
                asker.send(f"PRIVMSG {bot.nick} :{bot.question}")
                await asker.line(f":{bot.nick}!", f" p{number} :{bot.said}")
                took[bot.name].append(time.perf_counter() - began)
    return took


async def _events(bot: Bot, watcher: Person, picker: str) -> list[float]:
    """From asking the Picker to add a game, to "Next up" in the channel."""
    took = []
    async with (
        _running(bot, watcher),
        httpx.AsyncClient(base_url=picker, trust_env=False) as host,
    ):
        token = (await host.post("/api/auth/login", json={"key": KEY})).json()["token"]
        host.headers["Authorization"] = f"Bearer {token}"
        games = (await host.get("/api/games")).json()
        session = (await host.post("/api/sessions", json={})).json()["id"]
        await watcher.line(f":{bot.nick}!", "has started")
        for number in range(GAMES):
            game = games[number % len(games)]["id"]
            began = time.perf_counter()
            await host.post(f"/api/sessions/{session}/games", json={"game_id": game})
            await watcher.line(f":{bot.nick}!", "Next up")
            took.append(time.perf_counter() - began)
    return took


class Person:
    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    def send(self, *lines: str) -> None:
        self._writer.write("".join(f"{line}\r\n" for line in lines).encode())

    async def line(self, *texts: str) -> str:
        """The next line that holds all of ``texts``."""
        async with asyncio.timeout(30.0):
            while True:
                line = (await self._reader.readline()).decode("utf-8", "replace")
                if line.startswith("PING"):
                    self.send(line.replace("PING", "PONG", 1).strip())
                if not line or all(text in line for text in texts):
                    assert line, "the server has hung up"
                    return line


@asynccontextmanager
async def person(port: int, nick: str) -> AsyncIterator[Person]:
    """Somebody in the channel."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    somebody = Person(reader, writer)
    somebody.send(f"NICK {nick}", f"USER {nick} 0 * :{nick}", "JOIN #bench")
    await somebody.line(" 366 ")
    try:
        yield somebody
    finally:
        writer.close()

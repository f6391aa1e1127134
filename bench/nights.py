"""What a night costs with one and with a thousand nights in the store."""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from bench.rig import Silent, announcing, parts, until
from bench.table import milliseconds, table
from bot.app.intake import Intake
from bot.domain import Game, GameAdded, Input, SessionEnded, SessionKey, SessionStarted, Tallied

FIRST = 1_773_968_280
GAMES = 6
NIGHTS = 1000


def measure() -> str:
    few, many, opening = asyncio.run(_costs())
    rows = [
        ("1", milliseconds(few), "1"),
        (f"{NIGHTS:,}", milliseconds(many), f"{many / few:.2f}"),
    ]
    made = table(("nights in the store", "a night of six games", "ratio"), rows)
    return f"{made}\n\nOpening the store with {NIGHTS:,} nights: {milliseconds(opening)}."


async def _costs() -> tuple[float, float, float]:
    with tempfile.TemporaryDirectory() as folder:
        costs = []
        async with (
            parts(Path(folder), "http://127.0.0.1:9", adapter := Silent()) as made,
            announcing(made, None) as intake,
        ):
            for number in range(1, NIGHTS + 11):
                began = time.perf_counter()
                await _play(intake, adapter, number)
                costs.append(time.perf_counter() - began)
        began = time.perf_counter()
        async with parts(Path(folder), "http://127.0.0.1:9", Silent()) as made:
            await made.store.write(lambda ledger: ledger.state())
            opening = time.perf_counter() - began
    return min(costs[1:10]), min(costs[-10:]), opening


async def _play(intake: Intake, adapter: Silent, number: int) -> None:
    for given in _night(number):
        await intake.take([given])
    messages = 1 + GAMES + 1  # the start, the games, the end in one
    await until(lambda: len(adapter.sent) == messages * number)


def _night(number: int) -> Iterator[Input]:
    key = SessionKey(number, FIRST + number)
    yield SessionStarted(key)
    for game in range(1, GAMES + 1):
        yield GameAdded(number, Game(f"Game {game}", game), game)
        yield Tallied(key, game - 1)
    yield SessionEnded(number, GAMES)
    yield Tallied(key, GAMES)

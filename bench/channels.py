"""What a line costs with 1, 10 and 100 channels: taken in, on disk, sent and settled everywhere."""

from __future__ import annotations

import asyncio
import tempfile
import time
from pathlib import Path
from statistics import median

from bench.rig import Silent, announcing, parts, until
from bench.table import milliseconds, table
from bot.domain import RoomSeen, Status
from bot.store import Store

LINES = 40


def measure() -> str:
    costs = {number: asyncio.run(_cost(number)) for number in (1, 10, 100)}
    rows = [
        (number, milliseconds(cost), milliseconds(cost / number), f"{cost / number / costs[1]:.2f}")
        for number, cost in costs.items()
    ]
    return table(
        ("channels", "a line, everywhere", "for each channel", "ratio to one channel"), rows
    )


async def _cost(channels: int) -> float:
    adapter, costs = Silent(), []
    with tempfile.TemporaryDirectory() as folder:
        async with (
            parts(Path(folder), "http://127.0.0.1:9", adapter, channels) as made,
            announcing(made) as intake,
        ):
            await until(lambda: len(adapter.sent) == channels)
            for number in range(LINES):
                before, began = len(adapter.sent), time.perf_counter()
                await intake.take([RoomSeen(1, 17, f"CODE{number}")])
                await until(lambda n=before: len(adapter.sent) == n + channels)
                await _settled(made.store)
                costs.append(time.perf_counter() - began)
    return median(costs)


async def _settled(store: Store) -> None:
    while True:
        if not await store.write(lambda ledger: ledger.deliveries((Status.PENDING,), 1)):
            return

"""What several benchmarks need: a silent chat, and the bot's own parts around it."""

from __future__ import annotations

import asyncio
import random
import socket
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from bot import messages
from bot.app import Parts
from bot.app.intake import Intake
from bot.deliver import open_lanes
from bot.domain import (
    Clock,
    Game,
    Kind,
    Limits,
    Message,
    Proof,
    Receipt,
    Row,
    SessionInfo,
    SessionKey,
    Snapshot,
    Target,
    Want,
)
from bot.formatter import Wording
from bot.picker import Picker
from bot.session import State
from bot.store import Store
from bot.timing import SystemTime

EVERY_KIND = frozenset(Kind)


class Silent:
    """An adapter that takes everything at once and notes when."""

    limits = Limits(length=10_000)

    def __init__(self) -> None:
        self.sent: list[tuple[float, str]] = []

    def measure(self, message: Message) -> int:
        return len(message.text)

    async def run(self) -> None:
        await asyncio.get_running_loop().create_future()

    async def send(self, channel: str, message: Message, *, key: str) -> Receipt:
        self.sent.append((time.perf_counter(), message.text))
        return Receipt(Proof.CONFIRMED)

    async def verify(self, channel: str) -> None:
        return None

    async def reply(self, handle: object, message: Message, private: bool) -> None:
        return None


async def until(true: Callable[[], bool]) -> None:
    while not true():  # noqa: ASYNC110 - a tenth of a millisecond is fine enough here
        await asyncio.sleep(0.0001)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        return port


@asynccontextmanager
async def parts(folder: Path, url: str, adapter: Silent, channels: int = 1) -> AsyncIterator[Parts]:
    """Everything that ``bot.app.run`` needs, announcing to ``adapter``."""
    clock = SystemTime()
    picker = Picker(url, admin_key="k", interval=30.0, time=clock, roll=random.random)
    store = await Store.open(folder / "bench.db", clock)
    targets = {Target("silent", f"#{number}"): EVERY_KIND for number in range(channels)}
    try:
        yield Parts(
            picker=picker,
            store=store,
            adapters={"silent": adapter},
            announce=targets,
            configured=frozenset(targets),
            wording=Wording(messages.load("en")),
            poll_interval=30.0,
            time=clock,
        )
    finally:
        await store.close()


BEGUN = Snapshot(
    0,
    SessionInfo(SessionKey(1, 1_773_968_280), active=True, games_played=1),
    (Row(1, Game("Drawful 2", 17)),),
)


@asynccontextmanager
async def announcing(made: Parts, begun: Snapshot | None = BEGUN) -> AsyncIterator[Intake]:
    """An intake with its lanes and without a Picker; a night that runs has been taken in."""
    lanes = open_lanes(made.announce, made.adapters, made.store, made.time, held=lambda: False)

    workers = [*lanes.values(), *(lane.editor for lane in lanes.values() if lane.editor)]

    def committed(state: State, wants: Sequence[Want]) -> None:
        for worker in workers:
            worker.wake()

    intake = Intake(
        State(),
        store=made.store,
        wording=made.wording,
        announce=made.announce,
        clock=lambda: Clock(made.time.now()),
        held=lambda: True,
        committed=committed,
    )
    running = [asyncio.create_task(worker.run()) for worker in workers]
    if begun is not None:
        await intake.take([begun])
    try:
        yield intake
    finally:
        for lane in lanes.values():
            lane.stop()
        await asyncio.wait(running)

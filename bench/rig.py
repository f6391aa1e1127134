"""What several benchmarks need: a silent chat, and the bot's own parts around it."""

from __future__ import annotations

import asyncio
import random
import socket
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from bot import messages
from bot.app import Parts
from bot.domain import Kind, Limits, Message, Proof, Receipt, Target
from bot.formatter import Wording
from bot.picker import Picker
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

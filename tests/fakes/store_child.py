"""A process with a store of its own, for tests to kill, to starve and to stand in the way of.

    python store_child.py MODE PATH [ARGUMENT]

``hold``   opens the store and holds it until its input closes
``write``  adds deliveries without end, printing the number of each after its commit
``speak``  says ARGUMENT lines through a lane into PATH.seen, then ends; ``speak-once`` the
           same on a far side that drops repeats
``full``   writes while files may not grow, then lets them grow again
"""

from __future__ import annotations

import asyncio
import itertools
import logging
import os
import resource
import sys
from pathlib import Path

from chat import Chat, until

from bot import outbox
from bot.deliver import open_lanes
from bot.domain import (
    Announcement,
    Delivery,
    Kind,
    Limits,
    Message,
    Over,
    Proof,
    Receipt,
    SessionKey,
    Span,
    Status,
    Target,
)
from bot.session import State
from bot.store import Ledger, Store
from bot.timing import SystemTime

NIGHT = SessionKey(17, 1_762_563_600)
TARGET = Target("chat", "#gamenight")
LATENCY = 0.002
"""Seconds that the far side takes to answer, so that a kill often falls in between."""


def row(number: int, text: str = "hello") -> Delivery:
    line = Announcement(Kind.STATS, f"{NIGHT}/{number:06}", NIGHT, SystemTime().now(), Over(17))
    made = outbox.plan(line, lambda _: Message((Span(text),)), {TARGET: frozenset(Kind)}, line.at)
    return made[0]


def add(number: int, text: str = "hello") -> object:
    state = State(facts=number)
    return lambda ledger: ledger.record(state, [row(number, text)], (), SystemTime().now())


async def hold(path: Path) -> None:
    store = await Store.open(path, SystemTime())
    print("open", flush=True)
    await asyncio.to_thread(sys.stdin.read)
    await store.close()


async def write(path: Path) -> None:
    store = await Store.open(path, SystemTime())
    state = await store.write(lambda ledger: ledger.state())
    for number in itertools.count(state.facts + 1):
        await store.write(add(number))
        print(number, flush=True)


class FileChat(Chat):
    """Its far side is a file, which survives a kill of the bot as a network would."""

    def __init__(self, seen: Path, once: bool) -> None:
        super().__init__(Limits(length=400, dedupes_for=120.0 if once else 0.0))
        self._seen = seen
        self._once = once

    async def send(self, channel: str, message: Message, *, key: str) -> Receipt:
        line = f"{key}\n"
        if not (self._once and line in self._seen.read_text().splitlines(keepends=True)):
            with self._seen.open("a") as file:
                file.write(line)
        await asyncio.sleep(LATENCY)
        return Receipt(Proof.CONFIRMED)


async def speak(path: Path, lines: int, once: bool) -> None:
    seen = path.with_suffix(".seen")
    seen.touch()
    time = SystemTime()
    store = await Store.open(path, time)
    state = await store.write(lambda ledger: ledger.state())
    if not state.facts:
        rows = [row(number) for number in range(lines)]
        done = State(facts=1)
        await store.write(lambda ledger: ledger.record(done, rows, (), time.now()))
    lanes = open_lanes([TARGET], {"chat": FileChat(seen, once)}, store, time, held=lambda: False)
    lane = asyncio.create_task(lanes[TARGET].run())
    while await store.write(lambda ledger: ledger.deliveries([Status.PENDING], 1)):  # noqa: ASYNC110
        await asyncio.sleep(0.01)
    lanes[TARGET].stop()
    await lane
    await store.close()


class Hasty(SystemTime):
    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(min(seconds, 0.01))


class Lines(logging.Handler):
    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(record.getMessage())


async def full(path: Path) -> None:
    said = Lines()
    logging.getLogger("bot.store").addHandler(said)
    store = await Store.open(path, Hasty())
    await store.write(add(1))
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (os.stat(f"{path}-wal").st_size, limits[1]))
    # What does not fit the page cache fails within the function, not at COMMIT.
    sizes = {2: 50_000, 3: 10**7, 4: 5}
    writes = [asyncio.create_task(store.write(add(n, "x" * size))) for n, size in sizes.items()]
    await until(lambda: store.stalled)
    late = asyncio.create_task(store.write(lambda ledger: ledger.state().facts))
    await asyncio.sleep(0.05)
    assert not any(task.done() for task in (*writes, late)), "a write returned without a commit"
    resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    await asyncio.gather(*writes)
    assert await late == 4
    assert (store.stalled, store.stalls) == (False, 1)
    assert await store.write(rows) == 4, "a write was made twice or not at all"
    await store.close()
    print("\n".join(said.lines))


def rows(ledger: Ledger) -> int:
    return len(ledger.deliveries(tuple(Status), 100))


def main(mode: str, path: str, argument: str = "0") -> None:
    run = {
        "hold": hold,
        "write": write,
        "full": full,
        "speak": lambda path: speak(path, int(argument), False),
        "speak-once": lambda path: speak(path, int(argument), True),
    }
    asyncio.run(run[mode](Path(path)))


if __name__ == "__main__":
    main(*sys.argv[1:])

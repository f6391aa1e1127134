"""What the clauses of the contract look at: messages as people see them, sockets, the example."""

from __future__ import annotations

import asyncio
import os
import tomllib
import unicodedata
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any

from bot.port import Adapter
from bot.testing.rig import Rig, message, until

OPEN_FILES = "/proc/self/fd"


def letters(text: str) -> str:
    """What can be seen of ``text``: without controls, invisible characters and blanks."""
    return "".join(c for c in text if unicodedata.category(c)[0] not in "CZ")


async def texts(rig: Rig, channel: str) -> list[str]:
    return [seen.text for seen in await rig.seen(channel)]


async def last_is(rig: Rig, channel: str, text: str) -> bool:
    return (await texts(rig, channel))[-1:] == [text]


async def arrived(rig: Rig, channel: str, count: int) -> list[str]:
    """The texts in ``channel`` once there are ``count`` of them."""

    async def enough() -> bool:
        return len(await rig.seen(channel)) >= count

    await until(enough, f"{count} messages in {channel}")
    return await texts(rig, channel)


def fill(character: str, adapter: Adapter) -> str:
    """As many of ``character`` as the adapter says it can carry."""
    low, high = 0, adapter.limits.length
    while low < high:
        middle = (low + high + 1) // 2
        if adapter.measure(message(character * middle)) <= adapter.limits.length:
            low = middle
        else:
            high = middle - 1
    return character * low


def ending(tasks: Iterable[asyncio.Task[Any]]) -> str:
    """Tasks that should have ended, by the coroutine that they run."""
    names = (getattr(task.get_coro(), "__qualname__", repr(task)) for task in tasks)
    return f"these tasks to end: {', '.join(sorted(names))}"


def sockets() -> set[str]:
    """The sockets that this process holds, by inode; none where the system does not tell."""
    links = set()
    for descriptor in os.listdir(OPEN_FILES) if os.path.isdir(OPEN_FILES) else ():
        with suppress(OSError):
            links.add(os.readlink(f"{OPEN_FILES}/{descriptor}"))
    return {link for link in links if link.startswith("socket:")}


def example_tables(kind: str, example: Path) -> dict[str, dict[str, Any]]:
    """The tables of ``kind`` in the example; a commented-out section counts without its ``# ``."""
    lines, inside = [], False
    for line in example.read_text("utf-8").splitlines():
        bare = line.removeprefix("# ") if inside or line.startswith("# [adapters.") else line
        inside = bare.startswith("[adapters.") or (inside and line.startswith("#"))
        lines.append(bare if "=" in bare or bare.startswith("[") else "")
    tables = tomllib.loads("\n".join(lines)).get("adapters", {})
    found = {name: table for name, table in tables.items() if table.get("kind", name) == kind}
    assert found, f"{example.name} has no section for {kind}"
    return found

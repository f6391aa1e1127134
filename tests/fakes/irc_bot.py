"""The IRC adapter beside a test: its settings short, its waits recorded, what it heard kept."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import pytest
from irc_daemons import missing

from adapters.irc import Settings
from adapters.irc.adapter import Irc
from bot.domain import Heard, Message, Span, Style
from bot.port import Ambiguous, SendError, Transient

needs_ngircd = pytest.mark.skipif(
    missing("ngircd") is not None and not os.environ.get("CI"), reason=str(missing("ngircd"))
)
needs_inspircd = pytest.mark.skipif(
    missing("inspircd", "atheme-services") is not None and not os.environ.get("CI"),
    reason=str(missing("inspircd", "atheme-services")),
)
DEADLINE = 5.0


def message(text: str, style: Style = Style.PLAIN) -> Message:
    return Message((Span(text, style),))


class Bot:
    """The adapter with its waits recorded; ``dice`` 0 makes the shortest ones."""

    def __init__(self, port: int, *channels: str, dice: float = 0.0, **settings) -> None:
        self.heard: list[Heard] = []
        self.waits: list[float] = []
        options = {"host": "127.0.0.1", "port": port, "tls": False, "pace": 0} | settings
        self.adapter = Irc(
            Settings(**options),
            "net",
            channels or ("#night",),
            self.heard.append,
            sleep=self.sleep,
            dice=lambda: dice,
        )

    async def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        await asyncio.sleep(seconds)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Irc]:
        task = asyncio.create_task(self.adapter.run())
        try:
            yield self.adapter
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await asyncio.wait_for(task, DEADLINE)

    async def ready(self, channel: str = "#night", wait: float = 2 * DEADLINE) -> None:
        async def able() -> bool:
            with suppress(SendError):
                await self.adapter.verify(channel)
                return True
            return False

        await until(able, wait)

    async def reason(self, word: str) -> str:
        """Why nothing can be sent, once ``word`` is in it."""
        said = ""

        async def told() -> bool:
            nonlocal said
            with suppress(Ambiguous):
                try:
                    await self.adapter.send("#night", message("x"), key="x")
                except Transient as error:
                    said = str(error)
            return word in said

        await until(told)
        return said


async def until(probe, wait: float = DEADLINE) -> None:
    end = asyncio.get_running_loop().time() + wait
    while not await probe():
        assert asyncio.get_running_loop().time() < end, f"waited {wait} s in vain"
        await asyncio.sleep(0.01)

"""The console's rig: pipes in the place of standard output and of the keyboard."""

from __future__ import annotations

import os
import re
from contextlib import suppress
from typing import ClassVar

from adapters.console import Console
from bot.testing import Clause, Rig, Seen


class ConsoleRig(Rig):
    kind = "console"
    name = "console"
    channels = ("console", "stage")
    settings: ClassVar = {}
    cannot: ClassVar = {
        Clause.DEDUPES: "a terminal has no memory of what it was told",
        Clause.ABSENT: "there is nothing to join on a console",
        Clause.REFUSED: "a console refuses no channel, they are names only",
        Clause.LIFTABLE: "a console knows no rights that could be lifted",
        Clause.RATE_LIMIT: "a console takes whatever the pipe has room for",
        Clause.DROPPED: "a write to a pipe is over at once, nothing can break under it",
        Clause.CREDENTIALS: "a console has no credentials to be wrong",
        Clause.SECRETS: "a console has no secrets to be shown",
    }

    async def open(self) -> None:
        self._reader, writer = os.pipe()
        os.set_blocking(self._reader, False)
        self._out = os.fdopen(writer, "w", encoding="utf-8")
        self._typed, self._typist = os.pipe()
        self._said = b""
        self._filler = 0

    async def close(self) -> None:
        if not self._out.closed:
            self._out.close()
            for descriptor in (self._reader, self._typed, self._typist):
                os.close(descriptor)

    def build(self, settings=None, channels=None):
        return Console(
            self.channels if channels is None else channels,
            self._out,
            name="night",
            hear=self.heard.append,
            typed=self._typed,
            user="alice",
        )

    async def say(self, channel: str, author: str, text: str) -> None:
        assert author == "alice", "there is one person at a console"
        os.write(self._typist, f"{channel}: {text}\n".encode())

    async def seen(self, channel: str) -> list[Seen]:
        self._said += self._drain()
        label = re.compile(rf"^({'|'.join(self.channels)}): ", re.MULTILINE)
        parts = label.split(self._said.decode())[1:]
        said = zip(parts[::2], parts[1::2], strict=True)
        return [Seen(text.removesuffix("\n")) for where, text in said if where == channel]

    async def down(self) -> None:
        """A reader that has stopped: the pipe is full."""
        os.set_blocking(self._out.fileno(), False)
        with suppress(BlockingIOError):
            while True:
                self._filler += os.write(self._out.fileno(), b"#" * 4096)
        os.set_blocking(self._out.fileno(), True)

    async def up(self) -> None:
        data = self._drain()
        self._said += data[: len(data) - self._filler]
        self._filler = 0

    stall, cut = down, up

    def _drain(self) -> bytes:
        data = b""
        with suppress(BlockingIOError):
            while chunk := os.read(self._reader, 65_536):
                data += chunk
        return data


RIGS = (ConsoleRig,)

"""The console: announcements on standard output. The reference adapter, and the shortest.

Plain text when the output is not a terminal, bold and colour when it is. It hears nothing.
"""

from __future__ import annotations

import asyncio
import io
import os
import select
import sys
from typing import TextIO

from pydantic import BaseModel, ConfigDict

from bot.domain import Limits, Message, Proof, Receipt, Style, Unit
from bot.port import Adapter, Ambiguous, Hear, Memory, Permanent, Transient

CHANNELS_OPTIONAL = True
DEFAULT_CHANNEL = "console"
LENGTH = 4_000
"""Bytes. With markup and newline a message stays below 4,096 (PIPE_BUF on Linux), so that it is
written whole or not at all, and a pipe that is ready for it does not block."""

ON = {Style.BOLD: "\x1b[1m", Style.CODE: "\x1b[1;36m", Style.SPOILER: "\x1b[2m"}
OFF = "\x1b[0m"
CONTROLS = dict.fromkeys([*range(0x00, 0x0A), *range(0x0B, 0x20), *range(0x7F, 0xA0)])


class Settings(BaseModel):
    """``[adapters.console]`` has no settings of its own."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Console:
    """Writes to ``out``. Its channels are names only: with several, each line begins with its
    channel's."""

    def __init__(self, channels: tuple[str, ...], out: TextIO) -> None:
        self._several = len(channels) > 1
        self._out = out
        self._styled = out.isatty()
        self._running = False

    @property
    def limits(self) -> Limits:
        return Limits(length=LENGTH, unit=Unit.BYTES)

    def measure(self, message: Message) -> int:
        return len(self._render(message).encode())

    async def run(self) -> None:
        self._running = True
        try:
            await asyncio.get_running_loop().create_future()
        finally:
            self._running = False

    async def send(self, channel: str, message: Message, *, key: str) -> Receipt:
        await self.verify(channel)
        label = f"{channel}: " if self._several else ""
        self._write(f"{label}{self._render(message)}\n")
        return Receipt(Proof.WRITTEN)

    async def verify(self, channel: str) -> None:
        if not self._running:
            raise Transient("the console is not running")

    async def reply(self, handle: object, message: Message, private: bool) -> None:
        await self.send(DEFAULT_CHANNEL, message, key="")

    def _render(self, message: Message) -> str:
        """Outside text cannot steer the terminal: of the controls only our own are left."""
        texts = ((span.text.translate(CONTROLS), ON.get(span.style)) for span in message.spans)
        return "".join(f"{on}{text}{OFF}" if on and self._styled else text for text, on in texts)

    def _write(self, text: str) -> None:
        try:
            descriptor = self._out.fileno()
        except io.UnsupportedOperation:
            self._out.write(text)
            self._out.flush()
            return
        self._out.flush()
        write(descriptor, text.encode(self._out.encoding, "replace"))


def write(descriptor: int, data: bytes) -> None:
    """Write all of ``data`` now or raise; a reader that has stopped never holds us up."""
    if not select.select([], [descriptor], [], 0)[1]:
        raise Transient("nobody reads our output at the moment")
    try:
        written = os.write(descriptor, data)
    except BrokenPipeError:
        raise Permanent("the reader of our output has gone") from None
    except OSError as error:
        raise Transient(f"our output cannot be written: {error.strerror}") from error
    if written < len(data):
        raise Ambiguous("our output took only a part of the message")


def build(
    settings: Settings, *, name: str, channels: tuple[str, ...], hear: Hear, memory: Memory
) -> Adapter:
    """A console on standard output as it is now."""
    return Console(channels, sys.stdout)


def fold(channel: str) -> str:
    return channel


def ident(settings: Settings) -> str:
    return "stdout"

"""The console: announcements on standard output, and what is typed on a terminal. The reference
adapter, and the shortest.

Plain text when the output is not a terminal, bold and colour when it is. Whoever sits at the
terminal that we were started from is a host.
"""

from __future__ import annotations

import asyncio
import getpass
import io
import os
import select
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from typing import TextIO

from pydantic import BaseModel, ConfigDict

from bot.domain import HOST, Author, Limits, Line, Message, Proof, Receipt, Style, Target, Unit
from bot.port import Adapter, Ambiguous, Hear, Memory, Permanent, Transient, deaf

CHANNELS_OPTIONAL = True
DEFAULT_CHANNEL = "console"
LENGTH = 4_000
"""Bytes. With markup and newline a message stays below 4,096 (PIPE_BUF on Linux), so that it is
written whole or not at all, and a pipe that is ready for it does not block."""

BACKGROUND = 1.0
"""Seconds between two looks whether we are in the foreground again."""

ON = {Style.BOLD: "\x1b[1m", Style.CODE: "\x1b[1;36m", Style.SPOILER: "\x1b[2m"}
OFF = "\x1b[0m"
CONTROLS = dict.fromkeys([*range(0x00, 0x0A), *range(0x0B, 0x20), *range(0x7F, 0xA0)])


class Settings(BaseModel):
    """``[adapters.console]`` has no settings of its own."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Console:
    """Writes to ``out``, and hears what ``user`` types on the descriptor ``typed``. Its channels
    are names only: with several, each line begins with its channel's, there and back."""

    def __init__(
        self,
        channels: tuple[str, ...],
        out: TextIO,
        *,
        name: str = DEFAULT_CHANNEL,
        hear: Hear = deaf,
        typed: int | None = None,
        user: str = DEFAULT_CHANNEL,
    ) -> None:
        self._channels = channels
        self._several = len(channels) > 1
        self._name = name
        self._hear = hear
        self._author = Author(id="local", name=user, roles=(HOST,))
        self._keyboard = None if typed is None else Keyboard(typed, self._typed)
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
        if self._keyboard is not None:
            self._keyboard.open()
        try:
            await asyncio.get_running_loop().create_future()
        finally:
            self._running = False
            if self._keyboard is not None:
                self._keyboard.close()

    async def send(self, channel: str, message: Message, *, key: str) -> Receipt:
        await self.verify(channel)
        label = f"{channel}: " if self._several else ""
        self._write(f"{label}{self._render(message)}\n")
        return Receipt(Proof.WRITTEN)

    async def verify(self, channel: str) -> None:
        if not self._running:
            raise Transient("the console is not running")

    async def reply(self, handle: object, message: Message, private: bool) -> None:
        await self.send(str(handle), message, key="")

    def _typed(self, text: str) -> None:
        channel, _, rest = text.partition(": ")
        if not self._several or channel not in self._channels:
            channel, rest = self._channels[0], text
        self._hear(
            Line(Target(self._name, channel), self._author, rest, time.time(), handle=channel)
        )

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


class Keyboard:
    """Hands over each line that is typed, without a thread that would wait for the next one."""

    def __init__(self, descriptor: int, hand_over: Callable[[str], None]) -> None:
        self._descriptor = descriptor
        self._hand_over = hand_over
        self._rest = b""
        self._again: asyncio.TimerHandle | None = None

    def open(self) -> None:
        # a file, or a platform on which only sockets can be waited for: nobody types there
        with suppress(OSError, NotImplementedError):
            asyncio.get_running_loop().add_reader(self._descriptor, self._read)

    def close(self) -> None:
        if self._again is not None:
            self._again.cancel()
        with suppress(OSError, NotImplementedError):
            asyncio.get_running_loop().remove_reader(self._descriptor)

    def _read(self) -> None:
        if not in_foreground(self._descriptor):
            self.close()
            self._again = asyncio.get_running_loop().call_later(BACKGROUND, self.open)
            return
        try:
            data = os.read(self._descriptor, LENGTH)
        except OSError:
            data = b""
        if not data:
            self.close()
        *lines, rest = (self._rest + data).split(b"\n")
        self._rest = rest[:LENGTH]
        for line in lines:
            self._hand_over(line[:LENGTH].decode(errors="replace"))


def in_foreground(terminal: int) -> bool:
    """Whether what is typed is for us: a job in the background is stopped if it reads. True for
    what is no terminal."""
    try:
        return os.tcgetpgrp(terminal) == os.getpgrp()
    except OSError:
        return True


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
    """A console on standard output as it is now, and on standard input if that is a terminal."""
    listens = hear is not deaf and sys.stdin is not None and sys.stdin.isatty()
    typed = sys.stdin.fileno() if listens else None
    return Console(channels, sys.stdout, name=name, hear=hear, typed=typed, user=who())


def who() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return DEFAULT_CHANNEL


def fold(channel: str) -> str:
    return channel


def ident(settings: Settings) -> str:
    return "stdout"

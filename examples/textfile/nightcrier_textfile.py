"""Announcements as lines of text files, one file for each channel: for a web page, a ticker.

An example of an adapter that lives outside of Nightcrier's own repository.
"""

from __future__ import annotations

import asyncio
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from bot.domain import Limits, Message, Proof, Receipt
from bot.port import Adapter, Ambiguous, Hear, Memory, Permanent, Transient

CONTROLS = {**dict.fromkeys([*range(0x00, 0x20), *range(0x7F, 0xA0)]), ord("\n"): " "}


class Settings(BaseModel):
    """``[adapters.<name>]`` with ``kind = "textfile"``."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    folder: Path = Field(description="where the files are", examples=["/srv/www/night"])


class TextFile:
    """Appends to files in ``folder``, which must be there; a channel is the name of a file."""

    limits = Limits(length=500, multiline=False)

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._running = False

    def measure(self, message: Message) -> int:
        return len(line_of(message))

    async def run(self) -> None:
        """There is nothing to connect to; but before and after this nothing is written."""
        self._running = True
        try:
            await asyncio.get_running_loop().create_future()
        finally:
            self._running = False

    async def send(self, channel: str, message: Message, *, key: str) -> Receipt:
        await self.verify(channel)
        try:
            file = (self._folder / channel).open("a", encoding="utf-8", errors="replace")
        except OSError as error:
            raise Transient(f"cannot be opened: {error.strerror}") from error
        try:
            with file:
                file.write(f"{line_of(message)}\n")
        except OSError as error:
            raise Ambiguous(f"may be written in part: {error.strerror}") from error
        return Receipt(Proof.WRITTEN)

    async def verify(self, channel: str) -> None:
        if not self._running:
            raise Transient("not running")
        if not self._folder.is_dir():
            raise Transient("the folder is not there")
        if (self._folder / channel).is_dir():
            raise Permanent("there is a folder of this name")

    async def reply(self, handle: object, message: Message, private: bool) -> None:
        raise Permanent("a file hears nothing")


def line_of(message: Message) -> str:
    """The text alone: no markup to escape, but one message must stay one line."""
    return message.text.translate(CONTROLS)


def build(
    settings: Settings, *, name: str, channels: tuple[str, ...], hear: Hear, memory: Memory
) -> Adapter:
    return TextFile(settings.folder)


def fold(channel: str) -> str:
    """Two names that are one file. Raises ValueError for what is no file's name."""
    if "/" in channel or channel in (".", ".."):
        raise ValueError("must be the name of a file, without a folder")
    return channel


def ident(settings: Settings) -> str:
    return str(settings.folder.absolute())

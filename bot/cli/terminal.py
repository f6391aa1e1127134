"""What a person at a terminal gets beyond plain lines: a progress line, and being waited for."""

from __future__ import annotations

import asyncio
import io
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stdout

from rich.console import Console
from rich.text import Text

Progress = Callable[[str], None]


@contextmanager
def progress_line() -> Iterator[Progress]:
    """A line that shows what is being waited for, below everything that is printed meanwhile.

    Without a terminal there is none, and standard output stays as it is.
    """
    if not sys.stdout.isatty():
        yield lambda _: None
        return
    console = Console(file=sys.stdout)  # as it is now: what follows replaces it
    with console.status("") as status, redirect_stdout(_Above(console)):
        yield lambda text: status.update(Text(text, "dim"))


class _Above(io.TextIOBase):
    """Standard output while there is a progress line: lines come above it."""

    def __init__(self, console: Console) -> None:
        self._console = console

    def isatty(self) -> bool:
        return True

    def write(self, text: str) -> int:
        self._console.print(Text.from_ansi(text.removesuffix("\n")), soft_wrap=True)
        return len(text)


async def enter_pressed() -> None:
    """Return when somebody presses Enter."""
    loop = asyncio.get_running_loop()
    pressed = asyncio.Event()
    loop.add_reader(sys.stdin, pressed.set)
    try:
        await pressed.wait()
        sys.stdin.readline()
    finally:
        loop.remove_reader(sys.stdin)

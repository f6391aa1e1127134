"""The console as a chat that is heard: a terminal, its user, and the job control of the shell."""

from __future__ import annotations

import asyncio
import os
import pty
import sys
import termios
from collections.abc import Iterator
from contextlib import asynccontextmanager, suppress
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from bot_process import KEY, BotProcess
from chat import until

from adapters.console import Console, Settings, build, in_foreground
from bot.domain import HOST, Heard, Line, Target
from bot.port import deaf
from bot.sandbox import Sandbox
from bot.timing import SystemTime


@pytest.fixture
def terminal() -> Iterator[tuple[int, int]]:
    """Both ends of a terminal: what a person types into, and what a program reads from."""
    person, program = pty.openpty()
    yield person, program
    for end in (person, program):
        with suppress(OSError):
            os.close(end)


@asynccontextmanager
async def at(keyboard: int, heard: list[Heard], *channels: str):
    out, names = StringIO(), channels or ("console",)
    console = Console(names, out, hear=heard.append, typed=keyboard, user="ann")
    task = asyncio.create_task(console.run())
    await asyncio.sleep(0)
    yield console
    assert not task.done(), "it ended by itself"
    task.cancel()
    await asyncio.wait({task})


async def test_typed_at_a_terminal(terminal: tuple[int, int]) -> None:
    """Each line is heard once, from a host, however it comes in pieces."""
    person, program = terminal
    heard: list[Heard] = []
    async with at(program, heard):
        os.write(person, b"!sta")
        os.write(person, b"tus\n!votes\n\xff\n")
        await until(lambda: len(heard) == 3)
    assert [line.text for line in heard if isinstance(line, Line)] == [
        "!status",
        "!votes",
        "\ufffd",
    ]
    assert {line.target for line in heard} == {Target("console", "console")}
    assert {(line.author.name, line.author.roles) for line in heard} == {("ann", (HOST,))}


async def test_the_channel_that_is_meant(terminal: tuple[int, int]) -> None:
    """With several channels a line may begin with one; else it is of the first."""
    person, program = terminal
    heard: list[Heard] = []
    async with at(program, heard, "hall", "stage"):
        os.write(person, b"stage: !votes\n!night\nstag: !top\n")
        await until(lambda: len(heard) == 3)
    assert [(line.target.channel, line.text) for line in heard] == [
        ("stage", "!votes"),
        ("hall", "!night"),
        ("hall", "stag: !top"),
    ]


async def test_the_end_of_what_is_typed() -> None:
    """A closed input, a file or a line without end: the console goes on and only speaks."""
    reading, writing = os.pipe()
    heard: list[Heard] = []
    async with at(reading, heard):
        os.write(writing, b"x" * 9000)
        os.write(writing, b"\n!votes\n")
        await until(lambda: len(heard) == 2)
        os.close(writing)
        await asyncio.sleep(0.05)
        assert not asyncio.get_running_loop().remove_reader(reading), "it is read no more"
    os.close(reading)
    assert len(heard[0].text) <= 4000
    file = os.open(__file__, os.O_RDONLY)
    async with at(file, heard) as console:
        await console.verify("console")
    os.close(file)


@pytest.mark.parametrize("at_terminal", [True, False])
@pytest.mark.parametrize("hear", [deaf, [].append], ids=["deaf", "hearing"])
def test_nobody_at_the_terminal(
    terminal: tuple[int, int], monkeypatch: pytest.MonkeyPatch, hear: Any, at_terminal: bool
) -> None:
    """Without a terminal, and where nobody listens, nothing is read."""
    options: Any = {"name": "console", "channels": ("console",), "memory": None}
    with os.fdopen(os.dup(terminal[1])) if at_terminal else open(os.devnull) as typed:
        monkeypatch.setattr(sys, "stdin", typed)
        console: Any = build(Settings(), hear=hear, **options)
    assert (console._keyboard is not None) is (at_terminal and hear is not deaf)


BACKGROUND = """
import asyncio, fcntl, os, signal, sys, termios
from adapters.console import Keyboard, in_foreground

signal.signal(signal.SIGTTOU, signal.SIG_IGN)
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
ready, go = os.pipe(), os.pipe()
child = os.fork()
if child == 0:
    os.setpgid(0, 0)

    async def listen():
        done = asyncio.get_running_loop().create_future()
        keyboard = Keyboard(0, lambda line: done.done() or done.set_result(line))
        keyboard.open()
        assert not in_foreground(0)
        os.write(ready[1], b"r")
        line = await asyncio.wait_for(done, 10)
        keyboard.close()
        print("heard", line, in_foreground(0), flush=True)

    asyncio.run(listen())
    os._exit(0)
os.read(ready[0], 1)
pid, status = os.waitpid(child, os.WUNTRACED | os.WNOHANG)
import time
time.sleep(0.5)
pid, status = os.waitpid(child, os.WUNTRACED | os.WNOHANG)
print("stopped" if pid and os.WIFSTOPPED(status) else "runs", flush=True)
os.tcsetpgrp(0, child)
os.waitpid(child, 0)
"""


async def test_in_the_background(terminal: tuple[int, int]) -> None:
    """A job in the background is not stopped by what is typed for others, and hears again once
    it is in front."""
    person, program = terminal
    os.write(person, b"!votes\n")
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        BACKGROUND,
        stdin=program,
        stdout=asyncio.subprocess.PIPE,
        start_new_session=True,
    )
    said, _ = await asyncio.wait_for(process.communicate(), 20)
    assert said.decode().split("\n") == ["runs", "heard !votes True", ""]
    assert termios.tcgetattr(program)[3] & termios.ICANON
    assert in_foreground(program), "it is no terminal of ours"


async def test_the_bot_at_a_terminal(terminal: tuple[int, int], tmp_path: Path) -> None:
    """The real program answers whoever sits at its terminal, and obeys them; it ends as ever
    while it waits for the next line."""
    person, program = terminal
    bot = BotProcess(tmp_path)
    async with Sandbox(KEY, time=SystemTime()).serve() as url:
        bot.configure(url)
        await bot.start(stdin=program)
        try:
            await bot.linked()
            os.write(person, b"!status\n")
            await bot.said("The link to the Picker is live")
            os.write(person, b"!mute 30m\n!reconnect\n")
            await bot.said("I announce nothing here for 30 min")
            await bot.said("I log in to the Picker anew")
            os.write(person, b"half a li")
            assert await bot.stop() == 0
        finally:
            await bot.end()

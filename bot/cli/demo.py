"""``nightcrier demo``: a whole night, from the Picker to the chats, with nothing to set up."""

from __future__ import annotations

import asyncio
import re
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from json import dumps
from pathlib import Path
from shutil import which
from tempfile import TemporaryDirectory

import click

from bot import app
from bot.app import Parts
from bot.cli import Failed, compose, logs
from bot.cli.ircd import LOOPBACK, small_server
from bot.cli.signals import run_until_signal
from bot.cli.terminal import Progress, enter_pressed, progress_line
from bot.config import LogSettings
from bot.domain import Kind, Status, Target
from bot.port import SendError
from bot.sandbox import Sandbox
from bot.sandbox.night import play
from bot.store import Ledger
from bot.timing import SystemTime, Time

KEY = "demo"
CHANNEL = "#gamenight"
READY_WITHIN = 10.0
TOLD_WITHIN = 60.0
LOOK_EVERY = 0.1

BEGIN = "A game night on a Picker of our own, as Nightcrier tells it:\n"
END = """
That was a whole night; one game was picked by mistake and taken back. Now for your own Picker:

  1. Copy config.example.toml to config.toml and fill in the Picker's address and key, and a chat.
  2. {0} check --online     tries all of it, and says nothing
  3. {0} run                announces
"""

_ADDRESS = re.compile(r"(?P<host>\[[^\]]+\]|[^:/\s]+):(?P<port>\d{1,5})/(?P<channel>[#&+!]\S+)")


@dataclass(frozen=True, slots=True)
class Irc:
    """Where the night is told on IRC too, and whether that is a server of our own."""

    host: str
    port: int
    channel: str
    own: bool = False


def demo(speed: float, irc: str | None) -> int:
    """Play a night at ``speed`` and tell it here, and on IRC: at an address, or (empty text) on
    a small server of our own."""
    logs.configure(LogSettings(level="error"))
    with _irc(irc) as place:
        return run_until_signal(_demo(speed, place, SystemTime()))


@contextmanager
def _irc(text: str | None) -> Iterator[Irc | None]:
    if text is None:
        yield None
    elif text:
        yield address(text)
    else:
        with small_server() as port:
            click.echo(
                f"An IRC server of our own: join {CHANNEL} at {LOOPBACK}, port {port} (no TLS), as "
                f"with\n\n  irssi -c {LOOPBACK} -p {port} -n guest      then /join {CHANNEL}\n"
            )
            yield Irc(LOOPBACK, port, CHANNEL, own=True)


def address(text: str) -> Irc:
    """``HOST:PORT/#CHANNEL``. Raises click.BadParameter."""
    match = _ADDRESS.fullmatch(text)
    if match is None or not 0 < int(match["port"]) < 65536:
        raise click.BadParameter(
            f"{text} is not HOST:PORT/#CHANNEL, such as localhost:6667/#gamenight",
            param_hint="--irc",
        )
    return Irc(match["host"].strip("[]"), int(match["port"]), match["channel"])


async def _demo(speed: float, irc: Irc | None, time: Time) -> int:
    waits = irc is not None and irc.own and sys.stdin.isatty()
    if waits:
        click.echo("Press Enter when you are there.")
        await enter_pressed()
    click.echo(BEGIN)
    with TemporaryDirectory(prefix="nightcrier-demo-") as folder, progress_line() as progress:
        async with Sandbox(KEY, time=time).serve() as url:
            path = Path(folder) / "config.toml"
            path.write_text(_settings(url, irc), "utf-8")
            await _night(path, url, speed, progress, time)
    click.echo(END.format(command(sys.argv[0], which("nightcrier"))))
    if waits:
        click.echo("The IRC server ends with this demo. Press Enter when you have read it there.")
        await enter_pressed()
    return 0


def command(called: str, found: str | None) -> str:
    """What to type for us: a .venv is on nobody's PATH, and was ``called`` by its path."""
    if found:
        return "nightcrier"
    return called if Path(called).name == "nightcrier" else "python -m bot"


def _settings(url: str, irc: Irc | None) -> str:
    lines = ["[picker]", f"url = {dumps(url)}", f"admin_key = {dumps(KEY)}", "poll_interval = 2"]
    lines += ["[adapters.console]"]
    if irc is not None:
        lines += ["[adapters.irc]", f"host = {dumps(irc.host)}", f"port = {irc.port}"]
        lines += [f"tls = {dumps(irc.port == 6697)}", f"channels = [{dumps(irc.channel)}]"]
        lines += ["pace = 0"] if irc.own else []
    return "\n".join(lines)


async def _night(path: Path, url: str, speed: float, progress: Progress, time: Time) -> None:
    """The bot beside the scripted night, until all of it has been told."""
    config = compose.load(path, environ={})
    async with compose.opened(config.store, time) as store:
        parts = compose.parts(config, config, store, time)
        bot = asyncio.create_task(app.run(parts))
        try:
            progress("Waiting for the Picker and the chats")
            await _until(lambda: _ready(parts), bot, READY_WITHIN, time)
            await play(url, KEY, time=time, speed=speed, progress=progress)
            progress("Waiting for the last lines")
            await _until(lambda: _told(parts), bot, TOLD_WITHIN, time)
        finally:
            bot.cancel()
            await asyncio.wait({bot})


async def _until(
    wanted: Callable[[], Awaitable[str | None]], bot: asyncio.Task[None], within: float, time: Time
) -> None:
    """Wait until nothing is ``wanted`` any more. Raises Failed, with what still is."""
    deadline = time.monotonic() + within
    while missing := await wanted():
        if bot.done():
            bot.result()
        if time.monotonic() > deadline:
            raise Failed(f"gave up after {within:.0f} s: {missing}")
        await time.sleep(LOOK_EVERY)


async def _ready(parts: Parts) -> str | None:
    """What still keeps the night from being told from its beginning."""
    for target in parts.announce:
        try:
            await parts.adapters[target.adapter].verify(target.channel)
        except SendError as error:
            return f"{target}: {error}"
    remembers = await parts.store.write(lambda ledger: ledger.state().remembers)
    return None if remembers else parts.picker.status().trouble or "the Picker is not live"


async def _told(parts: Parts) -> str | None:
    """What has not been told yet."""

    def untold(ledger: Ledger) -> set[Target]:
        rows = ledger.deliveries(tuple(Status), 1_000)
        ended = {row.target for row in rows if row.kind is Kind.STATS}
        pending = {row.target for row in rows if row.status is Status.PENDING}
        return parts.announce.keys() - ended | pending

    missing = await parts.store.write(untold)
    return f"not all was said to {', '.join(map(str, sorted(missing)))}" if missing else None

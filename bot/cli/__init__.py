"""The commands: what a host types, and the exit status of each.

0 is fine, 1 failed while running, 2 usage or configuration, 130 interrupted. Each command's
work is in a module of its own, imported when it is called, so that ``--help`` is quick.
"""

from __future__ import annotations

import gc
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from io import TextIOWrapper
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

import click

if TYPE_CHECKING:
    from bot.config import Config

FAILED = 1
USAGE = 2
INTERRUPTED = 130

Command = TypeVar("Command", bound=Callable[..., Any])


class Failed(click.ClickException):
    """A command that could not do its work, told in one sentence."""

    exit_code = FAILED


class Unusable(click.ClickException):
    """A configuration with problems, all of them told."""

    exit_code = USAGE


def main(arguments: Sequence[str] | None = None) -> None:
    """The program: runs one command and exits with its status."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal without emoji shows question marks
    sys.exit(_status(arguments))


def _status(arguments: Sequence[str] | None) -> int:
    try:
        return int(nightcrier.main(arguments, "nightcrier", standalone_mode=False) or 0)
    except click.Abort:
        return INTERRUPTED
    except click.ClickException as error:
        error.show()
        return error.exit_code


def _end(_: int, __: FrameType | None) -> NoReturn:
    """Nothing has begun yet that would have to be ended in order."""
    sys.exit(0)


@contextmanager
def loading() -> Iterator[None]:
    """Keep what is there at the end of the block out of every garbage collection. That is nearly
    all that we ever have, and to walk it takes some 50 ms, in which nothing is said."""
    gc.disable()
    try:
        yield
        gc.freeze()
    finally:
        gc.enable()


def _configured(command: Command) -> Command:
    """Give ``command`` the option that names the configuration."""
    return click.option(
        "-c",
        "--config",
        "path",
        metavar="FILE",
        type=click.Path(path_type=Path),
        help="The configuration. Default: ./config.toml, else the one in "
        f"{click.get_app_dir('nightcrier')}.",
    )(command)


def _load(path: Path | None) -> Config:
    """The configuration that is meant. Raises Unusable."""
    from bot.cli.compose import load
    from bot.config import ConfigError

    try:
        return load(path)
    except ConfigError as error:
        raise Unusable(str(error)) from None


class _InOrder(click.Group):
    """Lists its commands in the order in which a host needs them."""

    def list_commands(self, _: click.Context) -> list[str]:
        return list(self.commands)


@click.group(cls=_InOrder, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="nightcrier", message="%(prog)s %(version)s")
def nightcrier() -> None:
    """The town crier of a game night: announces a Jackbox Game Picker's session in Discord, on
    IRC and elsewhere.

    Begin with `nightcrier demo`. Then copy config.example.toml to config.toml, fill it in, and
    try it with `check`, `check --online` and `test` before `run`.
    """


@nightcrier.command()
@click.option(
    "--speed",
    type=click.FloatRange(0.1, 1000),
    default=1.0,
    show_default=True,
    help="How many times faster than usual.",
)
@click.option(
    "--irc",
    metavar="[HOST:PORT/#CHANNEL]",
    is_flag=False,
    flag_value="",
    help="Tell it on IRC too; without an address on a small server of its own.",
)
def demo(speed: float, irc: str | None) -> int:
    """Play a whole game night on an embedded Picker and tell it here.

    In well under a minute, with nothing to set up.
    """
    from bot.cli.demo import demo

    return demo(speed, irc)


@nightcrier.command()
@_configured
@click.option(
    "--only",
    metavar="NAME",
    multiple=True,
    help="Only this adapter speaks (a table's name; may be given several times), and "
    "nothing is recorded for the others. For a rehearsal.",
)
def run(path: Path | None, only: tuple[str, ...]) -> int:
    """Announce, until a signal ends it."""
    signal.signal(signal.SIGTERM, _end)  # loading takes half a second, too
    with loading():
        from bot.cli.run import run

        config = _load(path)
    return run(config, only)


@nightcrier.command()
@_configured
@click.option(
    "--online",
    is_flag=True,
    help="Also log in everywhere and verify the channels. Says nothing in any chat.",
)
def check(path: Path | None, online: bool) -> int:
    """Validate the configuration.

    Every problem is told at once, each with its key, its value and what would be right.
    """
    from bot.cli.check import check

    return check(_load(path), online)


@nightcrier.command()
@_configured
@click.argument("target", required=False)
def test(path: Path | None, target: str | None) -> int:
    """Say one test line in every channel.

    Or in those of TARGET alone (ADAPTER or ADAPTER/CHANNEL). Prints each receipt.
    """
    from bot.cli.check import test

    return test(_load(path), target)


@nightcrier.command()
@_configured
@click.argument("session_id", type=click.IntRange(1))
def watch(path: Path | None, session_id: int) -> int:
    """Print each event of a session as it comes.

    Until interrupted; for finding out why nothing arrives.
    """
    from bot.cli.watch import watch

    return watch(_load(path), session_id)


@nightcrier.command()
@_configured
def preview(path: Path | None) -> int:
    """Show every announcement as each channel would.

    In the host's own wording, in the parts that the channel's limits make of it.
    """
    from bot.cli.preview import preview

    return preview(_load(path))


@nightcrier.group(invoke_without_command=True)
@_configured
@click.option("--dead", is_flag=True, help="Only those that were refused for good.")
@click.option("--ballots", is_flag=True, help="Votes of people in the chats instead.")
@click.pass_context
def outbox(context: click.Context, path: Path | None, dead: bool, ballots: bool) -> int:
    """Show deliveries and their fate.

    Beside a running bot too. At a terminal a table of the newest, else all, in columns parted by
    tabs: when, status, target, key, tries, detail; for ballots: when, status, target, name, vote,
    tries, detail.
    """
    context.obj = path
    if context.invoked_subcommand:
        return 0
    from bot.cli.outbox import show, show_ballots

    return show_ballots(_load(path)) if ballots else show(_load(path), dead)


@outbox.command()
@_configured
@click.argument("key")
@click.argument("target", required=False)
@click.pass_obj
def retry(outer: Path | None, path: Path | None, key: str, target: str | None) -> int:
    """Have another try at what failed.

    Makes what is dead, expired or unconfirmed under KEY pending again, with a new shelf life,
    for all channels or for those of TARGET (ADAPTER or ADAPTER/CHANNEL).
    """
    from bot.cli.outbox import retry

    return retry(_load(path or outer), key, target)


@nightcrier.command()
@_configured
@click.argument("span")
@click.argument("target", required=False)
def mute(path: Path | None, span: str, target: str | None) -> int:
    """Announce nothing for a while.

    For SPAN (30m, 1h30m; a day at most) or until the night ends, in all channels or in those
    of TARGET (ADAPTER or ADAPTER/CHANNEL), beside a running bot too. What falls into it is not
    said later.
    """
    from bot.cli.mute import mute

    return mute(_load(path), span, target)


@nightcrier.command()
@_configured
@click.argument("target", required=False)
def unmute(path: Path | None, target: str | None) -> int:
    """Announce again, before a mute is over.

    In all channels or in those of TARGET (ADAPTER or ADAPTER/CHANNEL).
    """
    from bot.cli.mute import unmute

    return unmute(_load(path), target)


@nightcrier.command()
def adapters() -> int:
    """List the kinds of chat, and what the missing ones need."""
    from bot.cli.adapters import show

    return show()


@nightcrier.command()
@_configured
def health(path: Path | None) -> int:
    """Tell whether the bot is alive.

    Status 0 if it gave its sign of life within a minute, else 1. Uses no network.
    """
    from bot.cli.health import health

    return health(_load(path))


@nightcrier.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=5000,
    show_default=True,
    help="0 takes a free one.",
)
@click.option("--admin-key", required=True, metavar="KEY", help="The key to log in with.")
@click.option(
    "--era",
    type=click.Choice(["newest", "seed"]),
    default="newest",
    show_default=True,
    help="How old a Picker to be; seed is that of November 2025.",
)
def sandbox(host: str, port: int, admin_key: str, era: str) -> int:
    """Serve the embedded Picker alone.

    REST and WebSocket, for trying out; its data is gone when it ends.
    """
    from bot.cli.sandbox import sandbox

    return sandbox(host, port, admin_key, era)

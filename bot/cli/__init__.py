"""The commands: what a host types, and the exit status of each.

0 is fine, 1 failed while running, 2 usage or configuration, 130 interrupted. Each command's
work is in a module of its own, imported when it is called, so that ``--help`` is quick.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from io import TextIOWrapper
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

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


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
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
    """A whole game night on an embedded Picker, told here, in well under a minute."""
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
    """The bot. Ends with 0 on SIGTERM."""
    from bot.cli.run import run

    return run(_load(path), only)


@nightcrier.command()
@_configured
@click.option(
    "--online",
    is_flag=True,
    help="Also log in everywhere and verify the channels. Says nothing in any chat.",
)
def check(path: Path | None, online: bool) -> int:
    """Validate the configuration: every problem at once, and what would be right."""
    from bot.cli.check import check

    return check(_load(path), online)


@nightcrier.command()
@_configured
@click.argument("target", required=False)
def test(path: Path | None, target: str | None) -> int:
    """One test line to every channel, or to TARGET (ADAPTER or ADAPTER/CHANNEL)."""
    from bot.cli.check import test

    return test(_load(path), target)


@nightcrier.command()
@_configured
@click.argument("session_id", type=click.IntRange(1))
def watch(path: Path | None, session_id: int) -> int:
    """Print each event of a session as it comes, until interrupted.

    For finding out why nothing arrives.
    """
    from bot.cli.watch import watch

    return watch(_load(path), session_id)


@nightcrier.command()
@_configured
def preview(path: Path | None) -> int:
    """Every announcement as each configured channel would show it."""
    from bot.cli.preview import preview

    return preview(_load(path))


@nightcrier.group(invoke_without_command=True)
@_configured
@click.option("--dead", is_flag=True, help="Only those that were refused for good.")
@click.pass_context
def outbox(context: click.Context, path: Path | None, dead: bool) -> int:
    """Deliveries and their fate; beside a running bot too."""
    context.obj = path
    if context.invoked_subcommand:
        return 0
    from bot.cli.outbox import show

    return show(_load(path), dead)


@outbox.command()
@_configured
@click.argument("key")
@click.argument("target", required=False)
@click.pass_obj
def retry(outer: Path | None, path: Path | None, key: str, target: str | None) -> int:
    """Make a dead, expired or unconfirmed delivery pending again, with a new shelf life."""
    from bot.cli.outbox import retry

    return retry(_load(path or outer), key, target)


@nightcrier.command()
@_configured
def health(path: Path | None) -> int:
    """0 if the running bot wrote its sign of life within a minute. Uses no network."""
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
    """The embedded Picker alone, REST and WebSocket, for trying out."""
    from bot.cli.sandbox import sandbox

    return sandbox(host, port, admin_key, era)

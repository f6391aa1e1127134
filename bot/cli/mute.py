"""``nightcrier mute`` and ``unmute``: quiet for a while, beside a running bot."""

from __future__ import annotations

from datetime import datetime

import click

from bot import store
from bot.chat import parse_span
from bot.cli import Failed, compose
from bot.config import Config
from bot.timing import SystemTime


def mute(config: Config, span: str, wanted: str | None) -> int:
    """Announce nothing for ``span`` in the channels that are wanted, or in all. Raises
    click.BadParameter."""
    seconds = parse_span(span)
    if seconds is None:
        raise click.BadParameter(f"{span} is no span of time up to a day; 30m is, and 1h30m")
    targets = [target for _, target in compose.targets(config, wanted)]
    until = SystemTime().now() + seconds
    try:
        store.mute(config.store, targets, until)
    except store.StoreError as error:
        raise Failed(str(error)) from None
    end = datetime.fromtimestamp(until).isoformat(" ", "seconds")
    for target in targets:
        click.echo(f"{target}: muted until {end}, or the end of the night")
    return 0


def unmute(config: Config, wanted: str | None) -> int:
    """End the mutes of the channels that are wanted, or all. Raises click.BadParameter."""
    targets = [target for _, target in compose.targets(config, wanted)]
    try:
        lifted = store.unmute(config.store, targets)
    except store.StoreError as error:
        raise Failed(str(error)) from None
    for target in targets:
        click.echo(f"{target}: {'hears again' if target in lifted else 'was not muted'}")
    return 0

"""``nightcrier health``: for a container's health check."""

from __future__ import annotations

import click

from bot.cli import FAILED
from bot.config import Config
from bot.store import alive_at
from bot.timing import SystemTime

WITHIN = 60.0
"""Seconds; the bot gives a sign of life every 20."""


def health(config: Config) -> int:
    at = alive_at(config.store)
    if at is None:
        click.echo("not running", err=True)
        return FAILED
    age = SystemTime().now() - at
    if age > WITHIN:
        click.echo(f"no sign of life for {age:.0f} s", err=True)
        return FAILED
    click.echo("alive")
    return 0

"""``nightcrier preview``: what would be said, channel by channel."""

from __future__ import annotations

from collections.abc import Collection, Iterator

import click

from bot.cli import compose
from bot.config import Config
from bot.domain import Announcement, Card, Kind, Limits, Message
from bot.formatter import Wording, examples, split
from bot.port import Adapter


def preview(config: Config) -> int:
    """Print every announcement for every channel, in the parts that its limits make of it."""
    wording = compose.wording(config)
    for table, target in compose.targets(config):
        click.secho(str(target), bold=True)
        adapter = compose.build(table)
        kinds = compose.kinds(config, table, target.channel, adapter)
        for line in channel_lines(wording, adapter, kinds):
            click.echo(f"  {line}" if line else "")
        click.echo()
    return 0


def channel_lines(wording: Wording, adapter: Adapter, kinds: Collection[Kind]) -> Iterator[str]:
    """What a channel that takes ``kinds`` would show of each announcement."""
    for announcement in examples():
        if announcement.kind in kinds:
            yield from _announcement(wording, adapter, announcement)
        else:
            yield f"({announcement.kind} is not said here)"


def _announcement(wording: Wording, adapter: Adapter, announcement: Announcement) -> Iterator[str]:
    message = wording.render(announcement)
    for part in parts(message, adapter):
        yield from part.text.split("\n")
        if part.card and adapter.limits.cards:
            yield from _card(part.card)
        if part.actions and adapter.limits.buttons:
            yield "  [👍] [👎]"


def _card(card: Card) -> Iterator[str]:
    yield f"  ┌ {card.title}"
    for field in card.fields:
        yield from (f"  │ {line}" for line in f"{field.name}: {field.value}".split("\n"))
    yield "  └"


def parts(message: Message, adapter: Adapter) -> Iterator[Message]:
    """``message`` as the adapter's limits of this moment cut it."""
    limits: Limits = adapter.limits
    rest: Message | None = message
    while rest is not None:
        head, rest = split(rest, limits.length, adapter.measure, multiline=limits.multiline)
        yield head

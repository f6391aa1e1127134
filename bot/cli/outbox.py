"""``nightcrier outbox``: every delivery and its fate, read beside a running bot."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Sequence
from datetime import datetime

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from bot.cli import Failed
from bot.config import Config
from bot.domain import Delivery, Status
from bot.store import StoreError, read_deliveries
from bot.store import retry as revive
from bot.timing import SystemTime

COLUMNS = ("when", "status", "target", "key", "tries", "detail")
COLOURS = {
    Status.PENDING: "yellow",
    Status.SENT: "green",
    Status.UNCONFIRMED: "magenta",
    Status.EXPIRED: "dim",
    Status.DEAD: "bold red",
}

_CONTROLS = dict.fromkeys([*range(0x20), *range(0x7F, 0xA0)], " ")


def show(config: Config, dead: bool) -> int:
    """Print the newest deliveries, oldest first: a table for a person, else parted by tabs."""
    statuses = (Status.DEAD,) if dead else tuple(Status)
    try:
        rows = read_deliveries(config.store, statuses)
    except StoreError as error:
        raise Failed(str(error)) from None
    if sys.stdout.isatty():
        _print_table(rows)
    else:
        for row in rows:
            click.echo("\t".join(_cells(row)))
    return 0


def retry(config: Config, key: str, target: str | None) -> int:
    """Revive what has ``key``, for one target (``ADAPTER`` or ``ADAPTER/CHANNEL``) or all."""
    adapter, _, channel = (target or "").partition("/")
    try:
        rows = revive(config.store, key, SystemTime().now(), adapter or None, channel or None)
    except StoreError as error:
        raise Failed(str(error)) from None
    if not rows:
        where = f" for {target}" if target else ""
        raise Failed(f"no dead, expired or unconfirmed delivery has the key {key}{where}")
    for row in rows:
        click.echo(f"{row.target}: {row.key} is pending again")
    return 0


def _print_table(rows: Sequence[Delivery]) -> None:
    console = Console()
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in COLUMNS:
        table.add_column(column, overflow="fold", no_wrap=column == "key")
    for row in rows:
        at, *others = _cells(row)
        table.add_row(*(Text(cell, COLOURS[row.status]) for cell in (at[5:16], *others)))
    if rows:
        console.print(table)
    counts = Counter(row.status for row in rows)
    summary = ", ".join(f"{counts[status]} {status}" for status in Status if counts[status])
    console.print(summary or "Nothing.", highlight=False)


def _cells(row: Delivery) -> tuple[str, ...]:
    at = datetime.fromtimestamp(row.settled_at or row.created_at)
    return (
        at.isoformat(" ", "seconds"),
        str(row.status),
        str(row.target),
        row.key,
        str(row.attempts),
        _detail(row).translate(_CONTROLS),
    )


def _detail(row: Delivery) -> str:
    """Why it ended so, or what proves that it arrived."""
    proof = " ".join(part for part in (row.proof, row.remote_id) if part)
    repeated = "may be there twice" if row.repeated else ""
    return "; ".join(part for part in (row.reason, proof, repeated) if part)

"""``nightcrier outbox``: every delivery and its fate, read beside a running bot."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from bot.ballots import Ballot, BallotStatus
from bot.cli import Failed
from bot.config import Config
from bot.domain import Delivery, Status
from bot.formatter import clean
from bot.store import ALL, StoreError, read_ballots, read_deliveries
from bot.store import retry as revive
from bot.timing import SystemTime

_Row = tuple[str, ...]
"""The cells of a row; its status is the second."""

DELIVERIES = ("when", "status", "target", "key", "tries", "detail")
BALLOTS = ("when", "status", "target", "name", "vote", "tries", "detail")
COLOURS: Mapping[str, str] = {
    Status.PENDING: "yellow",
    Status.SENT: "green",
    Status.UNCONFIRMED: "magenta",
    Status.EXPIRED: "dim",
    Status.DEAD: "bold red",
    BallotStatus.HELD: "yellow",
    BallotStatus.COUNTED: "green",
    BallotStatus.TOO_LATE: "dim",
    BallotStatus.REFUSED: "bold red",
}

NEWEST = 200
"""The most rows of a table for a person."""


def show(config: Config, dead: bool) -> int:
    """Print the deliveries, oldest first: for a person a table of the newest, else all, parted by
    tabs."""
    statuses = (Status.DEAD,) if dead else tuple(Status)
    try:
        rows = read_deliveries(config.store, statuses, _limit())
    except StoreError as error:
        raise Failed(str(error)) from None
    return _print(DELIVERIES, [_delivery(row) for row in rows])


def show_ballots(config: Config) -> int:
    """Print the ballots in the same way."""
    try:
        rows = read_ballots(config.store, _limit())
    except StoreError as error:
        raise Failed(str(error)) from None
    return _print(BALLOTS, [_ballot(row) for row in rows])


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


def _limit() -> int:
    return NEWEST if sys.stdout.isatty() else ALL


def _print(columns: Sequence[str], rows: Sequence[_Row]) -> int:
    if sys.stdout.isatty():
        _print_table(columns, rows)
    else:
        for row in rows:
            click.echo("\t".join(row))
    return 0


def _print_table(columns: Sequence[str], rows: Sequence[_Row]) -> None:
    console = Console()
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        table.add_column(column, overflow="fold", no_wrap=column == "key")
    for row in rows:
        at, status, *others = row
        table.add_row(*(Text(cell, COLOURS[status]) for cell in (at[5:16], status, *others)))
    if rows:
        console.print(table)
    counts = Counter(row[1] for row in rows)
    summary = ", ".join(f"{counts[status]} {status}" for status in COLOURS if counts[status])
    newest = f" (the newest {NEWEST}; all of them if not for a terminal)"
    console.print((summary or "Nothing.") + newest * (len(rows) == NEWEST), highlight=False)


def _delivery(row: Delivery) -> _Row:
    return (
        _moment(row.settled_at or row.created_at),
        str(row.status),
        str(row.target),
        row.key,
        str(row.attempts),
        clean(_detail(row)),
    )


def _ballot(row: Ballot) -> _Row:
    return (
        _moment(row.settled_at or row.created_at),
        str(row.status),
        str(row.target),
        clean(row.name),
        f"{row.session}/{row.play} {'up' if row.up else 'down'}",
        str(row.attempts),
        clean(row.reason or ""),
    )


def _moment(at: float) -> str:
    return datetime.fromtimestamp(at).isoformat(" ", "seconds")


def _detail(row: Delivery) -> str:
    """Why it ended so, or what proves that it arrived."""
    proof = " ".join(part for part in (row.proof, row.remote_id) if part)
    repeated = "may be there twice" if row.repeated else ""
    return "; ".join(part for part in (row.reason, proof, repeated) if part)

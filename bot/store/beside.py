"""The store as seen from another process: what `outbox` and `health` do beside a running bot."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from bot.ballots import Ballot
from bot.domain import Delivery, Status, Target
from bot.store.ledger import Ledger
from bot.store.schema import explained, open_beside

ALL = -1
"""As a limit: no limit (SQLite's LIMIT)."""


def read_deliveries(
    path: Path, statuses: Collection[Status] = tuple(Status), limit: int = ALL
) -> tuple[Delivery, ...]:
    """The newest deliveries with one of these fates, oldest first. Raises StoreError."""
    with closing(open_beside(path)) as db, explained(path):
        return Ledger(db).deliveries(statuses, limit)


def read_ballots(path: Path, limit: int = ALL) -> tuple[Ballot, ...]:
    """The newest ballots, oldest first. Raises StoreError."""
    with closing(open_beside(path)) as db, explained(path):
        return Ledger(db).ballots.newest(limit)


def retry(
    path: Path, key: str, now: float, adapter: str | None = None, channel: str | None = None
) -> tuple[Delivery, ...]:
    """Make dead, expired or unconfirmed rows of ``key`` pending with a new shelf life, those
    of one target if told; the rows revived. A running bot sees them within five seconds.
    Raises StoreError."""
    with _changing(path) as ledger:
        return ledger.retry(key, now, adapter, channel)


def mute(path: Path, targets: Collection[Target], until: float) -> None:
    """Let nothing be announced in those channels before ``until``, or before the end of the
    night that runs. A running bot looks before each send. Raises StoreError."""
    with _changing(path) as ledger:
        night = ledger.state().current
        ledger.mutes.set(targets, until, night.key if night else None)


def unmute(path: Path, targets: Collection[Target]) -> tuple[Target, ...]:
    """Let those channels hear again; the ones that were muted. Raises StoreError."""
    with _changing(path) as ledger:
        return ledger.mutes.lift(targets)


@contextmanager
def _changing(path: Path) -> Iterator[Ledger]:
    with closing(open_beside(path)) as db, explained(path):
        db.execute("BEGIN IMMEDIATE")
        yield Ledger(db)
        db.execute("COMMIT")


def sign_of_life(path: Path) -> Path:
    """The file whose time of change says when the bot of that store was last alive."""
    return path.with_name(path.name + ".alive")


def alive_at(path: Path) -> float | None:
    """When the bot of that store last gave its sign of life; None if none runs."""
    try:
        return sign_of_life(path).stat().st_mtime
    except OSError:
        return None

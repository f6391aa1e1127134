"""The file: its tables, how older ones are brought forward, why it cannot be used."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

APPLICATION_ID = 0x4E435259  # "NCRY"; tells our files from those of other programs
BUSY_AFTER = 5.0  # seconds to wait for `nightcrier outbox` to finish its own write

# Step n brings a file of version n to version n + 1. A released step is never changed.
STEPS: tuple[tuple[str, ...], ...] = (
    (
        "CREATE TABLE state (id INTEGER PRIMARY KEY CHECK (id = 1), body TEXT NOT NULL)",
        """CREATE TABLE ended (
            id INTEGER NOT NULL,
            created_at INTEGER NOT NULL,
            body TEXT NOT NULL,
            UNIQUE (id, created_at)
        )""",
        """CREATE TABLE delivery (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            adapter TEXT NOT NULL,
            channel TEXT NOT NULL,
            key TEXT NOT NULL,
            kind TEXT NOT NULL,
            session_id INTEGER NOT NULL,
            session_created_at INTEGER NOT NULL,
            play INTEGER,
            message TEXT NOT NULL,
            created_at REAL NOT NULL,
            expires_at REAL NOT NULL,
            status TEXT NOT NULL,
            rest TEXT,
            part INTEGER NOT NULL,
            attempts INTEGER NOT NULL,
            first_tried_at REAL,
            tried_at REAL,
            open INTEGER NOT NULL,
            doubts INTEGER NOT NULL,
            repeated INTEGER NOT NULL,
            withdrawn TEXT,
            joined INTEGER,
            reason TEXT,
            proof TEXT,
            remote_id TEXT,
            settled_at REAL,
            UNIQUE (adapter, channel, key)
        )""",
        # The head of a target, whatever has been settled before it.
        """CREATE INDEX pending ON delivery (adapter, channel, id)
            WHERE status = 'pending' AND joined IS NULL""",
        """CREATE INDEX pending_play ON delivery (session_id, session_created_at, play)
            WHERE status = 'pending'""",
        "CREATE INDEX joined ON delivery (joined) WHERE joined IS NOT NULL",
        "CREATE INDEX settled ON delivery (settled_at) WHERE settled_at IS NOT NULL",
        """CREATE TABLE memory (
            adapter TEXT NOT NULL,
            key TEXT NOT NULL,
            value TEXT NOT NULL,
            PRIMARY KEY (adapter, key)
        ) WITHOUT ROWID""",
    ),
    (
        """CREATE TABLE ballot (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            adapter TEXT NOT NULL,
            channel TEXT NOT NULL,
            voter TEXT NOT NULL,
            name TEXT NOT NULL,
            session_id INTEGER NOT NULL,
            session_created_at INTEGER NOT NULL,
            play INTEGER NOT NULL,
            game_id INTEGER,
            up INTEGER NOT NULL,
            at REAL NOT NULL,
            created_at REAL NOT NULL,
            ticker TEXT,
            status TEXT NOT NULL,
            reason TEXT,
            attempts INTEGER NOT NULL,
            stamp REAL,
            open INTEGER NOT NULL,
            doubts INTEGER NOT NULL,
            settled_at REAL
        )""",
        "CREATE INDEX held ON ballot (id) WHERE status = 'held'",
        "CREATE INDEX voter ON ballot (voter, session_id, session_created_at, play)",
        "CREATE INDEX counted ON ballot (settled_at) WHERE settled_at IS NOT NULL",
        """CREATE TABLE board (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            adapter TEXT NOT NULL,
            channel TEXT NOT NULL,
            session_id INTEGER NOT NULL,
            session_created_at INTEGER NOT NULL,
            play INTEGER NOT NULL,
            key TEXT NOT NULL,
            shown TEXT NOT NULL,
            wanted TEXT NOT NULL,
            final INTEGER NOT NULL,
            ended_at REAL,
            reason TEXT,
            UNIQUE (session_id, session_created_at, play, adapter, channel)
        )""",
        # The edits of a channel that are still to be made.
        """CREATE INDEX to_edit ON board (adapter, channel)
            WHERE ended_at IS NULL AND wanted <> shown""",
    ),
    (
        """CREATE TABLE mute (
            adapter TEXT NOT NULL,
            channel TEXT NOT NULL,
            until REAL NOT NULL,
            session_id INTEGER,
            session_created_at INTEGER,
            PRIMARY KEY (adapter, channel)
        ) WITHOUT ROWID""",
    ),
    ("CREATE INDEX named ON ballot (name, session_id, session_created_at, play)",),
)


class StoreError(Exception):
    """The store cannot be used; one sentence for the host."""


def open_file(path: Path) -> sqlite3.Connection:
    """The file opened for the bot itself: made or brought forward if need be, and checked.

    Raises StoreError."""
    with explained(path):
        db = _connect(path, "rwc")
        try:
            migrate(db, path, STEPS)
            db.execute("PRAGMA journal_mode = WAL")
            db.execute("PRAGMA synchronous = FULL")
            db.execute(f"PRAGMA user_version = {len(STEPS)}")  # fails on a file only to be read
            _check_whole(db, path)
        except BaseException:
            db.close()
            raise
    return db


def open_beside(path: Path) -> sqlite3.Connection:
    """The file opened beside a bot that may be running on it. Raises StoreError."""
    if not path.exists():
        raise StoreError(f"there is no store at {path} yet: `nightcrier run` makes it")
    with explained(path):
        db = _connect(path, "rw")
        version = _version(db, path, len(STEPS))
        if version < len(STEPS):
            db.close()
            raise StoreError(f"{path} is of an older Nightcrier: start `nightcrier run` once")
    return db


def migrate(db: sqlite3.Connection, path: Path, steps: Sequence[Sequence[str]]) -> None:
    """Bring the file forward, each step whole or not at all."""
    for version in range(_version(db, path, len(steps)), len(steps)):
        db.execute("BEGIN IMMEDIATE")
        for statement in steps[version]:
            db.execute(statement)
        db.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        db.execute(f"PRAGMA user_version = {version + 1}")
        db.execute("COMMIT")


def _connect(path: Path, mode: str) -> sqlite3.Connection:
    return sqlite3.connect(
        f"{path.absolute().as_uri()}?mode={mode}",
        uri=True,
        timeout=BUSY_AFTER,
        isolation_level=None,
    )


def _version(db: sqlite3.Connection, path: Path, known: int) -> int:
    (version,) = db.execute("PRAGMA user_version").fetchone()
    (application,) = db.execute("PRAGMA application_id").fetchone()
    (tables,) = db.execute("SELECT count(*) FROM sqlite_master").fetchone()
    if tables and application != APPLICATION_ID:
        raise StoreError(f"{path} belongs to another program: change store.path")
    if version > known:
        raise StoreError(
            f"{path} is of a newer Nightcrier (schema {version}, this one knows up to {known}): "
            "update Nightcrier, or put back the file from before the update"
        )
    return int(version)


def _check_whole(db: sqlite3.Connection, path: Path) -> None:
    (verdict,) = db.execute("PRAGMA quick_check(1)").fetchone()
    if verdict != "ok":
        raise StoreError(_damaged(path))


def _damaged(path: Path) -> str:
    return (
        f"{path} is damaged, or not an SQLite file: put back a backup, "
        "or move it away to start without memory"
    )


# --- SQLite's errors in a host's words ---------------------------------------------------

_DAMAGED = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}
_PASSING = {
    sqlite3.SQLITE_BUSY: "another program holds it",
    sqlite3.SQLITE_LOCKED: "another program holds it",
    sqlite3.SQLITE_FULL: "the disk is full",
    sqlite3.SQLITE_IOERR: "the disk does not take it",
    sqlite3.SQLITE_NOMEM: "there is no memory left",
    sqlite3.SQLITE_CANTOPEN: "the file cannot be opened or made",
    sqlite3.SQLITE_READONLY: "the file or its folder is read-only",
    sqlite3.SQLITE_PERM: "the file may not be opened",
    sqlite3.SQLITE_PROTOCOL: "another program holds it",
}


def outage(error: BaseException | None) -> str | None:
    """Why the disk or the file does not take a write just now, None for any other error."""
    return _PASSING.get(_code(error)) if isinstance(error, sqlite3.Error) else None


def complaint(error: Exception, path: Path) -> str | None:
    """What to tell the host about an error of SQLite's, None if it is not about the file."""
    if _code(error) in _DAMAGED:
        return _damaged(path)
    why = outage(error)
    return f"{path} cannot be used: {why}" if why else None


@contextmanager
def explained(path: Path) -> Iterator[None]:
    """Turns SQLite's errors about the file into a :class:`StoreError`."""
    try:
        yield
    except sqlite3.Error as error:
        if (sentence := complaint(error, path)) is None:
            raise
        raise StoreError(sentence) from error


def _code(error: BaseException) -> int:
    return getattr(error, "sqlite_errorcode", 0) & 0xFF

"""The tables as values: what one write may read and change. Runs on the store's own thread."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from functools import lru_cache
from itertools import chain, repeat
from types import MappingProxyType
from typing import Any

from bot import outbox
from bot.codec import decode, encode
from bot.domain import Delivery, Kind, Message, Proof, SessionKey, Status, Target
from bot.session import Ended, State
from bot.store.ballots import Ballots
from bot.store.boards import Boards
from bot.store.mutes import Mutes
from bot.store.schema import StoreError

_COLUMNS = (
    "adapter, channel, key, kind, session_id, session_created_at, play, message, created_at,"
    " expires_at, status, rest, part, attempts, first_tried_at, tried_at, open, doubts,"
    " repeated, withdrawn, joined, reason, proof, remote_id, settled_at"
).split(", ")
_SELECT = f"SELECT id, {', '.join(_COLUMNS)} FROM delivery "
_INSERT = (
    f"INSERT INTO delivery ({', '.join(_COLUMNS)}) VALUES ({', '.join('?' * len(_COLUMNS))})"
    " ON CONFLICT (adapter, channel, key) DO NOTHING"
)
_UPDATE = f"UPDATE delivery SET {', '.join(f'{column} = ?' for column in _COLUMNS)} WHERE id = ?"
_AT_HEAD = 3  # the most rows that are ever said as one: votes, end and stats of a night


class Ledger:
    """The store within one transaction. Nothing here waits, and nothing commits."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self.ballots = Ballots(db)
        self.boards = Boards(db)
        self.mutes = Mutes(db)
        self._db = db
        self._ended: Mapping[SessionKey, Ended] | None = None

    # --- the session machine's memory ----------------------------------------------------

    def state(self) -> State:
        """What the session machine remembers; the empty state of a new file."""
        nights = self._db.execute("SELECT id, created_at, body FROM ended ORDER BY rowid")
        body = self._db.execute("SELECT body FROM state").fetchone()
        with _readable("what it remembers of the nights"):
            ended = {SessionKey(id, at): decode(Ended, night) for id, at, night in nights}
            state = decode(State, body[0]) if body else State()
        self._ended = MappingProxyType(ended)
        return replace(state, ended=self._ended)

    def record(
        self,
        state: State,
        deliveries: Iterable[Delivery],
        taken_back: Iterable[tuple[SessionKey, int]],
        now: float,
    ) -> None:
        """What one batch of facts led to. A known (target, key) changes nothing."""
        self._save_ended(state.ended)
        self.mutes.follow(state.current.key if state.current else None)
        body = encode(replace(state, ended={}))
        self._db.execute("INSERT OR REPLACE INTO state (id, body) VALUES (1, ?)", (body,))
        self._db.executemany(_INSERT, (_to_row(delivery) for delivery in deliveries))
        for session, play in taken_back:
            for row in self._pending_of(session, play):
                self.save(outbox.take_back(row, now))

    def _save_ended(self, ended: Mapping[SessionKey, Ended]) -> None:
        """Only what differs from the last time, so that a hundred nights cost what one does."""
        if ended is self._ended:
            return
        known = chain((self._ended or {}).values(), repeat(None))
        for (key, night), before in zip(ended.items(), known, strict=False):
            if night is not before:
                self._db.execute(
                    "INSERT INTO ended (id, created_at, body) VALUES (?, ?, ?)"
                    " ON CONFLICT (id, created_at) DO UPDATE SET body = excluded.body",
                    (key.id, key.created_at, encode(night)),
                )
        self._ended = ended

    def rolled_back(self) -> None:
        """What was written last may not be there."""
        self._ended = None

    # --- deliveries ----------------------------------------------------------------------

    def heads(self, target: Target) -> tuple[Delivery, ...]:
        """The oldest pending row of a target and the few after it, in order."""
        where = "WHERE adapter = ? AND channel = ? AND status = 'pending' AND joined IS NULL"
        return self._select(f"{where} ORDER BY id LIMIT {_AT_HEAD}", target.adapter, target.channel)

    def add(self, row: Delivery) -> None:
        """Write a row that came from no fact. A known (target, key) changes nothing."""
        self._db.execute(_INSERT, _to_row(row))

    def last_said(self, target: Target) -> Delivery | None:
        """The row whose message was the last one in a channel. Of one that went out in several
        parts it has the last part alone."""
        where = "WHERE adapter = ? AND channel = ? AND status IN ('sent', 'unconfirmed')"
        last = f"{where} AND joined IS NULL ORDER BY settled_at DESC, id DESC LIMIT 1"
        return next(iter(self._select(last, target.adapter, target.channel)), None)

    def delivery(self, id: int) -> Delivery:
        """The row of that number, which must be there."""
        (row,) = self._select("WHERE id = ?", id)
        return row

    def save(self, row: Delivery) -> tuple[Delivery, ...]:
        """Write a row as it has become. Returns it, and the rows that ended with it."""
        self._db.execute(_UPDATE, (*_to_row(row), row.id))
        if row.status is Status.PENDING:
            return (row,)
        followers = self._select("WHERE joined = ? AND status = 'pending'", row.id)
        if outbox.frees_joined(row):
            self._db.execute("UPDATE delivery SET joined = NULL WHERE joined = ?", (row.id,))
            return (row,)
        fates = tuple(outbox.share_fate(follower, row) for follower in followers)
        self._db.executemany(_UPDATE, ((*_to_row(fate), fate.id) for fate in fates))
        return (row, *fates)

    def close_unknown(self, configured: Collection[Target], now: float) -> tuple[Delivery, ...]:
        """End the waiting rows of targets that are not configured any more, and their boards."""
        self.boards.close_unknown(configured, now)
        pending = "SELECT DISTINCT adapter, channel FROM delivery WHERE status = 'pending'"
        gone = {Target(*row) for row in self._db.execute(pending)}.difference(configured)
        closed: list[Delivery] = []
        for target in sorted(gone):
            while heads := self.heads(target):
                for row in heads:
                    closed += self.save(outbox.close(row, now, outbox.NOT_CONFIGURED))
        return tuple(closed)

    def purge(self, now: float) -> int:
        """Remove rows that were settled long ago; how many. Nights are kept for ever."""
        before = now - outbox.KEPT_FOR
        self.ballots.purge(before)
        self.mutes.purge(now)
        gone = self._db.execute("DELETE FROM delivery WHERE settled_at < ?", (before,)).rowcount
        self.boards.purge()
        return gone

    def deliveries(self, statuses: Collection[Status], limit: int) -> tuple[Delivery, ...]:
        """The newest rows with one of these fates, oldest first."""
        marks = ", ".join("?" * len(statuses))
        newest = f"WHERE status IN ({marks}) ORDER BY id DESC LIMIT ?"
        return self._select(newest, *statuses, limit)[::-1]

    def retry(
        self, key: str, now: float, adapter: str | None = None, channel: str | None = None
    ) -> tuple[Delivery, ...]:
        """Make the rows of a key pending again, of all targets or of some; those it revived.
        What was one message with such a row goes with it."""
        named = [
            row
            for row in self._select("WHERE key = ?", key)
            if row.status in outbox.RETRYABLE
            and adapter in (None, row.target.adapter)
            and channel in (None, row.target.channel)
        ]
        groups = sorted({row.joined or row.id for row in named})
        rows = [row for id in groups for row in self._select("WHERE ? IN (id, joined)", id)]
        revived = tuple(outbox.retry(row, now) for row in rows if row.status in outbox.RETRYABLE)
        self._db.executemany(_UPDATE, ((*_to_row(row), row.id) for row in revived))
        return revived

    def _pending_of(self, session: SessionKey, play: int) -> tuple[Delivery, ...]:
        where = (
            "WHERE session_id = ? AND session_created_at = ? AND play = ? AND status = 'pending'"
        )
        return self._select(where, session.id, session.created_at, play)

    def _select(self, where: str, *values: object) -> tuple[Delivery, ...]:
        rows = self._db.execute(_SELECT + where, values)
        with _readable("a delivery"):
            return tuple(map(_from_row, rows))

    # --- adapters' memory ----------------------------------------------------------------

    def memories(self) -> dict[str, dict[str, str]]:
        """All that adapters remember, by the adapter's name."""
        found: dict[str, dict[str, str]] = {}
        for adapter, key, value in self._db.execute("SELECT adapter, key, value FROM memory"):
            found.setdefault(adapter, {})[key] = value
        return found

    def remember(self, adapter: str, key: str, value: str | None) -> None:
        """Keep a text for an adapter; None forgets it."""
        self._db.execute("DELETE FROM memory WHERE adapter = ? AND key = ?", (adapter, key))
        if value is not None:
            self._db.execute("INSERT INTO memory VALUES (?, ?, ?)", (adapter, key, value))


@contextmanager
def _readable(what: str) -> Iterator[None]:
    try:
        yield
    except ValueError as error:
        raise StoreError(
            f"{what} in the store cannot be read ({error}): put back a backup, "
            "or move the file away to start without memory"
        ) from error


# --- one row -----------------------------------------------------------------------------


def _to_row(row: Delivery) -> tuple[Any, ...]:
    return (
        row.target.adapter,
        row.target.channel,
        row.key,
        row.kind,
        row.session.id,
        row.session.created_at,
        row.play,
        encode(row.message),
        row.created_at,
        row.expires_at,
        row.status,
        row.rest and encode(row.rest),
        row.part,
        row.attempts,
        row.first_tried_at,
        row.tried_at,
        row.open,
        row.doubts,
        row.repeated,
        _storable(row.withdrawn),
        row.joined,
        _storable(row.reason),
        row.proof,
        _storable(row.remote_id),
        row.settled_at,
    )


def _from_row(row: tuple[Any, ...]) -> Delivery:
    (id, adapter, channel, key, kind, session_id, session_created_at, play, message) = row[:9]
    (created_at, expires_at, status, rest, part, attempts, first_tried_at, tried_at) = row[9:17]
    (open, doubts, repeated, withdrawn, joined, reason, proof, remote_id, settled_at) = row[17:]
    return Delivery(
        id=id,
        target=Target(adapter, channel),
        key=key,
        kind=Kind(kind),
        session=SessionKey(session_id, session_created_at),
        play=play,
        message=_message(message),
        created_at=created_at,
        expires_at=expires_at,
        status=Status(status),
        rest=_message(rest) if rest else None,
        part=part,
        attempts=attempts,
        first_tried_at=first_tried_at,
        tried_at=tried_at,
        open=bool(open),
        doubts=doubts,
        repeated=bool(repeated),
        withdrawn=withdrawn,
        joined=joined,
        reason=reason,
        proof=Proof(proof) if proof else None,
        remote_id=remote_id,
        settled_at=settled_at,
    )


@lru_cache(maxsize=32)
def _message(text: str) -> Message:
    """A line to fifty channels is one text in fifty rows, and each is read several times."""
    return decode(Message, text)


def _storable(text: str | None) -> str | None:
    """Text of a chat network as UTF-8 can hold it: half a surrogate pair becomes a ``?``."""
    return text and text.encode("utf-8", "replace").decode()

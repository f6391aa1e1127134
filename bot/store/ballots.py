"""The table of ballots: what people voted, from before it is confirmed until it is counted."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from typing import Any

from bot.ballots import Ballot, BallotStatus
from bot.domain import SessionKey, Target

_COLUMNS = (
    "adapter, channel, voter, name, session_id, session_created_at, play, game_id, up, at,"
    " created_at, ticker, status, reason, attempts, stamp, open, doubts, settled_at"
).split(", ")
_SELECT = f"SELECT id, {', '.join(_COLUMNS)} FROM ballot "
_INSERT = f"INSERT INTO ballot ({', '.join(_COLUMNS)}) VALUES ({', '.join('?' * len(_COLUMNS))})"
_UPDATE = f"UPDATE ballot SET {', '.join(f'{column} = ?' for column in _COLUMNS)} WHERE id = ?"


class Ballots:
    """The table within one transaction."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db

    def add(self, ballot: Ballot) -> Ballot:
        """The ballot with its number."""
        self._db.execute(_INSERT, _to_row(ballot))
        (id,) = self._db.execute("SELECT last_insert_rowid()").fetchone()
        return self.ballot(id)

    def stands(self, new: Ballot) -> bool:
        """Whether another vote of this person on that play was counted or may yet be; on that
        game, where it is none of the night's. Of one name on one connection it is the same
        person, who may have logged in to an account since, or out of it."""
        name, voter = _storable(new.name), _storable(new.voter)
        found = self._db.execute(
            "SELECT 1 FROM ballot WHERE session_id = ? AND session_created_at = ? AND play = ?"
            " AND (play > 0 OR game_id IS ?) AND status IN ('held', 'counted')"
            " AND (voter = ? OR (adapter = ? AND name = ?)) LIMIT 1",
            (*_night(new.session), new.play, new.game_id, voter, new.target.adapter, name),
        )
        return found.fetchone() is not None

    def ballot(self, id: int) -> Ballot:
        """The ballot of that number, which must be there."""
        (ballot,) = self._select("WHERE id = ?", id)
        return ballot

    def held(self) -> tuple[Ballot, ...]:
        """All that the Picker has not yet, oldest first."""
        return self._select("WHERE status = 'held' ORDER BY id")

    def save(self, ballot: Ballot) -> Ballot:
        self._db.execute(_UPDATE, (*_to_row(ballot), ballot.id))
        return ballot

    def newest(self, limit: int) -> tuple[Ballot, ...]:
        """The newest ballots, oldest first."""
        return self._select("ORDER BY id DESC LIMIT ?", limit)[::-1]

    def purge(self, before: float) -> None:
        """Remove what ended before that moment."""
        self._db.execute("DELETE FROM ballot WHERE settled_at < ?", (before,))

    def _select(self, where: str, *values: object) -> tuple[Ballot, ...]:
        return tuple(_from_rows(self._db.execute(_SELECT + where, values)))


def _to_row(ballot: Ballot) -> tuple[Any, ...]:
    return (
        ballot.target.adapter,
        ballot.target.channel,
        _storable(ballot.voter),
        _storable(ballot.name),
        ballot.session.id,
        ballot.session.created_at,
        ballot.play,
        ballot.game_id,
        ballot.up,
        ballot.at,
        ballot.created_at,
        ballot.ticker,
        ballot.status,
        ballot.reason and _storable(ballot.reason),
        ballot.attempts,
        ballot.stamp,
        ballot.open,
        ballot.doubts,
        ballot.settled_at,
    )


def _from_rows(rows: Iterable[tuple[Any, ...]]) -> Iterable[Ballot]:
    for row in rows:
        (id, adapter, channel, voter, name, session_id, session_created_at, play) = row[:8]
        (game_id, up, at, created_at, ticker, status, reason, attempts) = row[8:16]
        (stamp, open, doubts, settled_at) = row[16:]
        yield Ballot(
            id=id,
            target=Target(adapter, channel),
            voter=voter,
            name=name,
            session=SessionKey(session_id, session_created_at),
            play=play,
            game_id=game_id,
            up=bool(up),
            at=at,
            created_at=created_at,
            ticker=ticker,
            status=BallotStatus(status),
            reason=reason,
            attempts=attempts,
            stamp=stamp,
            open=bool(open),
            doubts=doubts,
            settled_at=settled_at,
        )


def _night(session: SessionKey) -> tuple[int, int]:
    return session.id, session.created_at


def _storable(text: str) -> str:
    """Half a surrogate pair, which UTF-8 cannot hold, becomes a ``?``."""
    return text.encode("utf-8", "replace").decode()

"""The table of mutes: channels in which nothing is announced for a while.

A mute belongs to the night in which it was set, or to the next one if none ran, and the end of
that night lifts it: a host who forgets it does not lose the next night.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable

from bot.domain import SessionKey, Target


class Mutes:
    """The table within one transaction."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db

    def set(self, targets: Iterable[Target], until: float, night: SessionKey | None) -> None:
        """Announce nothing in these channels before ``until``, by our wall clock."""
        self._db.executemany(
            "INSERT OR REPLACE INTO mute VALUES (?, ?, ?, ?, ?)",
            [(to.adapter, to.channel, until, *_night(night)) for to in targets],
        )

    def lift(self, targets: Iterable[Target]) -> tuple[Target, ...]:
        """Let these channels hear again; those that did not."""
        where = "WHERE adapter = ? AND channel = ?"
        return tuple(
            to
            for to in targets
            if self._db.execute(f"DELETE FROM mute {where}", (to.adapter, to.channel)).rowcount
        )

    def follow(self, night: SessionKey | None) -> None:
        """Lift what belongs to a night that is not the one running now."""
        if night is not None:
            new = "UPDATE mute SET session_id = ?, session_created_at = ? WHERE session_id IS NULL"
            self._db.execute(new, _night(night))
        self._db.execute(
            "DELETE FROM mute WHERE session_id IS NOT NULL"
            " AND (session_id, session_created_at) IS NOT (?, ?)",
            _night(night),
        )

    def holds(self, target: Target, now: float) -> bool:
        """Whether nothing is to be announced in that channel."""
        return self.left(target, now) > 0

    def left(self, target: Target, now: float) -> float:
        """For how many seconds nothing is to be announced in that channel."""
        where = "WHERE adapter = ? AND channel = ?"
        found = self._db.execute(
            f"SELECT until FROM mute {where}", (target.adapter, target.channel)
        ).fetchone()
        return max(found[0] - now, 0.0) if found else 0.0

    def purge(self, now: float) -> None:
        """Forget what is over."""
        self._db.execute("DELETE FROM mute WHERE until <= ?", (now,))


def _night(night: SessionKey | None) -> tuple[int | None, int | None]:
    return (None, None) if night is None else (night.id, night.created_at)

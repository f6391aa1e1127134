"""The table of boards: what the message of a play shows in a channel, and what it should show.

A board's message is that of its play's ``game_added`` delivery, whose row has its remote id.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterable, Mapping

from bot.boards import ON_THE_BOARD, Row
from bot.codec import decode, encode
from bot.domain import (
    Board,
    Delivery,
    Kind,
    Message,
    SessionKey,
    Span,
    Stage,
    Status,
    Style,
    Target,
)
from bot.outbox import NOT_CONFIGURED, close

DONE = "done"
NEVER_SAID = "the game was not announced here"

_WHERE_PLAY = "WHERE session_id = ? AND session_created_at = ? AND play = ? AND ended_at IS NULL"
_WHERE_TARGET = "WHERE board.adapter = ? AND board.channel = ? AND ended_at IS NULL"
_JOIN = "FROM board JOIN delivery USING (adapter, channel, key) "
_TO_EDIT = f"{_JOIN}{_WHERE_TARGET} AND wanted <> shown AND status <> 'pending'"
_LAST_CODE = (
    "SELECT code.id, code.key, shown FROM board JOIN delivery AS code"
    " USING (adapter, channel, session_id, session_created_at, play)"
    " WHERE board.id = ? AND NOT final AND code.reason = ? ORDER BY code.id DESC LIMIT 1"
)
_SAY = (
    "UPDATE delivery SET status = 'pending', reason = NULL, settled_at = NULL"
    " WHERE id = ? AND expires_at > ?"
)
_HAS_NO_MESSAGE = (
    "EXISTS (SELECT 1 FROM delivery AS line WHERE (line.adapter, line.channel, line.key)"
    " = (board.adapter, board.channel, board.key)"
    " AND line.status <> 'pending' AND line.remote_id IS NULL)"
)


class Boards:
    """The table within one transaction."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db

    def begin(
        self,
        deliveries: Iterable[Delivery],
        openings: Mapping[str, Message],
        targets: Collection[Target],
    ) -> None:
        """Begin the boards of those deliveries that are a game's line where a message can be
        edited. ``openings`` is what such a line shows, by its key."""
        for row in deliveries:
            if row.key in openings and row.target in targets and row.status is Status.PENDING:
                shown = encode(openings[row.key])
                self._db.execute(
                    "INSERT INTO board (adapter, channel, session_id, session_created_at, play,"
                    " key, shown, wanted, final) VALUES (?, ?, ?, ?, ?, ?, ?, ?, 0)"
                    " ON CONFLICT DO NOTHING",
                    (*_target(row.target), *_play(row.session, row.play), row.key, shown, shown),
                )

    def want(self, board: Board, message: Message) -> int:
        """Let the boards of a play show ``message`` from now on, in all channels; in how many
        that is something new."""
        final = board.stage is not Stage.RUNNING
        wanted = encode(message)
        return self._db.execute(
            f"UPDATE board SET wanted = ?, final = ? {_WHERE_PLAY} AND (wanted, final) <> (?, ?)",
            (wanted, final, *_play(board.session, board.play), wanted, final),
        ).rowcount

    def without_codes(self, deliveries: Iterable[Delivery], now: float) -> tuple[Delivery, ...]:
        """``deliveries``, in which the room codes that a board shows end at once."""
        return tuple(
            close(row, now, ON_THE_BOARD) if self._has_code(row) else row for row in deliveries
        )

    def _has_code(self, row: Delivery) -> bool:
        if row.kind is not Kind.ROOM_CODE or row.status is not Status.PENDING:
            return False
        found = self._db.execute(
            f"SELECT 1 FROM board {_WHERE_PLAY} AND adapter = ? AND channel = ?"
            f" AND NOT {_HAS_NO_MESSAGE}",
            (*_play(row.session, row.play), *_target(row.target)),
        )
        return found.fetchone() is not None

    def end_unsaid(self, target: Target, now: float) -> bool:
        """End the boards of a channel that are to be edited and will never have a message;
        whether a room code is to be said for that."""
        rows = self._db.execute(
            f"SELECT board.id {_TO_EDIT} AND remote_id IS NULL", _target(target)
        )
        freed = [self.end(id, now, NEVER_SAID) for (id,) in rows.fetchall()]
        return any(freed)

    def to_edit(self, target: Target) -> tuple[Row, ...]:
        """The boards of a channel that do not show what they should, and have a message."""
        rows = self._db.execute(
            "SELECT board.id, board.session_id, board.session_created_at, board.play, remote_id,"
            f" wanted {_TO_EDIT} AND remote_id IS NOT NULL",
            _target(target),
        )
        return tuple(
            Row(
                id,
                target,
                SessionKey(session_id, created_at),
                play,
                remote_id,
                decode(Message, wanted),
            )
            for id, session_id, created_at, play, remote_id, wanted in rows
        )

    def has_shown(self, row: Row, now: float) -> None:
        """Its message shows what was wanted when ``row`` was read."""
        shown = encode(row.wanted)
        self._db.execute("UPDATE board SET shown = ? WHERE id = ?", (shown, row.id))
        self._db.execute(
            "UPDATE board SET ended_at = ?, reason = ?"
            " WHERE id = ? AND ended_at IS NULL AND final AND wanted = shown",
            (now, DONE, row.id),
        )

    def end(self, id: int, now: float, reason: str) -> bool:
        """No more edits, for this reason; whether a room code is to be said for that, since the
        board never came to show it."""
        self._db.execute(
            "UPDATE board SET ended_at = ?, reason = ? WHERE id = ?",
            (now, reason.encode("utf-8", "replace").decode(), id),
        )
        last = self._db.execute(_LAST_CODE, (id, ON_THE_BOARD)).fetchone()
        if last is None:
            return False
        line, key, shown = last
        is_shown = Span(key.rpartition("/")[2], Style.CODE) in decode(Message, shown).spans
        return not is_shown and bool(self._db.execute(_SAY, (line, now)).rowcount)

    def place(self, target: Target, session: SessionKey, play: int) -> str | None:
        """The remote id of a play's board in a channel, if it has been sent there."""
        found = self._db.execute(
            f"SELECT remote_id {_JOIN} WHERE board.adapter = ? AND board.channel = ?"
            " AND board.session_id = ? AND board.session_created_at = ? AND board.play = ?",
            (*_target(target), *_play(session, play)),
        ).fetchone()
        return found[0] if found else None

    def close_unknown(self, configured: Collection[Target], now: float) -> None:
        """End the boards of targets that are not configured any more."""
        rows = self._db.execute("SELECT id, adapter, channel FROM board WHERE ended_at IS NULL")
        for id, adapter, channel in rows.fetchall():
            if Target(adapter, channel) not in configured:
                self.end(id, now, NOT_CONFIGURED)

    def purge(self) -> None:
        """Remove the boards whose deliveries have been removed."""
        self._db.execute(
            "DELETE FROM board WHERE (adapter, channel, key) NOT IN"
            " (SELECT adapter, channel, key FROM delivery)"
        )


def _target(target: Target) -> tuple[str, str]:
    return target.adapter, target.channel


def _play(session: SessionKey, play: int | None) -> tuple[int, int, int | None]:
    return session.id, session.created_at, play

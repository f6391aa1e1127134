"""Answers of the REST API. What is not clearly an answer raises :class:`Unclear`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeVar

import msgspec

from bot.domain import Game, Row, RowStatus, SessionInfo, SessionKey, Votes
from bot.wire.lenient import (
    UNREADABLE,
    Id,
    lenient,
    parse_created_at,
    parse_moment,
    parse_room_code,
    quotable,
    salvage,
)

_T = TypeVar("_T")


class Unclear(Exception):
    """An answer that says nothing, with the reason as a clause for the log.

    ``foreign`` is True where no Picker would have answered so: an HTML page, other JSON.
    """

    def __init__(self, reason: str, *, foreign: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.foreign = foreign


class KeyRefused(Exception):
    """The Picker understood the login and refused the admin key. Its own words."""


@dataclass(frozen=True, slots=True)
class Reply:
    """An HTTP answer, whatever its status."""

    status: int
    body: bytes


class _SessionRow(msgspec.Struct, frozen=True):
    id: Id
    created_at: str
    is_active: bool | int | float | str | None = None
    games_played: int | None = None
    notes: str | None = None
    closed_at: str | None = None

    def __post_init__(self) -> None:
        parse_created_at(self.created_at)

    def value(self) -> SessionInfo:
        return SessionInfo(
            SessionKey(self.id, parse_created_at(self.created_at)),
            self._active(),
            self.games_played,
            self.notes,
            parse_moment(self.closed_at),
        )

    def _active(self) -> bool:
        if self.is_active is None:
            return self.closed_at is None
        return self.is_active not in (0, "", "0", "false")


class _GameRow(msgspec.Struct, frozen=True):
    id: Id
    title: str | None = None
    game_id: Id | None = None
    pack_name: str | None = None
    min_players: int | None = None
    max_players: int | None = None
    status: str | None = None
    room_code: str | None = None
    played_at: str | None = None
    upvotes: int | None = None
    downvotes: int | None = None

    def value(self) -> Row:
        return Row(
            self.id,
            Game(
                self.title or self._untitled(),
                self.game_id,
                self.pack_name,
                self.min_players,
                self.max_players,
            ),
            RowStatus(self.status) if self.status in _ROW_STATUSES else RowStatus.UNKNOWN,
            parse_room_code(self.room_code),
            parse_moment(self.played_at),
            _counters(self.upvotes, self.downvotes),
        )

    def _untitled(self) -> str:
        return "Game" if self.game_id is None else f"Game {self.game_id}"


class _VoteRow(msgspec.Struct, frozen=True):
    game_id: Id
    upvotes: int
    downvotes: int


class _VoteList(msgspec.Struct, frozen=True):
    votes: list[_VoteRow]
    session_id: Id | None = None


class _Counters(msgspec.Struct, frozen=True):
    id: Id
    upvotes: int | None = None
    downvotes: int | None = None


class _CatalogueRow(msgspec.Struct, frozen=True):
    id: Id
    title: str | None = None
    ticker: str | None = None


_ROW_STATUSES = frozenset(RowStatus)

_ITS_OWN_WORDS = frozenset({401, 403, 404, 405})
"""Statuses that a Picker gives a reason for. Without one it is a proxy that wants a login, say."""


def parse_active(reply: Reply) -> SessionInfo | None:
    """``GET /api/sessions/active``: None for a clear "no active session".

    That is ``{"session": null}``, null, a session that is not active, or a 404 that says so in
    the Picker's words; any other 404 may come from something in between.
    """
    if reply.status == 404 and "active session" in error_text(reply).lower():
        return None
    document = json_of(reply)
    if document is None or (isinstance(document, dict) and _says_none(document)):
        return None
    info = _read(document, _SessionRow).value()
    return info if info.active else None


def parse_session(reply: Reply, session_id: int) -> SessionInfo | None:
    """``GET /api/sessions/:id``: None for a session that the Picker says it does not have."""
    if reply.status == 404 and "session" in error_text(reply).lower():
        return None
    row = _read(json_of(reply), _SessionRow)
    if row.id != session_id:
        raise Unclear(f"the answer is about session {row.id}")
    if row.is_active is None and row.closed_at is None:
        raise Unclear("the answer does not say whether the session is active")
    return row.value()


def parse_games(reply: Reply) -> tuple[Row, ...]:
    """``GET /api/sessions/:id/games``, in the order in which the games were added.

    One row that cannot be read makes the whole answer unclear, since a row that is not there
    means a game that was taken back. A row that is there twice is one.
    """
    document = json_of(reply)
    if not isinstance(document, list):
        raise Unclear("not a list of games", foreign=True)
    rows = {row.id: row for row in (_read(each, _GameRow).value() for each in document)}
    return tuple(rows[id] for id in sorted(rows))


def parse_votes(reply: Reply, session_id: int) -> tuple[tuple[int, Votes], ...] | None:
    """``GET /api/sessions/:id/votes``: tonight's votes by the catalogue id of the game.

    None means that this Picker has no such query (older than March 2026): it answers 404 without
    a word about the session, or with a page.
    """
    if reply.status == 200 and reply.body.lstrip().startswith(b"<"):
        return None
    if reply.status == 404 and "session" not in error_text(reply).lower():
        return None
    answer = _read(json_of(reply), _VoteList)
    if answer.session_id not in (None, session_id):
        raise Unclear(f"the answer is about session {answer.session_id}")
    return tuple((row.game_id, Votes(row.upvotes, row.downvotes)) for row in answer.votes)


def parse_game(reply: Reply, game_id: int) -> Votes | None:
    """``GET /api/games/:id``: the all-time counters; None where the game carries none."""
    game = _read(json_of(reply), _Counters)
    if game.id != game_id:
        raise Unclear(f"the answer is about game {game.id}")
    return _counters(game.upvotes, game.downvotes)


def parse_tickers(reply: Reply) -> dict[str, Game]:
    """``GET /api/games``: the catalogue's games by their tickers, in capitals. None has one
    where the Picker takes no votes by ticker (before v0.6.5)."""
    document = json_of(reply)
    if not isinstance(document, list):
        raise Unclear("not a list of games", foreign=True)
    found = (salvage(row, _CatalogueRow)[0] for row in document)
    return {
        row.ticker.upper(): Game(row.title or f"Game {row.id}", row.id)
        for row in found
        if row is not None and row.ticker
    }


def parse_catalogue(reply: Reply) -> dict[int, Votes]:
    """``GET /api/games``: the all-time counters by catalogue id, of the games that have any."""
    document = json_of(reply)
    if not isinstance(document, list):
        raise Unclear("not a list of games", foreign=True)
    found = (salvage(row, _Counters)[0] for row in document)
    counters = {game.id: _counters(game.upvotes, game.downvotes) for game in found if game}
    return {id: votes for id, votes in counters.items() if votes is not None}


def parse_login(reply: Reply) -> str:
    """``POST /api/auth/login``: the token. Raises :class:`KeyRefused` or :class:`Unclear`."""
    error = error_text(reply)
    if reply.status in (400, 401, 403) and error:
        raise KeyRefused(error)
    document = json_of(reply)
    token = document.get("token") if isinstance(document, dict) else None
    if not isinstance(token, str) or not token:
        raise Unclear("the answer to the login has no token", foreign=True)
    return token


def _says_none(document: dict[str, Any]) -> bool:
    return "id" not in document and "session" in document and document["session"] is None


def json_of(reply: Reply) -> Any:
    """The JSON of a 200 answer."""
    if reply.status != 200:
        text = error_text(reply)
        foreign = reply.status in _ITS_OWN_WORDS and not text
        raise Unclear(f"HTTP {reply.status}" + (f" ({text})" if text else ""), foreign=foreign)
    if not _is_json(reply):
        raise Unclear("a page or other text instead of JSON", foreign=True)
    return lenient(reply.body)


def _is_json(reply: Reply) -> bool:
    try:
        lenient(reply.body)
    except UNREADABLE:
        return False
    return True


def error_text(reply: Reply) -> str:
    """The Picker's own words for an error, fit for one line of a log; empty without any."""
    if reply.status < 400 or not _is_json(reply):
        return ""
    document = lenient(reply.body)
    text = document.get("error") if isinstance(document, dict) else None
    return quotable(text) if isinstance(text, str) else ""


def _counters(up: int | None, down: int | None) -> Votes | None:
    return None if up is None or down is None else Votes(up, down)


def _read(document: Any, kind: type[_T]) -> _T:
    value: _T | None
    value, reason = salvage(document, kind)
    if value is None:
        raise Unclear(reason, foreign=True)
    return value

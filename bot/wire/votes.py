"""Votes handed to the Picker, and votes that it is asked for."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec

from bot.domain import (
    SAME_SECOND,
    Cast,
    Counted,
    CountedBefore,
    Deferred,
    Doubtful,
    NightOver,
    NoQuery,
    NotThere,
    Refused,
    Search,
    Votes,
)
from bot.wire.answers import Reply, Unclear, error_text, json_of
from bot.wire.lenient import Id, parse_moment, quotable, salvage


class _Game(msgspec.Struct, frozen=True):
    id: Id
    title: str | None = None
    upvotes: int | None = None
    downvotes: int | None = None


class _Cast(msgspec.Struct, frozen=True):
    game: _Game


class _Row(msgspec.Struct, frozen=True):
    username: str
    vote_type: str
    timestamp: str
    game_id: Id | None = None
    game_title: str | None = None


class _Rows(msgspec.Struct, frozen=True):
    votes: list[_Row]


def encode_vote(name: str, up: bool, at: float, ticker: str | None) -> dict[str, str]:
    """The body of ``POST /api/votes/live``; ``at`` is the voter's moment, to the millisecond."""
    moment = datetime.fromtimestamp(round(at, 3), UTC).isoformat(timespec="milliseconds")
    body = {
        "username": name,
        "vote": "up" if up else "down",
        "timestamp": moment.replace("+00:00", "Z"),
    }
    return body if ticker is None else body | {"ticker": ticker}


def parse_cast(reply: Reply) -> Cast:
    """``POST /api/votes/live``. What a Picker did not write itself (a page, a gateway's error)
    leaves open what became of the vote, unless nothing can have."""
    words = error_text(reply)
    if reply.status == 409:
        return CountedBefore()
    if reply.status == 404 and words.lower().startswith("no active session"):
        return NightOver(words)
    if reply.status in (400, 404) and words:
        return Refused(words)
    if reply.status in (401, 403, 404, 405, 429):
        return Deferred(f"HTTP {reply.status}" + (f" ({words})" if words else ""))
    try:
        return _counted(json_of(reply))
    except Unclear as unclear:
        return Doubtful(unclear.reason)


def parse_search(reply: Reply, name: str, up: bool, at: float) -> Search:
    """``GET /api/votes?session_id&username``: whether a vote is there. Raises Unclear."""
    if reply.status in (404, 405) and not error_text(reply):
        return NoQuery()
    if reply.status == 200 and reply.body.lstrip().startswith(b"<"):
        return NoQuery()
    rows, reason = salvage(json_of(reply), _Rows)
    if rows is None:
        raise Unclear(reason, foreign=True)
    for row in rows.votes:
        voted_at = parse_moment(row.timestamp)
        near = voted_at is not None and abs(voted_at - at) < SAME_SECOND
        if near and row.username == name and row.vote_type == ("up" if up else "down"):
            return Counted(row.game_id, row.game_title and quotable(row.game_title))
    return NotThere()


def _counted(document: Any) -> Cast:
    cast, reason = salvage(document, _Cast)
    if cast is None:
        return Doubtful(reason)
    game: _Game = cast.game
    known = game.upvotes is not None and game.downvotes is not None
    totals = Votes(game.upvotes or 0, game.downvotes or 0) if known else None
    return Counted(game.id, game.title and quotable(game.title), totals)

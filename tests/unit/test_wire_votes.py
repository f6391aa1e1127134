"""bot.wire: votes handed over, and votes asked for."""

from __future__ import annotations

import json

import pytest

from bot import wire
from bot.domain import (
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
from bot.wire import Reply, Unclear

AT = 1_762_564_798.0
HTML = b"<!DOCTYPE html><html><body>Cannot GET /</body></html>"


def reply(document: object, status: int = 200) -> Reply:
    return Reply(status, json.dumps(document).encode())


def no(text: str, status: int) -> Reply:
    return reply({"error": text}, status)


def test_a_vote_as_it_is_sent() -> None:
    """Name, direction and moment, ISO 8601 in UTC with milliseconds; a ticker only if given."""
    assert wire.encode_vote("ann", True, AT + 0.25, None) == {
        "username": "ann",
        "vote": "up",
        "timestamp": "2025-11-08T01:19:58.250Z",
    }
    assert wire.encode_vote("ann", False, AT, "QPL3") == {
        "username": "ann",
        "vote": "down",
        "timestamp": "2025-11-08T01:19:58.000Z",
        "ticker": "QPL3",
    }


GAME = {"id": 17, "title": "Drawful 2", "upvotes": 12, "downvotes": 2, "popularity_score": 10}


@pytest.mark.parametrize(
    ("given", "cast"),
    [
        (reply({"success": True, "game": GAME}), Counted(17, "Drawful 2", Votes(12, 2))),
        (reply({"game": {"id": 17}}), Counted(17)),
        (reply({"game": {"id": 17, "upvotes": 3}}), Counted(17)),
        (reply({"game": GAME | {"title": 5}}), Counted(17, None, Votes(12, 2))),
        (no("Duplicate vote", 409), CountedBefore()),
        (no("No active session found", 404), NightOver("No active session found")),
        (no("Vote timestamp does not match", 404), Refused("Vote timestamp does not match")),
        (no("No game found with ticker X", 404), Refused("No game found with ticker X")),
        (
            no('vote must be either "up" or "down"', 400),
            Refused('vote must be either "up" or "down"'),
        ),
        (no("Access token required", 401), Deferred("HTTP 401 (Access token required)")),
        (no("Invalid or expired token", 403), Deferred("HTTP 403 (Invalid or expired token)")),
        (no("Too many", 429), Deferred("HTTP 429 (Too many)")),
        (Reply(404, HTML), Deferred("HTTP 404")),
        (Reply(405, HTML), Deferred("HTTP 405")),
        (Reply(403, HTML), Deferred("HTTP 403")),
    ],
)
def test_what_came_of_a_vote(given: Reply, cast: Cast) -> None:
    """Counted, refused in the Picker's words, too late, or surely not taken."""
    assert wire.parse_cast(given) == cast


@pytest.mark.parametrize(
    "given",
    [
        no("Something went wrong!", 500),
        Reply(502, HTML),
        Reply(400, HTML),
        Reply(200, HTML),
        Reply(200, b""),
        Reply(204, b""),
        reply({"success": True}),
        reply({"game": {"title": "Drawful 2"}}),
        reply(None),
    ],
)
def test_an_answer_that_says_nothing(given: Reply) -> None:
    """An error of the Picker's, or a stranger's answer, leaves open whether it was counted."""
    assert isinstance(wire.parse_cast(given), Doubtful)


ROW = {
    "id": 1,
    "session_id": 42,
    "game_id": 17,
    "game_title": "Drawful 2",
    "username": "ann",
    "vote_type": "up",
    "timestamp": "2025-11-08T01:19:58.250Z",
}


def search(given: Reply) -> Search:
    return wire.parse_search(given, "ann", True, AT)


@pytest.mark.parametrize(
    ("row", "found"),
    [
        ({}, Counted(17, "Drawful 2")),
        ({"timestamp": "2025-11-08 01:19:58"}, Counted(17, "Drawful 2")),
        ({"game_title": None, "game_id": None}, Counted()),
        ({"username": "Ann"}, NotThere()),
        ({"vote_type": "down"}, NotThere()),
        ({"timestamp": "2025-11-08T01:19:59.000Z"}, NotThere()),
        ({"timestamp": "yesterday"}, NotThere()),
    ],
)
def test_a_vote_looked_for(row: dict[str, object], found: Search) -> None:
    """It is the same vote if name, direction and second agree."""
    assert search(reply({"votes": [ROW | row]})) == found


def test_no_votes_of_that_name() -> None:
    """An empty list is a clear answer."""
    assert search(reply({"votes": [], "pagination": {"total": 0}})) == NotThere()


@pytest.mark.parametrize("given", [Reply(404, HTML), Reply(405, b""), Reply(200, HTML)])
def test_a_picker_that_cannot_be_asked(given: Reply) -> None:
    """A page in place of an answer means that there is no such query."""
    assert search(given) == NoQuery()


@pytest.mark.parametrize(
    "given",
    [
        no("Something went wrong!", 500),
        no("Session not found", 404),
        Reply(502, HTML),
        Reply(200, b'{"votes":[{'),
        reply({"rows": []}),
        reply({"votes": [{"username": "ann"}]}),
    ],
)
def test_a_search_without_an_answer(given: Reply) -> None:
    """An error or a broken list is unclear, and never "not there"."""
    with pytest.raises(Unclear):
        search(given)

"""Every shape and quirk of the Picker's frames and answers that is known to exist."""

from __future__ import annotations

import json

import pytest

from bot import wire
from bot.domain import (
    Game,
    GameAdded,
    RoomSeen,
    Row,
    RowStatus,
    SessionEnded,
    SessionInfo,
    SessionKey,
    SessionStarted,
    VoteReceived,
    Votes,
)
from bot.wire import (
    AuthAccepted,
    AuthRefused,
    Complaint,
    Ignored,
    KeyRefused,
    Malformed,
    Pong,
    Reply,
    Subscribed,
    Unclear,
)

ONE_O_CLOCK = 1762563600.0  # 2025-11-08T01:00:00Z
DRAWFUL = Game("Drawful 2", 17, "Drawful 2", 3, 8)


def frame(type: str, data: object = None, **more: object) -> str:
    return json.dumps({"type": type, **({} if data is None else {"data": data}), **more})


# --- control frames ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        (frame("auth_success", message="Authenticated successfully"), AuthAccepted()),
        (frame("auth_success"), AuthAccepted()),
        (
            frame("auth_error", message="Invalid or expired token"),
            AuthRefused("Invalid or expired token"),
        ),
        (frame("auth_error"), AuthRefused()),
        (frame("subscribed", sessionId=123), Subscribed(123)),
        (frame("subscribed", message="Subscribed to session 21"), Subscribed()),
        (frame("subscribed", sessionId=21, message="Subscribed to session 21"), Subscribed(21)),
        (frame("pong"), Pong()),
        (frame("error", message="Not authenticated"), Complaint("Not authenticated")),
        (frame("error"), Complaint()),
    ],
)
def test_control_frames(text: str, meaning: object) -> None:
    """A control frame is known by its type alone; its other fields may be missing."""
    assert wire.parse_frame(text) == meaning


def test_words_of_the_picker_fit_one_line() -> None:
    """An error's text cannot forge a line of the log, nor fill it."""
    meaning = wire.parse_frame(frame("error", message="bad\nFORGED \x1b[31m" + "x" * 500))
    assert isinstance(meaning, Complaint)
    assert meaning.message.startswith("badFORGED [31m")
    assert len(meaning.message) <= 80


# --- events ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("session", "event"),
    [
        (
            {"id": 42, "is_active": 1, "created_at": "2025-11-08 01:00:00", "notes": None},
            SessionStarted(SessionKey(42, int(ONE_O_CLOCK)), None, ONE_O_CLOCK + 0.12),
        ),
        (
            {"id": 42, "is_active": 1, "created_at": "2025-11-08T01:00:00.900Z", "notes": "Fri"},
            SessionStarted(SessionKey(42, int(ONE_O_CLOCK)), "Fri", ONE_O_CLOCK + 0.12),
        ),
        (
            {"id": 42, "created_at": "2025-11-08T02:00:00+01:00"},
            SessionStarted(SessionKey(42, int(ONE_O_CLOCK)), None, ONE_O_CLOCK + 0.12),
        ),
    ],
)
def test_session_started(session: dict[str, object], event: SessionStarted) -> None:
    """A start is known by id and moment, however the date is written; without a zone it is UTC."""
    text = frame("session.started", {"session": session}, timestamp="2025-11-08T01:00:00.120Z")
    assert wire.parse_frame(text) == event


@pytest.mark.parametrize(
    ("session", "game", "event"),
    [
        (
            {"id": 42, "is_active": True, "games_played": 1},
            {
                "id": 17,
                "title": "Drawful 2",
                "pack_name": "Drawful 2",
                "min_players": 3,
                "max_players": 8,
                "manually_added": False,
                "room_code": "ABCD",
            },
            GameAdded(42, DRAWFUL, 1, "ABCD", ONE_O_CLOCK),
        ),
        (
            {"id": 42, "is_active": 1, "games_played": 1},
            {"id": 17, "title": "Drawful 2", "manually_added": False},
            GameAdded(42, Game("Drawful 2", 17), 1, None, ONE_O_CLOCK),
        ),
        ({"id": 42}, {"title": "Drawful 2"}, GameAdded(42, Game("Drawful 2"), at=ONE_O_CLOCK)),
        (
            {"id": 42, "games_played": None},
            {"title": "Drawful 2", "room_code": None, "pack_name": None, "min_players": None},
            GameAdded(42, Game("Drawful 2"), at=ONE_O_CLOCK),
        ),
        (
            {"id": 42},
            {"title": "Drawful 2", "room_code": "  "},
            GameAdded(42, Game("Drawful 2"), at=ONE_O_CLOCK),
        ),
        (
            {"id": 42},
            {"title": "Drawful 2", "room_code": " ABCD "},
            GameAdded(42, Game("Drawful 2"), None, "ABCD", ONE_O_CLOCK),
        ),
    ],
)
def test_game_added(session: dict[str, object], game: dict[str, object], event: GameAdded) -> None:
    """Of an added game only the title and the session are needed; everything else is optional."""
    text = frame(
        "game.added", {"session": session, "game": game}, timestamp="2025-11-08T01:00:00.000Z"
    )
    assert wire.parse_frame(text) == event


VOTE: dict[str, object] = {
    "sessionId": 42,
    "game": {"id": 17, "title": "Drawful 2", "pack_name": "Drawful 2"},
    "vote": {"username": "ann", "type": "up", "timestamp": "2025-11-08T00:59:58.000Z"},
    "totals": {"upvotes": 12, "downvotes": 2, "popularity_score": 10},
}


@pytest.mark.parametrize(
    ("change", "event"),
    [
        (
            {},
            VoteReceived(42, 17, "ann", True, ONE_O_CLOCK - 2, Votes(12, 2), ONE_O_CLOCK),
        ),
        (
            {"vote": {"username": "ann", "type": "down", "timestamp": "soon"}},
            VoteReceived(42, 17, "ann", False, None, Votes(12, 2), ONE_O_CLOCK),
        ),
        (
            {"vote": {"type": "down"}, "totals": None},
            VoteReceived(42, 17, "", False, None, None, ONE_O_CLOCK),
        ),
    ],
)
def test_vote_received(change: dict[str, object], event: VoteReceived) -> None:
    """A vote's session id is flat and in camel case, unlike the other events'."""
    text = frame("vote.received", VOTE | change, timestamp="2025-11-08T01:00:00.000Z")
    assert wire.parse_frame(text) == event


@pytest.mark.parametrize("active", [0, False, "0"])
def test_session_ended(active: object) -> None:
    """The type alone says that a session ended, however `is_active` is written."""
    session = {"id": 17, "is_active": active, "games_played": 5}
    text = frame("session.ended", {"session": session}, timestamp="2025-11-08T01:00:00.000Z")
    assert wire.parse_frame(text) == SessionEnded(17, 5, ONE_O_CLOCK)


def test_an_event_without_timestamp() -> None:
    """The timestamp of an event is optional, and one that is no date is none."""
    assert wire.parse_frame(frame("session.ended", {"session": {"id": 17}})) == SessionEnded(17)
    text = frame("session.ended", {"session": {"id": 17}}, timestamp="yesterday")
    assert wire.parse_frame(text) == SessionEnded(17)


def test_game_status_tells_a_room_code() -> None:
    """`game.status` is of use for its room code, and for nothing else."""
    data = {"sessionId": 42, "gameId": 17, "roomCode": "ABCD", "players": ["Ann"], "playerCount": 1}
    text = frame("game.status", data, timestamp="2025-11-08T01:00:00.000Z")
    assert wire.parse_frame(text) == RoomSeen(42, 17, "ABCD", ONE_O_CLOCK)
    without = frame("game.status", data | {"roomCode": None})
    assert wire.parse_frame(without) == Ignored("game.status")


@pytest.mark.parametrize(
    "type",
    [
        "unsubscribed",
        "player-count.updated",
        "game.started",
        "game.ended",
        "game.picked",
        "game.dismissed",
        "room.connected",
        "room.disconnected",
        "lobby.player-joined",
        "lobby.updated",
        "poll.start",
        "poll.leading",
        "poll.ending",
        "poll.ending.cancelled",
        "voting.ended",
        "something.new",
    ],
)
def test_other_types_are_ignored(type: str) -> None:
    """Events that we have no use for are told apart from broken ones, whatever they carry."""
    assert wire.parse_frame(frame(type, {"sessionId": "odd", "game": []})) == Ignored(type)
    assert wire.parse_frame(frame(type)) == Ignored(type)


def test_extra_fields_and_the_order_of_fields_do_not_matter() -> None:
    """Fields that a newer Picker adds, and a type that comes last, change nothing."""
    text = '{"v":2,"data":{"session":{"id":17,"mood":{}},"more":[1]},"type":"session.ended"}'
    assert wire.parse_frame(text) == SessionEnded(17)
    assert wire.parse_frame(text.encode()) == SessionEnded(17)


@pytest.mark.parametrize(
    ("text", "type", "reason"),
    [
        (frame("session.ended"), "session.ended", "`data`"),
        (frame("session.ended", {"session": {}}), "session.ended", "`id`"),
        (frame("session.ended", {"session": {"id": "17"}}), "session.ended", "$.data.session.id"),
        (frame("session.ended", {"session": {"id": True}}), "session.ended", "$.data.session.id"),
        (frame("session.ended", {"session": [17]}), "session.ended", "$.data.session"),
        (frame("session.ended", {"session": {"id": 1 << 63}}), "session.ended", "<= 900719925474"),
        (frame("session.ended", {"sessionId": 17}), "session.ended", "`session`"),
        (frame("session.started", {"session": {"id": 1}}), "session.started", "`created_at`"),
        (
            frame("session.started", {"session": {"id": 1, "created_at": "now"}}),
            "session.started",
            "`created_at` is not a date",
        ),
        (frame("game.added", {"session": {"id": 1}, "game": {}}), "game.added", "`title`"),
        (frame("game.added", {"game": {"title": "X"}}), "game.added", "`session`"),
        (frame("vote.received", VOTE | {"vote": {"type": "meh"}}), "vote.received", "'meh'"),
        (frame("vote.received", {"session": {"id": 42}}), "vote.received", "missing"),
        (frame("game.status", {"sessionId": 42}), "game.status", "`gameId`"),
    ],
)
def test_a_known_type_without_what_it_needs(text: str, type: str, reason: str) -> None:
    """A wrong or missing part that is needed makes the frame malformed, and the reason names it."""
    meaning = wire.parse_frame(text)
    assert isinstance(meaning, Malformed)
    assert (meaning.type, meaning.salvaged) == (type, None)
    assert reason in meaning.reason


@pytest.mark.parametrize(
    ("text", "salvaged", "reason"),
    [
        (
            frame(
                "game.added",
                {
                    "session": {"id": 42, "games_played": "1"},
                    "game": {"id": 17, "title": "Drawful 2", "min_players": 3.5, "room_code": 7},
                },
            ),
            GameAdded(42, Game("Drawful 2", 17)),
            "$.data.session.games_played",
        ),
        (
            frame("vote.received", VOTE | {"totals": {"upvotes": 1}}),
            None,
            "`downvotes` - at `$.data.totals`",
        ),
        (
            frame("vote.received", VOTE | {"totals": "many"}),
            VoteReceived(42, 17, "ann", True, ONE_O_CLOCK - 2),
            "$.data.totals",
        ),
        (frame("subscribed", sessionId="42"), Subscribed(), "$.sessionId"),
        (
            frame("session.ended", {"session": {"id": 17}}, timestamp=1762563600),
            SessionEnded(17),
            "$.timestamp",
        ),
        (
            frame("game.status", {"sessionId": 4, "gameId": 1, "roomCode": 5}),
            Ignored("game.status"),
            "$.data.roomCode",
        ),
    ],
)
def test_a_wrong_optional_part_is_left_out(text: str, salvaged: object, reason: str) -> None:
    """What an event means is kept when only an optional part of it is wrong."""
    meaning = wire.parse_frame(text)
    assert isinstance(meaning, Malformed)
    assert meaning.salvaged == salvaged
    assert reason in meaning.reason


@pytest.mark.parametrize(
    "text",
    [
        "",
        "<html>502</html>",
        "[]",
        "null",
        "7",
        "{}",
        '{"type":5}',
        '{"event":"session.ended"}',
        '{"type":"pong"',
        '{"type":"new","deep":' + "[" * 100_000,
        '{"type":"session.ended","data":' + "[" * 100_000 + "]" * 100_000 + "}",
        b"\xff\xfe\x00",
        b'{"type":"auth_error","message":"\xff"}',
    ],
)
def test_what_is_no_frame_at_all(text: str | bytes) -> None:
    """Nothing that comes over the socket raises; it is malformed, without a type."""
    meaning = wire.parse_frame(text)
    assert isinstance(meaning, Malformed)
    assert meaning.type is None
    assert meaning.reason


def test_half_an_emoji() -> None:
    """A title cut inside a surrogate pair is still announced, in a form that can be stored."""
    data = {"session": {"id": 1}, "game": {"title": "Joke Boat \ud83d"}}
    assert wire.parse_frame(frame("game.added", data)) == GameAdded(1, Game("Joke Boat ?"))
    whole = frame("game.added", data | {"game": {"title": "Joke Boat \U0001f6a4"}})
    assert wire.parse_frame(whole) == GameAdded(1, Game("Joke Boat \U0001f6a4"))


# --- our frames --------------------------------------------------------------------------


def test_our_frames() -> None:
    """Our frames are the four of the contract, with `sessionId` in camel case."""
    assert json.loads(wire.encode_auth('a"b')) == {"type": "auth", "token": 'a"b'}
    assert json.loads(wire.encode_subscribe(42)) == {"type": "subscribe", "sessionId": 42}
    assert json.loads(wire.encode_unsubscribe(42)) == {"type": "unsubscribe", "sessionId": 42}
    assert json.loads(wire.encode_ping()) == {"type": "ping"}


# --- dates -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2025-11-08T01:00:00.000Z", ONE_O_CLOCK),
        ("2025-11-08T01:00:00Z", ONE_O_CLOCK),
        ("2025-11-08T01:00:00.456Z", ONE_O_CLOCK + 0.456),
        ("2025-11-08T02:00:00+01:00", ONE_O_CLOCK),
        ("2025-11-08 01:00:00", ONE_O_CLOCK),
        ("2025-11-08 01:00:00.250", ONE_O_CLOCK + 0.25),
        (None, None),
        ("", None),
        ("soon", None),
        ("2025-13-08T01:00:00Z", None),
    ],
)
def test_dates(text: str | None, moment: float | None) -> None:
    """Dates come as ISO 8601 and as SQLite writes them, in UTC; what is no date is none."""
    assert wire.parse_moment(text) == moment


# --- answers -----------------------------------------------------------------------------


def reply(document: object, status: int = 200) -> Reply:
    return Reply(status, json.dumps(document).encode())


HTML = b"<!DOCTYPE html><html><body>Cannot GET /api/sessions/active</body></html>"
SESSION: dict[str, object] = {
    "id": 42,
    "notes": "Friday",
    "is_active": 1,
    "created_at": "2025-11-08T01:00:00.000Z",
    "closed_at": None,
    "games_played": 3,
}
INFO = SessionInfo(SessionKey(42, int(ONE_O_CLOCK)), True, 3, "Friday")
UNCLEAR = [
    Reply(200, HTML),
    Reply(200, b""),
    Reply(200, b'{"id":'),
    Reply(404, HTML),
    Reply(500, b'{"error":"Something went wrong!","message":"SQLITE_BUSY"}'),
    Reply(502, HTML),
    Reply(503, b""),
    Reply(401, b'{"error":"Access token required"}'),
    Reply(403, b'{"error":"Invalid or expired token"}'),
    Reply(429, b'{"error":"Too many requests"}'),
    Reply(204, b""),
    Reply(302, b""),
    reply({"error": "session and active session"}),
    reply([1]),
    reply("closed"),
    reply(7),
    reply({"status": "ok"}),
    reply({"error": "no Route matched with those values"}, 404),
    reply({"message": "session not found"}, 404),
    reply({"error": {"text": "session"}}, 404),
    reply(["session"], 404),
]


@pytest.mark.parametrize(
    ("document", "info"),
    [
        (SESSION, INFO),
        (SESSION | {"is_active": True, "created_at": "2025-11-08 01:00:00"}, INFO),
        (
            {"id": 42, "created_at": "2025-11-08 01:00:00"},
            SessionInfo(SessionKey(42, int(ONE_O_CLOCK)), True),
        ),
        (
            SESSION | {"games_played": "3", "notes": 5},
            SessionInfo(SessionKey(42, int(ONE_O_CLOCK)), True),
        ),
    ],
)
def test_the_active_session(document: object, info: SessionInfo) -> None:
    """An active session is the bare object; only its id and its moment are needed."""
    assert wire.parse_active(reply(document)) == info


@pytest.mark.parametrize(
    "answer",
    [
        reply({"session": None, "message": "No active session"}),
        reply({"session": None}),
        reply(None),
        reply({"error": "No active session found"}, 404),
        reply(SESSION | {"is_active": 0, "closed_at": "2025-11-08 04:00:00"}),
        reply(SESSION | {"is_active": False}),
        reply(SESSION | {"is_active": "0"}),
    ],
)
def test_no_active_session(answer: Reply) -> None:
    """ "No session" is believed only where the Picker says so."""
    assert wire.parse_active(answer) is None


@pytest.mark.parametrize("answer", UNCLEAR)
def test_an_outage_is_not_an_ending(answer: Reply) -> None:
    """Pages, errors, refusals and senseless answers say nothing about any session."""
    with pytest.raises(Unclear) as caught:
        wire.parse_active(answer)
    assert caught.value.reason
    with pytest.raises(Unclear):
        wire.parse_session(answer, 42)
    with pytest.raises(Unclear):
        wire.parse_games(answer)
    with pytest.raises(Unclear):
        wire.parse_game(answer, 17)


@pytest.mark.parametrize(
    "document",
    [
        {"id": "42", "created_at": "2025-11-08 01:00:00"},
        {"id": 42},
        {"id": 42, "created_at": "now"},
        {"session": SESSION},
        {"session": None, "id": "42"},
    ],
)
def test_a_session_that_cannot_be_read(document: object) -> None:
    """A session without a numeric id or a moment is neither a session nor the lack of one."""
    with pytest.raises(Unclear):
        wire.parse_active(reply(document))


def test_reasons_are_for_a_log() -> None:
    """The reason is one line with status and the Picker's words, and foreign answers are told."""
    with pytest.raises(Unclear, match=r"^HTTP 500 \(Something went wrong!\)$") as caught:
        wire.parse_active(Reply(500, b'{"error":"Something went\\n wrong!"}'))
    assert not caught.value.foreign
    with pytest.raises(Unclear, match=r"^HTTP 502$") as caught:
        wire.parse_active(Reply(502, HTML))
    assert not caught.value.foreign
    with pytest.raises(Unclear, match="page or other text instead of JSON") as caught:
        wire.parse_active(Reply(200, HTML))
    assert caught.value.foreign
    for status in (401, 403, 404):
        with pytest.raises(Unclear, match=rf"^HTTP {status}$") as caught:
            wire.parse_active(Reply(status, HTML))
        assert caught.value.foreign
    with pytest.raises(Unclear, match=r"^HTTP 401 \(Access token required\)$") as caught:
        wire.parse_active(Reply(401, b'{"error":"Access token required"}'))
    assert not caught.value.foreign


@pytest.mark.parametrize(
    ("change", "active", "closed_at"),
    [
        ({}, True, None),
        ({"is_active": 0, "closed_at": "2025-11-08 01:00:00"}, False, ONE_O_CLOCK),
        ({"is_active": False}, False, None),
        ({"is_active": None, "closed_at": "2025-11-08T01:00:00Z"}, False, ONE_O_CLOCK),
    ],
)
def test_a_session_by_its_id(
    change: dict[str, object], active: bool, closed_at: float | None
) -> None:
    """A session asked for by its id says whether it runs, by `is_active` or by `closed_at`."""
    info = wire.parse_session(reply(SESSION | change), 42)
    assert info is not None
    assert (info.active, info.closed_at) == (active, closed_at)


def test_a_session_that_is_gone() -> None:
    """404 in the Picker's words is an answer: it has no such session."""
    assert wire.parse_session(reply({"error": "Session not found"}, 404), 42) is None


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        (SESSION | {"id": 43}, "session 43"),
        (SESSION | {"is_active": None}, "whether the session is active"),
    ],
)
def test_an_answer_about_something_else(document: object, reason: str) -> None:
    """An answer about another session, or one that does not say whether it runs, is unclear."""
    with pytest.raises(Unclear, match=reason):
        wire.parse_session(reply(document), 42)


ROW: dict[str, object] = {
    "id": 91,
    "session_id": 42,
    "game_id": 17,
    "played_at": "2025-11-08 01:00:00",
    "manually_added": 0,
    "status": "playing",
    "room_code": "ABCD",
    "player_count": None,
    "pack_name": "Drawful 2",
    "title": "Drawful 2",
    "min_players": 3,
    "max_players": 8,
    "popularity_score": 10,
    "upvotes": 12,
    "downvotes": 2,
    "source": "dice",
}


@pytest.mark.parametrize(
    ("change", "row"),
    [
        ({}, Row(91, DRAWFUL, RowStatus.PLAYING, "ABCD", ONE_O_CLOCK, Votes(12, 2))),
        (
            {"upvotes": None, "status": "played", "room_code": ""},
            Row(91, DRAWFUL, RowStatus.PLAYED, None, ONE_O_CLOCK),
        ),
        (
            {"downvotes": None, "status": "skipped", "played_at": None},
            Row(91, DRAWFUL, RowStatus.SKIPPED, "ABCD"),
        ),
        (
            {"status": "paused", "played_at": 5, "min_players": "3", "upvotes": "12"},
            Row(91, Game("Drawful 2", 17, "Drawful 2", None, 8), RowStatus.UNKNOWN, "ABCD"),
        ),
        (
            {"status": None, "title": None},
            Row(
                91,
                Game("Game 17", 17, "Drawful 2", 3, 8),
                RowStatus.UNKNOWN,
                "ABCD",
                ONE_O_CLOCK,
                Votes(12, 2),
            ),
        ),
    ],
)
def test_a_row_of_the_games(change: dict[str, object], row: Row) -> None:
    """A row's id is its own and not the game's; everything but that id is optional."""
    assert wire.parse_games(reply([ROW | change])) == (row,)


def test_bare_rows_come_in_the_order_of_adding() -> None:
    """Rows are sorted by their own id, whatever the order of the answer."""
    rows = wire.parse_games(reply([{"id": 92}, {"id": 91, "game_id": 4}]))
    assert rows == (Row(91, Game("Game 4", 4)), Row(92, Game("Game")))
    assert wire.parse_games(reply([])) == ()


def test_a_row_that_is_there_twice() -> None:
    """A row that an answer repeats is one game of the night."""
    assert wire.parse_games(reply([{"id": 91}, {"id": 91}])) == (Row(91, Game("Game")),)


@pytest.mark.parametrize(
    "document", [[ROW, {"title": "X"}], [ROW, {"id": 1 << 63}], [ROW, None], {"games": [ROW]}, None]
)
def test_one_row_that_cannot_be_read(document: object) -> None:
    """A list with an unreadable row is unclear, since a missing row means a game taken back."""
    with pytest.raises(Unclear):
        wire.parse_games(reply(document))


def test_votes_of_tonight() -> None:
    """Tonight's votes come by catalogue id; a game without votes has no row."""
    row = {"game_id": 17, "title": "D", "upvotes": 5, "downvotes": 1, "net_score": 4}
    assert wire.parse_votes(reply({"session_id": 42, "votes": [row]}), 42) == ((17, Votes(5, 1)),)
    assert wire.parse_votes(reply({"votes": []}), 42) == ()


@pytest.mark.parametrize(
    "answer",
    [
        Reply(404, HTML),
        Reply(404, b""),
        Reply(200, HTML),
        reply({"error": "Not found"}, 404),
    ],
)
def test_a_picker_without_votes(answer: Reply) -> None:
    """A page, or a 404 that does not speak of the session, means that there is no such query."""
    assert wire.parse_votes(answer, 42) is None


@pytest.mark.parametrize(
    "answer",
    [
        reply({"error": "Session not found"}, 404),
        Reply(500, HTML),
        Reply(502, HTML),
        Reply(200, b'{"session_id":42,"vo'),
        Reply(200, b""),
        Reply(403, b'{"error":"Invalid or expired token"}'),
        reply({"session_id": 43, "votes": []}),
        reply({"session_id": 42}),
        reply({"votes": [{"game_id": 17, "upvotes": "5", "downvotes": 1}]}),
    ],
)
def test_votes_that_say_nothing(answer: Reply) -> None:
    """An error, an unknown session or a broken list is unclear, and never "no votes"."""
    with pytest.raises(Unclear):
        wire.parse_votes(answer, 42)


@pytest.mark.parametrize(
    ("document", "counters"),
    [
        ({"id": 17, "title": "D", "upvotes": 12, "downvotes": 2}, Votes(12, 2)),
        ({"id": 17, "upvotes": 12}, None),
        ({"id": 17}, None),
    ],
)
def test_counters_of_a_game(document: object, counters: Votes | None) -> None:
    """The catalogue's counters are taken only where both are there."""
    assert wire.parse_game(reply(document), 17) == counters


def test_counters_of_another_game() -> None:
    """An answer about another game is unclear."""
    with pytest.raises(Unclear, match="game 18"):
        wire.parse_game(reply({"id": 18}), 17)


def test_tickers() -> None:
    """The catalogue's games by ticker, in capitals; rows without one, or unreadable, are none."""
    rows = [
        {"id": 3, "title": "Quiplash 3", "ticker": "qpl3"},
        {"id": 4, "ticker": "FIB4", "title": None},
        {"id": 5, "title": "Old"},
        {"id": "six", "ticker": "SIX"},
        "seven",
    ]
    assert wire.parse_tickers(reply(rows)) == {
        "QPL3": Game("Quiplash 3", 3),
        "FIB4": Game("Game 4", 4),
    }
    with pytest.raises(Unclear):
        wire.parse_tickers(reply({"games": rows}))


def test_catalogue() -> None:
    """The counters of all games that have both; an unreadable row has none."""
    rows = [{"id": 3, "upvotes": 5, "downvotes": 0}, {"id": 4, "upvotes": 1}, {"id": "six"}, 7]
    assert wire.parse_catalogue(reply(rows)) == {3: Votes(5, 0)}
    with pytest.raises(Unclear):
        wire.parse_catalogue(reply({"games": rows}))


def test_login() -> None:
    """A login yields the token."""
    body = {"token": "a.b.c", "message": "Authentication successful", "expiresIn": "24h"}
    assert wire.parse_login(reply(body)) == "a.b.c"


@pytest.mark.parametrize(
    "answer",
    [
        reply({"error": "Invalid admin key"}, 401),
        reply({"error": "Admin key is required"}, 400),
        reply({"error": "Forbidden"}, 403),
    ],
)
def test_a_refused_key(answer: Reply) -> None:
    """A refusal in the Picker's words is about the key."""
    with pytest.raises(KeyRefused):
        wire.parse_login(answer)


@pytest.mark.parametrize(
    "answer",
    [
        Reply(401, HTML),
        Reply(404, HTML),
        Reply(200, HTML),
        Reply(502, HTML),
        reply({"error": "Too many"}, 429),
        reply({"token": ""}),
        reply({"token": 5}),
        reply(["token"]),
    ],
)
def test_a_login_that_says_nothing(answer: Reply) -> None:
    """A proxy's refusal, an outage or a stranger's answer is not a refused key."""
    with pytest.raises(Unclear):
        wire.parse_login(answer)

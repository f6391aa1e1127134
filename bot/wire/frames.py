"""Frames of the live socket: what the Picker pushes, and what we say to it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

import msgspec

from bot.domain import (
    Event,
    Game,
    GameAdded,
    RoomSeen,
    SessionEnded,
    SessionKey,
    SessionStarted,
    VoteReceived,
    Votes,
)
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

# --- what a frame may be -----------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class AuthAccepted:
    """``auth_success``."""


@dataclass(frozen=True, slots=True)
class AuthRefused:
    """``auth_error``: the token is bad or has expired."""

    message: str = ""


@dataclass(frozen=True, slots=True)
class Subscribed:
    """``subscribed``; some Pickers name the session only in words, so the id may be missing."""

    session_id: int | None = None


@dataclass(frozen=True, slots=True)
class Pong:
    """The answer to our ``ping``."""


@dataclass(frozen=True, slots=True)
class Complaint:
    """``error``: the Picker did not like a frame of ours."""

    message: str = ""


Control = AuthAccepted | AuthRefused | Subscribed | Pong | Complaint


@dataclass(frozen=True, slots=True)
class Ignored:
    """A type that we do not know or have no use for, which is normal."""

    type: str


@dataclass(frozen=True, slots=True)
class Malformed:
    """A frame that is not what its type should be.

    ``type`` is None where it has none that we know; ``reason`` is a clause for the log.
    ``salvaged`` is what could be read all the same, without the optional parts that were wrong.
    """

    type: str | None
    reason: str
    salvaged: Control | Event | Ignored | None = None


Frame = Control | Event | Ignored | Malformed


# --- frames ------------------------------------------------------------------------------


class _Frame(msgspec.Struct, tag_field="type", frozen=True, gc=False):
    """A frame as it is on the wire; each has a ``value()``, which is what it means."""


class _AuthSuccess(_Frame, tag="auth_success", frozen=True, gc=False):
    def value(self) -> AuthAccepted:
        return AuthAccepted()


class _AuthError(_Frame, tag="auth_error", frozen=True, gc=False):
    message: str = ""

    def value(self) -> AuthRefused:
        return AuthRefused(quotable(self.message))


class _Subscribed(_Frame, tag="subscribed", frozen=True, gc=False):
    session_id: Id | None = msgspec.field(default=None, name="sessionId")

    def value(self) -> Subscribed:
        return Subscribed(self.session_id)


class _Pong(_Frame, tag="pong", frozen=True, gc=False):
    def value(self) -> Pong:
        return Pong()


class _Error(_Frame, tag="error", frozen=True, gc=False):
    message: str = ""

    def value(self) -> Complaint:
        return Complaint(quotable(self.message))


class _NewSession(msgspec.Struct, frozen=True, gc=False):
    id: Id
    created_at: str
    notes: str | None = None

    def __post_init__(self) -> None:
        parse_created_at(self.created_at)


class _Session(msgspec.Struct, frozen=True, gc=False):
    id: Id
    games_played: int | None = None


class _Game(msgspec.Struct, frozen=True, gc=False):
    title: str
    id: Id | None = None
    pack_name: str | None = None
    min_players: int | None = None
    max_players: int | None = None
    room_code: str | None = None


class _Totals(msgspec.Struct, frozen=True, gc=False):
    upvotes: int
    downvotes: int


class _Vote(msgspec.Struct, frozen=True, gc=False):
    type: Literal["up", "down"]
    username: str = ""
    timestamp: str | None = None


class _Voted(msgspec.Struct, frozen=True, gc=False):
    id: Id


class _StartedData(msgspec.Struct, frozen=True, gc=False):
    session: _NewSession


class _AddedData(msgspec.Struct, frozen=True, gc=False):
    session: _Session
    game: _Game


class _VoteData(msgspec.Struct, frozen=True, gc=False):
    game: _Voted
    vote: _Vote
    session_id: Id = msgspec.field(name="sessionId")
    totals: _Totals | None = None


class _EndedData(msgspec.Struct, frozen=True, gc=False):
    session: _Session


class _StatusData(msgspec.Struct, frozen=True, gc=False):
    session_id: Id = msgspec.field(name="sessionId")
    game_id: Id = msgspec.field(name="gameId")
    room_code: str | None = msgspec.field(default=None, name="roomCode")


class _SessionStarted(_Frame, tag="session.started", frozen=True, gc=False):
    data: _StartedData
    timestamp: str | None = None

    def value(self) -> SessionStarted:
        session = self.data.session
        key = SessionKey(session.id, parse_created_at(session.created_at))
        return SessionStarted(key, session.notes, parse_moment(self.timestamp))


class _GameAdded(_Frame, tag="game.added", frozen=True, gc=False):
    data: _AddedData
    timestamp: str | None = None

    def value(self) -> GameAdded:
        session, game = self.data.session, self.data.game
        return GameAdded(
            session.id,
            Game(game.title, game.id, game.pack_name, game.min_players, game.max_players),
            session.games_played,
            parse_room_code(game.room_code),
            parse_moment(self.timestamp),
        )


class _VoteReceived(_Frame, tag="vote.received", frozen=True, gc=False):
    data: _VoteData
    timestamp: str | None = None

    def value(self) -> VoteReceived:
        data, vote, totals = self.data, self.data.vote, self.data.totals
        return VoteReceived(
            data.session_id,
            data.game.id,
            vote.username,
            vote.type == "up",
            parse_moment(vote.timestamp),
            None if totals is None else Votes(totals.upvotes, totals.downvotes),
            parse_moment(self.timestamp),
        )


class _SessionEnded(_Frame, tag="session.ended", frozen=True, gc=False):
    data: _EndedData
    timestamp: str | None = None

    def value(self) -> SessionEnded:
        session = self.data.session
        return SessionEnded(session.id, session.games_played, parse_moment(self.timestamp))


class _GameStatus(_Frame, tag="game.status", frozen=True, gc=False):
    data: _StatusData
    timestamp: str | None = None

    def value(self) -> RoomSeen | Ignored:
        data = self.data
        code = parse_room_code(data.room_code)
        if code is None:
            return Ignored("game.status")
        return RoomSeen(data.session_id, data.game_id, code, parse_moment(self.timestamp))


_Known = (
    _VoteReceived
    | _GameAdded
    | _GameStatus
    | _SessionStarted
    | _SessionEnded
    | _Pong
    | _AuthSuccess
    | _AuthError
    | _Subscribed
    | _Error
)
_KNOWN_TYPES = frozenset(kind.__struct_config__.tag for kind in get_args(_Known))
_FRAME = msgspec.json.Decoder(_Known)


def parse_frame(text: str | bytes) -> Frame:
    """What a frame of the live socket means. Never raises."""
    try:
        frame: _Known = _FRAME.decode(text)
    except UNREADABLE:
        return _second_look(text)
    return frame.value()


def _second_look(text: str | bytes) -> Frame:
    """A frame of a type that we do not know, or with something wrong in it."""
    try:
        document = lenient(text)
    except UNREADABLE:
        return Malformed(None, "not JSON")
    kind = document.get("type") if isinstance(document, dict) else None
    if not isinstance(kind, str):
        return Malformed(None, "not a JSON object with a type")
    if kind not in _KNOWN_TYPES:
        return Ignored(quotable(kind))
    frame, reason = salvage(document, _Known)
    value = None if frame is None else frame.value()
    return value if value is not None and not reason else Malformed(kind, reason, value)


# --- our frames --------------------------------------------------------------------------


def encode_auth(token: str) -> str:
    """The first frame after the socket is open. It holds a secret: never log it."""
    return _encode({"type": "auth", "token": token})


def encode_subscribe(session_id: int) -> str:
    return _encode({"type": "subscribe", "sessionId": session_id})


def encode_unsubscribe(session_id: int) -> str:
    return _encode({"type": "unsubscribe", "sessionId": session_id})


def encode_ping() -> str:
    """The heartbeat that the Picker counts; a ping of the WebSocket protocol may not be."""
    return _encode({"type": "ping"})


def _encode(frame: dict[str, object]) -> str:
    return msgspec.json.encode(frame).decode()

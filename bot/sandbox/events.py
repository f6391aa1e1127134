"""What a Picker sends over the WebSocket: control messages and events."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import UNSET, Struct, UnsetType

from bot.sandbox.answers import CastVote, cast_vote
from bot.sandbox.catalogue import CatalogueGame
from bot.sandbox.database import Session, SessionGame, Vote
from bot.sandbox.era import Era
from bot.sandbox.shapes import CamelShape, Shape, date, iso


class Control(CamelShape):
    """Neither `timestamp` nor `data`: only events have these."""

    type: str
    message: str | UnsetType = UNSET
    session_id: int | UnsetType = UNSET


class Event(Shape):
    """`timestamp` is when the event was made. The messages of a poll come without one."""

    type: str
    timestamp: str | UnsetType
    data: Struct


def event(type: str, data: Struct, now: float | None) -> Event:
    return Event(type, UNSET if now is None else iso(now), data)


class StartedSession(Shape):
    id: int
    is_active: int
    created_at: str
    notes: str | None


class SessionStarted(Shape):
    session: StartedSession


def session_started(session: Session, era: Era) -> SessionStarted:
    created_at = date(session.created_at, era)
    return SessionStarted(StartedSession(session.id, 1, created_at, session.notes))


class PlayedSession(Shape):
    id: int
    is_active: bool | int
    games_played: int


class AddedGame(Shape):
    id: int
    title: str
    pack_name: str
    min_players: int
    max_players: int
    manually_added: bool
    room_code: str | UnsetType | None


class GameAdded(Shape):
    session: PlayedSession
    game: AddedGame


def game_added(row: SessionGame, game: CatalogueGame, games_played: int, era: Era) -> GameAdded:
    """`is_active` is a boolean here and a number in the other events."""
    added = AddedGame(
        id=game.id,
        title=game.title,
        pack_name=game.pack,
        min_players=game.min_players,
        max_players=game.max_players,
        manually_added=row.manually_added,
        room_code=row.room_code if era.code_in_event else UNSET,
    )
    return GameAdded(PlayedSession(row.session_id, True, games_played), added)


class SessionEnded(Shape):
    session: PlayedSession


def session_ended(session: Session, games_played: int) -> SessionEnded:
    return SessionEnded(PlayedSession(session.id, 0, games_played))


class EventGame(Shape):
    id: int
    title: str
    pack_name: str


class Totals(Shape):
    """Of all time, never tonight's."""

    upvotes: int
    downvotes: int
    popularity_score: int


class VoteReceived(CamelShape):
    """The session's id is flat and in camelCase, unlike in the three events above."""

    session_id: int
    game: EventGame
    vote: CastVote
    totals: Totals


def vote_received(vote: Vote, game: CatalogueGame) -> VoteReceived:
    return VoteReceived(
        vote.session_id,
        EventGame(game.id, game.title, game.pack),
        cast_vote(vote),
        Totals(game.upvotes, game.downvotes, game.popularity),
    )


class PlayerCount(CamelShape):
    session_id: int
    game_id: int
    player_count: int
    status: str = "completed"


class RoomStatus(CamelShape):
    """What the room monitor sees; every event of a room carries it."""

    session_id: int
    game_id: int
    room_code: str
    app_tag: str
    max_players: int
    player_count: int
    players: Sequence[str]
    lobby_state: str
    game_state: str
    game_started: bool
    game_finished: bool
    monitoring: bool


class PlayerJoined(CamelShape):
    session_id: int
    game_id: int
    player_name: str
    player_count: int


class RoomDisconnected(CamelShape):
    session_id: int
    game_id: int
    room_code: str
    reason: str


class PollStarted(CamelShape):
    session_id: int
    poll_started_at: str


class PollLeading(CamelShape):
    """Game 0 is "Other"."""

    session_id: int
    game_id: int
    label: str
    votes: int


class PollEnding(CamelShape):
    session_id: int
    ends_at: str | UnsetType = UNSET


class VotingEnded(CamelShape):
    session_id: int
    winner_game_id: int | None
    winner_label: str | None
    winner_votes: int


class PickedGame(CamelShape):
    session_id: int
    game_id: int
    title: str

"""The bodies of all REST answers."""

from __future__ import annotations

from msgspec import UNSET, UnsetType

from bot.sandbox.catalogue import CatalogueGame
from bot.sandbox.database import Refusal, Session, SessionGame, Tally, Vote
from bot.sandbox.era import Era
from bot.sandbox.shapes import CamelShape, Shape, date, sqlite


class DebugRow(Shape):
    title: str
    played_at: str


class Debug(CamelShape):
    vote_timestamp: str
    session_games: tuple[DebugRow, ...]


class ErrorAnswer(Shape, rename={"active_session_id": "activeSessionId"}):
    error: str
    message: str | UnsetType = UNSET
    active_session_id: int | UnsetType = UNSET
    debug: Debug | UnsetType = UNSET


def error_answer(refusal: Refusal) -> ErrorAnswer:
    unmatched = refusal.unmatched
    return ErrorAnswer(
        refusal.error,
        message=UNSET if refusal.message is None else refusal.message,
        active_session_id=UNSET if refusal.active_session_id is None else refusal.active_session_id,
        debug=UNSET
        if unmatched is None
        else Debug(unmatched.stamp, tuple(DebugRow(t, sqlite(at)) for t, at in unmatched.rows)),
    )


class HealthAnswer(Shape):
    status: str = "ok"
    message: str = "Jackbox Game Picker API is running"


class LoginAnswer(CamelShape):
    token: str
    message: str = "Authentication successful"
    expires_in: str = "24h"


class User(Shape):
    role: str
    iat: int
    exp: int


class VerifyAnswer(Shape):
    valid: bool
    user: User


class MessageAnswer(Shape):
    message: str


class SessionAnswer(Shape):
    id: int
    notes: str | None
    is_active: int
    created_at: str
    closed_at: str | None
    games_played: int | UnsetType = UNSET


def session_answer(
    session: Session, era: Era, games_played: int | UnsetType = UNSET
) -> SessionAnswer:
    return SessionAnswer(
        id=session.id,
        notes=session.notes,
        is_active=int(session.active),
        created_at=date(session.created_at, era),
        closed_at=None if session.closed_at is None else date(session.closed_at, era),
        games_played=games_played,
    )


class NoSessionAnswer(Shape):
    session: None = None
    message: str = "No active session"


class RowAnswer(Shape):
    id: int
    session_id: int
    game_id: int
    played_at: str
    manually_added: int
    status: str
    room_code: str | None
    player_count: int | None
    pack_name: str
    title: str
    min_players: int
    max_players: int
    popularity_score: int | UnsetType = UNSET
    upvotes: int | UnsetType = UNSET
    downvotes: int | UnsetType = UNSET
    source: str | UnsetType = UNSET


def row_answer(row: SessionGame, game: CatalogueGame, era: Era) -> RowAnswer:
    return RowAnswer(
        id=row.id,
        session_id=row.session_id,
        game_id=row.game_id,
        played_at=sqlite(row.played_at),
        manually_added=int(row.manually_added),
        status=row.status,
        room_code=row.room_code,
        player_count=row.player_count,
        pack_name=game.pack,
        title=game.title,
        min_players=game.min_players,
        max_players=game.max_players,
        popularity_score=game.popularity if era.row_counters else UNSET,
        upvotes=game.upvotes if era.row_counters else UNSET,
        downvotes=game.downvotes if era.row_counters else UNSET,
        source=row.source if era.row_sources else UNSET,
    )


class GameAnswer(Shape):
    id: int
    pack_name: str
    title: str
    min_players: int
    max_players: int
    length_minutes: int
    game_type: str
    play_count: int
    popularity_score: int | UnsetType = UNSET
    upvotes: int | UnsetType = UNSET
    downvotes: int | UnsetType = UNSET
    ticker: str | UnsetType = UNSET
    secondary_type: None = None
    has_audience: int = 1
    family_friendly: int = 0
    enabled: int = 1
    favor_bias: int = 0
    created_at: str = "2024-01-15T12:00:00.000Z"


def game_answer(game: CatalogueGame, era: Era) -> GameAnswer:
    return GameAnswer(
        id=game.id,
        pack_name=game.pack,
        title=game.title,
        min_players=game.min_players,
        max_players=game.max_players,
        length_minutes=game.minutes,
        game_type=game.type,
        play_count=game.play_count,
        popularity_score=game.popularity if era.catalogue_counters else UNSET,
        upvotes=game.upvotes if era.catalogue_counters else UNSET,
        downvotes=game.downvotes if era.catalogue_counters else UNSET,
        ticker=game.ticker if era.tickers else UNSET,
    )


class TallyRow(Shape):
    game_id: int
    title: str
    pack_name: str
    upvotes: int
    downvotes: int
    net_score: int
    total_votes: int


class TalliesAnswer(Shape):
    session_id: int
    votes: tuple[TallyRow, ...]


def tally_row(tally: Tally) -> TallyRow:
    return TallyRow(
        game_id=tally.game.id,
        title=tally.game.title,
        pack_name=tally.game.pack,
        upvotes=tally.upvotes,
        downvotes=tally.downvotes,
        net_score=tally.net_score,
        total_votes=tally.upvotes + tally.downvotes,
    )


class VoteRow(Shape):
    id: int
    session_id: int
    game_id: int
    game_title: str
    pack_name: str
    username: str
    vote_type: str
    timestamp: str
    created_at: str


def vote_row(vote: Vote, game: CatalogueGame) -> VoteRow:
    return VoteRow(
        id=vote.id,
        session_id=vote.session_id,
        game_id=vote.game_id,
        game_title=game.title,
        pack_name=game.pack,
        username=vote.username,
        vote_type=direction(vote.up),
        timestamp=vote.stamp,
        created_at=sqlite(vote.created_at),
    )


class Pagination(Shape):
    page: int
    limit: int
    total: int
    total_pages: int


class VotesAnswer(Shape):
    votes: tuple[VoteRow, ...]
    pagination: Pagination


class VotedSession(Shape):
    id: int
    games_played: int


class VotedGame(Shape):
    id: int
    title: str
    upvotes: int
    downvotes: int
    popularity_score: int


class CastVote(Shape):
    """The voter's own timestamp, as it was sent."""

    username: str
    type: str
    timestamp: str


class VotedAnswer(Shape):
    session: VotedSession
    game: VotedGame
    vote: CastVote
    success: bool = True
    message: str = "Vote recorded successfully"


def voted_answer(vote: Vote, game: CatalogueGame, games_played: int) -> VotedAnswer:
    return VotedAnswer(
        session=VotedSession(vote.session_id, games_played),
        game=VotedGame(game.id, game.title, game.upvotes, game.downvotes, game.popularity),
        vote=cast_vote(vote),
    )


def cast_vote(vote: Vote) -> CastVote:
    return CastVote(vote.username, direction(vote.up), vote.stamp)


def direction(up: bool) -> str:
    return "up" if up else "down"

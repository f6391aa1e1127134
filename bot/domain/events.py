"""Facts that the Picker pushed."""

from __future__ import annotations

from dataclasses import dataclass

from bot.domain.night import Game, SessionKey, Votes


@dataclass(frozen=True, slots=True)
class SessionStarted:
    key: SessionKey
    notes: str | None = None
    at: float | None = None


@dataclass(frozen=True, slots=True)
class GameAdded:
    session_id: int
    game: Game
    games_played: int | None = None
    room_code: str | None = None
    at: float | None = None


@dataclass(frozen=True, slots=True)
class VoteReceived:
    """``totals`` are the game's running all-time counters after this vote, never tonight's
    (contract, section 6, point 4)."""

    session_id: int
    game_id: int
    username: str
    up: bool
    voted_at: float | None = None
    totals: Votes | None = None
    at: float | None = None


@dataclass(frozen=True, slots=True)
class SessionEnded:
    session_id: int
    games_played: int | None = None
    at: float | None = None


@dataclass(frozen=True, slots=True)
class RoomSeen:
    """A room code told by ``game.status`` (since v0.6.0)."""

    session_id: int
    game_id: int
    room_code: str
    at: float | None = None


Event = SessionStarted | GameAdded | VoteReceived | SessionEnded | RoomSeen

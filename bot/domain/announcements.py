"""What is worth saying, before it has words."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256

from bot.domain.night import Game, SessionKey, Votes


class Kind(StrEnum):
    """The lines, by the names that ``[announce]`` and ``[messages]`` use."""

    SESSION_STARTED = "session_started"
    GAME_ADDED = "game_added"
    ROOM_CODE = "room_code"
    FINAL_VOTES = "final_votes"
    SESSION_ENDED = "session_ended"
    STATS = "stats"
    CATCH_UP = "catch_up"


@dataclass(frozen=True, slots=True)
class Started:
    session_id: int
    notes: str | None = None


@dataclass(frozen=True, slots=True)
class Added:
    game: Game
    room_code: str | None = None


@dataclass(frozen=True, slots=True)
class CodeChanged:
    game: Game
    room_code: str


@dataclass(frozen=True, slots=True)
class Voted:
    game: Game
    votes: Votes


@dataclass(frozen=True, slots=True)
class Over:
    session_id: int


@dataclass(frozen=True, slots=True)
class Scored:
    """A line of the night's scoreboard; ``votes`` is None where nothing could be counted."""

    game: Game
    votes: Votes | None = None


@dataclass(frozen=True, slots=True)
class Stats:
    games_played: int
    started_at: float
    ended_at: float
    scores: tuple[Scored, ...] = ()


@dataclass(frozen=True, slots=True)
class Missed:
    """Games that came while we were away, and the one that runs now."""

    games: tuple[Game, ...]
    running: Game
    room_code: str | None = None


Fact = Started | Added | CodeChanged | Voted | Over | Stats | Missed


@dataclass(frozen=True, slots=True)
class Announcement:
    """Something worth saying, under a key that is the same however we learned it.

    ``at`` is when it happened, by our clock. ``covers`` are the lines that this one stands
    for, oldest first: a channel that does not take this kind gets the newest of each kind
    that it takes."""

    kind: Kind
    key: str
    session: SessionKey
    at: float
    fact: Fact
    play: int | None = None
    covers: tuple[Announcement, ...] = ()


def code_key(room_code: str) -> str:
    """A room code as part of a key: itself if it is plain, else a digest of it, so that
    outside text cannot shape our keys."""
    if room_code.isascii() and room_code.isalnum() and len(room_code) <= 16:
        return room_code
    return sha256(room_code.encode("utf-8", "surrogatepass")).hexdigest()[:16]


class Stage(StrEnum):
    RUNNING = "running"
    OVER = "over"
    TAKEN_BACK = "taken back"


@dataclass(frozen=True, slots=True)
class Board:
    """What the message of a play shows, on a network that can edit. ``votes`` are tonight's,
    None where they could not be counted."""

    session: SessionKey
    play: int
    game: Game
    room_code: str | None = None
    votes: Votes | None = None
    stage: Stage = Stage.RUNNING

"""What the session machine asks the Picker for, and what the Picker said when asked."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from bot.domain.events import Event
from bot.domain.night import Game, SessionKey, Votes

# --- wants -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class WantSnapshot:
    pass


@dataclass(frozen=True, slots=True)
class WantConfirm:
    key: SessionKey


@dataclass(frozen=True, slots=True)
class WantTally:
    """``first`` is what must be asked before, within the same three seconds."""

    key: SessionKey
    play: int
    game_id: int | None
    first: WantSnapshot | WantConfirm | None = None


Want = WantSnapshot | WantConfirm | WantTally


# --- answers -----------------------------------------------------------------------------


class RowStatus(StrEnum):
    PLAYING = "playing"
    PLAYED = "played"
    SKIPPED = "skipped"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Row:
    """A row of ``GET /api/sessions/:id/games``: ``id`` is the row's own, ``game.id`` the
    catalogue's. ``totals`` are the game's all-time counters, ``before`` what they were before the
    night's first play of it; each where it is known."""

    id: int
    game: Game
    status: RowStatus = RowStatus.UNKNOWN
    room_code: str | None = None
    played_at: float | None = None
    totals: Votes | None = None
    before: Votes | None = None


@dataclass(frozen=True, slots=True)
class SessionInfo:
    """A session as ``/active`` or ``/sessions/:id`` shows it."""

    key: SessionKey
    active: bool
    games_played: int | None = None
    notes: str | None = None
    closed_at: float | None = None


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What a poll saw. ``seen`` is :attr:`bot.session.State.facts` when its first request
    left. ``session`` is None for a clear "no active session"; ``rows`` is None where the
    list of games could not be read, which says nothing about the games."""

    seen: int
    session: SessionInfo | None
    rows: tuple[Row, ...] | None = None


class Verdict(StrEnum):
    RUNNING = "running"
    ENDED = "ended"
    GONE = "gone"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Confirmed:
    """The answer to a :class:`WantConfirm`, or that there was none (``UNKNOWN``)."""

    seen: int
    key: SessionKey
    verdict: Verdict
    info: SessionInfo | None = None
    rows: tuple[Row, ...] | None = None


@dataclass(frozen=True, slots=True)
class Tallied:
    """The answer to a :class:`WantTally`.

    ``counts`` is tonight's count by catalogue id (``GET /api/sessions/:id/votes``), None
    without an answer; ``totals`` the game's all-time counters, asked for only where the
    Picker has no ``/votes``, and ``before`` what they were before the night's first play of it.
    ``known`` is what was told of the play before, where no answer came."""

    key: SessionKey
    play: int
    counts: tuple[tuple[int, Votes], ...] | None = None
    totals: Votes | None = None
    before: Votes | None = None
    known: Votes | None = None


Answer = Snapshot | Confirmed | Tallied
Input = Event | Answer


@dataclass(frozen=True, slots=True)
class Clock:
    """The time as the session machine is told it. ``skew`` is our clock less the Picker's
    (from its ``Date`` header); ``interval`` is the poll's."""

    now: float
    skew: float = 0.0
    interval: float = 30.0

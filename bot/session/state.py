"""What the session machine remembers: frozen values, saved after every input that changed them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

from bot.domain import (
    Announcement,
    Game,
    GameAdded,
    SessionEnded,
    SessionKey,
    Votes,
    Want,
    WantConfirm,
    WantSnapshot,
)


class Phase(StrEnum):
    """The life of a play. It is closing from its end until its votes are known."""

    RUNNING = "running"
    CLOSING = "closing"
    OVER = "over"
    REMOVED = "removed"


@dataclass(frozen=True, slots=True)
class Heard:
    """What makes two ``game.added`` of one game the same fact."""

    games_played: int | None
    at: float | None


@dataclass(frozen=True, slots=True)
class Play:
    """One game played tonight, under a number of our own, since the same game may be played
    twice and ``games_played`` falls when a game is taken back.

    ``heard`` is set once its ``game.added`` was taken in, ``row_id`` once a snapshot showed
    its row. ``base`` and ``high`` are the game's running totals at the play's beginning and
    the highest seen since; ``floor`` is what they were when an earlier play of the same game
    closed, below which ``base`` cannot lie. ``counted`` is the game's count of the night
    when this play closed, so that a later play of it starts from there. ``played_at`` is the
    row's own moment, by which the Picker gives votes to plays. ``skipped`` is whether it was
    already when it came to light, so that nobody is told that it runs.
    """

    number: int
    game: Game
    at: float | None
    phase: Phase = Phase.RUNNING
    heard: Heard | None = None
    row_id: int | None = None
    codes: tuple[str, ...] = ()
    skipped: bool = False
    base: Votes | None = None
    high: Votes | None = None
    floor: Votes | None = None
    counted: Votes | None = None
    tally: Votes | None = None
    played_at: float | None = None

    @property
    def live(self) -> bool:
        return self.phase is not Phase.REMOVED

    @property
    def own_count(self) -> Votes | None:
        """Tonight's votes for this play by running totals, None where nothing was seen."""
        if self.base is None or self.high is None:
            return None
        return self.high.less(self.base)


@dataclass(frozen=True, slots=True)
class Ended:
    """What is kept of a night for ever: enough to say nothing of it twice, should the
    Picker show it again. ``plays`` is the last number given, ``rows`` the rows known,
    ``loose`` the plays whose rows were never seen."""

    plays: int
    rows: tuple[int, ...]
    loose: tuple[Play, ...] = ()


@dataclass(frozen=True, slots=True)
class Session:
    """One night. ``past`` is set when a night that had ended is seen running again,
    ``unread`` while one that was found without any memory has not shown its games.
    ``ended_with`` is :attr:`State.facts` at its end."""

    key: SessionKey
    plays: tuple[Play, ...] = ()
    notes: str | None = None
    games_played: int | None = None
    past: Ended | None = None
    unread: bool = False
    ended_with: int = 0


@dataclass(frozen=True, slots=True)
class Waiting:
    """The place in the queue where a play's votes line goes once its tally is known.

    ``play`` is 0 where games were missed and none is closing: which they were is being
    asked. ``first`` is what must be asked before the tally."""

    session: SessionKey
    play: int
    at: float
    first: WantSnapshot | WantConfirm | None = None


Queued = Announcement | Waiting


@dataclass(frozen=True, slots=True)
class Suspect:
    """A night that a poll did not find, and when it first did not (our clock)."""

    key: SessionKey
    at: float


@dataclass(frozen=True, slots=True)
class State:
    """Everything. ``facts`` counts starts, additions, removals and ends taken in, and is what
    :attr:`bot.domain.Snapshot.seen` is compared with. ``remembers`` is whether anything was
    ever taken in. ``closing`` are nights that are over but have lines waiting. ``queue``
    holds lines, in order, from the first that waits. ``stray`` is the last event of a night
    never seen. No night ever leaves ``ended``."""

    facts: int = 0
    remembers: bool = False
    current: Session | None = None
    closing: tuple[Session, ...] = ()
    queue: tuple[Queued, ...] = ()
    suspect: Suspect | None = None
    stray: GameAdded | SessionEnded | None = None
    ended: Mapping[SessionKey, Ended] = field(default_factory=lambda: MappingProxyType({}))


class Reason(StrEnum):
    """Why an input led to what it led to, for the log and the tests."""

    STARTED = "a night began"
    ADDED = "a game was added"
    REMOVED = "a game was taken back"
    ENDED = "the night ended"
    RESUMED = "a night that had ended is running again"
    NO_MEMORY = "no memory was found: only the running game is said"
    CAUGHT_UP = "games were missed and are told in one line"
    DUPLICATE = "already known"
    OTHER_SESSION = "belongs to a session that is not running"
    OLD_SESSION = "belongs to a session that has ended"
    OLD_START = "a start older than the running night"
    OLD_END = "an end older than the night's beginning"
    UNSURE = "cannot be told from a repeat; a snapshot decides"
    STALE = "asked before something that has been taken in since"
    SUSPECTED = "no active session; to be confirmed"
    CONTRADICTED = "not active, yet not ended either"
    NO_COUNT = "the votes of a play could not be counted"
    OVERTAKEN = "a later game had already been announced"
    SUPERSEDED = "the night ended while we were away"
    TOO_LATE = "the end had already been announced"


@dataclass(frozen=True, slots=True)
class Unsaid:
    """A line that is recorded and not said, by a named rule."""

    announcement: Announcement
    reason: Reason


@dataclass(frozen=True, slots=True)
class Step:
    """What one input led to. ``taken_back`` are plays whose waiting lines expire, ``left``
    nights that have nothing more to say and are in the state no longer."""

    state: State
    announcements: tuple[Announcement, ...] = ()
    wants: tuple[Want, ...] = ()
    taken_back: tuple[tuple[SessionKey, int], ...] = ()
    unsaid: tuple[Unsaid, ...] = ()
    reasons: tuple[Reason, ...] = ()
    left: tuple[Session, ...] = ()

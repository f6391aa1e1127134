"""A night as a transcript: inputs go into the session machine, lines of short text come out.

``night.take(started(), added(DRAWFUL, 1))`` returns ``["17 started", "1. Drawful"]``: plays are
told by our own number. A line of another night than 17 has its id in front (``18/1. Drawful``).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from bot.domain import (
    Added,
    Announcement,
    Clock,
    CodeChanged,
    Confirmed,
    Fact,
    Game,
    GameAdded,
    Input,
    Missed,
    Over,
    RoomSeen,
    Row,
    RowStatus,
    SessionEnded,
    SessionInfo,
    SessionKey,
    SessionStarted,
    Snapshot,
    Started,
    Stats,
    Tallied,
    Verdict,
    Voted,
    VoteReceived,
    Votes,
    Want,
    WantConfirm,
    WantSnapshot,
    WantTally,
)
from bot.session import Reason, State, step

START = 1_762_563_600
KEY = SessionKey(17, START)
NEXT = SessionKey(18, START + 7200)

DRAWFUL = Game("Drawful", 1)
QUIPLASH = Game("Quiplash", 2)
FIBBAGE = Game("Fibbage", 3)
TRIVIA = Game("Trivia", 4)

Counts = dict[Game, tuple[int, int]]


def started(key: SessionKey = KEY, at: float | None = None) -> SessionStarted:
    return SessionStarted(key, at=at)


def added(
    game: Game,
    number: int | None = None,
    *,
    code: str | None = None,
    at: float | None = None,
    id: int = KEY.id,
) -> GameAdded:
    """The ``game.added`` with which ``number`` games had been played."""
    return GameAdded(id, game, number, code, at)


def bare(game: Game) -> GameAdded:
    """One that has nothing but its game."""
    return GameAdded(KEY.id, game)


def up(game: Game, totals: tuple[int, int] | None, *, id: int = KEY.id) -> VoteReceived:
    """A thumb up, after which the game's all-time counters are ``totals``."""
    return VoteReceived(id, game.id or 0, "ann", True, totals=Votes(*totals) if totals else None)


def down(game: Game, totals: tuple[int, int]) -> VoteReceived:
    return replace(up(game, totals), up=False)


def room(game: Game, code: str, *, at: float | None = None, id: int = KEY.id) -> RoomSeen:
    return RoomSeen(id, game.id or 0, code, at)


def ended(games: int | None = None, *, at: float | None = None, id: int = KEY.id) -> SessionEnded:
    return SessionEnded(id, games, at)


def row(
    id: int,
    game: Game,
    status: RowStatus = RowStatus.UNKNOWN,
    *,
    code: str | None = None,
    at: float | None = None,
    totals: tuple[int, int] | None = None,
) -> Row:
    return Row(id, game, status, code, at, Votes(*totals) if totals else None)


def skipped(id: int, game: Game) -> Row:
    return row(id, game, RowStatus.SKIPPED)


class Night:
    """The machine with its clock. After each call ``wants``, ``reasons``, ``unsaid`` and
    ``taken_back`` tell what else it led to."""

    def __init__(self, state: State | None = None, *, now: float = START, skew: float = 0) -> None:
        self.state = state or State()
        self.clock = Clock(now, skew)
        self.lines: list[Announcement] = []

    def take(self, *inputs: Input) -> list[str]:
        self.lines = []
        self.wants: list[str] = []
        self.reasons: list[Reason] = []
        self.unsaid: list[str] = []
        self.taken_back: list[int] = []
        for given in inputs:
            self._take(given)
        return [text(line) for line in self.lines]

    def _take(self, given: Input) -> None:
        led_to = step(self.state, given, self.clock)
        self.state = led_to.state
        self.lines += led_to.announcements
        self.wants += map(asked, led_to.wants)
        self.reasons += led_to.reasons
        self.unsaid += (f"{text(u.announcement)} ({u.reason.name})" for u in led_to.unsaid)
        self.taken_back += (play for _, play in led_to.taken_back)

    def later(self, seconds: float) -> Night:
        self.clock = replace(self.clock, now=self.clock.now + seconds)
        return self

    def poll(
        self,
        *rows: Row,
        key: SessionKey = KEY,
        games: int | None = None,
        seen: int | None = None,
    ) -> list[str]:
        """A poll that sees a night running, with these games."""
        played = len(rows) if games is None else games
        return self.take(self._snapshot(SessionInfo(key, True, played), rows, seen))

    def poll_without_games(self, key: SessionKey = KEY, games: int | None = None) -> list[str]:
        """A poll that sees a night running, but could not read the list of its games."""
        return self.take(self._snapshot(SessionInfo(key, True, games), None, None))

    def poll_none(self, seen: int | None = None) -> list[str]:
        """A poll that clearly sees no night running."""
        return self.take(self._snapshot(None, None, seen))

    def _snapshot(
        self, info: SessionInfo | None, rows: tuple[Row, ...] | None, seen: int | None
    ) -> Snapshot:
        return Snapshot(self.state.facts if seen is None else seen, info, rows)

    def confirm(
        self,
        verdict: Verdict,
        *rows: Row,
        key: SessionKey = KEY,
        games: int | None = None,
        closed_at: float | None = None,
        seen: int | None = None,
    ) -> list[str]:
        """What the Picker says of one night, by its id; without rows the list was not read."""
        info = SessionInfo(key, verdict is Verdict.RUNNING, games, closed_at=closed_at)
        known = verdict in (Verdict.RUNNING, Verdict.ENDED)
        facts = self.state.facts if seen is None else seen
        return self.take(
            Confirmed(facts, key, verdict, info if known else None, rows if rows else None)
        )

    def tally(self, play: int, counts: Counts | None, *, key: SessionKey = KEY) -> list[str]:
        """Tonight's votes by the Picker, None without an answer."""
        pairs = None if counts is None else ((g.id or 0, Votes(*v)) for g, v in counts.items())
        return self.take(Tallied(key, play, None if pairs is None else tuple(pairs)))

    def counters(self, play: int, totals: tuple[int, int] | None) -> list[str]:
        """A game's all-time counters by a Picker that has no count of tonight."""
        return self.take(Tallied(KEY, play, None, Votes(*totals) if totals else None))


def running(*games: Game, now: float = START) -> Night:
    """A night that has been told from its beginning, in which these games were added and all
    but the last have had no votes; their rows are 101, 102 and so on."""
    night = Night(now=now)
    night.poll_none()
    night.take(started())
    for number, game in enumerate(games, 1):
        night.take(added(game, number, at=START + number))
        night.tally(number - 1, {})
    night.poll(*rows_of(*games))
    return night


def rows_of(*games: Game, first: int = 101) -> tuple[Row, ...]:
    return tuple(row(id, game) for id, game in enumerate(games, first))


# --- as text ------------------------------------------------------------------------------


def text(line: Announcement) -> str:
    told = line.session.id == KEY.id or isinstance(line.fact, Started | Over)
    return ("" if told else f"{line.session.id}/") + _text(line.fact, line.play)


def _text(fact: Fact, play: int | None) -> str:
    match fact:
        case Started(id):
            return f"{id} started"
        case Added(game, code):
            return f"{play}. {game.title}{_room(code)}"
        case CodeChanged(_, code):
            return f"{play}. is in room {code}"
        case Voted(game, votes):
            return f"{play}. {game.title} had {_votes(votes)}"
        case Over(id):
            return f"{id} ended"
        case Stats(played):
            return f"{played} games played"
        case Missed(games, now_running, code):
            missed = ", ".join(game.title for game in games)
            return f"missed {missed}; now {now_running.title}{_room(code)}"


def _room(code: str | None) -> str:
    return f" in room {code}" if code else ""


def _votes(votes: Votes) -> str:
    return f"{votes.up}:{votes.down}"


def scoreboard(lines: Iterable[Announcement]) -> list[str]:
    """The scores of the statistics among ``lines``."""
    facts = [line.fact for line in lines]
    (stats,) = (fact for fact in facts if isinstance(fact, Stats))
    return [f"{s.game.title} {_votes(s.votes) if s.votes else 'unknown'}" for s in stats.scores]


def asked(want: Want) -> str:
    match want:
        case WantSnapshot():
            return "snapshot"
        case WantConfirm(key):
            return f"confirm {key.id}"
        case WantTally(_, play, _, first):
            return f"tally {play}" + (f" after {asked(first)}" if first else "")

"""The smallest Picker that can have a night: what happens in it, what it would push, and what
it would answer. Its clock moves with everything that happens."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from enum import Enum

from bot.domain import (
    Confirmed,
    Event,
    Game,
    GameAdded,
    RoomSeen,
    Row,
    RowStatus,
    SessionEnded,
    SessionInfo,
    SessionKey,
    SessionStarted,
    Snapshot,
    Tallied,
    Verdict,
    VoteReceived,
    Votes,
    WantTally,
)

GAMES = (Game("Drawful", 1), Game("Quiplash", 2), Game("Fibbage", 3))
CODES = ("ABCD", "WXYZ")


class Counts(Enum):
    """How a Picker lets its votes be counted."""

    TONIGHT = "it is asked for tonight's count"
    EVENTS = "it pushes votes"
    COUNTERS = "it has all-time counters only"


@dataclass
class Night:
    key: SessionKey
    rows: list[Row] = field(default_factory=list)
    votes: dict[int, Votes] = field(default_factory=dict)
    closed_at: float | None = None
    added: Counter[str] = field(default_factory=Counter)

    @property
    def info(self) -> SessionInfo:
        active = self.closed_at is None
        return SessionInfo(self.key, active, len(self.rows), closed_at=self.closed_at)


class ModelPicker:
    """Each thing that happens returns the event that would be pushed, if there is one."""

    def __init__(self, counts: Counts = Counts.TONIGHT, now: float = 1_762_563_600.0) -> None:
        self.counts = counts
        self.now = now
        self.reset()
        self._row = 100

    @property
    def active(self) -> Night | None:
        return next((n for n in self.nights.values() if n.closed_at is None), None)

    def reset(self) -> None:
        """A new database: nothing is known any more, ids count from 1 again."""
        self.nights: dict[SessionKey, Night] = {}
        self.totals: dict[int, Votes] = {game.id: Votes(10, 2) for game in GAMES if game.id}
        self._id = 0

    def start(self) -> Event | None:
        if self.active is not None:
            return None
        self.now += 1
        self._id += 1
        key = SessionKey(self._id, int(self.now))
        self.nights[key] = Night(key)
        return SessionStarted(key, at=self.now)

    def add(self, game: Game, code: str | None = None) -> Event | None:
        night = self.active
        if night is None:
            return None
        self.now += 1
        self._row += 1
        night.rows = [replace(row, status=RowStatus.PLAYED) for row in night.rows]
        night.added[game.title] += 1
        night.rows.append(Row(self._row, game, RowStatus.PLAYING, code, self.now))
        return GameAdded(night.key.id, game, len(night.rows), code, self.now)

    def vote(self, game: Game, up: bool) -> Event | None:
        """A vote for a game of tonight; none where it was not played."""
        night = self.active
        if night is None or game not in (row.game for row in night.rows) or game.id is None:
            return None
        self.now += 1
        own = Votes(up=1) if up else Votes(down=1)
        self.totals[game.id] = self.totals[game.id].plus(own)
        night.votes[game.id] = night.votes.get(game.id, Votes()).plus(own)
        if self.counts is Counts.COUNTERS:
            return None
        totals = self.totals[game.id]
        return VoteReceived(night.key.id, game.id, "ann", up, self.now, totals, self.now)

    def room(self, code: str) -> Event | None:
        """The last game opens another room."""
        night = self.active
        if night is None or not night.rows:
            return None
        self.now += 1
        night.rows[-1] = row = replace(night.rows[-1], room_code=code)
        return RoomSeen(night.key.id, row.game.id or 0, code, self.now)

    def remove(self, index: int) -> None:
        """A game is taken back; the last one at 0. The votes for it stay."""
        night = self.active
        if night is not None and index < len(night.rows):
            self.now += 1
            del night.rows[-1 - index]

    def skip(self) -> None:
        night = self.active
        if night is not None and night.rows:
            self.now += 1
            night.rows[-1] = replace(night.rows[-1], status=RowStatus.SKIPPED)

    def end(self) -> Event | None:
        night = self.active
        if night is None:
            return None
        self.now += 1
        night.closed_at = self.now
        return SessionEnded(night.key.id, len(night.rows), self.now)

    def reopen(self) -> None:
        """The last night runs again, as if it had never ended."""
        if self.active is None and self.nights:
            self.now += 1
            night = list(self.nights.values())[-1]
            night.closed_at = None

    # --- answers --------------------------------------------------------------------------

    def snapshot(self, seen: int) -> Snapshot:
        if (night := self.active) is None:
            return Snapshot(seen, None)
        return Snapshot(seen, night.info, self._rows(night))

    def confirm(self, key: SessionKey, seen: int) -> Confirmed:
        if (night := self.nights.get(key)) is None:
            return Confirmed(seen, key, Verdict.GONE)
        verdict = Verdict.RUNNING if night.closed_at is None else Verdict.ENDED
        return Confirmed(seen, key, verdict, night.info, self._rows(night))

    def tally(self, want: WantTally) -> Tallied:
        night = self.nights.get(want.key)
        counts, totals = None, None
        if self.counts is Counts.TONIGHT and night is not None:
            counts = tuple(sorted(night.votes.items()))
        if self.counts is Counts.COUNTERS and want.game_id is not None:
            totals = self.totals.get(want.game_id)
        return Tallied(want.key, want.play, counts, totals)

    def _rows(self, night: Night) -> tuple[Row, ...]:
        totals = self.totals
        return tuple(replace(row, totals=totals[row.game.id or 0]) for row in night.rows)

"""A game night as the Picker has it: which one, its games, their votes."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class SessionKey:
    """One game night: a Picker with a new database counts its ids from 1 again, so the id
    alone is not enough. ``created_at`` is cut to the second, since the Picker writes it
    with and without a fraction."""

    id: int
    created_at: int

    def __str__(self) -> str:
        return f"{self.id}-{self.created_at}"


@dataclass(frozen=True, slots=True)
class Votes:
    """Thumbs up and thumbs down: running totals, or the count of one play."""

    up: int = 0
    down: int = 0

    @property
    def score(self) -> int:
        return self.up - self.down

    @property
    def cast(self) -> int:
        return self.up + self.down

    def highest(self, other: Votes | None) -> Votes:
        """The larger of each; running totals only rise, so order does not matter."""
        if other is None:
            return self
        return Votes(max(self.up, other.up), max(self.down, other.down))

    def lowest(self, other: Votes | None) -> Votes:
        if other is None:
            return self
        return Votes(min(self.up, other.up), min(self.down, other.down))

    def plus(self, other: Votes) -> Votes:
        return Votes(self.up + other.up, self.down + other.down)

    def less(self, base: Votes) -> Votes:
        """What came after ``base``; never negative (a host may reset the counters)."""
        return Votes(max(self.up - base.up, 0), max(self.down - base.down, 0))


@dataclass(frozen=True, slots=True)
class Game:
    """A game of the catalogue. Only its title is sure to be known (contract 2.2)."""

    title: str
    id: int | None = None
    pack: str | None = None
    min_players: int | None = None
    max_players: int | None = None

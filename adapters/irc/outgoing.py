"""Lines on their way out: at the pace of the network, the important ones first. Pure."""

from __future__ import annotations

import heapq
import itertools
from dataclasses import dataclass, field
from enum import IntEnum


class Rank(IntEnum):
    """What goes first when several wait."""

    SPEECH = 0  # announcements
    ERRAND = 1  # JOIN, MODE, NICK
    ANSWER = 2  # to people: replies, CTCP


@dataclass(order=True, slots=True)
class Waiting:
    rank: Rank
    number: int
    line: str = field(compare=False)
    ticket: int | None = field(compare=False, default=None)


class Bucket:
    """A token bucket: ``burst`` at once, then one each ``every`` seconds."""

    def __init__(self, burst: int, every: float) -> None:
        self._burst, self._every = burst, every
        self._tokens, self._at = float(burst), 0.0

    def take(self, now: float) -> bool:
        """A token, if there is one."""
        self._refill(now)
        if self._tokens < 1.0:
            return False
        self._tokens -= 1.0
        return True

    def owe(self, now: float) -> None:
        """A token for what cannot wait, if need be on credit."""
        self._refill(now)
        self._tokens -= 1.0

    def next_at(self) -> float:
        """When the next token is there."""
        return self._at + max(1.0 - self._tokens, 0.0) * self._every

    def _refill(self, now: float) -> None:
        gained = (now - self._at) / self._every if self._every else float(self._burst)
        self._tokens = min(float(self._burst), self._tokens + max(gained, 0.0))
        self._at = now


class Outgoing:
    """What waits for its turn. Urgent lines (PONG, sign-on, PING) overtake and are counted."""

    def __init__(self, burst: int, every: float) -> None:
        self._bucket = Bucket(burst, every)
        self._waiting: list[Waiting] = []
        self._urgent: list[str] = []
        self._numbers = itertools.count()

    def urge(self, *lines: str) -> None:
        self._urgent += lines

    def put(self, line: str, rank: Rank, ticket: int | None = None) -> None:
        heapq.heappush(self._waiting, Waiting(rank, next(self._numbers), line, ticket))

    def withdraw(self, ticket: int) -> None:
        """Forget a line that has not gone yet."""
        self._waiting = [waiting for waiting in self._waiting if waiting.ticket != ticket]
        heapq.heapify(self._waiting)

    def holds(self, rank: Rank) -> int:
        return sum(waiting.rank is rank for waiting in self._waiting)

    def take(self, now: float, *, registered: bool) -> list[Waiting]:
        """The lines that go now, in order. Before registration only the urgent ones may."""
        urgent, self._urgent = self._urgent, []
        taken = [Waiting(Rank.SPEECH, 0, line) for line in urgent]
        if registered:
            for _ in urgent:
                self._bucket.owe(now)
            while self._waiting and self._bucket.take(now):
                taken.append(heapq.heappop(self._waiting))
        return taken

    def deadline(self) -> float | None:
        """When the next waiting line may go."""
        return self._bucket.next_at() if self._waiting else None

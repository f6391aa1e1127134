"""How long to wait before the next attempt to log in."""

from __future__ import annotations

import random
from collections.abc import Callable

SHORTEST, LONGEST = 1.0, 60.0
BLOCKED, BLOCKED_LONGEST = 900.0, 21_600.0
"""After being blocked: more attempts would make it last (topics/rate-limits, Invalid Request
Limit)."""


class Backoff:
    """Doubles from one second to a minute, by chance shorter; from a quarter of an hour to six
    hours for one who is blocked."""

    def __init__(self, chance: Callable[[], float] = random.random) -> None:
        self._chance = chance
        self._failures = 0
        self._blocks = 0

    def next(self, *, blocked: bool = False) -> float:
        if blocked:
            self._blocks += 1
            return min(BLOCKED * 2.0 ** (self._blocks - 1), BLOCKED_LONGEST)
        self._failures += 1
        longest = min(SHORTEST * 2.0 ** (self._failures - 1), LONGEST)
        return longest * (0.5 + self._chance() / 2)

    def reset(self) -> None:
        self._failures = self._blocks = 0

"""How often somebody may come: a token bucket for each. Pure."""

from __future__ import annotations

from collections.abc import Hashable

_ROUNDING = 1e-6
_MOST = 10_000
"""Names that are remembered at a time; those of the longest ago are forgotten first."""


class Cooldown:
    """Each may come ``burst`` times at once, then once every ``every`` seconds; or spend as much
    at once, and then one in as many seconds."""

    def __init__(self, burst: float, every: float) -> None:
        self._burst = burst
        self._every = every
        self._full_at: dict[Hashable, float] = {}

    def take(self, who: Hashable, now: float, cost: float = 1.0) -> bool:
        """Whether they may come now, which counts; ``now`` is monotonic."""
        full_at = max(self._full_at.pop(who, now), now)
        after = full_at + cost * self._every
        early = after - now > self._burst * self._every + _ROUNDING
        self._full_at[who] = full_at if early else after
        while len(self._full_at) > _MOST:
            del self._full_at[next(iter(self._full_at))]
        return not early

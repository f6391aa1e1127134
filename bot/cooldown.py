"""How often somebody may come: a token bucket for each. Pure."""

from __future__ import annotations

from collections.abc import Hashable

_MOST = 10_000
"""Names that are remembered at a time; those of the longest ago are forgotten first."""


class Cooldown:
    """Each may come ``burst`` times at once, then once every ``every`` seconds."""

    def __init__(self, burst: int, every: float) -> None:
        self._burst = burst
        self._every = every
        self._full_at: dict[Hashable, float] = {}

    def take(self, who: Hashable, now: float) -> bool:
        """Whether they may come now, which counts; ``now`` is monotonic."""
        full_at = max(self._full_at.pop(who, now), now)
        early = full_at - (self._burst - 1) * self._every > now
        self._full_at[who] = full_at if early else full_at + self._every
        while len(self._full_at) > _MOST:
            del self._full_at[next(iter(self._full_at))]
        return not early

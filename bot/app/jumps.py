"""Whether a clock has just jumped, ours or the Picker's, so that ages prove nothing."""

from __future__ import annotations

_NOTICED = 5.0
_HOLDS_FOR = 60.0


class Jumps:
    """Told of the clocks now and then; :meth:`held` for a minute after a jump of one against
    another. ``skew`` is our clock less the Picker's, None while unknown."""

    def __init__(self) -> None:
        self._drift: float | None = None
        self._skew: float | None = None
        self._until = 0.0

    def held(self, now: float, monotonic: float, skew: float | None) -> bool:
        drift = now - monotonic
        if _apart(self._drift, drift) or _apart(self._skew, skew):
            self._until = monotonic + _HOLDS_FOR
        self._drift = drift
        self._skew = skew if skew is not None else self._skew
        return monotonic < self._until


def _apart(before: float | None, after: float | None) -> bool:
    return before is not None and after is not None and abs(after - before) > _NOTICED

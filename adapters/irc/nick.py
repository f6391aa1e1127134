"""Our nick: the wanted one, another while that is taken, and the way back. Pure."""

from __future__ import annotations

from adapters.irc.library import Line
from adapters.irc.text import fold

SHORT = 9
"""Characters: NICKLEN of RFC 1459, where a server refuses more without saying how many it takes."""

REGAIN_EVERY = 300.0
TAKEN = frozenset({"433", "436", "437"})


class Nick:
    """``digits`` is what tells us from others of the same name, if all else is taken."""

    def __init__(self, wanted: str, digits: str) -> None:
        self.wanted = self.current = wanted
        self._digits = digits
        self._refusals = 0
        self._regain_at: float | None = None

    def is_me(self, nick: str, casemapping: str = "rfc1459") -> bool:
        return fold(nick, casemapping) == fold(self.current, casemapping)

    def refused(self, numeric: str) -> str | None:
        """The next nick to try during sign-on, None if there is none (RFC 2812: 432
        erroneous, 433 in use, 436 collision, 437 unavailable)."""
        if numeric not in TAKEN:
            if len(self.wanted) <= SHORT:
                return None
            self.wanted = self.current = self.wanted[:SHORT]
            return self.current
        self._refusals += 1
        tail = "_" * self._refusals if self._refusals < 3 else self._digits
        if self._refusals > 3:
            return None
        self.current = self.wanted[: max(len(self.wanted), SHORT) - len(tail)] + tail
        return self.current

    def welcomed(self, nick: str, now: float) -> None:
        """The server has the last word. A nick it chose unasked is not argued about."""
        if self._refusals:
            self._regain_at = now
        elif nick:
            self.wanted = nick
        self.current = nick or self.current

    def changed(self, nick: str, now: float) -> None:
        """We are called ``nick`` now, by our wish or by services'."""
        self.current = nick
        self._regain_at = None if fold(nick) == fold(self.wanted) else now + REGAIN_EVERY

    def freed(self, line: Line, now: float) -> None:
        """Somebody left or changed a nick: if it was the wanted one, it is free."""
        if self._regain_at is not None and fold(line.nick) == fold(self.wanted):
            self._regain_at = now

    def regain(self, now: float) -> bool:
        """Whether to ask for the wanted nick now."""
        if self._regain_at is None or now < self._regain_at:
            return False
        self._regain_at = now + REGAIN_EVERY
        return True

    def deadline(self) -> float | None:
        return self._regain_at

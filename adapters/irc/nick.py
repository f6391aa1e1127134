"""Our nick: the wanted one, another while that is taken, and the way back. Pure."""

from __future__ import annotations

from adapters.irc.library import Line
from adapters.irc.text import fold

SHORT = 9
"""Characters: NICKLEN of RFC 1459, where a server refuses more without saying how many it takes."""

FIRST_WAIT, LAST_WAIT = 30.0, 300.0
"""Seconds between two tries to get our nick, doubling: we see who frees it only in our channels."""
GHOST_WAIT = 4.0
"""Seconds that services have to drive out whoever holds our nick: they do it after the server
has handled our next lines."""
TAKEN = frozenset({"433", "436", "437"})


class Nick:
    """``digits`` is what tells us from others of the same name, if all else is taken. With ``keen``
    a nick that is taken is wanted back."""

    def __init__(self, wanted: str, digits: str, *, keen: bool = True) -> None:
        self.wanted = self.current = wanted
        self._whole = wanted
        self._digits = digits
        self._keen = keen
        self._ghosted = False
        self._refusals = 0
        self._regain_at: float | None = None
        self._wait = FIRST_WAIT

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

    def learn(self, nicklen: int | None, now: float) -> None:
        """ISUPPORT NICKLEN, which is told only after the welcome: a nick that was cut more than
        needed gets its end back."""
        if nicklen is not None and len(self.wanted) < min(nicklen, len(self._whole)):
            self.wanted, self._whole = self._whole[:nicklen], self._whole[:nicklen]
            self._regain_at = now

    def given_up(self) -> None:
        """The server calls the nick that we would rather have erroneous."""
        self.wanted = self._whole = self.current
        self._regain_at = None

    def welcomed(self, nick: str, now: float) -> None:
        """The server has the last word. A nick it chose unasked is not argued about."""
        if self._refusals:
            self._regain_at = now if self._keen else None
        elif nick and nick != self.wanted:
            self.wanted = self._whole = nick
        self.current = nick or self.current

    def changed(self, nick: str, now: float) -> None:
        """We are called ``nick`` now, by our wish or by services'."""
        self.current = nick
        ours = fold(nick) == fold(self.wanted) or not self._keen
        self._regain_at = None if ours else now + LAST_WAIT
        self._wait = FIRST_WAIT

    def freed(self, line: Line, now: float) -> None:
        """Somebody left or changed a nick: if it was the wanted one, it is free."""
        if self._regain_at is not None and fold(line.nick) == fold(self.wanted):
            self._regain_at = now

    def regain(self, now: float, *, services: bool) -> bool | None:
        """Whether to take the wanted nick now; None to have ``services`` free it first."""
        if self._regain_at is None or now < self._regain_at:
            return False
        self._ghosted = services and not self._ghosted
        if self._ghosted:
            self._regain_at = now + GHOST_WAIT
            return None
        self._regain_at, self._wait = now + self._wait, min(self._wait * 2, LAST_WAIT)
        return True

    def deadline(self) -> float | None:
        return self._regain_at

"""PING and PONG of our own: whether the link lives, and the barrier behind sent lines. Pure.

At most one PING of ours is out at a time.
"""

from __future__ import annotations

from adapters.irc.library import Line

SILENCE = 30.0
PATIENCE = 45.0
"""Seconds: a link that says nothing is dead after 75, whatever TCP thinks."""
TOKENLESS = 5.0


class Pulse:
    def __init__(self, now: float) -> None:
        self._heard_at = now
        self._sent_at: float | None = None
        self._stray = False
        self._count = 0

    @property
    def waiting(self) -> bool:
        """Whether a PING of ours is unanswered."""
        return self._sent_at is not None

    def heard(self, now: float) -> None:
        self._heard_at = now

    def silent(self, now: float) -> bool:
        return not self.waiting and now - self._heard_at >= SILENCE

    def ping(self, now: float) -> str:
        self._count += 1
        self._sent_at, self._stray = now, False
        return f"PING :{self._token}"

    def pong(self, line: Line) -> bool:
        """Whether ``line`` answers our PING. Some servers return no token, only their name:
        with one PING out that is the answer too; a foreign token makes us wait a little."""
        if not self.waiting:
            return False
        if self._token in line.params or len(line.params) < 2:
            self._sent_at = None
            return True
        self._stray = True
        return False

    def matured(self, now: float) -> bool:
        """Whether a PONG with a foreign token has to do, since none with ours has come."""
        if self._sent_at is None or not self._stray or now - self._sent_at < TOKENLESS:
            return False
        self._sent_at = None
        return True

    def dead(self, now: float) -> bool:
        return self._sent_at is not None and now - self._sent_at >= PATIENCE

    def deadline(self) -> float:
        if self._sent_at is None:
            return self._heard_at + SILENCE
        return self._sent_at + (TOKENLESS if self._stray else PATIENCE)

    @property
    def _token(self) -> str:
        return f"nightcrier-{self._count}"

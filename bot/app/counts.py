"""Numbers of the Picker's that many may ask for at once, asked for one at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

from bot.domain import SessionKey, Votes, WantTally
from bot.picker import Picker
from bot.session import Play, Session, State
from bot.session.plays import find, tonight
from bot.session.turn import session_of
from bot.timing import Time
from bot.wire import Unclear

K = TypeVar("K")
T = TypeVar("T")

SPACING = 0.5
"""Seconds between two questions of one kind."""


@dataclass(frozen=True, slots=True)
class _Answer(Generic[K, T]):
    """An answer, or how there was none, to a question that was asked at a moment."""

    key: K
    asked_at: float
    value: T | Unclear


class _Asked(Generic[K, T]):
    """One question, however many wait for the answer; it serves all who asked before it was put."""

    def __init__(self, ask: Callable[[K], Awaitable[T]], time: Time) -> None:
        self.latest: _Answer[K, T] | None = None
        self._ask = ask
        self._time = time
        self._one_at_a_time = asyncio.Lock()

    async def since(self, key: K, moment: float) -> T:
        async with self._one_at_a_time:
            latest = self.latest
            if latest is None or latest.key != key or latest.asked_at < moment:
                latest = self.latest = await self._put(key)
        if isinstance(latest.value, Unclear):
            raise latest.value
        return latest.value

    async def _put(self, key: K) -> _Answer[K, T]:
        if self.latest is not None:
            wait = self.latest.asked_at + SPACING - self._time.monotonic()
            if wait > 0:
                await self._time.sleep(wait)
        asked_at = self._time.monotonic()
        try:
            return _Answer(key, asked_at, await self._ask(key))
        except Unclear as unclear:
            return _Answer(key, asked_at, unclear)


class Counts:
    """Tonight's votes as the Picker counts them, and games' all-time counters."""

    def __init__(self, picker: Picker, time: Time) -> None:
        self._picker = picker
        self._known: tuple[SessionKey, Mapping[int, Votes]] | None = None
        self._tonight = _Asked(self._ask_tonight, time)
        self._all_time = _Asked(picker.counters, time)

    async def tonight(self, key: SessionKey, moment: float) -> Mapping[int, Votes] | None:
        """Tonight's votes by catalogue id, as they were at ``moment`` (monotonic) or later; None
        where the Picker does not tell them. Raises Unclear."""
        return await self._tonight.since(key, moment)

    async def all_time(self, game_id: int, moment: float) -> Votes | None:
        """A game's counters, likewise."""
        return await self._all_time.since(game_id, moment)

    def of(self, session: Session, play: Play) -> Votes | None:
        """What the Picker last told of a play's votes; does not ask."""
        if self._known is None or self._known[0] != session.key:
            return None
        return tonight(session, play, self._known[1])

    def told(self, state: State, want: WantTally) -> Votes | None:
        """What the Picker last told of the play that a tally is wanted of; does not ask."""
        session = session_of(state, want.key)
        play = find(session, want.play) if session else None
        return self.of(session, play) if session and play else None

    async def _ask_tonight(self, key: SessionKey) -> Mapping[int, Votes] | None:
        counts = await self._picker.counts(key.id)
        if counts is None:
            return None
        self._known = (key, dict(counts))
        return self._known[1]

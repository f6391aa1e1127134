"""What is heard in the chats, on its way to whoever deals with it."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TypeVar

from bot import chat
from bot.ballots import voter_of
from bot.chat import Rules, Said
from bot.cooldown import Cooldown
from bot.domain import Ask, Heard, Line, Tap
from bot.timing import Time

log = logging.getLogger(__name__)

T = TypeVar("T")

MOST = 1000
"""Taps and questions that may wait, and lines that ask for something; beyond that they are
dropped and counted."""

LONGEST = 4000
"""Characters of a line that are looked at; no chat's own limit is higher."""

OLD = 300.0
"""Seconds after which a line is history: networks and bouncers play it back when we come."""

_AT_ONCE, _EVERY = 10, 1.0
"""What one person may ask for in a channel; more is dropped, so that no flood holds up others."""


@dataclass(frozen=True, slots=True)
class Spoken:
    """A line that asks something of us."""

    line: Line
    said: Said


class Listener:
    """Reads lines by the rules of their channel; most ask for nothing."""

    def __init__(self, rules: Callable[[Line], Rules], time: Time) -> None:
        self._rules = rules
        self._time = time
        self._cooldown = Cooldown(_AT_ONCE, _EVERY)
        self._told_of_old = False

    def read(self, line: Line) -> Spoken | None:
        """What a line asks of us; does not wait, and takes no longer the longer the line is."""
        if len(line.text) > LONGEST:
            line = replace(line, text=line.text[:LONGEST])
        said = chat.parse(line, self._rules(line))
        if not said or self._is_old(line):
            return None
        fresh = self._cooldown.take((line.target, voter_of(line)), self._time.monotonic())
        return Spoken(line, said) if fresh else None

    def _is_old(self, line: Line) -> bool:
        age = self._time.now() - line.at
        if age > OLD and not self._told_of_old:
            self._told_of_old = True
            log.info(
                "a vote or question in %s is %.0f s old by our clock and is left alone, "
                "as are others of the kind",
                line.target,
                age,
            )
        return age > OLD


class Hearing:
    """Bounded queues between the adapters and the app. Lines come to nothing before somebody
    reads them (:meth:`attend`), and where nothing is asked they are not kept."""

    def __init__(self) -> None:
        self.dropped = 0
        self._waiting: deque[Tap | Ask] = deque()
        self._lines: deque[Spoken] = deque()
        self._arrived = asyncio.Event()
        self._read: Callable[[Line], Spoken | None] = lambda line: None

    def attend(self, read: Callable[[Line], Spoken | None]) -> None:
        """Let lines be read from now on."""
        self._read = read

    def hear(self, heard: Heard) -> None:
        """Take what an adapter heard; never waits."""
        if heard.author.is_bot:
            return
        if isinstance(heard, Line):
            spoken = self._read(heard)
            if spoken is not None:
                self._add(self._lines, spoken)
        else:
            self._add(self._waiting, heard)

    def _add(self, queue: deque[T], item: T) -> None:
        if len(queue) >= MOST:
            self.drop()
            return
        queue.append(item)
        self._arrived.set()

    async def heard(self) -> list[Tap | Ask | Spoken]:
        """All that has arrived, at least one thing, each kind in order."""
        await self._arrived.wait()
        self._arrived.clear()
        arrived = [*self._waiting, *self._lines]
        self._waiting.clear()
        self._lines.clear()
        return arrived

    def drop(self) -> None:
        """Count what is left alone."""
        self.dropped += 1
        if self.dropped == 1:
            log.warning(
                "votes and questions come faster than they can be dealt with; some are lost"
            )

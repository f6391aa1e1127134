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

LONGEST = 2000
"""Characters of a line that are looked at; people write no longer ones."""

OLD = 300.0
"""Seconds after which a line is history: networks and bouncers play it back when we come."""

# What is listened to, so that no flood holds up others: what one person may ask for, and how many
# characters of theirs, and of a connection's, are read (two microseconds each).
_ASKED = (10, 1.0)
_OF_PERSON = (2 * LONGEST, 1 / 500)
_OF_CHAT = (60_000, 1 / 30_000)


@dataclass(frozen=True, slots=True)
class Spoken:
    """A line that asks something of us."""

    line: Line
    said: Said


class Listener:
    """Reads lines by the rules of their channel; most ask for nothing."""

    def __init__(self, rules: Callable[[Line], Rules], time: Time) -> None:
        self.unread = 0
        self._rules = rules
        self._time = time
        self._asked = Cooldown(*_ASKED)
        self._of_person = Cooldown(*_OF_PERSON)
        self._of_chat = Cooldown(*_OF_CHAT)
        self._told_of_old = False

    def read(self, line: Line) -> Spoken | None:
        """What a line asks of us. Does not wait, and a flood of lines costs no more than a few
        hundredths of the time."""
        if len(line.text) > LONGEST:
            line = replace(line, text=line.text[:LONGEST])
        rules = self._rules(line)
        if not chat.may_ask(line, rules) or not self._has_time(line):
            return None
        said = chat.parse(line, rules)
        if not said or self._is_old(line):
            return None
        person = line.target, voter_of(line)
        return Spoken(line, said) if self._asked.take(person, self._time.monotonic()) else None

    def _has_time(self, line: Line) -> bool:
        now, length = self._time.monotonic(), len(line.text)
        if self._of_person.take(voter_of(line), now, length):
            if self._of_chat.take(line.target.adapter, now, length):
                return True
        self.unread += 1
        if self.unread == 1:
            log.info("lines in %s come too fast to read them all", line.target)
        return False

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
        self._broken = False
        self._read: Callable[[Line], Spoken | None] = lambda line: None

    def attend(self, read: Callable[[Line], Spoken | None]) -> None:
        """Let lines be read from now on."""
        self._read = read

    def hear(self, heard: Heard) -> None:
        """Take what an adapter heard; never waits."""
        if heard.author.is_bot:
            return
        if isinstance(heard, Line):
            if (spoken := self._read_safely(heard)) is not None:
                self._add(self._lines, spoken)
        else:
            self._add(self._waiting, heard)

    def _read_safely(self, line: Line) -> Spoken | None:
        """A line that cannot be read is none; said once."""
        try:
            return self._read(line)
        except Exception:
            if not self._broken:
                self._broken = True
                log.exception("lines in %s cannot be read", line.target)
            return None

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

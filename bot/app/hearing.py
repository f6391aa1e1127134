"""What is heard in the chats, on its way to whoever deals with it."""

from __future__ import annotations

import asyncio
import logging
from collections import deque

from bot.domain import Ask, Heard, Line, Tap

log = logging.getLogger(__name__)

MOST = 1000
"""Taps and questions that may wait; beyond that they are dropped and counted."""


class Hearing:
    """A bounded queue between the adapters and the app. Nothing is made of lines of text."""

    def __init__(self) -> None:
        self.dropped = 0
        self._waiting: deque[Tap | Ask] = deque()
        self._arrived = asyncio.Event()

    def hear(self, heard: Heard) -> None:
        """Take what an adapter heard; never waits."""
        if isinstance(heard, Line) or heard.author.is_bot:
            return
        if len(self._waiting) >= MOST:
            self._drop()
            return
        self._waiting.append(heard)
        self._arrived.set()

    async def heard(self) -> list[Tap | Ask]:
        """All that has arrived, at least one, in order."""
        await self._arrived.wait()
        self._arrived.clear()
        arrived = list(self._waiting)
        self._waiting.clear()
        return arrived

    def _drop(self) -> None:
        self.dropped += 1
        if self.dropped == 1:
            log.warning("taps and questions come faster than they can be dealt with; some are lost")

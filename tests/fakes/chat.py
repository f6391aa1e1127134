"""A chat network in memory: an adapter whose far side a test can look at and break."""

from __future__ import annotations

import asyncio
from collections import defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass, field

from bot.domain import Limits, Message, Proof, Receipt

DEADLINE = 5.0
"""Seconds after which a wait for a condition counts as a hang."""


async def until(condition: Callable[[], object]) -> None:
    """Let everything run until ``condition`` holds."""
    async with asyncio.timeout(DEADLINE):
        while not condition():  # noqa: ASYNC110 - it may be about a thread or a file
            await asyncio.sleep(0.001)


@dataclass
class Chat:
    """Implements ``bot.port.Adapter``. What is put into ``troubles`` for a channel happens to
    its next sends, in order: an exception is raised, ``None`` is a send that goes well, a
    future is waited for. ``lost`` raises after the message has arrived."""

    limits: Limits = field(default_factory=lambda: Limits(length=400))
    said: list[tuple[str, str]] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    replies: list[tuple[object, str]] = field(default_factory=list)
    troubles: dict[str, deque[BaseException | asyncio.Future[None] | None]] = field(
        default_factory=lambda: defaultdict(deque)
    )
    lost: dict[str, deque[BaseException]] = field(default_factory=lambda: defaultdict(deque))
    reply_troubles: deque[BaseException] = field(default_factory=deque)
    reply_hangs: dict[object, asyncio.Future[None]] = field(default_factory=dict)
    calls: int = 0
    under_way: int = 0

    def measure(self, message: Message) -> int:
        return len(message.text)

    async def run(self) -> None:
        await asyncio.get_running_loop().create_future()

    async def verify(self, channel: str) -> None:
        return None

    async def send(self, channel: str, message: Message, *, key: str) -> Receipt:
        self.calls += 1
        self.keys.append(key)
        self.under_way += 1
        try:
            await self._trouble(channel)
        finally:
            self.under_way -= 1
        self.said.append((channel, message.text))
        if self.lost[channel]:
            raise self.lost[channel].popleft()
        return Receipt(Proof.CONFIRMED, f"m{len(self.said)}")

    async def _trouble(self, channel: str) -> None:
        trouble = self.troubles[channel].popleft() if self.troubles[channel] else None
        if isinstance(trouble, BaseException):
            raise trouble
        if trouble is not None:
            await trouble

    async def reply(self, handle: object, message: Message, private: bool) -> None:
        if handle in self.reply_hangs:
            await self.reply_hangs[handle]
        if self.reply_troubles:
            raise self.reply_troubles.popleft()
        self.replies.append((handle, message.text))

    def heard(self, channel: str) -> list[str]:
        return [text for where, text in self.said if where == channel]


@dataclass
class AskableChat(Chat):
    """A chat that can also be asked what has arrived. ``find_troubles`` are raised first."""

    find_troubles: deque[BaseException] = field(default_factory=deque)
    asked: list[tuple[str, str, float]] = field(default_factory=list)

    async def find(self, channel: str, message: Message, since: float) -> str | None:
        self.asked.append((channel, message.text, since))
        if self.find_troubles:
            raise self.find_troubles.popleft()
        return "found" if message.text in self.heard(channel) else None

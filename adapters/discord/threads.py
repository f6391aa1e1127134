"""A thread for each night, started from the night's first message (``thread = "night"``).

A thread that is started from a message has that message's id, so there is one id to remember
for a channel, and to start it twice does no harm.
"""

from __future__ import annotations

import logging
import re

import discord
from discord.http import Route

from adapters.discord import places
from adapters.discord.errors import HAS_A_THREAD, Refusal, guarded
from bot.domain import Message
from bot.port import Memory, Permanent, SendError

log = logging.getLogger(__name__)

NAME = 100
"""The longest name of a thread (resources/channel, Start Thread from Message)."""
_DAY = 1_440
"""Minutes without a message after which it is archived."""
_KEY = re.compile(r".*\|(?P<night>\d+-\d+)/[^|]*\|\d+", re.DOTALL)
_NONE = "-"


def night_of(key: str) -> str | None:
    """The night in a delivery's key (``adapter/channel|17-1762563600/end|0``)."""
    match = _KEY.fullmatch(key)
    return match["night"] if match else None


class NightThreads:
    """Which thread a channel's night is told in; ``memory`` keeps the newest for each."""

    def __init__(self, memory: Memory) -> None:
        self._memory = memory

    def current(self, channel: str) -> int | None:
        """The thread of the newest night, whichever that is."""
        _, thread = self._recall(channel)
        return int(thread) if thread not in ("", _NONE) else None

    def of(self, channel: str, night: str) -> int | None:
        known, _ = self._recall(channel)
        return self.current(channel) if known == night else None

    def is_new(self, channel: str, night: str) -> bool:
        """Whether it began after the one that is known; a line of an older one, said again by
        a host, leaves that one's thread alone."""
        return _began(night) > _began(self._recall(channel)[0])

    def parent_of(self, thread: int, channels: tuple[str, ...]) -> str | None:
        return next((channel for channel in channels if self.current(channel) == thread), None)

    async def give_up(self, channel: str, night: str, why: Permanent) -> None:
        """Tell the rest of ``night`` in the channel itself."""
        log.warning("channel %s: no thread for this night: %s", channel, why)
        await self._memory.put(f"thread {channel}", f"{night} {_NONE}")

    async def begin(
        self, client: discord.Client, channel: str, night: str, first: int, message: Message
    ) -> None:
        """Start the thread of ``night`` from its first message, which has been sent.

        Never raises: a night without a thread is told in the channel.
        """
        await self._memory.put(f"thread {channel}", f"{night} {first}")
        await self.restore(client, channel, night, first, message)

    async def restore(
        self, client: discord.Client, channel: str, night: str, first: int, message: Message
    ) -> bool:
        """Whether the thread is there now, having been started if it was not."""
        try:
            await _start(client, int(channel), first, message.text)
        except Permanent as error:
            if isinstance(error, Refusal) and error.code == HAS_A_THREAD:
                return True
            why = await places.named(client, int(channel), error, places.FOR_A_THREAD)
            await self.give_up(channel, night, why)
            return False
        except SendError:
            return False  # the next message tries again
        return True

    def _recall(self, channel: str) -> tuple[str, str]:
        night, _, thread = (self._memory.get(f"thread {channel}") or "").partition(" ")
        return night, thread


def _began(night: str) -> int:
    return int(night.partition("-")[2] or -1)


async def _start(client: discord.Client, channel: int, message: int, text: str) -> None:
    route = Route(
        "POST",
        "/channels/{channel_id}/messages/{message_id}/threads",
        channel_id=channel,
        message_id=message,
    )
    lines = text.strip().splitlines() or [str(message)]
    async with guarded(client.http):
        await client.http.request(
            route, json={"name": lines[0][:NAME], "auto_archive_duration": _DAY}
        )


async def reopen(client: discord.Client, thread: int) -> None:
    """Bring an archived thread back (topics/threads). Raises as a send does."""
    route = Route("PATCH", "/channels/{channel_id}", channel_id=thread)
    async with guarded(client.http):
        await client.http.request(route, json={"archived": False})

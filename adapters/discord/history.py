"""What the history says of our own messages (needs Read Message History)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import discord

from adapters.discord.errors import guarded
from adapters.discord.places import look_up
from bot.port import Permanent

SKEW = 10.0
"""Seconds by which our clock may be ahead of Discord's."""

_UNREADABLE = "the history cannot be read: the bot lacks Read Message History"


async def find(
    client: discord.Client, places: tuple[int, ...], text: str, since: float
) -> tuple[int, int] | None:
    """In which of ``places`` we said ``text`` since that moment, and the message's id.

    Raises Permanent where the history of the first may not be read, which proves nothing."""
    after = datetime.fromtimestamp(since, UTC) - timedelta(seconds=SKEW)
    for place in places:
        if (number := await _find(client, place, text, after)) is not None:
            return place, number
    if not (await look_up(client, places[0])).permissions.read_message_history:
        raise Permanent(_UNREADABLE)
    return None


async def _find(client: discord.Client, place: int, text: str, after: datetime) -> int | None:
    me = client.user
    async with guarded(client.http):
        history = client.get_partial_messageable(place).history(after=after, limit=None)
        async for message in history:
            if message.author == me and message.content == text:
                return int(message.id)
    return None

"""What a channel's history says of our own messages (needs Read Message History)."""

from __future__ import annotations

from datetime import datetime

import discord

from adapters.discord.errors import guarded


async def find_own(client: discord.Client, place: int, text: str, after: datetime) -> int | None:
    """The id of our own message with this text, said since."""
    me = client.user
    async with guarded(client.http):
        history = client.get_partial_messageable(place).history(after=after, limit=None)
        async for message in history:
            if message.author == me and message.content == text:
                return message.id
    return None

"""What people write, where the host asked for it (``message_content``), and what is answered.

A vote by text is marked by a reaction, since a word for each would flood the channel. A question
is answered by a reply, which pings nobody; one asked of the bot alone is answered there.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import discord

from adapters.discord.errors import guarded
from bot.domain import Author, Line, Target

TAKEN = "✅"
READING = discord.Intents(guilds=True, messages=True, message_content=True)
"""With the privileged one: without it lines come empty but for private ones and mentions."""
DEAF = discord.Intents(guilds=True)

_WRITTEN = (discord.MessageType.default, discord.MessageType.reply)


@dataclass(frozen=True, slots=True)
class Said:
    """Where a line stands: the handle of what was written."""

    place: int
    message: int
    private: bool


def line_of(message: discord.Message, target: Target) -> Line | None:
    """A message as it was heard; None for what nobody wrote (somebody joined, a pin)."""
    if message.type not in _WRITTEN or not message.content:
        return None
    private = isinstance(message.channel, discord.DMChannel)
    return Line(
        target,
        author_of(message.author, is_bot=message.webhook_id is not None),
        message.content,
        message.created_at.timestamp(),
        private=private,
        handle=Said(message.channel.id, message.id, private),
    )


def author_of(user: discord.User | discord.Member, *, is_bot: bool = False) -> Author:
    """By the account's unique name, never a display name."""
    roles = tuple(str(role.id) for role in getattr(user, "roles", ()))
    return Author(str(user.id), user.name, roles=roles, is_bot=is_bot or user.bot)


async def answer(client: discord.Client, said: Said, form: dict[str, Any], private: bool) -> None:
    """Reply to a line; ``form`` is what ``send`` takes. Raises as a send does.

    A line in a channel has no answer for its author alone, but for a message to them, unasked;
    so nothing is said to it.
    """
    if private and not said.private:
        return
    place = client.get_partial_messageable(said.place)
    line = place.get_partial_message(said.message)
    first = line.to_reference(fail_if_not_exists=False)
    async with guarded(client.http):
        await place.send(**form, reference=first, mention_author=False)


async def mark(client: discord.Client, said: Said) -> None:
    """Show that a vote was taken. Raises as a send does."""
    line = client.get_partial_messageable(said.place).get_partial_message(said.message)
    async with guarded(client.http):
        await line.add_reaction(TAKEN)

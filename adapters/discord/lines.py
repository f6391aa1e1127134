"""What people write, where the host asked for it (``message_content``), and what is answered.

A vote by text is marked by a reaction, since a word for each would flood the channel. A question
is answered by a reply, which pings nobody; one asked of the bot alone is answered there.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import discord

from adapters.discord import places
from adapters.discord.errors import (
    MISSING_ACCESS,
    MISSING_PERMISSIONS,
    NO_HISTORY,
    Refusal,
    guarded,
)
from bot.domain import Author, Line, Target
from bot.port import Permanent

log = logging.getLogger(__name__)

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


class Answers:
    """Replies and marks, of one adapter. It remembers the places in which a permission for them
    is missing, until :meth:`forget_refusals`."""

    def __init__(self) -> None:
        self._apart: set[int] = set()
        self._unmarked: set[int] = set()

    def forget_refusals(self) -> None:
        self._apart.clear()
        self._unmarked.clear()

    async def reply(
        self, client: discord.Client, said: Said, form: dict[str, Any], private: bool
    ) -> None:
        """Answer a line; ``form`` is what ``send`` takes. Raises as a send does.

        A line in a channel has no answer for its author alone, but for a message to them, unasked;
        so nothing is said to it. Where a reply is refused the answer stands by itself.
        """
        if private and not said.private:
            return
        if said.place in self._apart:
            await _say(client, said, **form)
            return
        first = _line(client, said).to_reference(fail_if_not_exists=False)
        try:
            await _say(client, said, **form, reference=first, mention_author=False)
        except Refusal as error:
            if error.code != NO_HISTORY:
                raise
            await _say(client, said, **form)
            self._apart.add(said.place)
            await _tell(client, said, "answers refer to no line", error, places.FOR_A_REPLY)

    async def mark(self, client: discord.Client, said: Said) -> None:
        """Show that a vote was taken. Raises as a send does."""
        if said.place in self._unmarked:
            raise Permanent("a permission that marks need is missing there")
        try:
            async with guarded(client.http):
                await _line(client, said).add_reaction(TAKEN)
        except Refusal as error:
            if error.code in (MISSING_ACCESS, MISSING_PERMISSIONS):
                self._unmarked.add(said.place)
                await _tell(client, said, "votes are not marked", error, places.FOR_A_MARK)
            raise


def _line(client: discord.Client, said: Said) -> discord.PartialMessage:
    return client.get_partial_messageable(said.place).get_partial_message(said.message)


async def _say(client: discord.Client, said: Said, **form: Any) -> None:
    async with guarded(client.http):
        await client.get_partial_messageable(said.place).send(**form)


async def _tell(
    client: discord.Client, said: Said, what: str, error: Refusal, needed: Iterable[str]
) -> None:
    why = await places.named(client, said.place, error, needed)
    log.warning("channel %s: %s: %s", said.place, what, why)

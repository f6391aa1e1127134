"""Whether a channel can be spoken in: what it is and what the bot may do there, by REST."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import discord

from adapters.discord.errors import (
    ARCHIVED,
    LOCKED,
    MISSING_ACCESS,
    MISSING_PERMISSIONS,
    NO_HISTORY,
    NON_TEXT,
    UNKNOWN_CHANNEL,
    Refusal,
    guarded,
)
from bot.port import Permanent, SendError

log = logging.getLogger(__name__)

_NEEDED = ("view_channel", "send_messages")
_NEEDED_IN_THREAD = ("view_channel", "send_messages_in_threads")
FOR_A_THREAD, FOR_A_CARD = ("view_channel", "create_public_threads"), ("embed_links",)
FOR_A_REPLY, FOR_A_MARK = ("read_message_history",), ("read_message_history", "add_reactions")
_NAMING = 10.0
"""Seconds for finding out what is wrong, perhaps with the message already sent."""
_EXPLAINED = (MISSING_ACCESS, MISSING_PERMISSIONS, NON_TEXT, ARCHIVED, LOCKED, NO_HISTORY)
_MISSED = {
    "embed_links": "cards will be plain text",
    "read_message_history": "a message in doubt cannot be looked up, and may come twice",
}
_MISSED_BY_READERS = {
    "read_message_history": _MISSED["read_message_history"]
    + "; an answer refers to no line, and a vote in a line is not marked",
    "add_reactions": "a vote in a line is not marked",
}
_MISSED_IN_THREADS = dict.fromkeys(
    ("create_public_threads", "send_messages_in_threads"),
    "the night will be told in the channel itself",
)
NOT_GRANTED = (
    "message_content is on, but the Message Content Intent is not: what people write is not read. "
    "Switch it on in the developer portal, on the Bot page, below Privileged Gateway Intents"
)


@dataclass(frozen=True, slots=True)
class Place:
    """A channel or thread, as it is called, with what the bot may do in it."""

    label: str
    channel: discord.abc.GuildChannel | discord.Thread
    guild: discord.Guild
    permissions: discord.Permissions


async def look_up(client: discord.Client, channel_id: int) -> Place:
    """Raises Permanent for what is no channel of a server that the bot is in, else as a send."""
    try:
        async with guarded():
            found = await client.fetch_channel(channel_id)
    except Refusal as error:
        if said := await _explained(client, channel_id, error):
            raise Permanent(said) from error
        raise
    if isinstance(found, discord.abc.PrivateChannel):
        raise Permanent("is a private conversation; name a channel of a server")
    async with guarded():
        guild = await client.fetch_guild(found.guild.id)
        assert client.user is not None
        me = await guild.fetch_member(client.user.id)
        holder = await _holder(guild, found)
    label = f"#{found.name} in {guild.name}"
    # As they were granted: a channel's own method also takes away what cannot be used without
    # Send Messages, which is no lack of its own, and none in a thread.
    granted = discord.abc.GuildChannel.permissions_for(holder, me)
    return Place(label, found, guild, granted)


async def _holder(guild: discord.Guild, channel: Any) -> discord.abc.GuildChannel:
    """Whose permissions count: a thread has its parent's."""
    at = channel.parent_id if isinstance(channel, discord.Thread) else channel.id
    found = await guild.fetch_channel(at)
    assert isinstance(found, discord.abc.GuildChannel)
    return found


async def _explained(client: discord.Client, channel_id: int, error: Refusal) -> str | None:
    """What to put right, where Discord's own words do not say it."""
    if error.code == MISSING_ACCESS:
        return "the bot lacks View Channel there, or is not in its server"
    if error.code != UNKNOWN_CHANNEL:
        return None
    if await _is_server(client, channel_id):
        return "is the id of a server; copy that of a channel in it"
    return "there is no such channel; it may have been deleted"


async def _is_server(client: discord.Client, guild_id: int) -> bool:
    try:
        async with guarded():
            await client.fetch_guild(guild_id)
    except Refusal:
        return False
    return True


async def named(
    client: discord.Client, channel: int, error: Permanent, needed: Iterable[str] = ()
) -> Permanent:
    """A refusal of a send, or of something else that takes the permissions ``needed``, with what
    is wrong where, by name, if that can be found out."""
    if not isinstance(error, Refusal) or error.code not in _EXPLAINED:
        return error
    try:
        async with asyncio.timeout(_NAMING):
            place = await look_up(client, channel)
        found = _lacking(place, needed) if needed else _wrong(place)
    except Permanent as why:
        found = str(why)
    except (SendError, TimeoutError):
        return error
    return Refusal(f"{error}: {found}", error.code, error.status) if found else error


def require(place: Place, roles: Iterable[int], *, threads: bool, reads: bool) -> None:
    """Raises Permanent, naming all that is missing where; what is merely useful is logged."""
    if found := _no_place(place):
        raise Permanent(found)
    for permission, consequence in _useful(place, threads=threads, reads=reads).items():
        if not getattr(place.permissions, permission):
            log.error("%s: %s is missing: %s", place.label, titled(permission), consequence)
    wrong = [_wrong(place), *(_wrong_with_role(place, role) for role in roles)]
    if told := "; ".join(filter(None, wrong)):
        raise Permanent(told)


def _useful(place: Place, *, threads: bool, reads: bool) -> dict[str, str]:
    """Permissions that a channel can do without, and what is missed then."""
    starts = threads and not isinstance(place.channel, discord.Thread)
    return _MISSED | (_MISSED_IN_THREADS if starts else {}) | (_MISSED_BY_READERS if reads else {})


def may_read(client: discord.Client) -> bool:
    """Whether the Message Content Intent is granted, for every channel or for none."""
    flags = client.application_flags
    return flags.gateway_message_content or flags.gateway_message_content_limited


def _no_place(place: Place) -> str | None:
    """Why nobody can say anything there, in words."""
    if isinstance(place.channel, discord.CategoryChannel):
        return f"{place.label} is a category; name a channel in it"
    if isinstance(place.channel, discord.ForumChannel):
        return f"{place.label} is a forum; name a post in it"
    return None


def _wrong(place: Place) -> str | None:
    """Why the bot can say nothing there, in words."""
    channel, label = place.channel, place.label
    if found := _no_place(place):
        return found
    if not isinstance(channel, discord.Thread):
        return _lacking(place, _NEEDED)
    lacking = _lacking(place, _NEEDED_IN_THREAD)
    if not channel.locked or place.permissions.manage_threads:
        return lacking
    locked = f"{label}: the thread is locked; unlock it, or give the bot Manage Threads"
    return f"{locked}; {lacking}" if lacking else locked


def _lacking(place: Place, needed: Iterable[str]) -> str | None:
    """What the bot needs there and has not."""
    missing = [titled(name) for name in needed if not getattr(place.permissions, name)]
    return f"{place.label}: the bot lacks {' and '.join(missing)}" if missing else None


def _wrong_with_role(place: Place, role_id: int) -> str | None:
    """Why a mention of the role would ping nobody; Discord shows the message all the same."""
    role = place.guild.get_role(role_id)
    if role is None:
        return f"{place.guild.name} has no role {role_id} that could be mentioned"
    if role.mentionable or place.permissions.mention_everyone:
        return None
    return (
        f"{place.label}: the bot cannot mention the role {role.name} (switch on Allow anyone to "
        "@mention this role, or give the bot Mention @everyone, @here, and All Roles)"
    )


def address(client: discord.Client, channel: str, remote_id: str) -> str | None:
    """Where a message can be read, once the gateway has told which server the channel is of."""
    place, _, number = remote_id.rpartition("/")
    guild = getattr(client.get_channel(int(channel)), "guild", None)
    if guild is None:
        return None
    return f"https://discord.com/channels/{guild.id}/{place or channel}/{number}"


def titled(permission: str) -> str:
    """As Discord's settings call it."""
    return permission.replace("_", " ").title().replace(" In ", " in ")

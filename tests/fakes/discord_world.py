"""The server, channels, messages and people that the Discord look-alike keeps.

Only what a bot sees. Everything is plain data; ``discord_rest`` serves it over HTTP and
``discord_gateway`` tells of it over the WebSocket.
"""

from __future__ import annotations

import itertools
import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import IntEnum
from typing import Any

Json = dict[str, Any]

EPOCH_MS = 1_420_070_400_000
"""The first second of 2015 (reference.mdx, Snowflakes)."""


class Kind(IntEnum):
    """resources/channel.mdx, Channel Types."""

    TEXT = 0
    DM = 1
    VOICE = 2
    CATEGORY = 4
    ANNOUNCEMENT = 5
    THREAD = 11
    FORUM = 15


class Permission(IntEnum):
    """topics/permissions.mdx, Bitwise Permission Flags."""

    ADD_REACTIONS = 1 << 6
    VIEW_CHANNEL = 1 << 10
    SEND_MESSAGES = 1 << 11
    EMBED_LINKS = 1 << 14
    READ_MESSAGE_HISTORY = 1 << 16
    MENTION_EVERYONE = 1 << 17
    MANAGE_THREADS = 1 << 34
    CREATE_PUBLIC_THREADS = 1 << 35
    SEND_MESSAGES_IN_THREADS = 1 << 38


USUAL = (
    Permission.ADD_REACTIONS,
    Permission.VIEW_CHANNEL,
    Permission.SEND_MESSAGES,
    Permission.EMBED_LINKS,
    Permission.READ_MESSAGE_HISTORY,
    Permission.CREATE_PUBLIC_THREADS,
    Permission.SEND_MESSAGES_IN_THREADS,
)


@dataclass
class Role:
    id: int
    name: str
    mentionable: bool = False


@dataclass
class User:
    id: int
    name: str
    bot: bool = False
    roles: tuple[int, ...] = ()


@dataclass
class Message:
    id: int
    channel_id: int
    author: User
    content: str
    embeds: list[Json]
    components: list[Json]
    flags: int = 0
    nonce: str | None = None
    webhook_id: int | None = None
    pings: list[str] = field(default_factory=list)
    edits: int = 0
    created_at: float = 0.0
    interaction: int | None = None
    reply_to: int | None = None
    kind: int = 0
    reactions: list[str] = field(default_factory=list)


@dataclass
class Channel:
    id: int
    name: str
    kind: Kind = Kind.TEXT
    may: set[Permission] = field(default_factory=lambda: set(USUAL))
    parent: Channel | None = None
    archived: bool = False
    locked: bool = False
    messages: dict[int, Message] = field(default_factory=dict)
    recipient: User | None = None

    @property
    def granted(self) -> set[Permission]:
        """Threads inherit (topics/threads.mdx, Permissions)."""
        return self.parent.granted if self.parent else self.may


class World:
    """``shift`` moves the look-alike's own time, for nonces and hour-old messages;
    ``on_message`` is called with each one that is stored; ``content_granted`` is the switch of
    the privileged Message Content Intent in the developer portal."""

    nonce_memory = 180.0
    """Seconds. "In the past few minutes" is all that resources/message.mdx says."""
    old_edits_allowed = 5
    """Edits of a message older than an hour before 30046; the real number is not told."""

    def __init__(self) -> None:
        self.shift = 0.0
        self._count = itertools.count(1)
        self.guild_id = self.snowflake()
        self.application_id = self.snowflake()
        # the same number for bots of today, another for those of before 2016
        self.bot = User(self.snowflake(), "nightcrier", bot=True)
        self.channels: dict[int, Channel] = {}
        self.roles: dict[int, Role] = {}
        self.webhooks: dict[int, tuple[str, Channel]] = {}
        self.commands: list[Json] = []
        self.nonces: dict[str, tuple[float, int, Message]] = {}
        self.on_message: Callable[[Message], None] = lambda message: None
        self.content_granted = False

    def now(self) -> float:
        return time.time() + self.shift

    def snowflake(self) -> int:
        return (int(self.now() * 1000) - EPOCH_MS << 22) | next(self._count) & 0xFFF

    def add_channel(self, name: str = "general", kind: Kind = Kind.TEXT) -> Channel:
        channel = Channel(self.snowflake(), name, kind)
        self.channels[channel.id] = channel
        return channel

    def direct(self, user: User) -> Channel:
        """The private conversation of the bot with somebody."""
        found = (c for c in self.channels.values() if c.recipient == user)
        channel = next(found, None) or self.add_channel(user.name, Kind.DM)
        channel.recipient = user
        return channel

    def add_thread(self, parent: Channel, name: str, thread_id: int | None = None) -> Channel:
        thread = Channel(thread_id or self.snowflake(), name, Kind.THREAD, parent=parent)
        self.channels[thread.id] = thread
        return thread

    def add_role(self, name: str, *, mentionable: bool = False) -> Role:
        role = Role(self.snowflake(), name, mentionable)
        self.roles[role.id] = role
        return role

    def add_webhook(self, channel: Channel, token: str) -> int:
        webhook_id = self.snowflake()
        self.webhooks[webhook_id] = (token, channel)
        return webhook_id

    def store(self, channel: Channel, author: User, payload: Json, **more: Any) -> Message:
        """Keep a message. Content is trimmed, as Discord does with what is posted."""
        message = Message(
            id=self.snowflake(),
            channel_id=channel.id,
            author=author,
            content=(payload.get("content") or "").strip(),
            embeds=payload.get("embeds") or [],
            components=payload.get("components") or [],
            flags=payload.get("flags") or 0,
            created_at=self.now(),
            reply_to=int((payload.get("message_reference") or {}).get("message_id", 0)) or None,
            **more,
        )
        message.pings = self.pings(channel, message.content, payload.get("allowed_mentions"))
        message.pings += self._replied(channel, message, payload.get("allowed_mentions"))
        channel.messages[message.id] = message
        self.on_message(message)
        return message

    def _replied(self, channel: Channel, message: Message, allowed: Json | None) -> list[str]:
        """ibid., replied_user: whether the author of what is replied to is notified."""
        first = channel.messages.get(message.reply_to or 0)
        if first is None or (allowed is not None and not allowed.get("replied_user")):
            return []
        return [f"user {first.author.id}"]

    def pings(self, channel: Channel, content: str, allowed: Json | None) -> list[str]:
        """Who is notified (resources/message.mdx, Allowed Mentions): without the field
        everybody who is mentioned, with it only those whom it names."""
        found = []
        parse = {"roles", "users", "everyone"} if allowed is None else set(allowed.get("parse", []))
        anybody = Permission.MENTION_EVERYONE in channel.granted
        if "everyone" in parse and anybody:
            found += re.findall(r"@everyone|@here", content)
        listed = {str(role_id) for role_id in (allowed or {}).get("roles", [])}
        for role_id in re.findall(r"<@&(\d+)>", content):
            role = self.roles.get(int(role_id))
            named = "roles" in parse or role_id in listed
            if role and named and (role.mentionable or anybody):
                found.append(f"role {role.name}")
        if "users" in parse:
            found += [f"user {user_id}" for user_id in re.findall(r"<@!?(\d+)>", content)]
        return found

    # --- as JSON -------------------------------------------------------------------------

    def user_json(self, user: User) -> Json:
        return {
            "id": str(user.id),
            "username": user.name,
            "discriminator": "0",
            "global_name": user.name.title(),
            "avatar": None,
            "bot": user.bot,
        }

    def member_json(self, user: User) -> Json:
        return {
            "user": self.user_json(user),
            "roles": [str(role) for role in user.roles],
            "joined_at": "2024-01-01T00:00:00+00:00",
            "deaf": False,
            "mute": False,
            "flags": 0,
        }

    def role_json(self, role: Role, permissions: int = 0) -> Json:
        return {
            "id": str(role.id),
            "name": role.name,
            "color": 0,
            "colors": {"primary_color": 0, "secondary_color": None, "tertiary_color": None},
            "hoist": False,
            "position": 0,
            "permissions": str(permissions),
            "managed": False,
            "mentionable": role.mentionable,
            "flags": 0,
        }

    def channel_json(self, channel: Channel) -> Json:
        data = {
            "id": str(channel.id),
            "type": int(channel.kind),
            "guild_id": str(self.guild_id),
            "name": channel.name,
            "position": 0,
            "permission_overwrites": [],
            "nsfw": False,
            "parent_id": str(channel.parent.id) if channel.parent else None,
        }
        if channel.recipient is not None:
            people = [self.user_json(channel.recipient)]
            return {"id": str(channel.id), "type": int(channel.kind), "recipients": people}
        if channel.kind is Kind.VOICE:
            data |= {"bitrate": 64_000, "user_limit": 0}
        if channel.kind is Kind.THREAD:
            return data | self._thread_json(channel)
        # @everyone's role has everything here; a channel denies what it does not grant
        denied = sum(flag for flag in Permission if flag not in channel.may)
        everyone = {"id": str(self.guild_id), "type": 0, "allow": "0", "deny": str(denied)}
        return data | {"permission_overwrites": [everyone]}

    def _thread_json(self, channel: Channel) -> Json:
        return {
            "owner_id": str(self.bot.id),
            "message_count": len(channel.messages),
            "member_count": 1,
            "thread_metadata": {
                "archived": channel.archived,
                "locked": channel.locked,
                "auto_archive_duration": 1440,
                "archive_timestamp": moment(self.now()),
            },
        }

    def guild_json(self) -> Json:
        everyone = Role(self.guild_id, "@everyone")
        everything = sum(Permission)
        return {
            "id": str(self.guild_id),
            "name": "Game nights",
            "owner_id": "1",
            "roles": [
                self.role_json(everyone, everything),
                *(self.role_json(role) for role in self.roles.values()),
            ],
            "emojis": [],
            "stickers": [],
            "features": [],
            "afk_timeout": 60,
            "verification_level": 0,
            "default_message_notifications": 0,
            "explicit_content_filter": 0,
            "mfa_level": 0,
            "premium_tier": 0,
            "nsfw_level": 0,
            "preferred_locale": "en-US",
            "system_channel_flags": 0,
            "premium_progress_bar_enabled": False,
        }

    def guild_create_json(self) -> Json:
        threads = [c for c in self.channels.values() if c.kind is Kind.THREAD]
        others = [c for c in self.channels.values() if c.kind not in (Kind.THREAD, Kind.DM)]
        return self.guild_json() | {
            "large": False,
            "unavailable": False,
            "member_count": 2,
            "joined_at": "2024-01-01T00:00:00+00:00",
            "members": [self.member_json(self.bot)],
            "channels": [self.channel_json(channel) for channel in others],
            "threads": [self.channel_json(thread) for thread in threads],
            "presences": [],
            "voice_states": [],
            "stage_instances": [],
            "guild_scheduled_events": [],
            "soundboard_sounds": [],
        }

    def message_json(self, message: Message, *, nonce: bool = False) -> Json:
        """The nonce is told to the sender alone, never by the history."""
        data = {
            "id": str(message.id),
            "channel_id": str(message.channel_id),
            "author": self.user_json(message.author),
            "content": message.content,
            "timestamp": moment(message.created_at),
            "edited_timestamp": moment(self.now()) if message.edits else None,
            "tts": False,
            "mention_everyone": False,
            "mentions": [],
            "mention_roles": [],
            "attachments": [],
            "embeds": [{"type": "rich", **embed} for embed in message.embeds],
            "components": message.components,
            "pinned": False,
            "type": 19 if message.reply_to else message.kind,
            "flags": message.flags,
        }
        if nonce and message.nonce is not None:
            data["nonce"] = message.nonce
        if message.webhook_id is not None:
            data["webhook_id"] = str(message.webhook_id)
        return data


def moment(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat()

"""Who hears a message arrive: nobody by name unless the host chose so, for each kind of line."""

from __future__ import annotations

from adapters.discord.settings import Settings
from bot.domain import Message


def roles_for(settings: Settings, message: Message) -> tuple[int, ...]:
    """The roles that are pinged: those of every kind of line in it."""
    chosen = (role for kind in message.kinds for role in settings.mention_roles.get(kind, ()))
    return tuple(dict.fromkeys(chosen))


def is_silent(settings: Settings, message: Message) -> bool:
    """Whether nothing in it is worth a sound."""
    return bool(message.kinds) and set(message.kinds) <= set(settings.silent)

"""Discord: a bot's account with cards, boards and vote buttons, or a webhook that only speaks."""

from __future__ import annotations

import logging

from adapters.discord.bot import DiscordBot
from adapters.discord.settings import (
    Settings,
    fold,
    ident,
    invite,
    wrong_channels,
)
from adapters.discord.webhook import Webhook
from bot.port import Adapter, Hear, Memory

__all__ = ["ALIKE", "Settings", "build", "fold", "ident", "invite", "wrong_channels"]

ALIKE = ("api_url",)
"""Settings that must be the same in every table: discord.py has them once for the process."""


def build(
    settings: Settings, *, name: str, channels: tuple[str, ...], hear: Hear, memory: Memory
) -> Adapter:
    """An adapter for one table. Raises ValueError, with a sentence, for a channel that cannot be.

    From here on discord.py logs no secret (at DEBUG it logs the token) and no traceback for
    each attempt to reconnect, which we log ourselves, once.
    """
    for channel, what in wrong_channels(settings.model_fields_set, channels):
        raise ValueError(f"{channel}: {what}")
    library = logging.getLogger("discord")
    library.setLevel(max(library.level, logging.INFO))
    logging.getLogger("discord.client").setLevel(logging.CRITICAL)
    if settings.webhook_url is not None:
        return Webhook(settings, name)
    return DiscordBot(settings, name, channels, hear, memory)

"""What Discord can carry, for a bot's account."""

from __future__ import annotations

from adapters.discord import markup
from adapters.discord.settings import Settings
from bot.domain import Limits, Pace

DEDUPES_FOR = 120.0
"""Seconds. Discord remembers a nonce for "the past few minutes" (resources/message, Create
Message); this is what we trust of it."""


def limits_for(settings: Settings) -> Limits:
    return Limits(
        length=markup.CONTENT,
        pace=Pace(burst=50, every=0.02),  # topics/rate-limits, Global Rate Limit
        edits=True,
        edit_every=settings.edit_interval,
        cards=True,
        buttons=True,
        images=True,
        dedupes_for=DEDUPES_FOR,
        finds=True,
    )

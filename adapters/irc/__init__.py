"""IRC: ``[adapters.<name>]`` with ``kind = "irc"``.

A pure protocol part (``machine`` and what it is made of: lines in; lines and facts out) in a
thin connection; ``library`` is all that we use of the ``irc`` package.
"""

from __future__ import annotations

import re

from adapters.irc.adapter import Irc
from adapters.irc.settings import Settings
from adapters.irc.text import fold as folded
from bot.port import Adapter, Hear, Memory

CHANNEL = re.compile(r"[#&+!][^\s,\x00-\x1f\x7f]{1,199}")


def build(
    settings: Settings, *, name: str, channels: tuple[str, ...], hear: Hear, memory: Memory
) -> Adapter:
    """The adapter, not yet connected. Raises ValueError for a name that no channel can have."""
    for channel in channels:
        fold(channel)
    return Irc(settings, name, channels, hear)


def fold(channel: str) -> str:
    """A channel's name as most networks compare it. Raises ValueError for what is none."""
    if not CHANNEL.fullmatch(channel):
        raise ValueError("is not the name of an IRC channel, such as #gamenight")
    return folded(channel)


def ident(settings: Settings) -> str:
    """Which connection it is: two tables with the same host must not share a channel."""
    return settings.host.lower()


__all__ = ["Settings", "build", "fold", "ident"]

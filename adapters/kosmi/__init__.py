"""Kosmi: the chat of its rooms, by the protocol of its own web page, which nobody promises.

``settings`` has what changes with the site, ``room`` a connection to one room, and ``adapter``
what the port asks for.
"""

from __future__ import annotations

import logging
import re

from adapters.kosmi.adapter import Kosmi
from adapters.kosmi.settings import Settings
from bot.port import Adapter, Hear, Memory

ROOM = re.compile(r"@[\w.-]+")


def build(
    settings: Settings, *, name: str, channels: tuple[str, ...], hear: Hear, memory: Memory
) -> Adapter:
    """The adapter, not yet connected. From here on gql logs no frames, which hold the token."""
    library = logging.getLogger("gql")
    library.setLevel(max(library.level, logging.INFO))
    return Kosmi(settings, name, channels, hear)


def fold(channel: str) -> str:
    """A room's name with its @; Kosmi does not say whether case matters, so it does not.

    Raises ValueError for anything else, such as the room's address.
    """
    if not ROOM.fullmatch(channel):
        raise ValueError("must be the room's name with its @, as it stands in the room's address")
    return channel.lower()


def ident(settings: Settings) -> str:
    """Which site it is."""
    return settings.ws_url


__all__ = ["Settings", "build", "fold", "ident"]

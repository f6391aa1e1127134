"""What is heard in a chat."""

from __future__ import annotations

from dataclasses import dataclass

from bot.domain.delivery import Target
from bot.domain.messages import Action

OPERATOR = "op"
"""The role of an operator of the channel, on networks that have such."""

HOST = "host"
"""The role of somebody whom the adapter itself knows to be a host: who sits at the console."""


@dataclass(frozen=True, slots=True)
class Author:
    """Who spoke. ``id`` is the network's own for the person; ``name`` is the unique name
    (a nick, an account's handle), ``account`` the services account where there is one.
    ``roles`` are the ids, as text, of the roles that they hold in the channel they spoke in;
    an operator of an IRC channel holds :data:`OPERATOR`. No network's own role has the id of
    that, or of :data:`HOST`."""

    id: str
    name: str
    account: str | None = None
    roles: tuple[str, ...] = ()
    is_bot: bool = False


@dataclass(frozen=True, slots=True)
class Line:
    """Text said in a channel, or to us alone (``private``)."""

    target: Target
    author: Author
    text: str
    at: float
    private: bool = False
    handle: object = None


@dataclass(frozen=True, slots=True)
class Tap:
    """A vote button pressed."""

    target: Target
    author: Author
    action: Action
    at: float
    handle: object = None


@dataclass(frozen=True, slots=True)
class Ask:
    """A slash command."""

    target: Target
    author: Author
    command: str
    arguments: tuple[tuple[str, str], ...]
    at: float
    handle: object = None


Heard = Line | Tap | Ask

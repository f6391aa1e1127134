"""What the protocol part tells the thin connection, and what it is told of us. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum

from bot.domain import Outcome


@dataclass(frozen=True, slots=True)
class Identity:
    """Who we are on the network. ``mechanisms`` are the SASL mechanisms that we may use, best
    first; ``nonce`` is fresh for each connection. A ``guest`` only looks in: whoever has our nick
    may be the bot itself, and is left alone."""

    nick: str
    username: str
    realname: str
    nonce: str
    password: str | None = field(default=None, repr=False)
    account: str | None = None
    account_password: str | None = field(default=None, repr=False)
    mechanisms: tuple[str, ...] = ()
    nickserv: str = "NickServ"
    guest: bool = False


class Patience(Enum):
    """How long to wait before the next connection."""

    SHORT = "seconds"
    LONG = "quarters of an hour"
    FATAL = "for ever"


@dataclass(frozen=True, slots=True)
class Ending:
    """Why this connection has to end. ``reason`` is a clause for the host, without secrets."""

    reason: str
    patience: Patience = Patience.SHORT


@dataclass(frozen=True, slots=True)
class Settled:
    """The fate of a line, by the ticket that it was given."""

    ticket: int
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class Spoken:
    """What somebody said. ``channel`` is the name in the configuration, None for a private
    line; ``at`` is the network's own time, where it tells one; ``rules`` if they are an operator
    of the channel (of our first one, in private)."""

    channel: str | None
    nick: str
    account: str | None
    is_bot: bool
    text: str
    at: float | None
    rules: bool = False


@dataclass(frozen=True, slots=True)
class Note:
    """Something that the host should read in the log."""

    text: str


Fact = Settled | Spoken | Note

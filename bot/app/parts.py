"""What the running bot is made of."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from bot.app.hearing import Hearing
from bot.ballots import Limit
from bot.chat import Rules
from bot.domain import Kind, Target
from bot.formatter import Wording
from bot.hosts import Hosts
from bot.picker import Picker
from bot.port import Adapter
from bot.store import Store
from bot.timing import Time


@dataclass(frozen=True, slots=True)
class Listening:
    """What is made of what people say. ``rules`` are those of every channel, ``voting`` the
    adapters that votes are taken from (None: all), ``beside_relay`` those on whose channels
    another bot takes votes and commands by text. ``notice`` is whether who votes by text is
    told in private what became of it."""

    limit: Limit = Limit.ONCE
    rules: Rules = field(default_factory=Rules)
    voting: frozenset[str] | None = None
    beside_relay: frozenset[str] = frozenset()
    notice: bool = False
    hosts: Hosts = field(default_factory=Hosts)

    def takes_votes(self, adapter: str) -> bool:
        return self.voting is None or adapter in self.voting

    def rules_of(self, adapter: str, names: tuple[str, ...] = ()) -> Rules:
        """The rules of a connection on which we are called ``names``."""
        alone = adapter not in self.beside_relay
        return replace(
            self.rules,
            names=names,
            votes=alone and self.takes_votes(adapter),
            commands=alone and self.rules.commands,
        )


@dataclass(frozen=True, slots=True)
class Parts:
    """``announce`` has the targets that speak, ``configured`` those that the configuration has,
    which are more in a rehearsal (``--only``). The adapters tell ``hearing`` what they hear;
    ``mask`` hides secrets in what a far side says."""

    picker: Picker
    store: Store
    adapters: Mapping[str, Adapter]
    announce: Mapping[Target, frozenset[Kind]]
    configured: frozenset[Target]
    wording: Wording
    poll_interval: float
    time: Time
    hearing: Hearing = field(default_factory=Hearing)
    listening: Listening = field(default_factory=Listening)
    mask: Callable[[str], str] = str

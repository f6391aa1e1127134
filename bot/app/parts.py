"""What the running bot is made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from bot.app.hearing import Hearing
from bot.ballots import Limit
from bot.domain import Kind, Target
from bot.formatter import Wording
from bot.picker import Picker
from bot.port import Adapter
from bot.store import Store
from bot.timing import Time


@dataclass(frozen=True, slots=True)
class Parts:
    """``announce`` has the targets that speak, ``configured`` those that the configuration has,
    which are more in a rehearsal (``--only``). The adapters tell ``hearing`` what they hear."""

    picker: Picker
    store: Store
    adapters: Mapping[str, Adapter]
    announce: Mapping[Target, frozenset[Kind]]
    configured: frozenset[Target]
    wording: Wording
    poll_interval: float
    time: Time
    hearing: Hearing = field(default_factory=Hearing)
    vote_limit: Limit = Limit.ONCE

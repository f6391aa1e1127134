"""What becomes of a vote that is handed to the Picker."""

from __future__ import annotations

from dataclasses import dataclass

from bot.domain.delivery import Deferred, Doubtful, Refused
from bot.domain.night import Votes

SAME_SECOND = 1.0
"""Of two votes of one name no further apart than this the Picker counts one (contract,
section 3)."""


@dataclass(frozen=True, slots=True)
class Counted:
    """The Picker counted it, for the game that its answer names. ``totals`` are that game's
    all-time counters afterwards."""

    game_id: int | None = None
    title: str | None = None
    totals: Votes | None = None


@dataclass(frozen=True, slots=True)
class CountedBefore:
    """A vote of that name is counted already in that second (contract, section 3: 409)."""


@dataclass(frozen=True, slots=True)
class NightOver:
    """The Picker takes no votes any more. Its own words."""

    reason: str


Cast = Counted | CountedBefore | Refused | NightOver | Deferred | Doubtful
"""The answer to a vote, or how there was none: Deferred if it surely did not arrive."""


@dataclass(frozen=True, slots=True)
class NotThere:
    """The Picker was asked for a vote and has none such."""


@dataclass(frozen=True, slots=True)
class NoQuery:
    """The Picker cannot be asked for votes (older than March 2026)."""


Search = Counted | NotThere | NoQuery

"""How old a Picker is, said as what it can do. A client must cope with any mixture."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class Era:
    """One age of the backend. Where sources contradict each other, both readings are fields,
    so `dataclasses.replace` gives a Picker that is hard to please."""

    iso_dates: bool = True
    """`created_at` as ISO with Z; else as SQLite writes it, UTC without saying so."""

    start_told_to_all: bool = True
    """`session.started` goes to every authenticated client; else to subscribers of the new
    session, whom nobody can be yet."""

    code_in_event: bool = True
    """`game.added` carries `room_code`."""

    votes_pushed: bool = True
    """`vote.received` exists (2026-03-15)."""

    vote_queries: bool = True
    """`GET /sessions/:id/votes` and `GET /votes` exist (2026-03-15)."""

    catalogue_counters: bool = True
    """Rows of the catalogue carry the all-time `upvotes`, `downvotes`, `popularity_score`."""

    row_counters: bool = True
    """Rows of `GET /sessions/:id/games` carry these too."""

    row_sources: bool = True
    """These rows tell where the choice came from: dice, manual, poll (2026-05-10)."""

    rooms_watched: bool = True
    """A room code starts a room monitor: `room.*`, `lobby.*`, `game.status` (v0.6.0)."""

    tickers: bool = True
    """A vote may name a game of the catalogue by its ticker (v0.6.5)."""

    polls: bool = True
    """The community may choose the next game: `poll.*`, `voting.ended`, `game.picked` (2026-05)."""

    guarded_reads: bool = False
    """Reads need the token as well, as the oldest quick reference says."""


NEWEST = Era()

SEED = Era(
    iso_dates=False,
    code_in_event=False,
    votes_pushed=False,
    vote_queries=False,
    row_counters=False,
    row_sources=False,
    rooms_watched=False,
    tickers=False,
    polls=False,
)
"""November 2025: three events, no way to ask for votes."""

ERAS: Mapping[str, Era] = MappingProxyType({"seed": SEED, "newest": NEWEST})
"""By the names that `nightcrier sandbox --era` takes."""

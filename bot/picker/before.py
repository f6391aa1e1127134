"""What games' all-time counters were before they were played, for Pickers that do not tell a
night's votes."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

from bot.domain import Row, SessionKey, Votes
from bot.picker.rest import Rest
from bot.wire import Unclear

log = logging.getLogger(__name__)

Counters = Mapping[int, Votes]
NOTHING: Counters = MappingProxyType({})


class Before:
    """The catalogue's counters as they were when a night was first seen.

    A game's counters rise only while it is played, so they are those of the beginning of
    whatever the night brings later, however late that is noticed. For games that it had already,
    those serve that were read while no night was running, unless we have logged in since: while
    there was no link there may have been another night.
    """

    def __init__(self, rest: Rest) -> None:
        self._rest = rest
        self._read_for: tuple[SessionKey | None, int] | None = None
        self._totals = NOTHING

    async def ask(self, night: SessionKey | None) -> Counters | None:
        """The catalogue, where it must be read: once for each night, before its rows are; None
        where it need not be. One that cannot be had is not waited for again."""
        if self._rest.has_votes or not self._wants(night):
            return None
        try:
            return await self._rest.catalogue()
        except Unclear as unclear:
            log.debug("The counters of the catalogue cannot be read: %s", unclear)
            return NOTHING

    def rows(
        self, night: SessionKey | None, catalogue: Counters | None, rows: tuple[Row, ...]
    ) -> tuple[Row, ...]:
        """The night's rows, read after the ``catalogue``, with what is known of each game."""
        if catalogue is not None and self._wants(night):  # else another snapshot was quicker
            self._read(night, catalogue, {row.game.id for row in rows})
        return tuple(replace(row, before=self.of(night, row.game.id)) for row in rows)

    def of(self, night: SessionKey | None, game_id: int | None) -> Votes | None:
        if game_id is None or not self._serves(night):
            return None
        return self._totals.get(game_id)

    def _serves(self, night: SessionKey | None) -> bool:
        """Whether what was read is of this night, or of the time before it: then it serves until
        the night's own rows are there, however slowly they come."""
        idle = (None, self._rest.logins)
        return self._read_for is not None and (self._read_for[0] == night or self._read_for == idle)

    def _wants(self, night: SessionKey | None) -> bool:
        if night is not None and self._read_for is not None:
            return self._read_for[0] != night
        return self._read_for != (night, self._rest.logins)

    def _read(self, night: SessionKey | None, catalogue: Counters, begun: set[int | None]) -> None:
        idle = self._totals if self._read_for == (None, self._rest.logins) else NOTHING
        self._totals = {**idle, **{id: n for id, n in catalogue.items() if id not in begun}}
        self._read_for = (night, self._rest.logins)

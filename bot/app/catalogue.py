"""The tickers of the Picker's catalogue, for votes on a game that need not be running."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping

from bot.domain import Game
from bot.picker import Picker
from bot.timing import Time
from bot.wire import Unclear

log = logging.getLogger(__name__)

_FRESH_FOR = 600.0
_ASK_AGAIN_AFTER = 5.0


class Catalogue:
    """Games by ticker, asked for when one is used and kept for ten minutes; longer while the
    Picker does not answer."""

    def __init__(self, picker: Picker, time: Time) -> None:
        self._picker = picker
        self._time = time
        self._games: Mapping[str, Game] = {}
        self._good_until = 0.0
        self._one_at_a_time = asyncio.Lock()

    async def games(self) -> Mapping[str, Game]:
        """Empty where the Picker takes no votes by ticker, or never told."""
        async with self._one_at_a_time:
            if self._time.monotonic() >= self._good_until:
                await self._ask()
        return self._games

    async def _ask(self) -> None:
        try:
            self._games = await self._picker.tickers()
            wait = _FRESH_FOR
        except Unclear as unclear:
            log.debug("the catalogue cannot be read: %s", unclear)
            wait = _ASK_AGAIN_AFTER
        self._good_until = self._time.monotonic() + wait

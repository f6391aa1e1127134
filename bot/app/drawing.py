"""The boards' part of what a batch of facts leads to, and their numbers by the Picker's count."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

from bot import boards
from bot.app.counts import Counts
from bot.domain import Announcement, Board, Delivery, Message, Target
from bot.formatter import Wording
from bot.session import Session, State
from bot.store import Ledger
from bot.timing import Time
from bot.wire import Unclear

_EVERY = 5.0
"""Seconds between two looks at the Picker's count, as between two edits."""


@dataclass(frozen=True, slots=True)
class Drawn:
    """The boards that begin, by the keys of their lines, and those that change."""

    targets: Collection[Target] = ()
    openings: Mapping[str, Message] | None = None
    changes: tuple[tuple[Board, Message], ...] = ()

    def record(
        self, ledger: Ledger, deliveries: Sequence[Delivery], now: float
    ) -> Sequence[Delivery]:
        """Write it all; ``deliveries`` without what the boards say in their stead."""
        if not self.targets:
            return deliveries
        ledger.boards.begin(deliveries, self.openings or {}, self.targets)
        for board, message in self.changes:
            ledger.boards.want(board, message)
        return ledger.boards.without_codes(deliveries, now)


class Drawing:
    """Draws boards for ``targets``, the channels whose messages can be edited. ``counts`` has
    what the Picker told of tonight's votes."""

    def __init__(self, wording: Wording, targets: Collection[Target], counts: Counts) -> None:
        self._wording = wording
        self._targets = targets
        self._counts = counts

    def draw(
        self, before: State, after: State, left: Sequence[Session], lines: Iterable[Announcement]
    ) -> Drawn:
        """What a batch changes. ``left`` are the nights that left the state with it."""
        if not self._targets:
            return Drawn()
        openings = dict(opening for line in lines for opening in boards.openings(line))
        changes = boards.changed(before, (*boards.sessions(after), *left), self._counts.of)
        return Drawn(
            self._targets,
            {key: self._wording.board(board) for key, board in openings.items()},
            self._with_messages(changes),
        )

    def redraw(self, state: State) -> Drawn:
        """The running game's board with the numbers that are known by now."""
        return Drawn(self._targets, {}, self._with_messages(boards.running(state, self._counts.of)))

    def _with_messages(self, drawn: Iterable[Board]) -> tuple[tuple[Board, Message], ...]:
        return tuple((board, self._wording.board(board)) for board in drawn)


class Refreshing:
    """Corrects the numbers of boards by the Picker's own count, which also has the votes that we
    missed: once after a while in which votes came, and no oftener than boards are edited."""

    def __init__(
        self,
        counts: Counts,
        time: Time,
        *,
        state: Callable[[], State],
        redraw: Callable[[], Awaitable[None]],
    ) -> None:
        self._counts = counts
        self._time = time
        self._state = state
        self._redraw = redraw
        self._stale = asyncio.Event()

    def votes_came(self) -> None:
        self._stale.set()

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            await self._stale.wait()
            self._stale.clear()
            if session := self._state().current:
                with suppress(Unclear):
                    await self._counts.tonight(session.key, self._time.monotonic())
                    await self._redraw()
            await self._time.sleep(_EVERY)

"""What the session machine wants to know is asked here, outside any transaction, and the
answer goes back in by the same door as everything else."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import TypeVar

from bot.app.intake import Intake
from bot.domain import (
    Answer,
    Confirmed,
    SessionKey,
    Snapshot,
    Tallied,
    Verdict,
    Votes,
    Want,
    WantConfirm,
    WantSnapshot,
    WantTally,
)
from bot.picker import Picker
from bot.timing import Time, within
from bot.wire import Unclear

T = TypeVar("T")

_TALLY_AFTER = 3.0
"""Seconds after which a play's votes line goes without the Picker's answer."""

_FOR_THE_COUNT = 0.75
"""Seconds of these that are left to ask for the count; our own votes may take the others."""


class Asking:
    """Answers wants. A want that is being asked is not asked a second time; snapshots are
    taken one after the other, however many were wanted meanwhile.

    ``answered`` is called when a snapshot was taken in, ``flush`` is awaited before a night's
    votes are asked for, so that ours are among them. ``told`` has what was last heard of them."""

    def __init__(
        self,
        picker: Picker,
        intake: Intake,
        time: Time,
        tasks: asyncio.TaskGroup,
        *,
        answered: Callable[[], None],
        flush: Callable[[SessionKey], Awaitable[None]],
        told: Callable[[WantTally], Votes | None] = lambda want: None,
    ) -> None:
        self._picker = picker
        self._intake = intake
        self._time = time
        self._tasks = tasks
        self._answered = answered
        self._flush = flush
        self._told = told
        self._snapshot_wanted = asyncio.Event()
        self._asked: set[Want] = set()

    def want_snapshot(self) -> None:
        self._snapshot_wanted.set()

    def want(self, wants: Sequence[Want]) -> None:
        for want in wants:
            if isinstance(want, WantSnapshot):
                self.want_snapshot()
            elif want not in self._asked:
                self._asked.add(want)
                self._tasks.create_task(self._ask(want))

    async def snapshots(self) -> None:
        """Take a snapshot whenever one is wanted, until cancelled."""
        while True:
            await self._snapshot_wanted.wait()
            self._snapshot_wanted.clear()
            with suppress(Unclear):  # the Picker client has said so
                await self._intake.take([await self._snapshot()])
                self._picker.snapshot_taken()
                self._answered()

    async def _ask(self, want: WantConfirm | WantTally) -> None:
        try:
            if isinstance(want, WantConfirm):
                await self._intake.take([await self._confirm(want)])
            else:
                await self._tally(want)
        finally:
            self._asked.discard(want)

    async def _tally(self, want: WantTally) -> None:
        """What must be known first, then the tally; or their absence, three seconds later."""
        deadline = self._time.monotonic() + _TALLY_AFTER
        if want.first is not None:
            first = await self._by(deadline, self._first(want.first))
            if first is not None:
                await self._intake.take([first])
        tallied = None
        if want.play:  # 0 stands for the question which games were missed, and is answered now
            await self._by(deadline - _FOR_THE_COUNT, self._flush(want.key))
            tally = self._picker.tally(want, self._intake.votes_are_pushed)
            tallied = await self._by(deadline, tally)
        await self._intake.take([tallied or Tallied(want.key, want.play, known=self._told(want))])

    async def _by(self, deadline: float, work: Awaitable[T]) -> T | None:
        left = max(deadline - self._time.monotonic(), 0.0)
        try:
            return await within(self._time, left, work)
        except (TimeoutError, Unclear):
            return None

    def _snapshot(self) -> Awaitable[Snapshot]:
        return self._picker.snapshot(self._intake.state.facts)

    def _first(self, want: WantSnapshot | WantConfirm) -> Awaitable[Answer]:
        return self._confirm(want) if isinstance(want, WantConfirm) else self._snapshot()

    async def _confirm(self, want: WantConfirm) -> Confirmed:
        seen = self._intake.state.facts
        try:
            return await self._picker.confirm(want.key, seen)
        except Unclear:
            return Confirmed(seen, want.key, Verdict.UNKNOWN)

"""The one door through which facts come in, pushed or polled, one batch at a time."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache

from bot import outbox, session
from bot.app.drawing import Drawing, Drawn
from bot.domain import (
    Announcement,
    Clock,
    Delivery,
    Input,
    Kind,
    SessionKey,
    Target,
    VoteReceived,
    Want,
    WantSnapshot,
)
from bot.formatter import Wording
from bot.session import Reason, Session, State, Step, Unsaid
from bot.store import Ledger, Store

log = logging.getLogger(__name__)

_WORTH_TELLING = frozenset(
    {
        Reason.STARTED,
        Reason.ENDED,
        Reason.RESUMED,
        Reason.REMOVED,
        Reason.NO_MEMORY,
        Reason.CAUGHT_UP,
        Reason.SUSPECTED,
        Reason.CONTRADICTED,
        Reason.NO_COUNT,
    }
)


@dataclass
class Batch:
    """What a run of inputs led to, before it is on disk."""

    state: State
    lines: list[Announcement | Unsaid] = field(default_factory=list)
    wants: dict[Want, None] = field(default_factory=dict)
    taken_back: list[tuple[SessionKey, int]] = field(default_factory=list)
    left: list[Session] = field(default_factory=list)

    def add(self, step: Step) -> None:
        self.state = step.state
        self.lines += step.unsaid
        self.lines += step.announcements
        self.wants |= dict.fromkeys(step.wants)
        self.taken_back += step.taken_back
        self.left += step.left


class Intake:
    """Takes inputs through the session machine and what follows from them to disk.

    Serial: from the first step to the COMMIT one call at a time, whoever calls. The new
    state replaces the old one only after the COMMIT; ``committed`` is called then, with
    what the machine wants to know. ``held`` is whether nothing expires at the moment;
    ``note`` is shown every input first.
    """

    def __init__(
        self,
        state: State,
        *,
        store: Store,
        wording: Wording,
        announce: Mapping[Target, frozenset[Kind]],
        clock: Callable[[], Clock],
        held: Callable[[], bool],
        committed: Callable[[State, Sequence[Want]], None],
        drawing: Drawing | None = None,
        note: Callable[[Sequence[Input]], None] = lambda inputs: None,
    ) -> None:
        self.state = state
        self.votes_are_pushed = False
        self._store = store
        self._wording = wording
        self._announce = announce
        self._clock = clock
        self._held = held
        self._committed = committed
        self._drawing = drawing
        self._note = note
        self._one_at_a_time = asyncio.Lock()

    async def take(self, inputs: Sequence[Input]) -> None:
        """Returns once what ``inputs`` mean is on disk, however long a full disk takes."""
        self._note(inputs)
        async with self._one_at_a_time:
            clock = self._clock()
            batch = self._fold(inputs, clock)
            if batch.state != self.state or batch.lines:
                stalls = self._store.stalls
                await self._store.write(self._record(batch, clock.now))
                if self._store.stalls != stalls:
                    batch.wants[WantSnapshot()] = None
            self.state = batch.state
        self._committed(batch.state, tuple(batch.wants))

    async def redraw(self) -> None:
        """Let the running game's board show the numbers that are known by now."""
        if self._drawing is None:
            return
        async with self._one_at_a_time:
            drawn, now = self._drawing.redraw(self.state), self._clock().now
            await self._store.write(lambda ledger: drawn.record(ledger, (), now))
        self._committed(self.state, ())

    def _fold(self, inputs: Sequence[Input], clock: Clock) -> Batch:
        batch = Batch(self.state)
        for given in session.condense(inputs):
            try:
                step = session.step(batch.state, given, clock)
            except Exception:
                log.exception("set aside: %s could not be taken in", type(given).__name__)
                continue
            _tell(step)
            batch.add(step)
            self.votes_are_pushed = self.votes_are_pushed or isinstance(given, VoteReceived)
        return batch

    def _record(self, batch: Batch, now: float) -> Callable[[Ledger], None]:
        rows = tuple(row for line in batch.lines for row in self._plan(line, now))
        taken_back, drawn = tuple(batch.taken_back), self._draw(batch)

        def record(ledger: Ledger) -> None:
            ledger.record(batch.state, drawn.record(ledger, rows, now), taken_back, now)

        return record

    def _draw(self, batch: Batch) -> Drawn:
        if self._drawing is None:
            return Drawn()
        lines = (line for line in batch.lines if isinstance(line, Announcement))
        return self._drawing.draw(self.state, batch.state, batch.left, lines)

    def _plan(self, line: Announcement | Unsaid, now: float) -> tuple[Delivery, ...]:
        render = cache(self._wording.render)
        if isinstance(line, Unsaid):
            said, reason = line.announcement, str(line.reason)
            return outbox.leave_out(said, render, self._announce, now, reason)
        return outbox.plan(line, render, self._announce, now, held=self._held())


def _tell(step: Step) -> None:
    for reason in step.reasons:
        level = logging.INFO if reason in _WORTH_TELLING else logging.DEBUG
        log.log(level, "%s", reason)
    for unsaid in step.unsaid:
        log.info("not said: %s (%s)", unsaid.announcement.key, unsaid.reason)

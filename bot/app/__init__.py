"""The running bot: what is started, in which order, and how it stops.

Adapters are started first and stopped last, lanes between, and what reads from the Picker is
started last and stopped first, so that nothing is taken in that could not be said.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager

from bot import session
from bot.app.asking import Asking
from bot.app.counts import Counts
from bot.app.drawing import Drawing, Refreshing
from bot.app.hearing import Hearing
from bot.app.intake import Intake
from bot.app.jumps import Jumps
from bot.app.parts import Listening, Parts
from bot.app.people import People
from bot.app.tasks import Tasks
from bot.deliver import Editor, Lane, open_lanes, watch
from bot.domain import Clock, Input, VoteReceived, Want
from bot.poll import Poll
from bot.port import Adapter, AdapterFatal
from bot.store import Ledger, StoreError
from bot.wire import KeyRefused

__all__ = ["Hearing", "Listening", "NothingToSayItWith", "Parts", "run"]

log = logging.getLogger(__name__)

_STOP_AFTER = 5.0
"""Seconds that sends under way are given at the end; Docker gives ten in all."""

_CRASHED_AFTER = 60.0
_ALIVE_EVERY = 20.0
_PURGE_EVERY = 24 * 3600.0


class NothingToSayItWith(Exception):
    """No adapter is left that could go on."""


async def run(parts: Parts) -> None:
    """Announce until cancelled; then stop in order, in five seconds and a little.

    Raises NothingToSayItWith, ``bot.wire.KeyRefused`` or ``bot.store.StoreError``, each
    with one sentence for the host.
    """
    try:
        await _App(parts).run()
    except* (NothingToSayItWith, KeyRefused, StoreError) as group:
        raise group.exceptions[0] from None


class _App:
    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._jumps = Jumps()
        self._lanes = open_lanes(
            parts.announce,
            parts.adapters,
            parts.store,
            parts.time,
            held=self._held,
            mask=parts.mask,
        )
        self._editors = [lane.editor for lane in self._lanes.values() if lane.editor]
        self._workers: list[Lane | Editor] = [*self._lanes.values(), *self._editors]
        self._speaking = set(parts.adapters)

    async def run(self) -> None:
        state = await self._begin()
        adapters = [self._keep(name, each) for name, each in self._parts.adapters.items()]
        workers = [worker.run() for worker in self._workers]
        async with (
            _in_background(adapters) as speaking,
            _in_background(workers, self._stop_lanes) as delivering,
            Tasks() as reading,
        ):
            for task in (*speaking, *delivering):
                reading.create_task(_raising(task))
            self._read(state, reading)

    async def _begin(self) -> session.State:
        configured, now = self._parts.configured, self._parts.time.now()

        def begin(ledger: Ledger) -> session.State:
            for row in ledger.close_unknown(configured, now):
                log.info("expired: %s to %s (%s)", row.key, row.target, row.reason)
            return ledger.state()

        return await self._parts.store.write(begin)

    def _read(self, state: session.State, tasks: asyncio.TaskGroup) -> None:
        """Start all that takes facts in, and ask again what a restart left unanswered."""
        parts = self._parts
        intake = self._make(state, tasks)
        self._committed(state, session.wants(state))
        poll = Poll(parts.poll_interval, self._asking.want_snapshot)
        link = parts.picker.run(
            intake.take,
            want_snapshot=self._asking.want_snapshot,
            poll_now=poll.now,
            recreate_poll=poll.recreate,
        )
        work = [link, poll.run(), self._asking.snapshots(), self._keep_house()]
        if self._editors:
            work.append(self._refreshing.run())
        for each in (*work, *self._people.work()):
            tasks.create_task(each)
        tasks.create_task(watch(parts.store, self._lanes.values(), parts.time))

    def _make(self, state: session.State, tasks: asyncio.TaskGroup) -> Intake:
        """The intake, what asks the Picker for it, and what listens to people."""
        parts = self._parts
        counts = Counts(parts.picker, parts.time)
        intake = self._open_intake(state, counts)
        self._people = People(
            parts,
            self._lanes,
            counts,
            tasks,
            state=lambda: intake.state,
            clock=self._clock,
            want_snapshot=lambda: self._asking.want_snapshot(),
        )
        voting = self._people.voting
        self._refreshing = Refreshing(
            counts, parts.time, state=lambda: intake.state, redraw=intake.redraw
        )
        self._asking = Asking(
            parts.picker,
            intake,
            parts.time,
            tasks,
            answered=self._answered,
            flush=voting.flush,
            told=lambda want: counts.told(intake.state, want),
        )
        return intake

    def _open_intake(self, state: session.State, counts: Counts) -> Intake:
        parts = self._parts
        boards = frozenset(editor.target for editor in self._editors)
        return Intake(
            state,
            store=parts.store,
            wording=parts.wording,
            announce=parts.announce,
            clock=self._clock,
            held=self._held,
            committed=self._committed,
            drawing=Drawing(parts.wording, boards, counts),
            note=self._note,
        )

    def _note(self, inputs: Sequence[Input]) -> None:
        self._people.voting.note(inputs)
        if any(isinstance(given, VoteReceived) for given in inputs):
            self._refreshing.votes_came()

    def _answered(self) -> None:
        self._people.voting.answered()
        self._refreshing.votes_came()

    def _committed(self, state: session.State, wants: Sequence[Want]) -> None:
        self._parts.picker.follow(state.current.key.id if state.current else None)
        for worker in self._workers:
            worker.wake()
        self._people.changed(state)
        self._asking.want(wants)

    def _clock(self) -> Clock:
        parts = self._parts
        return Clock(parts.time.now(), parts.picker.skew or 0.0, parts.poll_interval)

    def _held(self) -> bool:
        time = self._parts.time
        return self._jumps.held(time.now(), time.monotonic(), self._parts.picker.skew)

    async def _keep(self, name: str, adapter: Adapter) -> None:
        """Run one adapter for as long as it can. One that breaks in a way that it should not
        is started again a minute later; it never takes the others with it."""
        while True:
            try:
                await adapter.run()
            except AdapterFatal as error:
                log.error("%s is off until a restart: %s", name, error)
                break
            except (Exception, asyncio.CancelledError):
                if _is_cancelled():
                    raise
                log.exception("%s broke and is started again in a minute", name)
            await self._parts.time.sleep(_CRASHED_AFTER)
        self._speaking.discard(name)
        if not self._speaking:
            raise NothingToSayItWith("no adapter is left that could say anything")

    async def _keep_house(self) -> None:
        """The sign of life for ``nightcrier health``, and what is too old to be kept."""
        parts, purge_at = self._parts, 0.0
        while True:
            await parts.store.give_sign_of_life(parts.time.now())
            if parts.time.monotonic() >= purge_at:
                purge_at = parts.time.monotonic() + _PURGE_EVERY
                await parts.store.write(lambda ledger: ledger.purge(parts.time.now()))
            await parts.time.sleep(_ALIVE_EVERY)

    async def _stop_lanes(self, tasks: Sequence[asyncio.Task[None]]) -> None:
        for lane in self._lanes.values():
            lane.stop()
        if tasks:
            await asyncio.wait(tasks, timeout=_STOP_AFTER)


@asynccontextmanager
async def _in_background(
    work: Sequence[Coroutine[None, None, None]],
    stop: Callable[[Sequence[asyncio.Task[None]]], Awaitable[None]] | None = None,
) -> AsyncIterator[Sequence[asyncio.Task[None]]]:
    """Run ``work`` for as long as the block lasts; then let ``stop`` end it, and cancel what
    is left of it."""
    tasks = [asyncio.create_task(each) for each in work]
    try:
        yield tasks
    finally:
        if stop is not None:
            await stop(tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _is_cancelled() -> bool:
    """Whether this task is to end, and not just something within it was cancelled."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


async def _raising(task: asyncio.Task[None]) -> None:
    """End when ``task`` does, with its exception; to be cancelled without cancelling it."""
    await asyncio.wait({task})
    if not task.cancelled():
        task.result()

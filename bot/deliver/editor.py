"""The boards of one target: each is edited until it shows what it should.

An edit is idempotent, so it has no ledger of attempts: it is repeated until done, and nothing is
remembered but what the message shows by now. Votes may change a board a hundred times a second;
it is edited once an interval, to the latest.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Callable
from dataclasses import dataclass

from bot import outbox
from bot.boards import Row
from bot.deliver.attempt import Mask, attempt, failure
from bot.deliver.pacer import Pacer, nap
from bot.domain import Deferred, Pace, Refused, Target
from bot.formatter import split
from bot.port import Edits
from bot.store import Ledger, Store, StoreError
from bot.timing import Time

log = logging.getLogger(__name__)

_AFTER_A_FAULT = 60.0


@dataclass(frozen=True, slots=True)
class _Due:
    """When a board may be edited next, by the monotonic clock, and its failures in a row."""

    at: float
    failures: int = 0


class Editor:
    """Beside the lane of a target, so that no edit holds up an announcement, and behind it in
    the pace that they share. Waits are in memory: after a restart everything is due. ``freed``
    is called when a line is to be said that a board was to show. Only a StoreError leaves
    :meth:`run`."""

    def __init__(
        self,
        target: Target,
        adapter: Edits,
        store: Store,
        time: Time,
        *,
        pacer: Pacer,
        jitter: Callable[[], float] = random.random,
        mask: Mask = str,
        freed: Callable[[], None] = lambda: None,
    ) -> None:
        self.target = target
        self._adapter = adapter
        self._store = store
        self._time = time
        self._pacer = pacer
        self._jitter = jitter
        self._mask = mask
        self._freed = freed
        self._woken = asyncio.Event()
        self._stopping = asyncio.Event()
        self._due: dict[int, _Due] = {}

    async def run(self) -> None:
        """Until :meth:`stop`; an edit under way is finished first. Raises StoreError."""
        while not self._stopping.is_set():
            self._woken.clear()
            try:
                wait = await self._look()
            except StoreError:
                raise
            except Exception:
                log.exception("the boards of %s are out of step", self.target)
                wait = _AFTER_A_FAULT
            if wait is None:
                await nap(self._time, self._woken, None)
            elif wait:
                # Votes come faster than edits are due, so none of them is worth a look.
                await nap(self._time, self._stopping, min(wait, self._adapter.limits.edit_every))

    def wake(self) -> None:
        """To be called after a commit that may have changed what a board should show."""
        self._woken.set()

    def stop(self) -> None:
        """Begin no other edit."""
        self._stopping.set()
        self._woken.set()
        self._pacer.stir()

    async def _look(self) -> float | None:
        """Make the edit that is due first, if it is; the seconds until there may be another,
        None if that takes a wake-up."""
        now = self._time.now()

        def look(ledger: Ledger) -> tuple[bool, tuple[Row, ...]]:
            return ledger.boards.end_unsaid(self.target, now), ledger.boards.to_edit(self.target)

        freed, rows = await self._store.write(look)
        if freed:
            self._freed()
        self._due = {row.id: self._due.get(row.id, _Due(0.0)) for row in rows} | self._resting()
        if not rows:
            return None
        row = min(rows, key=lambda row: self._due[row.id].at)
        wait = max(self._due[row.id].at - self._time.monotonic(), 0.0)
        if not wait and await self._pacer.turn(self._pace, reply=True, wanted=self._wanted):
            await self._edit(row)
        return wait

    def _resting(self) -> dict[int, _Due]:
        """The boards that are as they should be, and were edited a moment ago."""
        now = self._time.monotonic()
        return {id: due for id, due in self._due.items() if due.at > now}

    def _wanted(self) -> bool:
        return not self._stopping.is_set()

    def _pace(self) -> Pace:
        return self._adapter.limits.pace

    async def _edit(self, row: Row) -> None:
        limits, measure = self._adapter.limits, self._adapter.measure
        message, _ = split(row.wanted, limits.length, measure, multiline=limits.multiline)
        edit = self._adapter.edit(self.target.channel, row.remote_id, message)
        task = await attempt(edit, self._time)
        now = self._time.now()
        match failure(task, self.target, self._mask):
            case None:
                await self._store.write(lambda ledger: ledger.boards.has_shown(row, now))
                self._rest(row, limits.edit_every)
            case Refused(reason):
                if await self._store.write(lambda ledger: ledger.boards.end(row.id, now, reason)):
                    self._freed()
                log.warning("the board of %s stays as it is: %s", _name(row), reason)
            case Deferred(reason, retry_after):
                self._put_off(row, reason, retry_after)
            case doubtful:
                self._put_off(row, doubtful.reason, None)

    def _rest(self, row: Row, seconds: float) -> None:
        self._due[row.id] = _Due(self._time.monotonic() + seconds)

    def _put_off(self, row: Row, reason: str, retry_after: float | None) -> None:
        failures = self._due[row.id].failures + 1
        wait = outbox.wait_for(retry_after, failures, self._jitter())
        self._due[row.id] = _Due(self._time.monotonic() + wait, failures)
        level = logging.INFO if failures == 1 else logging.DEBUG
        log.log(level, "the board of %s waits: %s", _name(row), reason)


def _name(row: Row) -> str:
    return f"{row.session}/{row.play} in {row.target}"

"""The worker of one target: ledger head -> mark -> send -> settle, one delivery at a time."""

from __future__ import annotations

import asyncio
import logging
import random
from collections import deque
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import TypeGuard

from bot import outbox
from bot.deliver.attempt import Mask, attempt, failure
from bot.deliver.editor import Editor
from bot.deliver.pacer import Pacer, nap
from bot.domain import Accepted, Deferred, Delivery, Limits, Message, Pace, Status, Target
from bot.formatter import join, split
from bot.outbox import Decision
from bot.port import Adapter, Edits, Exempts, Finds
from bot.store import Ledger, Store, StoreError
from bot.timing import Time

log = logging.getLogger(__name__)

REPLY_AFTER = 15.0
"""Seconds after which an answer to somebody in a chat is not worth sending."""

_MOST_REPLIES = 500
_REPLIES_AT_ONCE = 32
_LOOK_EVERY = 5.0
_AFTER_A_FAULT = 60.0
_LEVELS = {Status.UNCONFIRMED: logging.WARNING, Status.DEAD: logging.ERROR}


def open_lanes(
    targets: Iterable[Target],
    adapters: Mapping[str, Adapter],
    store: Store,
    time: Time,
    *,
    held: Callable[[], bool],
    mask: Mask = str,
) -> dict[Target, Lane]:
    """A lane for each target, those of one adapter at one pace. ``held`` is whether nothing
    expires at the moment, ``mask`` hides secrets in what a far side says."""
    pacers = {name: Pacer(time) for name in adapters}
    lanes: dict[Target, Lane] = {}
    for target in targets:
        adapter, pacer = adapters[target.adapter], pacers[target.adapter]
        editor = None
        if can_edit(adapter):
            freed = partial(_wake, lanes, target)
            editor = Editor(target, adapter, store, time, pacer=pacer, mask=mask, freed=freed)
        lanes[target] = Lane(
            target, adapter, store, time, pacer=pacer, held=held, editor=editor, mask=mask
        )
    return lanes


def _wake(lanes: Mapping[Target, Lane], target: Target) -> None:
    lanes[target].wake()


def can_edit(adapter: Adapter) -> TypeGuard[Edits]:
    """Whether the messages of an adapter can be boards."""
    return isinstance(adapter, Edits) and adapter.limits.edits


async def watch(store: Store, lanes: Collection[Lane], time: Time) -> None:
    """Wake the lanes when another process (``nightcrier outbox retry``) changed the ledger."""
    while True:
        await time.sleep(_LOOK_EVERY)
        if await store.changed_elsewhere():
            for lane in lanes:
                lane.wake()


@dataclass(frozen=True, slots=True)
class _Reply:
    handle: object
    message: Message
    private: bool
    until: float


@dataclass(frozen=True, slots=True)
class _View:
    """What a look at the ledger showed: rows that ended by it, the pending ones in order,
    and what is to be done with the first of these."""

    ended: tuple[Delivery, ...]
    rows: tuple[Delivery, ...] = ()
    decision: Decision | None = None


class Lane:
    """Says what the ledger holds for one target, in order, and then what is to be replied.

    Waits are by the monotonic clock and in memory alone. Whatever goes wrong in here or in
    the adapter stays in here; only a StoreError leaves :meth:`run`.
    """

    def __init__(
        self,
        target: Target,
        adapter: Adapter,
        store: Store,
        time: Time,
        *,
        pacer: Pacer,
        held: Callable[[], bool] = lambda: False,
        jitter: Callable[[], float] = random.random,
        editor: Editor | None = None,
        mask: Mask = str,
    ) -> None:
        self.target = target
        self.editor = editor
        self.dropped_replies = 0
        self._adapter = adapter
        self._finds = isinstance(adapter, Finds)
        self._exempts = adapter if isinstance(adapter, Exempts) else None
        self._store = store
        self._time = time
        self._pacer = pacer
        self._held = held
        self._jitter = jitter
        self._mask = mask
        self._woken = asyncio.Event()
        self._stopping = False
        self._due = 0.0
        self._rest_for: float | None = None
        self._asked = 0
        self._unanswerable: tuple[int, int] | None = None
        self._replies: deque[_Reply] = deque()
        self._replying: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Until :meth:`stop`; a send under way is finished first. Raises StoreError."""
        try:
            await self._work()
        finally:
            for task in self._replying:
                task.cancel()

    async def _work(self) -> None:
        while not self._stopping:
            self._woken.clear()
            try:
                busy = await self._announce() or await self._answer()
            except StoreError:
                raise
            except Exception:
                log.exception("the lane of %s is out of step", self.target)
                busy, self._rest_for = False, _AFTER_A_FAULT
            if not busy:
                await nap(self._time, self._woken, self._rest_for)

    def wake(self) -> None:
        """To be called after a commit that may have brought something to say."""
        self._woken.set()
        self._pacer.stir()

    def stop(self) -> None:
        """Begin no other send."""
        self._stopping = True
        self.wake()
        if self.editor is not None:
            self.editor.stop()

    def reply(self, handle: object, message: Message, private: bool) -> None:
        """Answer what was heard, after the announcements; dropped if that takes too long."""
        if len(self._replies) >= _MOST_REPLIES:
            self._drop("too many are waiting")
            return
        until = self._time.monotonic() + REPLY_AFTER
        self._replies.append(_Reply(handle, message, private, until))
        self.wake()

    # --- announcements -------------------------------------------------------------------

    async def _announce(self) -> bool:
        """Bring the head one step on; False if there is nothing to do before a wake-up or
        the end of ``_rest_for``."""
        limits, now, held = self._adapter.limits, self._time.now(), self._held()
        view = await self._store.write(lambda ledger: self._look(ledger, limits, now, held))
        _tell(view.ended)
        self._rest_for = self._waits(view.rows[0], now) if view.rows else None
        if not view.rows or self._rest_for:
            return False
        if not await self._pacer.turn(self._pace, wanted=lambda: not self._stopping):
            return True
        await self._take_turn()
        return True

    def _waits(self, head: Delivery, now: float) -> float:
        """Seconds until the head is due, or past its shelf life if that comes first."""
        wait = max(self._due - self._time.monotonic(), 0.0)
        left = head.expires_at - now
        return min(wait, left) if left > 0 else wait

    async def _take_turn(self) -> None:
        limits, now, held = self._adapter.limits, self._time.now(), self._held()
        view = await self._store.write(lambda ledger: self._mark(ledger, limits, now, held))
        _tell(view.ended)
        if view.decision is Decision.SEND:
            await self._send(view.rows[0], limits)
        elif view.decision is Decision.ASK:
            await self._ask(view.rows[0])

    def _look(self, ledger: Ledger, limits: Limits, now: float, held: bool) -> _View:
        """Ends what is not to be sent any more."""
        ended: list[Delivery] = []
        why = outbox.MUTED if ledger.mutes.holds(self.target, now) else None
        while rows := ledger.heads(self.target):
            known = self._answerable(limits, rows[0])
            head = outbox.recover(rows[0], known)
            decision = outbox.decide(head, known, now, held=held)
            if why is None and decision is not Decision.CLOSE:
                return _View(tuple(ended), (head, *rows[1:]), decision)
            ended += ledger.save(outbox.close(head, now, why))
        return _View(tuple(ended))

    def _mark(self, ledger: Ledger, limits: Limits, now: float, held: bool) -> _View:
        view = self._look(ledger, limits, now, held)
        if view.decision is not Decision.SEND:
            return view

        def fit(message: Message) -> tuple[Message, Message | None]:
            measure, multiline = self._adapter.measure, limits.multiline
            return split(message, limits.length, measure, multiline=multiline)

        rows = outbox.mark(view.rows, limits, now, fit=fit, join=join)
        for row in rows:
            ledger.save(row)
        return replace(view, rows=rows)

    def _answerable(self, limits: Limits, row: Delivery) -> Limits:
        """The limits for a row: its channel may be one that cannot be asked."""
        asks = self._finds and self._unanswerable != (row.id, row.part)
        return limits if asks or not limits.finds else replace(limits, finds=False)

    async def _send(self, row: Delivery, limits: Limits) -> None:
        send = self._adapter.send(self.target.channel, row.message, key=row.send_key)
        task = await attempt(send, self._time)
        outcome = failure(task, self.target, self._mask) or Accepted(task.result())
        now, jitter, known = self._time.now(), self._jitter(), self._answerable(limits, row)

        def settle(ledger: Ledger) -> tuple[tuple[Delivery, ...], float]:
            # Read again: it may have been taken back while the send was under way.
            after, wait = outbox.settle(ledger.delivery(row.id), outcome, known, now, jitter)
            return ledger.save(after), wait

        rows, wait = await self._store.write(settle)
        self._due = self._time.monotonic() + wait
        self._asked = 0
        self._settled(rows)

    def _settled(self, rows: Iterable[Delivery]) -> None:
        _tell(rows)
        if self.editor is not None:
            self.editor.wake()  # what was sent may be a board that was to change meanwhile

    async def _ask(self, row: Delivery) -> None:
        assert isinstance(self._adapter, Finds)
        since = row.created_at if row.first_tried_at is None else row.first_tried_at
        task = await attempt(
            self._adapter.find(self.target.channel, row.message, since), self._time
        )
        match failure(task, self.target, self._mask):
            case None:
                await self._learn(row, task.result())
            case Deferred(reason, retry_after):
                self._asked += 1
                wait = outbox.wait_for(retry_after, self._asked, self._jitter())
                self._due = self._time.monotonic() + wait
                log.debug("%s to %s cannot be looked for yet: %s", row.key, self.target, reason)
            case problem:
                self._unanswerable = (row.id, row.part)
                log.info("%s to %s cannot be looked for: %s", row.key, self.target, problem.reason)

    async def _learn(self, row: Delivery, remote_id: str | None) -> None:
        now = self._time.now()
        rows = await self._store.write(
            lambda ledger: ledger.save(outbox.answer(ledger.delivery(row.id), remote_id, now))
        )
        self._settled(rows)

    # --- replies -------------------------------------------------------------------------

    async def _answer(self) -> bool:
        """Begin one reply, or all that the network does not count; False if there is none to begin.
        A few are under way at once, so that none holds up another, or an announcement."""
        reply = self._next_reply()
        if reply is None:
            return False
        if not self._is_exempt(reply):
            if await self._pacer.turn(self._pace, reply=True, wanted=self._may_reply):
                self._begin_reply()
            return True
        while reply is not None and self._is_exempt(reply):
            self._begin_reply()
            reply = self._next_reply()
        return True

    def _is_exempt(self, reply: _Reply) -> bool:
        return self._exempts is not None and self._exempts.is_exempt(reply.handle)

    def _begin_reply(self) -> None:
        if reply := self._next_reply():
            self._replies.popleft()
            task = asyncio.create_task(self._send_reply(reply))
            self._replying.add(task)
            task.add_done_callback(self._replied)

    def _replied(self, task: asyncio.Task[None]) -> None:
        self._replying.discard(task)
        if not task.cancelled() and (error := task.exception()):
            self._drop(type(error).__name__)
        self.wake()

    def _next_reply(self) -> _Reply | None:
        if len(self._replying) >= _REPLIES_AT_ONCE:
            return None
        while self._replies and self._replies[0].until <= self._time.monotonic():
            self._replies.popleft()
            self._drop("it took too long")
        return self._replies[0] if self._replies else None

    def _may_reply(self) -> bool:
        return not (self._stopping or self._woken.is_set())

    async def _send_reply(self, reply: _Reply) -> None:
        limits, measure = self._adapter.limits, self._adapter.measure
        head, rest = split(reply.message, limits.length, measure, multiline=limits.multiline)
        task = await attempt(self._adapter.reply(reply.handle, head, reply.private), self._time)
        if problem := failure(task, self.target, self._mask):
            self._drop(problem.reason)
        elif rest:
            self._replies.appendleft(replace(reply, message=rest))

    def _drop(self, reason: str) -> None:
        self.dropped_replies += 1
        log.info("a reply to %s was dropped: %s", self.target, reason)

    def _pace(self) -> Pace:
        return self._adapter.limits.pace


def _tell(rows: Iterable[Delivery]) -> None:
    """One line for each fate, and one for the first of a row's failures."""
    for row in rows:
        if row.status is not Status.PENDING:
            why = row.reason or row.proof or "proven"
            twice = ", perhaps said twice" if row.repeated else ""
            level = _LEVELS.get(row.status, logging.INFO)
            log.log(level, "%s: %s to %s (%s%s)", row.status, row.key, row.target, why, twice)
        elif row.reason:
            level = logging.WARNING if row.doubts else logging.INFO
            level = level if row.attempts == 1 else logging.DEBUG
            what = "in doubt" if row.doubts else "waits"
            log.log(level, "%s: %s to %s (%s)", what, row.key, row.target, row.reason)

"""Votes of people on their way to the Picker: on disk first, then handed over until it is clear
what became of each (:mod:`bot.ballots`).

Ballots go out while the Picker is known to answer and the state is known to be its: from a
snapshot that was taken in until the first failure. After one the Picker is asked for a snapshot,
less and less often, and with that they go out again.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections import Counter, deque
from collections.abc import Callable, Iterable, Sequence

from bot import ballots, outbox
from bot.app.parts import Parts
from bot.app.receipts import Receipts
from bot.app.voters import Voters
from bot.ballots import Ballot, BallotStatus, Decision, Limit, Refusal, Vote, Written
from bot.domain import (
    Clock,
    Counted,
    Deferred,
    Doubtful,
    Input,
    NoQuery,
    SessionKey,
    VoteReceived,
)
from bot.session import State
from bot.store import Ledger, StoreError
from bot.wire import Unclear

log = logging.getLogger(__name__)

_AT_ONCE = 16
"""Ballots under way at a time, of as many names."""


class Voting:
    """Takes votes, keeps ballots, hands them over: those of one name one at a time. ``voters``
    tells those who tapped what became of it, ``receipts`` those who wrote a line."""

    def __init__(
        self,
        parts: Parts,
        voters: Voters,
        receipts: Receipts,
        tasks: asyncio.TaskGroup,
        *,
        state: Callable[[], State],
        clock: Callable[[], Clock],
        want_snapshot: Callable[[], None],
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self._picker = parts.picker
        self._store = parts.store
        self._time = parts.time
        self._limit = parts.listening.limit
        self._voters = voters
        self._receipts = receipts
        self._tasks = tasks
        self._state = state
        self._clock = clock
        self._want_snapshot = want_snapshot
        self._jitter = jitter
        self._queues: dict[str, deque[Ballot]] = {}
        self._held: Counter[SessionKey] = Counter()
        self._begun = asyncio.Event()
        self._taking = 0
        self._under_way: dict[str, Ballot] = {}
        self._told: dict[int, Counted] = {}
        self._slots = asyncio.Semaphore(_AT_ONCE)
        self._answers = False
        self._asks = True
        self._failures = 0
        self._failed = asyncio.Event()
        self._stirred = asyncio.Event()

    @property
    def held(self) -> int:
        """How many votes the Picker has not yet."""
        return self._held.total()

    # --- in ------------------------------------------------------------------------------

    async def begin(self) -> None:
        """Go on with what was held at the last stop."""

        def recover(ledger: Ledger) -> list[Ballot]:
            return [ledger.ballots.save(ballots.recover(row)) for row in ledger.ballots.held()]

        for ballot in await self._store.write(recover):
            self._hold(ballot)
        self._begun.set()

    async def take(self, votes: Sequence[Vote]) -> None:
        """Accept or refuse votes; returns once they are on disk."""
        self._taking += 1
        try:
            await self._take(votes)
        finally:
            self._taking -= 1
            self.stir()

    async def _take(self, votes: Sequence[Vote]) -> None:
        state, clock = self._state(), self._clock()
        verdicts = await self._store.write(
            lambda ledger: [self._accept(ledger, vote, state, clock) for vote in votes]
        )
        for vote, verdict in zip(votes, verdicts, strict=True):
            self._tell(vote, verdict)
            if isinstance(verdict, Ballot):
                self._hold(verdict)

    def _accept(self, ledger: Ledger, vote: Vote, state: State, clock: Clock) -> Ballot | Refusal:
        verdict = ballots.accept(vote, state, clock)
        if isinstance(verdict, Refusal):
            return verdict
        if self._limit is Limit.ONCE and ledger.ballots.stands(verdict):
            return Refusal.ALREADY
        return ledger.ballots.add(verdict)

    def _tell(self, vote: Vote, verdict: Ballot | Refusal) -> None:
        if isinstance(vote, Written):
            self._receipts.give(vote, verdict)
        elif isinstance(verdict, Refusal):
            self._voters.refuse(vote, verdict)
        else:
            self._voters.expect(verdict, vote)

    def _hold(self, ballot: Ballot) -> None:
        self._held[ballot.session] += 1
        queue = self._queues.setdefault(ballot.name, deque())
        queue.append(ballot)
        if len(queue) == 1:
            self._tasks.create_task(self._serve(ballot.name, queue))

    # --- what the rest of the app tells --------------------------------------------------

    def answered(self) -> None:
        """A snapshot was taken in: the Picker is there, and we know how things are."""
        self._answers = self._asks = True
        self.stir()

    def stir(self) -> None:
        """The state may have changed: let every ballot that waits look again."""
        self._stirred.set()
        self._stirred = asyncio.Event()

    def note(self, inputs: Iterable[Input]) -> None:
        """Look among what the Picker tells for the votes that are under way."""
        if not self._under_way:
            return
        for event in inputs:
            if isinstance(event, VoteReceived):
                ballot = self._under_way.get(event.username)
                if ballot is not None and ballots.is_of(event, ballot):
                    self._told[ballot.id] = Counted(event.game_id)
                    self.stir()

    async def flush(self, key: SessionKey) -> None:
        """Until no ballot of a night is left, nor any vote that is being written, also of those
        before a restart. The caller bounds the time."""
        await self._begun.wait()
        if self._held[key] and not self._answers:
            self._want_snapshot()
        while self._taking or self._held[key]:
            await self._stirred.wait()

    async def knock(self) -> None:
        """After a failure ask now and then whether the Picker is back, until cancelled."""
        while True:
            await self._failed.wait()
            self._failed.clear()
            tries = 0
            while not self._answers:
                await self._time.sleep(outbox.backoff(self._failures + tries, self._jitter()))
                tries += 1
                self._want_snapshot()

    # --- out -----------------------------------------------------------------------------

    async def _serve(self, name: str, queue: deque[Ballot]) -> None:
        """Bring the ballots of one name to their end, one after the other."""
        while queue:
            try:
                await self._bring(queue[0])
            except StoreError:
                raise
            except Exception:
                log.exception("a ballot is set aside until a restart")
            self._under_way.pop(name, None)
            self._held[queue.popleft().session] -= 1
            self.stir()
        del self._queues[name]

    async def _bring(self, ballot: Ballot) -> None:
        while ballot.status is BallotStatus.HELD:
            if not self._answers and self._decide(ballot) is not Decision.CLOSE:
                await self._stirred.wait()
                continue
            async with self._slots:
                ballot = await self._go_on(ballot)

    def _decide(self, ballot: Ballot) -> Decision:
        if ballot.id in self._told:
            return Decision.CLOSE
        return ballots.decide(ballot, self._state(), asks=self._asks)

    async def _go_on(self, ballot: Ballot) -> Ballot:
        """One step with a ballot, if the Picker still answers."""
        decision = self._decide(ballot)
        if decision is Decision.CLOSE:
            return await self._close(ballot)
        if not self._answers:
            return ballot
        return await (self._send if decision is Decision.SEND else self._ask)(ballot)

    async def _close(self, ballot: Ballot) -> Ballot:
        counted, now = self._told.pop(ballot.id, None), self._time.now()
        if counted is not None:
            return await self._settle(ballots.found(ballot, counted, now), counted)
        return await self._settle(ballots.close(ballot, self._state(), now))

    async def _send(self, ballot: Ballot) -> Ballot:
        ballot = await self._save(ballots.mark(ballot, self._state()))
        assert ballot.stamp is not None
        self._under_way[ballot.name] = ballot
        outcome = await self._picker.cast(ballot.name, ballot.up, ballot.stamp, ballot.ticker)
        if isinstance(outcome, Deferred | Doubtful):
            self._fail(outcome.reason)
        else:
            self._failures = 0
        counted = outcome if isinstance(outcome, Counted) else None
        return await self._settle(ballots.settle(ballot, outcome, self._time.now()), counted)

    async def _ask(self, ballot: Ballot) -> Ballot:
        assert ballot.stamp is not None
        # What is told from now on may be about this ballot, also after a restart.
        self._under_way[ballot.name] = ballot
        try:
            search = await self._picker.search(
                ballot.session.id, ballot.name, ballot.up, ballot.stamp
            )
        except Unclear as unclear:
            self._fail(unclear.reason)
            over = ballots.is_over(ballot, self._state())
            return await self._close(ballot) if over else ballot
        self._asks = not isinstance(search, NoQuery)
        counted = search if isinstance(search, Counted) else None
        return await self._settle(ballots.answer(ballot, search, self._time.now()), counted)

    async def _settle(self, ballot: Ballot, counted: Counted | None = None) -> Ballot:
        """Write what became of a ballot, and tell its voter if that is final."""
        ballot = await self._save(ballot)
        if ballot.status is not BallotStatus.HELD:
            self._told.pop(ballot.id, None)
            log.debug("ballot %d: %s (%s)", ballot.id, ballot.status, ballot.reason or "counted")
            self._tasks.create_task(self._voters.settled(ballot, counted))
        return ballot

    async def _save(self, ballot: Ballot) -> Ballot:
        return await self._store.write(lambda ledger: ledger.ballots.save(ballot))

    def _fail(self, reason: str) -> None:
        if self._answers:
            log.info("votes are kept for the Picker (%s)", reason)
            self._answers = False
            self._failures += 1
            self._failed.set()
            self.stir()

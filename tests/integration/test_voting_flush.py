"""What is waited for before the final votes of a game are asked for."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from clock import FakeTime, settle

from bot import messages
from bot.app.parts import Parts
from bot.app.voters import Voters
from bot.app.voting import Voting
from bot.ballots import Ballot, accept
from bot.domain import Action, Author, Clock, Counted, Game, SessionKey, Tap, Target
from bot.formatter import Wording
from bot.session import Phase, Play, Session, State
from bot.store import Store
from bot.timing import SystemTime

HERE, NIGHT = Target("chat", "here"), SessionKey(17, 1_762_563_600)
PLAY = Play(1, Game("Fibbage 4", 4), at=None, phase=Phase.RUNNING)
STATE = State(current=Session(NIGHT, plays=(PLAY,)))


class SlowStore:
    """A store whose disk is busy until ``free`` is set."""

    def __init__(self, store: Store) -> None:
        self.free = asyncio.Event()
        self._store = store

    async def write(self, fn: Any) -> Any:
        await self.free.wait()
        return await self._store.write(fn)


@dataclass
class Bench:
    """Votes on their way to a Picker that counts them, by a store that may be slow."""

    store: Store
    disk: SlowStore
    voting: Voting
    time: FakeTime


@asynccontextmanager
async def opened(path: Path) -> AsyncIterator[Bench]:
    time, lanes = FakeTime(), dict[Target, Any]()
    store = await Store.open(path / "nightcrier.db", SystemTime())
    slow: Any = SlowStore(store)
    picker: Any = SimpleNamespace(cast=counted, tonight=no_numbers)
    wording = Wording(messages.load("en"))
    parts = Parts(picker, slow, {}, {}, frozenset(), wording, 30.0, time)
    voters = Voters(lanes, wording, picker, lambda: STATE, time)
    async with asyncio.TaskGroup() as tasks:
        voting = Voting(
            parts,
            voters,
            picker,
            tasks,
            state=lambda: STATE,
            clock=lambda: Clock(time.now()),
            want_snapshot=lambda: None,
        )
        voting.answered()
        yield Bench(store, slow, voting, time)
    await store.close()


def tap(time: FakeTime) -> Tap:
    return Tap(HERE, Author("7", "ann"), Action(True, NIGHT, 1), time.now(), "handle")


async def counted(*_: object) -> Counted:
    return Counted(4)


async def no_numbers(*_: object) -> None:
    return None


async def test_a_vote_that_is_being_written_is_waited_for(tmp_path: Path) -> None:
    """A tap that was taken while its game ran is among the votes that must be handed over first,
    though it is not on disk yet."""
    async with opened(tmp_path) as bench:
        bench.disk.free.set()
        await bench.voting.begin()
        bench.disk.free.clear()
        taking = asyncio.create_task(bench.voting.take([tap(bench.time)]))
        await settle()
        flushing = asyncio.create_task(bench.voting.flush(NIGHT))
        await settle()
        assert not flushing.done()
        bench.disk.free.set()
        await taking
        await asyncio.wait_for(flushing, 5)
        (ballot,) = await bench.store.write(lambda ledger: ledger.ballots.newest(10))
        assert ballot.status == "counted"


async def test_votes_held_at_the_last_stop_are_waited_for(tmp_path: Path) -> None:
    """After a restart the votes that were held before it are handed over first, too, though they
    are still being read."""
    async with opened(tmp_path) as bench:
        held = accept(tap(bench.time), STATE, Clock(bench.time.now()))
        assert isinstance(held, Ballot)
        await bench.store.write(lambda ledger: ledger.ballots.add(held))
        flushing = asyncio.create_task(bench.voting.flush(NIGHT))
        beginning = asyncio.create_task(bench.voting.begin())
        await settle()
        assert not flushing.done()
        bench.disk.free.set()
        await beginning
        await asyncio.wait_for(flushing, 5)
        (ballot,) = await bench.store.write(lambda ledger: ledger.ballots.newest(10))
        assert ballot.status == "counted"

"""The app in this process: real Picker client, real store, embedded Picker, a chat in memory."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from contextlib import closing, suppress
from dataclasses import replace
from pathlib import Path

import pytest
from board_chat import BoardChat
from clock import settle
from faults import BROKEN, EXPRESS_404, HANG, Faults
from host import Host, hosting
from scene import HERE, KEY, TIME, Scene, until

from bot import app, messages
from bot.app.intake import Intake
from bot.app.jumps import Jumps
from bot.app.tasks import Tasks
from bot.domain import (
    Clock,
    Kind,
    Limits,
    SessionKey,
    SessionStarted,
    Status,
    WantSnapshot,
)
from bot.formatter import Wording
from bot.port import AdapterFatal
from bot.sandbox import Sandbox
from bot.session import State
from bot.store import Store, mute, read_deliveries
from bot.timing import SystemTime

EVERYTHING = frozenset(Kind)
VOTES_PATH = "GET /api/sessions/1/votes"


@pytest.fixture
def scene(scene: Scene) -> Scene:
    """Its chat has no boards: everything is said in lines."""
    scene.chat.limits = Limits(length=400)
    return scene


async def begin(scene: Scene, host: Host) -> int:
    """A night with one game, on which two people have voted."""
    session = await host.start()
    await host.add(session, "Drawful 2")
    await scene.said("Next up: Drawful 2")
    await host.vote("ann")
    await host.vote("ben", "down")
    return session


async def test_a_muted_night(scene: Scene, host: Host) -> None:
    """What happens in a mute is not said, during it or after; the end of the night is."""
    async with scene.running():
        session = await begin(scene, host)
        mute(scene.path, [HERE], TIME.now() + 3600)
        await host.add(session, "Fibbage 4")
        await until(lambda: len(read_deliveries(scene.path, (Status.EXPIRED,))) == 2)
        await host.close(session)
        await scene.said("Game Night has ended!")
    assert not any("Fibbage 4" in line or "Final" in line for line in scene.lines)
    expired = read_deliveries(scene.path, (Status.EXPIRED,))
    assert [(row.kind, row.reason) for row in expired] == [
        (Kind.FINAL_VOTES, "muted"),
        (Kind.GAME_ADDED, "muted"),
    ]


async def test_a_tally_error_is_asked_once_more(scene: Scene, host: Host) -> None:
    """One error of /votes costs nothing: the Picker's count is said."""
    async with scene.running():
        session = await begin(scene, host)
        scene.faults.put(VOTES_PATH, BROKEN, times=1)
        await host.close(session)
        await scene.said("Final votes for Drawful 2: 1👍 1👎 (Score: 0)")


async def test_without_an_answer_our_own_count_serves(scene: Scene, host: Host) -> None:
    """A tally that does not come within three seconds is counted by ourselves, and said once."""
    async with scene.running():
        session = await begin(scene, host)
        scene.faults.put(VOTES_PATH, HANG)
        await host.add(session, "Fibbage 4")
        await scene.said("Next up: Fibbage 4")
    assert scene.lines[2:] == [
        "🗳️ Final votes for Drawful 2: 1👍 1👎 (Score: 0)",
        "🎮 Next up: Fibbage 4 (The Jackbox Party Pack 9) · 2–8 players",
    ]


async def test_a_picker_without_votes_is_not_waited_for(scene: Scene, host: Host) -> None:
    """404 with HTML at /votes means that there is no such query: our own count at once."""
    scene.faults.put(VOTES_PATH, EXPRESS_404)
    async with scene.running():
        session = await begin(scene, host)
        await host.close(session)
        await scene.said("Final votes for Drawful 2: 1👍 1👎", wait=2.5)


async def test_a_restart_asks_for_a_tally_again(scene: Scene, host: Host) -> None:
    """A play that was closing when we stopped has its votes line after the start, then the end."""
    async with scene.running():
        session = await begin(scene, host)
        scene.faults.put(VOTES_PATH, HANG)
        await host.close(session)
        asked = scene.faults.asked
        await until(lambda: VOTES_PATH in asked)
    assert not any("Final votes" in line for line in scene.lines)
    scene.faults.clear()
    async with scene.running():
        await scene.said("📊")
    assert [line[:2] for line in scene.lines[2:]] == ["🗳️", "🌙 ", "📊 "]


async def test_a_channel_that_is_no_longer_configured(scene: Scene, host: Host) -> None:
    """Waiting lines of a channel that is gone end, with the reason; one in doubt unconfirmed."""
    async with scene.running():
        scene.chat.troubles["#here"].append(asyncio.get_running_loop().create_future())
        await host.start()
        await until(lambda: scene.chat.under_way > 0)
        await host.add(1, "Drawful 2")
        await until(lambda: len(read_deliveries(scene.path)) == 2)
    async with scene.store() as store:
        rows = await store.write(lambda ledger: ledger.close_unknown({}, TIME.now()))
    assert [row.status for row in rows] == [Status.UNCONFIRMED, Status.EXPIRED]
    assert {row.reason for row in rows} == {"channel no longer configured"}


async def test_nothing_begins_while_it_stops() -> None:
    """What a last commit would lead to is left alone, and the stop is no error."""
    begun: list[str] = []

    async def late() -> None:
        begun.append("late")

    async def take(tasks: Tasks) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            tasks.create_task(late())

    async def run() -> None:
        async with Tasks() as tasks:
            tasks.create_task(take(tasks))
            await asyncio.Event().wait()

    running = asyncio.create_task(run())
    await settle()
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert begun == []


async def test_an_adapter_that_cannot_go_on(scene: Scene, caplog: pytest.LogCaptureFixture) -> None:
    """When no adapter is left, the run ends and says why."""

    class Hopeless(BoardChat):
        async def run(self) -> None:
            raise AdapterFatal("the token is wrong")

    scene.chat = Hopeless()
    async with scene.store() as store:
        with pytest.raises(app.NothingToSayItWith, match="no adapter is left"):
            await app.run(scene.parts(store))
    assert "chat is off until a restart: the token is wrong" in caplog.text


@pytest.mark.parametrize("fault", [ValueError("a bug"), asyncio.CancelledError()])
async def test_an_adapter_that_ends_by_a_fault_of_its_own(
    scene: Scene, fault: BaseException, caplog: pytest.LogCaptureFixture
) -> None:
    """It is started again a minute later, and that is said; also where all that it tells is that
    something inside it was cancelled, which nobody else asked for."""

    class Hasty(SystemTime):
        async def sleep(self, seconds: float) -> None:
            await super().sleep(0.0 if seconds == 60.0 else seconds)

    class Flighty(BoardChat):
        runs = 0

        async def run(self) -> None:
            self.runs += 1
            if self.runs == 1:
                raise fault
            await super().run()

    scene.chat = chat = Flighty()
    async with scene.store() as store:
        running = asyncio.create_task(app.run(replace(scene.parts(store), time=Hasty())))
        await until(lambda: chat.runs == 2)
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
    assert caplog.text.count("chat broke and is started again in a minute") == 1


async def test_an_adapter_that_fails_at_its_end(scene: Scene) -> None:
    """A fault in what an adapter does when it is stopped does not hold up the stop."""

    class Clumsy(BoardChat):
        async def run(self) -> None:
            try:
                await super().run()
            finally:
                raise ValueError("a bug")

    scene.chat = Clumsy()
    async with scene.store() as store:
        running = asyncio.create_task(app.run(scene.parts(store)))
        await scene.linked()
        running.cancel()
        await asyncio.wait({running}, timeout=5)
        assert running.cancelled()


async def test_stopping_waits_for_the_send_under_way(scene: Scene, host: Host) -> None:
    """A send that is under way when we stop is awaited, and nothing else is begun."""
    async with scene.store() as store:
        under_way: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        scene.chat.troubles["#here"].append(under_way)
        task = asyncio.create_task(app.run(scene.parts(store)))
        await scene.linked()
        session = await host.start()
        await until(lambda: scene.chat.under_way > 0)
        await host.add(session, "Drawful 2")
        task.cancel()
        asyncio.get_running_loop().call_later(0.3, under_way.set_result, None)
        with suppress(asyncio.CancelledError):
            await task
    assert [row.status for row in read_deliveries(scene.path)][:1] == [Status.SENT]
    assert len(scene.chat.said) == 1


# --- the intake alone ---------------------------------------------------------------------


def intake(store: Store, wants: list[object], state: State | None = None) -> Intake:
    return Intake(
        state or State(),
        store=store,
        wording=Wording(messages.load("en")),
        announce={HERE: EVERYTHING},
        clock=lambda: Clock(1_800_000_100.0),
        held=lambda: False,
        committed=lambda _, wanted: wants.extend(wanted),
    )


async def test_a_disk_that_is_full_for_a_while(tmp_path: Path) -> None:
    """While a commit fails the old state stays; afterwards a snapshot closes the gap."""
    wants: list[object] = []
    path = tmp_path / "nightcrier.db"
    store = await Store.open(path, TIME)
    taking = intake(store, wants)
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        started = SessionStarted(SessionKey(1, 1_800_000_000))
        task = asyncio.create_task(taking.take([started]))
        await until(lambda: store.stalled, 20)
        assert taking.state == State()
        other.execute("ROLLBACK")
    await asyncio.wait_for(task, 20)
    assert taking.state.current is not None
    assert WantSnapshot() in wants
    await store.close()


async def test_an_input_that_cannot_be_digested(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """One input that breaks the machine is set aside by its type; the others are taken in."""
    store = await Store.open(tmp_path / "nightcrier.db", TIME)
    taking = intake(store, [])
    started = SessionStarted(SessionKey(1, 1_800_000_000))
    with caplog.at_level(logging.ERROR):
        await taking.take([SessionStarted(key="1"), started])  # type: ignore[arg-type]
    assert taking.state.current is not None
    assert "SessionStarted could not be taken in" in caplog.text
    await store.close()


async def test_a_picker_whose_clock_is_wrong(tmp_path: Path) -> None:
    """That its clock and ours differ is no jump of either when we first learn of it: what is too
    old is not said after a start."""

    class Slow(SystemTime):
        behind = 3600.0

        def now(self) -> float:
            return super().now() - self.behind

    theirs, faults = Slow(), Faults()
    async with Sandbox(KEY, time=theirs, middlewares=[faults.middleware]).serve() as url:
        scene = Scene(url, tmp_path, faults)
        async with hosting(url, KEY, theirs) as host:
            async with scene.running():
                await host.close(await host.start())
                await scene.said("Game Night has ended!")
            theirs.behind += 2400.0
            await host.start()
            theirs.behind -= 2400.0
            async with scene.running():
                await until(lambda: len(read_deliveries(scene.path)) == 4)
    row = read_deliveries(scene.path)[-1]
    fate = row.kind, row.status, row.reason
    assert fate == (Kind.SESSION_STARTED, Status.EXPIRED, "shelf life over when it was learned of")


def test_nothing_expires_for_a_minute_after_a_jump() -> None:
    """A step of our clock, or of the Picker's, holds all ages for sixty seconds; no more."""
    jumps = Jumps()
    assert not jumps.held(1000.0, 10.0, None)
    assert not jumps.held(1010.0, 20.0, 0.0)
    assert jumps.held(4620.0, 30.0, 0.0)
    assert jumps.held(4679.0, 89.0, 0.0)
    assert not jumps.held(4680.0, 90.0, 0.0)
    assert jumps.held(4681.0, 91.0, 3600.0)

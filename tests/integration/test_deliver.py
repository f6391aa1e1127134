"""bot.deliver on a real ledger: lanes that say everything once, in order, and stay apart."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from chat import AskableChat, Chat, until
from clock import FakeTime

from bot.deliver import Lane, Pacer, open_lanes, watch
from bot.domain import Delivery, Kind, Limits, Message, Pace, SessionKey, Span, Status, Target
from bot.port import Ambiguous, Permanent, Transient
from bot.session import Session, State
from bot.store import Ledger, Store, StoreError, mute, retry, unmute

NIGHT = SessionKey(17, 1_762_563_600)
NO_NIGHT = State()
HERE = Target("chat", "here")
THERE = Target("chat", "there")
SECRET = "hunter2"


def message(text: str) -> Message:
    return Message((Span(text),))


def running(night: SessionKey) -> State:
    return State(current=Session(night))


@dataclass
class Bench:
    """A store, a clock and the lanes of one chat, driven by a test."""

    store: Store
    time: FakeTime
    chat: Chat = field(default_factory=Chat)
    held: bool = False
    lanes: dict[Target, Lane] = field(default_factory=dict)
    tasks: list[asyncio.Task[None]] = field(default_factory=list)

    def start(self, *targets: Target) -> None:
        pacer = Pacer(self.time)
        for target in targets:
            lane = Lane(
                target,
                self.chat,
                self.store,
                self.time,
                pacer=pacer,
                held=lambda: self.held,
                jitter=lambda: 0.0,
                mask=lambda text: text.replace("hunter2" * 60, "***"),
            )
            self.lanes[target] = lane
            self.tasks.append(asyncio.create_task(lane.run()))

    async def add(
        self, *texts: str, target: Target = HERE, state: State = NO_NIGHT, **given: object
    ) -> None:
        now = self.time.now()
        rows = [self.row(text, now, target, given) for text in texts]
        await self.store.write(lambda ledger: ledger.record(state, rows, (), now))
        for lane in self.lanes.values():
            lane.wake()

    def row(self, text: str, now: float, target: Target, given: dict[str, object]) -> Delivery:
        made = Delivery(
            id=0,
            target=target,
            key=text,
            kind=Kind.GAME_ADDED,
            session=NIGHT,
            play=1,
            message=message(text),
            created_at=now,
            expires_at=now + 900,
        )
        return replace(made, **given)  # type: ignore[arg-type]

    async def rows(self, target: Target = HERE) -> list[Delivery]:
        rows = await self.store.write(lambda ledger: ledger.deliveries(tuple(Status), 1_000))
        return [row for row in rows if row.target == target]

    async def fates(self, target: Target = HERE) -> list[str]:
        return [row.status.value for row in await self.rows(target)]

    async def idle(self, but_for: int = 0) -> None:
        """Until all that can be done at this moment is done, but for sends that hang."""
        quiet = 0
        while quiet < 5:
            busy = self.store._writing is not None or self.chat.under_way > but_for
            quiet = 0 if busy else quiet + 1
            await asyncio.sleep(0.001)

    async def pass_time(self, seconds: float) -> None:
        await self.idle()
        await self.time.advance(seconds)
        await self.idle()


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    time = FakeTime()
    store = await Store.open(tmp_path / "nightcrier.db", time)
    bench = Bench(store, time)
    yield bench
    for task in bench.tasks:
        task.cancel()
    await asyncio.gather(*bench.tasks, return_exceptions=True)
    await store.close()


# --- the usual way -----------------------------------------------------------------------


async def test_said_once_in_order(bench: Bench) -> None:
    """What the ledger holds is said, in order, and recorded as sent with its remote id."""
    await bench.add("one", "two")
    bench.start(HERE)
    await until(lambda: len(bench.chat.said) == 2)
    await bench.add("three")
    await bench.idle()
    assert bench.chat.heard("here") == ["one", "two", "three"]
    assert await bench.fates() == ["sent"] * 3
    assert [row.remote_id for row in await bench.rows()] == ["m1", "m2", "m3"]


async def test_marked_before_the_send(bench: Bench) -> None:
    """When a send begins, the ledger already says that it does."""
    wait = asyncio.get_running_loop().create_future()
    bench.chat.troubles["here"].append(wait)
    await bench.add("one")
    bench.start(HERE)
    await until(lambda: bench.chat.calls)
    (row,) = await bench.rows()
    assert (row.open, row.attempts, row.tried_at) == (True, 1, bench.time.now())
    wait.set_result(None)
    await bench.idle()
    assert await bench.fates() == ["sent"]


# --- muted -------------------------------------------------------------------------------


async def test_what_falls_into_a_mute_expires(bench: Bench) -> None:
    """While a channel is muted its lines expire with that reason, others hear theirs, and
    what comes afterwards is said."""
    bench.start(HERE, THERE)
    until = bench.time.now() + 60
    await bench.store.write(lambda ledger: ledger.mutes.set([HERE], until, NIGHT))
    await bench.store.write(lambda ledger: ledger.mutes.set([THERE], until - 60, NIGHT))
    await bench.idle()
    await bench.add("one", kind=Kind.SESSION_STARTED, state=running(NIGHT))
    await bench.add("two", target=THERE, state=running(NIGHT))
    await bench.pass_time(61)
    await bench.add("three", state=running(NIGHT))
    await bench.idle()
    assert bench.chat.heard("here") == ["three"]
    assert bench.chat.heard("there") == ["two"]
    assert [(row.status, row.reason) for row in await bench.rows()] == [
        (Status.EXPIRED, "muted"),
        (Status.SENT, None),
    ]


async def test_a_mute_covers_what_was_waiting(bench: Bench) -> None:
    """A line that waits for a chat that is away is not said in the middle of a mute; one of
    which something may have arrived does not claim that nothing did."""
    bench.chat.troubles["here"].append(Transient("away"))
    bench.chat.troubles["there"].append(Ambiguous("no answer"))
    await bench.add("one")
    await bench.add("two", target=THERE)
    bench.start(HERE, THERE)
    await bench.idle()
    until = bench.time.now() + 600
    await bench.store.write(lambda ledger: ledger.mutes.set([HERE, THERE], until, NIGHT))
    await bench.pass_time(120)
    assert [(row.status, row.reason) for row in await bench.rows()] == [(Status.EXPIRED, "muted")]
    assert [(row.status, row.reason) for row in await bench.rows(THERE)] == [
        (Status.UNCONFIRMED, "muted")
    ]


async def test_the_end_of_the_night_lifts_a_mute(bench: Bench) -> None:
    """The end of the night in which a mute was set, or of the next one where none ran, is
    said, as is all that follows."""
    far = bench.time.now() + 3600
    await bench.store.write(lambda ledger: ledger.mutes.set([HERE], far, NIGHT))
    await bench.store.write(lambda ledger: ledger.mutes.set([THERE], far, None))
    bench.start(HERE, THERE)
    await bench.add("game", state=running(NIGHT))
    await bench.add("game", target=THERE, state=running(NIGHT))
    await bench.idle()
    await bench.add("end", "next")
    await bench.add("end", "next", target=THERE)
    await bench.idle()
    assert bench.chat.heard("here") == bench.chat.heard("there") == ["end", "next"]


async def test_a_mute_is_lifted_beside_a_running_bot(bench: Bench, tmp_path: Path) -> None:
    """Muted and unmuted by another process, a channel is still, then hears again; a mute
    lasts over a restart, and what is over is forgotten."""
    path, far = tmp_path / "nightcrier.db", bench.time.now() + 600
    await bench.store.write(lambda ledger: ledger.record(running(NIGHT), (), (), 0.0))
    mute(path, [HERE], far)
    bench.start(HERE)
    await bench.add("one", state=running(NIGHT))
    await bench.idle()
    assert unmute(path, [HERE, THERE]) == (HERE,)
    await bench.add("two", state=running(NIGHT))
    await bench.idle()
    assert bench.chat.heard("here") == ["two"]
    mute(path, [HERE], far)
    await bench.store.write(lambda ledger: ledger.purge(far))
    assert unmute(path, [HERE]) == ()


# --- what is told ------------------------------------------------------------------------


async def test_secret_that_a_far_side_repeats_is_not_kept(bench: Bench) -> None:
    """What is on disk of a refusal has no secret, nor what would be left of one cut short."""
    bench.chat.troubles["here"].append(Permanent("no such user: " + "hunter2" * 60))
    bench.start(HERE)
    await bench.add("hello")
    await bench.idle()
    (row,) = await bench.rows()
    assert (row.status, row.reason) == (Status.DEAD, "no such user: ***")


async def test_one_line_for_each_fate(bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
    """The log says of each delivery what became of it, where and why."""
    caplog.set_level(logging.INFO, "bot.deliver")
    bench.chat.troubles["here"].extend([Permanent("no such channel"), None])
    await bench.add("one", "two")
    await bench.add("old", expires_at=bench.time.now())
    bench.start(HERE)
    await bench.idle()
    assert [(record.levelname, record.getMessage()) for record in caplog.records] == [
        ("ERROR", "dead: one to chat/here (no such channel)"),
        ("INFO", "sent: two to chat/here (confirmed)"),
        ("INFO", "expired: old to chat/here (shelf life over)"),
    ]


async def test_parts(bench: Bench) -> None:
    """A long line is said in parts that fit, each under a key of its own."""
    bench.chat.limits = Limits(length=5)
    await bench.add("one two three")
    bench.start(HERE)
    await bench.idle()
    assert bench.chat.heard("here") == ["one", "two", "three"]
    assert bench.chat.keys == [f"chat/here|one two three|{part}" for part in range(3)]


async def test_end_of_a_night(bench: Bench) -> None:
    """Votes, end and stats are one message where many lines fit into one."""
    for kind in (Kind.FINAL_VOTES, Kind.SESSION_ENDED, Kind.STATS):
        await bench.add(kind.value, kind=kind)
    bench.start(HERE)
    await bench.idle()
    assert bench.chat.heard("here") == ["final_votes\nsession_ended\nstats"]
    assert await bench.fates() == ["sent"] * 3


async def test_end_of_a_night_on_single_lines(bench: Bench) -> None:
    """Elsewhere they are three, in that order."""
    bench.chat.limits = Limits(length=400, multiline=False)
    for kind in (Kind.FINAL_VOTES, Kind.SESSION_ENDED, Kind.STATS):
        await bench.add(kind.value, kind=kind)
    bench.start(HERE)
    await bench.idle()
    assert bench.chat.heard("here") == ["final_votes", "session_ended", "stats"]


# --- failures ----------------------------------------------------------------------------


async def test_transient(bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
    """A chat that is away gets its lines when it returns; the log tells of the wait once."""
    caplog.set_level(logging.INFO, "bot.deliver")
    bench.chat.troubles["here"].extend([Transient("not connected")] * 3)
    await bench.add("one", "two")
    bench.start(HERE)
    for _ in range(4):
        await bench.pass_time(1)
    assert bench.chat.heard("here") == ["one", "two"]
    told = [record.getMessage() for record in caplog.records]
    assert told[0] == "waits: one to chat/here (not connected)"
    assert len(told) == 3


async def test_new_lines_do_not_cut_a_wait_short(bench: Bench) -> None:
    """The told wait is kept, whatever is added meanwhile, and order with it."""
    bench.chat.troubles["here"].append(Transient("slow down", 30))
    await bench.add("one")
    bench.start(HERE)
    await bench.pass_time(1)
    await bench.add("two")
    await bench.pass_time(28)
    assert bench.chat.calls == 1
    await bench.pass_time(1)
    assert bench.chat.heard("here") == ["one", "two"]


async def test_expires_while_waiting(bench: Bench) -> None:
    """A line is given up when its shelf life ends, not when its wait does."""
    bench.chat.troubles["here"].append(Transient("banned", 9_000))
    await bench.add("one")
    bench.start(HERE)
    await bench.pass_time(899)
    assert await bench.fates() == ["pending"]
    await bench.pass_time(2)
    assert await bench.fates() == ["expired"]
    await bench.add("two")
    await bench.pass_time(10)
    assert bench.chat.calls == 1  # the told wait is the channel's, not the line's


async def test_expired_lines_take_no_turns(bench: Bench) -> None:
    """A pile of old lines does not hold up the first fresh one."""
    bench.chat.limits = Limits(length=400, pace=Pace(1, 60.0))
    await bench.add(*map(str, range(50)), expires_at=bench.time.now())
    await bench.add("fresh")
    bench.start(HERE)
    await bench.idle()
    assert bench.chat.heard("here") == ["fresh"]
    assert await bench.fates() == ["expired"] * 50 + ["sent"]


async def test_held(bench: Bench) -> None:
    """After a jump of a clock nothing expires."""
    bench.held = True
    await bench.add("one", expires_at=bench.time.now() - 5_000)
    bench.start(HERE)
    await bench.idle()
    assert await bench.fates() == ["sent"]


async def test_permanent(bench: Bench) -> None:
    """A line that is refused does not stop the next."""
    bench.chat.troubles["here"].append(Permanent("too rude"))
    await bench.add("one", "two")
    bench.start(HERE)
    await bench.idle()
    assert [row.reason for row in await bench.rows()] == ["too rude", None]
    assert bench.chat.heard("here") == ["two"]


async def test_doubt(bench: Bench) -> None:
    """A line in doubt is said again once, and ends as unconfirmed if that is in doubt too."""
    bench.chat.lost["here"].extend([Ambiguous("no answer")] * 2)
    await bench.add("one", "two")
    bench.start(HERE)
    await bench.pass_time(1)
    assert bench.chat.heard("here") == ["one", "one", "two"]
    assert len(set(bench.chat.keys)) == 2
    assert await bench.fates() == ["unconfirmed", "sent"]


async def test_foreign_exception(bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
    """An exception that is none of the port's is a doubt, and its text is never told."""
    bench.chat.lost["here"].append(ValueError(SECRET))
    await bench.add("one")
    bench.start(HERE)
    await bench.pass_time(1)
    (row,) = await bench.rows()
    assert (row.status, row.repeated) == (Status.SENT, True)
    assert "the adapter of chat/here failed: ValueError" in caplog.messages
    assert SECRET not in caplog.text


async def test_adapter_that_cancels(bench: Bench) -> None:
    """A send that is cancelled inside the adapter is a doubt, and not the end of the lane."""
    bench.chat.lost["here"].append(asyncio.CancelledError())
    await bench.add("one")
    bench.start(HERE)
    await bench.pass_time(1)
    assert bench.chat.heard("here") == ["one", "one"]


async def test_send_without_end(bench: Bench) -> None:
    """After 60 seconds a send counts as in doubt, and is taken down."""
    bench.chat.troubles["here"].append(asyncio.get_running_loop().create_future())
    await bench.add("one")
    bench.start(HERE)
    await until(lambda: bench.chat.under_way)
    await bench.time.advance(59)
    assert bench.chat.under_way
    await bench.time.advance(1.5)
    await bench.idle()
    (row,) = await bench.rows()
    assert (row.doubts, row.reason) == (1, "no answer within 60 s")
    await bench.pass_time(1)
    assert await bench.fates() == ["sent"]


async def test_adapter_out_of_order(bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
    """An adapter that cannot even tell its limits does not end the lane."""
    limits = bench.chat.limits
    bench.chat.limits = None  # type: ignore[assignment]
    await bench.add("one")
    bench.start(HERE)
    await until(lambda: "the lane of chat/here is out of step" in caplog.messages)
    bench.chat.limits = limits
    await bench.pass_time(60)
    assert await bench.fates() == ["sent"]


# --- asking ------------------------------------------------------------------------------


@pytest.fixture
def askable(bench: Bench) -> AskableChat:
    bench.chat = chat = AskableChat(Limits(length=400, finds=True))
    return chat


async def test_found(bench: Bench, askable: AskableChat) -> None:
    """A chat that can be asked is asked, and what it has is not said again."""
    askable.lost["here"].append(Ambiguous("no answer"))
    await bench.add("one")
    bench.start(HERE)
    since = bench.time.now()
    await bench.pass_time(1)
    assert askable.asked == [("here", "one", since)]
    (row,) = await bench.rows()
    assert (row.status, row.remote_id, row.repeated) == (Status.SENT, "found", False)
    assert askable.heard("here") == ["one"]


async def test_not_found(bench: Bench, askable: AskableChat) -> None:
    """What it does not have is said, and counts as no repeat."""
    askable.troubles["here"].append(Ambiguous("no answer"))
    await bench.add("one")
    bench.start(HERE)
    await bench.pass_time(1)
    (row,) = await bench.rows()
    assert (row.status, row.repeated) == (Status.SENT, False)
    assert askable.heard("here") == ["one"]


async def test_asked_later(bench: Bench, askable: AskableChat) -> None:
    """A chat that cannot answer yet is asked again before anything is repeated."""
    askable.lost["here"].append(Ambiguous("no answer"))
    askable.find_troubles.extend([Transient("away"), Transient("away", 5)])
    await bench.add("one")
    bench.start(HERE)
    await bench.pass_time(1)
    await bench.pass_time(1)
    assert len(askable.asked) == 2
    await bench.pass_time(4)
    assert len(askable.asked) == 2
    await bench.pass_time(1)
    assert await bench.fates() == ["sent"]
    assert askable.heard("here") == ["one"]


async def test_cannot_be_asked(bench: Bench, askable: AskableChat) -> None:
    """Where asking is refused the doubt counts as any other: one repeat."""
    askable.lost["here"].extend([Ambiguous("no answer")] * 2)
    askable.find_troubles.append(Permanent("may not read the history"))
    await bench.add("one")
    bench.start(HERE)
    await bench.pass_time(1)
    await bench.pass_time(1)
    assert len(askable.asked) == 1
    assert askable.heard("here") == ["one", "one"]
    assert await bench.fates() == ["unconfirmed"]


async def test_limits_claim_too_much(bench: Bench) -> None:
    """An adapter whose limits say that it finds, but which cannot, is not asked."""
    bench.chat.limits = Limits(length=400, finds=True)
    bench.chat.lost["here"].append(Ambiguous("no answer"))
    await bench.add("one")
    bench.start(HERE)
    await bench.pass_time(1)
    assert await bench.fates() == ["sent"]


# --- apart from each other ---------------------------------------------------------------


async def test_channels_do_not_wait_for_each_other(bench: Bench) -> None:
    """A channel that hangs, and one that is away, hold up nobody else."""
    bench.chat.troubles["here"].append(asyncio.get_running_loop().create_future())
    away = Target("chat", "away")
    bench.chat.troubles["away"].append(Transient("not in the channel"))
    bench.chat.limits = Limits(length=400, pace=Pace(3, 1.0))
    for target in (HERE, away, THERE):
        await bench.add("one", target=target)
    bench.start(HERE, away, THERE)
    await bench.idle(but_for=1)
    assert bench.chat.heard("there") == ["one"]


async def test_lanes_of_an_adapter_share_its_pace(bench: Bench) -> None:
    """The pace is the network's, however many channels it has."""
    bench.chat.limits = Limits(length=400, pace=Pace(1, 10.0))
    targets = [Target("chat", str(number)) for number in range(3)]
    for target in targets:
        await bench.add("one", target=target)
    bench.start(*targets)
    for said in (1, 2, 3):
        await bench.idle()
        assert len(bench.chat.said) == said
        await bench.time.advance(10)


async def test_open_lanes(bench: Bench) -> None:
    """Each target has a lane; the lanes of different adapters do not share a pace."""
    chats = {name: Chat(Limits(length=400, pace=Pace(1, 10.0))) for name in ("chat", "irc")}
    targets = [HERE, Target("irc", "#here")]
    lanes = open_lanes(targets, chats, bench.store, bench.time, held=lambda: False)
    bench.tasks += [asyncio.create_task(lane.run()) for lane in lanes.values()]
    for target in targets:
        await bench.add("one", target=target)
        lanes[target].wake()
    await until(lambda: all(chat.said for chat in chats.values()))


# --- other people's changes --------------------------------------------------------------


async def test_retry_beside(bench: Bench) -> None:
    """A row revived by another process is said within five seconds."""
    bench.chat.troubles["here"].append(Permanent("no such channel"))
    await bench.add("one")
    bench.start(HERE)
    bench.tasks.append(asyncio.create_task(watch(bench.store, bench.lanes.values(), bench.time)))
    await bench.pass_time(0)
    assert await bench.fates() == ["dead"]
    await asyncio.to_thread(retry, bench.store.path, "one", bench.time.now())
    await bench.pass_time(5)
    await until(lambda: bench.chat.said)
    await bench.idle()
    assert await bench.fates() == ["sent"]


async def test_taken_back_during_a_wait(bench: Bench) -> None:
    """A line whose game is taken back while it waits is not said."""
    bench.chat.troubles["here"].append(Transient("not connected"))
    await bench.add("one")
    bench.start(HERE)
    await bench.idle()
    now = bench.time.now()
    await bench.store.write(lambda ledger: ledger.record(State(), (), [(NIGHT, 1)], now))
    await bench.pass_time(5)
    assert bench.chat.heard("here") == []
    assert [row.reason for row in await bench.rows()] == ["game taken back"]


async def test_taken_back_during_a_send(bench: Bench) -> None:
    """A line whose game is taken back while it is sent keeps the outcome of the send."""
    wait = asyncio.get_running_loop().create_future()
    bench.chat.troubles["here"].append(wait)
    await bench.add("one")
    bench.start(HERE)
    await until(lambda: bench.chat.under_way)
    now = bench.time.now()
    await bench.store.write(lambda ledger: ledger.record(State(), (), [(NIGHT, 1)], now))
    wait.set_exception(Transient("dropped"))
    await bench.idle()
    assert [row.status for row in await bench.rows()] == [Status.EXPIRED]
    assert bench.chat.calls == 1


async def test_taken_back_before_its_turn(bench: Bench) -> None:
    """A line whose game is taken back while it waits for the pace is not said either."""
    bench.chat.limits = Limits(length=400, pace=Pace(1, 10.0))
    await bench.add("one", play=2)
    await bench.add("two")
    bench.start(HERE)
    await bench.idle()
    now = bench.time.now()
    await bench.store.write(lambda ledger: ledger.record(State(), (), [(NIGHT, 1)], now))
    await bench.pass_time(10)
    assert bench.chat.heard("here") == ["one"]


# --- stop and restart --------------------------------------------------------------------


async def test_stop_finishes_the_send(bench: Bench) -> None:
    """A stop begins no other send, and waits for the one under way."""
    wait = asyncio.get_running_loop().create_future()
    bench.chat.troubles["here"].append(wait)
    await bench.add("one", "two")
    bench.start(HERE)
    await until(lambda: bench.chat.under_way)
    bench.lanes[HERE].stop()
    await bench.idle(but_for=1)
    assert not bench.tasks[0].done()
    wait.set_result(None)
    await asyncio.wait_for(bench.tasks[0], 5)
    assert await bench.fates() == ["sent", "pending"]


@pytest.mark.parametrize("limits", [Limits(400), Limits(400, pace=Pace(1, 60.0))])
async def test_stop_while_waiting(bench: Bench, limits: Limits) -> None:
    """A lane that waits, for its chat or for the pace, stops at once."""
    bench.chat.limits = limits
    bench.chat.troubles["here"].extend([None, Transient("not connected", 60)])
    await bench.add("one", "two")
    bench.start(HERE)
    await bench.idle()
    bench.lanes[HERE].stop()
    await asyncio.wait_for(bench.tasks[0], 5)
    assert await bench.fates() == ["sent", "pending"]


async def test_cancelled_send(bench: Bench) -> None:
    """A lane that is cancelled during a send takes it down, and the row is found in doubt."""
    bench.chat.troubles["here"].append(asyncio.get_running_loop().create_future())
    await bench.add("one")
    bench.start(HERE)
    await until(lambda: bench.chat.under_way)
    bench.tasks[0].cancel()
    await asyncio.wait(bench.tasks)
    assert not bench.chat.under_way
    bench.start(HERE)
    await until(lambda: bench.chat.said)
    await bench.idle()
    (row,) = await bench.rows()
    assert (row.status, row.attempts, row.repeated) == (Status.SENT, 2, True)


async def test_broken_store(bench: Bench) -> None:
    """A ledger that cannot be read ends the lane with the reason."""

    def spoil(ledger: Ledger) -> None:
        ledger._db.execute("UPDATE delivery SET message = '[]'")

    await bench.add("one")
    await bench.store.write(spoil)
    bench.start(HERE)
    with pytest.raises(StoreError):
        await bench.tasks[0]


# --- replies -----------------------------------------------------------------------------


async def test_reply(bench: Bench) -> None:
    """What somebody asked is answered by the handle, in parts that fit."""
    bench.chat.limits = Limits(length=5)
    bench.start(HERE)
    bench.lanes[HERE].reply("handle", message("one two"), False)
    await until(lambda: len(bench.chat.replies) == 2)
    assert bench.chat.replies == [("handle", "one"), ("handle", "two")]


async def test_replies_after_announcements(bench: Bench) -> None:
    """A reply waits for announcements, even those that come while it waits for the pace."""
    bench.chat.limits = Limits(length=400, pace=Pace(1, 10.0))
    order: Callable[[], Iterable[str]] = lambda: (  # noqa: E731
        [text for _, text in bench.chat.said] + [text for _, text in bench.chat.replies]
    )
    await bench.add("one")
    bench.start(HERE)
    await bench.idle()
    bench.lanes[HERE].reply("handle", message("reply"), False)
    await bench.pass_time(5)
    await bench.add("two")
    await bench.pass_time(5)
    assert list(order()) == ["one", "two"]
    await bench.pass_time(9)
    assert bench.chat.replies == []


class Exempting(Chat):
    """A chat whose network does not count answers by some handles."""

    def is_exempt(self, handle: object) -> bool:
        return str(handle).startswith("free")


async def test_replies_that_the_network_does_not_count(bench: Bench) -> None:
    """They neither wait for the pace nor take anything of it; the others do."""
    bench.chat = Exempting(limits=Limits(length=400, pace=Pace(2, 10.0)))
    await bench.add("one")
    bench.start(HERE)
    await bench.idle()
    for number in range(100):
        bench.lanes[HERE].reply(f"free{number}", message("reply"), True)
    bench.lanes[HERE].reply("paid", message("reply"), True)
    await until(lambda: len(bench.chat.replies) == 101)
    assert bench.chat.replies[-1] == ("paid", "reply")
    await bench.add("two")
    await bench.pass_time(9)
    assert bench.chat.heard("here") == ["one"], "the answer in the pace took the second turn"
    await bench.pass_time(1)
    assert bench.chat.heard("here") == ["one", "two"]


async def test_old_replies_are_dropped(bench: Bench) -> None:
    """After 15 seconds a reply is not worth sending; that is counted."""
    bench.chat.limits = Limits(length=400, pace=Pace(1, 16.0))
    await bench.add("one")
    bench.start(HERE)
    await bench.idle()
    bench.lanes[HERE].reply("handle", message("reply"), False)
    await bench.pass_time(17)
    await bench.pass_time(17)
    assert bench.chat.replies == []
    assert bench.lanes[HERE].dropped_replies == 1


async def test_too_many_replies(bench: Bench) -> None:
    """A flood of questions is bounded; what is over is counted."""
    bench.start(HERE)
    for number in range(510):
        bench.lanes[HERE].reply(number, message("reply"), False)
    await until(lambda: len(bench.chat.replies) == 500)
    assert bench.lanes[HERE].dropped_replies == 10


async def test_a_reply_that_hangs(bench: Bench) -> None:
    """It holds up neither an announcement nor another reply, and ends with the lane."""
    hangs: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    bench.chat.reply_hangs = {"slow": hangs}
    bench.start(HERE)
    bench.lanes[HERE].reply("slow", message("reply"), True)
    bench.lanes[HERE].reply("quick", message("reply"), True)
    await until(lambda: bench.chat.replies == [("quick", "reply")])
    await bench.add("one")
    await until(lambda: bench.chat.said)
    bench.lanes[HERE].stop()
    await asyncio.wait(bench.tasks, timeout=5)
    await until(hangs.cancelled)


async def test_reply_that_fails(bench: Bench) -> None:
    """A reply is tried once; its failure hurts nothing else."""
    bench.chat.reply_troubles.append(Transient("away"))
    bench.start(HERE)
    bench.lanes[HERE].reply("a", message("reply"), False)
    bench.lanes[HERE].reply("b", message("reply"), False)
    await until(lambda: bench.chat.replies)
    assert bench.chat.replies == [("b", "reply")]
    assert bench.lanes[HERE].dropped_replies == 1

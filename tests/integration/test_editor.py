"""Boards on a real ledger: edited to the latest, in time, until done."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from itertools import pairwise
from pathlib import Path

import pytest
from board_chat import BoardChat
from chat import until
from clock import FakeTime

from bot import boards, messages, outbox
from bot.deliver import Lane, open_lanes
from bot.domain import (
    Added,
    Announcement,
    Board,
    CodeChanged,
    Game,
    Kind,
    Limits,
    SessionKey,
    Stage,
    Status,
    Target,
    Votes,
)
from bot.formatter import Wording
from bot.port import Ambiguous, Permanent, Transient
from bot.session import State
from bot.store import Ledger, Store

NIGHT = SessionKey(17, 1_762_563_600)
HERE, THERE = Target("chat", "here"), Target("chat", "there")
GAME = Game("The ABCD of Fibbage", 3)
WORDING = Wording(messages.load("en"))
ALL = frozenset(Kind)


@dataclass
class Bench:
    """A store, a clock and the lanes of a chat that can edit."""

    store: Store
    time: FakeTime
    chat: BoardChat
    lanes: dict[Target, Lane] = field(default_factory=dict)
    tasks: list[asyncio.Task[None]] = field(default_factory=list)

    def start(self, *targets: Target) -> None:
        chats = {"chat": self.chat}
        self.lanes = open_lanes(targets, chats, self.store, self.time, held=lambda: False)
        for lane in self.lanes.values():
            assert lane.editor is not None
            self.tasks += map(asyncio.create_task, (lane.run(), lane.editor.run()))

    async def stop(self) -> None:
        for lane in self.lanes.values():
            lane.stop()
        await asyncio.wait(self.tasks, timeout=5)
        self.tasks.clear()

    async def announce(self, play: int = 1, *targets: Target, kind: Kind = Kind.GAME_ADDED) -> None:
        """The line of a game, or a room code that came after it."""
        now = self.time.now()
        fact = Added(GAME) if kind is Kind.GAME_ADDED else CodeChanged(GAME, "ABCD")
        name = "game" if kind is Kind.GAME_ADDED else "code/ABCD"
        line = Announcement(kind, f"{NIGHT}/{play}/{name}", NIGHT, now, fact, play)
        rows = outbox.plan(line, WORDING.render, dict.fromkeys(targets or (HERE,), ALL), now)
        openings = {key: WORDING.board(board) for key, board in boards.openings(line)}

        def record(ledger: Ledger) -> None:
            ledger.boards.begin(rows, openings, {HERE, THERE})
            ledger.record(State(), ledger.boards.without_codes(rows, now), (), now)

        await self.store.write(record)
        for lane in self.lanes.values():
            lane.wake()

    async def show(
        self, up: int, play: int = 1, stage: Stage = Stage.RUNNING, code: str | None = None
    ) -> int:
        board = Board(NIGHT, play, GAME, code, Votes(up), stage)
        changed = await self.store.write(
            lambda ledger: ledger.boards.want(board, WORDING.board(board))
        )
        for lane in self.lanes.values():
            assert lane.editor is not None
            lane.editor.wake()
        return changed

    async def idle(self) -> None:
        quiet = 0
        while quiet < 5:
            quiet = 0 if self.store._writing is not None else quiet + 1
            await asyncio.sleep(0.001)

    async def pass_time(self, seconds: float) -> None:
        await self.idle()
        await self.time.advance(seconds)
        await self.idle()

    def numbers(self, remote_id: str = "m1") -> list[str]:
        """What the edits of a message said, its last line's beginning."""
        return [
            t.splitlines()[-1].split("👎")[0] for _, id, t in self.chat.edits if id == remote_id
        ]


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    time = FakeTime()
    store = await Store.open(tmp_path / "nightcrier.db", time)
    bench = Bench(store, time, BoardChat(clock=time.monotonic))
    yield bench
    for task in bench.tasks:
        task.cancel()
    await asyncio.gather(*bench.tasks, return_exceptions=True)
    await store.close()


async def test_edited_in_place(bench: Bench) -> None:
    """The message of a game shows the votes, and nothing else is said."""
    bench.start(HERE)
    await bench.announce()
    await until(lambda: bench.chat.said)
    await bench.idle()
    assert bench.chat.edits == []
    await bench.show(1)
    await until(lambda: bench.chat.edits)
    assert bench.chat.shows["m1"].text.endswith("1👍 0👎 ▰▰▰▰▰▰▰▰ +1")
    assert len(bench.chat.shows["m1"].actions) == 2
    assert len(bench.chat.said) == 1


async def test_a_storm_is_one_edit_an_interval(bench: Bench) -> None:
    """However many votes come, a board is edited once in five seconds, the last time to the
    latest."""
    bench.start(HERE)
    await bench.announce()
    await until(lambda: bench.chat.said)
    for second in range(12):
        for vote in range(10):
            await bench.show(10 * second + vote + 1)
        await bench.pass_time(1.0)
    await bench.pass_time(10.0)
    moments = [moment for moment, _, _ in bench.chat.edits]
    assert all(later - earlier >= 5.0 for earlier, later in pairwise(moments))
    assert 3 <= len(moments) <= 4
    assert bench.numbers()[-1] == "120👍 0"


async def test_the_result_ends_it(bench: Bench) -> None:
    """The last edit shows the result without buttons; nothing is edited after it."""
    bench.start(HERE)
    await bench.announce()
    await until(lambda: bench.chat.said)
    assert await bench.show(4, stage=Stage.OVER) == 1
    await until(lambda: bench.chat.edits)
    await bench.idle()
    assert "Final votes: 4👍 0👎" in bench.chat.shows["m1"].text
    assert bench.chat.shows["m1"].actions == ()
    assert await bench.show(5, stage=Stage.OVER) == 0


async def test_before_it_was_sent(bench: Bench) -> None:
    """Votes that come while the channel is away are shown as soon as its message is there."""
    await bench.announce()
    await bench.show(3)
    bench.start(HERE)
    await until(lambda: bench.chat.edits)
    assert bench.numbers() == ["3👍 0"]


async def test_the_same_message_after_a_restart(bench: Bench) -> None:
    """A board that was to change when the bot stopped is edited when it is back."""
    bench.start(HERE)
    await bench.announce()
    await until(lambda: bench.chat.said)
    await bench.idle()
    await bench.stop()
    await bench.show(2)
    bench.start(HERE)
    await until(lambda: bench.chat.edits)
    await bench.idle()
    assert bench.numbers() == ["2👍 0"]
    await bench.stop()
    bench.start(HERE)
    await bench.pass_time(20)
    assert bench.numbers() == ["2👍 0"]


async def test_repeated_until_done(bench: Bench) -> None:
    """An edit that failed, or may have, is made again, to the latest by then."""
    bench.chat.edit_troubles["here"] += [Transient("busy", 3.0), Ambiguous("reset")]
    bench.start(HERE)
    await bench.announce()
    await until(lambda: bench.chat.said)
    await bench.show(1)
    await until(lambda: len(bench.chat.edits) == 1)
    await bench.show(2)
    await bench.pass_time(2.9)
    assert len(bench.chat.edits) == 1
    for _ in range(8):
        await bench.pass_time(1.0)
    assert bench.numbers() == ["1👍 0", "2👍 0", "2👍 0"]


async def test_a_message_that_is_gone(bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
    """A board that cannot be edited ends, with a warning that gives the reason, once; others go
    on, and codes that come after it are lines again."""
    bench.chat.edit_troubles["here"].append(Permanent("the message was deleted"))
    bench.start(HERE)
    await bench.announce(1)
    await bench.announce(2)
    await until(lambda: len(bench.chat.said) == 2)
    await bench.show(1, play=1)
    await until(lambda: bench.chat.edits)
    await bench.idle()
    assert await bench.show(2, play=1) == 0
    (told,) = [r.getMessage() for r in caplog.records if r.levelname == "WARNING"]
    assert told.endswith("/1 in chat/here stays as it is: the message was deleted")
    await bench.show(1, play=2)
    await bench.pass_time(6)
    assert bench.numbers("m2") == ["1👍 0"]
    await bench.announce(1, kind=Kind.ROOM_CODE)
    await bench.announce(2, kind=Kind.ROOM_CODE)
    await bench.idle()
    rows = await bench.store.write(lambda ledger: ledger.deliveries(tuple(Status), 9))
    codes = [(row.play, row.status, row.reason) for row in rows if row.kind is Kind.ROOM_CODE]
    assert codes == [(1, Status.SENT, None), (2, Status.EXPIRED, boards.ON_THE_BOARD)]


async def test_the_code_of_a_game_that_was_not_announced(bench: Bench) -> None:
    """Where a game's own line fell into a mute there is no board to show its room code, so a code
    that comes after the mute is a line."""
    bench.start(HERE)
    await bench.store.write(lambda ledger: ledger.mutes.set([HERE], bench.time.now() + 60, None))
    await bench.announce(1)
    await bench.idle()
    await bench.store.write(lambda ledger: ledger.mutes.lift([HERE]))
    await bench.announce(1, kind=Kind.ROOM_CODE)
    await bench.idle()
    rows = await bench.store.write(lambda ledger: ledger.deliveries(tuple(Status), 9))
    fates = [(row.kind, row.status) for row in rows]
    assert fates == [(Kind.GAME_ADDED, Status.EXPIRED), (Kind.ROOM_CODE, Status.SENT)]


@pytest.mark.parametrize(("shown", "lines"), [(False, 2), (True, 1)])
async def test_the_code_that_a_board_never_came_to_show(
    bench: Bench, shown: bool, lines: int
) -> None:
    """A room code that was to be on a board is a line where the board could not be edited any
    more, and none where it has been on it."""
    bench.chat.edit_troubles["here"] += [Permanent("too many edits")] * (not shown)
    bench.start(HERE)
    await bench.announce()
    await until(lambda: bench.chat.said)
    await bench.announce(kind=Kind.ROOM_CODE)
    await bench.show(1, code="ABCD")
    await bench.idle()
    bench.chat.edit_troubles["here"].append(Permanent("the message was deleted"))
    await bench.show(2, code="ABCD")
    await bench.pass_time(6)
    assert ["room ABCD" in text for _, text in bench.chat.said] == [False, True][:lines]
    rows = await bench.store.write(lambda ledger: ledger.deliveries(tuple(Status), 9))
    assert rows[-1].reason == (boards.ON_THE_BOARD if shown else None)


async def test_the_code_of_a_board_whose_game_was_never_said(bench: Bench) -> None:
    """Where a game's line is refused after its room code came, the code is a line after all."""
    bench.chat.troubles["here"] += [Transient("busy", 9.0), Permanent("no card, please")]
    bench.start(HERE)
    await bench.announce()
    await bench.idle()
    await bench.announce(kind=Kind.ROOM_CODE)
    await bench.show(1, code="ABCD")
    await bench.pass_time(9.5)
    assert ["room ABCD" in text for _, text in bench.chat.said] == [True]


async def test_channels_apart(bench: Bench) -> None:
    """A channel that refuses its edits does not hold up another's."""
    bench.chat.edit_troubles["here"] += [Transient("busy", 60.0)] * 9
    bench.start(HERE, THERE)
    await bench.announce(1, HERE, THERE)
    await until(lambda: len(bench.chat.said) == 2)
    await bench.show(1)
    await until(lambda: len(bench.chat.edits) == 2)
    await bench.show(2)
    await bench.pass_time(6)
    there = str(bench.chat.said.index(("there", bench.chat.said[0][1])) + 1)
    assert bench.numbers(f"m{there}") == ["1👍 0", "2👍 0"]


async def test_a_line_that_was_never_said(bench: Bench) -> None:
    """A board whose line expired has no message, and asks for no edit ever after."""
    await bench.announce()
    await bench.time.advance(3600)
    bench.start(HERE)
    await bench.show(1)
    await bench.idle()
    assert (bench.chat.said, bench.chat.edits) == ([], [])
    assert await bench.show(2) == 0


async def test_targets_that_are_gone(bench: Bench) -> None:
    """The boards of a channel that is not configured any more end at the next start."""
    await bench.announce(1, HERE, THERE)
    await bench.store.write(lambda ledger: ledger.close_unknown({HERE}, bench.time.now()))
    assert await bench.show(1) == 1


async def test_kept_as_long_as_their_lines(bench: Bench) -> None:
    """When the delivery of a board is removed, the board is."""
    bench.start(HERE)
    await bench.announce()
    await until(lambda: bench.chat.said)
    await bench.idle()
    assert await bench.store.write(lambda ledger: ledger.boards.place(HERE, NIGHT, 1)) == "m1"
    await bench.store.write(lambda ledger: ledger.purge(bench.time.now() + outbox.KEPT_FOR + 1))
    assert await bench.store.write(lambda ledger: ledger.boards.place(HERE, NIGHT, 1)) is None
    assert await bench.show(1) == 0


async def test_cut_to_what_fits(bench: Bench) -> None:
    """A board is never longer than the network takes."""
    bench.chat.limits = replace(bench.chat.limits, length=30)
    bench.start(HERE)
    await bench.announce()
    await until(lambda: bench.chat.said)
    await bench.show(1)
    await until(lambda: bench.chat.edits)
    assert len(bench.chat.edits[0][2]) <= 30


async def test_at_a_stop(bench: Bench) -> None:
    """An editor that is told to stop ends, and makes no other edit."""
    bench.start(HERE)
    await bench.announce()
    await until(lambda: bench.chat.said)
    await bench.show(1)
    await until(lambda: bench.chat.edits)
    await bench.show(2)
    await bench.stop()
    assert len(bench.chat.edits) == 1
    assert all(task.done() for task in bench.tasks)


async def test_no_edits_where_there_are_none() -> None:
    """A chat that says it cannot edit has no boards."""
    chat = BoardChat(limits=Limits(length=400))
    lanes = open_lanes([HERE], {"chat": chat}, None, FakeTime(), held=lambda: False)  # type: ignore[arg-type]
    assert lanes[HERE].editor is None

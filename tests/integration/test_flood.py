"""A thousand lines a second: memory is bounded, others are heard, no announcement waits."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest
from chat import Chat
from clock import FakeTime, settle

from bot import messages
from bot.app import Hearing, Parts
from bot.app.counts import Counts
from bot.app.hearing import MOST, Listener
from bot.app.people import People
from bot.chat import Question, Rules
from bot.deliver import Lane, open_lanes
from bot.domain import (
    Author,
    Clock,
    Delivery,
    Kind,
    Limits,
    Line,
    Message,
    Pace,
    SessionKey,
    Span,
    Target,
)
from bot.formatter import Wording
from bot.picker import Picker
from bot.session import State
from bot.store import Store

HERE = Target("chat", "#here")
NIGHT = SessionKey(17, 1_762_563_600)
PACE = 1.5
LONG = "thisgame++ " + "x" * 3000
TEXTS = ("!status", "!votes", "thisgame++", "lol", "QPL3++ ZZZZ--", "!mute 1h", LONG)


def line(text: str, name: str, at: float) -> Line:
    return Line(HERE, Author(f"id-{name}", name), text, at, handle=name)


# --- what is kept --------------------------------------------------------------------------


@pytest.fixture
def time() -> FakeTime:
    return FakeTime()


@pytest.fixture
def hearing(time: FakeTime) -> Hearing:
    hearing = Hearing()
    hearing.attend(Listener(lambda line: Rules(), time).read)
    return hearing


async def flood(hearing: Hearing, time: FakeTime, people: int, seconds: int) -> None:
    """A thousand lines a second by so many people, with nobody to take them."""
    for number in range(seconds * 1000):
        if number % 100 == 0:
            await time.advance(0.1)
        who = f"p{number % people}"
        hearing.hear(line(TEXTS[number % len(TEXTS)], who, time.now()))


async def test_one_person(hearing: Hearing, time: FakeTime) -> None:
    """Of one who floods few lines are kept, and others are heard as ever."""
    await flood(hearing, time, people=1, seconds=20)
    assert len(hearing._lines) <= 10 + 20 + 1
    for number in range(50):
        hearing.hear(line("thisgame++", f"other{number}", time.now()))
    heard = [each.line.author.name for each in hearing._lines]
    assert [name for name in heard if name.startswith("other")] == [
        f"other{number}" for number in range(50)
    ]
    assert hearing.dropped == 0


async def test_many_people(hearing: Hearing, time: FakeTime) -> None:
    """Of a thousand who flood a bounded number is kept; what is dropped is counted."""
    await flood(hearing, time, people=1000, seconds=20)
    assert len(hearing._lines) == MOST
    assert hearing.dropped > 1000
    assert all(len(each.line.text) <= 2000 for each in hearing._lines)


async def test_long_lines_of_many_people(time: FakeTime) -> None:
    """However long the lines of however many are, a bounded number of characters is read."""
    read = 0

    def rules(said: Line) -> Rules:
        nonlocal read
        read += 1
        return Rules()

    listener = Listener(rules, time)
    text = "thisgame++ " + "thisgame--" * 300
    for number in range(10_000):
        if number % 1000 == 0:
            await time.advance(1.0)
        listener.read(line(text, f"p{number}", time.now()))
    assert read == 10_000
    assert 10_000 - listener.unread <= (60_000 + 10 * 30_000) / 2000 + 1


async def test_after_a_flood(hearing: Hearing, time: FakeTime) -> None:
    """Who flooded is heard again soon after."""
    await flood(hearing, time, people=1, seconds=5)
    await time.advance(30)
    await hearing.heard()
    hearing.hear(line("!votes", "p0", time.now()))
    (spoken,) = await hearing.heard()
    assert getattr(spoken, "said", None) is Question.VOTES


# --- what is said --------------------------------------------------------------------------


@dataclass
class Hall:
    """People, lanes and a store, with a Picker that nobody has heard of."""

    time: FakeTime
    store: Store
    chat: Chat
    hearing: Hearing
    lane: Lane

    async def announce(self, text: str) -> None:
        now = self.time.now()
        row = Delivery(
            0,
            HERE,
            text,
            Kind.GAME_ADDED,
            NIGHT,
            1,
            Message((Span(text),)),
            now,
            now + 900,
        )
        await self.store.write(lambda ledger: ledger.add(row))
        self.lane.wake()

    async def idle(self) -> None:
        quiet = 0
        while quiet < 3:
            quiet = 0 if self.store._writing is not None else quiet + 1
            await settle(20)
            await asyncio.sleep(0.001)


@pytest.fixture
async def hall(tmp_path: Path, time: FakeTime) -> AsyncIterator[Hall]:
    store = await Store.open(tmp_path / "nightcrier.db", time)
    chat = Chat(limits=Limits(length=400, pace=Pace(1, PACE)))
    hearing, picker = Hearing(), _picker(time)
    parts = Parts(
        picker=picker,
        store=store,
        adapters={"chat": chat},
        announce={HERE: frozenset(Kind)},
        configured=frozenset({HERE}),
        wording=Wording(messages.load("en")),
        poll_interval=30.0,
        time=time,
        hearing=hearing,
    )
    lanes = open_lanes([HERE], parts.adapters, store, time, held=lambda: False)

    async def live() -> None:
        async with asyncio.TaskGroup() as tasks:
            people = People(
                parts,
                lanes,
                Counts(picker, time),
                tasks,
                state=State,
                clock=lambda: Clock(time.now()),
                want_snapshot=lambda: None,
            )
            for work in (*people.work(), lanes[HERE].run()):
                tasks.create_task(work)

    task = asyncio.create_task(live())
    yield Hall(time, store, chat, hearing, lanes[HERE])
    assert not task.done(), "it ended by itself"
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
    await store.close()


def _picker(time: FakeTime) -> Picker:
    url = "http://127.0.0.1:9"
    return Picker(url, admin_key="key", interval=30.0, time=time, roll=lambda: 0.5)


@pytest.mark.parametrize("people", [1, 1000], ids=["one", "many"])
async def test_announcements_through_a_flood(hall: Hall, people: int) -> None:
    """While a thousand lines a second come, an announcement waits for its pace and no longer,
    and what is said in answer keeps to that pace too."""
    waits: list[float] = []
    for tenth in range(120):
        for number in range(100):
            who = f"p{(tenth * 100 + number) % people}"
            text = TEXTS[number % len(TEXTS)]
            hall.hearing.hear(line(text, who, hall.time.now()))
        if tenth % 30 == 10:
            await hall.announce(f"news {tenth}")
            began = hall.time.monotonic()
        await hall.time.advance(0.1)
        await hall.idle()
        if len(hall.chat.said) > len(waits):
            waits.append(hall.time.monotonic() - began)
    assert len(waits) == 4
    assert max(waits) <= PACE + 0.2
    said = len(hall.chat.said) + len(hall.chat.replies)
    assert len(hall.chat.replies) > 0
    assert said <= 12.0 / PACE + 1

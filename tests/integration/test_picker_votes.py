"""Votes handed to a Picker and looked for there, on loopback, with every kind of failure."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest
from clock import FakeTime
from faults import (
    BROKEN,
    CLOSE,
    CUT_OFF,
    EXPRESS_404,
    FORBIDDEN,
    HTML,
    HUGE,
    SENSELESS,
    STORED_THEN_BROKEN,
    STORED_THEN_RESET,
    THROTTLED,
    UNAUTHORIZED,
    UNAVAILABLE,
    Fault,
    Faults,
)
from host import Host, hosting

from bot.domain import (
    Counted,
    CountedBefore,
    Deferred,
    Doubtful,
    NightOver,
    NoQuery,
    NotThere,
    Refused,
    Votes,
)
from bot.picker import Picker, Unclear
from bot.sandbox import NEWEST, SEED, Era, Sandbox
from bot.timing import SystemTime

KEY = "correct horse"
GAME = "Drawful 2"
POST = "POST /api/votes/live"


class Stage:
    """A sandbox with faults before it, a host, and a Picker client that has logged in."""

    def __init__(self, picker: Picker, host: Host, faults: Faults, time: FakeTime) -> None:
        self.picker, self.host, self.faults, self.time = picker, host, faults, time

    async def night(self) -> int:
        night = await self.host.start()
        await self.host.add(night, GAME)
        return night

    async def cast(self, name: str = "ann", after: float = 0.0) -> object:
        return await self.picker.cast(name, True, self.time.now() + after)


@asynccontextmanager
async def staged(era: Era = NEWEST) -> AsyncIterator[Stage]:
    time, faults = FakeTime(), Faults()
    sandbox = Sandbox(KEY, time=time, era=era, middlewares=[faults.middleware])
    async with sandbox.serve() as url, hosting(url, KEY, time) as host:
        token = str(host.client.headers["Authorization"]).removeprefix("Bearer ")
        picker = Picker(url, token=token, interval=30.0, time=time, roll=lambda: 0.0)
        yield Stage(picker, host, faults, time)


async def test_counted() -> None:
    """A vote is counted for the game of its moment, and can be found there."""
    async with staged() as stage:
        night = await stage.night()
        game = await stage.host.game_id(GAME)
        before = await stage.picker.counters(game)
        assert before is not None
        after = before.plus(Votes(up=1))
        assert await stage.cast() == Counted(game, GAME, after)
        found = await stage.picker.search(night, "ann", True, stage.time.now())
        assert found == Counted(game, GAME)
        assert await stage.picker.search(night, "bob", True, stage.time.now()) == NotThere()
        assert await stage.picker.counts(night) == ((game, Votes(up=1)),)
        assert await stage.picker.counters(game) == after


async def test_a_name_of_odd_characters() -> None:
    """A name is sent and looked for as it is, whatever it has in it."""
    async with staged() as stage:
        night = await stage.night()
        name = "a&b=c #é😀%"
        assert isinstance(await stage.cast(name), Counted)
        found = await stage.picker.search(night, name, True, stage.time.now())
        assert isinstance(found, Counted)


async def test_refused_in_words() -> None:
    """What the Picker refuses comes back in its words; a closed night is told apart."""
    async with staged() as stage:
        assert await stage.cast() == NightOver("No active session found")
        night = await stage.night()
        await stage.cast()
        assert await stage.cast() == CountedBefore()
        refused = await stage.cast(after=-3600.0)
        assert refused == Refused("Vote timestamp does not match any game in the active session")
        await stage.host.close(night)
        assert isinstance(await stage.cast(after=5.0), NightOver)


@pytest.mark.parametrize("fault", [UNAUTHORIZED, FORBIDDEN, THROTTLED, EXPRESS_404])
async def test_surely_not_taken(fault: Fault) -> None:
    """A refusal before the Picker looks at the vote leaves no doubt."""
    async with staged() as stage:
        await stage.night()
        stage.faults.put(POST, fault)
        assert isinstance(await stage.cast(), Deferred)


@pytest.mark.parametrize(
    "fault",
    [BROKEN, UNAVAILABLE, HTML, CUT_OFF, SENSELESS, HUGE, CLOSE, Fault(302)],
)
async def test_in_doubt(fault: Fault) -> None:
    """An answer that is none may hide a vote that was counted."""
    async with staged() as stage:
        await stage.night()
        stage.faults.put(POST, fault)
        assert isinstance(await stage.cast(), Doubtful)


@pytest.mark.parametrize("fault", [STORED_THEN_RESET, STORED_THEN_BROKEN])
async def test_stored_without_an_answer(fault: Fault) -> None:
    """A vote that was counted before the answer was lost is found afterwards."""
    async with staged() as stage:
        night = await stage.night()
        stage.faults.put(POST, fault)
        assert isinstance(await stage.cast(), Doubtful)
        found = await stage.picker.search(night, "ann", True, stage.time.now())
        assert isinstance(found, Counted)


async def test_nobody_there() -> None:
    """Without a connection nothing can have arrived."""
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    time = SystemTime()
    url = f"http://127.0.0.1:{port}"
    picker = Picker(url, token="t", interval=30.0, time=time, roll=lambda: 0.0)
    assert isinstance(await picker.cast("ann", True, time.now()), Deferred)


async def test_a_picker_without_the_query() -> None:
    """A Picker of November 2025 is asked for votes once, not each time."""
    async with staged(SEED) as stage:
        night = await stage.night()
        for _ in range(2):
            assert await stage.picker.search(night, "ann", True, 0.0) == NoQuery()
        assert stage.faults.asked.count("GET /api/votes") == 1


async def test_a_page_in_the_place_of_the_query() -> None:
    """A Picker that has looked for a vote once can do it: a page says nothing about the vote."""
    async with staged(replace(NEWEST, rooms_watched=False)) as stage:
        night = await stage.night()
        assert await stage.picker.search(night, "ann", True, 0.0) == NotThere()
        stage.faults.put("GET /api/votes", EXPRESS_404)
        with pytest.raises(Unclear):
            await stage.picker.search(night, "ann", True, 0.0)


async def test_a_search_without_an_answer() -> None:
    """A Picker in trouble says nothing about a vote."""
    async with staged(replace(NEWEST, rooms_watched=False)) as stage:
        night = await stage.night()
        stage.faults.put("GET /api/votes", BROKEN)
        with pytest.raises(Unclear):
            await stage.picker.search(night, "ann", True, 0.0)

"""Logging in, being turned away, and other servers, with the Discord look-alike."""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress

import pytest
from discord_faults import Act, Fault, rate_limited
from discord_peer import Peer
from discord_stage import DEADLINE, Stage, playing, until

from adapters.discord import Settings
from adapters.discord.bot import DiscordBot
from bot.port import AdapterFatal, Transient
from bot.testing import MemoryInMemory

LOGIN = "GET .*/users/@me$"


class Waits:
    """In the place of sleeping: notes each wait and lets it pass at once."""

    def __init__(self) -> None:
        self.noted: list[float] = []

    async def __call__(self, seconds: float) -> None:
        self.noted.append(seconds)
        await asyncio.sleep(0)


async def logged_in(peer: Peer, waits: Waits) -> None:
    """An adapter runs until its gateway stands."""
    settings = Settings(token=peer.token, api_url=peer.api_url)
    bot = DiscordBot(settings, "night", ("1" * 18,), print, MemoryInMemory(), sleep=waits)
    running = asyncio.create_task(bot.run())
    await until(lambda: peer.gateway.connected, "the gateway")
    running.cancel()
    with suppress(asyncio.CancelledError):
        await running


OURS = "adapters.discord.bot"


@pytest.mark.parametrize(
    "fault",
    [
        Fault(LOGIN, Act.RESET, times=3),
        Fault(LOGIN, status=503, times=3),
        Fault(LOGIN, status=200, body="<html>welcome to the hotel</html>", times=3),
        Fault("GET .*/gateway$", status=503, times=3),
    ],
)
async def test_a_login_that_fails_is_tried_again(peer, fault, caplog):
    """Whatever stands in the way of a login is waited for, longer each time, and said once."""
    waits = Waits()
    peer.weather.faults.append(fault)
    with caplog.at_level(logging.WARNING, logger=OURS):
        await logged_in(peer, waits)
    assert fault.times == 0
    assert [0.5, 1.0, 2.0] <= waits.noted <= [1.0, 2.0, 4.0]
    assert len([record for record in caplog.records if record.name == OURS]) == 1


@pytest.mark.parametrize(
    "fault",
    [
        rate_limited(600.0, LOGIN, via=False),
        Fault(LOGIN, status=403, body="<html>error 1015: you are blocked</html>"),
    ],
)
async def test_being_blocked_is_waited_out(peer, fault):
    """Blocked by the service in front of Discord: a quarter of an hour before the next try."""
    waits = Waits()
    peer.weather.faults.append(fault)
    await logged_in(peer, waits)
    assert waits.noted == [900.0]


async def test_two_servers_in_one_process(peer):
    """discord.py knows one address for the process; a second one ends that adapter, in words."""
    async with Peer() as other:
        async with playing(Stage(peer)) as stage:
            with pytest.raises(AdapterFatal, match="api_url must be the same"):
                await asyncio.wait_for(Stage(other).adapter.run(), DEADLINE)
            await stage.send("still here")
            assert stage.contents == ["still here"]
        async with playing(Stage(other)) as stage:
            await stage.send("one after the other is fine")


async def test_two_tables_on_one_server(peer):
    """Two adapters of one server run side by side."""
    first, second = Stage(peer), Stage(peer)
    async with playing(first), playing(second):
        await first.send("one", "one")
        await second.send("two", "two")
    assert first.contents == ["one", "two"]


async def test_cancelled_in_the_middle_of_a_login(peer):
    """A login that hangs is left at once."""
    peer.weather.faults.append(Fault(LOGIN, Act.HANG))
    stage = Stage(peer)
    running = asyncio.create_task(stage.adapter.run())
    await until(lambda: peer.weather.log, "the request")
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asyncio.wait_for(running, DEADLINE)
    with pytest.raises(Transient):
        await stage.send("no")


async def test_it_runs_again_after_it_was_cancelled(peer):
    """One adapter may be run anew."""
    stage = Stage(peer)
    for number in range(2):
        async with playing(stage):
            await stage.send(str(number), str(number))
    assert stage.contents == ["0", "1"]

"""Whole nights in Discord: the real process, the embedded Picker and the look-alike."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from bot_process import KEY, BotProcess, until
from discord_faults import Act, Fault
from discord_peer import Peer
from discord_shown import shown
from discord_world import Channel, Permission
from host import hosting

from bot.domain import Delivery, Kind, Status
from bot.sandbox import Sandbox
from bot.sandbox.night import play
from bot.timing import SystemTime

TIME = SystemTime()
POST = "POST .*/messages$"


@pytest.fixture
def games(peer: Peer) -> Channel:
    return peer.world.add_channel("games")


@asynccontextmanager
async def running(folder: Path, peer: Peer, channel: Channel) -> AsyncIterator[tuple]:
    """A Picker's address and the bot, linked to it and to Discord."""
    async with Sandbox(KEY, time=TIME).serve() as url:
        bot = BotProcess(folder)
        bot.configure(url, table(peer, channel))
        await bot.start()
        try:
            await bot.linked()
            await until(lambda: peer.gateway.connected)
            yield url, bot
        finally:
            await bot.stop()


def table(peer: Peer, channel: Channel) -> str:
    return (
        f'[adapters.discord]\ntoken = "{peer.token}"\napi_url = "{peer.api_url}"\n'
        f"channels = [{channel.id}]\n"
    )


def seen(channel: Channel) -> list[str]:
    """The lines that a reader sees, from the first to the last."""
    return [
        line
        for message in channel.messages.values()
        for line in shown(message.content).text.split("\n")
    ]


def in_discord(bot: BotProcess) -> list[Delivery]:
    return [row for row in bot.deliveries if row.target.adapter == "discord"]


async def test_a_night(peer: Peer, games: Channel, tmp_path: Path) -> None:
    """A night is told whole, once and in order, with a card for each game and for the scores."""
    async with running(tmp_path, peer, games) as (url, bot):
        night = await play(url, KEY, time=TIME, speed=8, seed=1)
        await until(lambda: any("📊" in line for line in seen(games)))
    lines = seen(games)
    assert [text for text, times in Counter(lines).items() if times > 1] == []
    assert lines[0] == "🎲 Game Night has started!"
    assert lines[-2] == "🌙 Game Night has ended! Thanks for playing!"
    assert [game.title for game in night.games] == [
        game.title
        for line in lines
        for game in night.games
        if line.startswith("🗳️") and game.title in line
    ]
    titles = [embed["title"] for m in games.messages.values() for embed in m.embeds]
    assert {game.title for game in night.games} < {shown(title).text for title in titles}
    unsent = {row.reason for row in in_discord(bot) if row.status is not Status.SENT}
    assert unsent <= {"shown on the board", "game taken back"}
    assert peer.token not in bot.log


async def test_killed_between_message_and_record(
    peer: Peer, games: Channel, tmp_path: Path
) -> None:
    """SIGKILL after Discord took a message and before that was recorded: no second message."""
    async with running(tmp_path, peer, games) as (url, bot), hosting(url, KEY, TIME) as host:
        session = await host.start()
        await until(lambda: len(games.messages) == 1)
        peer.weather.faults.append(Fault(POST, Act.STORE_THEN_HANG))
        await host.add(session, "Drawful 2")
        await until(lambda: len(games.messages) == 2)
        await bot.kill()
        peer.weather.clear()
        await bot.start()
        await bot.linked(2)
        await bot.settled()
        await host.add(session, "Fibbage 4")
        await until(lambda: len(games.messages) == 3)
        await bot.settled()
    lines = seen(games)
    assert [sum(title in line for line in lines) for title in ("Drawful 2", "Fibbage 4")] == [1, 1]
    assert not any(row.repeated for row in in_discord(bot))


@pytest.mark.parametrize(
    "seed", [1, *(pytest.param(seed, marks=pytest.mark.long) for seed in range(2, 12))]
)
async def test_killed_in_the_middle(peer: Peer, games: Channel, tmp_path: Path, seed: int) -> None:
    """SIGKILL at random points of a night: every line once, not one a second time."""
    dice = random.Random(seed)
    async with running(tmp_path, peer, games) as (url, bot):
        playing = asyncio.create_task(play(url, KEY, time=TIME, speed=2.5, seed=3))
        for _ in range(4):
            await asyncio.sleep(dice.uniform(0.3, 2.2))
            await bot.kill()
            await bot.start()
        night = await playing
        await until(lambda: any("📊" in line for line in seen(games)))
        await bot.settled()
        await until(lambda: not any("Now playing" in line for line in seen(games)))
    rows = in_discord(bot)
    sent = [row for row in rows if row.status is Status.SENT]
    ids = [row.remote_id for row in sent if row.joined is None]
    assert Counter(ids) == Counter(map(str, games.messages))
    for row in sent:
        if row.joined is None and row.kind is not Kind.GAME_ADDED:
            assert shown(games.messages[int(row.remote_id)].content).text == row.message.text
    assert not any(row.repeated for row in rows)
    assert {row.status for row in rows} <= {Status.SENT, Status.EXPIRED}
    told = "\n".join(row.message.text for row in rows)
    assert all(game.title in told for game in night.games)


async def test_discord_is_away_while_the_console_goes_on(
    peer: Peer, games: Channel, tmp_path: Path
) -> None:
    """Discord's outage delays nobody, and afterwards it has its lines in order."""
    async with running(tmp_path, peer, games) as (url, bot), hosting(url, KEY, TIME) as host:
        await peer.stop()
        session = await host.start()
        await host.add(session, "Drawful 2")
        await bot.said("Next up: Drawful 2")
        await peer.start()
        await until(lambda: len(games.messages) == 2, wait=40)
        await bot.settled()
    assert [line[:2] for line in seen(games)] == ["🎲 ", "🎮 "]


async def test_a_refused_line_is_dead_and_the_next_is_said(
    peer: Peer, games: Channel, tmp_path: Path
) -> None:
    """Without the right to speak a line ends with Discord's reason; given it, the night goes on."""
    async with running(tmp_path, peer, games) as (url, bot), hosting(url, KEY, TIME) as host:
        games.may.discard(Permission.SEND_MESSAGES)
        session = await host.start()
        await until(lambda: any(row.status is Status.DEAD for row in in_discord(bot)))
        games.may.add(Permission.SEND_MESSAGES)
        await host.add(session, "Drawful 2")
        await until(lambda: len(games.messages) == 1)
        await bot.settled()
    (dead,) = [row for row in in_discord(bot) if row.status is Status.DEAD]
    assert dead.kind is Kind.SESSION_STARTED
    assert "Missing Permissions (50013)" in (dead.reason or "")

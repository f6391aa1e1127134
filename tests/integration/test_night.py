"""Whole nights: the real process, the embedded Picker, the console and a real IRC daemon."""

from __future__ import annotations

import asyncio
import os
import random
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from bot_process import KEY, BotProcess, until
from faults import EXPRESS_404, FORBIDDEN, HANG, HTML, UNAVAILABLE, Faults, slow
from host import hosting
from irc_daemons import Ngircd, missing
from present import Present

from bot.domain import Delivery, Kind, Status
from bot.sandbox import ERAS, NEWEST, Era, Sandbox
from bot.sandbox.night import Night, play
from bot.timing import SystemTime

TIME = SystemTime()
CHANNEL = "#gamenight"

needs_ngircd = pytest.mark.skipif(
    missing("ngircd") is not None and not os.environ.get("CI"),
    reason=f"LEFT OUT, no ngircd: {missing('ngircd')}",
)


@pytest.fixture
async def bot(tmp_path: Path) -> AsyncIterator[BotProcess]:
    bot = BotProcess(tmp_path)
    yield bot
    await bot.end()


@asynccontextmanager
async def picker(era: Era = NEWEST, faults: Faults | None = None) -> AsyncIterator[str]:
    middlewares = [faults.middleware] if faults else []
    sandbox = Sandbox(KEY, time=TIME, era=era, status_every=0.5, middlewares=middlewares)
    async with sandbox.serve() as url:
        yield url


@asynccontextmanager
async def irc(folder: Path) -> AsyncIterator[Ngircd]:
    (folder / "ircd").mkdir()
    daemon = Ngircd(folder / "ircd")
    await daemon.start()
    try:
        yield daemon
    finally:
        await daemon.stop()


def irc_table(daemon: Ngircd) -> str:
    return (
        f'[adapters.net]\nkind = "irc"\nhost = "127.0.0.1"\nport = {daemon.port}\n'
        f'tls = false\nchannels = ["{CHANNEL}"]\npace = 0.05\n'
    )


def expected(night: Night, *, codes: bool) -> list[str]:
    """What must be said of the script's games, in order, leaving out the game taken back."""
    lines = ["🎲 Game Night has started!"]
    for game in night.games:
        lines.append(f"🎮 Next up: {game.title}")
        if codes:
            lines.append(game.room_code)
        score = game.ups - game.downs
        sign = f"+{score}" if score > 0 else str(score)
        lines.append(f"🗳️ Final votes for {game.title}: {game.ups}👍 {game.downs}👎 (Score: {sign})")
    return [
        *lines,
        "🌙 Game Night has ended! Thanks for playing!",
        f"📊 Session Stats: {len(night.games)} games played",
    ]


def assert_in_order(said: list[str], wanted: list[str]) -> None:
    """Each of ``wanted`` is part of a line of ``said``, one after the other."""
    text = "\n".join(said)
    at = 0
    for piece in wanted:
        found = text.find(piece, at)
        assert found >= 0, f"{piece!r} is missing or out of order in\n{text}"
        at = found


@needs_ngircd
@pytest.mark.parametrize("era", ERAS.values(), ids=ERAS.keys())
async def test_a_night_on_each_era(bot: BotProcess, era: Era, present: Present) -> None:
    """A whole night is said once and in order, in the console and on IRC, whatever the era."""
    async with picker(era) as url, irc(bot.folder) as daemon:
        person = await present.person("regular", daemon.port, CHANNEL)
        bot.configure(url, irc_table(daemon))
        await bot.start()
        await bot.linked()
        await person.expect(f"JOIN :{CHANNEL}")
        night = await play(url, KEY, time=TIME, speed=4, seed=1)
        await bot.said("📊")
        await until(lambda: any("📊" in line for line in person.said(CHANNEL)))
        assert await bot.stop() == 0
        plain = [line.replace("\x02", "") for line in person.said(CHANNEL)]
        for said in (bot.lines, plain):
            assert_in_order(said, expected(night, codes=True))
            assert [text for text, times in Counter(said).items() if times > 1] == []
    assert {row.status for row in bot.deliveries} == {Status.SENT}


async def test_a_slow_old_picker(bot: BotProcess) -> None:
    """Where votes are told by all-time counters alone, those that were cast before the first look
    at their game count too."""
    faults = Faults()
    async with picker(ERAS["seed"], faults) as url, hosting(url, KEY, TIME) as host:
        bot.configure(url)
        await bot.start()
        await until(lambda: "GET /api/games" in faults.asked[:-1])
        session = await host.start()
        await bot.said("started")
        faults.put(f"GET /api/sessions/{session}/games", slow(0.5))
        for title, voters in {"Drawful 2": ["ann", "ben", "cid"], "Fibbage 4": ["dee"]}.items():
            await host.add(session, title)
            for voter in voters:
                await host.vote(voter)
            await bot.said(f"Next up: {title}")
        await host.close(session)
        await bot.said("📊")
        assert await bot.stop() == 0
    assert [line for line in bot.lines if "votes" in line] == [
        "🗳️ Final votes for Drawful 2: 3👍 0👎 (Score: +3)",
        "🗳️ Final votes for Fibbage 4: 1👍 0👎 (Score: +1)",
    ]


async def test_an_outage_is_not_an_ending(bot: BotProcess) -> None:
    """Errors, HTML, refusals and silence of every kind end no night."""
    faults = Faults()
    async with picker(faults=faults) as url, hosting(url, KEY, TIME) as host:
        bot.configure(url)
        await bot.start()
        await bot.linked()
        session = await host.start()
        await host.add(session, "Drawful 2")
        await bot.said("Next up: Drawful 2")
        for fault in (UNAVAILABLE, HTML, EXPRESS_404, FORBIDDEN, HANG):
            faults.put("GET /api/sessions/active", fault, times=2)
            asked = len(faults.asked)
            await until(lambda n=asked: len(faults.asked) >= n + 2)
        faults.clear()
        await host.add(session, "Fibbage 4")
        await bot.said("Next up: Fibbage 4")
        assert not any("ended" in line for line in bot.lines)
        await host.close(session)
        await bot.said("📊")
        await bot.stop()
    assert sum("ended" in line for line in bot.lines) == 1


@needs_ngircd
async def test_irc_is_down_while_the_console_goes_on(bot: BotProcess, present: Present) -> None:
    """A chat that is away delays no other, and has its lines in order when it returns."""
    async with picker() as url, irc(bot.folder) as daemon, hosting(url, KEY, TIME) as host:
        bot.configure(url, irc_table(daemon))
        await bot.start()
        await bot.linked()
        daemon.kill()
        session = await host.start()
        await bot.said("started")
        for title in ("Drawful 2", "Fibbage 4"):
            await host.add(session, title)
            await bot.said(f"Next up: {title}")
        await daemon.start()
        person = await present.person("regular", daemon.port, CHANNEL)
        await until(lambda: len(person.said(CHANNEL)) >= 3, wait=30)
        await bot.stop()
        said = person.said(CHANNEL)
    assert [line[:3] for line in said] == ["🎲 G", "🎮 N", "🎮 N"]
    assert "Drawful 2" in said[1]
    assert "Fibbage 4" in said[2]


@needs_ngircd
@pytest.mark.parametrize("seed", [1, 2])
async def test_killed_in_the_middle(bot: BotProcess, seed: int, present: Present) -> None:
    """SIGKILL at random points of a night loses nothing, and says nothing twice but what a
    network cannot exclude, which is counted."""
    await _night_with_kills(bot, present, random.Random(seed), kills=4, speed=2.5)


@needs_ngircd
@pytest.mark.long
@pytest.mark.timeout(900)
@pytest.mark.parametrize("seed", range(10, 22))
async def test_killed_again_and_again(bot: BotProcess, seed: int, present: Present) -> None:
    """As above, twelve nights with nine kills each."""
    await _night_with_kills(bot, present, random.Random(seed), kills=9, speed=1)


async def _night_with_kills(
    bot: BotProcess, present: Present, dice: random.Random, kills: int, speed: float
) -> None:
    async with picker() as url, irc(bot.folder) as daemon:
        person = await present.person("regular", daemon.port, CHANNEL)
        bot.configure(url, irc_table(daemon))
        await bot.start()
        await bot.linked()
        playing = asyncio.create_task(play(url, KEY, time=TIME, speed=speed, seed=3))
        for _ in range(kills):
            await asyncio.sleep(dice.uniform(0.3, 22 / speed / kills))
            await bot.kill()
            await bot.start()
        night = await playing
        await bot.said("📊")
        await until(lambda: any("📊" in line for line in person.said(CHANNEL)))
        await bot.settled()
        await bot.stop()
        said = {"console": bot.lines, "net": person.said(CHANNEL)}
    for adapter, lines in said.items():
        rows = [row for row in bot.deliveries if row.target.adapter == adapter]
        _assert_accounted_for(rows, lines, night)


def _assert_accounted_for(rows: list[Delivery], lines: list[str], night: Night) -> None:
    """Every line that was seen has its row, every row its fate, every game its place."""
    sent = [row for row in rows if row.status is Status.SENT]
    assert {row.status for row in rows} <= {Status.SENT, Status.EXPIRED, Status.UNCONFIRMED}
    seen = Counter(line.replace("\x02", "") for line in lines)
    for row in sent:
        for line in row.message.text.split("\n"):  # the end of a night is one message of three
            assert seen[line] >= 1, f"{row.key} is sent, and was not seen"
            assert seen[line] <= 1 + row.repeated, f"{row.key} was said too often"
    assert set(seen) <= {line for row in rows for line in row.message.text.split("\n")}
    for row in rows:
        assert row.status is Status.SENT or row.reason, f"{row.key} ended without a reason"
    kinds = Counter(row.kind for row in rows)
    assert kinds[Kind.SESSION_STARTED] == kinds[Kind.SESSION_ENDED] == kinds[Kind.STATS] == 1
    told = "\n".join(row.message.text for row in rows)
    for game in night.games:
        assert game.title in told, f"{game.title} was lost"

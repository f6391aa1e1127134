"""The scripted game night."""

from __future__ import annotations

from math import inf

import httpx
import pytest
from clock import FakeTime
from host import hosting

from bot.sandbox import NEWEST, SEED, Era, Sandbox
from bot.sandbox.night import SCRIPT, play
from bot.timing import SystemTime

KEY = "correct horse"


@pytest.mark.parametrize("era", [SEED, NEWEST])
async def test_a_night_leaves_what_its_script_says(era: Era) -> None:
    """Five games with codes, votes as scripted, the wrong one gone, nothing active, in any era."""
    time = SystemTime()
    async with Sandbox(KEY, time=time, era=era).serve() as url:
        night = await play(url, KEY, time=time, speed=1_000)
        async with hosting(url, KEY, time) as host:
            session = await host.ask("GET", f"/api/sessions/{night.session_id}")
            rows = await host.ask("GET", f"/api/sessions/{night.session_id}/games")
    assert (session["is_active"], session["games_played"]) == (0, 5)
    assert [(row["title"], row["room_code"]) for row in rows] == [
        (game.title, game.room_code) for game in night.games
    ]
    assert [(game.title, game.ups, game.downs) for game in night.games] == [
        (act.title, act.ups, act.downs) for act in SCRIPT
    ]


async def test_every_vote_of_the_night_is_counted() -> None:
    """At great speed, where all is over within a second, none is taken for a repeat."""
    time = SystemTime()
    async with Sandbox(KEY, time=time).serve() as url:
        night = await play(url, KEY, time=time, speed=inf)
        async with hosting(url, KEY, time) as host:
            tallies = await host.ask("GET", f"/api/sessions/{night.session_id}/votes")
    counted = {row["title"]: (row["upvotes"], row["downvotes"]) for row in tallies["votes"]}
    assert counted == {game.title: (game.ups, game.downs) for game in night.games}


async def test_a_seed_fixes_the_night() -> None:
    """Codes and voters come again with the same seed, and differ with another."""

    async def voters(seed: int) -> list[tuple[str, str]]:
        time = FakeTime()
        async with Sandbox(KEY, time=time).serve() as url:
            await play(url, KEY, time=time, speed=inf, seed=seed)
            async with hosting(url, KEY, time) as host:
                votes = (await host.ask("GET", "/api/votes?limit=100"))["votes"]
        return [(vote["username"], vote["vote_type"]) for vote in votes]

    first, again, other = await voters(1), await voters(1), await voters(2)
    assert first == again != other


class Waits(FakeTime):
    """Does not wait, but adds up for how long it should have."""

    total = 0.0

    async def sleep(self, seconds: float) -> None:
        self.total += seconds
        self.jump(seconds)


async def test_a_night_takes_well_under_a_minute() -> None:
    """About twenty-five seconds, and half of that at twice the speed; it says how it goes."""
    told: list[str] = []
    for speed in (1.0, 2.0):
        time = Waits()
        async with Sandbox(KEY, time=time, era=SEED).serve() as url:
            await play(url, KEY, time=time, speed=speed, progress=told.append)
        assert 20 < time.total * speed < 30
    assert told[0] == "The host opens the night"
    assert "Push The Button is taken back" in told
    assert told[-1] == "The host closes the night"


async def test_a_refusing_picker_ends_the_night_with_an_error() -> None:
    """A wrong key, or a session that is active already, is for the caller to explain."""
    time = SystemTime()
    async with Sandbox(KEY, time=time).serve() as url:
        with pytest.raises(httpx.HTTPStatusError, match="401"):
            await play(url, "wrong", time=time)
        async with hosting(url, KEY, time) as host:
            await host.start()
        with pytest.raises(httpx.HTTPStatusError, match="400"):
            await play(url, KEY, time=time, speed=inf)

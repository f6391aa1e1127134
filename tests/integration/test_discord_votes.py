"""Votes and questions in Discord: the real process, the embedded Picker and the look-alike."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from bot_process import KEY, BotProcess, until
from discord_interactions import Interaction
from discord_peer import Peer
from discord_shown import shown
from discord_world import Channel, Message
from faults import UNAVAILABLE, Fault, Faults
from host import Host, hosting

from bot.ballots import BallotStatus
from bot.domain import Status
from bot.sandbox import Sandbox
from bot.store import read_ballots
from bot.timing import SystemTime

TIME = SystemTime()
POST = "POST /api/votes/live"


@dataclass
class Evening:
    """A night with its first game announced in Discord."""

    peer: Peer
    games: Channel
    bot: BotProcess
    host: Host
    faults: Faults
    session: int = 0

    async def begin(self) -> Message:
        """The board of the first game."""
        self.session = await self.host.start()
        await self.host.add(self.session, "Drawful 2", room_code="ABCD")
        await until(lambda: len(self.games.messages) == 2)
        return self.message()

    def message(self, number: int = -1) -> Message:
        return list(self.games.messages.values())[number]

    async def tap(self, board: Message, name: str, up: bool = True) -> Interaction:
        custom_id = board.components[0]["components"][0 if up else 1]["custom_id"]
        return await self.peer.interactions.tap(board, custom_id, self.peer.person(name))

    async def stored(self) -> list[tuple[str, str, str]]:
        found = await self.host.ask("GET", f"/api/votes?session_id={self.session}")
        return sorted((v["username"], v["vote_type"], v["game_title"]) for v in found["votes"])


@asynccontextmanager
async def evening(folder: Path) -> AsyncIterator[Evening]:
    faults = Faults()
    sandbox = Sandbox(KEY, time=TIME, middlewares=[faults.middleware])
    async with Peer() as peer, sandbox.serve() as url, hosting(url, KEY, TIME) as host:
        games = peer.world.add_channel("games")
        bot = BotProcess(folder)
        bot.configure(
            url,
            f'[adapters.discord]\ntoken = "{peer.token}"\napi_url = "{peer.api_url}"\n'
            f"channels = [{games.id}]\nedit_interval = 1\n",
        )
        await bot.start()
        try:
            await bot.linked()
            await until(lambda: peer.gateway.connected)
            yield Evening(peer, games, bot, host, faults)
        finally:
            await bot.stop()


def statuses(folder: Path) -> list[BallotStatus]:
    return [ballot.status for ballot in read_ballots(folder / "nightcrier.db")]


def text(message: Message) -> str:
    return shown(message.content).text


async def told(interaction: Interaction, part: str) -> None:
    try:
        await until(lambda: any(part in shown(said).text for said in interaction.private))
    except TimeoutError:
        raise AssertionError(f"{part!r} is not in {interaction.private}") from None


async def test_an_evening(tmp_path: Path) -> None:
    """Taps are counted and noted to their voters alone, the board shows them, then the result
    without buttons; a tap on it is refused in words."""
    async with evening(tmp_path) as night:
        board = await night.begin()
        await told(await night.tap(board, "alice"), "Tonight: 1👍 0👎")
        await told(await night.tap(board, "bob", up=False), "Tonight: 1👍 1👎")
        await told(await night.tap(board, "bob"), "voted on Drawful 2 already")
        await until(lambda: "1👍 1👎" in text(board))
        assert "room ABCD" in text(board)
        as_it_was = replace(board)
        await night.host.add(night.session, "Fibbage 4")
        await until(lambda: "Final votes: 1👍 1👎" in text(board))
        assert board.components == []
        await told(await night.tap(as_it_was, "carol"), "Drawful 2 is over")
        await night.bot.settled()
    assert first_lines(night.games) == [
        "🎲 Game Night has started!",
        "🎮 Drawful 2",
        "🗳️ Final votes for Drawful 2: 1👍 1👎 (Score: 0)",
        "🎮 Next up: Fibbage 4",
    ]
    assert {row.status for row in night.bot.deliveries} == {Status.SENT}


def first_lines(games: Channel) -> list[str]:
    """The first line of each message, cut at the pack."""
    return [
        text(m).splitlines()[0].split(" · ")[0].split(" (The")[0] for m in games.messages.values()
    ]


async def test_slash_commands(tmp_path: Path) -> None:
    """The running game, the night and the link, to whoever asks, with buttons that vote."""
    async with evening(tmp_path) as night:
        board = await night.begin()
        await told(await night.tap(board, "alice"), "is counted")
        person = night.peer.person("bob")
        votes = await night.peer.interactions.slash(night.games, "votes", person)
        await told(votes, "Drawful 2 · tonight 1👍 0👎 (+1) · all-time")
        up, down, link = votes.said[0].components[0]["components"]
        assert (up["emoji"]["name"], down["emoji"]["name"]) == ("👍", "👎")
        assert link["url"].endswith(f"/{night.games.id}/{board.id}")
        so_far = await night.peer.interactions.slash(night.games, "night", person)
        await told(so_far, "Drawful 2: 1👍 0👎 (+1) · now playing")
        status = await night.peer.interactions.slash(night.games, "status", person)
        await told(status, "The link to the Picker is live. Now playing: Drawful 2.")
        assert len(night.games.messages) == 2


async def test_the_picker_is_away_in_the_middle(tmp_path: Path) -> None:
    """Votes cast while the Picker is away are kept, and counted for their game afterwards."""
    async with evening(tmp_path) as night:
        board = await night.begin()
        night.faults.put("(GET|POST) /.*", UNAVAILABLE)
        taps = [await night.tap(board, name) for name in ("alice", "bob", "carol")]
        for tap in taps:
            await told(tap, "The Picker does not answer")
            assert tap.after is not None
            assert tap.after < 3
        night.faults.clear()
        await night.host.add(night.session, "Fibbage 4")
        for tap in taps:
            await told(tap, "is counted")
        await until(lambda: "Final votes" in text(board))
        assert len(await night.stored()) == 3
        assert {game for _, _, game in await night.stored()} == {"Drawful 2"}


@pytest.mark.parametrize("acts", [True, False], ids=["stored", "not stored"])
async def test_killed_with_a_vote_under_way(tmp_path: Path, acts: bool) -> None:
    """SIGKILL between the disk and the Picker's answer: the vote is counted once, and the same
    message goes on being the board."""
    async with evening(tmp_path) as night:
        board = await night.begin()
        night.faults.put(POST, Fault(hang=True, acts=acts))
        await night.tap(board, "alice")
        await until(lambda: POST in night.faults.asked)
        await night.bot.kill()
        night.faults.clear()
        await night.bot.start()
        await night.bot.linked(2)
        await until(lambda: night.peer.gateway.connected)
        await until(lambda: "1👍 0👎" in text(board))
        await until(lambda: statuses(tmp_path) == [BallotStatus.COUNTED])
        await told(await night.tap(board, "bob"), "Tonight: 2👍 0👎")
        await until(lambda: "2👍 0👎" in text(board))
        assert await night.stored() == [
            ("alice", "up", "Drawful 2"),
            ("bob", "up", "Drawful 2"),
        ]
        assert len(night.games.messages) == 2

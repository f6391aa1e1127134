"""Votes and questions in Discord: the real process, the embedded Picker and the look-alike."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
from bot_process import until
from discord_evening import Evening, evening, told
from discord_evening import text as shown_text
from discord_interactions import Interaction
from discord_peer import Peer
from faults import UNAVAILABLE, Fault

from bot.ballots import BallotStatus
from bot.domain import Kind, Status
from bot.store import read_ballots

POST = "POST /api/votes/live"


def statuses(folder: Path) -> list[BallotStatus]:
    return [ballot.status for ballot in read_ballots(folder / "nightcrier.db")]


def playing(night: Evening) -> str | None:
    """What is shown beside the bot's name; the library identifies with an older key for it."""
    presence = night.peer.gateway.presence or {}
    game = presence.get("game") or next(iter(presence.get("activities") or []), None)
    return game["name"] if game else None


async def test_an_evening(tmp_path: Path) -> None:
    """Taps are counted and noted to their voters alone, the board shows them, then the result
    without buttons; a tap on it is refused in words."""
    async with evening(tmp_path) as night:
        board = await night.begin(room_code="ABCD")
        await told(await night.tap(board, "alice"), "Tonight: 1👍 0👎")
        await told(await night.tap(board, "bob", up=False), "Tonight: 1👍 1👎")
        await told(await night.tap(board, "bob"), "voted on Drawful 2 already")
        await until(lambda: "1👍 1👎" in shown_text(board))
        assert "room ABCD" in shown_text(board)
        as_it_was = replace(board)
        await night.host.add(night.session, "Fibbage 4")
        await until(lambda: "Final votes: 1👍 1👎" in shown_text(board))
        assert board.components == []
        await told(await night.tap(as_it_was, "carol"), "Drawful 2 is over")
        await night.bot.settled()
    assert night.first_lines == [
        "🎲 Game Night has started!",
        "🎮 Drawful 2",
        "🗳️ Final votes for Drawful 2: 1👍 1👎 (Score: 0)",
        "🎮 Next up: Fibbage 4",
    ]
    assert {row.status for row in night.bot.deliveries} == {Status.SENT}


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
        await until(lambda: "Final votes" in shown_text(board))
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
        await until(lambda: "1👍 0👎" in shown_text(board))
        await until(lambda: statuses(tmp_path) == [BallotStatus.COUNTED])
        await told(await night.tap(board, "bob"), "Tonight: 2👍 0👎")
        await until(lambda: "2👍 0👎" in shown_text(board))
        assert await night.stored() == [
            ("alice", "up", "Drawful 2"),
            ("bob", "up", "Drawful 2"),
        ]
        assert len(night.games.messages) == 2


async def test_a_code_that_comes_late(tmp_path: Path) -> None:
    """A room code told after its game is shown on the board, without a line of its own; the
    game is shown beside the bot's name until the night is over."""
    async with evening(tmp_path) as night:
        board = await night.begin()
        await until(lambda: playing(night) == "Drawful 2")
        rows = await night.host.ask("GET", f"/api/sessions/{night.session}/games")
        row = rows[0]["id"]
        await night.host.change(night.session, row, "room-code", room_code="LATE")
        await until(lambda: "room LATE" in shown_text(board))
        assert board.embeds[0]["fields"][-1] == {"name": "Room", "value": "LATE", "inline": True}
        await night.host.close(night.session)
        await until(lambda: playing(night) is None)
        await night.bot.settled()
    codes = [row for row in night.bot.deliveries if row.kind is Kind.ROOM_CODE]
    in_discord = [row for row in codes if row.target.adapter == "discord"]
    assert [(row.status, row.reason) for row in in_discord] == [
        (Status.EXPIRED, "shown on the board")
    ]
    assert len(codes) == 2, "the console, which cannot edit, was told by a line"
    assert not any("🔑" in line for line in night.first_lines)


async def test_the_end_of_a_night(tmp_path: Path) -> None:
    """Votes, end and statistics are one message with the scoreboard, which pings the role of one
    of its lines; the board shows the result and has no buttons."""

    def prepare(peer: Peer) -> str:
        role = peer.world.add_role("players", mentionable=True)
        return f'mention_roles = {{ session_ended = "{role.id}" }}\nsilent = ["stats"]\n'

    async with evening(tmp_path, prepare) as night:
        board = await night.begin()
        await told(await night.tap(board, "alice"), "is counted")
        await night.host.close(night.session)
        await until(lambda: len(night.games.messages) == 3)
        await until(lambda: "Final votes: 1👍 0👎" in shown_text(board))
        end = night.message()
    lines = shown_text(end).splitlines()
    assert [mark in line for mark, line in zip("🗳🌙📊", lines, strict=True)] == [True] * 3
    assert (end.pings, end.flags) == (["role players"], 0)
    assert [message.pings for message in night.games.messages.values()][:2] == [[], []]
    assert end.embeds[0]["title"] == "Tonight's scoreboard"
    assert end.embeds[0]["fields"][0]["value"].endswith("+1 · Drawful 2")
    assert (board.components, board.edits) == ([], 2)


async def test_the_webhooks_board(tmp_path: Path) -> None:
    """A webhook shows boards too, without buttons, by edits of its own message."""

    def prepare(peer: Peer) -> str:
        channel = peer.world.add_channel("announcements")
        hook = peer.world.add_webhook(channel, "hook-secret")
        return (
            f'[adapters.hook]\nkind = "discord"\napi_url = "{peer.api_url}"\n'
            f'webhook_url = "{peer.api_url}/webhooks/{hook}/hook-secret"\n'
            'channels = ["announcements"]\nedit_interval = 1\n'
        )

    async with evening(tmp_path, prepare) as night:
        board = await night.begin()
        hooked = next(c for c in night.peer.world.channels.values() if c.name == "announcements")
        await told(await night.tap(board, "alice"), "is counted")
        await until(lambda: len(hooked.messages) == 2)
        (copy,) = list(hooked.messages.values())[1:]
        await until(lambda: "1👍 0👎" in shown_text(copy))
        assert copy.components == []
        await night.host.add(night.session, "Fibbage 4")
        await until(lambda: "Final votes: 1👍 0👎" in shown_text(copy))
    assert "hook-secret" not in night.bot.log


PEOPLE = tuple(f"person{number}" for number in range(6))
GAMES = ("Drawful 2", "Fibbage 4", "Quiplash 3")


@pytest.mark.parametrize(
    "seed", [1, *(pytest.param(seed, marks=pytest.mark.long) for seed in range(2, 15))]
)
async def test_killed_among_taps(tmp_path: Path, seed: int) -> None:
    """SIGKILL at random points of a night in which people vote: no second message, no vote
    twice, none that was confirmed is lost, and each board ends with what the Picker counted."""
    dice = random.Random(seed)
    taps: list[tuple[str, str, Interaction]] = []
    async with evening(tmp_path) as night:
        board = await night.begin()
        for number, title in enumerate(GAMES):
            if number:
                await night.host.add(night.session, title)
                board = await night.board(title)
            await _vote_and_kill(night, board, title, taps, dice)
        votes = await night.stored()
        await night.host.close(night.session)
        await until(lambda: any("🌙" in shown_text(m) for m in night.games.messages.values()))
        await night.bot.settled()
        await until(lambda: not any(m.components for m in night.games.messages.values()))
        messages = [m for m in night.games.messages.values() if m.embeds]
        boards = {m.embeds[0]["title"]: shown_text(m) for m in messages}
    who = Counter((name, game) for name, _, game in votes)
    assert set(who.values()) <= {1}
    confirmed = {(n, game) for n, game, tap in taps if any("is counted" in p for p in tap.private)}
    assert confirmed <= set(who)
    lines = [row for row in night.bot.deliveries if row.target.adapter == "discord"]
    ids = [row.remote_id for row in lines if row.status is Status.SENT and row.joined is None]
    assert Counter(ids) == Counter(map(str, night.games.messages))
    assert not any(row.repeated for row in lines)
    for title in GAMES:
        ups = sum(game == title for _, _, game in votes)
        assert f"Final votes: {ups}👍 0👎" in boards[title]


async def _vote_and_kill(night: Evening, board, title: str, taps: list, dice) -> None:
    """Everybody taps within a second, in which the bot is killed and started again."""

    async def vote(name: str) -> None:
        await asyncio.sleep(dice.uniform(0, 1.0))
        taps.append((name, title, await night.tap(board, name)))

    voting = asyncio.gather(*map(vote, PEOPLE))
    await asyncio.sleep(dice.uniform(0.05, 1.0))
    await night.bot.kill()
    await voting
    starts = night.bot.log.count("The link to the Picker is live")
    night.peer.gateway.sessions.clear()
    await night.bot.start()
    await night.bot.linked(starts + 1)
    await until(lambda: night.peer.gateway.connected)
    await until(lambda: BallotStatus.HELD not in statuses(night.bot.folder))
    last = await night.tap(board, f"late-{title}")
    taps.append((f"late-{title}", title, last))
    await told(last, "is counted")

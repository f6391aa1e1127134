"""Questions from a chat: answered from the Picker, or kindly without it."""

from __future__ import annotations

from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from faults import HANG, UNAVAILABLE, Faults
from host import Host, hosting
from scene import GAME, KEY, NEXT, TIME, Scene, until

from bot.sandbox import Sandbox

EVERYTHING = "(GET|POST) /.*"


async def test_votes(scene: Scene, host: Host) -> None:
    """Tonight and all-time, with the buttons and the address of the board, in private."""
    async with scene.running():
        await scene.begin(host)
        board = await scene.board(GAME)
        await host.vote("ann")
        await host.vote("ben", "down")
        await host.vote("cid")
        game = await host.ask("GET", f"/api/games/{await host.game_id(GAME)}")
        await until(lambda: "2👍 1👎" in scene.chat.shows[board].text)
        said = await scene.answer(scene.ask("votes"))
    up, down = game["upvotes"], game["downvotes"]
    assert said.text == (
        f"🗳️ Drawful 2 · tonight 2👍 1👎 (+1) · all-time {up}👍 {down}👎 ({up - down:+d})"
    )
    assert [action.up for action in said.actions] == [True, False]
    assert said.link == f"https://chat.example/#here/{board}"


async def test_buttons_of_an_answer(scene: Scene, host: Host) -> None:
    """The buttons of an answer vote as those of the board do."""
    async with scene.running():
        await scene.begin(host)
        said = await scene.answer(scene.ask("votes"))
        assert "is counted" in (await scene.answer(scene.tap(said.actions[1]))).text


async def test_the_night(scene: Scene, host: Host) -> None:
    """All games so far with their scores."""
    async with scene.running():
        session = await scene.begin(host)
        await host.vote("ann")
        voted = int(TIME.now())
        await until(lambda: int(TIME.now()) > voted)  # games' moments are cut to the second
        await host.add(session, NEXT)
        await scene.board(NEXT)
        said = await scene.answer(scene.ask("night"))
    assert said.text.splitlines() == [
        "📊 Tonight so far:",
        "1. Drawful 2: 1👍 0👎 (+1)",
        "2. Fibbage 4: 0👍 0👎 (0) · now playing",
    ]


async def test_no_night(scene: Scene) -> None:
    """Without a night there is nothing to tell, and that is said."""
    async with scene.running():
        for command in ("votes", "night"):
            said = await scene.answer(scene.ask(command))
            assert said.text == "🌙 There is no game night at the moment."


async def test_the_link(scene: Scene, host: Host) -> None:
    """How the Picker is heard, without its address; an unknown question has no answer."""
    async with scene.running():
        await scene.begin(host)
        nobody = scene.ask("dance")
        said = await scene.answer(scene.ask("status"))
        assert said.text == "🟢 The link to the Picker is live. Now playing: Drawful 2."
        assert scene.told(nobody) == []


@pytest.mark.parametrize("fault", [UNAVAILABLE, HANG], ids=["503", "silence"])
async def test_without_the_picker(scene: Scene, host: Host, fault: object) -> None:
    """Our own count, and that it is ours, within the five seconds that a Picker has, once what it
    told is two seconds old."""
    async with scene.running():
        await scene.begin(host)
        board = await scene.board(GAME)
        await host.vote("ann")
        await until(lambda: "1👍 0👎" in scene.chat.shows[board].text)
        await scene.answer(scene.ask("votes"))
        told = TIME.monotonic()
        scene.faults.put(EVERYTHING, fault)  # type: ignore[arg-type]
        await until(lambda: TIME.monotonic() > told + 2.1)
        said = await scene.answer(scene.ask("votes"))
        night = await scene.answer(scene.ask("night"))
    assert "tonight 1👍 0👎 (+1)" in said.text
    assert said.text.endswith("by my own count, since the Picker does not answer")
    assert night.text.endswith("By my own count, since the Picker does not answer.")


async def test_votes_that_are_held(scene: Scene, host: Host) -> None:
    """Numbers that lack the votes which the bot holds for the Picker say how many, and so does the
    state of the link, which is not well though it is live."""
    async with scene.running(interval=1.0):
        await scene.begin(host)
        board = await scene.board(GAME)
        up = scene.button(board)
        await host.vote("cid")
        await until(lambda: "1👍 0👎" in scene.chat.shows[board].text)
        scene.faults.put(EVERYTHING, UNAVAILABLE)
        scene.tap(up)
        scene.tap(up, "ben")
        await until(lambda: len(scene.ballots) == 2)
        status = ""
        while not status.startswith("🟠"):
            status = (await scene.answer(scene.ask("status"))).text
        said = await scene.answer(scene.ask("votes"))
    assert said.text.endswith("since the Picker does not answer · 2 votes kept for it")
    assert status.endswith("Now playing: Drawful 2. 2 votes are kept.")


async def test_just_after_the_death_of_the_picker(tmp_path: Path) -> None:
    """Numbers that the Picker told a moment ago are no answer of its any more."""
    async with AsyncExitStack() as serving:
        faults = Faults()
        sandbox = Sandbox(KEY, time=TIME, middlewares=[faults.middleware])
        url = await serving.enter_async_context(sandbox.serve())
        scene = Scene(url, tmp_path, faults)
        async with hosting(url, KEY, TIME) as host, scene.running():
            await scene.begin(host)
            board = await scene.board(GAME)
            await host.vote("ann")
            await until(lambda: "1👍 0👎" in scene.chat.shows[board].text)
            said = await scene.answer(scene.ask("votes"))
            assert "by my own count" not in said.text
            await serving.aclose()
            said = await scene.answer(scene.ask("votes"))
            assert "by my own count" in said.text


async def test_a_flood_of_questions(scene: Scene, host: Host) -> None:
    """Many questions at once cost the Picker a few of ours."""
    async with scene.running():
        await scene.begin(host)
        handles = [scene.ask("votes") for _ in range(40)]
        for handle in handles:
            await scene.answer(handle)
        asked = [name for name in scene.faults.asked if name.endswith("/votes")]
    assert len(asked) <= 4

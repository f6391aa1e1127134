"""Votes and questions in a Kosmi room: the real process, the embedded Picker, the look-alike."""

from __future__ import annotations

from pathlib import Path

from bot_process import KEY, BotProcess, until
from host import hosting
from kosmi_site import KosmiRoom, KosmiSite
from scene import TIME

from bot.sandbox import Sandbox

TABLE = """
[adapters.kosmi]
http_url = "http://127.0.0.1:{port}/"
ws_url = "ws://127.0.0.1:{port}/gql-ws"
channels = ["@night"]
"""


def said(room: KosmiRoom, what: str) -> bool:
    """Whether ``what`` was said in the room, by whomever."""
    return any(what in message.body.replace("*", "") for message in room.said)


async def test_votes_and_questions_in_a_room(tmp_path: Path) -> None:
    """A line votes once, for its author; questions are answered in the room, by prefix and by the
    name that the site gave us, and our own lines are nobody's votes."""
    site = KosmiSite("@night")
    await site.start()
    room, bot = site.rooms["@night"], BotProcess(tmp_path)
    try:
        async with Sandbox(KEY, time=TIME).serve() as url, hosting(url, KEY, TIME) as host:
            bot.configure(url, TABLE.format(port=site.port))
            await bot.start()
            await bot.linked()
            session = await host.start()
            await host.add(session, "Drawful 2")
            await until(lambda: said(room, "Next up: Drawful 2"))
            for author in ("alice", "bob", "alice"):
                site.say("@night", author, "thisgame++ and !thisgame++")
            site.say("@night", "carl", "!votes")
            await until(lambda: said(room, "tonight 2👍 0👎"))
            site.say("@night", "dora", "anonymous: night")
            await until(lambda: said(room, "Tonight so far: Drawful 2: 2👍"))
            await bot.stop()
    finally:
        await bot.end()
        await site.stop()

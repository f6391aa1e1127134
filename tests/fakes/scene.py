"""The app in this process: real Picker client, real store, embedded Picker, chats in memory."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from pathlib import Path

from board_chat import BoardChat
from faults import Faults
from host import Host

from bot import app, messages
from bot.ballots import Ballot, BallotStatus, Limit
from bot.domain import Action, Ask, Author, Kind, Line, Message, Tap, Target
from bot.formatter import Wording
from bot.picker import Picker
from bot.store import Store, read_ballots
from bot.timing import SystemTime

KEY = "the-admin-key"
ANN = Author("id-ann", "ann")
TIME = SystemTime()
GAME, NEXT = "Drawful 2", "Fibbage 4"
HERE = Target("chat", "#here")
ACTIVE = "GET /api/sessions/active"
POST = "POST /api/votes/live"


class Scene:
    """A bot that runs on ``url``, its chat, and the faults between it and the Picker."""

    def __init__(self, url: str, folder: Path, faults: Faults) -> None:
        self.url = url
        self.path = folder / "nightcrier.db"
        self.faults = faults
        self.limit = Limit.ONCE
        self.listening = app.Listening()
        self.channels = (HERE,)
        self.chat = BoardChat(clock=TIME.monotonic)
        self.hearing = app.Hearing()

    @asynccontextmanager
    async def running(self, interval: float = 30.0) -> AsyncIterator[None]:
        async with self.store() as store:
            task = asyncio.create_task(app.run(self.parts(store, interval)))
            try:
                await self.linked()
                yield
                assert not task.done(), "it ended by itself"
            finally:
                task.cancel()
                with suppress(asyncio.CancelledError):
                    await task

    @asynccontextmanager
    async def store(self) -> AsyncIterator[Store]:
        store = await Store.open(self.path, TIME)
        try:
            yield store
        finally:
            await store.close()

    async def linked(self) -> None:
        """Until the link has asked for the active session, and a snapshot came after it."""
        asked = self.faults.asked
        before = asked.count(ACTIVE)
        await until(lambda: asked.count(ACTIVE) >= before + 2)

    def parts(self, store: Store, interval: float = 30.0) -> app.Parts:
        roll = random.Random(1).random
        return app.Parts(
            picker=Picker(self.url, admin_key=KEY, interval=interval, time=TIME, roll=roll),
            store=store,
            adapters={"chat": self.chat},
            announce=dict.fromkeys(self.channels, frozenset(Kind)),
            configured=frozenset(self.channels),
            wording=Wording(messages.load("en")),
            poll_interval=interval,
            time=TIME,
            hearing=self.hearing,
            listening=replace(self.listening, limit=self.limit),
        )

    # --- the night and its people ----------------------------------------------------------

    async def begin(self, host: Host, title: str = GAME) -> int:
        """A night with one game, once its board is there; the session's id."""
        session = await host.start()
        await host.add(session, title)
        await self.board(title)
        return session

    async def board(self, title: str) -> str:
        """The message of a game, once it is there."""

        def find() -> list[str]:
            return [id for id, m in self.chat.shows.items() if title in m.text and m.actions]

        await until(find)
        return find()[0]

    @property
    def lines(self) -> list[str]:
        """What was announced, line by line."""
        return [line for _, text in self.chat.said for line in text.splitlines()]

    async def said(self, text: str, wait: float = 10.0) -> None:
        """Until a line with ``text`` was announced."""
        await until(lambda: any(text in line for line in self.lines), wait)

    def button(self, board: str, up: bool = True) -> Action:
        return self.chat.shows[board].actions[0 if up else 1]

    def tap(self, action: Action, name: str = "ann", account: str | None = None) -> str:
        """Press a button; the handle by which the answer comes."""
        handle = f"{name}-{len(self.chat.replies)}-{TIME.monotonic()}"
        author = Author(id=f"id-{name}", name=name, account=account)
        self.hearing.hear(Tap(HERE, author, action, TIME.now(), handle))
        return handle

    def ask(self, command: str, author: Author = ANN, **arguments: str) -> str:
        """Use a slash command; the handle by which the answer comes."""
        handle = f"{command}-{TIME.monotonic()}"
        given = tuple(arguments.items())
        self.hearing.hear(Ask(HERE, author, command, given, TIME.now(), handle))
        return handle

    def say(
        self, text: str, author: Author = ANN, *, at: float | None = None, private: bool = False
    ) -> str:
        """Say something in the channel; the handle by which an answer comes."""
        handle = f"{text[:20]}-{TIME.monotonic()}"
        moment = TIME.now() if at is None else at
        self.hearing.hear(Line(HERE, author, text, moment, private, handle))
        return handle

    async def answered(self, handle: str, wait: float = 8.0) -> str:
        """What was answered for all to see, once it is there."""

        def found() -> list[str]:
            told = self.told(handle)
            return [text for to, text in self.chat.replies if to == handle and text not in told]

        await until(found, wait)
        return found()[0]

    def told(self, handle: str) -> list[str]:
        """What was answered in private."""
        return [message.text for to, message in self.chat.private if to == handle]

    async def answer(self, handle: str, number: int = 1, wait: float = 8.0) -> Message:
        """The answer, or a later one, once it is there."""
        await until(lambda: len(self.told(handle)) >= number, wait)
        return [message for to, message in self.chat.private if to == handle][number - 1]

    @property
    def ballots(self) -> tuple[Ballot, ...]:
        return read_ballots(self.path)

    async def settled(self, number: int = 1, wait: float = 10.0) -> tuple[Ballot, ...]:
        """The ballots, once there are so many and none is held."""

        def done() -> bool:
            found = self.ballots
            return len(found) >= number and all(
                ballot.status is not BallotStatus.HELD for ballot in found
            )

        await until(done, wait)
        return self.ballots


async def until(true: Callable[[], object], wait: float = 10.0) -> None:
    async with asyncio.timeout(wait):
        while not true():  # noqa: ASYNC110 - what is waited for has no event
            await asyncio.sleep(0.01)

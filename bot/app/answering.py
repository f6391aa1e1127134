"""Questions asked in a chat, answered from what the Picker says, or soon from what we know."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import TypeVar

from bot import answers
from bot.app.counts import Counts
from bot.deliver import Lane
from bot.domain import Ask, Message, SessionKey, Target, Votes
from bot.formatter import Wording
from bot.link import LinkStatus
from bot.port import Adapter, Links
from bot.session import Play, State
from bot.store import Store
from bot.timing import Time, within
from bot.wire import Unclear

log = logging.getLogger(__name__)

T = TypeVar("T")

_WITHIN = 5.0
_FRESH_FOR = 2.0
"""Seconds for which numbers of the Picker's serve whoever asks."""

_MOST = 50


class Answering:
    """Answers by the lane of the channel in which somebody asked, in private."""

    def __init__(
        self,
        lanes: Mapping[Target, Lane],
        adapters: Mapping[str, Adapter],
        wording: Wording,
        store: Store,
        counts: Counts,
        time: Time,
        tasks: asyncio.TaskGroup,
        *,
        state: Callable[[], State],
        link: Callable[[], LinkStatus],
        held: Callable[[], int],
    ) -> None:
        self._lanes = lanes
        self._adapters = adapters
        self._wording = wording
        self._store = store
        self._counts = counts
        self._time = time
        self._tasks = tasks
        self._state = state
        self._link = link
        self._held = held
        self._under_way = 0

    def take(self, ask: Ask) -> None:
        """Answer a question, beside the others; too many at once are dropped."""
        if self._under_way >= _MOST:
            log.info("a question in %s was dropped: too many at once", ask.target)
            return
        self._under_way += 1
        self._tasks.create_task(self._reply(ask))

    async def _reply(self, ask: Ask) -> None:
        try:
            said = await self._answer(ask)
        finally:
            self._under_way -= 1
        if said is not None and ask.target in self._lanes:
            self._lanes[ask.target].reply(ask.handle, said, private=True)

    async def _answer(self, ask: Ask) -> Message | None:
        match ask.command:
            case "votes":
                return await self._votes(ask.target)
            case "night":
                counts, away = await self._tonight()
                return answers.night(self._state(), self._wording, counts=counts, away=away)
            case "status":
                return answers.status(
                    self._link(),
                    self._state(),
                    self._wording,
                    held=self._held(),
                    monotonic=self._time.monotonic(),
                )
        log.info("nobody answers %r", ask.command[:20])
        return None

    async def _votes(self, target: Target) -> Message:
        play = answers.running_play(self._state())
        (counts, away), totals = await asyncio.gather(self._tonight(), self._all_time(play))
        session = self._state().current
        link = await self._address(target, session.key, play) if session and play else None
        return answers.votes(
            self._state(), self._wording, counts=counts, totals=totals, away=away, link=link
        )

    async def _tonight(self) -> tuple[answers.Counts | None, bool]:
        """The Picker's count of the running night, and whether it did not answer."""
        session = self._state().current
        if session is None:
            return None, False
        try:
            return await self._soon(self._counts.tonight(session.key, self._lately())), False
        except Unclear:
            return None, True

    async def _all_time(self, play: Play | None) -> Votes | None:
        if play is None or play.game.id is None:
            return None
        try:
            return await self._soon(self._counts.all_time(play.game.id, self._lately()))
        except Unclear:
            return None

    async def _soon(self, work: Awaitable[T]) -> T:
        try:
            return await within(self._time, _WITHIN, work)
        except TimeoutError:
            raise Unclear("no answer in time") from None

    def _lately(self) -> float:
        return self._time.monotonic() - _FRESH_FOR

    async def _address(self, target: Target, session: SessionKey, play: Play) -> str | None:
        """Where the board of a play is in a channel, on networks whose messages have addresses."""
        adapter = self._adapters.get(target.adapter)
        if not isinstance(adapter, Links):
            return None
        place = await self._store.write(
            lambda ledger: ledger.boards.place(target, session, play.number)
        )
        return adapter.link(target.channel, place) if place else None

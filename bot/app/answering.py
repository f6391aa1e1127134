"""Questions asked in a chat, answered from what the Picker says, or soon from what we know."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import TypeVar

from bot import answers
from bot.app.counts import Counts
from bot.app.parts import Parts
from bot.ballots import voter_of
from bot.chat import Question
from bot.cooldown import Cooldown
from bot.deliver import Lane
from bot.domain import Ask, Line, Message, SessionKey, Target, Votes
from bot.picker import LinkState
from bot.port import Links
from bot.session import Play, State
from bot.store import StoreError
from bot.timing import within
from bot.wire import Unclear

log = logging.getLogger(__name__)

T = TypeVar("T")

_WITHIN = 5.0
_FRESH_FOR = 2.0
"""Seconds for which numbers of the Picker's serve whoever asks."""

_MOST = 50
_PERSON = (3, 10.0)
_CHANNEL = (6, 3.0)
"""How many questions in lines are answered at once, and then one in so many seconds."""


def is_private(said: Line | Ask) -> bool:
    """Whether the answer is for its author alone."""
    return isinstance(said, Ask) or said.private


class Answering:
    """Answers by the lane of the channel in which somebody asked: in private if they asked so,
    or by a slash command."""

    def __init__(
        self,
        parts: Parts,
        lanes: Mapping[Target, Lane],
        counts: Counts,
        tasks: asyncio.TaskGroup,
        *,
        state: Callable[[], State],
        held: Callable[[], int],
    ) -> None:
        self._adapters = parts.adapters
        self._wording = parts.wording
        self._store = parts.store
        self._listening = parts.listening
        self._link = parts.picker.status
        self._time = parts.time
        self._lanes = lanes
        self._counts = counts
        self._tasks = tasks
        self._state = state
        self._held = held
        self._under_way = 0
        self._of_persons = Cooldown(*_PERSON)
        self._of_channels = Cooldown(*_CHANNEL)

    def take(self, question: Question, said: Line | Ask) -> None:
        """Answer a question, beside the others; too many at once are dropped."""
        if self._under_way >= _MOST or not self._is_time(said):
            log.debug("a question in %s was dropped: too many at once", said.target)
            return
        self._under_way += 1
        self._tasks.create_task(self._reply(question, said))

    def _is_time(self, said: Line | Ask) -> bool:
        """Lines cool down, since their answers are seen by all; the others are for one alone."""
        if isinstance(said, Ask):
            return True
        now = self._time.monotonic()
        if not self._of_persons.take((said.target, voter_of(said)), now):
            return False
        return said.private or self._of_channels.take(said.target, now)

    async def _reply(self, question: Question, said: Line | Ask) -> None:
        try:
            lane = self._lanes.get(said.target)
            if lane is not None and await self._may_answer(said):
                answer = await self._answer(question, said)
                lane.reply(said.handle, answer, private=is_private(said))
        except StoreError:
            raise
        except Exception:
            log.exception("a question could not be answered")
        finally:
            self._under_way -= 1

    async def _may_answer(self, said: Line | Ask) -> bool:
        """Where nothing is announced at the moment a host alone is answered for all to see."""
        if is_private(said) or self._listening.hosts.allow(said):
            return True
        now = self._time.now()
        return not await self._store.write(lambda ledger: ledger.mutes.holds(said.target, now))

    async def _answer(self, question: Question, said: Line | Ask) -> Message:
        match question:
            case Question.VOTES:
                return await self._votes(said.target)
            case Question.NIGHT | Question.TOP:
                return await self._games(question, said.target)
            case Question.HELP:
                return self._help(said)
        return answers.status(
            self._link(),
            self._state(),
            self._wording,
            held=self._held(),
            monotonic=self._time.monotonic(),
            muted_for=await self._muted_for(said),
        )

    async def _muted_for(self, said: Line | Ask) -> float:
        """Seconds; in a line in private no channel is meant."""
        if isinstance(said, Line) and said.private:
            return 0.0
        now = self._time.now()
        return await self._store.write(lambda ledger: ledger.mutes.left(said.target, now))

    async def _games(self, question: Question, target: Target) -> Message:
        counts, away = await self._tonight()
        return answers.night(
            self._state(),
            self._wording,
            counts=counts,
            away=away,
            held=self._held(),
            compact=not self._adapters[target.adapter].limits.multiline,
            best_first=question is Question.TOP,
        )

    def _help(self, said: Line | Ask) -> Message:
        rules = self._listening.rules_of(said.target.adapter)
        return answers.help(
            self._wording,
            prefix=rules.prefix if isinstance(said, Line) else "/",
            voting=rules.votes and isinstance(said, Line),
            hosting=self._listening.hosts.allow(said),
        )

    async def _votes(self, target: Target) -> Message:
        play = answers.running_play(self._state())
        (counts, away), totals = await asyncio.gather(self._tonight(), self._all_time(play))
        session = self._state().current
        link = await self._address(target, session.key, play) if session and play else None
        return answers.votes(
            self._state(),
            self._wording,
            counts=counts,
            totals=totals,
            away=away,
            held=self._held(),
            link=link,
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
        """The moment from which on numbers are new enough: now, where the link is down."""
        live = self._link().state is LinkState.LIVE
        return self._time.monotonic() - (_FRESH_FOR if live else 0.0)

    async def _address(self, target: Target, session: SessionKey, play: Play) -> str | None:
        """Where the board of a play is in a channel, on networks whose messages have addresses."""
        adapter = self._adapters.get(target.adapter)
        if not isinstance(adapter, Links):
            return None
        place = await self._store.write(
            lambda ledger: ledger.boards.place(target, session, play.number)
        )
        return adapter.link(target.channel, place) if place else None

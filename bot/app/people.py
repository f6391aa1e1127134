"""What people in the chats want: their votes counted, their questions answered, and to see what
is being played."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine, Mapping

from bot.answers import running_play
from bot.app.answering import Answering
from bot.app.counts import Counts
from bot.app.parts import Parts
from bot.app.voters import Voters
from bot.app.voting import Voting
from bot.deliver import Lane
from bot.domain import Ask, Clock, Tap, Target
from bot.port import Shows
from bot.session import State

log = logging.getLogger(__name__)


class People:
    """Everything that comes from the chats goes through here."""

    def __init__(
        self,
        parts: Parts,
        lanes: Mapping[Target, Lane],
        counts: Counts,
        tasks: asyncio.TaskGroup,
        *,
        state: Callable[[], State],
        clock: Callable[[], Clock],
        want_snapshot: Callable[[], None],
    ) -> None:
        self._parts = parts
        self._tasks = tasks
        self._voters = Voters(lanes, parts.wording, counts, state, parts.time)
        self.voting = Voting(
            parts.picker,
            parts.store,
            self._voters,
            parts.time,
            tasks,
            limit=parts.vote_limit,
            state=state,
            clock=clock,
            want_snapshot=want_snapshot,
        )
        self._answering = Answering(
            lanes,
            parts.adapters,
            parts.wording,
            parts.store,
            counts,
            parts.time,
            tasks,
            state=state,
            link=parts.picker.status,
            held=lambda: self.voting.held,
        )
        self._shown: str | None = None

    def work(self) -> tuple[Coroutine[None, None, None], ...]:
        """What is to run until cancelled."""
        return self._serve(), self.voting.knock(), self._voters.remind()

    def changed(self, state: State) -> None:
        """To be called after each commit."""
        self.voting.stir()
        play = running_play(state)
        playing = self._parts.wording.title(play.game) if play else None
        if playing != self._shown:
            self._shown = playing
            self._tasks.create_task(self._show(playing))

    async def _serve(self) -> None:
        await self.voting.begin()
        while True:
            heard = await self._parts.hearing.heard()
            if taps := [each for each in heard if isinstance(each, Tap)]:
                await self.voting.take(taps)
            for each in heard:
                if isinstance(each, Ask):
                    self._answering.take(each)

    async def _show(self, playing: str | None) -> None:
        for name, adapter in self._parts.adapters.items():
            if isinstance(adapter, Shows):
                try:
                    await adapter.show(playing)
                except Exception:
                    log.exception("%s cannot show what is being played", name)

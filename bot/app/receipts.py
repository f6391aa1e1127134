"""What those who vote in a line of text are told: nothing in public."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping

from bot.app.parts import Parts
from bot.app.voters import Voters
from bot.ballots import Ballot, Refusal, Written, moment_of, play_at
from bot.deliver import Lane
from bot.domain import Clock, Message, Target
from bot.port import Reacts, SendError
from bot.session import State

log = logging.getLogger(__name__)

_MOST = 100
"""Marks that may be under way or wait for it; a crowd's further ones are left out."""


class Receipts:
    """A mark on the line where the network has that; if ``notice``, also what those who press a
    button are told, in private."""

    def __init__(
        self,
        parts: Parts,
        lanes: Mapping[Target, Lane],
        voters: Voters,
        tasks: asyncio.TaskGroup,
        *,
        state: Callable[[], State],
        clock: Callable[[], Clock],
    ) -> None:
        self._adapters = parts.adapters
        self._wording = parts.wording
        self._notice = parts.listening.notice
        self._lanes = lanes
        self._voters = voters
        self._tasks = tasks
        self._state = state
        self._clock = clock
        self._under_way = 0
        self._one_at_a_time = {name: asyncio.Lock() for name in parts.adapters}

    def give(self, vote: Written, verdict: Ballot | Refusal) -> None:
        """To be called once a vote is on disk, or refused."""
        if isinstance(verdict, Refusal):
            if self._notice:
                self._refuse(vote, verdict)
            return
        self._mark(vote)
        if self._notice:
            self._voters.expect(verdict, vote)

    def _mark(self, vote: Written) -> None:
        adapter = self._adapters.get(vote.target.adapter)
        if isinstance(adapter, Reacts) and self._under_way < _MOST:
            self._under_way += 1
            self._tasks.create_task(self._react(adapter, vote))

    async def _react(self, adapter: Reacts, vote: Written) -> None:
        try:
            async with self._one_at_a_time[vote.target.adapter]:
                await adapter.react(vote.handle, vote.up)
        except SendError as error:
            log.debug("a vote in %s was not marked: %s", vote.target, error)
        except Exception:
            log.exception("a vote in %s was not marked", vote.target)
        finally:
            self._under_way -= 1

    def _refuse(self, vote: Written, refusal: Refusal) -> None:
        lane = self._lanes.get(vote.target)
        if lane is not None:
            lane.reply(vote.handle, self._sentence(vote, refusal), private=True)

    def _sentence(self, vote: Written, refusal: Refusal) -> Message:
        game, session = vote.game, self._state().current
        if session is None:
            return self._wording.say("answer_no_night")
        if game is None:
            play = play_at(session, moment_of(vote, self._clock()))
            game = play.game if play else None
        if game is None or refusal is not Refusal.ALREADY:
            return self._wording.say("answer_no_game")
        return self._wording.say("vote_already", title=self._wording.title(game))

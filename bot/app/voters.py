"""What the people who vote are told: at once if it is known, else that it is not known yet."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from bot.answers import numbers, votes_of
from bot.app.counts import Counts
from bot.ballots import (
    DUPLICATE,
    Ballot,
    BallotStatus,
    Refusal,
    Vote,
    Written,
    counted_elsewhere,
)
from bot.boards import sessions
from bot.deliver import Lane
from bot.domain import Counted, Game, Message, SessionKey, Tap, Target
from bot.formatter import Value, Wording
from bot.session import Phase, Play, Session, State
from bot.session.plays import find, rise_to
from bot.timing import Time, within
from bot.wire import Unclear

KEPT_AFTER = 5.0
"""Seconds after which a voter is told that the vote is kept; they are to know in six."""

REACHABLE_FOR = 14 * 60.0
"""Seconds for which a voter can be told anything (an interaction of Discord's lives for 15
minutes)."""

_NUMBERS_WITHIN = 1.5
_SPARE = 0.5


@dataclass(frozen=True, slots=True)
class _Waiting:
    """Somebody who has not been told what became of their vote."""

    ballot: Ballot
    title: str
    handle: object
    since: float


class Voters:
    """Answers each voter, by the lane of the channel in which they voted."""

    def __init__(
        self,
        lanes: Mapping[Target, Lane],
        wording: Wording,
        counts: Counts,
        state: Callable[[], State],
        time: Time,
    ) -> None:
        self._lanes = lanes
        self._wording = wording
        self._counts = counts
        self._state = state
        self._time = time
        self._waiting: dict[int, _Waiting] = {}
        self._to_remind: deque[_Waiting] = deque()
        self._arrived = asyncio.Event()

    def refuse(self, tap: Tap, refusal: Refusal) -> None:
        """Say why a tap is no vote."""
        action = tap.action
        _, play = _find(self._state(), action.session, action.play)
        title: dict[str, Value] = {"title": self._wording.title(play.game)} if play else {}
        self._reply(tap.target, tap.handle, self._wording.say(_REFUSALS[refusal], **title))

    def expect(self, ballot: Ballot, vote: Vote) -> None:
        """Remember who waits to hear of a ballot."""
        _, play = _find(self._state(), ballot.session, ballot.play)
        named = vote.game if isinstance(vote, Written) else None
        title = self._wording.title(named or (play.game if play else Game("")))
        waiting = _Waiting(ballot, title, vote.handle, self._time.monotonic())
        self._waiting[ballot.id] = waiting
        self._to_remind.append(waiting)
        self._arrived.set()

    async def remind(self) -> None:
        """Tell those who have heard nothing for some seconds that their vote is kept; and forget
        those who can no longer be told anything. Until cancelled."""
        while True:
            await self._arrived.wait()
            self._arrived.clear()
            while self._to_remind:
                waiting = self._to_remind.popleft()
                left = waiting.since + KEPT_AFTER - self._time.monotonic()
                await self._time.sleep(max(left, 0.0))
                if waiting.ballot.id in self._waiting:
                    self._say(waiting, "vote_kept")
                    self._forget()

    async def settled(self, ballot: Ballot, counted: Counted | None) -> None:
        """Tell the voter what became of a ballot, if they wait for it."""
        waiting = self._waiting.pop(ballot.id, None)
        if waiting is None or self._is_gone(waiting):
            return
        match ballot.status:
            case BallotStatus.TOO_LATE:
                self._say(waiting, "vote_too_late")
            case BallotStatus.REFUSED:
                self._say(waiting, "vote_refused", reason=ballot.reason or "")
            case _ if counted is not None and counted_elsewhere(ballot, counted):
                self._say(waiting, "vote_other_game", other=self._title_of(counted))
            case _:
                key = "vote_twice" if ballot.reason == DUPLICATE else "vote_counted"
                patience = self._patience(waiting)
                self._say(waiting, key, **await self._tonight(ballot, counted, patience))

    def _patience(self, waiting: _Waiting) -> float:
        """Seconds that the numbers may take; to somebody who has heard nothing yet they must
        not come too late."""
        left = waiting.since + KEPT_AFTER - self._time.monotonic()
        return min(_NUMBERS_WITHIN, left + _SPARE) if left > 0 else _NUMBERS_WITHIN

    async def _tonight(
        self, ballot: Ballot, counted: Counted | None, patience: float
    ) -> dict[str, Value]:
        """The play's new numbers of tonight, while it runs."""
        counts = None
        try:
            asked = self._counts.tonight(ballot.session, self._time.monotonic())
            counts = await within(self._time, patience, asked)
        except (TimeoutError, Unclear):
            pass
        session, play = _find(self._state(), ballot.session, ballot.play)
        if session is None or play is None or play.phase is not Phase.RUNNING:
            return {}
        if counted is not None and counted.totals is not None:
            play = rise_to(play, counted.totals)
        return numbers(votes_of(session, play, counts))

    def _title_of(self, counted: Counted) -> str:
        plays = (play for session in sessions(self._state()) for play in session.plays)
        titles = (play.game.title for play in plays if play.game.id == counted.game_id)
        return self._wording.title(Game(counted.title or next(titles, "")))

    def _say(self, waiting: _Waiting, key: str, **more: Value) -> None:
        thumb = "👍" if waiting.ballot.up else "👎"
        said = self._wording.say(key, title=waiting.title, thumb=thumb, **more)
        self._reply(waiting.ballot.target, waiting.handle, said)

    def _reply(self, target: Target, handle: object, message: Message) -> None:
        if lane := self._lanes.get(target):
            lane.reply(handle, message, private=True)

    def _is_gone(self, waiting: _Waiting) -> bool:
        return self._time.monotonic() - waiting.since > REACHABLE_FOR

    def _forget(self) -> None:
        for id, waiting in list(self._waiting.items()):
            if not self._is_gone(waiting):
                break
            del self._waiting[id]


_REFUSALS = {
    Refusal.OVER: "vote_over",
    Refusal.UNKNOWN: "vote_unknown",
    Refusal.ALREADY: "vote_already",
}


def _find(state: State, key: SessionKey, number: int) -> tuple[Session | None, Play | None]:
    session = next((session for session in sessions(state) if session.key == key), None)
    return session, find(session, number) if session else None

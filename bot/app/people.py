"""What people in the chats want: their votes counted, their questions answered, their orders
followed, and to see what is being played."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine, Iterable, Iterator, Mapping

from bot import ballots, chat
from bot.answers import running_play
from bot.app.answering import Answering
from bot.app.catalogue import Catalogue
from bot.app.counts import Counts
from bot.app.hearing import Listener, Spoken
from bot.app.orders import Orders
from bot.app.parts import Parts
from bot.app.receipts import Receipts
from bot.app.voters import Voters
from bot.app.voting import Voting
from bot.ballots import Vote, Written
from bot.chat import Mute, Order, Question, Rules
from bot.deliver import Lane
from bot.domain import SAME_SECOND, Ask, Clock, Game, Line, Tap, Target
from bot.port import Named, Shows
from bot.session import State
from bot.store import StoreError

log = logging.getLogger(__name__)

_APART = 2 * SAME_SECOND

_MOST_HELD = 5000
"""Ballots that may wait for the Picker before votes in lines of text are left alone."""


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
        self._state = state
        self._clock = clock
        self._lanes = lanes
        self._voters = voters = Voters(lanes, parts.wording, counts, state, parts.time)
        self._catalogue = Catalogue(parts.picker, parts.time)
        receipts = Receipts(parts, lanes, voters, tasks, state=state, clock=clock)
        self.voting = Voting(
            parts, voters, receipts, tasks, state=state, clock=clock, want_snapshot=want_snapshot
        )
        self._answering = Answering(
            parts, lanes, counts, tasks, state=state, held=lambda: self.voting.held
        )
        self._orders = Orders(parts, lanes, tasks, state=state)
        self._shown: str | None = None
        parts.hearing.attend(Listener(self._rules, parts.time).read)

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

    def _rules(self, line: Line) -> Rules:
        name, channel = line.target.adapter, line.target.channel
        adapter = self._parts.adapters.get(name)
        names = adapter.names(channel) if isinstance(adapter, Named) else ()
        return self._parts.listening.rules_of(name, names)

    # --- what is heard -------------------------------------------------------------------

    async def _serve(self) -> None:
        await self.voting.begin()
        while True:
            heard = await self._parts.hearing.heard()
            if votes := [vote for each in heard for vote in self._votes_in(each)]:
                await self.voting.take(votes)
            for each in heard:
                self._obey(each)

    def _votes_in(self, heard: Tap | Ask | Spoken) -> Iterable[Vote]:
        """The votes that need no look into the catalogue."""
        if isinstance(heard, Tap):
            if self._parts.listening.takes_votes(heard.target.adapter):
                yield heard
            else:
                self._refuse(heard)
        elif isinstance(heard, Spoken) and isinstance(heard.said, tuple):
            if not _names_games(heard.said) and self._has_room():
                yield from (Written(heard.line, vote.up) for vote in heard.said)

    def _obey(self, heard: Tap | Ask | Spoken) -> None:
        """Everything else that is heard."""
        if isinstance(heard, Ask):
            asked = chat.asked(heard)
            if asked is None:
                log.info("nobody answers %r", heard.command[:20])
            else:
                self._follow(asked, heard)
        elif isinstance(heard, Spoken):
            if not isinstance(heard.said, tuple):
                self._follow(heard.said, heard.line)
            elif _names_games(heard.said) and self._has_room():
                self._tasks.create_task(self._look_up(heard.line, heard.said))

    def _follow(self, said: Question | Mute | Order, by: Line | Ask) -> None:
        if isinstance(said, Question):
            self._answering.take(said, by)
        else:
            self._orders.take(said, by)

    async def _look_up(self, line: Line, votes: Iterable[chat.Vote]) -> None:
        """Take the votes of a line with tickers; a word that is none is nothing."""
        try:
            written = _written(line, votes, await self._catalogue.games())
            if meant := ballots.one_for_each_game(written, self._state(), self._clock()):
                await self.voting.take(meant)
        except StoreError:
            raise
        except Exception:
            log.exception("votes by ticker could not be taken")

    def _has_room(self) -> bool:
        if self.voting.held < _MOST_HELD:
            return True
        self._parts.hearing.drop()
        return False

    def _refuse(self, tap: Tap) -> None:
        if lane := self._lanes.get(tap.target):
            lane.reply(tap.handle, self._parts.wording.say("vote_elsewhere"), private=True)

    async def _show(self, playing: str | None) -> None:
        for name, adapter in self._parts.adapters.items():
            if isinstance(adapter, Shows):
                try:
                    await adapter.show(playing)
                except Exception:
                    log.exception("%s cannot show what is being played", name)


def _names_games(votes: Iterable[chat.Vote]) -> bool:
    return any(vote.ticker for vote in votes)


def _written(
    line: Line, votes: Iterable[chat.Vote], games: Mapping[str, Game]
) -> Iterator[Written]:
    for number, vote in enumerate(votes):
        if vote.ticker is None:
            yield Written(line, vote.up)
        elif vote.ticker in games:
            back = (number + 1) * _APART
            yield Written(line, vote.up, vote.ticker, games[vote.ticker], back=back)

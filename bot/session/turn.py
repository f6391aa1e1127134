"""One step under way: the state as it becomes, and what is gathered on the way.

The queue holds the lines in order. A play that has ended leaves a :class:`Waiting` there, and
everything behind it waits until its votes are known.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from bot.domain import (
    Announcement,
    Clock,
    GameAdded,
    Kind,
    SessionEnded,
    SessionKey,
    Want,
    WantTally,
)
from bot.session import lines
from bot.session.plays import find, in_order
from bot.session.state import Phase, Play, Queued, Reason, Session, State, Step, Unsaid, Waiting


class Turn:
    """One step under way: the state as it becomes, and what is gathered on the way."""

    def __init__(self, state: State, clock: Clock) -> None:
        self.state = state
        self.clock = clock
        self._wants: list[Want] = []
        self._taken_back: list[tuple[SessionKey, int]] = []
        self._unsaid: list[Unsaid] = []
        self._reasons: list[Reason] = []
        self._left: list[Session] = []

    def done(self) -> Step:
        said = self._release()
        wants = tuple(dict.fromkeys(self._wants))
        return Step(
            self.state,
            said,
            wants,
            tuple(self._taken_back),
            tuple(self._unsaid),
            tuple(self._reasons),
            tuple(self._left),
        )

    def moment(self, at: float | None) -> float:
        """When something happened, by our clock; unknown, or to come: now."""
        if at is None:
            return self.clock.now
        return min(at + self.clock.skew, self.clock.now)

    def note(self, reason: Reason) -> None:
        self._reasons.append(reason)

    def want(self, want: Want) -> None:
        self._wants.append(want)

    def fact(self, reason: Reason) -> None:
        """Count a fact, so that no answer asked for before it is believed."""
        self.note(reason)
        self.state = replace(self.state, facts=self.state.facts + 1, suspect=None)

    def stray(self, event: GameAdded | SessionEnded) -> None:
        """Count an event of a night never seen as a fact too, once."""
        if event != self.state.stray:
            self.state = replace(self.state, facts=self.state.facts + 1, stray=event)

    def take_back(self, key: SessionKey, play: int) -> None:
        self._taken_back.append((key, play))

    def leave_unsaid(self, announcement: Announcement, reason: Reason) -> None:
        self._unsaid.append(Unsaid(announcement, reason))

    def put(self, session: Session) -> None:
        """Replace the session of that key, running or closing."""
        current = self.state.current
        if current is not None and current.key == session.key:
            self.state = replace(self.state, current=session)
        else:
            closing = tuple(session if s.key == session.key else s for s in self.state.closing)
            self.state = replace(self.state, closing=closing)

    def say(self, *items: Queued) -> None:
        self.queue((*self.state.queue, *items))

    def wait(self, item: Waiting, place: int | None = None) -> None:
        """Put a play's place into the queue, at its end or before another, and ask for what
        it waits for."""
        at = len(self.state.queue) if place is None else place
        self.queue((*self.state.queue[:at], item, *self.state.queue[at:]))
        self.want(want_for(self.state, item))

    def waits(self, key: SessionKey, *plays: int) -> bool:
        """Whether the queue waits for any play of a night, or for one of ``plays``."""
        waiting = (i for i in self.state.queue if isinstance(i, Waiting) and i.session == key)
        return any(not plays or item.play in plays for item in waiting)

    def queue(self, items: Iterable[Queued]) -> None:
        self.state = replace(self.state, queue=tuple(items))

    def drop(self, key: SessionKey, play: int) -> None:
        """Take what belongs to one play out of the queue."""
        self.queue(i for i in self.state.queue if (i.session, i.play) != (key, play))

    def drop_waiting(self, key: SessionKey) -> None:
        queue = self.state.queue
        self.queue(i for i in queue if not (isinstance(i, Waiting) and i.session == key))

    def line_of(self, key: SessionKey, play: int) -> int | None:
        """Where a game's line waits in the queue, None if it was said."""
        return self._place(Kind.GAME_ADDED, key, play)

    def end_of(self, key: SessionKey) -> int | None:
        """Where the end of a night waits in the queue."""
        return self._place(Kind.SESSION_ENDED, key, None)

    def _place(self, kind: Kind, key: SessionKey, play: int | None) -> int | None:
        for place, item in enumerate(self.state.queue):
            if isinstance(item, Announcement) and item.kind is kind:
                if (item.session, item.play) == (key, play):
                    return place
        return None

    def queued(self, key: SessionKey, play: Play) -> bool:
        return self.line_of(key, play.number) is not None

    def place_after(self, session: Session, play: Play) -> int | None:
        """Where the line of the first game after ``play`` waits."""
        order = in_order(session)
        numbers = [p.number for p in order]
        later = order[numbers.index(play.number) + 1 :]
        places = (self.line_of(session.key, p.number) for p in later)
        return next((place for place in places if place is not None), None)

    def _release(self) -> tuple[Announcement, ...]:
        """Take from the queue what no longer waits for anything."""
        if not self.state.queue and not self.state.closing:
            return ()
        said: list[Announcement] = []
        queue = list(self.state.queue)
        while queue:
            item = queue[0]
            if isinstance(item, Waiting):
                if is_open(self.state, item):
                    break
                said.extend(self._votes_line(item))
            else:
                said.append(self._final(item))
            del queue[0]
        self.queue(queue)
        waiting = {item.session for item in queue}
        closing = tuple(s for s in self.state.closing if s.key in waiting)
        self._left += (s for s in self.state.closing if s.key not in waiting)
        self.state = replace(self.state, closing=closing)
        return tuple(said)

    def _votes_line(self, item: Waiting) -> list[Announcement]:
        play = play_of(self.state, item)
        assert play is not None
        if play.tally is None:
            self.note(Reason.NO_COUNT)
        elif play.tally.cast:
            return [lines.votes(item.session, play, item.at)]
        return []

    def _final(self, line: Announcement) -> Announcement:
        if line.kind is not Kind.STATS:
            return line
        session = session_of(self.state, line.session)
        assert session is not None
        return lines.scored(line, session)


def session_of(state: State, key: SessionKey) -> Session | None:
    if state.current is not None and state.current.key == key:
        return state.current
    return next((s for s in state.closing if s.key == key), None)


def play_of(state: State, item: Waiting) -> Play | None:
    """The play of an item in the queue, None while it is being asked which one."""
    session = session_of(state, item.session)
    return find(session, item.play) if session else None


def is_open(state: State, item: Waiting) -> bool:
    """Whether it is still being asked how many votes a play has, or which play it is."""
    play = play_of(state, item)
    return play is None or play.phase is Phase.CLOSING


def want_for(state: State, item: Waiting) -> WantTally:
    play = play_of(state, item)
    return WantTally(item.session, item.play, play.game.id if play else None, item.first)

"""What begins, closes and ends: shared by events and answers."""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType

from bot.domain import Added, Announcement, Kind, SessionKey, WantConfirm, WantSnapshot
from bot.session import lines
from bot.session.plays import change, find, last_number
from bot.session.state import Ended, Phase, Queued, Reason, Session, Waiting
from bot.session.turn import Turn, session_of


def begin(turn: Turn, session: Session, at: float | None) -> None:
    turn.state = replace(turn.state, current=session, remembers=True)
    turn.fact(Reason.STARTED)
    turn.say(lines.started(session, turn.moment(at)))


def close_running(
    turn: Turn, session: Session, at: float | None, first: WantSnapshot | WantConfirm | None = None
) -> Session:
    """End the play that runs: its votes line takes its place in the queue and its tally is
    asked for, after ``first`` if something was missed."""
    running = [play for play in session.plays if play.phase is Phase.RUNNING]
    for play in running:
        session = change(session, replace(play, phase=Phase.CLOSING))
    turn.put(session)
    numbers = [play.number for play in running]
    for number in numbers or ([0] if first else []):
        turn.wait(Waiting(session.key, number, turn.moment(at), first))
    return session


def end(turn: Turn, session: Session, at: float | None, missed: bool = False) -> None:
    """Close the night: the votes of its last game, the end, the statistics.

    ``missed`` is whether it may have had other games than we know, so that it must be asked
    which was the last; a night that had ended before and was seen again ends without a word."""
    moment = turn.moment(at)
    new = session.past is None
    closed = close_running(turn, session, at, WantConfirm(session.key) if missed and new else None)
    if new:
        turn.say(lines.ended(session.key, moment), lines.stats(closed, moment, turn.clock.skew))
    turn.fact(Reason.ENDED)
    closed = replace(closed, ended_with=turn.state.facts)
    turn.state = replace(turn.state, current=None, closing=(*turn.state.closing, closed))
    remember(turn, closed)


def remember(turn: Turn, session: Session) -> None:
    """Keep for ever what was told of a night that is over."""
    past = session.past or Ended(0, ())
    rows = (play.row_id for play in session.plays if play.row_id is not None)
    loose = [play for play in session.plays if play.live and play.row_id is None]
    past = Ended(
        last_number(session),
        tuple(dict.fromkeys((*past.rows, *rows))),
        tuple(replace(play, phase=Phase.OVER) for play in loose),
    )
    ended = {**turn.state.ended, session.key: past}
    turn.state = replace(turn.state, ended=MappingProxyType(ended))


def reopen(turn: Turn, key: SessionKey, past: Ended) -> None:
    """A night that had ended runs again, with those of its lines that still wait."""
    session = session_of(turn.state, key) or Session(key, past.loose)
    closing = tuple(s for s in turn.state.closing if s.key != key)
    session = replace(session, past=past)
    turn.state = replace(turn.state, current=session, closing=closing)
    turn.fact(Reason.RESUMED)


def date_end(turn: Turn, key: SessionKey, closed_at: float) -> None:
    """Let the last lines of a night say when it was closed, now that it is known."""
    at = turn.moment(closed_at)
    first = WantConfirm(key)
    last = (Kind.SESSION_ENDED, Kind.STATS)

    def dated(item: Queued) -> Queued:
        ours = item.first == first if isinstance(item, Waiting) else item.kind in last
        return replace(item, at=at) if ours and item.session == key else item

    turn.queue(map(dated, turn.state.queue))


def learn_code(
    turn: Turn, key: SessionKey, number: int, code: str | None, at: float | None = None
) -> None:
    """A code known with the game is part of its line; one that comes or changes while the
    game runs has a line; one that returns, or comes for a game that is over or that nobody
    was told of, has none."""
    session = session_of(turn.state, key)
    play = find(session, number) if session else None
    if session is None or play is None or not code or code in play.codes:
        return
    play = replace(play, codes=(*play.codes, code))
    turn.put(change(session, play))
    place = turn.line_of(key, number)
    if place is not None:
        line = turn.state.queue[place]
        assert isinstance(line, Announcement)
        line = replace(line, fact=Added(play.game, code))
        turn.queue((*turn.state.queue[:place], line, *turn.state.queue[place + 1 :]))
    elif play.phase is Phase.RUNNING and not play.skipped:
        turn.say(lines.code_changed(key, play, code, turn.moment(at)))

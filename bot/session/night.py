"""What begins, closes and ends: shared by events and answers."""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType

from bot.domain import Added, Announcement, SessionKey, WantConfirm, WantSnapshot, WantTally
from bot.session import lines
from bot.session.plays import change, find
from bot.session.state import Ended, Phase, Reason, Session, Waiting
from bot.session.turn import Turn, session_of


def begin(turn: Turn, session: Session, at: float | None) -> None:
    turn.state = replace(turn.state, current=session)
    turn.fact(Reason.STARTED)
    turn.say(lines.started(session, turn.moment(at)))


def close_running(
    turn: Turn, session: Session, at: float | None, first: WantSnapshot | WantConfirm | None = None
) -> Session:
    """End the play that runs: its votes line takes its place in the queue and its tally is
    asked for, after ``first`` if something was missed."""
    for play in session.plays:
        if play.phase is Phase.RUNNING:
            session = change(session, replace(play, phase=Phase.CLOSING))
            turn.say(Waiting(session.key, play.number, turn.moment(at)))
            turn.want(WantTally(session.key, play.number, play.game.id, first))
    turn.put(session)
    return session


def end(turn: Turn, session: Session, at: float | None, missed: bool = False) -> None:
    """Close the night: the votes of its last game, the end, the statistics.

    ``missed`` is whether it had more games than we know, so that it must be asked which was
    the last; a night that had ended before and was seen again ends without a word."""
    moment = turn.moment(at)
    first = WantConfirm(session.key) if missed else None
    closed = close_running(turn, session, at, first)
    if first is not None and closed.plays == session.plays:
        turn.say(Waiting(session.key, 0, moment))
        turn.want(first)
    if session.past is None:
        turn.say(lines.ended(session.key, moment), lines.stats(closed, moment, turn.clock.skew))
    rows = tuple(play.row_id for play in session.plays if play.row_id is not None)
    past = session.past or Ended(0, ())
    last = session.plays[-1].number if session.plays else past.plays
    ended = {**turn.state.ended, session.key: Ended(last, (*past.rows, *rows))}
    turn.state = replace(
        turn.state,
        current=None,
        suspect=None,
        closing=(*turn.state.closing, closed),
        ended=MappingProxyType(ended),
    )
    turn.fact(Reason.ENDED)


def learn_code(turn: Turn, key: SessionKey, number: int, code: str | None) -> None:
    """A code known with the game is part of its line; one that comes or changes while the
    game runs has a line; one that returns, or comes for a game that is over, has none."""
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
    elif play.phase is Phase.RUNNING:
        turn.say(lines.code_changed(key, play, code, turn.clock.now))

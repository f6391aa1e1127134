"""What the Picker answered. Only a clear answer, asked for after the last fact, moves anything."""

from __future__ import annotations

from dataclasses import replace

from bot.domain import Confirmed, SessionInfo, Snapshot, Tallied, Verdict, WantConfirm, WantSnapshot
from bot.session.night import begin, end
from bot.session.plays import bind, change, find, rise_to, settle, settle_unsaid
from bot.session.rows import supersede, take_back, take_fresh, take_rows
from bot.session.state import Phase, Reason, Session, Suspect, Waiting
from bot.session.turn import Turn, session_of


def snapshot(turn: Turn, seen: Snapshot) -> None:
    if seen.seen != turn.state.facts:
        turn.note(Reason.STALE)
        turn.want(WantSnapshot())
        return
    cold = not turn.state.remembers
    turn.state = replace(turn.state, remembers=True)
    if seen.session is None or not seen.session.active:
        _none_active(turn)
        return
    turn.state = replace(turn.state, suspect=None)
    known = turn.state.current
    if known is not None and known.key != seen.session.key:
        end(turn, known, None)
        known = None
    if known is None:
        _found(turn, seen.session, cold)
    _look_at(turn, seen, cold and known is None)


def _none_active(turn: Turn) -> None:
    """A clear "none" is not yet an ending: it is confirmed, or seen again an interval later."""
    current, suspect = turn.state.current, turn.state.suspect
    if current is None:
        return
    if suspect is not None and suspect.key == current.key:
        if turn.clock.now - suspect.at >= turn.clock.interval:
            end(turn, current, None)
            return
    else:
        suspect = Suspect(current.key, turn.clock.now)
        turn.state = replace(turn.state, suspect=suspect)
    turn.note(Reason.SUSPECTED)
    turn.want(WantConfirm(current.key))


def _found(turn: Turn, info: SessionInfo, cold: bool) -> None:
    """A running session that we did not know of."""
    session = Session(info.key, notes=info.notes, past=turn.state.ended.get(info.key))
    if session.past is not None:
        turn.fact(Reason.RESUMED)
        turn.state = replace(turn.state, current=session)
    elif cold:
        turn.fact(Reason.NO_MEMORY)
        turn.state = replace(turn.state, current=session)
    else:
        begin(turn, session, info.key.created_at)


def _look_at(turn: Turn, seen: Snapshot, cold: bool) -> None:
    session = turn.state.current
    assert session is not None
    assert seen.session is not None
    session = replace(session, notes=seen.session.notes)
    if seen.session.games_played is not None:
        session = replace(session, games_played=seen.session.games_played)
    turn.put(session)
    if seen.rows is not None:
        bound = bind(session, seen.rows)
        take_back(turn, bound)
        take_rows(turn, bound)
        take_fresh(turn, bound.fresh, cold)


def confirmed(turn: Turn, answer: Confirmed) -> None:
    current = turn.state.current
    if current is None or current.key != answer.key:
        _confirmed_late(turn, answer)
    elif answer.seen != turn.state.facts:
        turn.note(Reason.STALE)
        turn.want(WantSnapshot())
    elif answer.verdict is Verdict.RUNNING:
        turn.note(Reason.CONTRADICTED)
        turn.state = replace(turn.state, suspect=None)
    elif answer.verdict is not Verdict.UNKNOWN:
        _end_confirmed(turn, current, answer)


def _end_confirmed(turn: Turn, session: Session, answer: Confirmed) -> None:
    closed_at = None
    if answer.info is not None:
        closed_at = answer.info.closed_at
        played = answer.info.games_played
        session = replace(session, games_played=session.games_played if played is None else played)
    turn.put(session)
    if answer.rows is not None:
        session = supersede(turn, session, answer.rows)
    end(turn, session, closed_at)


def _confirmed_late(turn: Turn, answer: Confirmed) -> None:
    """The games of a night whose end was pushed while more had been played than we knew."""
    session = session_of(turn.state, answer.key)
    places = [item for item in turn.state.queue if isinstance(item, Waiting)]
    if session is None or not any(item.session == answer.key for item in places):
        turn.note(Reason.TOO_LATE)
        return
    if answer.rows is not None:
        supersede(turn, session, answer.rows)
    turn.drop(answer.key, 0)


def tallied(turn: Turn, answer: Tallied) -> None:
    session = session_of(turn.state, answer.key)
    play = find(session, answer.play) if session else None
    if session is None or play is None or play.phase is not Phase.CLOSING:
        turn.note(Reason.DUPLICATE)
        return
    if answer.totals is not None:
        play = rise_to(play, answer.totals)
    counts = None if answer.counts is None else dict(answer.counts)
    session = change(session, settle(session, play, counts))
    turn.put(settle_unsaid(session, counts) if counts is not None else session)

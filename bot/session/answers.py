"""What the Picker answered. Only a clear answer, asked for after the last fact, moves anything."""

from __future__ import annotations

from dataclasses import replace

from bot.domain import (
    Confirmed,
    Row,
    SessionInfo,
    Snapshot,
    Tallied,
    Verdict,
    WantConfirm,
    WantSnapshot,
)
from bot.session.night import begin, date_end, end, remember, reopen
from bot.session.plays import (
    begin_before,
    bind,
    change,
    find,
    rise_to,
    settle,
    settle_unsaid,
    start_from,
)
from bot.session.rows import supersede, take_back, take_fresh, take_rows
from bot.session.state import Phase, Reason, Session, Suspect
from bot.session.turn import Turn, session_of

Rows = tuple[Row, ...] | None


def snapshot(turn: Turn, seen: Snapshot) -> None:
    if seen.seen != turn.state.facts:
        turn.note(Reason.STALE)
        turn.want(WantSnapshot())
    elif seen.session is None or not seen.session.active:
        turn.state = replace(turn.state, remembers=True)
        _none_active(turn)
    else:
        turn.state = replace(turn.state, suspect=None)
        session = _active(turn, seen.session, seen.rows)
        if seen.rows is not None:
            _read(turn, session, seen.rows)


def _none_active(turn: Turn) -> None:
    """A clear "none" is not yet an ending: it is confirmed, or seen again an interval later."""
    current, suspect, now = turn.state.current, turn.state.suspect, turn.clock.now
    if current is None:
        return
    if suspect is None or suspect.key != current.key or suspect.at > now:
        turn.state = replace(turn.state, suspect=Suspect(current.key, now))
    elif now - suspect.at >= turn.clock.interval:
        end(turn, current, None, missed=True)
        return
    turn.note(Reason.SUSPECTED)
    turn.want(WantConfirm(current.key))


def _active(turn: Turn, info: SessionInfo, rows: Rows) -> Session:
    """The session that runs, be it the one that we knew, or another that ends that one."""
    known = turn.state.current
    if known is not None and known.key != info.key:
        end(turn, known, None, missed=True)
        known = None
    if known is None:
        _found(turn, info)
    session = turn.state.current
    assert session is not None
    session = replace(_counted(session, info, rows), notes=info.notes)
    turn.put(session)
    return session


def _found(turn: Turn, info: SessionInfo) -> None:
    """A running session that we did not know of."""
    past = turn.state.ended.get(info.key)
    session = Session(info.key, notes=info.notes)
    if past is not None:
        reopen(turn, info.key, past)
    elif turn.state.remembers:
        begin(turn, session, info.key.created_at)
    else:
        session = replace(session, unread=True)
        turn.state = replace(turn.state, current=session, remembers=True)
        turn.fact(Reason.NO_MEMORY)


def _counted(session: Session, info: SessionInfo | None, rows: Rows) -> Session:
    """``session`` with how many games it has had, if the answer tells."""
    played = info.games_played if info else None
    if played is None and rows is not None:
        played = len(rows)
    return session if played is None else replace(session, games_played=played)


def _read(turn: Turn, session: Session, rows: tuple[Row, ...]) -> None:
    bound = bind(replace(session, unread=False), rows)
    take_back(turn, bound)
    take_rows(turn, bound)
    take_fresh(turn, bound.fresh, cold=session.unread)


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
    closed_at = answer.info.closed_at if answer.info else None
    session = _counted(session, answer.info, answer.rows)
    turn.put(session)
    if answer.rows is not None:
        session = supersede(turn, session, answer.rows)
    end(turn, session, closed_at)


def _confirmed_late(turn: Turn, answer: Confirmed) -> None:
    """More of a night that is over, while its last lines wait for it: which game was the
    last, how many there were, when it was closed."""
    session = session_of(turn.state, answer.key)
    if session is None or session.past is not None or not turn.waits(answer.key):
        turn.note(Reason.TOO_LATE)
        return
    if answer.seen < session.ended_with:
        turn.note(Reason.STALE)
        return
    session = _counted(session, answer.info, answer.rows)
    turn.put(session)
    if answer.info is not None and answer.info.closed_at is not None:
        date_end(turn, answer.key, answer.info.closed_at)
    if answer.rows is not None:
        remember(turn, supersede(turn, session, answer.rows))


def tallied(turn: Turn, answer: Tallied) -> None:
    """Play 0 is the question which games were missed: whether or not it was answered before,
    nothing waits for it any longer."""
    if answer.play == 0 and turn.waits(answer.key, 0):
        turn.drop(answer.key, 0)
        return
    session = session_of(turn.state, answer.key)
    play = find(session, answer.play) if session else None
    if session is None or play is None or play.phase is not Phase.CLOSING:
        turn.note(Reason.DUPLICATE)
        return
    if answer.totals is not None:
        play = rise_to(begin_before(session, play, answer.before), answer.totals)
        session = start_from(session, play)
    counts = None if answer.counts is None else dict(answer.counts)
    session = change(session, settle(session, play, counts, answer.known))
    turn.put(settle_unsaid(session, counts) if counts is not None else session)

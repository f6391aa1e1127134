"""The rows of a snapshot: games that no event told of, games taken back, totals and codes."""

from __future__ import annotations

from dataclasses import replace

from bot.domain import Row, RowStatus
from bot.session import lines
from bot.session.night import close_running, learn_code
from bot.session.plays import (
    Bound,
    add,
    begin_at,
    begin_before,
    bind,
    change,
    find,
    in_order,
    latest_of,
    rise_to,
)
from bot.session.state import Phase, Play, Reason, Session, Waiting
from bot.session.turn import Turn


def take_back(turn: Turn, bound: Bound) -> Session:
    """A game whose row is gone was taken back: nothing more is said of it."""
    session = bound.session
    for number in bound.gone:
        play = find(session, number)
        assert play is not None
        session = change(session, replace(play, phase=Phase.REMOVED))
        turn.fact(Reason.REMOVED)
        turn.take_back(session.key, number)
        turn.drop(session.key, number)
    turn.put(session)
    return session


def take_rows(turn: Turn, bound: Bound) -> None:
    """What the rows tell of plays that are known: running totals and room codes."""
    for known, row in bound.rows:
        session = turn.state.current
        assert session is not None
        play = find(session, known.number)
        assert play is not None
        if play == latest_of(session, row.game.id) and play.phase is not Phase.OVER:
            turn.put(change(session, _with_totals(turn, session, play, row)))
        learn_code(turn, session.key, play.number, row.room_code)


def _with_totals(turn: Turn, session: Session, play: Play, row: Row) -> Play:
    """Totals read long after a play began are not those of its beginning."""
    play = begin_before(session, play, row.before)
    if row.totals is None:
        return play
    if turn.clock.now - turn.moment(play.at) <= 2 * turn.clock.interval:
        play = begin_at(play, row.totals)
    return rise_to(play, row.totals)


def _add_row(turn: Turn, session: Session, row: Row) -> tuple[Session, Play]:
    codes = (row.room_code,) if row.room_code else ()
    skipped, at = row.status is RowStatus.SKIPPED, row.played_at
    turn.fact(Reason.ADDED)
    play = Play(0, row.game, at, Phase.OVER, None, row.id, codes, skipped, played_at=at)
    return add(session, play)


def take_fresh(turn: Turn, fresh: tuple[Row, ...], cold: bool) -> None:
    """Games that no event told of. Those after the last game that was announced are news:
    one is told as usual, several in one line. Those before it come too late."""
    session = turn.state.current
    assert session is not None
    told = _told(turn, session, cold)
    news: list[Play] = []
    for row in fresh:
        session, play = _add_row(turn, session, row)
        play = _with_totals(turn, session, play, row)
        session = change(session, play)
        if row.id > max(told, default=0):
            news.append(play)
        else:
            line = lines.added(session.key, play, turn.moment(play.at))
            turn.leave_unsaid(line, Reason.OVERTAKEN)
    turn.put(session)
    missed = [play for play in news if not play.skipped]
    if cold and not told:
        _tell_cold(turn, missed)
    elif len(missed) > 1:
        _catch_up(turn, min(play.row_id or 0 for play in missed))
    else:
        for play in news:
            _tell(turn, play)


def _told(turn: Turn, session: Session, cold: bool) -> list[int]:
    """The rows of the games that were announced; without any memory also of those that are
    about to be, since what came before them is not told."""
    live = [play for play in session.plays if play.live]
    return [p.row_id or 0 for p in live if cold or not turn.queued(session.key, p)]


def _tell_cold(turn: Turn, missed: list[Play]) -> None:
    """Without any memory only the game now running is said, whatever its age."""
    session = turn.state.current
    if session is not None and missed:
        play = replace(missed[-1], phase=Phase.RUNNING)
        turn.put(change(session, play))
        turn.say(lines.added(session.key, play, turn.clock.now))


def _tell(turn: Turn, play: Play) -> None:
    """A single game that was missed: its usual lines, before those of a later game that
    still waits, else as the one now running. A skipped game has no line of its own."""
    session = turn.state.current
    assert session is not None
    line = () if play.skipped else (lines.added(session.key, play, turn.moment(play.at)),)
    later = turn.place_after(session, play)
    if later is None:
        session = close_running(turn, session, play.at)
        turn.put(change(session, replace(play, phase=Phase.RUNNING)))
        turn.say(*line)
        return
    turn.put(change(session, replace(play, phase=Phase.CLOSING)))
    queue = turn.state.queue
    turn.queue((*queue[:later], *line, *queue[later:]))
    turn.wait(Waiting(session.key, play.number, queue[later].at), later + len(line))


def _catch_up(turn: Turn, first_row: int) -> None:
    """Several games were missed: one line for all from ``first_row`` on, of which the last
    is running. Votes of the games between are not said."""
    session = turn.state.current
    assert session is not None
    news = [p for p in in_order(session) if (p.row_id or 0) >= first_row]
    for play in news:
        turn.drop(session.key, play.number)
        session = change(session, replace(play, phase=Phase.OVER))
    session = close_running(turn, session, news[0].at)
    told = [play for play in news if not play.skipped]
    running = replace(told[-1], phase=Phase.RUNNING)
    turn.put(change(session, running))
    covers = tuple(lines.added(session.key, play, turn.moment(play.at)) for play in told)
    turn.note(Reason.CAUGHT_UP)
    turn.say(lines.caught_up(session.key, running, covers, turn.clock.now))


def supersede(turn: Turn, session: Session, rows: tuple[Row, ...]) -> Session:
    """The rows of a night that is over. If there were games that we missed, the votes of the
    last one are said, and neither those of the games before it nor the games themselves.
    Their totals are all-time and may have risen since."""
    bound = bind(session, rows)
    session = take_back(turn, bound)
    news: set[int] = set()
    for row in bound.fresh:
        session, play = _add_row(turn, session, row)
        if not play.skipped:
            news.add(play.number)
            line = lines.added(session.key, play, turn.moment(play.at))
            turn.leave_unsaid(line, Reason.SUPERSEDED)
    turn.put(session)
    played = [play for play in in_order(session) if not play.skipped]
    if not played or played[-1].number not in news:
        return session
    return _make_last(turn, session, played[-1])


def _make_last(turn: Turn, session: Session, last: Play) -> Session:
    """Let ``last`` be the one whose votes are said at the end of the night, which waits in
    the queue or comes next; votes of other games that were to be said are not."""
    for play in session.plays:
        if play.phase is Phase.RUNNING or turn.waits(session.key, play.number):
            line = lines.votes(session.key, play, turn.clock.now)
            turn.leave_unsaid(line, Reason.SUPERSEDED)
            session = change(session, replace(play, phase=Phase.OVER))
    turn.drop_waiting(session.key)
    place = turn.end_of(session.key)
    phase = Phase.RUNNING if place is None else Phase.CLOSING
    session = change(session, replace(last, phase=phase))
    turn.put(session)
    if place is not None:
        turn.wait(Waiting(session.key, last.number, turn.state.queue[place].at), place)
    return session

"""What the Picker pushed. One function an event."""

from __future__ import annotations

from dataclasses import replace

from bot.domain import (
    GameAdded,
    RoomSeen,
    SessionEnded,
    SessionKey,
    SessionStarted,
    VoteReceived,
    Votes,
    WantSnapshot,
)
from bot.session import lines
from bot.session.night import begin, close_running, end, learn_code
from bot.session.plays import (
    add,
    begin_at,
    change,
    heard_before,
    in_order,
    latest_of,
    rise_to,
    same_game,
    unheard,
)
from bot.session.state import Heard, Phase, Play, Reason, Session
from bot.session.turn import Turn


def _running(turn: Turn, event: GameAdded | SessionEnded) -> Session | None:
    """The running session, if that is the one meant; else nothing is said, and a snapshot
    shows how things are."""
    current = turn.state.current
    if current is not None and current.key.id == event.session_id:
        return current
    turn.want(WantSnapshot())
    if any(key.id == event.session_id for key in turn.state.ended):
        turn.note(Reason.OLD_SESSION)
    else:
        turn.note(Reason.OTHER_SESSION)
        turn.stray(event)
    return None


def session_started(turn: Turn, event: SessionStarted) -> None:
    current = turn.state.current
    if current is not None and current.key == event.key:
        turn.note(Reason.DUPLICATE)
        return
    turn.want(WantSnapshot())
    if event.key in turn.state.ended:
        turn.note(Reason.OLD_SESSION)
    elif current is not None and _age(event.key) < _age(current.key):
        turn.note(Reason.OLD_START)
    else:
        if current is not None:
            end(turn, current, event.at, missed=True)
        begin(turn, Session(event.key, notes=event.notes, games_played=0), event.at)


def _age(key: SessionKey) -> tuple[int, int]:
    return key.created_at, key.id


def game_added(turn: Turn, event: GameAdded) -> None:
    session = _running(turn, event)
    if session is None:
        return
    heard = Heard(event.games_played, event.at)
    if heard_before(session, event):
        turn.note(Reason.DUPLICATE)
        return
    # Binds the row at once, and on an old Picker reads the counters while they are fresh.
    turn.want(WantSnapshot())
    if _may_repeat(session, event):
        turn.note(Reason.UNSURE)
    elif (play := unheard(session, event.game)) is not None:
        turn.note(Reason.DUPLICATE)
        turn.put(change(session, replace(play, heard=heard)))
        learn_code(turn, session.key, play.number, event.room_code, event.at)
    else:
        _add_heard(turn, session, event, heard)


def _may_repeat(session: Session, event: GameAdded) -> bool:
    """A frame for a game of tonight that carries nothing to tell it from a repeat."""
    bare = event.games_played is None and event.at is None
    return bare and any(same_game(play.game, event.game) for play in session.plays)


def _add_heard(turn: Turn, session: Session, event: GameAdded, heard: Heard) -> None:
    last = session.games_played
    gap = event.games_played is not None and event.games_played != (last or 0) + 1
    session = close_running(turn, session, event.at, WantSnapshot() if gap else None)
    codes = (event.room_code,) if event.room_code else ()
    session, play = add(session, Play(0, event.game, event.at, heard=heard, codes=codes))
    turn.put(replace(session, games_played=event.games_played))
    turn.fact(Reason.ADDED)
    turn.say(lines.added(session.key, play, turn.moment(event.at)))


def vote_received(turn: Turn, event: VoteReceived) -> None:
    session = turn.state.current
    if session is None or session.key.id != event.session_id:
        session = next((s for s in turn.state.closing if s.key.id == event.session_id), None)
    if session is None or event.totals is None:
        return
    play = latest_of(session, event.game_id)
    if play is None or play.phase is Phase.OVER:
        return
    own = Votes(up=1) if event.up else Votes(down=1)
    play = begin_at(play, event.totals.less(own))
    turn.put(change(session, rise_to(play, event.totals)))


def room_seen(turn: Turn, event: RoomSeen) -> None:
    session = turn.state.current
    if session is None or session.key.id != event.session_id:
        return
    play = latest_of(session, event.game_id)
    if play is not None:
        learn_code(turn, session.key, play.number, event.room_code, event.at)


def session_ended(turn: Turn, event: SessionEnded) -> None:
    session = _running(turn, event)
    if session is None:
        return
    if event.at is not None and event.at < session.key.created_at:
        turn.note(Reason.OLD_END)
        turn.want(WantSnapshot())
        return
    missed = False
    if event.games_played is not None:
        missed = event.games_played != len(in_order(session))
        session = replace(session, games_played=event.games_played)
    end(turn, session, event.at, missed)

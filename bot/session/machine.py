"""The session machine: one input after another goes in, pushed or polled; what is worth saying
and what must be asked comes out. Pure; every duplicate dies here, from state."""

from __future__ import annotations

from bot.domain import (
    Clock,
    Confirmed,
    GameAdded,
    Input,
    RoomSeen,
    SessionEnded,
    SessionStarted,
    Snapshot,
    VoteReceived,
    Want,
)
from bot.session.answers import confirmed, snapshot, tallied
from bot.session.events import game_added, room_seen, session_ended, session_started, vote_received
from bot.session.state import State, Step, Waiting
from bot.session.turn import Turn, is_open, want_for


def step(state: State, given: Input, clock: Clock) -> Step:
    """Take in one event or answer.

    Never raises on any sequence of inputs. An input that brings nothing new returns the
    same state. The caller puts the step's state on disk before it acts on the rest.
    """
    turn = Turn(state, clock)
    match given:
        case VoteReceived():
            vote_received(turn, given)
        case SessionStarted():
            session_started(turn, given)
        case GameAdded():
            game_added(turn, given)
        case SessionEnded():
            session_ended(turn, given)
        case RoomSeen():
            room_seen(turn, given)
        case Snapshot():
            snapshot(turn, given)
        case Confirmed():
            confirmed(turn, given)
        case _:
            tallied(turn, given)
    return turn.done()


def wants(state: State) -> tuple[Want, ...]:
    """What must be asked anew after a restart: whatever the queue waits for."""
    waiting = (item for item in state.queue if isinstance(item, Waiting))
    return tuple(want_for(state, item) for item in waiting if is_open(state, item))

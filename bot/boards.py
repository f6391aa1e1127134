"""Boards: what the message of a play shows as the night goes on, on networks that can edit.

A board is its play's ``game_added`` message, edited in place: numbers and buttons while the game
runs, the result without buttons once its tally is known. Pure.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from bot.domain import (
    Added,
    Announcement,
    Board,
    Kind,
    Message,
    SessionKey,
    Stage,
    Target,
    Votes,
)
from bot.session import Phase, Play, Session, State

Count = Callable[[Session, Play], Votes | None]
"""What is known of a play's votes besides our own count."""

ON_THE_BOARD = "shown on the board"

_STAGES = {
    Phase.RUNNING: Stage.RUNNING,
    Phase.OVER: Stage.OVER,
    Phase.REMOVED: Stage.TAKEN_BACK,
}


@dataclass(frozen=True, slots=True)
class Row:
    """A board in one channel that does not show what it should: ``wanted``. ``remote_id`` is
    that of its message."""

    id: int
    target: Target
    session: SessionKey
    play: int
    remote_id: str
    wanted: Message


def openings(announcement: Announcement) -> Iterator[tuple[str, Board]]:
    """The boards that an announcement may begin, by the keys of their lines, as these show
    them: without votes."""
    for line in (announcement, *announcement.covers):
        if line.kind is Kind.GAME_ADDED and isinstance(line.fact, Added) and line.play is not None:
            fact = line.fact
            board = Board(line.session, line.play, fact.game, fact.room_code, Votes())
            yield line.key, board


def board_of(session: SessionKey, play: Play, counted: Votes | None = None) -> Board | None:
    """What the board of ``play`` shows; None while its tally is being asked for, when it
    stays as it is. ``counted`` is tonight's count by another than us; neither counts what
    was not cast, so the higher is right."""
    if play.phase not in _STAGES:
        return None
    votes = play.tally
    if play.phase is Phase.RUNNING:
        votes = (play.own_count or Votes()).highest(counted)
    code = play.codes[-1] if play.codes else None
    return Board(session, play.number, play.game, code, votes, _STAGES[play.phase])


def changed(before: State, after: Iterable[Session], count: Count) -> tuple[Board, ...]:
    """The boards of all plays that are not as they were, whether or not it shows."""
    known = {session.key: session for session in sessions(before)}
    found: list[Board] = []
    for session in after:
        last = known.get(session.key)
        plays = {play.number: play for play in last.plays} if last else {}
        for play in session.plays:
            if plays.get(play.number) != play:
                board = board_of(session.key, play, count(session, play))
                found += [board] if board else []
    return tuple(found)


def running(state: State, count: Count) -> tuple[Board, ...]:
    """The boards of the games that run."""
    session = state.current
    if session is None:
        return ()
    plays = (play for play in session.plays if play.phase is Phase.RUNNING)
    boards = (board_of(session.key, play, count(session, play)) for play in plays)
    return tuple(board for board in boards if board)


def sessions(state: State) -> tuple[Session, ...]:
    """All nights that the state has, the running one last."""
    return (*state.closing, state.current) if state.current else state.closing

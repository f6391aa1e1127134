"""bot.boards: which boards a step of the night changes, and what they then show."""

from __future__ import annotations

from dataclasses import replace

from night import DRAWFUL, KEY, QUIPLASH, Night, added, ended, room, row, rows_of, running, up

from bot import boards
from bot.domain import (
    Announcement,
    Board,
    Input,
    Kind,
    Missed,
    Stage,
    Tallied,
    Votes,
)
from bot.session import Phase, Play, Session, State, step


def no_count(session: Session, play: Play) -> None:
    return None


def drawn(night: Night, *inputs: Input) -> list[Board]:
    """The boards that these inputs change, taken in as one batch."""
    before, left = night.state, list[Session]()
    for given in inputs:
        led_to = step(night.state, given, night.clock)
        night.state = led_to.state
        left += led_to.left
    after = (*boards.sessions(night.state), *left)
    return list(boards.changed(before, after, no_count))


def tallied(play: int, game: int, up: int, down: int) -> Tallied:
    return Tallied(KEY, play, ((game, Votes(up, down)),))


def test_a_game_that_begins() -> None:
    """A new play's board shows what its line says: its game, its code, no votes yet."""
    night = running()
    before = night.state
    night.take(added(DRAWFUL, 1, code="ABCD"))
    (line,) = night.lines
    (opening,) = boards.openings(line)
    assert opening == (line.key, Board(KEY, 1, DRAWFUL, "ABCD", Votes()))
    assert boards.changed(before, boards.sessions(night.state), no_count) == (opening[1],)


def test_lines_without_a_board() -> None:
    """Only the line of a game begins one, also where a catch-up stands for it."""
    night = running(DRAWFUL)
    night.take(ended())
    night.tally(1, {})
    assert [key for line in night.lines for key, _ in boards.openings(line)] == []
    night = Night().later(1)
    night.poll_none()
    night.poll()
    night.poll(row(101, DRAWFUL), row(102, QUIPLASH))
    (caught_up,) = night.lines
    assert isinstance(caught_up.fact, Missed)
    assert [board.game for _, board in boards.openings(caught_up)] == [DRAWFUL, QUIPLASH]
    odd = replace(caught_up, kind=Kind.GAME_ADDED, covers=())
    assert list(boards.openings(odd)) == []
    assert list(boards.openings(_without_number(caught_up))) == []


def _without_number(line: Announcement) -> Announcement:
    return replace(line.covers[0], play=None)


def test_votes() -> None:
    """The numbers are tonight's, in one board however many votes came."""
    night = running(DRAWFUL)
    votes = drawn(night, up(DRAWFUL, (11, 4)), up(DRAWFUL, (12, 4)))
    assert votes == [Board(KEY, 1, DRAWFUL, None, Votes(2, 0))]


def test_nothing_new() -> None:
    """An input that changes nothing draws nothing."""
    night = running(DRAWFUL)
    drawn(night, up(DRAWFUL, (11, 4)))
    assert drawn(night, up(DRAWFUL, (11, 4))) == []
    assert boards.changed(State(), (), no_count) == ()


def test_a_room_code() -> None:
    """A code that comes late is on the board at once."""
    (board,) = drawn(running(DRAWFUL), room(DRAWFUL, "WXYZ"))
    assert (board.room_code, board.stage) == ("WXYZ", Stage.RUNNING)


def test_the_result() -> None:
    """A game that is over keeps its board as it is until its tally is known."""
    night = running(DRAWFUL)
    drawn(night, up(DRAWFUL, (11, 4)))
    (new,) = drawn(night, added(QUIPLASH, 2))
    assert (new.play, new.stage) == (2, Stage.RUNNING)
    assert drawn(night, tallied(1, 1, 5, 1)) == [
        Board(KEY, 1, DRAWFUL, None, Votes(5, 1), Stage.OVER)
    ]


def test_the_last_game_of_a_night() -> None:
    """Its board gets its result though the night leaves the state with the same step."""
    night = running(DRAWFUL)
    assert drawn(night, ended()) == []
    (board,) = drawn(night, tallied(1, 1, 5, 1))
    assert (board.votes, board.stage) == (Votes(5, 1), Stage.OVER)
    assert night.state.closing == ()


def test_taken_back() -> None:
    """A game whose row is gone says so."""
    night = running(DRAWFUL, QUIPLASH)
    before = night.state
    night.poll(*rows_of(DRAWFUL))
    after = boards.sessions(night.state)
    (board,) = boards.changed(before, after, no_count)
    assert (board.play, board.stage) == (2, Stage.TAKEN_BACK)


def test_the_higher_count() -> None:
    """While a game runs the higher of two counts is shown; a result is the tally alone."""
    play = Play(1, DRAWFUL, 0.0, base=Votes(10, 4), high=Votes(12, 5))
    shown = boards.board_of(KEY, play, Votes(3, 0))
    assert shown is not None
    assert shown.votes == Votes(3, 1)
    over = boards.board_of(KEY, replace(play, phase=Phase.OVER), Votes(3, 0))
    assert over is not None
    assert over.votes is None


def test_boards_of_running_games() -> None:
    """Only the running night's running games, with the count that is known now."""
    night = running(DRAWFUL, QUIPLASH)
    (board,) = boards.running(night.state, lambda session, play: Votes(7, 0))
    assert (board.play, board.votes) == (2, Votes(7, 0))
    assert boards.running(State(), no_count) == ()


def test_a_night_that_replaces_another() -> None:
    """Both nights' boards are seen, the one that closes and the one that runs."""
    night = running(DRAWFUL)
    night.take(ended())
    assert [s.key for s in boards.sessions(night.state)] == [KEY]
    assert boards.sessions(State()) == ()

"""Plays: which event and which row is which game, games taken back, gaps, skipped games."""

from __future__ import annotations

from dataclasses import replace

from night import (
    DRAWFUL,
    FIBBAGE,
    QUIPLASH,
    START,
    TRIVIA,
    Night,
    added,
    bare,
    down,
    ended,
    row,
    rows_of,
    running,
    skipped,
    started,
    up,
)

from bot.domain import Game, Verdict
from bot.session import Phase, Reason


def rows(night: Night) -> list[int | None]:
    """The rows that the plays of the running night are bound to."""
    return [play.row_id for play in night.state.current.plays if play.live]


# --- events that are the same, or not -------------------------------------------------------


def test_the_same_frame_twice():
    """Two frames that agree in game, number and moment are one fact."""
    night = running(DRAWFUL)
    assert night.take(added(DRAWFUL, 1, at=START + 1)) == []
    assert (night.reasons, night.wants) == ([Reason.DUPLICATE], [])


def test_a_frame_of_long_ago():
    """A repeat is known as one however many games came between."""
    night = running(DRAWFUL, QUIPLASH, FIBBAGE)
    night.take(added(DRAWFUL, 1, at=START + 1))
    assert night.reasons == [Reason.DUPLICATE]


def test_frames_that_differ():
    """Frames of one game that differ in number or in moment are two plays of it."""
    night = running(DRAWFUL)
    night.take(added(DRAWFUL, 2, at=START + 1), added(DRAWFUL, 2, at=START + 2))
    night.tally(1, {})
    assert night.tally(2, {}) == ["3. Drawful"]


def test_a_frame_with_a_number_alone():
    """A frame without its moment is known again by its number."""
    night = running()
    assert night.take(added(DRAWFUL, 1), added(DRAWFUL, 1)) == ["1. Drawful"]


def test_a_bare_frame_again():
    """A second frame that carries nothing to tell it by is believed when a poll shows two
    rows, and not before."""
    night = running()
    assert night.take(bare(DRAWFUL), bare(DRAWFUL)) == ["1. Drawful"]
    assert night.reasons == [Reason.ADDED, Reason.UNSURE]
    assert night.poll(row(101, DRAWFUL)) == []
    night.take(bare(DRAWFUL))
    night.poll(*rows_of(DRAWFUL, DRAWFUL))
    assert night.tally(1, {}) == ["2. Drawful"]


def test_a_bare_frame_that_a_poll_came_before():
    """A bare frame of a game that a poll had shown says nothing, nor does its repeat."""
    night = running(DRAWFUL)
    night.poll(*rows_of(DRAWFUL, QUIPLASH, FIBBAGE))
    night.take(bare(QUIPLASH), bare(QUIPLASH))
    assert night.reasons == [Reason.UNSURE, Reason.UNSURE]


# --- rows -----------------------------------------------------------------------------------


def test_rows_are_bound_in_order():
    """Two plays of one game are bound to its rows in order."""
    night = running(DRAWFUL, QUIPLASH, DRAWFUL)
    night.poll(row(103, DRAWFUL), row(101, DRAWFUL), row(102, QUIPLASH))
    assert rows(night) == [101, 102, 103]


def test_a_game_by_another_name():
    """An event is bound to the row of its id, whatever the row calls the game."""
    night = running()
    night.take(added(DRAWFUL, 1))
    assert night.poll(row(101, replace(DRAWFUL, title="Drawful 2"))) == []
    assert (night.taken_back, rows(night)) == ([], [101])


def test_a_game_without_an_id():
    """An event without the game's id is bound by title, and learns the id from the row."""
    night = running()
    night.take(added(Game("Drawful"), 1))
    assert night.poll(row(101, DRAWFUL)) == []
    assert rows(night) == [101]
    night.take(up(DRAWFUL, (11, 2)), added(QUIPLASH, 2))
    assert night.tally(1, {DRAWFUL: (1, 0)})[0] == "1. Drawful had 1:0"


def test_a_game_with_a_wrong_id():
    """An id that is not the catalogue's is corrected by the row of the same title."""
    night = running()
    night.take(added(replace(DRAWFUL, id=999), 1))
    night.poll(row(101, DRAWFUL))
    assert night.state.current.plays[0].game == DRAWFUL
    assert night.poll(row(101, DRAWFUL)) == []


def test_a_row_without_an_id():
    """A row that does not tell the catalogue's id is bound by title and takes none away."""
    night = running(DRAWFUL)
    night.take(added(QUIPLASH, 2))
    night.poll(row(101, DRAWFUL), row(102, Game("Quiplash")))
    assert night.state.current.plays[1].game == QUIPLASH


def test_a_row_tells_the_moment():
    """Where an event did not tell when a game was added, its row does."""
    night = running()
    night.take(bare(DRAWFUL))
    night.poll(row(101, DRAWFUL, at=START + 5))
    assert night.state.current.plays[0].at == START + 5


# --- games taken back -----------------------------------------------------------------------


def test_a_list_that_is_not_whole_takes_no_game_back():
    """A list with fewer games than the session counts proves no removal, and no game is said
    again when the list is whole; one with as many does."""
    night = running(DRAWFUL, QUIPLASH)
    assert night.poll(row(101, DRAWFUL), games=2) == []
    assert night.poll(games=2) == []
    assert night.taken_back == []
    assert night.poll(row(101, DRAWFUL), row(102, QUIPLASH)) == []
    assert night.taken_back == []
    night.poll(row(101, DRAWFUL), games=1)
    assert night.taken_back == [2]


def test_a_list_that_is_not_whole_at_the_end_of_a_night():
    """The game that ran is still the last one, and its votes are said."""
    night = running(DRAWFUL, QUIPLASH)
    night.poll_none()
    night.confirm(Verdict.ENDED, row(101, DRAWFUL), games=2)
    assert night.wants == ["tally 2"]
    assert night.tally(2, {QUIPLASH: (3, 1)}) == [
        "2. Quiplash had 3:1",
        "17 ended",
        "2 games played",
    ]


def test_the_running_game_is_taken_back():
    """A game whose row is gone is taken back: its lines expire and it has no votes line."""
    night = running(DRAWFUL, QUIPLASH)
    assert night.poll(row(101, DRAWFUL)) == []
    assert (night.reasons, night.taken_back) == ([Reason.REMOVED], [2])
    assert night.take(added(FIBBAGE, 2, at=START + 60)) == ["3. Fibbage"]
    assert night.wants == ["snapshot"]


def test_an_earlier_game_is_taken_back():
    """An earlier game that is taken back leaves the running one alone."""
    night = running(DRAWFUL, QUIPLASH)
    night.poll(row(102, QUIPLASH))
    assert night.taken_back == [1]
    night.take(ended(1))
    said = night.tally(2, {QUIPLASH: (1, 0)})
    assert said == ["2. Quiplash had 1:0", "17 ended", "1 games played"]


def test_a_closing_game_is_taken_back():
    """A game that is taken back while its tally is out holds nobody up any longer."""
    night = running(DRAWFUL)
    night.take(added(QUIPLASH, 2))
    assert night.poll(row(102, QUIPLASH)) == ["2. Quiplash"]
    assert night.tally(1, {DRAWFUL: (1, 0)}) == []
    assert night.reasons == [Reason.DUPLICATE]


def test_a_game_is_taken_back_before_it_was_said():
    """The line of a game that is taken back while it waits is never said."""
    night = running(DRAWFUL)
    night.take(added(QUIPLASH, 2))
    assert night.poll(row(101, DRAWFUL)) == []
    assert night.taken_back == [2]
    assert night.tally(1, {DRAWFUL: (1, 0)}) == ["1. Drawful had 1:0"]


def test_a_game_that_was_taken_back_and_added_again():
    """A game that is added again is a new play, under a number of its own."""
    night = running(DRAWFUL)
    night.poll()
    assert night.take(added(DRAWFUL, 1, at=START + 60)) == ["2. Drawful"]
    assert night.poll(row(102, DRAWFUL)) == []
    assert rows(night) == [102]


def test_the_frame_of_a_game_that_was_taken_back():
    """A repeated frame of a game that was taken back does not bring it back."""
    night = running(DRAWFUL)
    night.poll()
    assert night.take(added(DRAWFUL, 1, at=START + 1)) == []
    assert night.reasons == [Reason.DUPLICATE]


def test_the_late_frame_of_a_game_that_was_taken_back():
    """The frame of a game that polls showed and then showed gone says nothing."""
    night = running()
    assert night.poll(row(101, DRAWFUL)) == ["1. Drawful"]
    night.poll()
    assert night.take(added(DRAWFUL, 1, at=START + 1)) == []


def test_a_game_that_was_replaced_between_polls():
    """A game taken back and one added between two polls: the one expires, the other is said."""
    night = running(DRAWFUL, QUIPLASH)
    assert night.poll(row(101, DRAWFUL), row(103, FIBBAGE)) == ["3. Fibbage"]
    assert night.taken_back == [2]


def test_a_row_number_that_is_used_again():
    """A database that gives a deleted row's number to the next one does not hide that."""
    night = running(DRAWFUL, QUIPLASH)
    assert night.poll(row(101, DRAWFUL), row(102, FIBBAGE)) == ["3. Fibbage"]
    assert night.taken_back == [2]


def test_votes_of_a_game_that_was_taken_back():
    """Votes for a game that was taken back count for nobody."""
    night = running(DRAWFUL)
    night.poll()
    before = night.state
    night.take(up(DRAWFUL, (11, 2)))
    assert night.state == before


# --- gaps -----------------------------------------------------------------------------------


def test_one_game_was_missed():
    """A jump in the number of games makes the tally wait for a poll; the game that it shows
    has its usual lines, in its place."""
    night = running(DRAWFUL).later(1000)
    night.take(added(FIBBAGE, 3, at=START + 900))
    assert night.wants == ["snapshot", "tally 1 after snapshot"]
    night.poll(*rows_of(DRAWFUL, QUIPLASH, FIBBAGE))
    assert night.wants == ["tally 3"]
    assert night.tally(1, {DRAWFUL: (1, 0)}) == ["1. Drawful had 1:0", "3. Quiplash"]
    assert night.tally(3, {QUIPLASH: (0, 1)}) == ["3. Quiplash had 0:1", "2. Fibbage"]
    assert [line.at - START for line in night.lines] == [900, 900]


def test_the_first_game_was_missed():
    """A jump before any game was known makes the game wait for a poll, too."""
    night = running()
    assert night.take(added(QUIPLASH, 2)) == []
    assert night.wants == ["snapshot", "tally 0 after snapshot"]
    night.poll(*rows_of(DRAWFUL, QUIPLASH))
    assert night.tally(0, None) == ["2. Drawful"]
    assert night.tally(2, {DRAWFUL: (1, 0)}) == ["2. Drawful had 1:0", "1. Quiplash"]


def test_a_jump_that_nothing_explains():
    """Where no poll answers, the lines go without one."""
    night = running(DRAWFUL)
    night.take(added(FIBBAGE, 3))
    assert night.tally(1, None) == ["2. Fibbage"]


def test_a_number_that_falls():
    """A number that is not one more than the last wants a poll, whichever way it goes."""
    night = running(DRAWFUL, QUIPLASH)
    night.take(added(FIBBAGE, 2))
    assert night.wants == ["snapshot", "tally 2 after snapshot"]


def test_a_number_after_a_removal():
    """After a poll that showed a removal the next number is no jump."""
    night = running(DRAWFUL, QUIPLASH)
    night.poll(row(101, DRAWFUL))
    night.take(added(FIBBAGE, 2))
    assert night.wants == ["snapshot"]


def test_a_game_that_comes_to_light_too_late():
    """A game before one that was announced is recorded, not said."""
    night = running(DRAWFUL, FIBBAGE)
    assert night.poll(row(101, DRAWFUL), row(102, FIBBAGE), row(99, QUIPLASH)) == []
    assert night.unsaid == ["3. Quiplash (OVERTAKEN)"]
    night.take(ended(3))
    assert night.wants == ["tally 2"]


# --- skipped --------------------------------------------------------------------------------


def test_a_skipped_game():
    """A game that was skipped unseen ends the one before it and has no line."""
    night = running(DRAWFUL)
    night.poll(row(101, DRAWFUL), skipped(102, QUIPLASH))
    assert night.tally(1, {DRAWFUL: (1, 0)}) == ["1. Drawful had 1:0"]
    night.take(added(FIBBAGE, 3))
    assert night.tally(2, {DRAWFUL: (1, 0)}) == ["3. Fibbage"]


def test_a_skipped_game_that_somebody_voted_for():
    """A skipped game that has votes has its votes line."""
    night = running(DRAWFUL)
    night.poll(row(101, DRAWFUL), skipped(102, QUIPLASH))
    night.tally(1, {})
    night.take(down(QUIPLASH, (3, 4)), added(FIBBAGE, 3))
    assert night.tally(2, None) == ["2. Quiplash had 0:1", "3. Fibbage"]


def test_a_skipped_game_before_one_that_waits():
    """A skipped game that comes to light late takes its place before the next line."""
    night = running(DRAWFUL)
    night.take(added(FIBBAGE, 3))
    night.poll(row(101, DRAWFUL), skipped(102, QUIPLASH), row(103, FIBBAGE))
    assert night.tally(1, {}) == []
    assert night.tally(3, {QUIPLASH: (1, 0)}) == ["3. Quiplash had 1:0", "2. Fibbage"]


def test_a_skipped_game_is_not_merged():
    """One game that was missed is told as usual, though another was skipped before it."""
    night = running(DRAWFUL)
    night.poll(row(101, DRAWFUL), skipped(102, QUIPLASH), row(103, FIBBAGE))
    night.tally(1, {})
    assert night.tally(2, {}) == ["3. Fibbage"]


def test_a_skipped_game_is_not_the_one_running():
    """Of several games that were missed, the last that was not skipped is running."""
    night = running()
    said = night.poll(row(1, DRAWFUL), skipped(2, QUIPLASH), row(3, FIBBAGE), skipped(4, TRIVIA))
    assert said == ["missed Drawful; now Fibbage"]
    phases = [play.phase for play in night.state.current.plays]
    assert phases == [Phase.OVER, Phase.OVER, Phase.RUNNING, Phase.OVER]


def test_one_missed_game_after_another():
    """Each game that a poll alone shows ends the one before it."""
    night = Night()
    night.poll_none()
    assert night.take(started()) == ["17 started"]
    assert night.poll(*rows_of(DRAWFUL)) == ["1. Drawful"]
    night.poll(*rows_of(DRAWFUL, QUIPLASH))
    assert night.wants == ["tally 1"]

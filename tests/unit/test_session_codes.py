"""Room codes: with the game's line, in a line of their own, or not said."""

from __future__ import annotations

from night import (
    DRAWFUL,
    QUIPLASH,
    START,
    Night,
    added,
    bare,
    ended,
    room,
    row,
    rows_of,
    running,
    skipped,
)

from bot.domain import code_key


def test_a_code_with_the_game():
    """A code that is known with the game is part of its line, and not said again."""
    night = running()
    assert night.take(added(DRAWFUL, 1, code="ABCD")) == ["1. Drawful in room ABCD"]
    assert night.take(room(DRAWFUL, "ABCD")) == []
    assert night.poll(row(101, DRAWFUL, code="ABCD")) == []


def test_a_code_that_comes_late():
    """A code that comes later has a short line of its own, once."""
    night = running(DRAWFUL)
    assert night.take(room(DRAWFUL, "ABCD")) == ["1. is in room ABCD"]
    assert night.lines[0].key == "17-1762563600/1/code/ABCD"
    assert night.take(room(DRAWFUL, "ABCD")) == []


def test_a_code_by_a_poll():
    """A code that a row shows has its line, too."""
    night = running(DRAWFUL)
    assert night.poll(row(101, DRAWFUL, code="ABCD")) == ["1. is in room ABCD"]
    assert night.poll(row(101, DRAWFUL, code="ABCD")) == []


def test_a_code_that_changes_and_returns():
    """A code that changes is said; one that returns is not."""
    night = running(DRAWFUL)
    codes = ["ABCD", "WXYZ", "ABCD"]
    said = night.take(*(room(DRAWFUL, code) for code in codes))
    assert said == ["1. is in room ABCD", "1. is in room WXYZ"]


def test_a_code_for_a_game_that_is_over():
    """A code for a game that is over, or closing, is not said."""
    night = running(DRAWFUL)
    night.take(added(QUIPLASH, 2))
    assert night.take(room(DRAWFUL, "ABCD")) == []
    night.tally(1, {})
    assert night.take(room(DRAWFUL, "WXYZ")) == []


def test_a_code_for_a_line_that_waits():
    """A code that comes while the game's line waits becomes part of it, the last one counts."""
    night = running(DRAWFUL)
    night.take(added(QUIPLASH, 2), room(QUIPLASH, "ABCD"), room(QUIPLASH, "WXYZ"))
    assert night.tally(1, {}) == ["2. Quiplash in room WXYZ"]


def test_a_code_for_a_game_that_waits_behind_another():
    """A code belongs to its game, also where several lines wait."""
    night = running(DRAWFUL)
    night.take(added(QUIPLASH, 2), added(DRAWFUL, 3, at=START + 60), room(QUIPLASH, "ABCD"))
    night.tally(1, {})
    assert night.tally(2, {}) == ["3. Drawful"]


def test_a_code_in_the_event_of_a_game_that_a_poll_showed():
    """An event that comes after the poll still brings the code."""
    night = running()
    assert night.poll(row(101, DRAWFUL)) == ["1. Drawful"]
    assert night.take(added(DRAWFUL, 1, code="ABCD")) == ["1. is in room ABCD"]


def test_a_code_of_a_missed_game():
    """A game that a poll alone shows has its code in its line."""
    night = running()
    assert night.poll(row(101, DRAWFUL, code="ABCD")) == ["1. Drawful in room ABCD"]


def test_a_code_in_a_catch_up_line():
    """A catch-up line has the code of the game now running; one that comes later has a line."""
    night = running()
    said = night.poll(row(101, DRAWFUL, code="OLDC"), row(102, QUIPLASH, code="ABCD"))
    assert said == ["missed Drawful; now Quiplash in room ABCD"]
    assert night.take(room(QUIPLASH, "WXYZ"), room(DRAWFUL, "EFGH")) == ["2. is in room WXYZ"]


def test_a_code_has_its_moment():
    """A code that a status told was known then; one that a row showed, now."""
    night = running(DRAWFUL).later(60)
    night.take(room(DRAWFUL, "ABCD", at=START + 50))
    assert night.lines[0].at == START + 50
    night.poll(row(101, DRAWFUL, code="WXYZ", at=START))
    assert night.lines[0].at == START + 60


def test_a_code_for_nobody():
    """A code for another night, for a game that was not played, or an empty one is dropped."""
    night = running(DRAWFUL)
    before = night.state
    assert night.take(room(DRAWFUL, "ABCD", id=99), room(QUIPLASH, "ABCD"), room(DRAWFUL, "")) == []
    assert night.state == before
    assert Night().take(room(DRAWFUL, "ABCD")) == []


def test_a_code_of_a_skipped_game():
    """A game that nobody was told of has no line for its code."""
    night = running()
    night.poll(skipped(101, DRAWFUL))
    assert night.take(room(DRAWFUL, "ABCD")) == []


def test_a_code_after_the_end():
    """A code that comes while the end waits is not said."""
    night = running(DRAWFUL)
    night.take(ended(1))
    assert night.take(room(DRAWFUL, "ABCD")) == []


def test_a_code_of_the_second_play():
    """A game that is played twice may have the same code twice."""
    night = running(DRAWFUL)
    night.take(room(DRAWFUL, "ABCD"), added(DRAWFUL, 2, at=START + 60))
    night.tally(1, {})
    night.poll(*rows_of(DRAWFUL, DRAWFUL))
    assert night.take(room(DRAWFUL, "ABCD")) == ["2. is in room ABCD"]


def test_a_code_that_is_not_a_word():
    """Outside text does not shape our keys."""
    night = running()
    night.take(bare(DRAWFUL), room(DRAWFUL, "../../x y"))
    assert night.lines[-1].key == f"17-1762563600/1/code/{code_key('../../x y')}"
    assert "x y" not in night.lines[-1].key

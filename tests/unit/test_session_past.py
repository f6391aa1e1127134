"""What happened while nobody listened: cold starts, catch-up lines, nights that ended."""

from __future__ import annotations

from night import (
    DRAWFUL,
    FIBBAGE,
    KEY,
    NEXT,
    QUIPLASH,
    START,
    TRIVIA,
    Night,
    added,
    ended,
    row,
    rows_of,
    running,
    scoreboard,
    skipped,
    started,
    up,
)

from bot.domain import Kind, RowStatus, Verdict
from bot.session import Reason

# --- without any memory ---------------------------------------------------------------------


def test_a_cold_start_in_the_middle_of_a_night():
    """Without any memory only the game now running is said, as of now, and the log says why."""
    night = Night(now=START + 9000)
    said = night.poll(row(1, DRAWFUL, at=START), row(2, QUIPLASH, code="ABCD", at=START + 600))
    assert said == ["2. Quiplash in room ABCD"]
    assert night.reasons[0] is Reason.NO_MEMORY
    assert night.lines[0].at == START + 9000


def test_the_votes_of_a_cold_start():
    """The game that was running at a cold start has its votes line; those before it have none."""
    night = Night()
    night.poll(*rows_of(DRAWFUL, QUIPLASH))
    night.take(added(FIBBAGE, 3, at=START + 60))
    assert night.wants == ["snapshot", "tally 2"]
    said = night.tally(2, {DRAWFUL: (1, 0), QUIPLASH: (2, 0)})
    assert said == ["2. Quiplash had 2:0", "3. Fibbage"]
    night.take(ended(3))
    night.tally(3, {DRAWFUL: (1, 0), QUIPLASH: (2, 0)})
    assert scoreboard(night.lines) == ["Drawful 1:0", "Quiplash 2:0", "Fibbage 0:0"]


def test_a_cold_start_without_a_running_game():
    """A cold start before the first game, or after nothing but skipped ones, says nothing."""
    assert Night().poll() == []
    assert Night().poll(skipped(1, DRAWFUL)) == []


def test_a_cold_start_without_a_night():
    """A first poll that finds no night is memory enough: the next night is told from its start."""
    night = Night()
    night.poll_none()
    assert night.poll(*rows_of(DRAWFUL)) == ["17 started", "1. Drawful"]


def test_a_start_before_the_first_poll():
    """A start that is pushed before the first poll is memory enough."""
    night = Night()
    assert night.take(started()) == ["17 started"]
    assert night.poll(*rows_of(DRAWFUL, QUIPLASH)) == ["missed Drawful; now Quiplash"]
    assert Reason.NO_MEMORY not in night.reasons


def test_a_cold_start_whose_games_can_be_read_only_later():
    """The games of a night found without any memory are not caught up with when a later poll
    shows them."""
    night = Night()
    assert night.poll_without_games() == []
    assert night.poll_without_games() == []
    assert night.poll(*rows_of(DRAWFUL, QUIPLASH)) == ["2. Quiplash"]
    assert night.poll(*rows_of(DRAWFUL, QUIPLASH, FIBBAGE)) == []
    assert night.wants == ["tally 2"]


def test_a_cold_start_with_a_game_before_its_games_could_be_read():
    """A game that was added meanwhile is the one running; those before it are not told."""
    night = Night()
    night.poll_without_games()
    assert night.take(added(FIBBAGE, 3)) == []
    night.poll(*rows_of(DRAWFUL, QUIPLASH, FIBBAGE))
    assert night.unsaid == ["2. Drawful (OVERTAKEN)", "3. Quiplash (OVERTAKEN)"]
    assert night.tally(0, None) == ["1. Fibbage"]


def test_another_night_after_a_cold_start():
    """The night after one that was found without any memory is told from its start."""
    night = Night()
    night.poll_without_games()
    night.poll(*rows_of(DRAWFUL), key=NEXT)
    assert night.tally(0, None) == ["17 ended", "0 games played", "18 started", "18/1. Drawful"]


# --- catching up ----------------------------------------------------------------------------


def test_several_games_were_missed():
    """Two or more games that were missed are one line, after the votes of the game before."""
    night = running(DRAWFUL)
    night.later(3600)
    rows = (*rows_of(DRAWFUL, QUIPLASH, FIBBAGE), row(104, TRIVIA, code="ABCD"))
    assert night.poll(*rows) == []
    assert night.wants == ["tally 1"]
    said = night.tally(1, {DRAWFUL: (5, 1), QUIPLASH: (1, 1)})
    assert said == ["1. Drawful had 5:1", "missed Quiplash, Fibbage; now Trivia in room ABCD"]


def test_a_catch_up_line_stands_for_others():
    """A catch-up line covers the lines of its games, each with its own moment, and has the
    number of the play now running in its key."""
    night = running(now=START + 900)
    night.poll(row(1, DRAWFUL, at=START + 60), row(2, QUIPLASH, at=START + 600))
    (line,) = night.lines
    assert (line.kind, line.key) == (Kind.CATCH_UP, "17-1762563600/catch-up/2")
    assert [cover.key for cover in line.covers] == ["17-1762563600/1/game", "17-1762563600/2/game"]
    assert [cover.at - START for cover in line.covers] == [60, 600]
    assert line.at == START + 900


def test_what_a_catch_up_line_covers_is_said():
    """Events and polls of games that a catch-up line told of say nothing more."""
    night = running()
    rows = rows_of(DRAWFUL, QUIPLASH)
    night.poll(*rows)
    assert night.take(added(DRAWFUL, 1, at=START), added(QUIPLASH, 2, at=START + 60)) == []
    assert night.poll(*rows) == []


def test_the_votes_of_games_in_a_catch_up_line():
    """Of the games in a catch-up line only the one now running has a votes line."""
    night = running()
    night.poll(*rows_of(DRAWFUL, QUIPLASH))
    night.take(added(FIBBAGE, 3))
    said = night.tally(2, {DRAWFUL: (1, 0), QUIPLASH: (2, 0)})
    assert said == ["2. Quiplash had 2:0", "3. Fibbage"]


def test_a_night_that_began_unseen_and_runs():
    """The start of a night that a poll shows is said before the games that were missed."""
    night = Night(now=START + 3600)
    night.poll_none()
    said = night.poll(*rows_of(DRAWFUL, QUIPLASH))
    assert said == ["17 started", "missed Drawful; now Quiplash"]
    assert [line.at - START for line in night.lines] == [0, 3600]


def test_games_that_wait_join_a_catch_up_line():
    """A game that waits behind a tally joins the line of those that were missed before it."""
    night = running(DRAWFUL)
    night.take(added(TRIVIA, 4))
    night.poll(*rows_of(DRAWFUL, QUIPLASH, FIBBAGE, TRIVIA))
    said = night.tally(1, {DRAWFUL: (1, 0)})
    assert said == ["1. Drawful had 1:0", "missed Quiplash, Fibbage; now Trivia"]
    assert night.state.queue == ()


def test_a_game_that_closed_joins_a_catch_up_line():
    """A game that waits, closed already by the one after it, is told in the line as well."""
    night = running(DRAWFUL)
    night.take(added(TRIVIA, 4), added(DRAWFUL, 5, at=START + 90))
    night.poll(*rows_of(DRAWFUL, QUIPLASH, FIBBAGE, TRIVIA, DRAWFUL))
    said = night.tally(1, {DRAWFUL: (1, 0)})
    assert said == ["1. Drawful had 1:0", "missed Quiplash, Fibbage, Trivia; now Drawful"]
    assert night.tally(2, {TRIVIA: (1, 0)}) == []


def test_a_single_missed_game_is_not_merged():
    """A single game that was missed has its usual line, with the moment at which it came."""
    night = running(now=START + 900)
    assert night.poll(row(1, DRAWFUL, at=START + 600)) == ["1. Drawful"]
    assert night.lines[0].at == START + 600


def test_votes_cast_before_we_came():
    """Totals that were read long after a missed game began are not taken for its beginning."""
    night = running(now=START + 900)
    night.poll(row(1, DRAWFUL, RowStatus.PLAYING, at=START, totals=(15, 2)))
    night.take(up(DRAWFUL, (16, 2)), ended(1))
    assert night.tally(1, None)[0] == "1. Drawful had 1:0"


# --- a night that ended meanwhile -----------------------------------------------------------


def test_a_night_that_ended_meanwhile():
    """The end of a night that ended while we were away has the votes of its last game, which
    nobody was told of, and no catch-up line; what came before is recorded."""
    night = running(DRAWFUL)
    night.take(up(DRAWFUL, (11, 2)))
    night.poll_none()
    rows = rows_of(DRAWFUL, QUIPLASH, FIBBAGE)
    assert night.confirm(Verdict.ENDED, *rows, games=3) == []
    assert night.wants == ["tally 3"]
    assert night.unsaid == [
        "2. Quiplash (SUPERSEDED)",
        "3. Fibbage (SUPERSEDED)",
        "1. Drawful had 1:0 (SUPERSEDED)",
    ]
    said = night.tally(3, {DRAWFUL: (1, 0), FIBBAGE: (2, 2)})
    assert said == ["3. Fibbage had 2:2", "17 ended", "3 games played"]
    assert scoreboard(night.lines) == ["Drawful 1:0", "Quiplash 0:0", "Fibbage 2:2"]


def test_a_night_that_ended_with_the_game_we_know():
    """The end of a night that had no other games has the votes of the one announced."""
    night = running(DRAWFUL)
    night.poll_none()
    night.confirm(Verdict.ENDED, row(101, DRAWFUL), games=1)
    assert (night.unsaid, night.wants) == ([], ["tally 1"])


def test_a_night_that_ended_after_a_skipped_game():
    """A game that was skipped is not the last one played."""
    night = running(DRAWFUL)
    night.poll_none()
    night.confirm(Verdict.ENDED, row(101, DRAWFUL), skipped(102, QUIPLASH), games=2)
    assert (night.unsaid, night.wants) == ([], ["tally 1"])
    assert night.tally(1, {DRAWFUL: (1, 0)})[0] == "1. Drawful had 1:0"


def test_a_night_that_ended_with_a_game_before_the_one_we_know():
    """A game that was missed before the last one changes nothing at the end but the record."""
    night = running(DRAWFUL, FIBBAGE)
    night.poll_none()
    night.confirm(Verdict.ENDED, row(90, QUIPLASH), *rows_of(DRAWFUL, FIBBAGE), games=3)
    assert (night.unsaid, night.wants) == (["3. Quiplash (SUPERSEDED)"], ["tally 2"])


def test_a_night_that_ended_without_its_last_game():
    """A last game that was taken back while we were away has no votes line."""
    night = running(DRAWFUL)
    night.poll_none()
    said = night.confirm(Verdict.ENDED, skipped(102, QUIPLASH), games=1)
    assert said == ["17 ended", "1 games played"]
    assert night.taken_back == [1]


def test_lines_that_wait_when_a_night_is_found_to_have_ended():
    """A game that waits is said, its votes are not: those of the last game are."""
    night = running(DRAWFUL)
    night.take(added(QUIPLASH, 2, at=START + 60))
    night.poll_none()
    rows = rows_of(DRAWFUL, QUIPLASH, FIBBAGE)
    assert night.confirm(Verdict.ENDED, *rows, games=3) == ["2. Quiplash"]
    assert night.tally(1, {DRAWFUL: (1, 0)}) == []
    said = night.tally(3, {FIBBAGE: (1, 0)})
    assert said == ["3. Fibbage had 1:0", "17 ended", "3 games played"]


def test_a_night_that_began_and_ended_unseen():
    """A night that we only hear the end of is not told."""
    night = Night()
    night.poll_none()
    assert night.take(ended(4)) == []
    assert night.poll_none() == []
    assert KEY not in night.state.ended

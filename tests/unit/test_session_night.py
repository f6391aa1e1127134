"""Nights: how they begin, end, follow each other and come back."""

from __future__ import annotations

from night import (
    DRAWFUL,
    FIBBAGE,
    KEY,
    NEXT,
    QUIPLASH,
    START,
    Night,
    added,
    ended,
    row,
    rows_of,
    running,
    started,
    up,
)

from bot.domain import Clock, SessionKey, SessionStarted, Stats, Verdict
from bot.session import Reason, State, step

REUSED = SessionKey(17, START + 86_400)
"""A night of the same number, in a new database."""


def test_a_whole_night():
    """Everything that a night has, told once and in order."""
    night = Night()
    night.poll_none()
    assert night.take(started()) == ["17 started"]
    assert night.take(added(DRAWFUL, 1)) == ["1. Drawful"]
    assert night.take(up(DRAWFUL, (11, 2))) == []
    assert night.take(added(QUIPLASH, 2)) == []
    assert night.tally(1, {DRAWFUL: (1, 0)}) == ["1. Drawful had 1:0", "2. Quiplash"]
    assert night.take(ended(2)) == []
    assert night.tally(2, {DRAWFUL: (1, 0)}) == ["17 ended", "2 games played"]
    assert night.state.queue == ()
    assert night.state.closing == ()


def test_keys():
    """Keys are made from the night and our own number of the play."""
    night = running(DRAWFUL)
    night.take(ended(1))
    night.tally(1, {DRAWFUL: (1, 0)})
    keys = [line.key for line in night.lines]
    assert keys == ["17-1762563600/1/votes", "17-1762563600/end", "17-1762563600/stats"]


def test_zero_games():
    """A night without games ends without a votes line, with "0 games played"."""
    night = running()
    assert night.take(ended(0)) == ["17 ended", "0 games played"]
    assert night.wants == []


def test_the_number_of_games_is_the_pickers():
    """The statistics have the number that the end carries."""
    night = running(DRAWFUL, QUIPLASH)
    night.take(ended(2))
    assert night.tally(2, {})[-1] == "2 games played"


def test_the_number_of_games_where_nobody_tells():
    """Games are counted where no event and no answer carries their number."""
    night = running(DRAWFUL)
    night.take(added(QUIPLASH, at=START + 60), ended())
    night.tally(1, {})
    assert night.tally(2, {})[-1] == "2 games played"


def test_the_span_of_the_night_is_by_our_clock():
    """Beginning and end of the statistics are corrected by the clocks' difference."""
    night = Night(now=START + 600, skew=100)
    night.take(started(at=START), ended(0, at=START + 300))
    stats = night.lines[-1].fact
    assert isinstance(stats, Stats)
    assert (stats.started_at, stats.ended_at) == (START + 100, START + 400)
    assert [line.at - START for line in night.lines] == [100, 400, 400]


def test_nothing_happens_in_the_future():
    """A moment that would lie ahead of our clock is now."""
    night = Night(now=START)
    night.take(started(at=START + 50))
    assert [line.at for line in night.lines] == [START]


# --- repeats and strays ---------------------------------------------------------------------


def test_a_start_that_comes_twice():
    """The start of the running night is known."""
    night = running()
    assert night.take(started()) == []
    assert (night.reasons, night.wants) == ([Reason.DUPLICATE], [])


def test_an_end_that_comes_twice():
    """Every connection has its own copy of an end; the second one finds nothing to end."""
    night = running()
    night.take(ended(0))
    assert night.take(ended(0)) == []
    assert (night.reasons, night.wants) == ([Reason.OLD_SESSION], ["snapshot"])


def test_the_start_of_a_night_that_has_ended():
    """A start that comes again after the end announces nothing."""
    night = running()
    night.take(ended(0))
    assert night.take(started()) == []
    assert (night.reasons, night.wants) == ([Reason.OLD_SESSION], ["snapshot"])


def test_events_of_a_night_never_seen():
    """An end or a game of another night announces nothing; a snapshot is to tell."""
    night = running()
    assert night.take(ended(3, id=99), added(DRAWFUL, 1, id=99)) == []
    assert night.reasons == [Reason.OTHER_SESSION, Reason.OTHER_SESSION]
    assert night.wants == ["snapshot", "snapshot"]


def test_an_end_never_seen_outdates_an_answer():
    """A poll that was asked before the end of a night that we did not know does not begin it."""
    night = Night()
    night.poll_none()
    asked = night.state.facts
    night.take(ended(3))
    assert night.poll(seen=asked) == []
    assert night.reasons == [Reason.STALE]


def test_a_stray_counts_once():
    """The same stray event again changes nothing."""
    night = running()
    night.take(ended(3, id=99))
    before = night.state
    night.take(ended(3, id=99))
    assert night.state == before


def test_an_end_from_before_the_beginning():
    """An end of the running id that is older than the night belongs to another one."""
    night = running()
    assert night.take(ended(5, at=START - 1)) == []
    assert (night.reasons, night.wants) == ([Reason.OLD_END], ["snapshot"])
    assert night.take(ended(0, at=START + 0.4))[0] == "17 ended"


# --- one night after another ----------------------------------------------------------------


def test_a_start_while_another_night_was_thought_active():
    """The old night has its usual end first, with the votes of the game that was its last."""
    night = running(DRAWFUL)
    assert night.take(started(NEXT)) == []
    assert night.wants == ["snapshot", "tally 1 after confirm 17"]
    night.confirm(Verdict.ENDED, *rows_of(DRAWFUL), games=1)
    said = night.tally(1, {DRAWFUL: (5, 1)})
    assert said == ["1. Drawful had 5:1", "17 ended", "1 games played", "18 started"]


def test_another_night_is_polled():
    """A poll that shows another night ends the one thought active and begins the new one."""
    night = running(DRAWFUL)
    assert night.poll(key=NEXT) == []
    assert night.wants == ["tally 1 after confirm 17"]
    night.confirm(Verdict.ENDED, *rows_of(DRAWFUL, QUIPLASH), games=2)
    assert (night.wants, night.unsaid) == (
        ["tally 2"],
        ["2. Quiplash (SUPERSEDED)", "1. Drawful had 0:0 (SUPERSEDED)"],
    )
    assert night.tally(1, {DRAWFUL: (5, 1)}) == []
    said = night.tally(2, {QUIPLASH: (2, 0)})
    assert said == ["2. Quiplash had 2:0", "17 ended", "2 games played", "18 started"]


def test_two_nights_in_quick_succession():
    """Two nights that begin within a second, each with its start and its end."""
    second = SessionKey(18, START)
    night = running()
    said = night.take(ended(0), started(second), ended(0, id=18))
    assert said[:2] == ["17 ended", "0 games played"]
    assert said[2:] == ["18 started", "18 ended", "18/0 games played"]


def test_an_older_start_late():
    """A start of a night that is older than the running one is not a new night, by its number
    where both began within a second."""
    night = running()
    assert night.take(started(SessionKey(16, START)), started(SessionKey(3, START - 900))) == []
    assert night.reasons == [Reason.OLD_START, Reason.OLD_START]
    assert night.state.current.key == KEY


def test_ids_that_start_again():
    """A night with the number of one that has ended, but another beginning, is a new night."""
    night = running(DRAWFUL)
    night.take(ended(1))
    night.tally(1, {})
    assert night.take(started(REUSED)) == ["17 started"]
    assert night.take(added(DRAWFUL, 1, at=REUSED.created_at + 9)) == ["1. Drawful"]
    assert night.lines[0].key == "17-1762650000/1/game"


def test_ids_that_start_again_while_the_old_night_runs():
    """A poll that shows the running number with another beginning ends one and begins one."""
    night = running()
    said = night.poll(key=REUSED)
    assert said == []
    assert night.confirm(Verdict.GONE) == []
    said = night.tally(0, None)
    assert said == ["17 ended", "0 games played", "17 started"]


def test_what_is_known_of_ended_nights_is_kept():
    """Each night that ended stays known, with its games."""
    night = running(DRAWFUL)
    night.take(ended(1), started(NEXT), ended(0, id=18))
    assert list(night.state.ended) == [KEY, NEXT]
    assert night.state.ended[KEY].rows == (101,)


# --- a night that comes back ----------------------------------------------------------------


def ended_night() -> Night:
    night = running(DRAWFUL)
    night.take(ended(1))
    night.tally(1, {DRAWFUL: (1, 0)})
    return night


def test_a_night_that_is_reopened():
    """A night that had ended and runs again begins without a word, tells what is new under
    new numbers, and ends without a word."""
    night = ended_night()
    assert night.poll(row(101, DRAWFUL)) == []
    assert night.reasons == [Reason.RESUMED]
    assert night.poll(row(101, DRAWFUL), row(102, QUIPLASH)) == ["2. Quiplash"]
    night.take(ended(2))
    assert night.tally(2, {QUIPLASH: (1, 1)}) == ["2. Quiplash had 1:1"]
    assert night.state.closing == ()


def test_a_night_that_is_reopened_twice():
    """What was told after the first return is not told after the second."""
    night = ended_night()
    night.poll(row(101, DRAWFUL), row(102, QUIPLASH))
    night.take(ended(2))
    night.tally(2, {})
    rows = (row(101, DRAWFUL), row(102, QUIPLASH))
    assert night.poll(*rows) == []
    assert night.take(ended(2)) == []
    assert night.state.closing == ()
    assert night.poll(*rows, row(103, FIBBAGE)) == ["3. Fibbage"]


def test_a_night_that_is_reopened_while_its_lines_wait():
    """The lines of its end are said when their tally comes, even if it runs again by then."""
    night = running(DRAWFUL)
    night.take(ended(1))
    assert night.poll(row(101, DRAWFUL)) == []
    assert night.taken_back == []
    said = night.tally(1, {DRAWFUL: (1, 0)})
    assert said == ["1. Drawful had 1:0", "17 ended", "1 games played"]
    assert night.take(ended(1)) == []
    assert night.state.current is None


def test_a_night_that_was_reopened_is_replaced():
    """A night that runs for the second time and is replaced has the votes of the game that we
    know, and nobody asks whether it had others."""
    night = ended_night()
    night.poll(*rows_of(DRAWFUL, QUIPLASH))
    assert night.take(started(NEXT)) == []
    assert night.wants == ["snapshot", "tally 2"]
    assert night.confirm(Verdict.ENDED, *rows_of(DRAWFUL, QUIPLASH, FIBBAGE)) == []
    said = night.tally(2, {QUIPLASH: (1, 1)})
    assert said == ["2. Quiplash had 1:1", "18 started"]


def test_a_night_that_is_reopened_before_its_games_were_seen():
    """A game that was pushed, and whose row is seen only after the night was reopened, is the
    same game; one that has no row even then was taken back."""
    night = running()
    night.take(added(DRAWFUL, 1), added(QUIPLASH, 2), ended(2))
    night.tally(1, {})
    night.tally(2, {})
    assert night.poll(row(101, DRAWFUL)) == []
    assert night.taken_back == [2]
    assert night.poll(row(101, DRAWFUL), row(103, FIBBAGE)) == ["3. Fibbage"]


def test_games_found_after_the_end_are_remembered():
    """A game that only came to light after the end is not told if the night is reopened."""
    night = running(DRAWFUL)
    night.take(ended(2))
    night.confirm(Verdict.ENDED, *rows_of(DRAWFUL, QUIPLASH))
    night.tally(2, {QUIPLASH: (1, 0)})
    assert night.poll(*rows_of(DRAWFUL, QUIPLASH)) == []
    assert night.poll(*rows_of(DRAWFUL, QUIPLASH, FIBBAGE)) == ["3. Fibbage"]


def test_a_step_leaves_the_old_state_alone():
    """A step returns a new state; the old one may be stepped from again, with the same result."""
    start = SessionStarted(KEY)
    one, other = (step(State(), start, Clock(START)) for _ in range(2))
    assert one == other
    assert State().current is None

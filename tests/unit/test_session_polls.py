"""Polls: what a snapshot proves, how an end is confirmed, what a stale answer is worth."""

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
    bare,
    ended,
    row,
    rows_of,
    running,
    started,
    up,
)

from bot.domain import SessionInfo, Snapshot, Stats, Verdict
from bot.session import Reason, wants

INTERVAL = 30


# --- what only a poll tells -----------------------------------------------------------------


def test_a_night_that_no_event_told_of():
    """A night that a poll shows begins as if it had been pushed; its event then is a repeat."""
    night = Night()
    night.poll_none()
    assert night.poll() == ["17 started"]
    assert night.lines[0].at == START
    assert night.take(started()) == []


def test_a_game_that_no_event_told_of():
    """A single game that a poll shows has its usual lines; its event then is a repeat."""
    night = running(DRAWFUL)
    assert night.poll(row(101, DRAWFUL), row(102, QUIPLASH)) == []
    assert night.wants == ["tally 1"]
    assert night.tally(1, {DRAWFUL: (1, 0)}) == ["1. Drawful had 1:0", "2. Quiplash"]
    assert night.take(added(QUIPLASH, 2, at=START + 600)) == []
    assert night.reasons == [Reason.DUPLICATE]


def test_the_same_poll_again():
    """A poll that shows nothing new changes nothing."""
    night = running(DRAWFUL)
    before = night.state
    assert night.poll(row(101, DRAWFUL)) == []
    assert (night.state, night.reasons, night.wants) == (before, [], [])


def test_a_poll_without_games():
    """A list of games that could not be read takes none away."""
    night = running(DRAWFUL)
    assert night.poll_without_games(games=1) == []
    assert night.taken_back == []


def test_the_number_of_games_by_a_poll():
    """The last number known serves the statistics, where the end does not tell."""
    night = running(DRAWFUL)
    night.poll_without_games(games=7)
    night.take(ended())
    assert night.tally(1, {})[-1] == "7 games played"


def test_the_number_of_games_by_the_rows():
    """Where a Picker does not count the games of a night, its rows do."""
    night = running()
    info = SessionInfo(KEY, active=True)
    night.take(Snapshot(night.state.facts, info, rows_of(DRAWFUL, QUIPLASH)), ended())
    assert night.tally(2, {})[-1] == "2 games played"


# --- stale answers --------------------------------------------------------------------------


def test_a_poll_asked_before_a_start():
    """ "No active session" proves nothing of a night that began after the question."""
    night = Night()
    night.poll_none()
    asked = night.state.facts
    night.take(started())
    before = night.state
    assert night.poll_none(seen=asked) == []
    assert (night.reasons, night.wants) == ([Reason.STALE], ["snapshot"])
    assert night.state == before


def test_a_poll_asked_before_an_addition():
    """A list of games that was asked for before one was added does not take it back."""
    night = running()
    asked = night.state.facts
    night.take(added(DRAWFUL, 1))
    night.poll(seen=asked)
    assert (night.reasons, night.taken_back) == ([Reason.STALE], [])


def test_a_poll_asked_before_a_removal():
    """A list of games that was asked for before one was taken back does not bring it back."""
    night = running(DRAWFUL, QUIPLASH)
    asked = night.state.facts
    night.poll(row(101, DRAWFUL))
    assert night.poll(*rows_of(DRAWFUL, QUIPLASH), seen=asked) == []
    assert night.reasons == [Reason.STALE]


def test_a_poll_asked_before_an_end():
    """A poll that still saw the night does not begin it again after its end."""
    night = running()
    asked = night.state.facts
    night.take(ended(0))
    assert night.poll(seen=asked) == []
    assert night.reasons == [Reason.STALE]


def test_votes_make_nothing_stale():
    """Votes do not count as facts, or a storm of them would blind every poll."""
    night = running(DRAWFUL)
    facts = night.state.facts
    night.take(up(DRAWFUL, (1, 0)), up(DRAWFUL, (2, 0)))
    assert night.state.facts == facts


# --- an outage is not an ending -------------------------------------------------------------


def test_an_end_is_confirmed():
    """A poll that finds no night only raises a suspicion; the night itself is asked about."""
    night = running(DRAWFUL)
    assert night.poll_none() == []
    assert (night.reasons, night.wants) == ([Reason.SUSPECTED], ["confirm 17"])
    night.later(600).confirm(Verdict.ENDED, row(101, DRAWFUL), games=1, closed_at=START + 500)
    said = night.tally(1, {DRAWFUL: (1, 0)})
    assert said == ["1. Drawful had 1:0", "17 ended", "1 games played"]
    assert [line.at - START for line in night.lines] == [500, 500, 500]


def test_an_inactive_session_is_none():
    """A session that ``/active`` shows as over is as good as none."""
    night = running()
    night.take(Snapshot(night.state.facts, SessionInfo(KEY, active=False, games_played=0)))
    assert night.reasons == [Reason.SUSPECTED]


def test_a_session_that_is_gone():
    """A clear "not found" confirms an end; the last known number of games serves."""
    night = running()
    night.poll_none()
    assert night.confirm(Verdict.GONE) == ["17 ended", "0 games played"]


def test_no_confirmation():
    """No clear answer about the night is no end of it."""
    night = running()
    night.poll_none()
    before = night.state
    assert night.confirm(Verdict.UNKNOWN) == []
    assert night.state == before


def test_a_contradiction():
    """A night that says it runs does so, whatever the poll said; the suspicion is over."""
    night = running()
    night.poll_none()
    assert night.confirm(Verdict.RUNNING) == []
    assert night.reasons == [Reason.CONTRADICTED]
    assert night.later(INTERVAL).poll_none() == []
    assert night.reasons == [Reason.SUSPECTED]


def test_a_stale_confirmation():
    """A confirmation that was asked for before a game was added proves nothing."""
    night = running()
    night.poll_none()
    asked = night.state.facts
    night.take(added(DRAWFUL, 1))
    assert night.confirm(Verdict.ENDED, seen=asked) == []
    assert (night.reasons, night.wants) == ([Reason.STALE], ["snapshot"])


def test_a_second_agreeing_poll():
    """Where nobody confirms, a second poll that agrees is enough, an interval later."""
    night = running(DRAWFUL)
    night.poll_none()
    assert night.later(INTERVAL - 1).poll_none() == []
    assert night.wants == ["confirm 17"]
    night.later(1).poll_none()
    assert (night.reasons, night.wants) == ([Reason.ENDED], ["tally 1 after confirm 17"])
    assert night.tally(1, {DRAWFUL: (1, 0)})[1:] == ["17 ended", "1 games played"]


def test_a_poll_in_between_that_disagrees():
    """A suspicion ends when the night is seen again."""
    night = running()
    night.poll_none()
    night.later(10).poll()
    assert night.later(INTERVAL).poll_none() == []
    assert night.reasons == [Reason.SUSPECTED]


def test_a_game_in_between():
    """A suspicion ends with a game that was added after it."""
    night = running()
    night.poll_none()
    night.later(10).take(added(DRAWFUL, 1))
    assert night.later(INTERVAL).poll_none() == []
    assert night.reasons == [Reason.SUSPECTED]


def test_a_suspicion_of_another_night():
    """A suspicion of one night is none of the next."""
    night = running()
    night.poll_none()
    night.take(ended(0), started(NEXT))
    assert night.later(INTERVAL).poll_none() == []
    assert night.reasons == [Reason.SUSPECTED]


def test_a_clock_that_steps_back():
    """After a step back of the clock the interval is counted anew, not awaited for an hour."""
    night = running(now=START + 7200)
    night.poll_none()
    night.later(-3600).poll_none()
    night.later(INTERVAL).poll_none()
    assert night.reasons == [Reason.ENDED]


def test_no_night_and_no_memory_of_one():
    """Between nights a poll that finds none says and wants nothing."""
    night = Night()
    assert night.poll_none() == []
    assert (night.reasons, night.wants) == ([], [])


# --- ends with games that we did not know ---------------------------------------------------


def test_a_pushed_end_with_more_games():
    """An end with more games than we know asks which was the last; its votes are said."""
    night = running(DRAWFUL)
    night.take(ended(2))
    assert night.wants == ["tally 1 after confirm 17"]
    night.confirm(Verdict.ENDED, *rows_of(DRAWFUL, QUIPLASH), games=2)
    assert night.tally(2, {QUIPLASH: (3, 1)}) == [
        "2. Quiplash had 3:1",
        "17 ended",
        "2 games played",
    ]


def test_a_pushed_end_of_a_night_whose_games_were_all_missed():
    """Where no game is known at all, the last lines wait for the answer which was the last."""
    night = running()
    assert night.take(ended(2)) == []
    assert night.wants == ["tally 0 after confirm 17"]
    night.confirm(Verdict.ENDED, *rows_of(DRAWFUL, QUIPLASH), games=2)
    assert night.unsaid == ["1. Drawful (SUPERSEDED)", "2. Quiplash (SUPERSEDED)"]
    assert night.wants == ["tally 2"]
    assert night.tally(0, None) == []
    assert night.tally(2, {QUIPLASH: (3, 1)})[0] == "2. Quiplash had 3:1"


def test_a_pushed_end_whose_games_stay_unknown():
    """Without an answer the last lines do not wait for ever."""
    night = running()
    night.take(ended(2))
    assert night.confirm(Verdict.UNKNOWN) == []
    assert night.tally(0, None) == ["17 ended", "2 games played"]
    assert night.tally(0, None) == []
    assert night.reasons == [Reason.DUPLICATE]


def test_the_question_which_game_was_the_last_survives_a_restart():
    """The wants of a state from disk have what must be asked first."""
    night = running()
    night.take(ended(2))
    (want,) = wants(night.state)
    assert (want.play, want.game_id, want.first.key) == (0, None, KEY)


def test_a_pushed_end_with_fewer_games():
    """The last game was taken back while we were away: it has no votes line."""
    night = running(DRAWFUL, QUIPLASH)
    night.take(ended(1))
    assert night.wants == ["tally 2 after confirm 17"]
    said = night.confirm(Verdict.ENDED, row(101, DRAWFUL), games=1)
    assert (said, night.taken_back) == (["17 ended", "1 games played"], [2])


def test_a_last_game_that_was_replaced():
    """The last game was taken back and another played: the votes of that one are said."""
    night = running(DRAWFUL, QUIPLASH)
    night.take(ended(3))
    night.confirm(Verdict.ENDED, row(101, DRAWFUL), row(103, FIBBAGE), games=2)
    said = night.tally(3, {FIBBAGE: (1, 0)})
    assert said == ["3. Fibbage had 1:0", "17 ended", "2 games played"]


def test_the_end_is_dated_by_the_answer():
    """An end that another night gave away happened when the Picker says it did."""
    night = running(DRAWFUL)
    night.later(9000).take(started(NEXT), added(QUIPLASH, 1, id=18))
    night.confirm(Verdict.ENDED, row(101, DRAWFUL), games=1, closed_at=START + 500)
    night.tally(1, {DRAWFUL: (1, 0)})
    moments = {line.key.partition("/")[2]: line.at - START for line in night.lines}
    assert moments["1/votes"] == moments["end"] == moments["stats"] == 500
    assert moments["start"] == 9000
    (stats,) = (line.fact for line in night.lines if isinstance(line.fact, Stats))
    assert stats.ended_at == START + 500


def test_an_answer_from_before_the_end():
    """An answer that was asked for before the end does not know what was played until then."""
    night = running(DRAWFUL)
    night.poll_none()
    asked = night.state.facts
    night.take(added(QUIPLASH, 2, at=START + 60), ended(3))
    night.confirm(Verdict.RUNNING, row(101, DRAWFUL), games=1, seen=asked)
    assert (night.reasons, night.taken_back) == ([Reason.STALE], [])


def test_an_answer_after_everything_was_said():
    """An answer about a night that has been told to its end has nothing to add."""
    night = running()
    night.take(ended(0))
    assert night.confirm(Verdict.ENDED, *rows_of(DRAWFUL)) == []
    assert night.reasons == [Reason.TOO_LATE]


def test_an_answer_about_another_night():
    """An answer about a night that nobody knows changes nothing."""
    night = running()
    assert night.confirm(Verdict.ENDED, key=NEXT) == []
    assert night.reasons == [Reason.TOO_LATE]


def test_lines_that_wait_keep_their_place_when_the_last_game_was_another():
    """The votes of the last game stand right before the end, after the lines of the games
    that were announced."""
    night = running(DRAWFUL)
    night.take(added(QUIPLASH, 2, at=START + 60), ended(3))
    said = night.confirm(Verdict.ENDED, *rows_of(DRAWFUL, QUIPLASH, FIBBAGE), games=3)
    assert said == ["2. Quiplash"]
    said = night.tally(3, {FIBBAGE: (1, 0)})
    assert said == ["3. Fibbage had 1:0", "17 ended", "3 games played"]


def test_votes_that_were_counted_but_not_yet_said_when_the_last_game_was_another():
    """Votes that wait for others give way to those of the last game, too."""
    night = running(DRAWFUL)
    night.take(added(QUIPLASH, 2, at=START + 60), ended(3))
    night.tally(2, {QUIPLASH: (1, 0)})
    said = night.confirm(Verdict.ENDED, *rows_of(DRAWFUL, QUIPLASH, FIBBAGE), games=3)
    assert said == ["2. Quiplash"]
    assert "2. Quiplash had 1:0 (SUPERSEDED)" in night.unsaid


def test_a_bare_end_is_believed():
    """An end that does not tell how many games there were asks nothing."""
    night = running()
    night.take(bare(DRAWFUL), ended())
    assert night.wants[1:] == ["tally 1"]

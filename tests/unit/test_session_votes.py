"""Final votes: when they are said, and how they are counted."""

from __future__ import annotations

from dataclasses import replace

import pytest
from night import (
    DRAWFUL,
    FIBBAGE,
    KEY,
    NEXT,
    QUIPLASH,
    START,
    Night,
    added,
    down,
    ended,
    row,
    running,
    scoreboard,
    started,
    up,
)

from bot.domain import Game, Row, Tallied, Verdict, Votes
from bot.session import Reason, wants
from bot.session.plays import tonight

NEXT_GAME = added(QUIPLASH, 2, at=START + 600)


# --- when -----------------------------------------------------------------------------------


def test_votes_are_said_before_the_next_game():
    """A game's votes wait for their tally, and the next game's line waits for them."""
    night = running(DRAWFUL)
    assert night.take(NEXT_GAME) == []
    assert night.wants == ["snapshot", "tally 1"]
    assert night.tally(1, {DRAWFUL: (5, 1)}) == ["1. Drawful had 5:1", "2. Quiplash"]


def test_votes_are_said_before_the_end():
    """The last game's votes come before the end and the statistics of the night."""
    night = running(DRAWFUL)
    assert night.take(ended(1)) == []
    assert night.wants == ["tally 1"]
    said = night.tally(1, {DRAWFUL: (5, 1)})
    assert said == ["1. Drawful had 5:1", "17 ended", "1 games played"]


def test_nobody_voted():
    """A game without votes has no votes line."""
    night = running(DRAWFUL)
    night.take(NEXT_GAME)
    assert night.tally(1, {QUIPLASH: (1, 0)}) == ["2. Quiplash"]


def test_only_votes_against():
    """A game with nothing but thumbs down has its line."""
    night = running(DRAWFUL)
    night.take(NEXT_GAME)
    assert night.tally(1, {DRAWFUL: (0, 2)}) == ["1. Drawful had 0:2", "2. Quiplash"]


def test_a_second_tally_says_nothing():
    """An answer that comes twice, or for a game that has been told, changes nothing."""
    night = running(DRAWFUL)
    night.take(NEXT_GAME)
    night.tally(1, {DRAWFUL: (5, 1)})
    before = night.state
    assert night.tally(1, {DRAWFUL: (6, 1)}) == []
    assert night.state == before
    assert night.reasons == [Reason.DUPLICATE]


def test_a_tally_of_no_night():
    """An answer for a night that nobody knows is dropped."""
    night = Night()
    assert night.tally(1, {}) == []
    assert night.reasons == [Reason.DUPLICATE]


def test_lines_stay_in_order_behind_a_tally():
    """Whatever follows a closing game waits with it, a later tally that comes first included."""
    night = running(DRAWFUL)
    night.take(NEXT_GAME, added(FIBBAGE, 3, at=START + 700))
    assert night.tally(2, {QUIPLASH: (1, 1)}) == []
    said = night.tally(1, {DRAWFUL: (5, 1)})
    assert said == ["1. Drawful had 5:1", "2. Quiplash", "2. Quiplash had 1:1", "3. Fibbage"]


def test_a_new_night_waits_behind_the_old_one():
    """A night that begins while the last tally of the one before is out is said after it."""
    night = running(DRAWFUL)
    night.take(ended(1))
    assert night.take(started(NEXT)) == []
    said = night.tally(1, {DRAWFUL: (5, 1)})
    assert said == ["1. Drawful had 5:1", "17 ended", "1 games played", "18 started"]


def test_after_a_restart_the_tally_is_asked_again():
    """Wants of a state from disk are those of its closing games, and no others."""
    night = running(DRAWFUL)
    assert wants(night.state) == ()
    night.take(NEXT_GAME, added(FIBBAGE, 4, at=START + 700))
    night.tally(1, {})
    night.take(added(DRAWFUL, 5, at=START + 800))
    night.tally(3, {})
    (want,) = wants(night.state)
    assert (want.key, want.play, want.game_id) == (KEY, 2, QUIPLASH.id)
    assert want.first is not None


# --- counting by /votes ---------------------------------------------------------------------


def test_the_pickers_count_beats_ours():
    """Where the Picker counts tonight's votes, its count is said."""
    night = running(DRAWFUL)
    night.take(up(DRAWFUL, (11, 2)), NEXT_GAME)
    assert night.tally(1, {DRAWFUL: (3, 0)}) == ["1. Drawful had 3:0", "2. Quiplash"]


@pytest.mark.parametrize(
    ("known", "said"), [(None, "1:0"), (Votes(3, 1), "3:1"), (Votes(0, 2), "1:2")]
)
def test_more_was_told_before(known, said):
    """Without an answer the votes that were heard and those told before are all counted."""
    night = running(DRAWFUL)
    night.take(up(DRAWFUL, (11, 2)), NEXT_GAME)
    lines = night.take(Tallied(KEY, 1, known=known))
    assert lines == [f"1. Drawful had {said}", "2. Quiplash"]


def test_what_was_told_before_is_no_count():
    """Where no vote was heard, numbers from before the end are not said to be final."""
    night = running(DRAWFUL)
    night.take(NEXT_GAME)
    assert night.take(Tallied(KEY, 1, known=Votes(3, 1))) == ["2. Quiplash"]
    assert Reason.NO_COUNT in night.reasons


def test_same_game_twice_by_the_picker():
    """The Picker counts a game's votes of the whole night; its second play has the rest."""
    night = running(DRAWFUL)
    night.take(added(DRAWFUL, 2, at=START + 600))
    assert night.tally(1, {DRAWFUL: (3, 1)}) == ["1. Drawful had 3:1", "2. Drawful"]
    night.take(ended(2))
    said = night.tally(2, {DRAWFUL: (5, 1)})
    assert said[0] == "2. Drawful had 2:0"
    assert scoreboard(night.lines) == ["Drawful 3:1", "Drawful 2:0"]


def test_same_game_twice_after_our_own_count():
    """A second play by the Picker's count starts from our own count of the first."""
    night = running(DRAWFUL)
    night.take(up(DRAWFUL, (11, 2)), up(DRAWFUL, (12, 2)), added(DRAWFUL, 2, at=START + 600))
    assert night.tally(1, None) == ["1. Drawful had 2:0", "2. Drawful"]
    night.take(ended(2))
    assert night.tally(2, {DRAWFUL: (5, 1)})[0] == "2. Drawful had 3:1"


def test_same_game_three_times_by_the_picker():
    """Each play of a game starts from the count when the one before it closed."""
    night = running(DRAWFUL)
    night.take(added(DRAWFUL, 2, at=START + 600))
    night.tally(1, {DRAWFUL: (3, 1)})
    night.take(added(DRAWFUL, 3, at=START + 700))
    assert night.tally(2, {DRAWFUL: (4, 1)})[0] == "2. Drawful had 1:0"
    night.take(ended(3))
    assert night.tally(3, {DRAWFUL: (4, 3)})[0] == "3. Drawful had 0:2"


def test_games_that_were_never_said_are_counted_for_the_scoreboard():
    """The scoreboard has the votes of games that a catch-up line told of."""
    night = running()
    night.poll(row(1, DRAWFUL), row(2, QUIPLASH))
    night.take(ended(2))
    night.tally(2, {DRAWFUL: (2, 2), QUIPLASH: (1, 0)})
    assert scoreboard(night.lines) == ["Drawful 2:2", "Quiplash 1:0"]


def test_the_count_of_a_game_without_an_id():
    """What the Picker counts tonight cannot be told of a game whose id is unknown."""
    night = running(DRAWFUL)
    night.take(added(Game("Homemade"), 2))
    session = night.state.current
    counts = {DRAWFUL.id: Votes(2, 1)}
    assert [tonight(session, play, counts) for play in session.plays] == [Votes(2, 1), None]


def test_a_later_play_of_a_game_takes_the_votes_of_one_that_was_never_said():
    """Votes that cannot be told apart are shown once, not with each play of the game."""
    night = running()
    night.poll(row(1, DRAWFUL), row(2, DRAWFUL))
    night.take(ended(2))
    night.tally(2, {DRAWFUL: (2, 2)})
    assert scoreboard(night.lines) == ["Drawful unknown", "Drawful 2:2"]


# --- our own count --------------------------------------------------------------------------


def own_count(*events: object, game: Game = DRAWFUL) -> str:
    """The votes line by our own count after these events."""
    night = running(game)
    night.take(*events, NEXT_GAME)
    return " | ".join(night.tally(1, None))


def test_own_count_starts_before_the_first_vote():
    """Totals are all-time; the count begins at the first event less its own vote."""
    said = own_count(up(DRAWFUL, (11, 2)), down(DRAWFUL, (11, 3)))
    assert said == "1. Drawful had 1:1 | 2. Quiplash"


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 0, 2), (0, 0, 1, 1, 2, 0), (2, 0)])
def test_own_count_needs_no_order(order):
    """Votes that come in any order, or twice, or are lost between others, count the same."""
    votes = [up(DRAWFUL, (11, 2)), up(DRAWFUL, (12, 2)), up(DRAWFUL, (13, 2))]
    said = own_count(*(votes[index] for index in order))
    assert said == "1. Drawful had 3:0 | 2. Quiplash"


def test_own_count_without_any_vote_seen():
    """Where nothing is known of the votes there is no line, and the log says so."""
    night = running(DRAWFUL)
    night.take(NEXT_GAME)
    assert night.tally(1, None) == ["2. Quiplash"]
    assert night.reasons == [Reason.NO_COUNT]


def test_a_vote_without_totals():
    """An event without totals cannot be told from a repeat and does not count."""
    assert own_count(up(DRAWFUL, None)) == "2. Quiplash"


def test_a_game_without_a_number():
    """A game without an id is counted by nobody else, so ours is all there is."""
    night = running(Game("Homemade"))
    night.take(NEXT_GAME)
    assert night.tally(1, {DRAWFUL: (1, 1)}) == ["2. Quiplash"]


def test_counters_that_were_reset():
    """A host who resets a game's counters makes no negative votes."""
    night = running()
    night.take(added(DRAWFUL, 1, at=START))
    night.poll(row(1, DRAWFUL, at=START, totals=(0, 9)))
    night.take(down(DRAWFUL, (0, 10)), NEXT_GAME)
    assert night.tally(1, None) == ["1. Drawful had 0:1", "2. Quiplash"]


def test_a_vote_belongs_to_its_game():
    """A vote that arrives after the next game began still counts for its own."""
    night = running(DRAWFUL)
    night.take(up(DRAWFUL, (11, 2)), NEXT_GAME, up(DRAWFUL, (12, 2)), up(QUIPLASH, (1, 0)))
    assert night.tally(1, None) == ["1. Drawful had 2:0", "2. Quiplash"]


def test_a_vote_after_the_end():
    """A vote that arrives while the last tally is out counts; in another night it does not."""
    night = running(DRAWFUL)
    night.take(up(DRAWFUL, (11, 2)), ended(1), up(DRAWFUL, (12, 2)), up(DRAWFUL, (13, 2), id=99))
    assert night.tally(1, None)[0] == "1. Drawful had 2:0"


def test_a_late_vote():
    """A vote for a game whose votes were said changes nothing and says nothing."""
    night = running(DRAWFUL)
    night.take(up(DRAWFUL, (11, 2)), NEXT_GAME)
    night.tally(1, None)
    before = night.state
    assert night.take(up(DRAWFUL, (12, 2))) == []
    assert night.state == before


def test_a_vote_for_a_game_that_is_not_tonights():
    """Votes for a game of the catalogue that was not played are not ours to tell."""
    night = running(DRAWFUL)
    before = night.state
    night.take(up(FIBBAGE, (1, 0)))
    assert night.state == before


def test_same_game_twice_by_own_count():
    """A game played again starts from what was known when its earlier play closed, so that a
    vote whose event was lost is not lost, and none counts twice."""
    night = running(DRAWFUL)
    night.take(up(DRAWFUL, (11, 2)), added(DRAWFUL, 2, at=START + 600))
    assert night.tally(1, None) == ["1. Drawful had 1:0", "2. Drawful"]
    night.take(up(DRAWFUL, (13, 2)), ended(2))
    assert night.tally(2, None)[0] == "2. Drawful had 2:0"


def test_same_game_twice_with_a_late_vote_event_of_the_first():
    """A repeated event of the first play does not move the beginning of the second."""
    night = running(DRAWFUL)
    night.take(up(DRAWFUL, (11, 2)), up(DRAWFUL, (12, 2)), added(DRAWFUL, 2, at=START + 600))
    night.tally(1, None)
    night.take(up(DRAWFUL, (11, 2)), up(DRAWFUL, (13, 2)), ended(2))
    assert night.tally(2, None)[0] == "2. Drawful had 1:0"


def test_votes_of_a_game_that_was_taken_back_and_added_again():
    """Votes for a game that was taken back count for its next play, whoever counts: the
    Picker does not know one from the other."""
    for counts in (None, {DRAWFUL: (2, 0)}):
        night = running(DRAWFUL)
        night.take(up(DRAWFUL, (11, 2)))
        night.poll()
        night.take(added(DRAWFUL, 1, at=START + 60), up(DRAWFUL, (12, 2)), ended(1))
        assert night.tally(2, counts)[0] == "2. Drawful had 2:0"


def test_votes_that_were_said_before_a_game_was_taken_back():
    """Votes that were said stay with the play they were said for."""
    for counts in (None, {DRAWFUL: (2, 0)}):
        night = running(DRAWFUL)
        night.take(up(DRAWFUL, (11, 2)), NEXT_GAME)
        night.tally(1, counts and {DRAWFUL: (1, 0)})
        night.poll(row(102, QUIPLASH))
        night.take(added(DRAWFUL, 2, at=START + 900), up(DRAWFUL, (12, 2)))
        night.tally(2, {})
        night.take(ended(2))
        assert night.tally(3, counts)[0] == "3. Drawful had 1:0"


def test_the_games_list_tells_the_beginning():
    """Totals of a row read soon after a game began are those of its beginning."""
    night = running()
    night.take(added(DRAWFUL, 1, at=START))
    night.later(5).poll(row(1, DRAWFUL, at=START, totals=(10, 2)))
    night.take(up(DRAWFUL, (14, 2)), NEXT_GAME)
    assert night.tally(1, None)[0] == "1. Drawful had 4:0"


def test_the_games_list_long_after_the_beginning():
    """Totals of a row read long after a game began say nothing of its beginning."""
    night = running()
    night.take(added(DRAWFUL, 1, at=START))
    night.later(600).poll(row(1, DRAWFUL, at=START, totals=(10, 2)))
    night.later(600).poll(row(1, DRAWFUL, at=START, totals=(13, 2)))
    night.take(NEXT_GAME)
    assert night.tally(1, None) == ["2. Quiplash"]
    assert night.reasons == [Reason.NO_COUNT]


def test_totals_that_rose_after_the_night():
    """Totals in the rows of a night that is over may count votes of a later night."""
    night = running()
    night.take(added(DRAWFUL, 1, at=START))
    night.later(1).poll(row(101, DRAWFUL, at=START, totals=(10, 2)))
    night.take(started(NEXT))
    rows = (row(101, DRAWFUL, totals=(15, 2)), row(102, DRAWFUL, totals=(15, 2)))
    night.confirm(Verdict.ENDED, *rows)
    assert night.tally(2, None)[0] == "17 ended"


# --- Pickers of November 2025 ---------------------------------------------------------------


def test_counters_of_an_old_picker():
    """Without votes events and counts of tonight, the counters' difference is the count."""
    night = running()
    night.take(added(DRAWFUL, 1, at=START))
    assert night.wants == ["snapshot"]
    night.later(1).poll(row(1, DRAWFUL, at=START, totals=(10, 2)))
    night.later(900).take(NEXT_GAME)
    assert night.counters(1, (13, 3)) == ["1. Drawful had 3:1", "2. Quiplash"]


def test_counters_by_the_games_list_alone():
    """The counters of a later games list serve where the game itself could not be read."""
    night = running()
    night.take(added(DRAWFUL, 1, at=START))
    night.later(1).poll(row(1, DRAWFUL, at=START, totals=(10, 2)))
    night.later(900).poll(row(1, DRAWFUL, at=START, totals=(13, 3)))
    night.take(NEXT_GAME)
    assert night.counters(1, None) == ["1. Drawful had 3:1", "2. Quiplash"]


def test_an_old_picker_without_counters():
    """Where the rows carry no counters there is no votes line."""
    night = running(DRAWFUL)
    night.take(NEXT_GAME)
    assert night.counters(1, (13, 3)) == ["2. Quiplash"]


def test_counters_of_a_game_played_twice_in_a_row():
    """The second play starts from the counters with which the first one closed."""
    night = running()
    night.take(added(DRAWFUL, 1, at=START))
    night.later(1).poll(row(1, DRAWFUL, at=START, totals=(10, 2)))
    night.later(900).take(added(DRAWFUL, 2, at=START + 900))
    assert night.counters(1, (13, 3))[0] == "1. Drawful had 3:1"
    night.later(900).take(ended(2))
    assert night.counters(2, (15, 3))[0] == "2. Drawful had 2:0"


def begun(id: int, game: Game, before: tuple[int, int]) -> Row:
    """A row of a game whose counters before the night are known."""
    return replace(row(id, game, at=START, totals=(12, 3)), before=Votes(*before))


def test_counters_from_before_the_night():
    """Votes that were cast before the first look at a game count, however late that comes."""
    night = running()
    night.take(added(DRAWFUL, 1, at=START))
    night.later(900).poll(begun(1, DRAWFUL, (10, 2)))
    night.take(NEXT_GAME)
    assert night.counters(1, (13, 3)) == ["1. Drawful had 3:1", "2. Quiplash"]


def test_counters_of_a_game_that_no_snapshot_showed():
    """A game that is over before there was a snapshot of it has its votes all the same."""
    night = running()
    night.take(added(DRAWFUL, 1, at=START), NEXT_GAME)
    tallied = Tallied(KEY, 1, totals=Votes(13, 3), before=Votes(10, 2))
    assert night.take(tallied) == ["1. Drawful had 3:1", "2. Quiplash"]


def test_counters_from_before_the_night_are_of_the_first_play():
    """The second play of a game starts where the first one closed, not before the night."""
    night = running()
    night.take(added(DRAWFUL, 1, at=START))
    night.later(900).take(added(DRAWFUL, 2, at=START + 900))
    night.poll(begun(1, DRAWFUL, (10, 2)), begun(2, DRAWFUL, (10, 2)))
    before = Votes(10, 2)
    first = night.take(Tallied(KEY, 1, totals=Votes(13, 3), before=before))
    night.later(900).take(ended(2))
    second = night.take(Tallied(KEY, 2, totals=Votes(15, 3), before=before))
    assert (first[0], second[0]) == ("1. Drawful had 3:1", "2. Drawful had 2:0")

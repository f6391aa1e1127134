"""What a Picker knows, and how it decides."""

from __future__ import annotations

import pytest

from bot.sandbox.catalogue import catalogue
from bot.sandbox.database import Database, Refusal, Unmatched

T0 = 1_762_563_600.0


@pytest.fixture
def database() -> Database:
    return Database(catalogue(0), first_session_id=17)


@pytest.fixture
def night(database: Database) -> int:
    return database.start("Friday", T0).id


def refused(action, *arguments, **named) -> Refusal:
    with pytest.raises(Refusal) as caught:
        action(*arguments, **named)
    return caught.value


def vote(database: Database, username: str, voted_at: float, up: bool = True, ticker=None):
    return database.vote(username, up, "stamp", voted_at, voted_at, ticker=ticker)


def test_catalogue_is_real_games_with_tickers_that_nobody_shares() -> None:
    """Some forty games, each with its own title and a ticker of two to four letters or digits."""
    games = catalogue(0)
    assert len(games) >= 40
    assert len({game.title for game in games}) == len({game.ticker for game in games}) == len(games)
    assert all(2 <= len(game.ticker) <= 4 and game.ticker.isalnum() for game in games)
    assert all(1 <= game.min_players < game.max_players for game in games)
    [quiplash] = [game for game in games if game.title == "Quiplash 3"]
    assert (quiplash.pack, quiplash.min_players, quiplash.max_players, quiplash.ticker) == (
        "The Jackbox Party Pack 7",
        3,
        8,
        "QPL3",
    )


def test_a_seed_fixes_the_counters() -> None:
    """The same seed gives the same all-time counters, another seed others."""
    assert catalogue(1) == catalogue(1) != catalogue(2)


def test_the_catalogue_is_listed_by_pack_then_title(database: Database) -> None:
    """The order of `GET /api/games`."""
    games = database.games()
    assert list(games) == sorted(games, key=lambda game: (game.pack, game.title))
    assert refused(database.game, 9_999).error == "Game not found"


def test_only_one_session_is_active(database: Database, night: int) -> None:
    """A second start is refused, and the refusal names the session that runs."""
    refusal = refused(database.start, None, T0 + 5)
    assert (refusal.status, refusal.active_session_id) == (400, night)
    database.close(night, T0 + 9.9)
    assert database.active() is None
    assert database.session(night).closed_at == T0 + 9
    assert database.start(None, T0 + 10).id == night + 1
    assert [session.id for session in database.sessions()] == [night + 1, night]


def test_only_a_closed_session_can_be_deleted(database: Database, night: int) -> None:
    """Deleting an active one is refused; a deleted one is gone, with its votes."""
    database.add(night, 1, T0)
    vote(database, "ann", T0)
    assert refused(database.delete, night).status == 400
    database.close(night, T0)
    assert refused(database.close, night, T0).error == "Session is already closed"
    assert refused(database.add, night, 1, T0).error == "Cannot add games to a closed session"
    database.delete(night)
    assert refused(database.session, night).error == "Session not found"
    assert database.votes(lambda _: True) == ()


def test_what_sqlite_stamps_is_cut_to_the_second(database: Database) -> None:
    """`created_at` and `played_at` have no fraction."""
    session = database.start(None, T0 + 0.9)
    assert session.created_at == T0
    assert database.add(session.id, 1, T0 + 1.9).played_at == T0 + 1


def test_the_next_game_ends_the_one_before(database: Database, night: int) -> None:
    """One row is playing at most; closing the night leaves none; a skipped row stays skipped."""
    first = database.add(night, 1, T0)
    second = database.add(night, 2, T0 + 1)
    third = database.add(night, 1, T0 + 2)
    database.set_status(night, first.id, "skipped")
    database.set_status(night, second.id, "playing")
    statuses = [row.status for row in database.rows(night)]
    assert statuses == ["skipped", "playing", "played"]
    database.close(night, T0 + 3)
    assert [row.status for row in database.rows(night)] == ["skipped", "played", "played"]
    assert refused(database.set_status, night, third.id, "won").status == 400


def test_a_game_taken_back_is_no_longer_counted(database: Database, night: int) -> None:
    """The count of games falls, other rows keep their ids, and votes cast for it stay."""
    wrong = database.add(night, 1, T0)
    vote(database, "ann", T0 + 1)
    right = database.add(night, 2, T0 + 5)
    database.remove(night, wrong.id)
    assert database.games_played(night) == 1
    assert database.rows(night) == (right,)
    assert [tally.game.id for tally in database.tallies(night)] == [1]
    assert refused(database.remove, night, wrong.id).error == "Session game not found"
    assert refused(database.row, 9_999, right.id).status == 404


def test_room_code_and_player_count_change_a_row_alone(database: Database, night: int) -> None:
    """A late code and a count are on the row, which is otherwise as it was."""
    row = database.add(night, 1, T0)
    database.set_room_code(night, row.id, "ABCD")
    changed = database.set_player_count(night, row.id, 6)
    assert (changed.room_code, changed.player_count, changed.played_at) == ("ABCD", 6, T0)


@pytest.mark.parametrize(
    ("voted_at", "game_id"),
    [(T0 + 10, 1), (T0 + 19.999, 1), (T0 + 20, 2), (T0 + 29.9, 2), (T0 + 30, 1), (T0 + 9_999, 1)],
)
def test_a_vote_belongs_to_the_game_of_its_moment(
    database: Database, night: int, voted_at: float, game_id: int
) -> None:
    """By the voter's timestamp and the `played_at` of the rows, whenever it arrives."""
    for moment, id in ((10, 1), (20, 2), (30, 1)):
        database.add(night, id, T0 + moment)
    assert vote(database, "ann", voted_at).game_id == game_id


def test_votes_without_a_game_to_go_to_are_refused(database: Database) -> None:
    """No session, no game yet, or a moment before the first game."""
    assert refused(vote, database, "ann", T0).error == "No active session found"
    night = database.start(None, T0).id
    nothing_yet = refused(vote, database, "ann", T0).error
    assert nothing_yet == "No games have been played in the active session yet"
    game = database.game(database.add(night, 1, T0 + 10).game_id)
    too_early = refused(vote, database, "ann", T0 + 9)
    assert too_early.status == 404
    assert too_early.unmatched == Unmatched("stamp", ((game.title, T0 + 10),))


def test_a_vote_raises_the_counters_of_all_time(database: Database, night: int) -> None:
    """Up and down count each for themselves, on top of what the game had."""
    before = database.game(1)
    database.add(night, 1, T0)
    vote(database, "ann", T0, up=True)
    vote(database, "ben", T0, up=False)
    vote(database, "cleo", T0, up=True)
    after = database.game(1)
    assert (after.upvotes, after.downvotes) == (before.upvotes + 2, before.downvotes + 1)
    assert after.popularity == before.popularity + 1
    assert after.play_count == before.play_count + 1


def test_the_second_vote_of_a_person_within_a_second_is_a_duplicate(
    database: Database, night: int
) -> None:
    """409 for the same name, whatever the game; others and later votes count."""
    database.add(night, 1, T0)
    vote(database, "ann", T0 + 5)
    assert refused(vote, database, "ann", T0 + 5.9).status == 409
    assert refused(vote, database, "ann", T0 + 4.5, ticker="QPL3").status == 409
    vote(database, "ben", T0 + 5)
    vote(database, "ann", T0 + 6.1)
    assert database.tallies(night)[0].upvotes == 3


def test_a_ticker_names_any_game_of_the_catalogue(database: Database, night: int) -> None:
    """In the session or not, in any case; an unknown one is refused."""
    voted = vote(database, "ann", T0, ticker="qpl3")
    assert database.game(voted.game_id).title == "Quiplash 3"
    assert refused(vote, database, "ben", T0, ticker="NONE").status == 404


def test_tallies_are_tonights_best_first(database: Database, night: int) -> None:
    """Two plays of a game share a row, a game without votes has none, other nights do not count."""
    database.add(night, 3, T0)
    vote(database, "zed", T0)
    database.close(night, T0 + 1)
    tonight = database.start(None, T0 + 2).id
    for moment, id in ((10, 1), (20, 2), (30, 1), (40, 4)):
        database.add(tonight, id, T0 + moment)
    vote(database, "ann", T0 + 10, up=False)
    vote(database, "ben", T0 + 20)
    vote(database, "cleo", T0 + 30, up=False)
    found = [(t.game.id, t.upvotes, t.downvotes, t.net_score) for t in database.tallies(tonight)]
    assert found == [(2, 1, 0, 1), (1, 0, 2, -2)]
    assert refused(database.tallies, 9_999).error == "Session not found"


def test_votes_are_listed_newest_first(database: Database, night: int) -> None:
    """And numbered, with the name, the direction and the moment as given."""
    database.add(night, 1, T0)
    vote(database, "ann", T0)
    vote(database, "ben", T0 + 1.5, up=False)
    listed = database.votes(lambda vote: vote.game_id == 1)
    assert [(v.id, v.username, v.up, v.created_at) for v in listed] == [
        (2, "ben", False, T0 + 1),
        (1, "ann", True, T0),
    ]

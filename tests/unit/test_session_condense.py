"""A storm of votes in a few steps."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bot.domain import (
    Clock,
    Game,
    GameAdded,
    Input,
    SessionKey,
    SessionStarted,
    VoteReceived,
    Votes,
)
from bot.session import State, condense, step

KEY = SessionKey(1, 1_800_000_000)
CLOCK = Clock(1_800_000_100.0)


def vote(game: int, up: int, down: int = 0, *, is_up: bool = True) -> VoteReceived:
    return VoteReceived(1, game, "ann", is_up, totals=Votes(up, down))


def state_after(inputs: list[Input]) -> State:
    state = State()
    begin: list[Input] = [SessionStarted(KEY)]
    begin += [GameAdded(1, Game(f"Game {n}", n), n, at=1_800_000_000.0 + n) for n in (1, 2)]
    for fact in begin + inputs:
        state = step(state, fact, CLOCK).state
    return state


def test_a_run_of_votes_is_two() -> None:
    """Of a thousand votes for a game the first and the last are left, whatever their order."""
    votes = [vote(1, n) for n in range(1, 1001)]
    assert list(condense(votes[500:] + votes[:500])) == [votes[0], votes[-1]]


def test_a_single_vote_stays_one() -> None:
    """A vote that is alone, or repeated, is there once."""
    assert list(condense([vote(1, 5), vote(1, 5)])) == [vote(1, 5)]


def test_games_and_other_facts_part_the_runs() -> None:
    """Votes are condensed for each game, and never across another fact."""
    added = GameAdded(1, Game("Game 3", 3), 3)
    inputs = [vote(1, 1), vote(2, 1), vote(1, 2), added, vote(1, 3)]
    assert list(condense(inputs)) == [vote(1, 1), vote(1, 2), vote(2, 1), added, vote(1, 3)]


def test_votes_without_totals_count_nothing() -> None:
    """A vote that tells no totals leaves nothing."""
    assert list(condense([VoteReceived(1, 1, "ann", True)])) == []


@given(
    st.lists(st.tuples(st.sampled_from([1, 2]), st.booleans()), max_size=40),
    st.randoms(use_true_random=False),
)
def test_condensed_votes_lead_to_the_same_state(
    votes: list[tuple[int, bool]], dice: object
) -> None:
    """Whatever votes were cast, reordered, lost and repeated: the state is the same."""
    totals = {1: Votes(7, 3), 2: Votes()}
    sent: list[Input] = []
    for game, is_up in votes:
        totals[game] = totals[game].plus(Votes(1, 0) if is_up else Votes(0, 1))
        sent.append(VoteReceived(1, game, "ann", is_up, totals=totals[game]))
    dice.shuffle(sent)  # type: ignore[attr-defined]
    sent = sent[: len(sent) * 3 // 4] + sent[: len(sent) // 4]
    assert state_after(list(condense(sent))) == state_after(sent)

"""The session machine and whatever may come in, however senseless."""

from __future__ import annotations

from dataclasses import replace

import pytest
from follower import Follower
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.domain import (
    Clock,
    Confirmed,
    Game,
    GameAdded,
    Input,
    RoomSeen,
    Row,
    RowStatus,
    SessionEnded,
    SessionInfo,
    SessionKey,
    SessionStarted,
    Snapshot,
    Tallied,
    Verdict,
    VoteReceived,
    Votes,
)

SOME = settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
MANY = settings(SOME, max_examples=5000)

ids = st.integers(-1, 2)
keys = st.builds(SessionKey, ids, st.sampled_from([0, 100, 200]))
moments = st.none() | st.sampled_from([0.0, 99.5, 100.0, 150.0, 1e12])
votes = st.builds(Votes, st.integers(0, 3), st.integers(0, 3))
games = st.builds(Game, st.sampled_from("AB"), st.none() | st.integers(0, 1))
counts_of_games = st.none() | st.integers(-1, 4)
codes = st.none() | st.sampled_from(["", "ABCD", "\ud800 x"])
rows = st.builds(Row, ids, games, st.sampled_from(RowStatus), codes, moments, st.none() | votes)
some_rows = st.none() | st.lists(rows, max_size=4, unique_by=lambda row: row.id).map(tuple)
infos = st.builds(SessionInfo, keys, st.booleans(), counts_of_games, st.none(), moments)
seen = st.sampled_from([0, 0, 0, -1])
"""Questions asked now, mostly; else one fact ago."""

inputs = st.one_of(
    st.builds(SessionStarted, keys, st.none(), moments),
    st.builds(GameAdded, ids, games, counts_of_games, codes, moments),
    st.builds(VoteReceived, ids, st.integers(0, 1), st.just("ann"), st.booleans(), moments, votes),
    st.builds(SessionEnded, ids, counts_of_games, moments),
    st.builds(RoomSeen, ids, st.integers(0, 1), codes.map(str), moments),
    st.builds(Snapshot, seen, st.none() | infos, some_rows),
    st.builds(Confirmed, seen, keys, st.sampled_from(Verdict), st.none() | infos, some_rows),
    st.builds(
        Tallied,
        keys,
        st.integers(0, 4),
        st.none() | st.dictionaries(st.integers(0, 1), votes).map(lambda d: tuple(d.items())),
        st.none() | votes,
        st.none() | votes,
        st.none() | votes,
    ),
)
anything = st.integers(0, 40).flatmap(
    lambda n: st.lists(st.tuples(inputs, st.sampled_from([0, 40, -3600])), min_size=n, max_size=n)
)


def check_anything(given_in: list[tuple[Input, int]]) -> None:
    follower, now = Follower(), 1000.0
    for given_now, seconds in given_in:
        now += seconds
        if isinstance(given_now, Snapshot | Confirmed):
            given_now = replace(given_now, seen=follower.state.facts + given_now.seen)
        follower.take(given_now, Clock(now))


@SOME
@given(anything)
def test_anything_at_all(given_in: list[tuple[Input, int]]):
    """Whatever comes in, however senseless, nothing is raised, nothing is said twice, repeats
    change nothing, and every state survives a restart."""
    check_anything(given_in)


@pytest.mark.long
@pytest.mark.timeout(1200)
@MANY
@given(anything)
def test_anything_at_all_at_length(given_in: list[tuple[Input, int]]):
    """The same, for many more sequences."""
    check_anything(given_in)

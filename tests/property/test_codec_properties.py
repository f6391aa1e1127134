"""bot.codec on what the store keeps."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bot.codec import decode, encode
from bot.domain import Fact, Message, SessionKey, Votes
from bot.session import Ended, State


@given(st.dictionaries(st.from_type(SessionKey), st.from_type(Ended), max_size=3), st.integers())
def test_any_nights(ended: dict[SessionKey, Ended], facts: int) -> None:
    """What is known of ended nights comes back equal, keys included."""
    state = State(facts, ended=ended)
    assert decode(State, encode(state)) == state


@given(st.from_type(Fact) | st.from_type(Message) | st.from_type(Votes))
def test_any_fact_or_message(value: Fact | Message | Votes) -> None:
    """What is announced, and how it is said, comes back equal and of the same class."""
    again = decode(Fact | Message | Votes, encode(value))
    assert again == value
    assert type(again) is type(value)

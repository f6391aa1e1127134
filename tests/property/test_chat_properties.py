"""bot.chat on any text: nothing raises, votes are few and plain, and no line is slow."""

from __future__ import annotations

from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot import chat
from bot.chat import MOST_VOTES, Rules, Vote
from bot.domain import Author, Line, Target

RULES = Rules(names=("nightcrier",))
SIGNS = '`"“”„«»><!_é. \n\x03'
WORDY = ("thisgame", "++", "--", "QPL3", "fib", "> ", ">>> ", "<bob> ", "votes", "mute ", "[irc]")
PIECES = st.sampled_from((*SIGNS, *WORDY, "```", "://"))
TEXTS = st.one_of(st.text(), st.lists(PIECES).map("".join))
WORDS = st.text("abcdefghij ", max_size=20)


def said(text: str, private: bool = False) -> Line:
    return Line(Target("libera", "#games"), Author("1", "ann"), text, 1000.0, private)


def votes(text: str) -> tuple[Vote, ...]:
    found = chat.parse(said(text), RULES)
    assert isinstance(found, tuple)
    return found


@given(TEXTS, st.booleans())
def test_any_text_is_read(text: str, private: bool) -> None:
    """Whatever is said is understood or nothing; a line has one vote a game, and few of them."""
    found = chat.parse(said(text, private), RULES)
    if isinstance(found, tuple):
        tickers = [vote.ticker for vote in found]
        assert len(set(tickers)) == len(tickers) <= MOST_VOTES
        assert all(each is None or (each.isalnum() and each.isascii()) for each in tickers)
        assert all(each is None or each == each.upper() for each in tickers)


@given(TEXTS, WORDS, st.sampled_from(["", "!votes ", "thisgame++", "nightcrier: ", "@NightCrier "]))
def test_a_quick_look_misses_nothing(text: str, word: str, begin: str) -> None:
    """What a quick look leaves out is nothing to the long one either."""
    line = said(begin + word + text)
    if "\x03" not in text and not chat.may_ask(line, RULES):
        assert chat.parse(line, RULES) == ()


@given(WORDS, st.sampled_from(["thisgame", "ThisGame"]), st.booleans(), WORDS)
def test_a_vote_is_found_anywhere(before: str, name: str, up: bool, after: str) -> None:
    """Words around a vote do not change it."""
    sign = "++" if up else "--"
    assert votes(f"{before} {name}{sign} {after}") == (Vote(up),)


@given(TEXTS)
def test_both_signs_are_no_vote(text: str) -> None:
    """No text makes a vote of a game that is given both signs in the author's own words."""
    assert Vote(True) not in votes(f"thisgame++ thisgame--\n{text}")
    assert Vote(False) not in votes(f"thisgame++ thisgame--\n{text}")


@given(TEXTS, st.sampled_from(["[irc]", "[KOSMI]", " **[Matrix]** "]))
def test_relayed_text_is_nothing(text: str, prefix: str) -> None:
    """Nothing behind a relay's prefix votes or commands."""
    assert chat.parse(said(f"{prefix} {text}"), RULES) == ()


@given(st.integers(0, 23), st.integers(0, 59), st.integers(1, 59))
def test_spans_add_up(hours: int, minutes: int, seconds: int) -> None:
    """A span that is written is the span that is read."""
    text = f"{hours}h{minutes}m{seconds}s"
    assert chat.parse_span(text) == hours * 3600 + minutes * 60 + seconds


RETRIED = ("thisgame+", "thisgame++", "AB++ ", "thisgame++--", "`` ` ", "<@1", "<a:", "\n<b")
HIDDEN = ("\u200d", "\ufe0f", "👍\u200d", "\x031,1")


@pytest.mark.parametrize("piece", [*SIGNS, *WORDY, *RETRIED, *HIDDEN, *"a+-1@", "1:2", "://", "1h"])
def test_a_long_line_costs_little(piece: str) -> None:
    """A line of 100 kB, of whatever makes a pattern try again, is read in under a second."""
    text = (piece * 100_000)[:100_000]
    begin = process_time()
    for line in (said(text), said("!mute " + text), said("nightcrier: " + text, private=True)):
        chat.parse(line, RULES)
    assert process_time() - begin < 3.0

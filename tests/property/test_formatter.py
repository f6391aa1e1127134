"""What holds of text whatever it is: cleaning, cutting, joining, rendering."""

from __future__ import annotations

from itertools import pairwise

import regex
from hypothesis import given
from hypothesis import strategies as st

from bot import messages
from bot.domain import (
    Added,
    Announcement,
    Card,
    CodeChanged,
    Fact,
    Game,
    Kind,
    Message,
    Missed,
    Over,
    Scored,
    SessionKey,
    Span,
    Started,
    Stats,
    Style,
    Unit,
    Voted,
    Votes,
)
from bot.formatter import Wording, WordingError, clean, join, shorten, split
from bot.formatter.clean import width

SPECIAL = (
    "\x00\x07\t\n\r\x1b\x7f\x85\u00a0\u061c\u200b\u200c\u200d\u200e\u2028\u202e\u2060\u2066\ufeff"
    "\ufe0e\ufe0f\u180b\U000e0101\ue000\ue001\uf8ff\U0010fffd\ud800\udfff"
    "🇩🇪👩👧🏽❤葛عक्ᠠ\u0301 {}%|'`*_~<@>"
)
any_text = st.text(st.characters(codec=None) | st.sampled_from(SPECIAL), max_size=60)
visible = st.text(st.sampled_from("ab 👍🏽🇩🇪\u0301\u200d\ufe0f👩क्ष\n *"), max_size=80)
spans = st.lists(st.builds(Span, visible, st.sampled_from(Style)), max_size=6).map(tuple)
kinds = st.none() | st.sampled_from(Kind)
message_values = st.builds(Message, spans, st.none() | st.builds(Card, visible), kind=kinds)

FORBIDDEN = regex.compile(
    r"[\p{Cc}\p{Cs}\p{Co}\u2028\u2029\u061c\u200b\u200e\u200f\u202a-\u202e\u2060"
    r"\u2066-\u2069\ufeff]"
)
BORDERS = regex.compile(r"\X")
WORDING = Wording(messages.load("en"))


def measure_in(unit: Unit, markup: int):
    """A network that escapes stars and wraps each styled span in ``markup`` on both sides."""

    def measure(message: Message) -> int:
        total = 0
        for span in message.spans:
            text = span.text.replace("*", "\\*")
            total += len(text.encode() if unit is Unit.BYTES else text)
            total += 2 * markup * (span.style is not Style.PLAIN)
        return total

    return measure


measures = st.builds(measure_in, st.sampled_from(Unit), st.integers(0, 3))


def styled(message: Message) -> list[tuple[str, Style]]:
    """What can be seen of ``message``: each character that is no blank, with its style."""
    return [(c, span.style) for span in message.spans for c in span.text if c not in " \n"]


def characters(message: Message) -> list[str]:
    return BORDERS.findall(message.text)


def all_parts(message: Message, length: int, measure, multiline: bool) -> list[Message]:
    result, rest = [], message
    while rest is not None:
        head, rest = split(rest, length, measure, multiline=multiline)
        result.append(head)
        assert len(result) <= len(message.text) + 1
    return result


# --- clean, shorten ------------------------------------------------------------------------


@given(any_text)
def test_clean_text_holds_nothing_forbidden(text: str) -> None:
    """No control, no bidi, no private use, no surrogate, no blank but single ones inside."""
    cleaned = clean(text)
    assert not FORBIDDEN.search(cleaned)
    assert cleaned == " ".join(cleaned.split())
    cleaned.encode()


@given(any_text)
def test_cleaning_twice_changes_nothing(text: str) -> None:
    """What was cleaned when it came in may be cleaned again when it is shown."""
    assert clean(clean(text)) == clean(text)


@given(any_text)
def test_clean_keeps_whatever_can_be_seen(text: str) -> None:
    """All characters but blanks, format characters and selectors are still there, in order."""
    gone = regex.compile(r"[\s\p{Cc}\p{Cs}\p{Co}\p{Cf}\p{Variation_Selector}]")
    assert gone.sub("", clean(text)) == gone.sub("", text)


@given(any_text.map(clean), st.integers(2, 20), st.integers(3, 60))
def test_shortened_text_is_within_its_bounds(text: str, graphemes: int, units: int) -> None:
    """Graphemes and UTF-16 units both; what was cut says so."""
    short = shorten(text, graphemes, units)
    assert width(short) <= units
    assert len(BORDERS.findall(short)) <= graphemes
    assert short == text or short.endswith("…")
    assert short == text or text.startswith(short[:-1])


# --- split ---------------------------------------------------------------------------------


@given(message_values, st.integers(30, 90), measures, st.booleans())
def test_every_part_fits_and_says_something(message, length, measure, multiline) -> None:
    """No part is longer than allowed, none is empty or ends in blanks, none has a line too many."""
    for part in all_parts(message, length, measure, multiline):
        assert measure(part) <= length
        assert not {*characters(part)[:1], *characters(part)[-1:]} & {" ", "\n"}
        assert part.text or not message.text.strip(" \n")
        assert multiline or "\n" not in part.text


@given(message_values, st.integers(0, 40), measures, st.booleans())
def test_no_visible_text_is_lost_or_restyled(message, length, measure, multiline) -> None:
    """The parts together show every character of the whole, in its style and order."""
    parts = all_parts(message, length, measure, multiline)
    assert [c for part in parts for c in styled(part)] == styled(message)


@given(message_values, measures, st.booleans())
def test_cuts_are_at_grapheme_borders(message, measure, multiline) -> None:
    """Where a part has room for the longest grapheme, none is taken apart."""
    whole = [g for g in characters(message) if g not in " \n"]
    length = max((len(g.encode()) * 8 for g in whole), default=1)
    parts = all_parts(message, length, measure, multiline)
    assert [g for part in parts for g in characters(part) if g not in " \n"] == whole


@given(message_values, st.integers(0, 40), measures, st.booleans())
def test_the_card_is_on_the_first_part_alone(message, length, measure, multiline) -> None:
    """It is shown once, and the kind is on every part."""
    first, *others = all_parts(message, length, measure, multiline)
    assert first.card == message.card
    assert all(part.card is None and not part.actions for part in others)
    assert {part.kind for part in (first, *others)} == {message.kind}


# --- join ----------------------------------------------------------------------------------


@given(st.lists(message_values.filter(lambda m: m.text.strip()), min_size=1, max_size=4))
def test_joined_messages_are_all_there(parts: list[Message]) -> None:
    """Every line under the one before, every style kept, in the fewest spans."""
    joined = join(parts)
    assert joined.text == "\n".join(part.text for part in parts)
    assert styled(joined) == [c for part in parts for c in styled(part)]
    assert all(a.style is not b.style for a, b in pairwise(joined.spans))
    assert all(span.text for span in joined.spans)


# --- render --------------------------------------------------------------------------------

counts = st.integers(0, 9) | st.integers()
games = st.builds(
    Game, any_text, st.none(), st.none() | any_text, st.none() | counts, st.none() | counts
)
votes = st.builds(Votes, counts, counts)
codes = st.none() | any_text
moments = st.floats(0, 4e9) | st.floats()
facts: st.SearchStrategy[tuple[Kind, Fact]] = st.one_of(
    st.tuples(st.just(Kind.SESSION_STARTED), st.builds(Started, counts, codes)),
    st.tuples(st.just(Kind.GAME_ADDED), st.builds(Added, games, codes)),
    st.tuples(st.just(Kind.ROOM_CODE), st.builds(CodeChanged, games, any_text)),
    st.tuples(st.just(Kind.FINAL_VOTES), st.builds(Voted, games, votes)),
    st.tuples(st.just(Kind.SESSION_ENDED), st.builds(Over, counts)),
    st.tuples(
        st.just(Kind.CATCH_UP),
        st.builds(Missed, st.lists(games, min_size=1, max_size=14).map(tuple), games, codes),
    ),
    st.tuples(
        st.just(Kind.STATS),
        st.builds(
            Stats,
            counts,
            moments,
            moments,
            st.lists(st.builds(Scored, games, st.none() | votes), max_size=40).map(tuple),
        ),
    ),
)


def rendered(kind: Kind, fact: Fact, wording: Wording = WORDING) -> Message:
    return wording.render(Announcement(kind, "key", SessionKey(1, 2), 0.0, fact, 1))


@given(facts)
def test_every_fact_can_be_said(said: tuple[Kind, Fact]) -> None:
    """Whatever the Picker tells gives one line of clean text."""
    message = rendered(*said)
    assert message.text
    assert message.text == clean(message.text)
    assert message.kind is said[0]


@given(facts)
def test_every_card_is_within_bounds(said: tuple[Kind, Fact]) -> None:
    """Discord's: title 256, 25 fields of 256 and 1,024, 6,000 in all, nothing empty."""
    card = rendered(*said).card
    if card is None:
        return
    texts = [card.title, *(text for field in card.fields for text in (field.name, field.value))]
    assert 0 < width(card.title) <= 256
    assert len(card.fields) <= 25
    assert all(0 < width(f.name) <= 256 and 0 < width(f.value) <= 1_024 for f in card.fields)
    assert sum(map(width, texts)) <= 6_000


pieces = st.lists(
    st.sampled_from(
        [
            *("{{ ", " }}", "{% if ", "{% for a in ", "{% endif %}", "{% endfor %}", " %}"),
            *("title", "pack", "score", "up", "1", "'a'", "\ue001", " a ", "{% set b = 1 %}"),
            *("| bold", "| length", "| round", "| truncate(2)", "[0]", ".x"),
            *("+", "*", "/", "-", "~", "(", ")"),
        ]
    ),
    max_size=9,
).map("".join)


@given(pieces, st.builds(Voted, games, votes))
def test_a_wording_of_a_host_is_refused_or_never_fails(source: str, fact: Fact) -> None:
    """Any template is either a WordingError at the start or gives text for ever after."""
    try:
        wording = Wording(messages.load("en"), {"final_votes": source})
    except WordingError:
        return
    assert rendered(Kind.FINAL_VOTES, fact, wording).text

"""Cleaning, shortening, cutting and joining of text."""

from __future__ import annotations

import pytest

from bot.domain import Action, Card, Kind, Message, SessionKey, Span, Style
from bot.formatter import clean, join, score, shorten, split

FAMILY = "👨‍👩‍👧"
RAINBOW = "🏳️‍🌈"


def plain(text: str) -> Message:
    return Message((Span(text),), kind=Kind.STATS)


def in_bytes(message: Message) -> int:
    return len(message.text.encode())


def in_characters(message: Message) -> int:
    return len(message.text)


def marked_up(message: Message) -> int:
    """Like a network whose styles weigh two characters on either side."""
    return sum(len(s.text) + 4 * (s.style is not Style.PLAIN) for s in message.spans)


def parts(message: Message, length: int, measure=in_characters, *, multiline=True) -> list[str]:
    texts = []
    rest: Message | None = message
    while rest is not None:
        head, rest = split(rest, length, measure, multiline=multiline)
        texts.append(head.text)
    return texts


# --- clean ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Quiplash 3", "Quiplash 3"),
        ("  Quip\t\tlash \u00a0 3 \u3000", "Quip lash 3"),
        ("a\r\nQUIT :b", "a QUIT :b"),
        ("a\u2028b\u2029c\x85d", "a b c d"),
        ("a\x00\x01\x02\x1b[31m\x7f\x9bb", "a[31mb"),
        ("\u202egnp.exe\u202c\u200e\u200f\u061c\u2066\u2069", "gnp.exe"),
        ("\ufeffz\u200bero\u2060", "zero"),
        ("\ue000bold\uf8ff \U000f0000\U000ffffd\U00100000\U0010fffd!", "bold !"),
        ("\ud83dhalf\udc4d", "half"),
        ("\u200b \u200d \ufe0f", ""),
        ("{{ 7*7 }} {% x %}", "{{ 7*7 }} {% x %}"),
        ("@everyone **a** `b` <@1>", "@everyone **a** `b` <@1>"),
    ],
)
def test_clean_removes_what_commands_turns_or_hides(text: str, expected: str) -> None:
    """Controls, bidi controls, invisible and private characters go; visible text stays."""
    assert clean(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        FAMILY,
        RAINBOW,
        "👩🏽‍🚀",
        "🏴‍☠️",
        "👁️‍🗨️",
        "🗳️ 1️⃣ ☎︎",
        "می‌خواهم",  # Persian, zero-width non-joiner
        "क्‍ष",  # Devanagari, zero-width joiner
        "葛\U000e0100",
        "≨︀",
        "ᠠ᠋",
    ],
)
def test_clean_keeps_joiners_and_selectors_where_they_are_used(text: str) -> None:
    """Emoji sequences, shaped scripts and standardized variants pass unchanged."""
    assert clean(text) == text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("b\u200do\u200cb", "bob"),
        ("\u200d👩", "👩"),
        ("👩\u200d", "👩"),
        ("👩\u200d!", "👩!"),
        ("👩\u200d\u200d👧", "👩👧"),
        ("👩\u200c👧", "👩👧"),
        ("a\ufe0f\u200d👩", "a👩"),
        ("b\ufe0f\ufe00\U000e0100ob", "bob"),
        ("👍\ufe0f\ufe0f\ufe0f", "👍\ufe0f"),
        ("می\u200c", "می"),
        ("a\u180b", "a"),
    ],
)
def test_clean_drops_joiners_and_selectors_that_only_hide(text: str, expected: str) -> None:
    """A joiner between letters of Latin, at an end, or a second selector is removed."""
    assert clean(text) == expected


# --- shorten -------------------------------------------------------------------------------


def test_shorten_leaves_a_short_text_alone() -> None:
    """What is within both bounds, to the last one, comes back unchanged."""
    assert shorten("x" * 200) == "x" * 200
    assert shorten("") == ""


def test_shorten_counts_graphemes() -> None:
    """A family is one character; the ellipsis takes the place of the last."""
    assert shorten(FAMILY * 6, 5) == FAMILY * 4 + "…"


def test_shorten_drops_the_space_before_the_ellipsis() -> None:
    """No blank is left at the cut."""
    assert shorten("abc defgh", 5) == "abc…"


def test_shorten_bounds_the_weight_too() -> None:
    """Few graphemes may be heavy; UTF-16 units bound them, at grapheme borders."""
    assert shorten(FAMILY * 4, 10, 20) == FAMILY * 2 + "…"


def test_shorten_cuts_a_grapheme_only_when_it_alone_is_too_heavy() -> None:
    """A letter under a thousand accents is one grapheme, and is cut apart."""
    short = shorten("a" + "\u0301" * 1_000, 10, 50)
    assert short.startswith("a\u0301")
    assert short.endswith("…")
    assert len(short) <= 50


# --- score ---------------------------------------------------------------------------------


@pytest.mark.parametrize(("points", "shown"), [(4, "+4"), (0, "0"), (-2, "-2")])
def test_a_score_has_its_sign(points: int, shown: str) -> None:
    """Plus, nothing for zero, hyphen-minus."""
    assert score(points) == shown


# --- split ---------------------------------------------------------------------------------


def test_a_message_that_fits_is_left_whole() -> None:
    """Exactly the length allowed is one part."""
    message = plain("🗳️ five")
    assert split(message, in_bytes(message), in_bytes, multiline=True) == (message, None)


def test_a_long_message_is_cut_at_the_last_space_that_fits() -> None:
    """Words stay whole, and the blank at the cut is dropped."""
    assert parts(plain("one two  three"), 9) == ["one two", "three"]


def test_a_space_just_past_the_length_is_a_place_to_cut() -> None:
    """The head may fill the length exactly."""
    assert parts(plain("one two three"), 7) == ["one two", "three"]


def test_a_line_end_is_preferred_to_a_space() -> None:
    """With several lines in a message, whole lines stay together where they fit."""
    assert parts(plain("one\ntwo three four"), 12) == ["one", "two three", "four"]


def test_without_multiline_every_line_is_a_part() -> None:
    """A line end is a cut even where more would fit; empty lines are no parts."""
    assert parts(plain("one\n\n two \nthree\n"), 99, multiline=False) == ["one", "two", "three"]


def test_a_word_longer_than_a_part_is_cut_between_graphemes() -> None:
    """Bytes are filled as far as whole characters of a reader go."""
    assert parts(plain(FAMILY * 3), 40, in_bytes) == [FAMILY * 2, FAMILY]


def test_flags_are_not_taken_apart() -> None:
    """Regional indicators go in pairs, counted from the beginning."""
    assert parts(plain("🇩🇪🇫🇷🇮🇹"), 3) == ["🇩🇪", "🇫🇷", "🇮🇹"]


def test_a_space_that_carries_an_accent_is_no_place_to_cut() -> None:
    """A blank with a combining mark on it is a grapheme like another."""
    assert parts(plain("ab \u0301cd"), 4) == ["ab \u0301", "cd"]
    assert parts(plain("a bc \u0301de"), 4) == ["a", "bc \u0301", "de"]
    assert parts(plain("ab\n \u0301cd"), 4) == ["ab", " \u0301cd"]


def test_a_grapheme_longer_than_a_part_is_cut_between_code_points() -> None:
    """As a last resort, since not to go on would be worse."""
    assert "".join(parts(plain(FAMILY), 8, in_bytes)) == FAMILY


def test_a_code_point_longer_than_a_part_is_said_all_the_same() -> None:
    """A length that nothing fits still makes progress, one code point at a time."""
    assert parts(plain("👍 👎"), 0, in_bytes) == ["👍", "👎"]
    assert parts(plain(" \u0301a"), 1) == [" ", "\u0301", "a"]


def test_styles_go_on_in_the_rest_and_their_markup_is_counted() -> None:
    """A bold text cut in two is bold twice, and pays for its markup twice."""
    message = Message((Span("say "), Span("abcdefgh", Style.BOLD), Span(" now")))
    first, rest = split(message, 12, marked_up, multiline=True)
    assert rest is not None
    second, rest = split(rest, 12, marked_up, multiline=True)
    assert rest is not None
    assert first.spans == (Span("say"),)
    assert second.spans == (Span("abcdefgh", Style.BOLD),)
    assert rest.spans == (Span("now"),)


def test_card_and_actions_stay_on_the_head() -> None:
    """Only the first part of a cut message has them; the kind goes with both."""
    action = Action(True, SessionKey(1, 2), 3)
    message = Message((Span("one two"),), Card("card"), (action,), Kind.STATS)
    head, rest = split(message, 4, in_characters, multiline=True)
    assert (head.card, head.actions, head.kind) == (Card("card"), (action,), Kind.STATS)
    assert rest == Message((Span("two"),), kind=Kind.STATS)


@pytest.mark.parametrize("text", ["", " ", " \n \n"])
def test_a_message_with_nothing_to_see_has_no_spans(text: str) -> None:
    """There is nothing to say, and no rest that would keep a lane going."""
    head, rest = split(plain(text), 10, in_characters, multiline=False)
    assert head.spans == ()
    assert rest is None


def test_cutting_measures_no_more_than_it_must() -> None:
    """A text of 100,000 characters is cut by measuring a few times its length in all."""
    measured = 0

    def counting(message: Message) -> int:
        nonlocal measured
        measured += len(message.text)
        return in_bytes(message)

    assert len(parts(plain("word " * 20_000), 400, counting)) < 260
    assert measured < 2_500_000


# --- join ----------------------------------------------------------------------------------


def test_join_puts_lines_one_under_another() -> None:
    """Text line by line, the last card, every action, every kind."""
    up, down = (Action(up, SessionKey(1, 2), 3) for up in (True, False))
    joined = join(
        [
            Message((Span("one "), Span("two", Style.BOLD)), Card("a"), (up,), Kind.FINAL_VOTES),
            Message((Span("three", Style.BOLD),), None, (down,), Kind.STATS),
            Message((Span("four"),), Card("b")),
        ]
    )
    assert joined.text == "one two\nthree\nfour"
    assert joined.spans[1] == Span("two", Style.BOLD)
    assert (joined.card, joined.actions) == (Card("b"), (up, down))
    assert joined.kinds == (Kind.FINAL_VOTES, Kind.STATS)


def test_join_of_one_without_a_card_is_itself() -> None:
    """Nothing is added where there is nothing to join."""
    assert join([plain("one")]) == plain("one")

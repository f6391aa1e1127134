"""Text from outside (titles, packs, notes, room codes, names) made fit to be shown.

What is removed can command a terminal or an IRC server, turn the reading direction, or hide.
What is kept is every visible character; each chat's markup is the adapter's to escape.
"""

from __future__ import annotations

from bisect import bisect_right
from itertools import islice

import regex

GRAPHEME = regex.compile(r"\X")
"""One character as a person sees it (UAX #29, extended grapheme cluster)."""

ELLIPSIS = "…"

# Controls that Unicode counts as white space are left to the collapsing, so that a line
# break in a title parts its words.
_UNWANTED = regex.compile(
    r"[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f"  # C0 and C1
    r"\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"  # bidirectional controls
    r"\u200b\u2060\ufeff"  # zero-width space, word joiner, byte order mark
    r"\ue000-\uf8ff\U000f0000-\U0010ffff"  # private use; our own marks are in there
    r"\ud800-\udfff]"  # lone surrogates, which no encoding can carry
)

# Variation selectors: text and emoji style, standardized variants, ideographic, Mongolian.
_STRAY_SELECTOR = regex.compile(
    r"(?<!\p{Emoji})[\ufe0e\ufe0f]"
    r"|(?<![\p{Han}\p{Sm}\p{Myanmar}\p{Phags_Pa}])[\ufe00-\ufe0d]"
    r"|(?<!\p{Han})[\U000e0100-\U000e01ef]"
    r"|(?<!\p{Mongolian})[\u180b-\u180d\u180f]"
)

_SCRIPTS = (
    *("Arabic", "Syriac", "Mandaic", "Nko", "Mongolian", "Phags_Pa", "Adlam", "Devanagari"),
    *("Bengali", "Gurmukhi", "Gujarati", "Oriya", "Tamil", "Telugu", "Kannada", "Malayalam"),
    *("Sinhala", "Khmer", "Myanmar", "Tibetan", "Balinese", "Javanese"),
)
_OF_SCRIPTS = "".join(rf"\p{{scx={script}}}" for script in _SCRIPTS)
_SHAPED = rf"[[{_OF_SCRIPTS}]&&[\p{{L}}\p{{M}}]]"
_PICTURE = r"\p{Extended_Pictographic}"

# Joiners hold emoji sequences together (UTS #51, ED-16) and shape the words of some scripts
# (The Unicode Standard, section 23.2); between other characters they only hide.
_JOINER = regex.compile(
    rf"((?<={_PICTURE}[\ufe0f\p{{Emoji_Modifier}}]?)\u200d(?={_PICTURE})"
    rf"|(?<={_SHAPED})[\u200c\u200d](?={_SHAPED}))"
    r"|[\u200c\u200d]",
    regex.VERSION1,
)


def clean(text: str) -> str:
    """``text`` in one line, without anything that commands, turns or hides.

    White space of any kind and length becomes one space. Joiners and variation selectors
    stay where a script or an emoji uses them. Cleaning twice changes nothing.
    """
    return " ".join(scrub(text).split())


def scrub(text: str) -> str:
    """:func:`clean`, but white space stays as it is."""
    text = _UNWANTED.sub("", text)
    text = _STRAY_SELECTOR.sub("", text)
    return _JOINER.sub(r"\1", text)


def shorten(text: str, graphemes: int = 200, units: int = 800) -> str:
    """``text``, or its beginning and an ellipsis, within both bounds (of 2 at least).

    ``units`` are UTF-16 code units, the widest way in which a chat network counts; they
    bound what a pile of combining marks, one grapheme to a reader, can weigh. Only where
    the first grapheme alone is too heavy is it cut apart.
    """
    ends = [match.end() for match in islice(GRAPHEME.finditer(text), graphemes)]
    if (not ends or ends[-1] == len(text)) and width(text) <= units:
        return text
    room = units - len(ELLIPSIS)
    fitting = bisect_right(ends[: graphemes - 1], room, key=lambda end: width(text[:end]))
    cut = ends[fitting - 1] if fitting else room // 2
    return text[:cut].rstrip() + ELLIPSIS


def width(text: str) -> int:
    """The length of ``text`` in UTF-16 code units."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def score(points: int) -> str:
    """A score with its sign: ``+4``, ``0``, ``-2``."""
    return f"{points:+d}" if points else "0"

"""Our messages as Discord writes them: content with markdown, cards as embeds. Pure.

Everything in a span is text from outside and is escaped. Limits are Discord's, kept by
arithmetic (resources/message: Create Message, Embed Limits); a length counts code points.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import groupby
from operator import itemgetter

import discord

from bot.domain import Card, Message, Span, Style

CONTENT = 2_000
TITLE, FIELD_NAME, FIELD_VALUE, FIELDS, EMBED = 256, 256, 1_024, 25, 6_000
BLANK = "\u200b"
"""Stands where Discord wants something and there is nothing."""

_MARKS = {Style.BOLD: "**", Style.SPOILER: "||"}
_CONTROLS = dict.fromkeys([*range(0x20), *range(0x7F, 0xA0)]) | {9: " ", 10: "\n", 13: " "}

_ANYWHERE = re.compile(r"[\\*_~|`<@\[]")
_LINE_START = re.compile(r"^([^\S\n]*)(?=(?:#{1,3}|-#|-)[^\S\n]|>)", re.MULTILINE)
_NUMBERED = re.compile(r"^([^\S\n]*\d+)(?=\.[^\S\n])", re.MULTILINE)
_LINK = re.compile(r"(?<=\w)(?=://|\.[A-Za-z]+/)")
"""Also of bare addresses: an invitation is unfolded without its https."""


def content(message: Message, roles: Iterable[int] = ()) -> str:
    """The text of ``message`` with markdown, led by a mention of each of ``roles``."""
    mentions = "".join(f"<@&{role}> " for role in roles)
    return (mentions + _marked(message.spans)).strip()


@lru_cache(maxsize=32)
def _marked(spans: tuple[Span, ...]) -> str:
    """A line to fifty channels is the same in each, and measured before it is sent."""
    return "".join(_styled(spans))


def escape(text: str) -> str:
    """``text`` so that it reads as itself: no markup, mention, link, emoji or heading.

    A backslash before punctuation is taken away by every client and changes nothing else.
    """
    text = _ANYWHERE.sub(r"\\\g<0>", _clean(text))
    for pattern in (_LINE_START, _NUMBERED):
        text = pattern.sub(r"\g<1>\\", text)
    return _LINK.sub(r"\\", text)


def _clean(text: str) -> str:
    return text.replace("\r\n", "\n").translate(_CONTROLS)


def _styled(spans: Iterable[Span]) -> Iterator[str]:
    """Neighbours of one style are one run: ``**a****b**`` would not be two bold letters."""
    pieces = [(span.style, text) for span in spans if (text := _clean(span.text))]
    for style, run in groupby(pieces, itemgetter(0)):
        text = "".join(text for _, text in run)
        mark = _MARKS.get(style)
        if style is Style.CODE and text.strip() and "`" not in text:
            yield f"`{text}`"
        elif mark and text.strip():
            yield f"{mark}{escape(text)}{mark}"
        else:
            yield escape(text)


def embed(card: Card) -> discord.Embed:
    """``card`` as an embed that Discord takes: cut where it is too long, and said so."""
    shown = discord.Embed(title=_fit(card.title, TITLE) or BLANK, colour=_colour(card.colour))
    if card.image and card.image.startswith(("https://", "http://")):
        shown.set_image(url=card.image)
    fields = list(_fields(card))
    room = EMBED - len(shown) - len(_more(len(fields))) - 1
    for number, (name, value, inline) in enumerate(fields):
        room -= len(name) + len(value)
        left = len(fields) - number
        if room < 0 or (number == FIELDS - 1 and left > 1):
            shown.add_field(name="…", value=_more(left), inline=False)
            break
        shown.add_field(name=name, value=value, inline=inline)
    return shown


def _fields(card: Card) -> Iterator[tuple[str, str, bool]]:
    for field in card.fields:
        name, value = _fit(field.name, FIELD_NAME), _fit(field.value, FIELD_VALUE)
        yield name or BLANK, value or BLANK, field.inline
    for label, at in card.moments:
        yield _fit(label, FIELD_NAME) or BLANK, f"<t:{int(at)}:R>", True


def _more(count: int) -> str:
    return f"+{count}"


def _colour(colour: int | None) -> int | None:
    return colour if colour is not None and 0 <= colour <= 0xFFFFFF else None


def _fit(text: str, longest: int) -> str:
    """``text`` escaped, within ``longest``, whatever the escapes add."""
    text = _clean(text).strip()
    escaped, kept = escape(text), longest
    while len(escaped) > longest:
        escaped = escape(text[:kept].rstrip()) + "…"
        kept -= max((len(escaped) - longest) // 2, 1)
    return escaped

"""What we write is what people read: markup, escapes and cards within Discord's limits."""

from __future__ import annotations

import pytest
from discord_rules import embed_size, refusal
from discord_shown import shown
from hypothesis import given
from hypothesis import strategies as st

from adapters.discord import markup
from bot.domain import Card, Field, Message, Span, Style

SIGNS = "*_~|`<>@#[]()\\/:.-+!&1 \n\tabhtpseveryonehere discord.gg"
rough = st.one_of(st.text(), st.text(alphabet=SIGNS))
styles = st.sampled_from(Style)


def as_read(text: str) -> str:
    """``text`` as it should be read: without controls, its ends trimmed by Discord."""
    text = text.replace("\r\n", "\n")
    kept = (" " if c in "\r\t" else c for c in text if not is_control(c))
    return "".join(kept).strip()


def is_control(character: str) -> bool:
    code = ord(character)
    return (code < 0x20 and character not in "\n\r\t") or 0x7F <= code < 0xA0


@given(rough)
def test_text_reads_as_itself(text):
    """Any text at all is read unchanged, with no markup, mention, link or emoji in it."""
    read = shown(markup.content(Message((Span(text),))))
    assert (read.text, read.effects, read.styles) == (as_read(text), [], [])


@given(st.lists(st.tuples(rough, styles), max_size=6))
def test_only_our_own_styles_are_seen(parts):
    """However spans of any style and text meet, the text is whole and nothing else appears."""
    spans = tuple(Span(text, style) for text, style in parts)
    read = shown(markup.content(Message(spans)))
    assert read.text.strip() == as_read("".join(text for text, _ in parts))
    assert read.effects == []
    assert {style for style, _ in read.styles} <= {style.value for _, style in parts}


@pytest.mark.parametrize(
    ("spans", "content"),
    [
        ([("a", Style.BOLD), ("b", Style.BOLD)], "**ab**"),
        ([("a", Style.BOLD), ("b", Style.PLAIN)], "**a**b"),
        ([("ABCD", Style.CODE)], "`ABCD`"),
        ([("a`b", Style.CODE)], "a\\`b"),
        ([("x", Style.SPOILER)], "||x||"),
        ([("  ", Style.BOLD), ("x", Style.PLAIN)], "x"),
        ([("5👍 1👎 (Score: +4)", Style.PLAIN)], "5👍 1👎 (Score: +4)"),
        ([("1. Quiplash - 2", Style.PLAIN)], "1\\. Quiplash - 2"),
        ([("https://a.b/c", Style.PLAIN)], "https\\://a\\.b/c"),
        ([("discord.gg/abc", Style.PLAIN)], "discord\\.gg/abc"),
    ],
)
def test_markup(spans, content):
    """Runs of a style are marked once; escapes stand only where something would happen."""
    assert markup.content(Message(tuple(Span(*span) for span in spans))) == content


def test_roles_are_mentioned_first():
    """A mention of a role is ours, stands before the text and counts towards its length."""
    assert markup.content(Message((Span("go"),)), (12, 34)) == "<@&12> <@&34> go"


fields = st.builds(Field, st.text(max_size=300), st.text(max_size=1_200), st.booleans())
cards = st.builds(
    Card,
    st.text(max_size=400),
    st.lists(fields, max_size=30).map(tuple),
    st.one_of(st.none(), st.integers(-5, 1 << 25)),
    st.one_of(st.none(), st.sampled_from(["https://a.b/c.png", "javascript:x", "c.png"])),
    st.lists(st.tuples(st.text(max_size=9), st.floats(0, 4e9)), max_size=2).map(tuple),
)


@given(cards)
def test_any_card_is_taken(card):
    """Whatever a card holds, Discord's rules for embeds find nothing to refuse."""
    form = {"content": "x", "embeds": [markup.embed(card).to_dict()]}
    assert refusal(form) is None


def test_a_full_card_is_cut_within_the_limit_and_says_so():
    """More than 6,000 characters are cut, not refused, and the rest is counted."""
    card = Card("Scores", tuple(Field(f"*{n}*", "*" * 1_024) for n in range(20)))
    shown_card = markup.embed(card).to_dict()
    assert embed_size(shown_card) <= 6_000
    assert shown_card["fields"][-1]["value"] == f"+{20 - len(shown_card['fields']) + 1}"


def test_more_than_25_fields_are_counted():
    """The 25th field of more stands for the rest."""
    card = Card("Scores", tuple(Field(str(n), "x") for n in range(30)))
    shown_fields = markup.embed(card).to_dict()["fields"]
    assert [len(shown_fields), shown_fields[-1]["value"]] == [25, "+6"]


def test_moments_are_shown_by_the_readers_clock():
    """A moment becomes Discord's relative time."""
    card = Card("x", moments=(("Began", 1_762_563_600.9),))
    assert markup.embed(card).to_dict()["fields"][0]["value"] == "<t:1762563600:R>"


def test_an_escape_is_never_cut_in_two():
    """A long title of signs is cut between escapes, and ends by an ellipsis."""
    title = markup.embed(Card("*" * 400)).to_dict()["title"]
    assert len(title) <= 256
    assert shown(title).text.rstrip("…") == "*" * (len(title) // 2)

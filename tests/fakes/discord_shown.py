"""What a reader of Discord sees of a message's content: the client's markdown, for tests.

Follows the help article "Markdown Text 101" and the client's own rules as public markdown
libraries restate them. Wherever those differ, this takes the reading that shows *more*
markup, so that a text which passes here has nothing left that could be markup.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field


@dataclass
class Shown:
    """``text`` as read; ``styles`` the styled runs as (style, text); ``effects`` everything
    else that the content caused: mentions, links, emoji, headings, lists."""

    text: str = ""
    styles: list[tuple[str, str]] = field(default_factory=list)
    effects: list[tuple[str, str]] = field(default_factory=list)


_LINE = (
    ("heading", re.compile(r"#{1,3}[^\S\n]+(?=\S)")),
    ("subtext", re.compile(r"-#[^\S\n]+(?=\S)")),
    ("quote", re.compile(r">(>>)?[^\S\n](?=.)")),
    ("list", re.compile(r"([-*]|\d+\.)[^\S\n]+(?=\S)")),
)
_RAW = (
    ("code block", re.compile(r"```(?:[a-z0-9_+\-.#]*\n)?(.+?)\n?```", re.S | re.I)),
    ("code", re.compile(r"(?P<tick>`+)(.*?[^`])(?P=tick)(?!`)", re.S)),
)
_EFFECTS = (
    ("link", re.compile(r"<https?://[^\s>]+>", re.I)),
    ("link", re.compile(r"https?://[^\s<]+", re.I)),
    ("link", re.compile(r"<(?:mailto:|tel:|sms:)[^>\s]+>", re.I)),
    ("invite", re.compile(r"discord(?:app)?\.(?:gg|com/invite)/[\w-]+", re.I)),
    ("link", re.compile(r"\[[^\]\n]+\]\((?:<|\w+:|/)[^)\s]*[^)]*\)")),
    ("mention", re.compile(r"<@[!&]?\d+>|@everyone|@here")),
    ("channel", re.compile(r"<#\d+>|<id:\w+>")),
    ("command", re.compile(r"</[^:>\n]+:\d+>")),
    ("emoji", re.compile(r"<a?:\w+:\d+>")),
    ("moment", re.compile(r"<t:-?\d+(?::[tTdDfFRsS])?>")),
)
_STYLES = (
    ("bold", re.compile(r"\*\*((?:\\.|[^\\])+?)\*\*(?!\*)", re.S)),
    ("underline", re.compile(r"__((?:\\.|[^\\])+?)__(?!_)", re.S)),
    ("italic", re.compile(r"\*(?=\S)((?:\\.|[^\\*])+?)(?<!\s)\*(?!\*)", re.S)),
    ("italic", re.compile(r"_((?:\\.|[^\\_])+?)_", re.S)),
    ("strike", re.compile(r"~~((?:\\.|[^\\])+?)~~(?!_)", re.S)),
    ("spoiler", re.compile(r"\|\|((?:\\.|[^\\])+?)\|\|", re.S)),
)
_ESCAPE = re.compile(r"\\([^0-9A-Za-z\s])")
_INDENT = re.compile(r"[^\S\n]*")


def shown(content: str) -> Shown:
    """Read ``content`` as the client does."""
    result = Shown()
    _read(content, result, at_line_start=True)
    return result


def _read(content: str, result: Shown, *, at_line_start: bool) -> None:
    at = 0
    fresh = at_line_start
    while at < len(content):
        taken = _line_start(content, at, result) if fresh else 0
        fresh = False
        taken = taken or _escape(content, at, result) or _markup(content, at, result)
        if not taken:
            result.text += content[at]
            fresh = content[at] == "\n"
            taken = 1
        at += taken


def _line_start(content: str, at: int, result: Shown) -> int:
    indent = _INDENT.match(content, at).end() - at  # type: ignore[union-attr]
    for name, pattern in _LINE:
        if match := pattern.match(content, at + indent):
            result.effects.append((name, match[0]))
            return match.end() - at
    result.text += content[at : at + indent]
    return indent


def _escape(content: str, at: int, result: Shown) -> int:
    match = _ESCAPE.match(content, at)
    if match is None:
        return 0
    result.text += match[1]
    return 2


def _markup(content: str, at: int, result: Shown) -> int:
    for name, pattern in _RAW:
        if match := pattern.match(content, at):
            inner = match[match.lastindex or 0]
            result.styles.append((name, inner))
            result.text += inner
            return match.end() - at
    for name, pattern in _EFFECTS:
        if match := pattern.match(content, at):
            result.effects.append((name, match[0]))
            result.text += match[0]
            return match.end() - at
    for name, pattern in _STYLES:
        if match := pattern.match(content, at):
            inner = Shown()
            _read(match[1], inner, at_line_start=False)
            result.styles += [(name, inner.text), *inner.styles]
            result.effects += inner.effects
            result.text += inner.text
            return match.end() - at
    return 0

"""Text on IRC: names that are the same, messages as one line, formatting codes. Pure."""

from __future__ import annotations

import re

from bot.domain import Message, Style

BOLD, COLOUR, RESET = "\x02", "\x03", "\x0f"
JOINER = "\u2060"
"""Word joiner: invisible, and no bot takes it for the beginning of a command."""

COMMANDS = frozenset("!\"#$%&'*+,-./:;<=>?@\\^_`|~")
"""Characters with which bots' commands begin (and a client's own: "/")."""

WIDELY = {
    # Not monospace (0x11): irssi shows that one as a Q, and room ABCD would read QABCDQ.
    Style.BOLD: (BOLD, BOLD),
    Style.CODE: (BOLD, BOLD),
    Style.SPOILER: (COLOUR + "01,01", COLOUR),
}
CONTROLS = dict.fromkeys([*range(32), *range(127, 160)]) | {9: " ", 10: " "}
CODES = re.compile(
    r"\x03(?:\d{1,2}(?:,\d{1,2})?)?|\x04[0-9a-fA-F]{0,6}|[\x02\x0f\x11\x16\x1d-\x1f]"
)

UPPER = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
ASCII = str.maketrans(UPPER, UPPER.lower())
STRICT = str.maketrans(UPPER + "[]\\", UPPER.lower() + "{}|")
RFC1459 = str.maketrans(UPPER + "[]\\^", UPPER.lower() + "{}|~")


def fold(name: str, casemapping: str = "rfc1459") -> str:
    """``name`` so that two names are the same on the network if they are equal after it
    (ISUPPORT CASEMAPPING; what is unknown to us folds as Unicode does)."""
    tables = {"ascii": ASCII, "rfc1459": RFC1459, "rfc1459-strict": STRICT}
    table = tables.get(casemapping)
    return name.translate(table) if table else name.casefold()


def clean(text: str) -> str:
    """``text`` as one line: a control character could end the line (and begin a command),
    or format what we did not."""
    return text.translate(CONTROLS).encode("utf-8", "replace").decode()


def render(message: Message, *, formatted: bool) -> str:
    """``message`` as the text of one PRIVMSG. Codes are closed where they were opened, so
    each part of a split message stands for itself."""
    parts = []
    for span in message.spans:
        on, off = WIDELY.get(span.style, ("", "")) if formatted else ("", "")
        text = clean(span.text)
        parts.append(f"{on}{text}{off}" if text else "")
    line = "".join(parts)
    return JOINER + line if strip(line)[:1] in COMMANDS else line


def strip(text: str) -> str:
    """``text`` without formatting codes."""
    return CODES.sub("", text)


def size(text: str) -> int:
    """Bytes on the wire."""
    return len(text.encode())

"""What a chat shows: text in spans, and richer forms of it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from bot.domain.announcements import Kind
from bot.domain.night import SessionKey


class Style(StrEnum):
    PLAIN = "plain"
    BOLD = "bold"
    CODE = "code"
    SPOILER = "spoiler"


@dataclass(frozen=True, slots=True)
class Span:
    text: str
    style: Style = Style.PLAIN


@dataclass(frozen=True, slots=True)
class Field:
    name: str
    value: str
    inline: bool = True


@dataclass(frozen=True, slots=True)
class Card:
    """A richer form of a message's text, for chats that can show one. Plain text without
    markup; the adapter escapes it. ``moments`` are (label, epoch seconds)."""

    title: str
    fields: tuple[Field, ...] = ()
    colour: int | None = None
    image: str | None = None
    moments: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True, slots=True)
class Action:
    """A vote button: up or down, for one play of one night."""

    up: bool
    session: SessionKey
    play: int


@dataclass(frozen=True, slots=True)
class Message:
    """``spans`` are complete in themselves; lines are parted by a newline in their text.
    ``kind`` is that of the first line, ``more_kinds`` are those of the lines joined to it.
    ``link`` is the address of another message of ours, for chats that have such."""

    spans: tuple[Span, ...]
    card: Card | None = None
    actions: tuple[Action, ...] = ()
    kind: Kind | None = None
    link: str | None = None
    more_kinds: tuple[Kind, ...] = ()

    @property
    def kinds(self) -> tuple[Kind, ...]:
        """The kinds of all its lines; none for what is no announcement."""
        return (self.kind, *self.more_kinds) if self.kind else ()

    @property
    def text(self) -> str:
        return "".join(span.text for span in self.spans)

"""Who has a say in a channel: its operators, by NAMES and MODE. Pure.

RFC 2812 sections 3.2.3 and 3.2.5; ISUPPORT PREFIX and CHANMODES; IRCv3 multi-prefix.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

OPERATOR = "o"
MOST = 500
"""Operators that are remembered of a channel; a server that names more is not believed."""


@dataclass(frozen=True, slots=True)
class Modes:
    """What a server's letters mean. ``prefixes`` has each sign before a nick and its letter, the
    highest first; ``always`` and ``when_set`` are the letters that have a parameter."""

    prefixes: Mapping[str, str] = field(default_factory=lambda: {"@": "o", "+": "v"})
    always: str = "beIk"
    when_set: str = "l"

    @property
    def ruling(self) -> str:
        """The letters of those who may do as operators do: o and what stands above it."""
        letters = "".join(self.prefixes.values())
        return letters[: letters.find(OPERATOR) + 1]

    def changes(self, modes: str, parameters: Sequence[str]) -> Iterator[tuple[bool, str, str]]:
        """The single changes of a MODE line: given or taken, letter, parameter ("" for none)."""
        left, given = iter(parameters), True
        for letter in modes:
            if letter in "+-":
                given = letter == "+"
                continue
            has = letter in self.always or letter in self.prefixes.values()
            has = has or (given and letter in self.when_set)
            yield given, letter, next(left, "") if has else ""


class Operators:
    """The operators of one channel, by folded nick, each with the letters that make them one."""

    def __init__(self) -> None:
        self._held: dict[str, set[str]] = {}

    def __contains__(self, nick: str) -> bool:
        return nick in self._held

    def clear(self) -> None:
        self._held.clear()

    def give(self, nick: str, letter: str) -> None:
        if nick in self._held or len(self._held) < MOST:
            self._held.setdefault(nick, set()).add(letter)

    def take(self, nick: str, letter: str) -> None:
        held = self._held.get(nick, set())
        held.discard(letter)
        if not held:
            self.gone(nick)

    def gone(self, nick: str) -> None:
        self._held.pop(nick, None)

    def renamed(self, nick: str, new: str) -> None:
        if nick in self._held:
            self._held[new] = self._held.pop(nick)


def signs(name: str, modes: Modes) -> tuple[str, str]:
    """A name of a NAMES reply as the letters of its signs, and the nick."""
    nick = name.lstrip("".join(modes.prefixes))
    return "".join(modes.prefixes[sign] for sign in name[: len(name) - len(nick)]), nick

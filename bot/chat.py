"""What a line said in a chat asks of us: votes, a question, an order, or nothing.

People know these habits from the relay bots of the Picker's world: ``thisgame++`` and
``thisgame--`` anywhere in a line vote on the game that runs, ``QPL3++`` on a game by its
ticker, ``!votes`` asks. A relay may share the channel, so what is relayed, and what bots and
ignored people say, is nothing: else a vote is counted once for each bridge. Every pattern here
is linear in the length of the line. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import Enum

from bot.domain import Ask, Line
from bot.formatter.clean import scrub

MOST_VOTES = 5
"""A line that votes on more games than this is a list of games, and no vote."""

MUTE = "mute"
LONGEST_MUTE = 24 * 3600.0


@dataclass(frozen=True, slots=True)
class Rules:
    """What is listened to in one channel.

    ``names`` are what we are called there, for ``nightcrier: votes``; with a mention's markup
    (``<@123>``) where the network has one. ``ignore_nicks`` are names, accounts or ids."""

    names: tuple[str, ...] = ()
    prefix: str = "!"
    votes: bool = True
    commands: bool = True
    ignore_prefixes: tuple[str, ...] = ("[irc]", "[kosmi]", "[discord]", "[matrix]")
    ignore_nicks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Vote:
    """A vote on the game that ``ticker`` names, in capitals; None is the game that runs."""

    up: bool
    ticker: str | None = None


class Question(Enum):
    VOTES = "votes"
    NIGHT = "night"
    TOP = "top"
    STATUS = "status"
    HELP = "help"


@dataclass(frozen=True, slots=True)
class Mute:
    """Say nothing here for ``span`` seconds; None where no span could be read."""

    span: float | None


class Order(Enum):
    UNMUTE = "unmute"
    SAY_AGAIN = "say-again"
    RECONNECT = "reconnect"


Said = tuple[Vote, ...] | Question | Mute | Order
"""What a line asks; no votes at all is nothing."""


def parse(line: Line, rules: Rules) -> Said:
    """What ``line`` asks of us. A command goes before votes in the same line."""
    text = scrub(_IRC_STYLE.sub("", line.text))
    if is_ignored(line, rules) or _is_relayed(text, rules.ignore_prefixes):
        return ()
    command = _command(text, rules, line.private) if rules.commands else None
    if command is not None:
        return command
    return votes_in(text) if rules.votes else ()


def may_ask(line: Line, rules: Rules) -> bool:
    """A quick look that spares most lines the long one: whether :func:`parse` may find something
    in a line."""
    text = line.text
    if line.private or (rules.votes and ("++" in text or "--" in text)):
        return True
    if not rules.commands:
        return False
    begin = text[: 2 * _LONGEST_COMMAND].casefold()
    return any(sign.casefold() in begin for sign in (rules.prefix, *rules.names))


def asked(ask: Ask) -> Question | Mute | Order | None:
    """What a slash command asks of us: the same words, without a prefix."""
    word = ask.command.casefold()
    if word == MUTE:
        return Mute(parse_span(" ".join(value for _, value in ask.arguments)))
    return _QUESTIONS.get(word) or _ORDERS.get(word)


def is_ignored(line: Line, rules: Rules) -> bool:
    """Whether its author is a bot, or one of those that the host does not listen to."""
    author = line.author
    ignored = {nick.casefold() for nick in rules.ignore_nicks}
    known_as = {name.casefold() for name in (author.id, author.name, author.account) if name}
    return author.is_bot or not known_as.isdisjoint(ignored)


def _is_relayed(text: str, prefixes: Iterable[str]) -> bool:
    """Relays colour their prefix, or make it bold, each by its network's markup."""
    start = text.lstrip(" \t*_~|`").casefold()
    return any(start.startswith(prefix.casefold()) for prefix in prefixes if prefix)


# mIRC colours and hex colours with their numbers; the other codes go as controls do.
_IRC_STYLE = re.compile(r"\x03(?:\d{1,2}(?:,\d{1,2})?)?|\x04(?:[0-9A-Fa-f]{6})?")


# --- commands ------------------------------------------------------------------------------

_QUESTIONS = {each.value: each for each in Question}
_ORDERS = {each.value: each for each in Order}
_LONGEST_COMMAND = 200


def _command(text: str, rules: Rules, private: bool) -> Question | Mute | Order | None:
    """A command behind the prefix may be followed by anything (``!votes please``); where we
    are talked to in words it stands alone, since ``nightcrier: night night`` asks nothing."""
    text = text.strip()[:_LONGEST_COMMAND]
    spoken = _addressed(text, rules.names)
    asked = text if spoken is None else spoken.strip()
    prefixed = asked.startswith(rules.prefix)
    asked = asked.removeprefix(rules.prefix)
    if asked[:1].isspace() or not (prefixed or private or spoken is not None):
        return None
    word, *rest = asked.split() or [""]
    word = word.rstrip("?!.").casefold()
    if word == MUTE:
        return Mute(parse_span(" ".join(rest)))
    return (_QUESTIONS.get(word) or _ORDERS.get(word)) if prefixed or not rest else None


def _addressed(text: str, names: Iterable[str]) -> str | None:
    """What is said to us, as ``name: …``, ``name, …`` or ``@name …``; None if it is not."""
    mentioned = text.startswith(("@", "<@"))
    said = text.removeprefix("@")
    for name in names:
        head, rest = said[: len(name)], said[len(name) :]
        if head.casefold() == name.casefold() and rest.startswith((":", ",")):
            return rest[1:]
        if head.casefold() == name.casefold() and mentioned and rest[:1].isspace():
            return rest
    return None


_SPAN = re.compile(
    r"(?:(\d{1,5}) ?(?:h|hrs?|hours?))? ?"
    r"(?:(\d{1,5}) ?(?:m|mins?|minutes?))? ?"
    r"(?:(\d{1,5}) ?(?:s|secs?|seconds?))?"
)


def parse_span(text: str) -> float | None:
    """Seconds of ``30m``, ``1h30m``, ``90 min``, ``45s``; None for what is no such span, for
    nothing, and for more than a day."""
    match = _SPAN.fullmatch(text.strip().casefold())
    if match is None:
        return None
    hours, minutes, seconds = (int(number or 0) for number in match.groups())
    span = hours * 3600.0 + minutes * 60.0 + seconds
    return span if 0 < span <= LONGEST_MUTE else None


# --- votes ---------------------------------------------------------------------------------

# Beside letters and digits, what makes of a vote a piece of something else: an address, code,
# an arrow, a quotation. A run of signs is taken whole, so that ``+++`` is one and ``++--`` none.
_VOTE = re.compile(
    r"(?<![\w/\\=&#@$%+\-<>'\"“”„«»^])(?<!\w\.)"
    r"([A-Za-z0-9]{1,8})(\+{2,}+|-{2,}+)([+-]*+)"
    r"(?![\w/\\=&#@$%<>'\"“”„«»(\[])"
)
# Without a digit only in capitals, since people write "yes--" and "and++".
_TICKER = re.compile(r"(?!\d+$)[A-Z0-9]{2,4}|(?!\d+$)(?=[A-Za-z]*\d)[A-Za-z0-9]{2,4}")
_THIS_GAME = "thisgame"


def votes_in(text: str) -> tuple[Vote, ...]:
    """The votes in a text, one for each game, in order. A game with both signs has none."""
    found: dict[str, set[str]] = {}
    for line in _own_lines(_without_code(text)):
        for word in _QUOTED.sub(" ", line).split():
            for name, signs in _votes_of(word):
                found.setdefault(name, set()).add(signs)
    if len(found) > MOST_VOTES:
        return ()
    return tuple(
        Vote(signs == {"+"}, None if name == _THIS_GAME else name)
        for name, signs in found.items()
        if len(signs) == 1
    )


def _votes_of(word: str) -> Iterator[tuple[str, str]]:
    """Games by name, each with the sign it is given; a mixture of signs is both of them."""
    if "://" in word or word.startswith("www."):
        return
    for name, signs, more in _VOTE.findall(word.strip("_")):
        if name.casefold() == _THIS_GAME:
            yield from ((_THIS_GAME, sign) for sign in {signs[0], *more})
        elif _TICKER.fullmatch(name):
            yield from ((name.upper(), sign) for sign in {signs[0], *more})


# Each form stops at its own first sign, so a line of nothing but quotation marks costs no more.
_QUOTED = re.compile(r'"[^"]*"|“[^“”]*”|„[^„“]*“|«[^«»]*»')

# A line of somebody else: quoted (not a face such as ">:("), or pasted from a log, with or
# without the hour; <@123>, <#123> and <:name:123> are Discord's mentions and emoji.
_QUOTE = re.compile(r"\s*+>++(?:\s|[^\W_]|$)")
_PASTED = re.compile(
    r"\s*+\[?(?:\d{1,2}:\d\d(?::\d\d)?)?\]?\s*+"
    r"<(?!(?:[@#!&]*+\d++|a?:\w++:\d++)>)[^<>\s]{1,64}+>\s"
)


def _own_lines(text: str) -> Iterator[str]:
    """The lines that are the author's own words; Discord's ``>>>`` quotes all that follow."""
    for line in text.splitlines():
        if line.lstrip().startswith(">>> "):
            return
        if not _QUOTE.match(line) and not _PASTED.match(line):
            yield line


_TICKS = re.compile(r"`+")


def _without_code(text: str) -> str:
    """``text`` without its code, which stands between two runs of as many backticks."""
    runs = list(_TICKS.finditer(text))
    later: dict[int, int] = {}
    closing: list[int | None] = [None] * len(runs)
    for index in range(len(runs) - 1, -1, -1):
        length = len(runs[index][0])
        closing[index] = later.get(length)
        later[length] = index
    kept, begin, index = [], 0, 0
    while index < len(runs):
        close = closing[index]
        if close is not None:
            kept.append(text[begin : runs[index].start()])
            begin, index = runs[close].end(), close
        index += 1
    return " ".join([*kept, text[begin:]])

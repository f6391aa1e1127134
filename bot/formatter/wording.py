"""Facts said in words: the built-in ones of a language, any of them replaced by the host's."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from bot.domain import Action, Announcement, Board, Game, Kind, Message, SessionKey, Span, Stage
from bot.formatter.cards import board_card, card_of
from bot.formatter.clean import clean, shorten
from bot.formatter.examples import FACTS, PHRASES
from bot.formatter.templates import Broken, Value, Values, check, fill, nearest
from bot.formatter.values import board_values, length, title, values_of

Fault = Callable[[str, str], None]
"""Told, once for each key, that a host's wording failed, and why; the built-in one was used."""


class WordingError(ValueError):
    """Wordings of the host that cannot be used: all of them, as (key, sentence)."""

    def __init__(self, problems: tuple[tuple[str, str], ...]) -> None:
        super().__init__("; ".join(f"messages.{key} {sentence}" for key, sentence in problems))
        self.problems = problems


_BOARDS = {
    Stage.RUNNING: "board",
    Stage.OVER: "board_over",
    Stage.TAKEN_BACK: "board_taken_back",
}


class Wording:
    """Renders announcements, and the short texts beside them.

    ``builtin`` is complete and sound (``bot.messages.load``). ``overrides`` are the host's,
    from ``[messages]``; each is tried with every value present and with all absent that may
    be, and WordingError names every one that is unknown or broken. One that fails later all
    the same is replaced by the built-in wording for that message, and ``on_fault`` is told.
    """

    def __init__(
        self,
        builtin: Mapping[str, str],
        overrides: Mapping[str, str] | None = None,
        on_fault: Fault = lambda key, sentence: None,
    ) -> None:
        self._builtin = builtin
        self._overrides: Mapping[str, str] = {}
        self._on_fault = on_fault
        self._faulty: set[str] = set()
        if problems := tuple(self._problems(overrides or {})):
            raise WordingError(problems)
        self._overrides = dict(overrides or {})

    def render(self, announcement: Announcement) -> Message:
        """The message that says ``announcement``. Never raises."""
        fact, kind = announcement.fact, announcement.kind
        return Message(
            spans=self._spans(kind, values_of(fact, self._text)),
            card=card_of(fact, self._text),
            actions=_actions(announcement),
            kind=kind,
        )

    def board(self, board: Board) -> Message:
        """What the message of a play shows at the moment. Never raises."""
        running = board.stage is Stage.RUNNING
        return Message(
            spans=self._spans(_BOARDS[board.stage], board_values(board, self._text)),
            card=board_card(board, self._text),
            actions=vote_buttons(board.session, board.play) if running else (),
            kind=Kind.GAME_ADDED,
        )

    def title(self, game: Game) -> str:
        return title(game, self._text)

    def length(self, seconds: float) -> str | None:
        """A span of time in words, to the minute; None if it is shorter."""
        return length(seconds, self._text)

    def say(self, key: str, **values: Value) -> Message:
        """A message by the key of its wording; text among ``values`` is cleaned first."""
        return Message(self._spans(key, {name: _harmless(v) for name, v in values.items()}))

    def _text(self, key: str, **values: Value) -> str:
        return "".join(span.text for span in self._spans(key, values))

    def _spans(self, key: str, values: Values) -> tuple[Span, ...]:
        if key in self._overrides:
            try:
                return fill(self._overrides[key], values)
            except Broken as error:
                self._report(key, str(error))
        return fill(self._builtin[key], values)

    def _report(self, key: str, sentence: str) -> None:
        if key not in self._faulty:
            self._faulty.add(key)
            self._on_fault(key, sentence)

    def _problems(self, overrides: Mapping[str, str]) -> Iterator[tuple[str, str]]:
        for key, source in overrides.items():
            if key not in self._builtin:
                yield shorten(clean(key), 40), f"is no message{nearest(key, self._builtin)}"
                continue
            try:
                self._try(key, source)
            except Broken as error:
                yield key, str(error)

    def _try(self, key: str, source: str) -> None:
        samples = self._samples(key)
        check(source, {name for sample in samples for name in sample})
        for sample in samples:
            fill(source, sample)

    def _samples(self, key: str) -> tuple[Values, ...]:
        if key in PHRASES:
            return PHRASES[key]
        return tuple(values_of(fact, self._text) for fact in FACTS[Kind(key)])


def _harmless(value: Value) -> Value:
    if isinstance(value, int):
        return value
    if isinstance(value, str):
        return shorten(clean(value))
    return tuple(shorten(clean(item)) for item in value)


def _actions(announcement: Announcement) -> tuple[Action, ...]:
    """The vote buttons of a game that runs from now on, or was found running."""
    line = announcement.covers[-1] if announcement.covers else announcement
    if line.kind is not Kind.GAME_ADDED or line.play is None:
        return ()
    return vote_buttons(line.session, line.play)


def vote_buttons(session: SessionKey, play: int) -> tuple[Action, ...]:
    """Thumbs up, thumbs down."""
    return tuple(Action(up, session, play) for up in (True, False))

"""Messages cut to length, and put together.

What fits is for the adapter's ``measure`` to say, since only it knows what its markup and
escapes weigh. All that is asked of a measure: it does not fall when text is added.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from bot.domain import Message, Span
from bot.formatter.clean import GRAPHEME

Measure = Callable[[Message], int]

_BLANK = " \n"


def split(
    message: Message, length: int, measure: Measure, *, multiline: bool
) -> tuple[Message, Message | None]:
    """``(head, rest)``: what can be sent now, and what is left to say after it, if anything.

    ``measure(head) <= length``. The cut is after the last line that fits, else at the last
    space, else between two graphemes; a grapheme that is longer than ``length`` by itself is
    cut between code points, and a code point that is, is sent all the same, so that every
    call says something. Without ``multiline`` the head ends with the first line. The blanks
    at a cut are dropped and nothing else is; styles go on in the rest. Card and actions stay
    on the head. A message without anything to see comes back without spans.
    """
    text = message.text
    start = _past_blanks(text, 0)
    line_end = -1 if multiline else text.find("\n", start)
    end = len(text) if line_end < 0 else line_end
    if start == end:
        return replace(message, spans=()), None

    def measured(stop: int) -> int:
        return measure(replace(message, spans=_between(message.spans, start, stop)))

    cut = _reach(start, end, length, measured)
    if cut < end:
        cut = _border(text, start, cut)
    head = start + max(len(text[start:cut].rstrip(_BLANK)), 1)
    rest = _past_blanks(text, cut)
    return (
        replace(message, spans=_between(message.spans, start, head)),
        Message(_between(message.spans, rest, len(text)), kind=message.kind)
        if rest < len(text)
        else None,
    )


def join(messages: Sequence[Message]) -> Message:
    """One message of several (at least one), each on a line of its own.

    The last card, all actions and all kinds are kept.
    """
    spans: list[Span] = []
    for message in messages:
        spans += [Span("\n")] if spans else []
        spans += message.spans
    cards = [message.card for message in messages if message.card]
    kinds = tuple(dict.fromkeys(kind for message in messages for kind in message.kinds))
    return Message(
        spans=merged(spans),
        card=cards[-1] if cards else None,
        actions=tuple(action for message in messages for action in message.actions),
        kind=kinds[0] if kinds else None,
        more_kinds=kinds[1:],
    )


def merged(spans: Iterable[Span]) -> tuple[Span, ...]:
    """The same text in the fewest spans: no empty ones, no two of one style side by side."""
    result: list[Span] = []
    for span in spans:
        if result and result[-1].style is span.style:
            result[-1] = Span(result[-1].text + span.text, span.style)
        elif span.text:
            result.append(span)
    return tuple(result)


def _between(spans: Iterable[Span], start: int, stop: int) -> tuple[Span, ...]:
    """The spans of the text from ``start`` to ``stop``."""
    result: list[Span] = []
    begin = 0
    for span in spans:
        if begin >= stop:
            break
        piece = span.text[max(start - begin, 0) : stop - begin]
        begin += len(span.text)
        if piece:
            result.append(Span(piece, span.style))
    return tuple(result)


def _past_blanks(text: str, place: int) -> int:
    """The first place from ``place`` on that is not blank; a blank that carries a combining
    mark is not."""
    while GRAPHEME.findall(text, place, place + 2)[:1] in ([" "], ["\n"]):
        place += 1
    return place


def _reach(start: int, end: int, length: int, measured: Callable[[int], int]) -> int:
    """The furthest place up to which the text from ``start`` measures at most ``length``.

    Looks no further than about twice as far as it gets, so that cutting a long text into
    many parts does not measure all of it for each."""
    stop = min(start + max(length, 1), end)
    while measured(stop) <= length:
        if stop == end:
            return end
        stop = min(stop + (stop - start), end)
    return start + bisect_right(range(start + 1, stop), length, key=measured)


def _border(text: str, start: int, reach: int) -> int:
    """The best place to cut ``text`` at or before ``reach``: never at ``start``."""
    newline = space = grapheme = 0
    # Whether there is a border after a character depends on the one that follows.
    for match in GRAPHEME.finditer(text, start, reach + 2):
        if match.start() > reach:
            break
        if match.group() == "\n":
            newline = match.start()
        elif match.group() == " ":
            space = match.start()
        if match.end() <= reach:
            grapheme = match.end()
    return newline or space or grapheme or max(reach, start + 1)

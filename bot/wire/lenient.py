"""Reading a Picker's JSON as it is, not as it should be: for frames and for answers."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from math import floor
from typing import Annotated, Any

import msgspec

UNREADABLE = (msgspec.MsgspecError, ValueError, RecursionError)
"""What the JSON libraries raise at text that is no JSON, or is nested beyond reason."""

_EXACT = 2**53 - 1
Id = Annotated[int, msgspec.Meta(ge=-_EXACT, le=_EXACT)]
"""JavaScript tells no larger numbers apart (Number.MAX_SAFE_INTEGER), and no store takes them."""

_PATH = re.compile(r" - at `\$([^`[]+)`$")
_STEP = re.compile(r"\.(\w+)")


def salvage(document: Any, kind: Any) -> tuple[Any, str]:
    """``document`` as a ``kind``, if need be without the optional parts that are wrong; and what
    was wrong first, else an empty text."""
    reason = ""
    while True:
        try:
            return msgspec.convert(document, kind), reason
        except msgspec.ValidationError as error:
            reason = reason or str(error)
            if not _prune(document, str(error)):
                return None, reason


def _prune(document: Any, complaint: str) -> bool:
    """Take out the part that a complaint of msgspec is about; False where that is no help:
    something needed is missing, or the wrong part is the whole, or stands in a list."""
    where = _PATH.search(complaint)
    if where is None or complaint.startswith("Object missing"):
        return False
    *parents, last = _STEP.findall(where[1])
    for name in parents:
        document = document[name]
    del document[last]
    return True


def lenient(text: str | bytes) -> Any:
    """JSON as JavaScript writes it. A title cut in the middle of an emoji has half a surrogate
    pair, which msgspec refuses and which cannot be stored: it becomes a question mark."""
    document = json.loads(text)
    raw = text if isinstance(text, bytes) else text.encode(errors="replace")
    if b"\\ud" in raw.lower():
        document = json.loads(json.dumps(document, ensure_ascii=False).encode(errors="replace"))
    return document


def parse_moment(text: str | None) -> float | None:
    """A date as the Picker writes it, in seconds since the epoch; None for what is no date."""
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC)
        return moment.timestamp()
    except ValueError:
        return None


def parse_created_at(text: str) -> int:
    moment = parse_moment(text)
    if moment is None:
        raise ValueError("`created_at` is not a date")
    return floor(moment)


def parse_room_code(text: str | None) -> str | None:
    return (text.strip() or None) if text else None


def quotable(text: str) -> str:
    """Words from outside, fit for one line of a log."""
    return "".join(char for char in text[:80] if char.isprintable())

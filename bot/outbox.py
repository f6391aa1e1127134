"""The delivery ledger's policy: which rows an announcement makes, and what becomes of them.

A row ends exactly once, as ``sent``, ``unconfirmed``, ``expired`` or ``dead``. Until then the
lane of its target asks :func:`decide`, commits what :func:`mark` returns before it sends, and
commits what :func:`settle` makes of the outcome. An attempt without an outcome (a crash, no
answer) puts the row in doubt:

- while the far side drops repeats, the same key is sent again as often as needed;
- later it is asked what has arrived, where it can be;
- where neither helps the part is sent once more, and a second doubt ends as ``unconfirmed``.

Moments are by our wall clock. Nothing here reads a clock, rolls dice or touches a file.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from enum import Enum
from types import MappingProxyType

from bot.domain import (
    Accepted,
    Announcement,
    Deferred,
    Delivery,
    Kind,
    Limits,
    Message,
    Outcome,
    Proof,
    Receipt,
    Refused,
    Status,
    Target,
)

Render = Callable[[Announcement], Message]
Targets = Mapping[Target, frozenset[Kind]]
Fit = Callable[[Message], tuple[Message, Message | None]]
Join = Callable[[Sequence[Message]], Message]

_MINUTE = 60.0

SHELF_LIFE: Mapping[Kind, float] = MappingProxyType(
    {
        Kind.SESSION_STARTED: 30 * _MINUTE,
        Kind.GAME_ADDED: 15 * _MINUTE,
        Kind.ROOM_CODE: 15 * _MINUTE,
        Kind.CATCH_UP: 15 * _MINUTE,
        Kind.FINAL_VOTES: 120 * _MINUTE,
        Kind.SESSION_ENDED: 360 * _MINUTE,
        Kind.STATS: 360 * _MINUTE,
    }
)
"""For how many seconds after the fact a line is worth saying."""

KEPT_FOR = 30 * 24 * 60 * _MINUTE
"""For how many seconds a settled row is kept."""

LONGEST_WAIT = 60.0
SHORTEST_WAIT = 1.0

TOO_OLD = "shelf life over"
MERGED = "merged into a catch-up"
NOT_NEWEST = "missed, and not the newest of its kind"
TAKEN_BACK = "game taken back"
NOT_CONFIGURED = "channel no longer configured"
EMPTY = "its wording is empty"
MUTED = "muted"
INTERRUPTED = "stopped in the middle of a send"


# --- add ---------------------------------------------------------------------------------


def plan(
    announcement: Announcement,
    render: Render,
    targets: Targets,
    now: float,
    *,
    held: bool = False,
) -> tuple[Delivery, ...]:
    """The rows of an announcement, in order: one for each target that takes its kind.

    What a catch-up covers gets rows too: expired where the target takes catch-ups; elsewhere
    the newest of each kind is said instead. ``held``: nothing expires at the moment.
    """
    lines = (
        (target, line, reason or _age(line, now, held))
        for target, kinds in targets.items()
        for line, reason in _shown(announcement, kinds)
    )
    return _rows(lines, render, now)


def leave_out(
    announcement: Announcement, render: Render, targets: Targets, now: float, reason: str
) -> tuple[Delivery, ...]:
    """The rows of a line that is recorded and, for a reason, not said."""
    takers = (target for target, kinds in targets.items() if announcement.kind in kinds)
    return _rows(((target, announcement, reason) for target in takers), render, now)


def _rows(
    lines: Iterable[tuple[Target, Announcement, str | None]], render: Render, now: float
) -> tuple[Delivery, ...]:
    """The row of each line; one with a reason ends at once. A line is rendered once, however
    many targets it goes to."""
    messages: dict[str, Message] = {}
    rows: list[Delivery] = []
    for target, line, reason in lines:
        if line.key not in messages:
            messages[line.key] = render(line)
        row = _row(target, line, messages[line.key], now)
        reason = reason or (None if row.message.text.strip() else EMPTY)
        rows.append(close(row, now, reason) if reason else row)
    return tuple(rows)


def _shown(
    announcement: Announcement, kinds: frozenset[Kind]
) -> Iterator[tuple[Announcement, str | None]]:
    """The lines that a target of these kinds gets, each with why it is not said, if so."""
    newest = {line.kind: line.key for line in announcement.covers}
    whole = announcement.kind in kinds
    for line in announcement.covers:
        if line.kind not in kinds:
            continue
        if whole:
            yield line, MERGED
        else:
            yield line, None if newest[line.kind] == line.key else NOT_NEWEST
    if whole:
        yield announcement, None


def _age(announcement: Announcement, now: float, held: bool) -> str | None:
    over = announcement.at + SHELF_LIFE[announcement.kind] <= now
    return f"{TOO_OLD} when it was learned of" if over and not held else None


def _row(target: Target, line: Announcement, message: Message, now: float) -> Delivery:
    return Delivery(
        id=0,
        target=target,
        key=line.key,
        kind=line.kind,
        session=line.session,
        play=line.play,
        message=message,
        created_at=now,
        expires_at=line.at + SHELF_LIFE[line.kind],
    )


# --- the head of a target ----------------------------------------------------------------


class Decision(Enum):
    """What is to be done with the oldest pending row of a target."""

    SEND = "send"
    ASK = "ask"
    CLOSE = "close"


def decide(row: Delivery, limits: Limits, now: float, *, held: bool = False) -> Decision:
    """What to do next with a row that has no open attempt (see :func:`recover`)."""
    if row.withdrawn or (row.expires_at <= now and not held):
        return Decision.CLOSE
    if not row.doubts or _deduped(row, limits, now):
        return Decision.SEND
    if limits.finds:
        return Decision.ASK
    return Decision.SEND if row.doubts == 1 else Decision.CLOSE


def recover(row: Delivery, limits: Limits) -> Delivery:
    """The head of a target as its lane finds it: an attempt left open by a crash is a doubt."""
    return _doubted(row, limits, INTERRUPTED) if row.open else row


def _doubted(row: Delivery, limits: Limits, reason: str) -> Delivery:
    """The row after its attempt ended without an answer."""
    row = replace(row, open=False, reason=reason)
    if _droppable(row, limits):
        return row
    return replace(row, doubts=row.doubts + 1, repeated=row.repeated or row.doubts > 0)


def _droppable(row: Delivery, limits: Limits) -> bool:
    """Whether the last attempt was a repeat that the far side drops: no second message."""
    return row.doubts > 0 and row.tried_at is not None and _deduped(row, limits, row.tried_at)


def _deduped(row: Delivery, limits: Limits, at: float) -> bool:
    """Whether a repeat sent at that moment is dropped. A clock that went back proves nothing."""
    return row.first_tried_at is not None and 0 <= at - row.first_tried_at < limits.dedupes_for


# --- mark --------------------------------------------------------------------------------


def mark(
    rows: Sequence[Delivery], limits: Limits, now: float, *, fit: Fit, join: Join
) -> tuple[Delivery, ...]:
    """The head (first of ``rows``, which are pending and adjacent) with its attempt opened.

    Where the network takes many lines in one message, the end of a night becomes one: the
    rows after the head are then returned as well, joined to it. ``fit`` cuts off what fits
    now; what is left is said after it, as the next part.
    """
    head = rows[0]
    group = _end_of_night(rows, now) if limits.multiline else rows[:1]
    message, rest = fit(join([row.message for row in group]) if group[1:] else head.message)
    if rest and head.rest:
        rest = join([rest, head.rest])
    head = replace(
        head,
        message=message,
        rest=rest or head.rest,
        open=True,
        attempts=head.attempts + 1,
        tried_at=now,
        first_tried_at=now if head.first_tried_at is None else head.first_tried_at,
    )
    return head, *(replace(row, joined=head.id) for row in group[1:])


_ENDS = (
    (Kind.FINAL_VOTES, Kind.SESSION_ENDED, Kind.STATS),
    (Kind.FINAL_VOTES, Kind.SESSION_ENDED),
    (Kind.SESSION_ENDED, Kind.STATS),
)


def _end_of_night(rows: Sequence[Delivery], now: float) -> Sequence[Delivery]:
    for kinds in _ENDS:
        group = rows[: len(kinds)]
        if tuple(row.kind for row in group) == kinds and all(_fresh(row, now) for row in group):
            if len({row.session for row in group}) == 1:
                return group
    return rows[:1]


def _fresh(row: Delivery, now: float) -> bool:
    return not row.attempts and not row.part and row.expires_at > now


# --- settle ------------------------------------------------------------------------------


def settle(
    row: Delivery, outcome: Outcome, limits: Limits, now: float, jitter: float
) -> tuple[Delivery, float]:
    """The row after the outcome of its open attempt, and the seconds to wait before the next.

    ``limits`` are those at the send; ``jitter`` is a random number in [0, 1).
    """
    match outcome:
        case Accepted(receipt):
            again = row.doubts > 0 and not _droppable(row, limits)
            return accept(replace(row, repeated=row.repeated or again), receipt, now), 0.0
        case Refused(reason):
            return _end(row, Status.DEAD, now, reason), 0.0
        case Deferred(reason, retry_after):
            first = row.first_tried_at if row.doubts else None
            row = replace(row, open=False, reason=reason, first_tried_at=first)
            return row, wait_for(retry_after, row.attempts, jitter)
    row = _doubted(row, limits, outcome.reason)
    if decide(row, limits, now, held=True) is Decision.CLOSE:
        return close(row, now), 0.0
    return row, backoff(row.attempts, jitter)


def answer(row: Delivery, remote_id: str | None, now: float) -> Delivery:
    """The row in doubt after the far side was asked: its message was found there, or not."""
    if remote_id is not None:
        return accept(row, Receipt(Proof.CONFIRMED, remote_id), now)
    return replace(row, open=False, doubts=0, first_tried_at=None)


def accept(row: Delivery, receipt: Receipt, now: float) -> Delivery:
    """The row after its part arrived: sent, or on to the next part. The remote id is that
    of the first part, which carries card and buttons."""
    written = Proof.WRITTEN in (row.proof, receipt.proof)
    row = replace(
        row,
        open=False,
        doubts=0,
        proof=Proof.WRITTEN if written else Proof.CONFIRMED,
        remote_id=row.remote_id or receipt.remote_id,
        reason=None,
    )
    if row.rest is None:
        return replace(row, status=Status.SENT, settled_at=now)
    return replace(
        row, message=row.rest, rest=None, part=row.part + 1, attempts=0, first_tried_at=None
    )


def wait_for(retry_after: float | None, attempts: int, jitter: float) -> float:
    """Seconds to wait after that many attempts: those told, else :func:`backoff`. A wait of
    nothing is none told, or we would try as fast as we can."""
    return retry_after if retry_after and retry_after > 0 else backoff(attempts, jitter)


def backoff(attempts: int, jitter: float) -> float:
    """Seconds to wait after that many attempts: from 1 up to 2, 4, 8, ... 60."""
    longest = min(LONGEST_WAIT, 2.0 ** min(attempts, 10))
    return SHORTEST_WAIT + (longest - SHORTEST_WAIT) * jitter


# --- end without a send ------------------------------------------------------------------


def close(row: Delivery, now: float, reason: str | None = None) -> Delivery:
    """The row given up: expired, or unconfirmed where something of it may have arrived."""
    doubtful = row.open or row.doubts > 0
    why = reason or row.withdrawn or _overdue(row, now) or row.reason or INTERRUPTED
    return _end(row, Status.UNCONFIRMED if doubtful else Status.EXPIRED, now, why)


def _overdue(row: Delivery, now: float) -> str | None:
    if row.expires_at > now:
        return None
    return f"{TOO_OLD}; last: {row.reason}" if row.reason else TOO_OLD


def _end(row: Delivery, status: Status, now: float, reason: str) -> Delivery:
    said = f" (after {row.part} of its parts)" if row.part else ""
    return replace(row, status=status, open=False, reason=reason + said, settled_at=now)


def take_back(row: Delivery, now: float, reason: str = TAKEN_BACK) -> Delivery:
    """The pending row of something that must not be said any more. While an attempt is open
    its outcome still counts, and there is no other attempt."""
    return replace(row, withdrawn=reason) if row.open else close(row, now, reason)


def frees_joined(row: Delivery) -> bool:
    """Whether the rows joined to a row that has ended go on alone, since nothing of it
    arrived and they may still be fresh. Otherwise they share its fate."""
    return row.status is Status.EXPIRED and not row.part


def share_fate(row: Delivery, head: Delivery) -> Delivery:
    """A row joined to one that has ended, and ends with it."""
    return replace(
        row,
        status=head.status,
        reason=head.reason,
        proof=head.proof,
        remote_id=head.remote_id,
        attempts=head.attempts,
        repeated=head.repeated,
        tried_at=head.tried_at,
        settled_at=head.settled_at,
    )


RETRYABLE = frozenset({Status.DEAD, Status.EXPIRED, Status.UNCONFIRMED})


def retry(row: Delivery, now: float) -> Delivery:
    """A row that ended as one of :data:`RETRYABLE` made pending by a host, with a new shelf
    life. Parts that arrived are not said again."""
    return replace(
        row,
        status=Status.PENDING,
        expires_at=now + SHELF_LIFE[row.kind],
        attempts=0,
        first_tried_at=None,
        doubts=0,
        repeated=False,
        withdrawn=None,
        reason=None,
        settled_at=None,
    )


def again(row: Delivery, now: float) -> Delivery:
    """A row that was said, to be said once more under a key of its own; another one of the same
    second is the same."""
    return Delivery(
        id=0,
        target=row.target,
        key=f"{row.key.partition(_AGAIN)[0]}{_AGAIN}{int(now)}",
        kind=row.kind,
        session=row.session,
        play=row.play,
        message=row.message,
        created_at=now,
        expires_at=now + SHELF_LIFE[row.kind],
    )


_AGAIN = "/again/"

"""bot.outbox as a whole: whatever happens to a target's rows, the promises hold.

The far side is a model of its own: it knows what arrived, drops repeats of a key while it
remembers it, and tells what it has when it is asked. The lane is the shortest possible one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from hypothesis import given
from hypothesis import strategies as st

from bot import outbox
from bot.domain import (
    Accepted,
    Deferred,
    Delivery,
    Doubtful,
    Kind,
    Limits,
    Message,
    Outcome,
    Proof,
    Receipt,
    Refused,
    SessionKey,
    Span,
    Status,
    Target,
)
from bot.outbox import Decision

NIGHT = SessionKey(17, 1)
WINDOW = 120.0

# What may become of one attempt: (did it arrive, what the lane hears; None: killed meanwhile).
FATES: list[tuple[bool, type[Outcome] | None]] = [
    (True, Accepted),
    (False, Deferred),
    (False, Refused),
    (True, Doubtful),
    (False, Doubtful),
    (True, None),
    (False, None),
]
KINDS = [Kind.GAME_ADDED, Kind.FINAL_VOTES, Kind.SESSION_ENDED, Kind.STATS]


def message(text: str) -> Message:
    return Message((Span(text),))


def fit(given: Message) -> tuple[Message, Message | None]:
    head, bar, rest = given.text.partition("|")
    return message(head), message(rest) if bar else None


def join(messages: Sequence[Message]) -> Message:
    return message("+".join(given.text for given in messages))


@dataclass
class FarSide:
    """What was seen in the channel, by key, in order."""

    limits: Limits
    seen: list[tuple[str, str]] = field(default_factory=list)
    known: dict[str, float] = field(default_factory=dict)

    def receive(self, key: str, text: str, now: float) -> None:
        if now - self.known.get(key, -1e9) < self.limits.dedupes_for:
            return
        self.known.setdefault(key, now)
        self.seen.append((key, text))


@dataclass
class Run:
    """One target's ledger and the loop over it, on a clock of its own."""

    rows: list[Delivery]
    far: FarSide
    now: float = 0.0
    doubtful: Counter[str] = field(default_factory=Counter)
    history: dict[int, list[Status]] = field(default_factory=dict)

    def save(self, row: Delivery) -> None:
        before = self.rows[row.id - 1]
        assert before.status is Status.PENDING, "a row that has ended is never changed"
        self.rows[row.id - 1] = row
        if row.status is Status.PENDING:
            return
        self.history.setdefault(row.id, []).append(row.status)
        for other in [o for o in self.rows if o.joined == row.id]:
            if outbox.frees_joined(row):
                self.rows[other.id - 1] = replace(other, joined=None)
            else:
                self.save(replace(outbox.share_fate(other, row), joined=row.id))

    def pending(self) -> list[Delivery]:
        return [r for r in self.rows if r.status is Status.PENDING and r.joined is None]

    def step(self, fate: tuple[bool, type[Outcome] | None]) -> None:
        """What a lane does with the head, once."""
        limits = self.far.limits
        heads = self.pending()[:3]
        head = outbox.recover(heads[0], limits)
        match outbox.decide(head, limits, self.now):
            case Decision.CLOSE:
                self.save(outbox.close(head, self.now))
            case Decision.ASK:
                found = head.send_key if head.send_key in dict(self.far.seen) else None
                self.save(outbox.answer(head, found, self.now))
            case Decision.SEND:
                for row in outbox.mark([head, *heads[1:]], limits, self.now, fit=fit, join=join):
                    self.save(row)
                self.attempt(self.rows[head.id - 1], *fate)

    def attempt(self, row: Delivery, arrives: bool, hears: type[Outcome] | None) -> None:
        if arrives:
            self.far.receive(row.send_key, row.message.text, self.now)
        outcome: Outcome | None = None
        if hears is Accepted:
            outcome = Accepted(Receipt(Proof.CONFIRMED, "m"))
        elif hears is not None:
            outcome = hears("reason")  # type: ignore[call-arg]
        if hears in (Doubtful, None):
            self.doubtful[row.send_key] += 1
        if outcome is not None:
            self.save(outbox.settle(row, outcome, self.far.limits, self.now, 0.5)[0])


def make_run(kinds: Sequence[Kind], limits: Limits, parts: int) -> Run:
    rows = [
        Delivery(
            id=number,
            target=Target("a", "b"),
            key=f"{number}",
            kind=kind,
            session=NIGHT,
            play=None,
            message=message("|".join(f"{number}.{part}" for part in range(parts))),
            created_at=0.0,
            expires_at=600.0 if kind is Kind.FINAL_VOTES else 1_200.0,
        )
        for number, kind in enumerate(kinds, 1)
    ]
    return Run(rows, FarSide(limits))


@st.composite
def finished_runs(draw: st.DrawFn) -> Run:
    limits = Limits(
        length=9,
        multiline=draw(st.booleans()),
        dedupes_for=draw(st.sampled_from([0.0, WINDOW])),
        finds=draw(st.booleans()),
    )
    kinds = draw(st.lists(st.sampled_from(KINDS), min_size=1, max_size=4))
    run = make_run(kinds, limits, draw(st.integers(1, 2)))
    steps = 0
    while run.pending():
        fate = draw(st.sampled_from(FATES)) if steps < 40 else FATES[0]
        run.step(fate)
        run.now += draw(st.sampled_from([1.0, 30.0, 200.0])) if steps < 40 else 1.0
        steps += 1
        assert steps < 200, "a row never ended"
    return run


def pieces(run: Run) -> list[str]:
    return [piece for _, text in run.far.seen for piece in text.split("+")]


@given(finished_runs())
def test_each_row_ends_exactly_once(run: Run) -> None:
    """Every delivery has one fate, whatever happened, joined ones included."""
    assert sorted(run.history) == [row.id for row in run.rows]
    assert all(len(fates) == 1 for fates in run.history.values())
    assert all(row.reason for row in run.rows if row.status is not Status.SENT)


@given(finished_runs())
def test_shown_twice_only_in_doubt(run: Run) -> None:
    """Nothing is shown more than twice; twice only after a doubt that the far side could not
    settle, and then the row says so."""
    for piece, times in Counter(pieces(run)).items():
        row = run.rows[int(piece.split(".")[0]) - 1]
        assert times <= 2
        assert times == 1 or (row.repeated and run.doubtful and not run.far.limits.finds)


@given(finished_runs())
def test_fate_agrees_with_what_was_seen(run: Run) -> None:
    """What counts as sent was seen; what counts as expired was past its own shelf life, and
    was not seen, unless as parts of it."""
    for row in run.rows:
        seen = any(piece.split(".")[0] == str(row.id) for piece in pieces(run))
        if row.status is Status.SENT:
            assert seen
        if row.status is Status.EXPIRED and row.joined is None:
            assert row.settled_at is not None
            assert row.settled_at >= row.expires_at
            assert not seen or row.part


@given(finished_runs())
def test_order_of_a_target(run: Run) -> None:
    """The first sight of each row comes in the order of the ledger."""
    first: list[int] = []
    for piece in pieces(run):
        number = int(piece.split(".")[0])
        if number not in first:
            first.append(number)
    assert first == sorted(first)


@given(finished_runs())
def test_nothing_is_sent_past_its_shelf_life(run: Run) -> None:
    """No attempt is made once the shelf life is over."""
    assert all(row.tried_at is None or row.tried_at < row.expires_at for row in run.rows)

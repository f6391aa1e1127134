"""bot.outbox: the rows that lines make, and the one fate of each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from bot import outbox
from bot.domain import (
    Accepted,
    Added,
    Announcement,
    Deferred,
    Delivery,
    Doubtful,
    Game,
    Kind,
    Limits,
    Message,
    Missed,
    Over,
    Proof,
    Receipt,
    Refused,
    SessionKey,
    Span,
    Status,
    Target,
)
from bot.outbox import Decision

NOW = 1_800_000_000.0
NIGHT = SessionKey(17, 1_762_563_600)
IRC = Target("irc", "#gamenight")
CONSOLE = Target("console", "console")
ALL = frozenset(Kind)
PLAIN = Limits(length=20, multiline=False)
MANY_LINES = Limits(length=200)
DEDUPES = Limits(length=200, dedupes_for=120)
FINDS = Limits(length=200, finds=True)


def message(text: str) -> Message:
    return Message((Span(text),))


def render(line: Announcement) -> Message:
    return message(f"{line.kind} {line.key}")


def fit(given: Message) -> tuple[Message, Message | None]:
    """Cuts at the first bar."""
    head, bar, rest = given.text.partition("|")
    return message(head), message(rest) if bar else None


def join(messages: Sequence[Message]) -> Message:
    return message(" + ".join(given.text for given in messages))


def game(number: int, at: float = NOW) -> Announcement:
    fact = Added(Game(f"Game {number}"))
    return Announcement(Kind.GAME_ADDED, f"{NIGHT}/{number}/game", NIGHT, at, fact, number)


def catch_up(*covers: Announcement) -> Announcement:
    fact = Missed((), Game("last"))
    return Announcement(Kind.CATCH_UP, f"{NIGHT}/catch-up/9", NIGHT, NOW, fact, covers=covers)


def row(kind: Kind = Kind.GAME_ADDED, text: str = "hello", **given: object) -> Delivery:
    made = Delivery(
        id=1,
        target=IRC,
        key=f"{NIGHT}/{kind}",
        kind=kind,
        session=NIGHT,
        play=3,
        message=message(text),
        created_at=NOW,
        expires_at=NOW + 900,
    )
    return replace(made, **given)  # type: ignore[arg-type]


def marked(given: Delivery, limits: Limits = PLAIN, now: float = NOW) -> Delivery:
    return outbox.mark([given], limits, now, fit=fit, join=join)[0]


def settled(given: Delivery, outcome: object, limits: Limits = PLAIN, now: float = NOW) -> Delivery:
    return outbox.settle(given, outcome, limits, now, 0.5)[0]  # type: ignore[arg-type]


CONFIRMED = Accepted(Receipt(Proof.CONFIRMED, "m1"))
WRITTEN = Accepted(Receipt(Proof.WRITTEN))
DOUBT = Doubtful("no answer")


# --- add ---------------------------------------------------------------------------------


def test_a_row_for_each_target_that_takes_the_kind() -> None:
    """A line goes to the targets that announce its kind, and to no other."""
    targets = {IRC: ALL, CONSOLE: frozenset({Kind.STATS})}
    (made,) = outbox.plan(game(3), render, targets, NOW)
    assert (made.target, made.key, made.play) == (IRC, f"{NIGHT}/3/game", 3)
    assert (made.status, made.created_at, made.expires_at) == (Status.PENDING, NOW, NOW + 900)


def test_a_line_is_rendered_once() -> None:
    """A hundred channels cost one rendering."""
    rendered: list[str] = []

    def count(line: Announcement) -> Message:
        rendered.append(line.key)
        return render(line)

    targets = {Target("irc", f"#{number}"): ALL for number in range(100)}
    assert len(outbox.plan(game(1), count, targets, NOW)) == 100
    assert len(rendered) == 1


@pytest.mark.parametrize(
    ("kind", "minutes"),
    [
        (Kind.SESSION_STARTED, 30),
        (Kind.GAME_ADDED, 15),
        (Kind.ROOM_CODE, 15),
        (Kind.CATCH_UP, 15),
        (Kind.FINAL_VOTES, 120),
        (Kind.SESSION_ENDED, 360),
        (Kind.STATS, 360),
    ],
)
def test_shelf_life(kind: Kind, minutes: int) -> None:
    """A line is worth saying for its kind's time after the fact, not after it was learned of."""
    fresh = Announcement(kind, "k", NIGHT, NOW - 60 * minutes + 1, Over(17))
    stale = replace(fresh, at=NOW - 60 * minutes)
    assert outbox.plan(fresh, render, {IRC: ALL}, NOW)[0].status is Status.PENDING
    (expired,) = outbox.plan(stale, render, {IRC: ALL}, NOW)
    assert (expired.status, expired.settled_at) == (Status.EXPIRED, NOW)
    assert expired.reason == "shelf life over when it was learned of"


def test_nothing_is_stale_while_held() -> None:
    """After a jump of a clock an age proves nothing."""
    (made,) = outbox.plan(game(1, NOW - 9_999), render, {IRC: ALL}, NOW, held=True)
    assert made.status is Status.PENDING


def test_empty_wording() -> None:
    """A line that a host's wording leaves empty is recorded, and not sent as an empty message."""
    (made,) = outbox.plan(game(1), lambda line: message(" \n"), {IRC: ALL}, NOW)
    assert (made.status, made.reason) == (Status.EXPIRED, "its wording is empty")


def test_left_out() -> None:
    """A line that a rule leaves unsaid has its rows, with the rule as the reason."""
    targets = {IRC: ALL, CONSOLE: frozenset[Kind]()}
    (made,) = outbox.leave_out(game(1), render, targets, NOW, "a later game was announced")
    assert (made.target, made.status) == (IRC, Status.EXPIRED)
    assert made.reason == "a later game was announced"


def test_catch_up_for_a_target_that_takes_it() -> None:
    """One line is said, and what it stands for is recorded as merged."""
    rows = outbox.plan(catch_up(game(1), game(2)), render, {IRC: ALL}, NOW)
    assert [(made.key[-6:], made.status) for made in rows] == [
        ("1/game", Status.EXPIRED),
        ("2/game", Status.EXPIRED),
        ("h-up/9", Status.PENDING),
    ]
    assert {made.reason for made in rows} == {"merged into a catch-up", None}


def test_catch_up_for_a_target_without_it() -> None:
    """The newest line of each kind that the target takes is said in its place, oldest first."""
    code = Announcement(Kind.ROOM_CODE, f"{NIGHT}/1/code/AB", NIGHT, NOW, Over(17), 1)
    kinds = frozenset({Kind.GAME_ADDED, Kind.ROOM_CODE})
    rows = outbox.plan(catch_up(game(1), code, game(2)), render, {IRC: kinds}, NOW)
    said = [made.key for made in rows if made.status is Status.PENDING]
    assert said == [f"{NIGHT}/1/code/AB", f"{NIGHT}/2/game"]
    assert [made.reason for made in rows] == [outbox.NOT_NEWEST, None, None]


def test_catch_up_for_a_target_that_takes_nothing_of_it() -> None:
    """Kinds that a target does not announce leave no rows."""
    kinds = frozenset({Kind.STATS})
    assert outbox.plan(catch_up(game(1), game(2)), render, {IRC: kinds}, NOW) == ()


# --- mark --------------------------------------------------------------------------------


def test_mark_opens_the_attempt() -> None:
    """What is committed before a send says that one is under way, and since when."""
    after = marked(marked(row()), now=NOW + 5)
    assert (after.open, after.attempts) == (True, 2)
    assert (after.first_tried_at, after.tried_at) == (NOW, NOW + 5)


def test_mark_cuts_what_does_not_fit() -> None:
    """The part under way is on disk as it is sent; what is left is kept for the next."""
    after = marked(row(text="one|two|three"))
    assert after.message.text == "one"
    assert after.rest == message("two|three")


def test_mark_cuts_again_when_the_limit_fell() -> None:
    """A part that fits no longer is cut again, and nothing of it is lost."""
    after = marked(row(text="one|two", rest=message("three"), attempts=1))
    assert after.message.text == "one"
    assert after.rest == message("two + three")


def test_mark_keeps_what_is_left() -> None:
    """A part that fits leaves the rest as it was."""
    assert marked(row(text="one", rest=message("two"))).rest == message("two")


END = (
    row(Kind.FINAL_VOTES, "votes", id=4),
    row(Kind.SESSION_ENDED, "end", id=5),
    row(Kind.STATS, "stats", id=6),
)


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        (END, "votes + end + stats"),
        (END[:2], "votes + end"),
        (END[1:], "end + stats"),
        (END[:1], "votes"),
        ((END[0], END[2]), "votes"),
        ((END[0], row()), "votes"),
        ((replace(END[0], attempts=1), *END[1:]), "votes"),
        ((END[0], replace(END[1], expires_at=NOW)), "votes"),
        ((replace(END[0], part=1), *END[1:]), "votes"),
        ((END[0], replace(END[1], session=SessionKey(18, 1))), "votes"),
    ],
)
def test_end_of_a_night_is_one_message(rows: tuple[Delivery, ...], said: str) -> None:
    """Fresh, adjacent lines of one night's end are joined where many lines fit a message."""
    head, *others = outbox.mark(rows, MANY_LINES, NOW, fit=fit, join=join)
    assert head.message.text == said
    assert [other.joined for other in others] == [head.id] * said.count("+")
    assert not any(other.open for other in others)


def test_end_of_a_night_line_by_line() -> None:
    """On a network of single lines the end of a night stays in its lines."""
    assert outbox.mark(END, PLAIN, NOW, fit=fit, join=join) == (marked(END[0]),)


# --- settle ------------------------------------------------------------------------------


@pytest.mark.parametrize(("outcome", "proof"), [(CONFIRMED, "confirmed"), (WRITTEN, "written")])
def test_accepted(outcome: Accepted, proof: str) -> None:
    """What the far side took is sent, with the proof that there is."""
    after, wait = outbox.settle(marked(row(reason="x")), outcome, PLAIN, NOW + 1, 0.5)
    assert (after.status, after.proof, after.open) == (Status.SENT, proof, False)
    assert (after.reason, after.settled_at, wait) == (None, NOW + 1, 0)


def test_accepted_part() -> None:
    """After a part the next one is due, with a key and attempts of its own."""
    before = marked(row(text="one|two"))
    after = settled(before, CONFIRMED)
    assert (after.status, after.message.text, after.rest) == (Status.PENDING, "two", None)
    assert (after.part, after.attempts, after.first_tried_at) == (1, 0, None)
    assert after.send_key != before.send_key
    last = settled(marked(after), Accepted(Receipt(Proof.WRITTEN, "m2")))
    assert (last.status, last.remote_id) == (Status.SENT, "m1")
    assert last.proof is Proof.WRITTEN  # no better than the weakest part


def test_refused() -> None:
    """A refusal is final at once, and says why."""
    after = settled(marked(row()), Refused("no such channel"))
    assert (after.status, after.reason) == (Status.DEAD, "no such channel")


def test_deferred() -> None:
    """What was surely not delivered stays pending, and leaves no doubt."""
    after = settled(marked(row()), Deferred("not connected"))
    assert (after.status, after.open, after.reason) == (Status.PENDING, False, "not connected")
    assert after.first_tried_at is None  # the far side cannot know the key yet
    assert outbox.decide(after, PLAIN, NOW) is Decision.SEND


@pytest.mark.parametrize(
    ("told", "waits"), [(7.5, 7.5), (3600.0, 3600.0), (0.0, 1.5), (-1.0, 1.5), (None, 1.5)]
)
def test_deferred_with_a_told_wait(told: float | None, waits: float) -> None:
    """What the network says about waiting is followed; a wait of nothing is none told."""
    assert outbox.settle(marked(row()), Deferred("slow", told), PLAIN, NOW, 0.5)[1] == waits


@pytest.mark.parametrize(
    ("attempts", "longest"), [(1, 2), (2, 4), (5, 32), (6, 60), (9, 60), (5_000, 60)]
)
def test_backoff(attempts: int, longest: float) -> None:
    """Waits double up to a minute and are never under a second."""
    assert outbox.backoff(attempts, 0.0) == 1
    assert outbox.backoff(attempts, 1.0) == longest


# --- doubt -------------------------------------------------------------------------------


def test_doubt_is_repeated_once() -> None:
    """Where nothing helps a doubt is answered by one repeat; the second doubt is the end."""
    first, wait = outbox.settle(marked(row()), DOUBT, PLAIN, NOW, 0.5)
    assert (first.doubts, first.repeated, wait) == (1, False, 1.5)
    assert outbox.decide(first, PLAIN, NOW) is Decision.SEND
    second, wait = outbox.settle(marked(first), DOUBT, PLAIN, NOW + 2, 0.5)
    assert (second.status, second.repeated, wait) == (Status.UNCONFIRMED, True, 0)
    assert second.reason == "no answer"


def test_repeat_that_arrives() -> None:
    """A repeat that arrived may be the second message, and says so."""
    after = settled(marked(settled(marked(row()), DOUBT)), WRITTEN)
    assert (after.status, after.repeated) == (Status.SENT, True)


def test_repeat_that_surely_failed_is_not_spent() -> None:
    """A repeat that was surely not delivered may be made again; the doubt stays."""
    doubtful = settled(marked(row()), DOUBT)
    deferred = settled(marked(doubtful), Deferred("not connected"))
    assert (deferred.doubts, deferred.repeated) == (1, False)
    assert deferred.first_tried_at == NOW
    assert outbox.decide(deferred, PLAIN, NOW + 5) is Decision.SEND
    assert settled(marked(deferred), DOUBT).status is Status.UNCONFIRMED


def test_repeats_that_the_far_side_drops() -> None:
    """While the far side knows the key it is sent again as often as needed, without a trace."""
    doubtful = row()
    for seconds in (0, 40, 80, 119):
        doubtful = settled(marked(doubtful, DEDUPES, NOW + seconds), DOUBT, DEDUPES)
        assert outbox.decide(doubtful, DEDUPES, NOW + seconds) is Decision.SEND
    assert (doubtful.doubts, doubtful.repeated) == (1, False)
    after = settled(marked(doubtful, DEDUPES, NOW + 119), CONFIRMED, DEDUPES)
    assert (after.status, after.repeated) == (Status.SENT, False)


def test_after_the_window_the_repeat_counts() -> None:
    """Once the far side has forgotten the key there is the one repeat, and no more."""
    doubtful = settled(marked(row(), DEDUPES), DOUBT, DEDUPES)
    again = settled(marked(doubtful, DEDUPES, NOW + 120), DOUBT, DEDUPES, NOW + 120)
    assert (again.status, again.repeated) == (Status.UNCONFIRMED, True)


def test_window_after_the_clock_went_back() -> None:
    """A clock that stands before the first attempt does not prove that the key is known."""
    doubtful = replace(settled(marked(row()), DOUBT), doubts=2)
    assert outbox.decide(doubtful, DEDUPES, NOW - 1) is Decision.CLOSE


def test_doubt_without_a_first_attempt() -> None:
    """A doubt of unknown age is not within any window."""
    assert outbox.decide(row(doubts=2), DEDUPES, NOW) is Decision.CLOSE
    assert settled(row(doubts=1, open=True), DOUBT, DEDUPES).doubts == 2


def test_asked_after_the_window() -> None:
    """A far side that can be asked is asked, once repeating is no longer safe."""
    both = replace(FINDS, dedupes_for=120)
    doubtful = settled(marked(row(), both), DOUBT, both)
    assert outbox.decide(doubtful, both, NOW + 119) is Decision.SEND
    assert outbox.decide(doubtful, both, NOW + 120) is Decision.ASK


def test_found() -> None:
    """What is found there was sent, by the far side's own word."""
    doubtful = settled(marked(row()), DOUBT, FINDS)
    after = outbox.answer(doubtful, "m7", NOW)
    assert (after.status, after.proof, after.remote_id) == (Status.SENT, "confirmed", "m7")
    assert not after.repeated


def test_not_found() -> None:
    """What is not there is sent as if for the first time."""
    doubtful = settled(marked(row()), DOUBT, FINDS)
    after = outbox.answer(doubtful, None, NOW)
    assert (after.doubts, after.open, after.first_tried_at) == (0, False, None)
    assert outbox.decide(after, FINDS, NOW) is Decision.SEND


def test_found_open_after_a_restart() -> None:
    """An attempt without an outcome counts like one without an answer."""
    found = outbox.recover(marked(row()), PLAIN)
    assert (found.open, found.doubts) == (False, 1)
    again = outbox.recover(marked(found), PLAIN)
    assert (again.doubts, again.repeated) == (2, True)
    assert outbox.decide(again, PLAIN, NOW) is Decision.CLOSE
    assert outbox.close(again, NOW).reason == "stopped in the middle of a send"


def test_found_closed_after_a_restart() -> None:
    """A row between two attempts is as it was."""
    assert outbox.recover(row(), PLAIN) == row()


# --- end without a send ------------------------------------------------------------------


def test_expiry() -> None:
    """What is too old is not sent, and the last failure is kept with the reason."""
    late = NOW + 900
    assert outbox.decide(row(), PLAIN, late - 1) is Decision.SEND
    assert outbox.decide(row(), PLAIN, late) is Decision.CLOSE
    assert outbox.close(row(), late).reason == "shelf life over"
    deferred = settled(marked(row()), Deferred("not connected"))
    closed = outbox.close(deferred, late)
    assert closed.status is Status.EXPIRED
    assert closed.reason == "shelf life over; last: not connected"


def test_no_expiry_while_held() -> None:
    """After a jump of a clock nothing expires."""
    assert outbox.decide(row(), PLAIN, NOW + 9_999, held=True) is Decision.SEND


def test_expiry_in_doubt() -> None:
    """What may have arrived does not count as unsaid."""
    doubtful = settled(marked(row()), DOUBT)
    assert outbox.close(doubtful, NOW + 900).status is Status.UNCONFIRMED


def test_expiry_between_parts() -> None:
    """A message of which something was said tells so."""
    between = settled(marked(row(text="one|two")), CONFIRMED)
    closed = outbox.close(between, NOW + 900)
    assert closed.reason == "shelf life over (after 1 of its parts)"


def test_taken_back() -> None:
    """A waiting line of a game taken back expires."""
    closed = outbox.take_back(row(), NOW)
    assert (closed.status, closed.reason) == (Status.EXPIRED, "game taken back")


@pytest.mark.parametrize(
    ("outcome", "status"),
    [
        (CONFIRMED, Status.SENT),
        (Refused("no"), Status.DEAD),
        (DOUBT, Status.UNCONFIRMED),
        (Deferred("not connected"), Status.EXPIRED),
    ],
)
def test_taken_back_during_a_send(outcome: object, status: Status) -> None:
    """The outcome of a send under way still counts, and there is no other attempt."""
    withdrawn = outbox.take_back(marked(row()), NOW)
    assert withdrawn.status is Status.PENDING
    after = settled(withdrawn, outcome, DEDUPES)
    if after.status is Status.PENDING:
        assert outbox.decide(after, DEDUPES, NOW) is Decision.CLOSE
        after = outbox.close(after, NOW)
    assert after.status is status
    assert status not in (Status.EXPIRED,) or after.reason == "game taken back"


def test_joined_rows_share_the_fate() -> None:
    """Rows that were said by another's message end as it does."""
    head = settled(marked(END[0]), CONFIRMED)
    shared = outbox.share_fate(replace(END[1], joined=4), head)
    assert (shared.status, shared.proof, shared.remote_id) == (Status.SENT, "confirmed", "m1")
    assert shared.settled_at == head.settled_at
    assert not outbox.frees_joined(head)


@pytest.mark.parametrize(
    ("head", "free"),
    [
        (row(), True),
        (row(doubts=1), False),
        (row(part=1), False),
    ],
)
def test_joined_rows_go_on_alone(head: Delivery, free: bool) -> None:
    """Where nothing of the message arrived, the rows that are still fresh get their own turn."""
    assert outbox.frees_joined(outbox.close(head, NOW + 900)) is free


def test_retry() -> None:
    """A host's retry starts a row anew, but says no part again that has arrived."""
    between = settled(marked(row(text="one|two")), CONFIRMED)
    dead = settled(marked(between), Refused("no such channel"))
    again = outbox.retry(dead, NOW + 5_000)
    assert (again.status, again.attempts, again.settled_at) == (Status.PENDING, 0, None)
    assert (again.expires_at, again.reason) == (NOW + 5_900, None)
    assert (again.part, again.message.text) == (1, "two")


def test_again() -> None:
    """What was said is said anew under a key of its own, however often, with a new shelf life."""
    (row,) = outbox.plan(game(1), render, {IRC: ALL}, NOW)
    said = replace(row, id=7, status=Status.SENT, attempts=2, remote_id="m1", settled_at=NOW)
    once = outbox.again(said, NOW + 60.5)
    assert (once.key, once.status, once.attempts) == (
        f"{row.key}/again/{NOW + 60:.0f}",
        "pending",
        0,
    )
    assert (once.message, once.kind, once.play) == (row.message, row.kind, 1)
    assert once.expires_at == NOW + 60.5 + outbox.SHELF_LIFE[Kind.GAME_ADDED]
    assert outbox.again(once, NOW + 90).key == f"{row.key}/again/{NOW + 90:.0f}"

"""bot.store on real files: what was written is there, whatever happens to the process."""

from __future__ import annotations

import asyncio
import os
import random
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, closing, contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from chat import until
from clock import FakeTime
from store_child import NIGHT, TARGET

from bot import outbox
from bot.domain import (
    Accepted,
    Deferred,
    Delivery,
    Kind,
    Limits,
    Message,
    Proof,
    Receipt,
    Refused,
    SessionKey,
    Span,
    Status,
    Target,
)
from bot.session import Ended, State
from bot.store import Ledger, Store, StoreError, alive_at, read_deliveries, retry
from bot.store.schema import STEPS, migrate, open_file
from bot.timing import SystemTime

CHILD = Path(__file__).parents[1] / "fakes" / "store_child.py"
NOW = 1_800_000_000.0
OTHER = Target("chat", "#other")
LIMITS = Limits(length=400)
PATIENCE = 20.0
"""Seconds for a process to start and to get on, on a busy machine."""


def row(key: str = "k", kind: Kind = Kind.GAME_ADDED, **given: object) -> Delivery:
    made = Delivery(
        id=0,
        target=TARGET,
        key=key,
        kind=kind,
        session=NIGHT,
        play=3,
        message=Message((Span(f"the line {key}"),)),
        created_at=NOW,
        expires_at=NOW + 900,
    )
    return replace(made, **given)  # type: ignore[arg-type]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "nightcrier.db"


@asynccontextmanager
async def opened(path: Path) -> AsyncIterator[Store]:
    store = await Store.open(path, SystemTime(), patience=0)
    try:
        yield store
    finally:
        await store.close()


@pytest.fixture
async def store(path: Path) -> AsyncIterator[Store]:
    async with opened(path) as store:
        yield store


@pytest.fixture
def ledger(path: Path) -> Iterator[Ledger]:
    """A ledger outside any transaction."""
    with closing(open_file(path)) as db:
        yield Ledger(db)


def add(ledger: Ledger, *rows: Delivery) -> list[Delivery]:
    ledger.record(State(), rows, (), NOW)
    keys = [made.key for made in rows]
    return [made for made in ledger.deliveries(tuple(Status), 1_000) if made.key in keys]


# --- the session machine's memory --------------------------------------------------------


async def test_state_survives(path: Path) -> None:
    """What the session machine remembers is there after a restart, ended nights included."""
    state = State(
        facts=7, remembers=True, ended={NIGHT: Ended(3, (1, 2)), SessionKey(9, 9): Ended(0, ())}
    )
    async with opened(path) as store:
        assert await store.write(lambda ledger: ledger.state()) == State()
        await store.write(lambda ledger: ledger.record(state, (), (), NOW))
    async with opened(path) as store:
        assert await store.write(lambda ledger: ledger.state()) == state


def test_ended_nights_are_updated(ledger: Ledger) -> None:
    """A night that ran again after its end is kept as it ended last."""
    ledger.record(State(ended={NIGHT: Ended(3, (1,))}), (), (), NOW)
    ledger.record(State(ended={NIGHT: Ended(4, (1, 2))}), (), (), NOW)
    assert ledger.state().ended == {NIGHT: Ended(4, (1, 2))}


def test_a_rollback_forgets_which_nights_were_saved(ledger: Ledger) -> None:
    """After a commit that failed the nights are written again."""
    state = State(ended={NIGHT: Ended(3, ())})
    ledger._db.execute("BEGIN")
    ledger.record(state, (), (), NOW)
    ledger._db.execute("ROLLBACK")
    ledger.rolled_back()
    ledger.record(state, (), (), NOW)
    assert ledger.state() == state


def work(path: Path, nights: int) -> int:
    """SQLite instructions for a night's end in a store that has seen ``nights``."""
    ended = {SessionKey(number, number): Ended(5, tuple(range(5))) for number in range(nights)}
    spent = 0

    def count() -> int:
        nonlocal spent
        spent += 1
        return 0

    with closing(open_file(path)) as db:
        ledger = Ledger(db)
        old = (
            row(f"old{number}", settled_at=NOW, status=Status.SENT) for number in range(nights * 5)
        )
        ledger.record(State(ended=ended), old, (), NOW)
        db.set_progress_handler(count, 1)
        ended = {**ended, NIGHT: Ended(5, ())}
        ledger.record(State(ended=ended), [row("new")], [(NIGHT, 2)], NOW)
        (head,) = ledger.heads(TARGET)
        ledger.save(outbox.close(head, NOW))
        ledger.purge(NOW)
    return spent


def test_a_night_costs_the_same_after_a_thousand(tmp_path: Path) -> None:
    """Neither ended nights nor settled deliveries make the next night dearer."""
    first, thousandth = work(tmp_path / "a.db", 1), work(tmp_path / "b.db", 1_000)
    assert thousandth < first * 1.2


# --- deliveries --------------------------------------------------------------------------


def test_delivery_survives_unchanged(ledger: Ledger) -> None:
    """Every field of a delivery comes back as it was."""
    full = row(
        rest=Message((Span("rest"),)),
        part=1,
        attempts=2,
        first_tried_at=NOW + 1,
        tried_at=NOW + 2.5,
        open=True,
        doubts=1,
        repeated=True,
        withdrawn="game taken back",
        joined=77,
        reason="not connected",
        proof=Proof.WRITTEN,
        remote_id="m1",
        settled_at=NOW + 3,
        status=Status.UNCONFIRMED,
    )
    (kept,) = add(ledger, full)
    assert kept == replace(full, id=kept.id)


def test_half_a_surrogate_pair_in_a_reason(ledger: Ledger) -> None:
    """Odd text from a network does not stop a fate from being recorded."""
    (kept,) = add(ledger, row(reason="server said \ud83d", message=Message((Span("\ud83d"),))))
    assert (kept.reason, kept.message.text) == ("server said ?", "\ud83d")


def test_a_known_key_changes_nothing(ledger: Ledger) -> None:
    """A fact that is learned of twice has one row for a target, and it stays as it was."""
    add(ledger, row())
    add(ledger, row(message=Message((Span("other"),))), row(target=OTHER))
    here, there = ledger.deliveries(tuple(Status), 10)
    assert (here.message.text, there.target) == ("the line k", OTHER)


def test_heads_in_order(ledger: Ledger) -> None:
    """A target's pending rows come oldest first, and neither settled ones nor other targets'."""
    add(
        ledger,
        row("0", status=Status.SENT),
        row("1", target=OTHER),
        *(row(key) for key in "2345"),
    )
    assert [made.key for made in ledger.heads(TARGET)] == ["2", "3", "4"]


def end_of_night(ledger: Ledger) -> list[Delivery]:
    """Three rows, the later two joined to the first, whose attempt is open."""
    kinds = (Kind.FINAL_VOTES, Kind.SESSION_ENDED, Kind.STATS)
    rows = add(
        ledger, *(row(kind, kind, play=3 if kind is Kind.FINAL_VOTES else None) for kind in kinds)
    )

    def join(messages: object) -> Message:
        return Message((Span("all three"),))

    marked = outbox.mark(rows, LIMITS, NOW, fit=lambda message: (message, None), join=join)
    for made in marked:
        ledger.save(made)
    return list(marked)


@pytest.mark.parametrize(
    ("outcome", "status"),
    [
        (Accepted(Receipt(Proof.CONFIRMED)), Status.SENT),
        (Refused("no"), Status.DEAD),
    ],
)
def test_joined_rows_share_the_fate(ledger: Ledger, outcome: Accepted, status: Status) -> None:
    """What was said in one message ends in one way, and each row is told of."""
    head = end_of_night(ledger)[0]
    assert ledger.heads(TARGET) == (head,)
    ended = ledger.save(outbox.settle(head, outcome, LIMITS, NOW, 0.0)[0])
    assert [made.status for made in ended] == [status] * 3
    assert ledger.heads(TARGET) == ()


def test_joined_rows_go_on_alone(ledger: Ledger) -> None:
    """A votes line that got too old does not take the end of the night with it."""
    head = end_of_night(ledger)[0]
    waiting, _ = outbox.settle(head, Deferred("not connected"), LIMITS, NOW, 0.0)
    ledger.save(waiting)
    assert len(ledger.save(outbox.close(waiting, NOW + 7_200))) == 1
    assert [made.kind for made in ledger.heads(TARGET)] == [Kind.SESSION_ENDED, Kind.STATS]


def test_taken_back(ledger: Ledger) -> None:
    """The waiting lines of a game taken back expire, and no others."""
    add(
        ledger,
        row("3/game"),
        row("3/votes", target=OTHER),
        row("4/game", play=4),
        row("start", play=None),
    )
    ledger.record(State(), [row("3/code")], [(NIGHT, 3)], NOW)
    expired = {made.key for made in ledger.deliveries([Status.EXPIRED], 10)}
    assert expired == {"3/game", "3/votes", "3/code"}


def test_taken_back_during_a_send(ledger: Ledger) -> None:
    """A line under way is not tried again once its game was taken back."""
    (made,) = add(ledger, row())
    ledger.save(replace(made, open=True))
    ledger.record(State(), (), [(NIGHT, 3)], NOW)
    head = ledger.delivery(made.id)
    assert (head.status, head.withdrawn) == (Status.PENDING, "game taken back")


def test_channels_that_are_gone(ledger: Ledger) -> None:
    """At the start rows of targets that are not configured any more expire; in doubt if they
    were under way, and with them what was joined to them."""
    first, *_ = end_of_night(ledger)
    add(ledger, row("x", target=OTHER), row("y"))
    assert len(ledger.close_unknown({OTHER}, NOW)) == 4
    fates = {made.key: made.status for made in ledger.deliveries(tuple(Status), 10)}
    assert fates == {
        first.key: Status.UNCONFIRMED,
        Kind.SESSION_ENDED: Status.UNCONFIRMED,
        Kind.STATS: Status.UNCONFIRMED,
        "y": Status.EXPIRED,
        "x": Status.PENDING,
    }


def test_purge(ledger: Ledger) -> None:
    """Settled rows are kept for 30 days, pending ones for as long as they wait."""
    month = 30 * 24 * 3600
    add(
        ledger,
        row("old", settled_at=NOW - month - 1, status=Status.SENT),
        row("waits", created_at=0.0),
    )
    add(ledger, row("young", settled_at=NOW - month + 1, status=Status.SENT))
    assert ledger.purge(NOW) == 1
    assert [made.key for made in ledger.deliveries(tuple(Status), 10)] == ["waits", "young"]


# --- writes ------------------------------------------------------------------------------


async def test_a_failing_write_spoils_no_other(store: Store) -> None:
    """Of writes that share a commit only the one that fails is undone, and it hears why."""

    def fail(ledger: Ledger) -> None:
        ledger.record(State(facts=99), [row("bad")], (), NOW)
        raise KeyError("mine")

    results = await asyncio.gather(
        store.write(lambda ledger: ledger.record(State(facts=1), [row("a")], (), NOW)),
        store.write(fail),
        store.write(lambda ledger: ledger.state().facts),
        store.write(lambda ledger: ledger.record(State(facts=2), [row("b")], (), NOW)),
        return_exceptions=True,
    )
    assert isinstance(results[1], KeyError)
    assert results[2] == 1
    rows = await store.write(lambda ledger: ledger.deliveries(tuple(Status), 10))
    assert [made.key for made in rows] == ["a", "b"]


async def test_a_cancelled_caller(store: Store) -> None:
    """A write that was asked for is made, though nobody waits for it any more."""
    writing = asyncio.create_task(
        store.write(lambda ledger: ledger.record(State(facts=5), (), (), NOW))
    )
    await asyncio.sleep(0)
    writing.cancel()
    assert await store.write(lambda ledger: ledger.state().facts) == 5


async def test_close_finishes_what_is_queued(path: Path) -> None:
    """What was queued before a close is on disk after it; what comes later is refused."""
    async with opened(path) as store:
        writing = asyncio.create_task(
            store.write(lambda ledger: ledger.record(State(facts=5), (), (), NOW))
        )
        await asyncio.sleep(0)
    await writing
    with pytest.raises(RuntimeError):
        await store.write(lambda ledger: None)
    async with opened(path) as store:
        assert await store.write(lambda ledger: ledger.state().facts) == 5


async def test_close_does_not_wait_for_a_full_disk(path: Path) -> None:
    """A store that cannot write is closed all the same, and who waits is told."""
    store = await Store.open(path, FakeTime())
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        await store._call(lambda: store._db.execute("PRAGMA busy_timeout = 1"))
        waiting = [asyncio.create_task(store.write(lambda ledger: ledger.state()))]
        await until(lambda: store.stalled)
        waiting.append(asyncio.create_task(store.write(lambda ledger: ledger.state())))
        await asyncio.sleep(0)
        await store.close()
    for task in waiting:
        with pytest.raises(StoreError, match="was closed before"):
            await task


async def test_close_does_not_wait_for_a_disk_that_fills_up_then(path: Path) -> None:
    """A store that cannot write any more at the moment of its close is closed all the same."""
    store = await Store.open(path, FakeTime())
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        await store._call(lambda: store._db.execute("PRAGMA busy_timeout = 1"))
        waiting = asyncio.create_task(store.write(lambda ledger: ledger.state()))
        await asyncio.sleep(0)
        assert not store.stalled
        await asyncio.wait_for(store.close(), 5)
    with pytest.raises(StoreError, match="was closed before"):
        await waiting


async def test_foreign_changes_while_the_disk_cannot_be_read(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file that cannot be read just now has no news and is no fault: the next write tells."""

    class Unreadable:
        def execute(self, _: str) -> None:
            error = sqlite3.OperationalError("disk I/O error")
            error.sqlite_errorcode = sqlite3.SQLITE_IOERR
            raise error

    with monkeypatch.context() as patch:
        patch.setattr(store, "_db", Unreadable())
        assert not await store.changed_elsewhere()
    assert not await store.changed_elsewhere()


async def test_foreign_changes(store: Store, path: Path) -> None:
    """Our own writes are not news, those of another process are, once."""
    await store.write(lambda ledger: ledger.record(State(), [row(status=Status.DEAD)], (), NOW))
    assert not await store.changed_elsewhere()
    assert [made.key for made in retry(path, "k", NOW)] == ["k"]
    assert await store.changed_elsewhere()
    assert not await store.changed_elsewhere()


async def test_memory_of_who_is_cancelled(store: Store) -> None:
    """What is on its way to the disk is remembered though its adapter does not wait for that: it
    is not looked up as missing, and made a second time."""
    memory = store.memory("discord")
    putting = asyncio.create_task(memory.put("thread", "1"))
    await asyncio.sleep(0)
    putting.cancel()
    await asyncio.wait({putting})
    assert putting.cancelled()
    assert memory.get("thread") == "1"


async def test_memory(path: Path) -> None:
    """What an adapter remembers is there after a restart, and none of another's."""
    async with opened(path) as store:
        memory = store.memory("discord")
        await memory.put("thread", "1")
        await memory.put("thread", "2")
        await memory.put("gone", "x")
        await memory.put("gone", None)
        await memory.put("never", None)
        assert (memory.get("thread"), memory.get("gone")) == ("2", None)
    async with opened(path) as store:
        assert store.memory("discord").get("thread") == "2"
        assert store.memory("discord").get("gone") is None
        assert store.memory("irc").get("thread") is None


async def test_sign_of_life(path: Path) -> None:
    """The sign of life is there while the bot runs, and a clean stop removes it."""
    assert alive_at(path) is None
    async with opened(path) as store:
        await store.give_sign_of_life(NOW)
        assert alive_at(path) == NOW
        await store.give_sign_of_life(NOW + 20)
        assert alive_at(path) == NOW + 20
    assert alive_at(path) is None


# --- beside a running bot ----------------------------------------------------------------


async def test_read_beside(store: Store, path: Path) -> None:
    """The newest rows can be read beside a running bot, by fate."""
    rows = [
        row(str(number), status=Status.DEAD if number % 2 else Status.SENT) for number in range(9)
    ]
    await store.write(lambda ledger: ledger.record(State(), rows, (), NOW))
    assert [made.key for made in read_deliveries(path)] == list("012345678")
    assert [made.key for made in read_deliveries(path, [Status.DEAD], 2)] == ["5", "7"]


async def test_retry_of_some(store: Store, path: Path) -> None:
    """Only rows that ended unsaid are revived, for the target that was named."""
    rows = [
        row(status=Status.EXPIRED, reason="shelf life over"),
        row(target=OTHER, status=Status.UNCONFIRMED),
        row(target=Target("irc", "#other"), status=Status.DEAD),
        row("sent", status=Status.SENT),
    ]
    await store.write(lambda ledger: ledger.record(State(), rows, (), NOW))
    assert retry(path, "sent", NOW) == ()
    assert retry(path, "nothing", NOW) == ()
    (revived,) = retry(path, "k", NOW, "chat", "#other")
    assert (revived.target, revived.status) == (OTHER, Status.PENDING)
    assert [made.target for made in retry(path, "k", NOW, "irc")] == [Target("irc", "#other")]
    assert [made.target for made in retry(path, "k", NOW)] == [TARGET]


def test_retry_of_joined_rows(ledger: Ledger) -> None:
    """Of what was one message any row's key revives the whole."""
    head = end_of_night(ledger)[0]
    ledger.save(outbox.settle(head, Refused("no"), LIMITS, NOW, 0.0)[0])
    revived = ledger.retry(Kind.STATS, NOW)
    assert [made.kind for made in revived] == [Kind.FINAL_VOTES, Kind.SESSION_ENDED, Kind.STATS]
    (only,) = ledger.heads(TARGET)
    assert only.message.text == "all three"


# --- files that cannot be used -----------------------------------------------------------


def refusal(path: Path) -> str:
    with pytest.raises(StoreError) as caught:
        asyncio.run(Store.open(path, SystemTime(), patience=0))
    return str(caught.value)


def make(path: Path, *rows: Delivery) -> None:
    with closing(open_file(path)) as db:
        Ledger(db).record(State(), rows, (), NOW)


def test_no_folder(tmp_path: Path) -> None:
    """A folder that does not exist is named, with the setting."""
    path = tmp_path / "nowhere" / "nightcrier.db"
    assert refusal(path) == (
        f"the folder {path.parent} does not exist: create it or change store.path"
    )


def test_a_folder_in_place_of_the_file(tmp_path: Path) -> None:
    """A folder is not a store."""
    assert "cannot be opened or made" in refusal(tmp_path)


@pytest.mark.parametrize(
    "content", [b"Dear diary, " * 500, b"SQLite format 3\x00" + b"\xff" * 8_000]
)
def test_damaged(path: Path, content: bytes) -> None:
    """A file that is no database is not touched, and the host is told what to do."""
    path.write_bytes(content)
    assert "is damaged, or not an SQLite file: put back a backup" in refusal(path)
    assert path.read_bytes() == content


def test_damaged_within(path: Path) -> None:
    """Damage behind the first page is found at the start, not in the middle of a night."""
    rows = [row(str(number), message=Message((Span("x" * 900),))) for number in range(200)]
    make(path, *rows)
    content = bytearray(path.read_bytes())
    content[8 * 4096 : 12 * 4096] = b"\x07" * (4 * 4096)
    path.write_bytes(content)
    assert "is damaged" in refusal(path)


async def test_memory_that_cannot_be_read(path: Path) -> None:
    """Text that is not a state any more is a sentence, not a traceback."""
    async with opened(path) as store:
        await store.write(lambda ledger: ledger.record(State(), [row()], (), NOW))
        with closing(sqlite3.connect(path)) as db:
            db.execute('UPDATE state SET body = \'{"facts": "many"}\'')
            db.execute("UPDATE delivery SET message = '[]'")
            db.commit()
        with pytest.raises(StoreError, match=r"remembers of the nights.*State.facts: expected int"):
            await store.write(lambda ledger: ledger.state())
        with pytest.raises(StoreError, match="a delivery in the store cannot be read"):
            await store.write(lambda ledger: ledger.heads(TARGET))


def test_another_programs_file(path: Path) -> None:
    """A database of another program is left alone."""
    with closing(sqlite3.connect(path)) as db:
        db.execute("CREATE TABLE songs (title TEXT)")
    assert "belongs to another program" in refusal(path)


def test_newer_schema(path: Path) -> None:
    """A file of a newer Nightcrier is left alone, by `run` and by `outbox`."""
    make(path)
    with closing(sqlite3.connect(path)) as db:
        db.execute("PRAGMA user_version = 99")
    sentence = f"is of a newer Nightcrier (schema 99, this one knows up to {len(STEPS)})"
    assert sentence in refusal(path)
    with pytest.raises(StoreError, match="newer Nightcrier"):
        read_deliveries(path)


def test_migration(path: Path) -> None:
    """An older file is brought forward step by step, and a step that fails changes nothing."""
    with closing(open_file(path)) as db:
        Ledger(db).record(State(facts=4), [row()], (), NOW)
        more = (*STEPS, ("ALTER TABLE delivery ADD COLUMN mood TEXT DEFAULT 'fine'",))
        broken = (*more, ("CREATE TABLE half (a)", "INSERT INTO nowhere VALUES (1)"))
        with pytest.raises(sqlite3.OperationalError):
            migrate(db, path, broken)
        db.execute("ROLLBACK")
        assert db.execute("PRAGMA user_version").fetchone() == (len(STEPS) + 1,)
        assert db.execute("SELECT key, mood FROM delivery").fetchall() == [("k", "fine")]
        assert not db.execute("SELECT 1 FROM sqlite_master WHERE name = 'half'").fetchall()
        assert Ledger(db).state().facts == 4


def test_older_schema_beside(path: Path) -> None:
    """`outbox` does not bring a file forward under a bot that may still run on it."""
    with closing(open_file(path)) as db:
        db.execute("PRAGMA user_version = 0")
    with pytest.raises(StoreError, match="older Nightcrier: start `nightcrier run` once"):
        read_deliveries(path)


def test_nothing_to_read_yet(path: Path) -> None:
    """Without a store `outbox` says who makes it, and makes none."""
    with pytest.raises(StoreError, match="there is no store at"):
        read_deliveries(path)
    assert not path.exists()


needs_root = pytest.mark.skipif(os.getuid() != 0, reason="gives rights away, which only root can")


def opened_by_nobody(path: Path) -> str:
    """What a user without rights is told, who may come as far as the test's own folder."""
    for parent in path.parents:
        if parent.name.startswith(("pytest", "popen")):
            parent.chmod(0o755)
    script = (
        "import asyncio, sys, os; from pathlib import Path;"
        "from bot.store import Store, StoreError; from bot.timing import SystemTime\n"
        "os.setgid(65534); os.setuid(65534)\n"
        "try: asyncio.run(Store.open(Path(sys.argv[1]), SystemTime(), patience=0))\n"
        "except StoreError as error: print(error)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(path)], capture_output=True, text=True, timeout=30
    )
    assert done.stderr == ""
    return done.stdout


@needs_root
@pytest.mark.parametrize(("folder", "file"), [(0o755, 0o666), (0o777, 0o444)])
def test_rights(path: Path, folder: int, file: int) -> None:
    """A folder or a file that may only be read is said at the start."""
    make(path)
    path.chmod(file)
    path.parent.chmod(folder)
    told = opened_by_nobody(path)
    assert told.startswith(str(path.parent))
    assert "cannot be" in told


@needs_root
def test_a_folder_behind_a_closed_one(path: Path) -> None:
    """That a folder above may not be entered is said too."""
    path.parent.chmod(0o700)
    inner = path.parent / "inner"
    inner.mkdir()
    told = opened_by_nobody(inner / path.name)
    assert told == f"{inner} cannot be looked into (Permission denied)\n"


# --- other processes ---------------------------------------------------------------------


@contextmanager
def child(mode: str, path: Path, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [sys.executable, str(CHILD), mode, str(path), *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with process:
        try:
            yield process
        finally:
            process.kill()


async def test_second_nightcrier(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """A second bot on the same file says that it waits, ten seconds at most, then why it ends."""
    with child("hold", path) as first:
        assert first.stdout
        assert first.stdout.readline() == "open\n"
        clock = FakeTime()
        opening = asyncio.create_task(Store.open(path, clock))
        await clock.advance(9.9)
        assert not opening.done()
        assert [r.getMessage() for r in caplog.records if "waiting" in r.getMessage()] == [
            f"{path} is in use by another Nightcrier; waiting for its end"
        ]
        await clock.advance(0.2)
        with pytest.raises(StoreError, match="in use by another Nightcrier"):
            await opening


async def test_second_nightcrier_waits(path: Path) -> None:
    """A bot that is restarted gets the file as soon as the one before has let go."""
    with child("hold", path) as first:
        assert first.stdout
        first.stdout.readline()
        opening = asyncio.create_task(Store.open(path, SystemTime()))
        await asyncio.sleep(0)
        first.kill()
        await (await asyncio.wait_for(opening, PATIENCE)).close()


def test_full_disk(path: Path) -> None:
    """While the disk takes nothing no write returns; it is said once, and once when it is over."""
    with child("full", path) as process:
        output, _ = process.communicate(timeout=30)
    assert process.returncode == 0
    first, last = output.splitlines()
    assert "cannot be written" in first
    assert "nothing is taken in or sent" in first
    assert "takes writes again" in last


def test_killed_while_writing(path: Path) -> None:
    """What a write returned for is on disk after a SIGKILL, and the file opens at once."""
    dice = random.Random(17)
    promised = 0
    for _ in range(4):
        with child("write", path) as process:
            assert process.stdout
            for _ in range(dice.randrange(1, 120)):
                promised = int(process.stdout.readline())
            process.kill()
            promised = max([promised, *map(int, process.stdout.read().split())])
        kept = {int(made.key.split("/")[1]) for made in read_deliveries(path, limit=10_000)}
        assert kept >= set(range(1, promised + 1))


def lines(seen: Path) -> list[str]:
    return seen.read_text().split() if seen.exists() else []


def speak_and_die(mode: str, path: Path, count: int, dice: random.Random) -> bool:
    """Let a bot speak and kill it after some more lines; whether it was done before that."""
    seen = path.with_suffix(".seen")
    goal = len(lines(seen)) + dice.randrange(1, 12)
    with child(mode, path, str(count)) as process:
        deadline = time.monotonic() + PATIENCE
        while len(lines(seen)) < min(goal, count) and process.poll() is None:
            assert time.monotonic() < deadline
        if len(lines(seen)) >= count:
            process.wait(PATIENCE)
        process.kill()
        return process.wait(PATIENCE) == 0


@pytest.mark.parametrize("mode", ["speak", "speak-once"])
def test_killed_while_speaking(path: Path, mode: str) -> None:
    """Through SIGKILLs nothing is lost and the order holds. A line is seen twice only where
    the far side cannot drop repeats, and then its row says so."""
    dice = random.Random(mode)
    count, kills = 40, 0
    while not speak_and_die(mode, path, count, dice):
        kills += 1
        assert kills < 60
    seen = [line.split("|")[1] for line in lines(path.with_suffix(".seen"))]
    rows = read_deliveries(path, limit=1_000)
    assert len(rows) == count
    assert list(dict.fromkeys(seen)) == [made.key for made in rows if made.key in seen]
    assert kills > 2
    times = Counter(seen)
    for made in rows:
        assert times[made.key] <= (2 if mode == "speak" and made.repeated else 1)
        assert made.status is Status.SENT or (made.status is Status.UNCONFIRMED and made.repeated)
        assert made.status is Status.UNCONFIRMED or times[made.key]

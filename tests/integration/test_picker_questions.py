"""Questions over REST: clear answers, and everything that is none."""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest
from clock import FakeTime
from faults import (
    BROKEN,
    CLOSE,
    CUT_OFF,
    EXPRESS_404,
    FORBIDDEN,
    HANG,
    HTML,
    HUGE,
    SENSELESS,
    THROTTLED,
    UNAUTHORIZED,
    UNAVAILABLE,
    Fault,
    Faults,
    error,
)
from host import Host, hosting
from listener import listening, until

from bot.domain import SessionKey, Verdict, Votes, WantTally
from bot.picker import LinkState, Picker, Unclear
from bot.picker.faults import Address
from bot.sandbox import NEWEST, SEED, Era, Sandbox
from bot.timing import Time

KEY = "correct horse"
GAME = "Drawful 2"
NO_ANSWER = [
    BROKEN,
    UNAVAILABLE,
    HTML,
    EXPRESS_404,
    UNAUTHORIZED,
    FORBIDDEN,
    THROTTLED,
    CUT_OFF,
    SENSELESS,
    HUGE,
    CLOSE,
    Fault(302),
    Fault(204),
]


class Stage:
    """A sandbox with faults before it, a host, and the Picker client under test."""

    def __init__(self, time: FakeTime, picker: Picker, host: Host, faults: Faults) -> None:
        self.time = time
        self.picker = picker
        self.host = host
        self.faults = faults

    async def night(self, *titles: str) -> SessionKey:
        """A running night with these games."""
        night = await self.host.start()
        for title in titles:
            await self.host.add(night, title)
            await self.time.advance(60.0)
        snapshot = await self.picker.snapshot(0)
        assert snapshot.session is not None
        return snapshot.session.key


@asynccontextmanager
async def staged(era: Era = NEWEST) -> AsyncIterator[Stage]:
    time, faults = FakeTime(), Faults()
    sandbox = Sandbox(KEY, time=time, era=era, middlewares=[faults.middleware])
    async with sandbox.serve() as url, hosting(url, KEY, time) as host:
        yield Stage(time, picker_at(url, time), host, faults)


def picker_at(url: str, time: Time) -> Picker:
    return Picker(url, admin_key=KEY, interval=30.0, time=time, roll=lambda: 0.0)


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    async with staged() as stage:
        yield stage


@pytest.fixture
async def old() -> AsyncIterator[Stage]:
    """A Picker of November 2025."""
    async with staged(SEED) as stage:
        yield stage


# --- snapshots ---------------------------------------------------------------------------


async def test_a_snapshot_of_nothing(stage: Stage) -> None:
    """Without an active session the snapshot says so, clearly."""
    snapshot = await stage.picker.snapshot(7)
    assert (snapshot.seen, snapshot.session, snapshot.rows) == (7, None, None)


async def test_a_snapshot_of_a_night(stage: Stage) -> None:
    """A snapshot has the session and its games, with their all-time counters."""
    key = await stage.night(GAME, "Fibbage 4")
    snapshot = await stage.picker.snapshot(3)
    assert snapshot.session is not None
    assert snapshot.session.key == key
    assert snapshot.rows is not None
    assert [row.game.title for row in snapshot.rows] == [GAME, "Fibbage 4"]
    assert all(row.totals is not None for row in snapshot.rows)
    assert not any(asked.endswith("/votes") for asked in stage.faults.asked)


@pytest.mark.parametrize("fault", NO_ANSWER)
async def test_no_answer_is_no_snapshot(stage: Stage, fault: Fault) -> None:
    """Errors, pages, refusals, time-outs and nonsense raise; they never say "no session"."""
    await stage.night(GAME)
    stage.faults.put("GET /api/sessions/active", fault)
    with pytest.raises(Unclear) as caught:
        await stage.picker.snapshot(0)
    assert str(caught.value)


@pytest.mark.parametrize("fault", NO_ANSWER)
async def test_games_that_cannot_be_read(stage: Stage, fault: Fault) -> None:
    """A list of games that does not come says nothing about the games, nor about the session."""
    key = await stage.night(GAME)
    stage.faults.put("GET /api/sessions/[0-9]+/games", fault)
    snapshot = await stage.picker.snapshot(0)
    assert snapshot.session is not None
    assert (snapshot.session.key, snapshot.rows) == (key, None)


async def counted(stage: Stage, path: str) -> int:
    return sum(asked == f"GET {path}" for asked in stage.faults.asked)


async def test_counters_of_an_old_picker(old: Stage) -> None:
    """Where neither rows nor `/votes` tell, the last game's counters come from the catalogue, and
    `/votes` is asked for once only."""
    key = await old.night(GAME, "Fibbage 4")
    snapshot = await old.picker.snapshot(0)
    assert snapshot.rows is not None
    first, last = snapshot.rows
    game = await old.host.ask("GET", f"/api/games/{last.game.id}")
    assert last.totals == Votes(game["upvotes"], game["downvotes"])
    assert first.totals is None
    assert await counted(old, f"/api/sessions/{key.id}/votes") == 1


async def test_a_login_forgets_that_there_were_no_votes(old: Stage) -> None:
    """After the next login `/votes` is asked for again: the Picker may be a newer one."""
    key = await old.night(GAME)
    path = f"/api/sessions/{key.id}/votes"
    assert await counted(old, path) == 1
    async with listening(old.picker) as listener:
        await until(lambda: listener.snapshots)
        await old.picker.snapshot(0)
    assert await counted(old, path) == 2


@pytest.mark.parametrize("path", ["GET /api/sessions/[0-9]+/votes", "GET /api/games/[0-9]+"])
async def test_counters_that_do_not_come(old: Stage, path: str) -> None:
    """Rows whose counters cannot be had are rows all the same."""
    old.faults.put(path, BROKEN)
    await old.night(GAME)
    snapshot = await old.picker.snapshot(0)
    assert snapshot.rows is not None
    assert [row.totals for row in snapshot.rows] == [None]


async def before(stage: Stage) -> list[int | None]:
    """The upvotes that the games of a snapshot had before the night, above those at the start."""
    rows = (await stage.picker.snapshot(0)).rows or ()
    return [row.before.up if row.before else None for row in rows]


async def all_time(stage: Stage) -> int:
    game = await stage.host.ask("GET", f"/api/games/{await stage.host.game_id(GAME)}")
    return int(game["upvotes"])


@pytest.mark.parametrize("seen", ["idle", "night"])
async def test_counters_before_the_first_vote(old: Stage, seen: str) -> None:
    """What was read before the night, or at its beginning, has none of its games' votes in it."""
    ups = await all_time(old)
    if seen == "idle":
        await old.picker.snapshot(0)
    session = await old.host.start()
    if seen == "night":
        await old.picker.snapshot(0)
    await old.host.add(session, GAME)
    await old.host.vote("ann")
    assert await before(old) == [ups]
    await old.host.vote("ben")
    assert await before(old) == [ups]
    snapshot = await old.picker.snapshot(0)
    assert snapshot.session is not None
    want = WantTally(snapshot.session.key, 1, await old.host.game_id(GAME))
    tallied = await old.picker.tally(want, known=False)
    assert tallied.totals is not None
    assert tallied.before is not None
    assert tallied.totals.up - tallied.before.up == 2
    assert await counted(old, "/api/games") == {"idle": 3, "night": 2}[seen]


async def test_counters_before_a_list_of_games_that_is_slow(old: Stage) -> None:
    """What was read while no night ran serves a tally though the night's rows never came."""
    ups = await all_time(old)
    await old.picker.snapshot(0)
    session = await old.host.start()
    await old.host.add(session, GAME)
    await old.host.vote("ann")
    old.faults.put("GET /api/sessions/[0-9]+/games", BROKEN)
    snapshot = await old.picker.snapshot(0)
    assert snapshot.session is not None
    want = WantTally(snapshot.session.key, 1, await old.host.game_id(GAME))
    tallied = await old.picker.tally(want, known=False)
    assert tallied.before is not None
    assert tallied.before.up == ups


async def test_counters_before_of_two_who_look_at_once(old: Stage) -> None:
    """What was read while no night ran serves, too, where a night is first seen twice at once."""
    ups = await all_time(old)
    await old.picker.snapshot(0)
    session = await old.host.start()
    await old.host.add(session, GAME)
    await old.host.vote("ann")
    await asyncio.gather(before(old), before(old))
    assert await before(old) == [ups]


async def test_counters_of_a_game_that_ran_already(old: Stage) -> None:
    """Of a game that ran before we looked nothing is known; nor is it of one of the next night
    that began behind our back, though its counters were read before an earlier night."""
    session = await old.host.start()
    await old.host.add(session, GAME)
    await old.host.vote("ann")
    assert await before(old) == [None]
    await old.host.close(session)
    session = await old.host.start()
    await old.host.add(session, GAME)
    assert await before(old) == [None]


@pytest.mark.parametrize("slow", [False, True], ids=["rows", "no rows"])
async def test_counters_of_before_a_login(old: Stage, slow: bool) -> None:
    """While there was no link there may have been another night, so what was read before it
    serves no game that runs already, nor a tally while the night's rows do not come."""
    await old.picker.snapshot(0)
    async with listening(old.picker) as listener:
        await until(lambda: listener.picker.status().state is LinkState.LIVE)
        session = await old.host.start()
        await old.host.add(session, GAME)
        if slow:
            old.faults.put("GET /api/sessions/[0-9]+/games", BROKEN)
        assert await before(old) == ([] if slow else [None])
        info = (await old.picker.snapshot(0)).session
        assert info is not None
        want = WantTally(info.key, 1, await old.host.game_id(GAME))
        assert (await old.picker.tally(want, known=False)).before is None


async def test_a_catalogue_that_does_not_come(old: Stage) -> None:
    """It is not waited for again in that night, and the games are told without it."""
    await old.host.game_id(GAME)
    old.faults.put("GET /api/games", BROKEN)
    session = await old.host.start()
    await old.picker.snapshot(0)
    await old.host.add(session, GAME)
    old.faults.asked.clear()
    assert await before(old) == [None]
    assert await counted(old, "/api/games") == 0


async def test_a_list_of_games_that_comes_later(old: Stage) -> None:
    """A catalogue serves only with the rows that were read after it."""
    session = await old.host.start()
    old.faults.put("GET /api/sessions/[0-9]+/games", BROKEN, times=1)
    assert await before(old) == []
    await old.host.add(session, GAME)
    await old.host.vote("ann")
    assert await before(old) == [None]


async def test_a_picker_with_votes_needs_no_catalogue(stage: Stage) -> None:
    """Where the Picker has told a night's votes, the catalogue is not asked for."""
    key = await stage.night(GAME)
    await stage.picker.tally(WantTally(key, 1, 1), known=True)
    await stage.host.close(key.id)
    stage.faults.asked.clear()
    await stage.picker.snapshot(0)
    await stage.host.start()
    await stage.picker.snapshot(0)
    assert await counted(stage, "/api/games") == 0


async def test_a_picker_with_votes_but_bare_rows() -> None:
    """Where tonight's votes can be asked for, the catalogue is left alone."""
    async with staged(replace(NEWEST, row_counters=False)) as stage:
        key = await stage.night(GAME)
        await stage.picker.snapshot(0)
        assert await counted(stage, f"/api/sessions/{key.id}/votes") == 1
        assert not any(asked.startswith("GET /api/games/") for asked in stage.faults.asked)


async def test_a_failing_poll_is_said_once(stage: Stage, caplog: pytest.LogCaptureFixture) -> None:
    """While the link is live a poll that fails is said once, and so is its recovery."""
    caplog.set_level(logging.INFO, "bot.picker")
    async with listening(stage.picker) as listener:
        await until(lambda: listener.snapshots)
        caplog.clear()
        for fault in (UNAVAILABLE, BROKEN, UNAVAILABLE):
            stage.faults.put("GET /api/sessions/active", fault, times=1)
            with pytest.raises(Unclear):
                await stage.picker.snapshot(0)
        await stage.picker.snapshot(0)
        await stage.picker.snapshot(0)
    assert [record.getMessage() for record in caplog.records] == [
        "The Picker does not answer the poll; trying on. HTTP 503",
        "The Picker answers the poll again.",
    ]


async def test_a_picker_that_wants_a_token_for_reading() -> None:
    """Every question carries the token of the last login, for Pickers that want it."""
    async with staged(replace(NEWEST, guarded_reads=True)) as stage:
        with pytest.raises(Unclear, match="Access token required"):
            await stage.picker.snapshot(0)
        async with listening(stage.picker) as listener:
            await until(lambda: listener.snapshots)
            assert (await stage.picker.snapshot(0)).session is None


# --- confirmations -----------------------------------------------------------------------


async def test_confirming(stage: Stage) -> None:
    """A session runs, has ended, or is gone; and what its games are is told with it."""
    key = await stage.night(GAME)
    running = await stage.picker.confirm(key, 5)
    assert (running.seen, running.key, running.verdict) == (5, key, Verdict.RUNNING)
    await stage.host.close(key.id)
    ended = await stage.picker.confirm(key, 6)
    assert ended.verdict is Verdict.ENDED
    assert ended.info is not None
    assert ended.info.closed_at is not None
    assert ended.rows is not None
    assert [row.game.title for row in ended.rows] == [GAME]
    gone = await stage.picker.confirm(SessionKey(key.id + 1, key.created_at), 7)
    assert gone.verdict is Verdict.GONE


async def test_an_id_that_was_given_anew(stage: Stage) -> None:
    """A session with the same id and another moment is another night: ours is gone."""
    key = await stage.night(GAME)
    confirmed = await stage.picker.confirm(SessionKey(key.id, key.created_at - 86400), 0)
    assert (confirmed.verdict, confirmed.info) == (Verdict.GONE, None)


@pytest.mark.parametrize(
    "fault", [*NO_ANSWER, error(404, "Not found"), error(404, "no Route matched")]
)
async def test_nothing_is_confirmed_without_an_answer(stage: Stage, fault: Fault) -> None:
    """An outage confirms no end: the verdict is unknown."""
    key = await stage.night(GAME)
    stage.faults.put("GET /api/sessions/[0-9]+", fault)
    assert (await stage.picker.confirm(key, 0)).verdict is Verdict.UNKNOWN


# --- tallies -----------------------------------------------------------------------------


async def test_a_tally(stage: Stage) -> None:
    """Where the Picker tells tonight's votes, these are the answer, by catalogue id."""
    key = await stage.night(GAME)
    await stage.host.vote("ann")
    await stage.host.vote("ben", "down")
    await stage.host.vote("cid")
    game_id = await stage.host.game_id(GAME)
    tallied = await stage.picker.tally(WantTally(key, 1, game_id), known=True)
    assert (tallied.key, tallied.play) == (key, 1)
    assert (tallied.counts, tallied.totals) == (((game_id, Votes(2, 1)),), None)


@pytest.mark.parametrize("fault", [EXPRESS_404, HTML])
async def test_votes_that_were_told_before(stage: Stage, fault: Fault) -> None:
    """A Picker that told tonight's votes once can tell them: a page in their place is no answer,
    also after another login, and they are asked for again."""
    key = await stage.night(GAME)
    await stage.host.vote("ann")
    told = await stage.picker.counts(key.id)
    assert told
    stage.faults.put("GET /api/sessions/[0-9]+/votes", fault)
    async with listening(stage.picker) as listener:
        await until(lambda: listener.snapshots)
        with pytest.raises(Unclear):
            await stage.picker.counts(key.id)
    stage.faults.clear()
    assert await stage.picker.counts(key.id) == told


async def test_votes_that_are_not_told_yet(stage: Stage) -> None:
    """That a Picker cannot tell tonight's votes is believed for a minute: it may have been a page
    of the proxy before it."""
    key = await stage.night(GAME)
    stage.faults.put("GET /api/sessions/[0-9]+/votes", EXPRESS_404, times=1)
    assert await stage.picker.counts(key.id) is None
    await stage.time.advance(59.0)
    assert await stage.picker.counts(key.id) is None
    await stage.time.advance(1.0)
    assert await stage.picker.counts(key.id) == ()


async def test_a_tally_of_an_old_picker(old: Stage) -> None:
    """Without `/votes` the all-time counters are the answer, unless our own count is known."""
    key = await old.night(GAME)
    game_id = await old.host.game_id(GAME)
    before = await old.picker.tally(WantTally(key, 1, game_id), known=False)
    await old.host.vote("ann")
    after = await old.picker.tally(WantTally(key, 1, game_id), known=False)
    assert before.totals is not None
    assert after.totals is not None
    assert after.counts is None
    assert after.totals.less(before.totals) == Votes(1, 0)
    old.faults.asked.clear()
    known = await old.picker.tally(WantTally(key, 1, game_id), known=True)
    unnamed = await old.picker.tally(WantTally(key, 1, None), known=False)
    assert (known.counts, known.totals) == (unnamed.counts, unnamed.totals) == (None, None)
    assert old.faults.asked == []


async def tally(stage: Stage, key: SessionKey) -> object:
    """A tally, while the fake time goes on."""
    game_id = await stage.host.game_id(GAME)
    task = asyncio.create_task(stage.picker.tally(WantTally(key, 1, game_id), known=True))
    await until(task.done, stage.time)
    return await task


@pytest.mark.parametrize("fault", [BROKEN, UNAVAILABLE, CLOSE, CUT_OFF, FORBIDDEN])
async def test_an_error_is_asked_once_more(stage: Stage, fault: Fault) -> None:
    """One error is asked again, well within three seconds; a second one is none of ours."""
    key = await stage.night(GAME)
    stage.faults.put("GET /api/sessions/[0-9]+/votes", fault, times=1)
    start = stage.time.monotonic()
    await tally(stage, key)
    assert stage.time.monotonic() - start < 3.0
    stage.faults.put("GET /api/sessions/[0-9]+/votes", fault, times=2)
    with pytest.raises(Unclear):
        await tally(stage, key)
    assert (await counted(stage, f"/api/sessions/{key.id}/votes")) == 4


# --- limits ------------------------------------------------------------------------------


async def test_a_picker_that_hangs(stage: Stage) -> None:
    """A request is given five seconds in all, and then its connection is closed."""
    stage.faults.put("GET /api/sessions/active", HANG)
    start = stage.time.monotonic()
    task = asyncio.create_task(stage.picker.snapshot(0))
    await until(task.done, stage.time)
    with pytest.raises(Unclear, match="no answer in time"):
        await task
    assert 5.0 <= stage.time.monotonic() - start <= 6.0


async def trickle(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n")
    while not writer.is_closing():
        writer.write(b" ")
        await writer.drain()
        await asyncio.sleep(0.001)


async def endless(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n")
    while not writer.is_closing():
        writer.write(b"[" * 65536)
        await writer.drain()


async def greet(writer: asyncio.StreamWriter) -> None:
    writer.write(b"SSH-2.0-OpenSSH_9.2\r\n")


@asynccontextmanager
async def raw(answer: Callable[[asyncio.StreamWriter], Awaitable[None]]) -> AsyncIterator[str]:
    """A server that is no HTTP server, or a bad one."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await reader.readuntil(b"\r\n\r\n")
            await answer(writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"


async def test_an_answer_that_trickles() -> None:
    """The five seconds are for the whole answer, not for each byte of it."""
    time = FakeTime()
    async with raw(trickle) as url:
        task = asyncio.create_task(picker_at(url, time).snapshot(0))
        await until(task.done, time)
        with pytest.raises(Unclear, match="no answer in time"):
            await task
    assert time.monotonic() - 1000.0 <= 6.0


async def test_an_answer_without_end() -> None:
    """An answer of more than 1 MiB is not read to its end."""
    async with raw(endless) as url:
        with pytest.raises(Unclear, match="more than 1,048,576 bytes"):
            await picker_at(url, FakeTime()).snapshot(0)


async def test_proxies_of_the_environment_are_not_asked(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A proxy variable, meant for others, does not send the key anywhere."""
    for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    again = picker_at(str(stage.host.client.base_url), stage.time)
    assert (await again.snapshot(0)).session is None


# --- the Picker's clock ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("ahead", "skew"),
    [(0.0, 0.0), (0.9, 0.0), (-0.9, 0.0), (1.2, 1.2), (-90.0, -90.0), (3600, 3600)],
)
async def test_skew(ahead: float, skew: float) -> None:
    """The difference of the clocks comes from the `Date` header, which has whole seconds: its
    middle is meant, and less than a second is no difference."""
    theirs, ours = FakeTime(1_800_000_000.5), FakeTime(1_800_000_000.5 + ahead)
    async with Sandbox(KEY, time=theirs).serve() as url:
        picker = picker_at(url, ours)
        await picker.snapshot(0)
    assert picker.skew == pytest.approx(skew)


@pytest.mark.parametrize(
    "header", ["", "Date: now\r\n", "Date: Mon, 01 Jan 99999999999999999999 00:00:00 GMT\r\n"]
)
async def test_no_date(header: str) -> None:
    """An answer without a date, or with one that is none, leaves the difference as it was."""

    async def answer(writer: asyncio.StreamWriter) -> None:
        writer.write(f"HTTP/1.1 200 OK\r\n{header}Content-Length: 4\r\n\r\nnull".encode())

    async with raw(answer) as url:
        picker = picker_at(url, FakeTime())
        assert (await picker.snapshot(0)).session is None
    assert picker.skew is None


# --- sentences ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (HTML, "is not a Picker (a page or other text instead of JSON): picker.url must be"),
        (EXPRESS_404, "is not a Picker (HTTP 404): picker.url must be"),
        (SENSELESS, "is not a Picker (the answer to the login has no token)"),
        (Fault(401, HTML.body, "text/html"), "is not a Picker (HTTP 401): picker.url must be"),
        (Fault(403, "Forbidden", "text/plain"), "a proxy in between must let us through to it"),
        (UNAVAILABLE, "is in trouble (HTTP 503). Trying again."),
        (BROKEN, "is in trouble (HTTP 500 (Something went wrong!))"),
        (THROTTLED, "is in trouble (HTTP 429 (Too many requests))"),
        (HUGE, "is not a Picker (an answer of more than 1,048,576 bytes)"),
        (CLOSE, "cannot be reached (Server disconnected without sending a response"),
        (Fault(301), "sends us elsewhere (HTTP 301): set picker.url"),
    ],
)
async def test_what_is_said_of_a_bad_login(stage: Stage, fault: Fault, words: str) -> None:
    """Each way in which the login can fail has a sentence that says what it is."""
    stage.faults.put("POST /api/auth/login", fault)
    async with listening(stage.picker) as listener:
        await until(lambda: listener.picker.status().trouble)
        trouble = listener.picker.status().trouble or ""
    assert words in trouble
    assert str(stage.host.client.base_url).rstrip("/") in trouble
    assert listener.picker.status().state is LinkState.LOST


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def said_of(url: str, time: FakeTime) -> str:
    async with listening(picker_at(url, time)) as listener:
        await until(lambda: listener.picker.status().trouble, time)
        return listener.picker.status().trouble or ""


async def test_nobody_there() -> None:
    """An address at which nobody listens, and a name that is none, are told apart."""
    said = await said_of(f"http://127.0.0.1:{free_port()}", FakeTime())
    assert "cannot be reached (connection refused): is it running" in said
    said = await said_of("http://picker.invalid:5000", FakeTime())
    assert "cannot be reached (its name is unknown" in said


async def test_something_else_there() -> None:
    """Something that speaks no HTTP, and a plain Picker behind an https address, are named."""
    async with raw(greet) as url:
        assert "cannot be reached" in await said_of(url, FakeTime())
    async with Sandbox(KEY, time=FakeTime()).serve() as url:
        said = await said_of(url.replace("http:", "https:"), FakeTime())
    assert "No trusted connection to https://" in said
    assert "must begin with http:" in said


async def test_a_picker_that_hangs_at_login() -> None:
    """A Picker that accepts and says nothing is told as such."""

    async def nothing(writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(3600)

    time = FakeTime()
    async with raw(nothing) as url:
        said = await said_of(url, time)
    assert "cannot be reached (no answer in time)" in said


# --- addresses ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "api", "live"),
    [
        ("http://h:5000", "http://h:5000/api/x", "ws://h:5000/api/sessions/live"),
        ("http://h:3000/api/", "http://h:3000/api/x", "ws://h:3000/api/sessions/live"),
        ("https://h/picker/api", "https://h/picker/api/x", "wss://h/picker/api/sessions/live"),
        ("https://[::1]:5000/", "https://[::1]:5000/api/x", "wss://[::1]:5000/api/sessions/live"),
    ],
)
def test_addresses(url: str, api: str, live: str) -> None:
    """The socket's address is the API's with another scheme, whatever the host's address has."""
    address = Address.of(url)
    assert (address.api("/x"), address.socket) == (api, live)


@pytest.mark.parametrize("url", ["http://a..b", "http://" + "x" * 300, "http://[::1]:1"])
async def test_odd_names(url: str) -> None:
    """A name that no resolver takes is a Picker that cannot be reached, and no crash."""
    time = FakeTime()
    assert "cannot be reached" in await said_of(url, time)
    unlogged = Picker(url, token="a.b.c", interval=30.0, time=time, roll=lambda: 0.0)
    async with listening(unlogged):
        await until(lambda: "cannot be reached" in (unlogged.status().trouble or ""), time)
    with pytest.raises(Unclear):
        await picker_at(url, FakeTime()).snapshot(0)

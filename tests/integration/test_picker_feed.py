"""The feed against the embedded Picker, and against one that does whatever a test says."""

from __future__ import annotations

import asyncio
import json
import logging
import ssl
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import web
from clock import FakeTime
from faults import FORBIDDEN, HTML, UNAVAILABLE, Faults, Handler
from host import hosting
from irc_daemons import certificate
from listener import listening, until
from scripted_picker import ScriptedPicker, Socket

from bot.domain import GameAdded, SessionEnded, SessionStarted, VoteReceived
from bot.picker import BATCH, KeyRefused, LinkState, Opened, Picker, Received, Told, Unclear
from bot.sandbox import SEED, Sandbox
from bot.timing import SystemTime, Time
from bot.wire import AuthAccepted, Subscribed

KEY = "correct horse"
GAME = "Drawful 2"


@pytest.fixture
def time() -> FakeTime:
    return FakeTime()


def picker_at(url: str, time: Time, **more: object) -> Picker:
    settings: dict[str, object] = {"admin_key": KEY, "interval": 30.0, "roll": lambda: 0.0}
    return Picker(url, time=time, **settings | more)


async def stay(socket: Socket) -> None:
    """A Picker that lets everybody in and then only listens."""
    await socket.let_in()
    await socket.hear_all()


@pytest.fixture
async def silent() -> AsyncIterator[tuple[str, ScriptedPicker]]:
    scripted = ScriptedPicker(stay)
    async with scripted.serve() as url:
        yield url, scripted


# --- a night -----------------------------------------------------------------------------


@pytest.mark.parametrize("suffix", ["", "/", "/api", "/api/"])
async def test_a_night(time: FakeTime, suffix: str) -> None:
    """All four events come, in order, whether the address ends in /api or not."""
    sandbox = Sandbox(KEY, time=time)
    async with (
        sandbox.serve() as url,
        listening(picker_at(url + suffix, time)) as listener,
        hosting(url, KEY, time) as host,
    ):
        await until(lambda: listener.snapshots == 1)
        night = await host.start("Friday")
        await until(lambda: listener.events)
        listener.picker.follow(night)
        await until(lambda: sandbox.subscribers(night))
        await until(lambda: listener.snapshots == 2)
        await host.add(night, GAME)
        await host.vote("ann")
        await host.close(night)
        await until(lambda: len(listener.events) == 4)
    kinds = [SessionStarted, GameAdded, VoteReceived, SessionEnded]
    assert [type(event) for event in listener.events] == kinds


async def test_coming_into_a_night(time: FakeTime) -> None:
    """A session that runs already is subscribed to before the snapshot is wanted."""
    sandbox = Sandbox(KEY, time=time, era=SEED)
    async with sandbox.serve() as url, hosting(url, KEY, time) as host:
        night = await host.start()
        async with listening(picker_at(url, time)) as listener:
            await until(lambda: listener.snapshots == 1)
            assert sandbox.subscribers(night) == 1
            await host.add(night, GAME)
            await until(lambda: listener.events)


async def test_a_new_night(time: FakeTime) -> None:
    """The subscription moves on with the session that is followed."""
    sandbox = Sandbox(KEY, time=time)
    async with (
        sandbox.serve() as url,
        hosting(url, KEY, time) as host,
        listening(picker_at(url, time)) as listener,
    ):
        old = await host.start()
        listener.picker.follow(old)
        await until(lambda: sandbox.subscribers(old))
        await host.close(old)
        new = await host.start()
        listener.picker.follow(new)
        await until(lambda: sandbox.subscribers(new) and not sandbox.subscribers(old))


async def test_active_does_not_answer(time: FakeTime) -> None:
    """If `/active` fails after the login, the snapshot is wanted all the same."""
    faults = Faults()
    faults.put("GET /api/sessions/active", UNAVAILABLE)
    sandbox = Sandbox(KEY, time=time, middlewares=[faults.middleware])
    async with sandbox.serve() as url, listening(picker_at(url, time)) as listener:
        await until(lambda: listener.snapshots == 1)


async def test_the_poll_is_looked_after(time: FakeTime, silent: tuple[str, ScriptedPicker]) -> None:
    """Without snapshots for two intervals the poll is set going, and a clock that steps back an
    hour creates it anew."""
    url, _ = silent
    async with listening(picker_at(url, time)) as listener:
        await until(lambda: listener.snapshots)
        listener.picker.snapshot_taken()
        await until(lambda: listener.kicks == ["now"], time)
        time.jump(-3600.0)
        await until(lambda: listener.kicks == ["now", "recreate"], time)


async def test_a_ready_token(time: FakeTime) -> None:
    """With a token there is no login, and the link is live all the same."""
    faults = Faults()
    sandbox = Sandbox(KEY, time=time, middlewares=[faults.middleware])
    async with sandbox.serve() as url, hosting(url, KEY, time) as host:
        token = await host.log_in(KEY)
        faults.asked.clear()
        picker = picker_at(url, time, admin_key=None, token=token)
        async with listening(picker) as listener:
            await until(lambda: listener.snapshots == 1)
    assert "POST /api/auth/login" not in faults.asked


# --- coming back -------------------------------------------------------------------------


async def test_a_picker_that_was_restarted(time: FakeTime) -> None:
    """After a restart the old token is of no use: the feed logs in anew and subscribes again."""
    sandbox = Sandbox(KEY, time=time)
    async with (
        sandbox.serve() as url,
        hosting(url, KEY, time) as host,
        listening(picker_at(url, time)) as listener,
    ):
        night = await host.start()
        listener.picker.follow(night)
        await until(lambda: listener.snapshots and sandbox.subscribers(night), time)
        before = listener.snapshots
        sandbox.forget_tokens()
        sandbox.drop_clients()
        await until(lambda: listener.picker.status().state is LinkState.LOST)
        await until(lambda: listener.snapshots > before, time)
        assert sandbox.subscribers(night) == 1
        await host.log_in(KEY)
        await host.add(night, GAME)
        await until(lambda: listener.events)


async def test_a_picker_that_is_not_there_yet(time: FakeTime) -> None:
    """A Picker that starts later is waited for."""
    sandbox = Sandbox(KEY, time=time)
    async with sandbox.serve() as url:
        port = int(url.rpartition(":")[2])
    async with listening(picker_at(url, time)) as listener:
        await until(lambda: "cannot be reached" in (listener.picker.status().trouble or ""))
        async with sandbox.serve(port=port):
            await until(lambda: listener.picker.status().state is LinkState.LIVE, time)


async def test_auth_error_and_an_open_socket(time: FakeTime) -> None:
    """On `auth_error` the feed closes the socket itself, waits, and comes with a new token."""
    tokens: list[str] = []

    async def refuse_first(socket: Socket) -> None:
        if tokens:
            tokens.append(await socket.let_in())
        else:
            frame = await socket.hear() or {}
            tokens.append(frame["token"])
            await socket.say("auth_error", message="Invalid or expired token")
        await socket.hear_all()

    scripted = ScriptedPicker(refuse_first)
    async with scripted.serve() as url, listening(picker_at(url, time)) as listener:
        await until(lambda: listener.snapshots, time)
    assert tokens == ["token-1", "token-2"]


async def test_a_server_that_accepts_and_closes(time: FakeTime) -> None:
    """A Picker that closes at once is not stormed: a second at least lies between two tries,
    and nothing is left of those that failed."""

    async def let_in_and_close(socket: Socket) -> None:
        await socket.let_in()

    scripted = ScriptedPicker(let_in_and_close)
    start = time.monotonic()
    async with scripted.serve() as url, listening(picker_at(url, time)):
        await until(lambda: len(scripted.sockets) >= 2, time)
        tasks = len(asyncio.all_tasks())
        await until(lambda: len(scripted.sockets) >= 12, time)
        assert len(asyncio.all_tasks()) <= tasks + 5
    assert time.monotonic() - start >= 11.0


async def test_the_heartbeat(time: FakeTime, silent: tuple[str, ScriptedPicker]) -> None:
    """A JSON ping goes out every 30 s, and a Picker that says nothing for 75 s is left."""
    url, scripted = silent
    heard: list[str] = []

    async def note(socket: Socket) -> None:
        await socket.let_in()
        while (frame := await socket.hear()) is not None:
            heard.append(frame["type"])

    scripted.live = note
    async with listening(picker_at(url, time)) as listener:
        await until(lambda: listener.snapshots)
        live_at = time.monotonic()
        await until(lambda: len(heard) == 2, time)
        assert 59.0 <= time.monotonic() - live_at <= 62.0
        await until(lambda: len(scripted.sockets) == 2, time)
        assert 75.0 <= time.monotonic() - live_at <= 80.0
    assert heard == ["ping", "ping"]


async def test_a_picker_that_answers_pings_is_kept(time: FakeTime) -> None:
    """The sandbox drops who is silent for 60 s; a feed with its heartbeat stays for an hour."""
    sandbox = Sandbox(KEY, time=time)
    async with sandbox.serve() as url, listening(picker_at(url, time)) as listener:
        await until(lambda: listener.snapshots)
        live = listener.picker.status()
        for _ in range(360):
            listener.picker.snapshot_taken()
            await time.advance(10.0)
            await asyncio.sleep(0.002)
        assert listener.picker.status() == live
        assert listener.kicks == []


# --- frames ------------------------------------------------------------------------------


def sized(size: int) -> str:
    """A session.ended of so many bytes."""
    frame = json.dumps({"type": "session.ended", "data": {"session": {"id": 1}}, "pad": ""})
    return frame[:-2] + "x" * (size - len(frame)) + frame[-2:]


async def test_a_frame_that_is_too_large(time: FakeTime) -> None:
    """A frame of 1 MiB is read; one byte more closes the link with 1009, and it returns."""

    async def flood(socket: Socket) -> None:
        await socket.let_in()
        await socket.socket.send_str(sized(1 << 20))
        if len(scripted.sockets) == 1:
            await socket.socket.send_str(sized((1 << 20) + 1))
        await socket.hear_all()

    scripted = ScriptedPicker(flood)
    async with scripted.serve() as url, listening(picker_at(url, time)) as listener:
        await until(lambda: len(listener.events) == 1)
        await until(lambda: scripted.sockets[0].socket.closed)
        assert scripted.sockets[0].socket.close_code == 1009
        await until(lambda: "1 MiB" in (listener.picker.status().trouble or ""))
        await until(lambda: len(listener.events) == 2, time)


async def test_frames_that_are_not_right(time: FakeTime, caplog: pytest.LogCaptureFixture) -> None:
    """What cannot be read is counted, logged once for a type, and harms nothing."""

    async def babble(socket: Socket) -> None:
        await socket.let_in()
        for text in ('{"type":"session.ended"}', "<html>", "[]", '{"type":"new.thing"}') * 3:
            await socket.socket.send_str(text)
        await socket.socket.send_bytes(b"\xff\x00")
        await socket.say("error", message="Unknown\nmessage type")
        await socket.say("session.ended", data={"session": {"id": 7, "games_played": "many"}})
        await socket.hear_all()

    scripted = ScriptedPicker(babble)
    caplog.set_level(logging.DEBUG, "bot.picker")
    async with scripted.serve() as url, listening(picker_at(url, time)) as listener:
        await until(lambda: listener.events)
        assert listener.events == [SessionEnded(7)]
        assert dict(listener.picker.malformed) == {"session.ended": 4, "frame": 7}
    said = [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]
    assert len(said) == 3
    assert any("session.ended" in text and "`data`" in text for text in said)
    assert any("Unknownmessage type" in text for text in said)
    assert sum("new.thing" in record.getMessage() for record in caplog.records) == 1


async def test_no_compression_and_no_proxy(
    time: FakeTime, silent: tuple[str, ScriptedPicker], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The handshake offers no compression, and proxies of the environment are not asked."""
    for name in ("http_proxy", "https_proxy", "all_proxy", "ALL_PROXY", "HTTP_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    url, scripted = silent
    async with listening(picker_at(url, time)) as listener:
        await until(lambda: listener.snapshots)
    assert "Sec-WebSocket-Extensions" not in scripted.sockets[0].request.headers


# --- batches -----------------------------------------------------------------------------


async def test_a_storm_comes_in_batches(time: FakeTime) -> None:
    """While a batch is taken in, at most a thousand frames wait and reading pauses; nothing is
    lost, the heartbeat goes on, and the silence that we make ourselves does not end the link."""
    votes = 20_000
    pings: list[float] = []

    async def storm(socket: Socket) -> None:
        await socket.let_in()
        sending = asyncio.ensure_future(send(socket))
        while (frame := await socket.hear()) is not None:
            if frame["type"] == "ping":
                pings.append(time.monotonic())
                await socket.say("pong")
        sending.cancel()

    async def send(socket: Socket) -> None:
        for number in range(votes):
            data = {"sessionId": 1, "game": {"id": number}, "vote": {"type": "up"}, "p": "x" * 500}
            await socket.say("vote.received", data=data)

    scripted = ScriptedPicker(storm)
    async with scripted.serve() as url, listening(picker_at(url, time)) as listener:
        listener.hold.clear()
        await until(lambda: listener.events)
        for _ in range(150):
            await time.advance(1.0)
            await asyncio.sleep(0.001)
        assert len(listener.batches) == 1
        assert len(pings) >= 4
        listener.hold.set()
        await until(lambda: len(listener.events) == votes)
        assert len(scripted.sockets) == 1
    assert max(map(len, listener.batches)) == BATCH
    assert [event.game_id for event in listener.events] == list(range(votes))


async def test_an_error_of_the_taker_ends_the_run(time: FakeTime) -> None:
    """What taking in raises comes out of the run as it is."""

    class Broken(Exception):
        pass

    async def ended(socket: Socket) -> None:
        await socket.let_in()
        await socket.say("session.ended", data={"session": {"id": 7}})
        await socket.hear_all()

    async def take(events: object) -> None:
        raise Broken

    async with ScriptedPicker(ended).serve() as url:
        hooks = dict.fromkeys(("want_snapshot", "poll_now", "recreate_poll"), lambda: None)
        with pytest.raises(Broken):
            await picker_at(url, time).run(take, **hooks)


async def test_the_end_leaves_nothing(time: FakeTime, silent: tuple[str, ScriptedPicker]) -> None:
    """Cancelling the run closes the socket and leaves no task."""
    url, scripted = silent
    before = asyncio.all_tasks()
    async with listening(picker_at(url, time)) as listener:
        await until(lambda: listener.snapshots)
        await until(lambda: not scripted.sockets[0].socket.closed)
    await until(lambda: scripted.sockets[0].socket.close_code == 1000)
    await until(lambda: asyncio.all_tasks() <= before)


# --- refusals and secrets ----------------------------------------------------------------


async def test_a_wrong_key(time: FakeTime) -> None:
    """A key that was never right ends the run with a sentence that does not contain it."""
    async with Sandbox(KEY, time=time).serve() as url:
        with pytest.raises(KeyRefused, match=r"picker\.admin_key") as caught:
            async with listening(picker_at(url, time, admin_key="battery")) as listener:
                await until(listener.task.done)
    assert "battery" not in str(caught.value)


async def test_a_wrong_token(time: FakeTime) -> None:
    """A token that was never right ends the run likewise."""
    async with Sandbox(KEY, time=time).serve() as url:
        picker = picker_at(url, time, admin_key=None, token="battery")
        with pytest.raises(KeyRefused, match=r"picker\.token") as caught:
            async with listening(picker) as listener:
                await until(listener.task.done)
    assert "battery" not in str(caught.value)


async def test_a_token_that_expires_under_an_open_socket(time: FakeTime) -> None:
    """When REST refuses the token, a login gets another and the socket stays as it is."""
    faults = Faults()
    sandbox = Sandbox(KEY, time=time, middlewares=[faults.middleware])
    async with sandbox.serve() as url, listening(picker_at(url, time)) as listener:
        await until(lambda: listener.snapshots)
        live = listener.picker.status()
        faults.asked.clear()
        faults.put("GET /api/sessions/active", FORBIDDEN, times=1)
        assert (await listener.picker.snapshot(0)).session is None
        assert faults.asked.count("POST /api/auth/login") == 1
        assert listener.picker.status() == live


async def test_what_is_told_while_it_stops(time: FakeTime) -> None:
    """An answer that comes at the moment of the stop leads to nothing, and is no error."""
    begun = asyncio.Event()

    async def take(_: object) -> None:
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            picker.reconnect()

    hooks = dict.fromkeys(("want_snapshot", "poll_now", "recreate_poll"), lambda: None)
    async with Sandbox(KEY, time=time).serve() as url, hosting(url, KEY, time) as host:
        picker = picker_at(url, time)
        running = asyncio.create_task(picker.run(take, **hooks))
        await until(lambda: picker.status().state is LinkState.LIVE)
        await host.start()
        await asyncio.wait_for(begun.wait(), 5)
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running


async def test_no_secret_in_the_log(time: FakeTime, caplog: pytest.LogCaptureFixture) -> None:
    """Even with every logger at DEBUG neither the key nor a token is logged."""
    caplog.set_level(logging.DEBUG)
    scripted = ScriptedPicker(stay)
    async with scripted.serve() as url:
        picker = picker_at(url, time)
        async with listening(picker) as listener:
            await until(lambda: listener.snapshots)
        assert KEY not in repr(picker)
    assert scripted.logins == 1
    ours = [record for record in caplog.records if record.name.startswith(("bot", "websockets"))]
    assert ours
    for record in caplog.records:
        assert KEY not in record.getMessage()
        assert "token-1" not in record.getMessage()


async def test_redirects_are_not_followed(time: FakeTime) -> None:
    """Neither the key nor the token goes to an address that the host did not write."""
    elsewhere = Faults()
    async with Sandbox(KEY, time=time, middlewares=[elsewhere.middleware]).serve() as away:

        @web.middleware
        async def send_away(request: web.Request, handler: Handler) -> web.StreamResponse:
            if request.path in sent_away:
                raise web.HTTPTemporaryRedirect(f"{sent_away[request.path]}?secret=1")
            return await handler(request)

        async with Sandbox(KEY, time=time, middlewares=[send_away]).serve() as url:
            live = "/api/sessions/live"
            sent_away = {live: away.replace("http:", "ws:") + live}
            async with listening(picker_at(url, time)) as listener:
                await until(lambda: "live socket" in (listener.picker.status().trouble or ""))
            sent_away = {"/api/auth/login": f"{away}/api/auth/login"}
            async with listening(picker_at(url, time)) as listener:
                await until(lambda: listener.picker.status().trouble)
                trouble = listener.picker.status().trouble or ""
    assert elsewhere.asked == []
    assert f"HTTP 307 to {away}/api/auth/login)" in trouble
    assert "picker.url" in trouble


# --- TLS ---------------------------------------------------------------------------------


async def test_wss(time: FakeTime, tmp_path: Path) -> None:
    """https gives wss, and a certificate that is trusted opens it."""
    made = certificate(tmp_path)
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(made.certificate, made.key)
    client = ssl.create_default_context(cafile=str(made.certificate))
    async with ScriptedPicker(stay).serve(server) as url:
        assert url.startswith("https://")
        async with listening(picker_at(url, time, tls=client)) as listener:
            await until(lambda: listener.snapshots)


async def test_a_certificate_that_nobody_vouches_for(time: FakeTime, tmp_path: Path) -> None:
    """A certificate that is not trusted is never accepted, and the sentence says so."""
    made = certificate(tmp_path)
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(made.certificate, made.key)
    scripted = ScriptedPicker(stay)
    async with scripted.serve(server) as url, listening(picker_at(url, time)) as listener:
        await until(lambda: listener.picker.status().trouble)
        trouble = listener.picker.status().trouble or ""
    assert "self-signed certificate" in trouble
    assert url in trouble
    assert scripted.logins == 0


# --- watching ----------------------------------------------------------------------------


async def test_watch() -> None:
    """A watcher sees the socket open, the answers to our frames, and each event as it came."""
    time = SystemTime()
    sandbox = Sandbox(KEY, time=time)
    async with sandbox.serve() as url, hosting(url, KEY, time) as host:
        night = await host.start()
        seen = []
        watching = picker_at(url, time).watch(night)
        async for happening in watching:
            seen.append(happening)
            if isinstance(happening, Received) and isinstance(happening.frame, Subscribed):
                await host.close(night)
            if isinstance(happening, Received) and isinstance(happening.frame, SessionEnded):
                break
        await watching.aclose()
    socket = url.replace("http", "ws") + "/api/sessions/live"
    assert seen[0] == Opened(socket)
    assert Told("The link to the Picker is live.", warning=False) in seen
    frames = [happening.frame for happening in seen if isinstance(happening, Received)]
    assert frames == [AuthAccepted(), Subscribed(night), frames[-1]]
    assert json.loads(seen[-1].text)["data"]["session"] == {
        "id": night,
        "is_active": 0,
        "games_played": 0,
    }


async def test_watch_with_a_wrong_key() -> None:
    """A watcher with a wrong key is told so, like the run."""
    async with Sandbox(KEY, time=SystemTime()).serve() as url:
        with pytest.raises(KeyRefused):
            async for _ in picker_at(url, SystemTime(), admin_key="battery").watch(1):
                pass


async def test_verify() -> None:
    """Verifying logs in and opens the socket, or raises the sentence that says what is wrong."""
    faults = Faults()
    time = SystemTime()
    async with Sandbox(KEY, time=time, middlewares=[faults.middleware]).serve() as url:
        await picker_at(url, time).verify()
        with pytest.raises(KeyRefused):
            await picker_at(url, time, admin_key="battery").verify()
        faults.put(".*/live", HTML)
        with pytest.raises(Unclear, match="live socket") as caught:
            await picker_at(url, time).verify()
        assert "meanwhile" not in str(caught.value)
    with pytest.raises(Unclear, match=r"is it running, and is picker.url right\?$"):
        await picker_at(url, time).verify()

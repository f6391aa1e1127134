"""The commands that talk to a Picker and to chats, as real processes on the sandbox."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from bot_process import KEY, ROOT
from faults import Faults, error
from host import hosting
from irc_in_process import InProcessServer

from bot.cli.watch import RULE
from bot.sandbox import Sandbox
from bot.store import read_deliveries
from bot.timing import SystemTime

PATIENCE = 20.0


@pytest.fixture
async def picker() -> AsyncIterator[str]:
    async with Sandbox(KEY, time=SystemTime()).serve() as url:
        yield url


@pytest.fixture
def config(tmp_path: Path, picker: str) -> Path:
    path = tmp_path / "config.toml"
    path.write_text(f'[picker]\nurl = "{picker}"\nadmin_key = "{KEY}"\n[adapters.console]\n')
    return path


def add(config: Path, text: str) -> None:
    """Append to the configuration."""
    config.write_text(config.read_text() + text)


def irc_table(server: InProcessServer, channels: str) -> str:
    return (
        '[adapters.irc]\nhost = "127.0.0.1"\ntls = false\n'
        f"port = {server.port}\nchannels = {channels}\n"
    )


@pytest.fixture
def server() -> Iterator[InProcessServer]:
    server = InProcessServer()
    yield server
    server.stop()


async def started(*arguments: object, **environ: str) -> Process:
    clean = {k: v for k, v in os.environ.items() if not k.startswith("NIGHTCRIER_")}
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bot", *map(str, arguments)),
        cwd=ROOT,
        env=clean | environ,
        stdout=PIPE,
        stderr=PIPE,
    )


async def done(
    *arguments: object, patience: float = PATIENCE, **environ: str
) -> tuple[int, str, str]:
    """Status, output and errors of a command that ends by itself."""
    async with asyncio.timeout(patience), running(*arguments, **environ) as process:
        return await ended(process)


async def ended(process: Process) -> tuple[int, str, str]:
    out, err = await process.communicate()
    assert process.returncode is not None
    assert b"Traceback" not in err
    return process.returncode, out.decode(), err.decode()


@asynccontextmanager
async def running(*arguments: object, **environ: str) -> AsyncIterator[Process]:
    """A command that runs until it is ended."""
    process = await started(*arguments, **environ)
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def read_until(stream: asyncio.StreamReader | None, text: str) -> str:
    """All that is written until a line with ``text`` in it."""
    assert stream is not None
    lines = ""
    async with asyncio.timeout(PATIENCE):
        while text not in lines:
            line = await stream.readline()
            assert line, lines
            lines += line.decode()
    return lines


# --- demo -----------------------------------------------------------------------------------


async def test_demo_tells_a_whole_night() -> None:
    """From nothing to the statistics, and what to do next, without a word on standard error,
    whatever a host has set in the environment for their own Picker."""
    theirs = {"NIGHTCRIER_PICKER__URL": "http://127.0.0.1:1"}
    status, out, err = await done("demo", "--speed", 20, **theirs)
    assert (status, err) == (0, "")
    lines = out.splitlines()
    end = lines.index("🌙 Game Night has ended! Thanks for playing!")
    assert lines[end - 1] == "🗳️ Final votes for Quiplash 3: 5👍 1👎 (Score: +4)"
    assert lines[end + 1] == "📊 Session Stats: 5 games played"
    assert "🎲 Game Night has started!" in lines
    assert sum(line.startswith("🗳️") for line in lines) == 5
    assert "config.example.toml" in out[out.index("📊") :]


async def test_demo_on_irc() -> None:
    """On a small server of its own the night is told too, and how to join is said first."""
    status, out, err = await done("demo", "--speed", 100, "--irc")
    assert (status, err) == (0, "")
    assert "join #gamenight at 127.0.0.1, port " in out[: out.index("has started")]
    assert "Session Stats" in out


@pytest.mark.long
async def test_demo_on_a_given_server(server: InProcessServer) -> None:
    """On a server of somebody else's it keeps the usual pace, and ends once all is told there."""
    address = f"127.0.0.1:{server.port}/#night"
    status, out, err = await done("demo", "--speed", 100, "--irc", address, patience=50)
    assert (status, err) == (0, "")
    assert "Session Stats" in out


@pytest.mark.long
async def test_demo_where_nobody_listens() -> None:
    """A server that is not there ends it with 1, and which address that was is told."""
    status, _, err = await done("demo", "--irc", "127.0.0.1:1/#night")
    assert status == 1
    assert "127.0.0.1:1" in err


async def test_demo_interrupted() -> None:
    """Ctrl-C ends it with 130 and no traceback."""
    async with running("demo") as demo:
        await read_until(demo.stdout, "Game Night has started!")
        demo.send_signal(signal.SIGINT)
        status, _, err = await ended(demo)
        assert (status, err) == (130, "")


# --- run ------------------------------------------------------------------------------------


@pytest.mark.parametrize(("number", "status"), [(signal.SIGTERM, 0), (signal.SIGINT, 130)])
async def test_run_ends_in_order(config: Path, number: int, status: int) -> None:
    """A signal ends it with its status; while it ran it was healthy, and then it is not."""
    async with running("run", "-c", config) as bot:
        await read_until(bot.stderr, "The link to the Picker is live.")
        assert (await done("health", "-c", config))[0] == 0
        bot.send_signal(number)
        assert (await ended(bot))[0] == status
    assert (await done("health", "-c", config))[0] == 1


async def test_run_says_announcements_on_standard_output(config: Path, picker: str) -> None:
    """Announcements and log go separate ways, and the log can be JSON."""
    async with (
        running("run", "-c", config, NIGHTCRIER_LOG__FORMAT="json") as bot,
        hosting(picker, KEY, SystemTime()) as host,
    ):
        log = await read_until(bot.stderr, "The link to the Picker is live.")
        await host.start()
        assert await read_until(bot.stdout, "started") == "🎲 Game Night has started!\n"
        records = [json.loads(line) for line in log.splitlines()]
        assert {record["level"] for record in records} == {"INFO"}
        assert KEY not in log


async def test_run_with_a_wrong_key(config: Path) -> None:
    """A key that was never good ends it with 1 and a sentence that does not show it."""
    status, out, err = await done("run", "-c", config, NIGHTCRIER_PICKER__ADMIN_KEY="wr0ng-key")
    assert (status, out) == (1, "")
    assert "The Picker refused the admin key" in err
    assert "wr0ng-key" not in err


async def test_run_waits_for_a_picker_that_is_not_there(config: Path) -> None:
    """That nobody answers yet is said, and no reason to end."""
    async with running("run", "-c", config, NIGHTCRIER_PICKER__URL="http://127.0.0.1:1") as bot:
        await read_until(bot.stderr, "cannot be reached")
        assert bot.returncode is None


async def test_run_without_a_folder_for_the_store(config: Path) -> None:
    """A store that cannot be made ends it with 1 and a sentence."""
    status, _, err = await done("run", "-c", config, NIGHTCRIER_STORE__PATH="/nowhere/store.db")
    assert status == 1
    assert "the folder /nowhere does not exist" in err


async def test_rehearsal_records_nothing_for_the_others(config: Path, picker: str) -> None:
    """With --only the other adapters are not started, and no row is made or ended for them."""
    add(config, '[adapters.other]\nkind = "console"\nchannels = ["elsewhere"]\n')
    async with (
        running("run", "-c", config, "--only", "console") as bot,
        hosting(picker, KEY, SystemTime()) as host,
    ):
        await read_until(bot.stderr, "The link to the Picker is live.")
        await host.start()
        await read_until(bot.stdout, "started")
        bot.terminate()
        await ended(bot)
    rows = read_deliveries(config.with_name("nightcrier.db"))
    assert [str(row.target) for row in rows] == ["console/console"]


STUBBORN = """
import asyncio
from bot.cli.signals import run_until_signal

async def work():
    print("working", flush=True)
    try:
        await asyncio.Event().wait()
    finally:
        print("ending", flush=True)
        await asyncio.Event().wait()

run_until_signal(work())
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_second_signal_ends_at_once(number: int) -> None:
    """What does not come to its end after one signal ends where it stands with the next."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", STUBBORN, cwd=ROOT, stdout=PIPE, stderr=PIPE
    )
    for word in ("working", "ending"):
        await read_until(process.stdout, word)
        process.send_signal(number)
    async with asyncio.timeout(PATIENCE):
        assert (await ended(process))[0] == 128 + number


# --- check, test, watch ---------------------------------------------------------------------


async def test_check_online_says_nothing(config: Path, server: InProcessServer) -> None:
    """Each far side is told to be fine, and nobody in the channel reads a word."""
    add(config, irc_table(server, '["#one", "#two"]'))
    status, out, err = await done("check", "-c", config, "--online")
    assert (status, err) == (0, "")
    valid, *rest = out.splitlines()
    assert valid == f"{config} is valid: 2 adapters, 3 channels."
    assert sorted(rest) == [
        "console/console: fine",
        "irc/#one: fine",
        "irc/#two: fine",
        "picker: fine",
    ]


async def test_check_online_tells_what_is_wrong(config: Path) -> None:
    """A refused key and a channel that cannot be entered are told together, with status 1."""
    status, out, err = await done(
        "check", "-c", config, "--online", NIGHTCRIER_PICKER__ADMIN_KEY="no"
    )
    assert (status, err) == (1, "")
    assert "picker: The Picker refused the admin key" in out
    assert "console/console: fine" in out


async def test_test_speaks_on_irc(config: Path, server: InProcessServer) -> None:
    """The receipt of a test line says that the server has confirmed it."""
    add(config, irc_table(server, '["#one"]'))
    status, out, err = await done("test", "-c", config, "irc/#one")
    assert (status, err) == (0, "")
    assert out == "irc/#one: confirmed\n"


async def test_watch_prints_what_the_users_script_printed(config: Path, picker: str) -> None:
    """Connected, authenticated, subscribed, and each event with its fields, until Ctrl-C."""
    async with hosting(picker, KEY, SystemTime()) as host:
        session = await host.start()
        async with running("watch", session, "-c", config) as watch:
            out = await read_until(watch.stdout, "trigger session.ended")
            await host.close(session)
            out += await read_until(watch.stdout, "Timestamp: ")
            watch.send_signal(signal.SIGINT)
            status, _, err = await ended(watch)
    assert (status, err) == (130, "")
    lines = [line for line in out.splitlines() if line]
    address = f"📡 Connecting to: {picker.replace('http', 'ws')}/api/sessions/live"
    rule = RULE
    assert lines[:12] == [
        f"🚀 Watching session {session}",
        rule,
        address,
        f"🎮 Session ID: {session}",
        rule,
        "✅ Connected to WebSocket server",
        "🔐 Authenticating...",
        "✅ Authentication successful",
        f"📻 Subscribing to session {session}...",
        f"✅ Subscribed to session {session}",
        "👂 Listening for events... (Ctrl-C ends)",
        "(Close the session in the Picker to trigger session.ended)",
    ]
    assert "🎉 SESSION.ENDED EVENT RECEIVED!" in lines
    assert lines[-5:-1] == [
        "✨ Event Details:",
        f"Session ID: {session}",
        "Active: No",
        "Games Played: 0",
    ]


async def test_watch_with_a_wrong_key(config: Path) -> None:
    """It ends with 1 and says what the Picker said."""
    status, _, err = await done("watch", 1, "-c", config, NIGHTCRIER_PICKER__ADMIN_KEY="no")
    assert status == 1
    assert "The Picker refused the admin key" in err


@pytest.mark.parametrize("command", [("check", "--online"), ("watch", "1")])
async def test_a_secret_that_comes_back_is_not_printed(
    command: tuple[str, ...], tmp_path: Path
) -> None:
    """A Picker that repeats our key in an error does not bring it to the terminal."""
    faults = Faults()
    faults.put("POST /api/auth/login", error(401, f"no such key: {KEY}"))
    sandbox = Sandbox(KEY, time=SystemTime(), middlewares=[faults.middleware])
    async with sandbox.serve() as url:
        path = tmp_path / "config.toml"
        path.write_text(f'[picker]\nurl = "{url}"\nadmin_key = "{KEY}"\n[adapters.console]\n')
        process = await started(*command, "-c", path)
        out, err = await asyncio.wait_for(process.communicate(), PATIENCE)
    assert b"no such key: ***" in out + err
    assert KEY.encode() not in out + err

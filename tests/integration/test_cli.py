"""The commands as a host meets them: real processes, their output and their exit status."""

from __future__ import annotations

import os
import pty
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from bot.ballots import Ballot, BallotStatus
from bot.cli import main
from bot.cli.outbox import NEWEST
from bot.domain import Delivery, Kind, Message, SessionKey, Span, Status, Target
from bot.store import Store, read_deliveries
from bot.timing import SystemTime

PATIENCE = 20.0

CONFIG = """
[picker]
url = "http://127.0.0.1:1"
admin_key = "sesame-open"
[adapters.console]
[adapters.screen]
kind = "console"
channels = ["one", "two"]
announce = ["stats"]
"""


@pytest.fixture
def cli(tmp_path: Path) -> Any:
    """Run a command in an empty folder, with a home of its own."""

    def cli(*arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "bot", *arguments],
            cwd=tmp_path,
            env=clean_environment(tmp_path) | environ,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )

    return cli


def clean_environment(home: Path) -> dict[str, str]:
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("NIGHTCRIER", "XDG"))
    }
    return kept | {"HOME": str(home / "home"), "PYTHONPATH": os.getcwd()}


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "config.toml"
    path.write_text(CONFIG)
    return path


@contextmanager
def background(tmp_path: Path, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    """A command that runs until it is ended."""
    process = subprocess.Popen(
        [sys.executable, "-m", "bot", *arguments],
        cwd=tmp_path,
        env=clean_environment(tmp_path),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate(timeout=PATIENCE)


# --- help, usage, configuration ------------------------------------------------------------

COMMANDS = ("demo", "run", "check", "test", "watch", "preview", "outbox", "mute", "unmute")
COMMANDS += ("health", "sandbox")
CONFIGURED = ("run", "check", "test", "watch 1", "preview", "outbox", "outbox retry k", "mute 1h")
CONFIGURED += ("unmute", "health")


def status(*arguments: str) -> int:
    """The status of a command that is run in this process."""
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    return int(str(ended.value.code))


def test_version(cli: Any) -> None:
    """--version tells name and number."""
    done = cli("--version")
    assert (done.returncode, done.stdout.split()[0]) == (0, "nightcrier")


@pytest.mark.parametrize("command", ["", *COMMANDS])
def test_help(capsys: pytest.CaptureFixture[str], command: str) -> None:
    """Every command explains itself, and the program names every command."""
    assert status(*command.split(), "--help") == 0
    out = capsys.readouterr().out
    assert out.startswith(f"Usage: nightcrier {command}".rstrip())
    if not command:
        assert all(f"\n  {name} " in out for name in COMMANDS)


@pytest.mark.parametrize(
    "arguments",
    [
        "bogus",
        "watch",
        "watch zero",
        "test nowhere -c {config}",
        "run --only nobody -c {config}",
        "run --loud",
        "demo --speed 0",
        "demo --irc nonsense",
        "mute -c {config}",
        "mute forever -c {config}",
        "mute 25h -c {config}",
        "mute 30m nowhere -c {config}",
        "unmute nowhere -c {config}",
    ],
)
def test_wrong_usage_ends_with_2(
    capsys: pytest.CaptureFixture[str], config: Path, arguments: str
) -> None:
    """What cannot be meant is told in words, with status 2."""
    assert status(*arguments.format(config=config).split()) == 2
    assert "Error: " in capsys.readouterr().err


@pytest.mark.parametrize("command", CONFIGURED)
def test_every_command_refuses_a_bad_configuration(
    capsys: pytest.CaptureFixture[str], config: Path, command: str
) -> None:
    """Each command that needs a configuration ends with 2 where it has problems."""
    config.write_text(CONFIG + "speed = 5\n")
    assert status(*command.split(), "-c", str(config)) == 2
    assert "adapters.screen.speed: there is no such setting" in capsys.readouterr().err


def test_bad_configuration_is_told_in_sentences(cli: Any, config: Path) -> None:
    """All problems on standard error, no secret, no traceback."""
    config.write_text(CONFIG.replace("sesame-open", "") + "speed = 's3cret'\n")
    done = cli("run")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.splitlines() == [
        "Error: config.toml: 2 problems",
        "  picker.admin_key = ***: must not be empty",
        "  adapters.screen.speed: there is no such setting; there are announce, beside_relay, "
        "channels, kind",
    ]


def test_check_prints_the_invitation(cli: Any, tmp_path: Path) -> None:
    """The link that lets the bot in has the id from the token, and nothing else of it."""
    path = tmp_path / "config.toml"
    token = "MTIzNDU2Nzg5MDEyMzQ1Njc4.Gabcde.secret-part-of-the-token"
    path.write_text(
        f'[picker]\nurl = "http://127.0.0.1:9"\nadmin_key = "k"\n'
        f'[adapters.discord]\ntoken = "{token}"\nchannels = ["123456789012345678"]\n'
    )
    done = cli("check", "-c", str(path))
    assert done.returncode == 0
    assert "client_id=123456789012345678" in done.stdout
    assert "secret-part" not in done.stdout + done.stderr


def test_no_configuration_anywhere(cli: Any) -> None:
    """Without a file the two places are named where one was sought."""
    done = cli("check")
    assert done.returncode == 2
    assert "config.toml: there is none, nor " in done.stderr
    assert "config.example.toml" in done.stderr


def test_configuration_in_the_users_folder(cli: Any, tmp_path: Path) -> None:
    """Without one here, the configuration in the user's directory is taken."""
    folder = tmp_path / "home" / ".config" / "nightcrier"
    folder.mkdir(parents=True)
    (folder / "config.toml").write_text(CONFIG)
    assert cli("check").stdout == f"{folder}/config.toml is valid: 2 adapters, 3 channels.\n"


def test_environment_reaches_the_configuration(cli: Any, config: Path) -> None:
    """Variables of the process are laid over the file."""
    done = cli("check", NIGHTCRIER_PICKER__URL="ftp://x")
    assert done.returncode == 2
    assert 'NIGHTCRIER_PICKER__URL = "ftp://x": must be an address' in done.stderr


# --- preview, test --------------------------------------------------------------------------


def test_preview_shows_every_channel(cli: Any, config: Path) -> None:
    """Each channel has its own lines, in the host's wording; what it does not take is told."""
    config.write_text(CONFIG + '[messages]\nsession_ended = "That was it."\n')
    done = cli("preview")
    assert done.returncode == 0
    console, one, two = done.stdout.strip().split("\n\n")
    assert "  That was it." in console.splitlines()
    assert "  📊 Session Stats: 5 games played" in console.splitlines()
    assert one.splitlines()[0] == "screen/one"
    assert "  (session_ended is not said here)" in two.splitlines()


def test_test_says_a_line_in_every_channel(cli: Any, config: Path) -> None:
    """One line for each channel that is wanted, with its receipt."""
    done = cli("test")
    assert done.returncode == 0
    receipts = [line for line in done.stdout.splitlines() if line.endswith(": written")]
    assert sorted(receipts) == [
        "console/console: written",
        "screen/one: written",
        "screen/two: written",
    ]
    done = cli("test", "screen/two")
    assert done.stdout.splitlines()[1:] == ["screen/two: written"]


# --- outbox, health -------------------------------------------------------------------------


async def fill(path: Path) -> None:
    """A store with one delivery of every fate."""
    rows = [
        Delivery(
            id=0,
            target=Target("console", "console"),
            key=f"17-1762563600/{status}",
            kind=Kind.STATS,
            session=SessionKey(17, 1762563600),
            play=None,
            message=Message((Span("hello"),)),
            created_at=1762563600.0,
            expires_at=1762567200.0,
            status=status,
            reason="no\tsuch \x1bchannel" if status is Status.DEAD else None,
            settled_at=None if status is Status.PENDING else 1762563601.0,
        )
        for status in Status
    ]
    store = await Store.open(path, SystemTime())
    state = await store.write(lambda ledger: ledger.state())
    await store.write(lambda ledger: ledger.record(state, rows, (), 1762563600.0))
    await store.close()


async def test_outbox_shows_and_retries(cli: Any, config: Path, tmp_path: Path) -> None:
    """Every fate is shown, a dead row can be revived by its key, and a sent one cannot."""
    store = tmp_path / "nightcrier.db"
    await fill(store)
    done = cli("outbox")
    assert done.returncode == 0
    rows = [line.split("\t") for line in done.stdout.splitlines()]
    assert [row[1] for row in rows] == [str(status) for status in Status]
    dead = [line.split("\t") for line in cli("outbox", "--dead").stdout.splitlines()]
    assert [row[3:] for row in dead] == [["17-1762563600/dead", "0", "no such channel"]]

    done = cli("outbox", "retry", "17-1762563600/dead", "console")
    assert done.returncode == 0
    assert done.stdout == "console/console: 17-1762563600/dead is pending again\n"
    assert read_deliveries(store, (Status.DEAD,)) == ()
    done = cli("outbox", "retry", "17-1762563600/sent")
    assert done.returncode == 1
    assert "no dead, expired or unconfirmed delivery has the key" in done.stderr


async def test_outbox_shows_ballots(cli: Any, config: Path, tmp_path: Path) -> None:
    """Every vote and its fate, with the reason, in columns; at a terminal the newest, and that
    there are more."""
    night = SessionKey(17, 1762563600)
    refused = Ballot(
        id=0,
        target=Target("discord", "games"),
        voter="discord/7",
        name="an\tn\u202e",
        session=night,
        play=3,
        game_id=5,
        up=False,
        at=1762563600.0,
        created_at=1762563600.0,
        status=BallotStatus.REFUSED,
        reason="no \x1bsuch game",
        attempts=1,
    )
    store = await Store.open(tmp_path / "nightcrier.db", SystemTime())
    for _ in range(NEWEST + 1):
        await store.write(lambda ledger: ledger.ballots.add(refused))
    await store.close()
    done = cli("outbox", "--ballots")
    assert done.returncode == 0
    rows = [line.split("\t") for line in done.stdout.splitlines()]
    assert len(rows) == NEWEST + 1
    assert rows[0][1:] == [
        *("refused", "discord/games", "an n", "17-1762563600/3 down", "1", "no such game"),
    ]
    shown = at_a_terminal(tmp_path, "outbox", "--ballots")
    assert f"{NEWEST} refused (the newest {NEWEST};" in " ".join(shown.split())


def at_a_terminal(tmp_path: Path, *arguments: str) -> str:
    """What a command prints to a person."""
    person, program = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-m", "bot", *arguments],
        cwd=tmp_path,
        env=clean_environment(tmp_path),
        stdout=program,
    ):
        os.close(program)
        pieces = []
        with suppress(OSError):  # how a terminal ends whose other end is closed
            while piece := os.read(person, 4096):
                pieces.append(piece)
    os.close(person)
    return b"".join(pieces).decode()


def test_outbox_without_a_store(cli: Any, config: Path) -> None:
    """Before the first run there is nothing to show, and that is said."""
    done = cli("outbox")
    assert done.returncode == 1
    assert "there is no store at" in done.stderr
    assert "Traceback" not in done.stderr


async def test_mute_and_unmute(cli: Any, config: Path, tmp_path: Path) -> None:
    """A mute names each channel and its end; lifting it tells which channels had one."""
    await fill(tmp_path / "nightcrier.db")
    done = cli("mute", "1h30m", "screen/two")
    assert done.returncode == 0
    assert done.stdout.startswith("screen/two: muted until ")
    assert cli("unmute", "screen").stdout.splitlines() == [
        "screen/one: was not muted",
        "screen/two: hears again",
    ]
    assert len(cli("mute", "10m").stdout.splitlines()) == 3


@pytest.mark.parametrize("command", ["mute 1h", "unmute"])
def test_mute_without_a_store(
    capsys: pytest.CaptureFixture[str], config: Path, command: str
) -> None:
    """Before the first run there is nobody to be muted, and that is said."""
    assert status(*command.split(), "-c", str(config)) == 1
    assert "there is no store at" in capsys.readouterr().err


def test_health_without_a_bot(cli: Any, config: Path) -> None:
    """A bot that does not run is not healthy, nor one whose last sign of life is old."""
    assert cli("health").returncode == 1
    sign = config.with_name("nightcrier.db.alive")
    sign.touch()
    assert cli("health").returncode == 0
    os.utime(sign, (time.time() - 61, time.time() - 61))
    done = cli("health")
    assert done.returncode == 1
    assert done.stderr.startswith("no sign of life for 6")


# --- signals --------------------------------------------------------------------------------


def test_sigterm_before_the_bot_has_begun(tmp_path: Path) -> None:
    """A service that is stopped while it still reads its configuration has not failed."""
    config = tmp_path / "config.toml"
    os.mkfifo(config)
    with background(tmp_path, "run", "-c", str(config)) as process, config.open("w"):
        process.terminate()
        _, err = process.communicate(timeout=PATIENCE)
        assert (process.returncode, err) == (0, "")


# --- sandbox --------------------------------------------------------------------------------


@pytest.mark.parametrize(("number", "status"), [(signal.SIGTERM, 0), (signal.SIGINT, 130)])
def test_sandbox_serves_until_a_signal(tmp_path: Path, number: int, status: int) -> None:
    """It says where it is, does not repeat the key, and ends in order on a signal."""
    with background(tmp_path, "sandbox", "--port", "0", "--admin-key", "sesame-open") as process:
        assert process.stdout is not None
        first = process.stdout.readline()
        assert first.startswith("A Picker at http://127.0.0.1:")
        process.send_signal(number)
        out, err = process.communicate(timeout=PATIENCE)
        assert process.returncode == status
        assert "Traceback" not in err
        assert "sesame-open" not in out + err


COLLECTED = """
import atexit, gc
from bot.cli import main
from bot.cli.outbox import NEWEST
atexit.register(lambda: print(gc.isenabled(), gc.get_freeze_count() > len(gc.get_objects())))
main(["run", "-c", "config.toml"])
"""


def test_what_is_loaded_is_not_walked_again(config: Path, tmp_path: Path) -> None:
    """The bot collects garbage, but leaves out what was there when it began: most of it."""
    (tmp_path / "nightcrier.db").mkdir()  # so that it ends by itself
    done = subprocess.run(
        [sys.executable, "-c", COLLECTED],
        cwd=tmp_path,
        env=clean_environment(tmp_path),
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert (done.returncode, done.stdout) == (1, "True True\n")


def test_sandbox_on_a_taken_port(tmp_path: Path, cli: Any) -> None:
    """A port that is taken is told in a sentence, with status 1."""
    with background(tmp_path, "sandbox", "--port", "0", "--admin-key", "k") as process:
        assert process.stdout is not None
        port = process.stdout.readline().split(";")[0].rpartition(":")[2]
        done = cli("sandbox", "--port", port, "--admin-key", "k")
        assert done.returncode == 1
        assert f"cannot listen on 127.0.0.1, port {port}" in done.stderr


def test_sandbox_without_a_key(cli: Any) -> None:
    """An empty key opens no Picker, so it is refused as wrong usage."""
    done = cli("sandbox", "--port", "0", "--admin-key", "")
    assert (done.returncode, done.stdout) == (2, "")
    assert "--admin-key: is empty" in done.stderr

"""The log: no secret in it, no forged line, and nothing of the libraries' chatter."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from bot.cli.logs import LIBRARIES, configure
from bot.config import LogSettings

log = logging.getLogger("bot.something")


@pytest.fixture
def logged() -> Iterator[Callable[..., list[str]]]:
    """Configure logging, do something, and give the lines that came of it."""
    root = logging.getLogger()
    before = root.handlers[:], root.level
    levels = {name: logging.getLogger(name).level for name in LIBRARIES}

    def logged(settings: LogSettings, work: Callable[[], Any], *secrets: str) -> list[str]:
        out = io.StringIO()
        configure(settings, secrets, out)
        work()
        return out.getvalue().splitlines()

    yield logged
    root.handlers[:] = before[0]
    root.setLevel(before[1])
    for name, level in levels.items():
        logging.getLogger(name).setLevel(level)


def fail() -> None:
    try:
        raise ValueError('refused: hunter2"x and eyJhbGciOi.eyJyb2xlIjoi.c2ln-_')
    except ValueError:
        log.exception("with %s", "hunter2")


@pytest.mark.parametrize("format", ["text", "json"])
def test_no_secret_is_logged(logged: Any, format: str) -> None:
    """Secrets and tokens are blacked out in messages and tracebacks, whatever quotes they have."""
    text = "\n".join(logged(LogSettings(format=format), fail, "hunter2", 'hunter2"x', "abc"))
    assert "with ***" in text
    assert "refused: *** and ***" in text


def test_tracebacks_have_no_locals(logged: Any) -> None:
    """What a function held when it failed is not shown."""

    def work() -> None:
        private = "unspoken" + "-of"  # noqa: F841 - it is there to be found
        fail()

    assert not any("unspoken-of" in line for line in logged(LogSettings(), work))


def test_outside_text_forges_no_line(logged: Any) -> None:
    """A record is one line, and what would steer a terminal is spelt out."""
    (line,) = logged(LogSettings(), lambda: log.warning("title %s", "a\r\nERROR x\x1b[2J"))
    assert line.endswith(r"WARNING bot.something: title a\x0d\x0aERROR x\x1b[2J")


def test_json_has_the_same_as_fields(logged: Any) -> None:
    """With json, each record is an object with time, level, logger and message."""
    (line,) = logged(LogSettings(format="json"), lambda: log.warning("🌙 a\nb"))
    record = json.loads(line)
    assert record.pop("time")
    assert record == {"level": "WARNING", "logger": "bot.something", "message": "🌙 a\nb"}


def chatter() -> None:
    for name in ("bot.something", *LIBRARIES):
        for level in (logging.DEBUG, logging.INFO, logging.WARNING):
            logging.getLogger(name).log(level, "said")


@pytest.mark.parametrize(
    ("level", "ours", "libraries"), [("debug", 3, 2), ("info", 2, 1), ("error", 0, 0)]
)
def test_libraries_are_quieter(logged: Any, level: str, ours: int, libraries: int) -> None:
    """Those that log tokens at DEBUG are never let below INFO, and usually at WARNING."""
    lines = logged(LogSettings(level=level), chatter)
    assert sum("bot.something" in line for line in lines) == ours
    assert len(lines) - ours == libraries * len(LIBRARIES)

"""What the running bot has in memory, and what it has not."""

from __future__ import annotations

import subprocess
import sys


def imported(code: str) -> set[str]:
    """All modules that a new process has after ``code``."""
    command = (sys.executable, "-c", f"{code}\nimport sys; print(*sys.modules)")
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return set(done.stdout.split())


def test_run_needs_no_terminal() -> None:
    """`run` with IRC loads neither rich, which is for tables on a person's terminal, nor
    Pygments, which httpx would take along for its own command line."""
    modules = imported("import bot.cli.run, adapters.irc")
    assert "httpx" in modules
    assert not modules & {"rich", "pygments", "httpx._main", "pythonjsonlogger", "discord"}


def test_httpx_is_whole_for_others() -> None:
    """Its command line can be had afterwards; and where httpx came first, it stays as it was."""
    assert {"httpx._main", "rich"} <= imported("import bot.picker, httpx._main")
    assert {"httpx._main", "bot.picker"} <= imported("import httpx, bot.picker")

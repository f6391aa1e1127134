"""What ``nightcrier demo`` says beside the night itself."""

from __future__ import annotations

import pytest

from bot.cli.demo import END, command


@pytest.mark.parametrize(
    ("called", "found", "typed"),
    [
        (".venv/bin/nightcrier", None, ".venv/bin/nightcrier"),
        ("/usr/bin/nightcrier", "/usr/bin/nightcrier", "nightcrier"),
        ("/opt/nightcrier/bot/__main__.py", None, "python -m bot"),
    ],
)
def test_the_next_command_can_be_typed(called: str, found: str | None, typed: str) -> None:
    """The closing words name the program as this shell finds it."""
    assert command(called, found) == typed
    assert f"  3. {typed} run  " in END.format(typed)

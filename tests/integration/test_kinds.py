"""Kinds of chat that other distributions bring, and what is said of those that cannot be used."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ENTRY_POINTS = """\
[nightcrier.adapters]
telex = telex
broken = broken
empty = empty
irc = telex
"""

MODULES = {
    "telex": "Settings = build = fold = ident = None\n",
    "broken": "raise RuntimeError('no line to the exchange')\n",
    "empty": "Settings = fold = None\n",
    # as if the extra had not been installed
    "apprise": "raise ModuleNotFoundError(\"No module named 'apprise'\", name='apprise')\n",
}


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    """A folder with the distribution of a stranger, as an installer leaves it."""
    metadata = tmp_path / "telex-2.1.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: telex\nVersion: 2.1\n")
    (metadata / "entry_points.txt").write_text(ENTRY_POINTS)
    for name, text in MODULES.items():
        (tmp_path / f"{name}.py").write_text(text)
    return tmp_path


def nightcrier(installed: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if "NIGHTCRIER" not in name}
    return subprocess.run(
        [sys.executable, "-m", "bot", *arguments],
        cwd=Path(__file__).parents[2],
        env=kept | {"PYTHONPATH": str(installed)},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )


def test_every_kind_is_listed_with_its_state(installed: Path) -> None:
    """Ours, a stranger's, one that fails, one that is incomplete, one whose extra is missing."""
    listing = nightcrier(installed, "adapters")
    assert (listing.returncode, listing.stderr) == (0, "")
    states = dict(line.split(maxsplit=1) for line in listing.stdout.splitlines())
    assert states["console"] == "built in"
    assert states["telex"] == "from telex 2.1"
    assert states["empty"] == "missing: its module empty has no build, ident"
    broken = "missing: its module broken fails with RuntimeError: no line to the exchange"
    assert states["broken"] == broken
    assert states["apprise"] == (
        "missing: needs the library apprise, which comes with the extra apprise: "
        "pip install 'nightcrier[apprise]'"
    )


def test_a_stranger_cannot_take_the_name_of_ours(installed: Path) -> None:
    """`irc` stays ours, whatever an entry point says."""
    assert "irc built in" in " ".join(nightcrier(installed, "adapters").stdout.split())


def test_a_kind_that_cannot_be_used_is_one_sentence(installed: Path) -> None:
    """A configuration that names it says what is missing, and how to get it."""
    path = installed / "config.toml"
    path.write_text(
        '[picker]\nurl = "http://localhost:5000"\nadmin_key = "k"\n'
        "[adapters.apprise]\n[adapters.broken]\n"
    )
    check = nightcrier(installed, "check", "-c", str(path))
    assert check.returncode == 2
    assert "Traceback" not in check.stderr
    assert "adapters.apprise: needs the library apprise, which comes with" in check.stderr
    assert "adapters.broken: its module broken fails with RuntimeError" in check.stderr

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
leaves = leaves
shapeless = shapeless
Tele-X = telex
irc = telex
"""

MODULES = {
    "telex": "from pydantic import BaseModel as Settings\nbuild = fold = ident = print\n",
    "broken": "raise RuntimeError('no line\\nto the exchange' + '!' * 999)\n",
    "empty": "from pydantic import BaseModel as Settings\nfold = print\n",
    "leaves": "import sys\nsys.exit(3)\n",
    "shapeless": "class Settings: ...\nbuild = fold = ident = print\n",
    # as if the extra had not been installed
    "apprise": "raise ModuleNotFoundError(\"No module named 'apprise'\", name='apprise')\n",
}


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    """A folder with the distributions of two strangers, as an installer leaves them."""
    install(tmp_path, "telex", ENTRY_POINTS)
    install(tmp_path, "usurper", "[nightcrier.adapters]\ntelex = broken\n")
    for name, text in MODULES.items():
        (tmp_path / f"{name}.py").write_text(text)
    return tmp_path


def install(folder: Path, name: str, points: str) -> None:
    metadata = folder / f"{name}-2.1.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 2.1\n")
    (metadata / "entry_points.txt").write_text(points)


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
    """Ours, a stranger's, those that fail or are incomplete, one whose extra is missing."""
    listing = nightcrier(installed, "adapters")
    assert (listing.returncode, listing.stderr) == (0, "")
    states = dict(reversed([line.split(maxsplit=1) for line in listing.stdout.splitlines()]))
    assert states["console"] == "built in"
    assert states["telex"] == "from telex 2.1"
    assert states["empty"] == "missing: its module empty has no build, ident"
    broken = "missing: its module broken fails with RuntimeError: no line to the exchange!!!"
    assert states["broken"].startswith(broken)
    assert len(states["broken"]) < 220
    assert states["leaves"] == "missing: its module leaves fails with SystemExit: 3"
    pydantic = "missing: its module shapeless has no Settings that is a pydantic model"
    assert states["shapeless"] == pydantic
    assert states["Tele-X"] == "missing: the name of a kind may have only a-z, 0-9 and _"
    assert states["apprise"] == (
        "missing: needs the library apprise, which comes with the extra apprise: `make extras` in "
        "a clone, --build-arg LOCK=requirements-extras.lock for the Docker image, else pip install "
        "'nightcrier[apprise]'"
    )


def test_a_stranger_cannot_take_the_name_of_ours(installed: Path) -> None:
    """`irc` stays ours, whatever an entry point says, and of two strangers one is taken."""
    lines = [
        " ".join(line.split()) for line in nightcrier(installed, "adapters").stdout.splitlines()
    ]
    assert "irc built in" in lines
    assert lines[-2:] == [
        "irc from telex 2.1, not used: another adapter has this name",
        "telex from usurper 2.1, not used: another adapter has this name",
    ]


def test_a_kind_that_cannot_be_used_is_one_sentence(installed: Path) -> None:
    """A configuration that names it says what is missing, and how to get it."""
    path = installed / "config.toml"
    path.write_text(
        '[picker]\nurl = "http://localhost:5000"\nadmin_key = "k"\n'
        "[adapters.apprise]\n[adapters.broken]\n[adapters.shapeless]\n"
    )
    check = nightcrier(installed, "check", "-c", str(path))
    assert check.returncode == 2
    assert "Traceback" not in check.stderr
    assert "adapters.apprise: needs the library apprise, which comes with" in check.stderr
    assert "adapters.shapeless: its module shapeless has no Settings" in check.stderr
    assert "adapters.broken: its module broken fails with RuntimeError" in check.stderr

"""The locks agree with each other, and the Dockerfile and README name those that there are."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
NAMES = ("requirements.lock", "requirements-extras.lock", "requirements-dev.lock")


def pinned(name: str) -> dict[str, str]:
    """The versions of a lock by the library's name."""
    text = (ROOT / name).read_text("utf-8")
    return {one.lower(): at for one, at in re.findall(r"(?m)^([\w.-]+)(?:\[.*?\])?==(\S+)", text)}


@pytest.mark.parametrize(("small", "large"), [NAMES[:2], NAMES[1:]])
def test_a_larger_lock_has_the_versions_of_the_smaller(small: str, large: str) -> None:
    """Whoever adds the extras, or develops, has what everybody runs."""
    assert pinned(small).items() <= pinned(large).items()


def test_every_version_has_its_hash() -> None:
    """Nothing is installed that was not seen when it was locked."""
    for name in NAMES:
        text = (ROOT / name).read_text("utf-8")
        assert len(re.findall(r"(?m)^\S+==\S+.*\\\n +--hash=", text)) == len(pinned(name)) > 0


def test_the_extras_are_locked() -> None:
    """Each library that an adapter brings is in the lock that hosts are told of."""
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"][
        "optional-dependencies"
    ]
    needed = {re.split(r"[>=<]", one)[0] for kind in ("apprise", "kosmi") for one in extras[kind]}
    assert needed <= pinned("requirements-extras.lock").keys()


def test_the_image_can_have_the_extras() -> None:
    """The build argument that README names chooses among the locks that are copied."""
    dockerfile = (ROOT / "Dockerfile").read_text("utf-8")
    assert "ARG LOCK=requirements.lock" in dockerfile
    assert "COPY requirements.lock requirements-extras.lock ./" in dockerfile
    assert "--build-arg LOCK=requirements-extras.lock" in (ROOT / "README.md").read_text("utf-8")

"""config.example.toml is what it says: every line of it can be used as it stands."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import adapters
from bot.cli.compose import build
from bot.config import ConfigError, load
from bot.domain import Kind

EXAMPLE = Path(__file__).parents[2] / "config.example.toml"


KEY = {"NIGHTCRIER_PICKER__ADMIN_KEY": "sesame"}


def test_example_needs_a_key_alone(tmp_path: Path) -> None:
    """A copy that nobody has edited lacks the Picker's key, says so, and announces on the
    console alone with one."""
    with pytest.raises(ConfigError) as raised:
        load(EXAMPLE, {}, adapters, build)
    assert [str(each) for each in raised.value.problems] == [
        "picker.admin_key: is still the example's; write your own"
    ]
    config = load(EXAMPLE, KEY, adapters, build)
    assert [table.kind for table in config.adapters] == ["console"]


def test_example_has_every_kind(tmp_path: Path) -> None:
    """With its comment signs taken away it sets up every kind of chat that there is; only what
    it says to stand instead of something else stays out."""
    text = EXAMPLE.read_text("utf-8")
    start = text.index("\n[adapters.")
    sections = re.sub(r"(?m)^# # .*instead of.*$", "", text[start:])
    uncommented = re.sub(r"(?m)^# (# )?(?=\[|\w+ = )", "", sections)
    path = tmp_path / "config.toml"
    path.write_text(text[:start] + uncommented, "utf-8")
    config = load(path, KEY, adapters, build)
    assert {table.kind for table in config.adapters} == set(adapters.available())


def test_example_shows_the_defaults() -> None:
    """What it sets in the fixed tables, beside address and key, is what holds without it."""
    text = EXAMPLE.read_text("utf-8")
    config = load(EXAMPLE, KEY, adapters, build)
    assert config.picker.poll_interval == 30
    assert all(kinds == frozenset(Kind) for kinds in config.announce.values())
    assert (config.language, config.log.level, config.log.format) == ("en", "info", "text")
    assert config.store.name == "nightcrier.db"
    assert all(f"\n{kind} = true" in text for kind in Kind)


def test_example_shows_how_channels_differ(tmp_path: Path) -> None:
    """The channels' tables that it explains in its comments work as they say."""
    text = EXAMPLE.read_text("utf-8")
    explained = "\n".join(re.findall(r"(?m)^#     (.*)$", text[text.index("# channels is") :]))
    server = '[adapters.libera]\nkind = "irc"\nhost = "irc.libera.chat"\n'
    path = tmp_path / "config.toml"
    path.write_text(text + server + explained, "utf-8")
    config = load(path, KEY, adapters, build)
    quiet = {str(target): kinds for target, kinds in config.announce.items()}
    assert quiet["libera/#gamenight"] == frozenset(Kind)
    assert quiet["libera/#gamenight-quiet"] == {Kind.SESSION_ENDED, Kind.FINAL_VOTES}

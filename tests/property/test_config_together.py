"""Every mistake in a configuration is told, whatever others there are beside it."""

from __future__ import annotations

import re
from copy import deepcopy
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import adapters
from bot.config import ConfigError, load
from bot.config.models import Tables

SECRET = "S3CR3T-MARK"
KEY = "whsec_cmVwbGFjZS1tZS1ieS1vcGVuc3NsLXJhbmQ="
HOOK = f"https://example.org/{SECRET}"
ROOM = "123456789012345678"

GOOD: dict[str, Any] = {
    "picker": {"url": "http://localhost:5000", "admin_key": SECRET},
    "votes": {"from": ["libera"]},
    "adapters": {
        "console": {},
        "libera": {
            "kind": "irc",
            "host": "irc.libera.chat",
            "keys": {"#a": SECRET},
            "channels": ["#a"],
        },
        "discord": {"token": SECRET, "channels": [ROOM]},
        "hooks": {"kind": "webhook", "channels": {"a": {"url": HOOK, "secret": KEY}}},
        "more": {"kind": "apprise", "channels": {"a": {"url": f"json://{SECRET}"}}},
        "kosmi": {"channels": ["@room"]},
    },
}

NEW = -1
"""In the place of a position: one more entry."""

# what is put where, and what the host is then told of
MISTAKES: list[tuple[tuple[Any, ...], Any, str]] = [
    (("language",), "xx", 'language = "xx"'),
    (("picker", "url"), "localhost", 'picker.url = "localhost"'),
    (("picker", "poll_interval"), 0, "picker.poll_interval = 0"),
    (("picker", "token"), SECRET, "picker.token"),
    (("picker", "admin_kei"), SECRET, "picker.admin_kei"),
    (("store", "path"), "", 'store.path = ""'),
    (("log", "level"), "loud", 'log.level = "loud"'),
    (("announce", "stat"), True, "announce.stat"),
    (("announce", "stats"), "often", 'announce.stats = "often"'),
    (("votes", "limit"), "twice", 'votes.limit = "twice"'),
    (("votes", "from", NEW), "nope", 'votes.from = "nope"'),
    (("votes", "from", NEW), 5, "votes.from (item) = 5"),
    (("votes", "ignore_prefixes"), [""], 'votes.ignore_prefixes (item) = ""'),
    (("commands", "prefix"), "a b", 'commands.prefix = "a b"'),
    (("hosts", "accounts"), ["nope/x"], 'hosts.accounts = "nope/x"'),
    (("hosts", "operators"), "x", 'hosts.operators = "x"'),
    (("messages", "sesion_ended"), "x", "messages.sesion_ended"),
    (("messages", "session_ended"), "{{ nobody }}", "messages.session_ended"),
    (("messages", "stats"), 5, "messages.stats = 5"),
    (("adapters", "console", "colour"), 1, "adapters.console.colour"),
    (("adapters", "libera", "host"), "", 'adapters.libera.host = ""'),
    (("adapters", "libera", "port"), 0, "adapters.libera.port = 0"),
    (("adapters", "libera", "nick"), "1", 'adapters.libera.nick = "1"'),
    (("adapters", "libera", "password"), f"{SECRET}\n", "adapters.libera.password = ***"),
    (("adapters", "libera", "account"), "crier", 'adapters.libera.account = "crier"'),
    (("adapters", "libera", "sasl"), "external", 'adapters.libera.sasl = "external"'),
    (("adapters", "libera", "tls_fingerprint"), "a", 'adapters.libera.tls_fingerprint = "a"'),
    (("adapters", "libera", "keys", "#zz"), SECRET, 'adapters.libera.keys."#zz"'),
    (("adapters", "libera", "keys", "#A"), 5, 'adapters.libera.keys."#A" = ***'),
    (("adapters", "libera", "channels", NEW), "#A", 'adapters.libera.channels = "#A"'),
    (("adapters", "libera", "channels", NEW), "#x,y", 'adapters.libera.channels = "#x,y"'),
    (("adapters", "libera", "announce"), ["stat"], 'adapters.libera.announce = "stat"'),
    (("adapters", "discord", "channels", NEW), "general", 'adapters.discord.channels = "general"'),
    (("adapters", "discord", "channels", NEW), "#x", 'adapters.discord.channels = "#x"'),
    (("adapters", "discord", "edit_interval"), 0, "adapters.discord.edit_interval = 0"),
    (("adapters", "discord", "webhook_url"), SECRET, "adapters.discord.webhook_url = ***"),
    (
        ("adapters", "discord", "mention_roles", "start"),
        ROOM,
        "adapters.discord.mention_roles.start",
    ),
    (
        ("adapters", "discord", "mention_roles", "stats"),
        "Players",
        'adapters.discord.mention_roles.stats = "Players"',
    ),
    (("adapters", "hooks", "dedupes_for"), -1, "adapters.hooks.dedupes_for = -1"),
    (
        ("adapters", "hooks", "channels", "b"),
        {"url": HOOK, "secret": KEY},
        "adapters.hooks.channels",
    ),
    (
        ("adapters", "hooks", "channels", "c"),
        {"url": f"{HOOK}/c", "secret": SECRET},
        "adapters.hooks.channels.c.secret = ***",
    ),
    (("adapters", "more", "channels", "b"), {"url": f"json://{SECRET}"}, "adapters.more.channels"),
    (("adapters", "more", "channels", "c"), {"url": SECRET}, "adapters.more.channels.c.url = ***"),
    (("adapters", "more", "channels", "d"), {}, "adapters.more.channels.d.url"),
    (("adapters", "kosmi", "token"), SECRET, "adapters.kosmi.token = ***"),
    (("adapters", "kosmi", "ws_url"), "x", 'adapters.kosmi.ws_url = "x"'),
    (("adapters", "kosmi", "operations", "send"), "x", "adapters.kosmi.operations"),
    (("adapters", "kosmi", "channels", NEW), "room", 'adapters.kosmi.channels = "room"'),
    (("adapters", "Night"), {"kind": "console"}, "adapters.Night"),
    (("adapters", "night"), {"kind": "ircc"}, 'adapters.night.kind = "ircc"'),
    (
        ("adapters", "again"),
        {"kind": "discord", "token": SECRET, "channels": [ROOM]},
        "adapters.again.token = ***",
    ),
]


def put(tree: dict[str, Any], at: tuple[Any, ...], value: Any) -> None:
    for key in at[:-1]:
        tree = tree.setdefault(key, {})
    if at[-1] is NEW:
        tree.append(value)
    else:
        tree[at[-1]] = value


def toml(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{toml(key)} = {toml(inner)}" for key, inner in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(toml, value)) + "]"
    if isinstance(value, bool):
        return str(value).lower()
    text = str(value).replace("\n", "\\n")
    return f'"{text}"' if isinstance(value, str) else text


def told(tree: dict[str, Any]) -> set[str]:
    """What the host is told of the tree: the keys, with those values that may be shown."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "config.toml"
        path.write_text("\n".join(f"{key} = {toml(value)}" for key, value in tree.items()), "utf-8")
        with pytest.raises(ConfigError) as caught:
            load(path, {}, adapters)
    assert SECRET not in str(caught.value)
    return {re.sub(r"item \d+", "item", problem.where) for problem in caught.value.problems}


def test_mistakes_in_nothing_are_told_alone() -> None:
    """What the mistakes are made in has none of its own."""
    assert told(GOOD | {"zzz": 1}) == {"zzz"}


@given(st.lists(st.sampled_from(MISTAKES), min_size=1, unique_by=str))
def test_every_mistake_is_told(mistakes: list[tuple[tuple[Any, ...], Any, str]]) -> None:
    """However many there are, in whatever places: each is told, and nothing else is."""
    tree = deepcopy(GOOD)
    for at, value, _ in mistakes:
        put(tree, at, value)
    assert told(tree) == {where for _, _, where in mistakes}


@pytest.mark.parametrize(
    "model", [Tables, *(adapters.load(k).Settings for k in adapters.builtin())]
)
def test_no_rule_waits_for_another(model: Any) -> None:
    """No model has a rule about itself as a whole, which pydantic leaves out as soon as one
    setting is wrong; and a setting that must be of some form says which."""
    assert not model.__pydantic_decorators__.model_validators
    formed = [field for field in model.model_fields.values() if "pattern=" in repr(field.metadata)]
    assert all(field.description for field in formed)

"""No configuration, however wrong, gives a traceback or a secret."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

import adapters
from bot.cli.compose import build
from bot.config import ConfigError, load

SECRET = "S3CR3T-MARK"

GOOD: dict[str, Any] = {
    "language": "en",
    "picker": {"url": "http://localhost:5000", "admin_key": SECRET, "poll_interval": 30},
    "store": {"path": "nightcrier.db"},
    "log": {"level": "info", "format": "text"},
    "announce": {"stats": True},
    "messages": {"session_ended": "The end."},
    "adapters": {
        "console": {},
        "libera": {
            "kind": "irc",
            "host": "irc.libera.chat",
            "port": 6697,
            "tls": True,
            "nick": "crier",
            "password": SECRET,
            "account": "crier",
            "account_password": SECRET,
            "keys": {"#night": SECRET},
            "channels": {"#night": {"announce": ["stats"]}, "#day": {}},
        },
        "discord": {"token": SECRET, "channels": ["123456789012345678"]},
    },
}


def places(table: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every place in the tables and lists."""
    items = table.items() if isinstance(table, dict) else enumerate(table)
    for key, value in items:
        yield (*at, key)
        if isinstance(value, dict | list):
            yield from places(value, (*at, key))


def changed(table: Any, at: tuple[Any, ...], value: Any) -> Any:
    """A copy with ``value`` at a place."""
    copy = dict(table) if isinstance(table, dict) else list(table)
    key, *rest = at
    copy[key] = changed(copy[key], tuple(rest), value) if rest else value
    return copy


scalars = st.one_of(
    st.text(max_size=20).filter(lambda text: "\0" not in text),
    st.integers(-(2**63), 2**63 - 1),
    st.floats(allow_nan=True),
    st.booleans(),
    st.just(SECRET),
)
values = st.recursive(
    scalars,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=5,
)

# Where a secret may be written by a slip of the pen: in its own place, under a wrong name of
# it, and as the name of its file.
SLIPS = {
    ("picker", "admin_kei"): SECRET,
    ("picker", "admin_key_file"): SECRET,
    ("picker", "token"): SECRET,
    ("adapters", "libera", "pasword"): SECRET,
    ("adapters", "libera", "password_file"): SECRET,
    ("adapters", "libera", "keys", "#day"): 5,
    ("adapters", "discord", "tokn"): SECRET,
    ("adapters", "discord", "token"): {"a": SECRET},
    ("adapters", "discord", "webhook_url"): SECRET,
}


def toml(value: Any) -> str:
    """A value as inline TOML."""
    if isinstance(value, dict):
        inside = ", ".join(f"{quoted(key)} = {toml(inner)}" for key, inner in value.items())
        return "{" + inside + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(toml, value)) + "]"
    if isinstance(value, bool):
        return str(value).lower()
    return quoted(value) if isinstance(value, str) else repr(value)


def quoted(text: str) -> str:
    escaped = "".join(
        f"\\U{ord(char):08x}" if ord(char) < 0x20 or char in '"\\\x7f' else char for char in text
    )
    return f'"{escaped}"'


def told(content: str | bytes, environ: dict[str, str] | None = None) -> str:
    """What the host is told of a configuration; nothing if it is good."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "config.toml"
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        try:
            load(path, environ or {}, adapters, build)
        except ConfigError as error:
            return str(error)
        return ""


def lines(tree: dict[str, Any]) -> str:
    return "\n".join(f"{key} = {toml(value)}" for key, value in tree.items())


def test_the_model_is_good() -> None:
    """What the properties below spoil is a configuration without a problem."""
    assert told(lines(GOOD)) == ""


@given(at=st.sampled_from(list(places(GOOD))), value=values)
def test_any_value_anywhere(at: tuple[Any, ...], value: Any) -> None:
    """Whatever stands in whatever place gives sentences or nothing, and keeps other secrets."""
    spoilt = told(lines(changed(GOOD, at, value)))
    if SECRET not in toml(value):
        assert SECRET not in spoilt


@given(st.lists(st.sampled_from(sorted(SLIPS.items(), key=str)), min_size=1))
def test_slips_show_no_secret(slips: list[tuple[tuple[str, ...], Any]]) -> None:
    """A secret under a misspelt name, in the place of its file's name, or twice, is not shown."""
    tree = GOOD
    for at, value in slips:
        tree = changed(tree, at, value)
    text = told(lines(tree))
    assert text
    assert SECRET not in text


names = st.text("ABCDEIKLNOPRSTUVX_", max_size=24).map(lambda name: f"NIGHTCRIER_{name}")


@given(st.dictionaries(names, st.text(max_size=10), max_size=3))
def test_any_variables(variables: dict[str, str]) -> None:
    """Whatever variables there are with our prefix, they give sentences or nothing."""
    told(lines(GOOD), variables)


@given(st.binary(max_size=200))
def test_any_bytes(content: bytes) -> None:
    """A file of anything is told to be wrong, and is no traceback."""
    assert told(content)

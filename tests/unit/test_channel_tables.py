"""Channels whose address is a secret: tables with names, and nothing else is ever shown."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

import adapters
from bot.cli.compose import build
from bot.config import Config, ConfigError, load
from bot.domain import Kind, Target
from bot.port import AddressedChannel, ident_of

PICKER = '[picker]\nurl = "http://localhost:5000"\nadmin_key = "sesame-open"\n'
HOOKS = '[adapters.hooks]\nkind = "webhook"\n'
URL = "https://example.org/s3cret-path"
SECRET = "whsec_cmVwbGFjZS1tZS1ieS1vcGVuc3NsLXJhbmQ="
NIGHT = f'[adapters.hooks.channels.night]\nurl = "{URL}"\nsecret = "{SECRET}"\n'


@pytest.fixture
def read(tmp_path: Path) -> Any:
    """Load a text as the configuration, under some variables."""

    def read(text: str, **environ: str) -> Config:
        (tmp_path / "config.toml").write_text(PICKER + text, "utf-8")
        return load(tmp_path / "config.toml", environ, adapters, build)

    return read


def told(read: Any, text: str, **environ: str) -> list[str]:
    """The sentences that a text's problems are told in; none holds a secret."""
    with pytest.raises(ConfigError) as caught:
        read(text, **environ)
    sentences = [str(problem) for problem in caught.value.problems]
    assert "s3cret" not in str(caught.value)
    return sentences


def test_names_are_the_targets(read: Any) -> None:
    """A channel is known by its table's name; its announce is read as everywhere."""
    config = read(HOOKS + NIGHT + 'announce = ["stats"]\n')
    assert config.announce == {Target("hooks", "night"): {Kind.STATS}}


def test_addresses_are_secrets(read: Any) -> None:
    """No repr shows the address, and the log's filter knows it."""
    config = read(HOOKS + NIGHT)
    assert "s3cret" not in repr(config)
    assert {URL, SECRET} <= config.secrets


def test_the_ident_tells_no_address() -> None:
    """It is the same for the same addresses under whatever names, and has nothing of them."""
    here, there = (AddressedChannel(url=SecretStr(URL + end)) for end in ("", "/2"))
    both = ident_of({"a": here, "b": there})
    assert both == ident_of({"x": there, "y": here}) != ident_of({"a": here})
    assert "s3cret" not in both


def test_addresses_from_files_and_variables(read: Any, tmp_path: Path) -> None:
    """The address and the secret may stand in files, or come from the environment."""
    (tmp_path / "url").write_text(f"{URL}\n", "utf-8")
    table = '[adapters.hooks.channels.night]\nurl_file = "url"\n'
    config = read(HOOKS + table, NIGHTCRIER_ADAPTERS__HOOKS__CHANNELS__NIGHT__SECRET=SECRET)
    assert {URL, SECRET} <= config.secrets


def test_names_like_keys_are_only_names(read: Any) -> None:
    """A channel may be called like a key of its table."""
    config = read(HOOKS + NIGHT.replace("night", "url_file"))
    assert [str(target) for target in config.announce] == ["hooks/url_file"]
    assert told(read, HOOKS + NIGHT.replace("night", "url").replace("https", "ftp")) == [
        "adapters.hooks.channels.url.url = ***: "
        "must be a whole address, such as https://example.org/hook"
    ]


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        (
            HOOKS,
            [
                "adapters.hooks.channels: is missing; name at least one, "
                "such as [adapters.hooks.channels.night]"
            ],
        ),
        (
            HOOKS + f'channels = ["{URL}"]\n',
            [
                "adapters.hooks.channels = ***: must be a table for each channel, "
                "such as [adapters.hooks.channels.night]"
            ],
        ),
        (
            HOOKS + f'[adapters.hooks.channels]\nnight = "{URL}"\n',
            ["adapters.hooks.channels.night = ***: must be a table"],
        ),
        (
            HOOKS + f'[adapters.hooks.channels."{URL}"]\nurl = "{URL}"\n',
            [
                "adapters.hooks.channels: the name of a channel here may have only letters, "
                "digits, - and _"
            ],
        ),
        (
            HOOKS + '[adapters.hooks.channels.night]\nulr = "s3cret"\nsecret = "s3cret"\n',
            [
                "adapters.hooks.channels.night.url: is missing; the address to post to",
                "adapters.hooks.channels.night.secret = ***: "
                "must be whsec_ and then 24 to 64 random bytes in base64",
                "adapters.hooks.channels.night.ulr: there is no such setting; did you mean url?",
            ],
        ),
        (
            HOOKS + NIGHT + 'announce = ["stat"]\nanounce = []\n',
            [
                'adapters.hooks.channels.night.announce = "stat": there is no such line; '
                "did you mean stats?",
                "adapters.hooks.channels.night.anounce: there is no such setting; "
                "did you mean announce?",
            ],
        ),
        (
            HOOKS + NIGHT + NIGHT.replace("night", "again"),
            ["adapters.hooks.channels: again has the same url as night"],
        ),
        (
            HOOKS + NIGHT.replace("https://", "http://"),
            [
                "adapters.hooks.channels.night.url = ***: must be https; "
                "http is for this machine and the local network alone"
            ],
        ),
        (
            HOOKS + NIGHT.replace("https://", "https://me:s3cret@"),
            [
                "adapters.hooks.channels.night.url = ***: must have no user and password in it; "
                "the signature says who we are"
            ],
        ),
        (
            '[adapters.apprise.channels.phone]\nurl = "s3cret://token"\n',
            [
                "adapters.apprise.channels.phone.url = ***: "
                "is no address that Apprise knows; https://appriseit.com/services/ lists them"
            ],
        ),
        (
            "[adapters.a]\nkind = 'apprise'\n"
            '[adapters.a.channels.x]\nurl = "ntfy://s3cret"\n'
            '[adapters.a.channels.y]\nurl = "ntfy://s3cret"\n',
            ["adapters.a.channels: y has the same url as x"],
        ),
        (
            HOOKS + "zzz = 1\n" + NIGHT,
            [
                "adapters.hooks.zzz: there is no such setting; there are announce, beside_relay, "
                "channels, dedupes_for, kind"
            ],
        ),
    ],
)
def test_problems_of_channel_tables(read: Any, text: str, sentences: list[str]) -> None:
    """Each mistake is one sentence that names its place and repeats nothing of the address."""
    assert told(read, text) == sentences


@pytest.mark.parametrize(
    "host",
    ["localhost", "127.0.0.1", "[::1]", "192.168.0.9", "n8n", "hass.local", "a.home.arpa"],
)
def test_plain_http_nearby(read: Any, host: str) -> None:
    """Without TLS it goes where no stranger is on the way."""
    assert read(HOOKS + NIGHT.replace("https://example.org", f"http://{host}:8123"))

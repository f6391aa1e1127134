"""The configuration: file, environment and secret files; every problem in one clear sentence."""

from __future__ import annotations

import os
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from pydantic import BaseModel, ConfigDict, Field, SecretStr, model_validator

from bot.ballots import Limit
from bot.config import AdapterTable, Config, ConfigError, load
from bot.config.models import AnnounceSettings
from bot.domain import Kind, Target
from bot.port import ChannelName

STRICT = ConfigDict(extra="forbid", frozen=True)


class Sasl(BaseModel):
    model_config = STRICT
    account: str
    password: SecretStr


class ChatSettings(BaseModel):
    """Everything that a kind's settings can have."""

    model_config = STRICT
    host: str = Field(description="the server's name", examples=["irc.libera.chat"])
    port: int = Field(default=6697, ge=1, le=65535)
    tls: bool = True
    nick: str = Field(default="nightcrier", min_length=1)
    password: SecretStr | None = None
    modes: tuple[str, ...] = ()
    sasl: Sasl | None = None
    cert_file: Path | None = None
    keys: dict[ChannelName, SecretStr] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _not_both(self) -> ChatSettings:
        if self.password and self.sasl:
            raise ValueError("password and sasl exclude each other")
        return self


class TokenSettings(BaseModel):
    model_config = STRICT
    token: SecretStr


class NoSettings(BaseModel):
    model_config = STRICT


def fold(channel: str) -> str:
    if " " in channel:
        raise ValueError("a channel's name has no spaces")
    return channel.lower()


def kind(settings: type[BaseModel], **more: Any) -> SimpleNamespace:
    return SimpleNamespace(Settings=settings, fold=fold, **more)


MODULES: Any = {
    "chat": kind(ChatSettings, ident=lambda settings: settings.host),
    "console": kind(NoSettings, ident=lambda _: "", CHANNELS_OPTIONAL=True),
    "tokened": kind(TokenSettings, ident=lambda settings: settings.token.get_secret_value()),
}


class Kinds:
    """A registry of made-up networks."""

    def available(self) -> tuple[str, ...]:
        return (*sorted(MODULES), "uninstalled")

    def load(self, kind: str) -> ModuleType:
        if kind == "uninstalled":
            raise ModuleNotFoundError("No module named 'semaphore'", name="semaphore")
        return MODULES[kind]


def probe(table: AdapterTable) -> None:
    if "#locked" in table.channels:
        raise ValueError("#locked needs a key")


PICKER = '[picker]\nurl = "http://localhost:5000"\nadmin_key = "sesame-open"\n'
CONSOLE = "[adapters.console]\n"
LIBERA = '[adapters.libera]\nkind = "chat"\nhost = "irc.libera.chat"\nchannels = ["#night"]\n'


@pytest.fixture
def read(tmp_path: Path) -> Any:
    """Load a text as the configuration, under some variables."""

    def read(text: str, **environ: str) -> Config:
        (tmp_path / "config.toml").write_text(text, "utf-8")
        return load(tmp_path / "config.toml", environ, Kinds(), probe)

    return read


@pytest.fixture
def problems(read: Any) -> Any:
    """The sentences that a text's problems are told in."""

    def problems(text: str, **environ: str) -> list[str]:
        with pytest.raises(ConfigError) as caught:
            read(text, **environ)
        return [str(problem) for problem in caught.value.problems]

    return problems


# --- what is right ------------------------------------------------------------------------


def test_smallest_configuration(read: Any, tmp_path: Path) -> None:
    """An address, a key and one adapter are enough, and the rest has the documented defaults."""
    config = read(PICKER + CONSOLE)
    assert config.language == "en"
    assert config.picker.poll_interval == 30
    assert config.store == tmp_path / "nightcrier.db"
    assert (config.log.level, config.log.format) == ("info", "text")
    assert config.announce == {Target("console", "console"): frozenset(Kind)}
    assert [table.channels for table in config.adapters] == [("console",)]


def test_announce_follows_the_nearest_list(read: Any) -> None:
    """A channel's own list goes before its table's, and that before [announce]."""
    config = read(
        PICKER
        + "[announce]\nstats = false\n"
        + '[adapters.a]\nkind = "chat"\nhost = "one"\nannounce = ["stats"]\n'
        + '[adapters.a.channels."#x"]\n[adapters.a.channels."#y"]\nannounce = ["room_code"]\n'
        + '[adapters.b]\nkind = "chat"\nhost = "two"\nchannels = ["#x"]\n'
    )
    assert config.announce == {
        Target("a", "#x"): {Kind.STATS},
        Target("a", "#y"): {Kind.ROOM_CODE},
        Target("b", "#x"): frozenset(Kind) - {Kind.STATS},
    }


def test_how_often_a_person_may_vote(read: Any) -> None:
    """Once, unless the host leaves it to the Picker."""
    assert read(PICKER + CONSOLE).votes.limit == "once"
    assert read(PICKER + CONSOLE + '[votes]\nlimit = "unlimited"\n').votes.limit == "unlimited"
    assert {limit.value for limit in Limit} == {"once", "unlimited"}


def test_announce_has_a_switch_for_every_kind() -> None:
    """No kind of line is without its switch in [announce], and no switch without its line."""
    assert set(AnnounceSettings.model_fields) == {kind.value for kind in Kind}


def test_channels_may_be_numbers(read: Any) -> None:
    """Discord's ids may be written without quotes."""
    config = read(PICKER + '[adapters.tokened]\ntoken = "t"\nchannels = [123456789012345678]\n')
    assert config.adapters[0].channels == ("123456789012345678",)


def test_one_server_may_have_two_tables(read: Any) -> None:
    """Two connections to one host are fine while they serve different channels."""
    other = LIBERA.replace("libera]", "second]").replace("#night", "#other")
    assert len(read(PICKER + LIBERA + other).adapters) == 2


def test_secrets_are_hidden_and_gathered(read: Any) -> None:
    """No secret is in the repr, and the log's filter is told every one of them."""
    config = read(
        PICKER + LIBERA + '[adapters.libera.sasl]\naccount = "crier"\npassword = "hunter2hunter2"\n'
    )
    assert config.secrets == {"sesame-open", "hunter2hunter2"}
    assert not any(secret in repr(config) for secret in config.secrets)


# --- the environment ------------------------------------------------------------------------


def test_environment_goes_before_the_file(read: Any) -> None:
    """Variables set text, numbers, switches and lists, each by the type of its key."""
    config = read(
        PICKER + LIBERA,
        NIGHTCRIER_PICKER__POLL_INTERVAL="5",
        NIGHTCRIER_STORE__PATH="/data/nightcrier.db",
        NIGHTCRIER_ANNOUNCE__STATS="false",
        NIGHTCRIER_ADAPTERS__LIBERA__PASSWORD="007",
        NIGHTCRIER_ADAPTERS__LIBERA__TLS="false",
        NIGHTCRIER_ADAPTERS__LIBERA__MODES='["+B", "a,b"]',
        NIGHTCRIER_ADAPTERS__LIBERA__CHANNELS="#one, #two",
        HOME="/root",
    )
    settings: Any = config.adapters[0].settings
    assert config.picker.poll_interval == 5
    assert config.store == Path("/data/nightcrier.db")
    assert settings.password.get_secret_value() == "007"
    assert settings.tls is False
    assert settings.modes == ("+B", "a,b")
    assert config.adapters[0].channels == ("#one", "#two")
    assert Kind.STATS not in config.announce[Target("libera", "#one")]


def test_environment_replaces_channel_tables(read: Any) -> None:
    """A list in a variable takes the place of the file's tables."""
    tables = PICKER + '[adapters.chat]\nhost = "h"\n[adapters.chat.channels."#a"]\n'
    config = read(tables, NIGHTCRIER_ADAPTERS__CHAT__CHANNELS='["#b"]')
    assert config.adapters[0].channels == ("#b",)


def test_environment_alone_gives_the_picker(read: Any) -> None:
    """The fixed tables need not be in the file, so a container can be set up by variables."""
    config = read(
        CONSOLE, NIGHTCRIER_PICKER__URL="https://p.example/api/", NIGHTCRIER_PICKER__ADMIN_KEY="k"
    )
    assert config.picker.url == "https://p.example/api"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("NIGHTCRIER_PORT", "tcp://10.0.0.7:80"),
        ("NIGHTCRIER_PORT_5000_TCP", "tcp://10.0.0.7:5000"),
        ("NIGHTCRIER_PORT_5000_TCP_ADDR", "10.0.0.7"),
        ("NIGHTCRIER_PORT_5000_TCP_PORT", "5000"),
        ("NIGHTCRIER_PORT_5000_TCP_PROTO", "tcp"),
        ("NIGHTCRIER_SERVICE_HOST", "10.0.0.7"),
        ("NIGHTCRIER_SERVICE_PORT", "80"),
        ("NIGHTCRIER_SERVICE_PORT_HTTP", "80"),
        ("NIGHTCRIER_PICKER_PORT", "tcp://10.0.0.7:80"),
        ("NIGHTCRIER_PICKER_SERVICE_HOST", "10.0.0.7"),
        ("NIGHTCRIER_NAME", "/web/nightcrier"),
        ("NIGHTCRIER_ENV_NODE_VERSION", "22"),
    ],
)
def test_variables_of_container_engines_are_left_alone(read: Any, name: str, value: str) -> None:
    """What Docker's links and Kubernetes' services put into the environment is not ours."""
    assert read(PICKER + CONSOLE, **{name: value})


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("PICKER_URL", "there is no such setting; did you mean NIGHTCRIER_PICKER__URL?"),
        ("PICKER__URI", "there is no such setting; did you mean NIGHTCRIER_PICKER__URL?"),
        ("PICKR__URL", "there is no such setting; did you mean NIGHTCRIER_PICKER__URL?"),
        ("LANGUAG", "there is no such setting; did you mean NIGHTCRIER_LANGUAGE?"),
        (
            "ADAPTERS__LIBERA_NICK",
            "there is no such setting; did you mean NIGHTCRIER_ADAPTERS__LIBERA__NICK?",
        ),
        (
            "ADAPTERS__LIBERTA__NICK",
            "there is no such setting; did you mean NIGHTCRIER_ADAPTERS__LIBERA__NICK?",
        ),
        (
            "ADAPTERS__KOSMI__NICK",
            "the file has no table [adapters.kosmi], and a variable cannot add one",
        ),
        (
            "ADAPTERS__LIBERA__SASL__PASSWORD",
            "the file has no table [adapters.libera.sasl], and a variable cannot add one",
        ),
    ],
)
def test_unknown_variable_is_an_error(problems: Any, name: str, sentence: str) -> None:
    """A variable that sets nothing is named, with the nearest that does, without its value."""
    name = f"NIGHTCRIER_{name}"
    assert problems(PICKER + LIBERA, **{name: "s3cret"}) == [f"{name}: {sentence}"]


def test_bad_value_in_the_environment_names_the_variable(problems: Any) -> None:
    """The host is told where to look: in the environment and not in the file."""
    assert problems(
        PICKER + LIBERA,
        NIGHTCRIER_PICKER__POLL_INTERVAL="often",
        NIGHTCRIER_ADAPTERS__LIBERA__MODES="[+B",
    ) == [
        'NIGHTCRIER_PICKER__POLL_INTERVAL = "often": must be a number',
        'NIGHTCRIER_ADAPTERS__LIBERA__MODES = "[+B": must be a JSON list, '
        'such as ["a", "b"], or parted by commas',
    ]


# --- files for secrets ----------------------------------------------------------------------


@pytest.mark.parametrize("ending", ["", "\n", "\r\n"])
def test_secret_from_a_file(read: Any, tmp_path: Path, ending: str) -> None:
    """The file stands relative to the configuration, and only its last newline is dropped."""
    (tmp_path / "picker.key").write_bytes(f" two words {ending}".encode())
    text = (PICKER + CONSOLE).replace('admin_key = "sesame-open"', 'admin_key_file = "picker.key"')
    assert read(text).picker.admin_key.get_secret_value() == " two words "


def test_secret_from_a_mounted_folder(read: Any, tmp_path: Path) -> None:
    """Kubernetes mounts a secret as a link to a file in a folder that is a link itself."""
    (tmp_path / "..2026").mkdir()
    (tmp_path / "..2026" / "key").write_text("s" * 64 * 1024)
    (tmp_path / "..data").symlink_to("..2026")
    (tmp_path / "key").symlink_to("..data/key")
    text = (PICKER + CONSOLE).replace('admin_key = "sesame-open"', 'admin_key_file = "key"')
    assert read(text).picker.admin_key.get_secret_value() == "s" * 64 * 1024


def test_unreadable_files_are_not_the_same_secret(problems: Any) -> None:
    """Of two tables whose secrets cannot be read none is said to have the other's."""
    table = 'kind = "tokened"\ntoken_file = "gone"\nchannels = [1]\n'
    told = problems(f"{PICKER}[adapters.a]\n{table}[adapters.b]\n{table}")
    assert [sentence.partition(" = ***: there is no such")[0] for sentence in told] == [
        "adapters.a.token_file",
        "adapters.b.token_file",
    ]


def test_environment_decides_between_both_forms(read: Any, tmp_path: Path) -> None:
    """A variable of either form goes before either form in the file."""
    (tmp_path / "new").write_text("from a file")
    config = read(PICKER + CONSOLE, NIGHTCRIER_PICKER__ADMIN_KEY_FILE="new")
    assert config.picker.admin_key.get_secret_value() == "from a file"
    text = (PICKER + CONSOLE).replace('admin_key = "sesame-open"', 'admin_key_file = "gone"')
    config = read(text, NIGHTCRIER_PICKER__ADMIN_KEY="from a variable")
    assert config.picker.admin_key.get_secret_value() == "from a variable"


@pytest.mark.parametrize(
    "text",
    [
        '[adapters.chat]\nhost = "h"\nchannels = ["#a"]\npassword = "p"\npassword_file = "f"\n',
        '[adapters.chat]\nhost = "h"\nchannels = ["#a"]\n'
        '[adapters.chat.sasl]\naccount = "a"\npassword = "p"\npassword_file = "f"\n',
    ],
)
def test_both_forms_in_one_place(problems: Any, text: str) -> None:
    """A secret and its file together are an error, in nested tables too."""
    (sentence,) = problems(PICKER + text)
    assert sentence.endswith("password_file = ***: password is given as well; keep one of the two")


def test_unreadable_secret_files(problems: Any, tmp_path: Path) -> None:
    """A file that cannot serve is told once, without its name, which may be the secret."""
    (tmp_path / "empty").write_text("\n")
    (tmp_path / "latin").write_bytes(b"caf\xe9")
    (tmp_path / "folder").mkdir()
    (tmp_path / "large").write_bytes(b"\xe9" * (64 * 1024 + 1))
    os.mkfifo(tmp_path / "pipe")
    for name, reason in {
        "s3cret": f"there is no such file (a relative one is sought in {tmp_path})",
        "empty": "the file is empty",
        "latin": "the file is not UTF-8",
        "folder": "must be a file, and is a folder, a pipe or a device",
        "pipe": "must be a file, and is a folder, a pipe or a device",
        "/dev/zero": "must be a file, and is a folder, a pipe or a device",
        "large": "the file is larger than 64 KiB, and no secret is",
        "n\\u0000l": "the file cannot be read: not a file's name",
    }.items():
        text = PICKER.replace('admin_key = "sesame-open"', f'admin_key_file = "{name}"') + CONSOLE
        assert problems(text) == [f"picker.admin_key_file = ***: {reason}"]
    text = PICKER.replace('admin_key = "sesame-open"', "admin_key_file = 5") + CONSOLE
    assert problems(text) == ["picker.admin_key_file = ***: must be the path of a file, in quotes"]


def test_other_files(read: Any, problems: Any, tmp_path: Path) -> None:
    """A path that is a setting by itself is relative to the configuration as well, and a table
    of secrets has no file."""
    settings = read(PICKER + LIBERA + 'cert_file = "own.pem"\n').adapters[0].settings
    assert settings.cert_file == tmp_path / "own.pem"
    (sentence,) = problems(PICKER + LIBERA + 'keys_file = "k"\n')
    assert sentence.startswith("adapters.libera.keys_file: there is no such setting")
    (sentence,) = problems(PICKER + LIBERA + "[adapters.libera.keys]\n'#night' = 5\n")
    assert sentence == 'adapters.libera.keys."#night" = ***: must be text, in quotes'


# --- what is wrong --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        (
            "",
            [
                "picker.admin_key: is missing; give it, or picker.admin_key_file, "
                "or NIGHTCRIER_PICKER__ADMIN_KEY",
                'picker.url: is missing; the Picker\'s address, such as "http://localhost:5000"',
                "adapters: there is none; add a table for a chat, such as [adapters.console]",
            ],
        ),
        (
            PICKER + 'token = "tok"\n' + CONSOLE,
            ["picker.token: admin_key is given as well; keep one of the two"],
        ),
        (
            PICKER + "poll_interval = 0\n" + CONSOLE,
            ["picker.poll_interval = 0: must be at least 1"],
        ),
        (
            PICKER + "poll_interval = inf\n" + CONSOLE,
            ["picker.poll_interval = Infinity: must be a number"],
        ),
        (
            '[picker]\nurl = "localhost:5000"\nadmin_key = ""\n' + CONSOLE,
            [
                'picker.url = "localhost:5000": must be an address such as http://localhost:5000',
                "picker.admin_key = ***: must not be empty",
            ],
        ),
        (
            '[picker]\nurl = "http://me:s3cret@h"\nadmin_key = 7\n' + CONSOLE,
            [
                'picker.url = "http://***@h": must not carry a user name or password',
                "picker.admin_key = ***: must be text, in quotes",
            ],
        ),
        (
            PICKER + 'adminkey = "s3cret"\n' + CONSOLE,
            ["picker.adminkey: there is no such setting; did you mean admin_key?"],
        ),
        (
            PICKER + CONSOLE + '[log]\nlevel = "loud"\nformat = 5\n[store]\npath = ""\n',
            [
                'store.path = "": must not be empty',
                "log.level = \"loud\": must be one of 'debug', 'info', 'warning' or 'error'",
                "log.format = 5: must be one of 'text' or 'json'",
            ],
        ),
        (
            "picker = 5\nzzz = 1\n" + CONSOLE,
            [
                "picker = 5: must be a table",
                "zzz: there is no such setting; there are adapters, announce, commands, hosts, "
                "language, log, messages, picker, store, votes",
            ],
        ),
        (
            PICKER + CONSOLE + '[announce]\nstats = "perhaps"\nstat = true\n',
            [
                'announce.stats = "perhaps": must be true or false',
                "announce.stat: there is no such setting; did you mean stats?",
            ],
        ),
        (
            PICKER + CONSOLE + '[votes]\nlimit = "twice"\nlimits = 2\n',
            [
                "votes.limit = \"twice\": must be one of 'once' or 'unlimited'",
                "votes.limits: there is no such setting; did you mean limit?",
            ],
        ),
    ],
)
def test_problems_of_the_fixed_tables(problems: Any, text: str, sentences: list[str]) -> None:
    """Every problem is told at once, each with its key, its value and what would be right."""
    assert problems(text) == sentences


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        (
            '[adapters]\nconsole = "yes"\n',
            ['adapters.console = "yes": must be a table'],
        ),
        (
            "[adapters.Big-Name]\nkind = 'console'\n",
            ["adapters.Big-Name: a name may have only a-z, 0-9 and _"],
        ),
        (
            '[adapters.libera]\nhost = "h"\nchannels = ["#a"]\n',
            [
                'adapters.libera: has no kind, and "libera" is none itself; '
                "add one of chat, console, tokened, uninstalled"
            ],
        ),
        (
            '[adapters.x]\nkind = "consol"\n',
            ['adapters.x.kind = "consol": there is no such kind of chat; did you mean console?'],
        ),
        (
            "[adapters.x]\nkind = 5\n",
            [
                "adapters.x.kind = 5: there is no such kind of chat; "
                "there are chat, console, tokened, uninstalled"
            ],
        ),
        (
            "[adapters.uninstalled]\n",
            ["adapters.uninstalled: needs the library semaphore, which is not installed"],
        ),
        (
            '[adapters.chat]\nport = 0\ntls = 5\nnik = "n"\npassword = 5\n',
            [
                'adapters.chat.channels: is missing; name at least one, such as channels = ["…"]',
                'adapters.chat.host: is missing; the server\'s name, such as "irc.libera.chat"',
                "adapters.chat.port = 0: must be at least 1",
                "adapters.chat.tls = 5: must be true or false",
                "adapters.chat.password = ***: must be text, in quotes",
                "adapters.chat.nik: there is no such setting; did you mean nick?",
            ],
        ),
        (
            LIBERA + 'sasl = { account = "a", pasword = "s3cret" }\nmodes = ["a", 5]\n',
            [
                "adapters.libera.modes (item 2) = 5: must be text, in quotes",
                "adapters.libera.sasl.password: is missing",
                "adapters.libera.sasl.pasword: there is no such setting; did you mean password?",
            ],
        ),
        (
            LIBERA + 'password = "s3cret"\nsasl = { account = "a", password = "b" }\n',
            ["adapters.libera: password and sasl exclude each other"],
        ),
        (
            LIBERA.replace('["#night"]', "[]"),
            ['adapters.libera.channels: is empty; name at least one, such as channels = ["…"]'],
        ),
        (
            LIBERA.replace('["#night"]', '"#night"'),
            [
                'adapters.libera.channels = "#night": must be a list or tables, '
                'such as channels = ["…"]'
            ],
        ),
        (
            LIBERA.replace('["#night"]', '["#a", true, ""]'),
            [
                "adapters.libera.channels (item 2) = true: must be a name or a number",
                'adapters.libera.channels (item 3) = "": must be a name or a number',
            ],
        ),
        (
            LIBERA.replace('["#night"]', '["#night", "#NIGHT", "", "#a b"]') + "port = 0\n",
            [
                'adapters.libera.channels (item 3) = "": must be a name or a number',
                'adapters.libera.channels = "#NIGHT": is the same channel as #night',
                'adapters.libera.channels = "#a b": a channel\'s name has no spaces',
                "adapters.libera.port = 0: must be at least 1",
            ],
        ),
        (
            LIBERA + 'keys = { "#nite" = "s3cret", "#NIGHT" = "s3cret", "#x" = "s3cret" }\n',
            [
                'adapters.libera.keys."#nite": is none of the table\'s channels; '
                'did you mean "#night"?',
                'adapters.libera.keys."#x": is none of the table\'s channels; there are "#night"',
            ],
        ),
        (
            LIBERA.replace('channels = ["#night"]', 'keys = { "#nite" = "s3cret" }'),
            ['adapters.libera.channels: is missing; name at least one, such as channels = ["…"]'],
        ),
        (
            LIBERA.replace('["#night"]', '["#night", "#NIGHT", "#a b"]'),
            [
                'adapters.libera.channels = "#NIGHT": is the same channel as #night',
                'adapters.libera.channels = "#a b": a channel\'s name has no spaces',
            ],
        ),
        (
            '[adapters.chat]\nhost = "h"\n[adapters.chat.channels]\n"#a" = 5\n'
            '[adapters.chat.channels."#b"]\nanounce = []\n'
            '[adapters.chat.channels."#c"]\nannounce = ["stat", "zzz"]\n',
            [
                'adapters.chat.channels."#a" = 5: must be a table',
                'adapters.chat.channels."#b".anounce: there is no such setting; '
                "did you mean announce?",
                'adapters.chat.channels."#c".announce = "stat": there is no such line; '
                "did you mean stats?",
                'adapters.chat.channels."#c".announce = "zzz": there is no such line; '
                "there are session_started, game_added, room_code, final_votes, session_ended, "
                "stats, catch_up",
            ],
        ),
        (
            LIBERA.replace("#night", "#locked"),
            ["adapters.libera: #locked needs a key"],
        ),
        (
            LIBERA + LIBERA.replace("libera]", "again]").replace("#night", "#Night"),
            ['adapters.again.channels = "#Night": is served by [adapters.libera] already'],
        ),
        (
            '[adapters.tokened]\ntoken = "same"\nchannels = [1]\n'
            '[adapters.b]\nkind = "tokened"\ntoken = "same"\nchannels = [2]\n',
            ["adapters.b.token = ***: is the token of [adapters.tokened] too; join the two tables"],
        ),
    ],
)
def test_problems_of_adapters(problems: Any, text: str, sentences: list[str]) -> None:
    """What is ours and what is the kind's own is told alike, and all at once."""
    assert problems(PICKER + text) == sentences


def test_query_of_an_address_is_hidden(problems: Any) -> None:
    """What an address carries behind its path may be a secret."""
    text = PICKER.replace("http://localhost:5000", "http://h/?k=s3cret&l=s3cret#x=s3cret") + CONSOLE
    (sentence,) = problems(text)
    assert "s3cret" not in sentence
    assert "?k=***&l=***#x=***" in sentence


@pytest.mark.parametrize("url", ["http://", "http://h:0", "http://h:99999", "x"])
def test_addresses_that_are_none(problems: Any, url: str) -> None:
    """An address needs a host, and a port that exists."""
    text = PICKER.replace("http://localhost:5000", url) + CONSOLE
    assert problems(text) == [
        f'picker.url = "{url}": must be an address such as http://localhost:5000'
    ]


def test_picker_given_as_text_and_by_variables(problems: Any) -> None:
    """A fixed table that is no table is told as that, whatever the environment adds to it."""
    assert problems("picker = 'x'\n" + CONSOLE, NIGHTCRIER_PICKER__URL="http://h") == [
        'picker = "x": must be a table'
    ]


def test_adapters_must_be_tables(problems: Any) -> None:
    """A text where the adapters' tables belong is told as that."""
    assert problems("adapters = 'irc'\n" + PICKER) == [
        'adapters = "irc": must be tables, such as [adapters.console]'
    ]


def test_problems_of_the_wording(problems: Any) -> None:
    """An unknown language, a line that is none and a broken one stand beside the other problems."""
    interval, language = problems('language = "xx"\n' + PICKER + "poll_interval = 0\n" + CONSOLE)
    assert interval.startswith("picker.poll_interval = 0")
    assert language.startswith('language = "xx": there is no such language; known: de, en')
    number, unknown, broken, channel = problems(
        PICKER + CONSOLE + "channels = []\n"
        '[messages]\nstats = 5\nsesion_ended = "x"\nsession_ended = "{{ nobody }}"\n'
    )
    assert number == "messages.stats = 5: must be text, in quotes"
    assert "session_ended" in unknown
    assert broken.startswith("messages.session_ended: uses 'nobody'")
    assert channel.startswith("adapters.console.channels: is empty")
    assert problems("language = 5\n" + PICKER + CONSOLE) == [
        "language = 5: must be text, in quotes"
    ]


def test_problems_of_all_parts_come_together(problems: Any) -> None:
    """The environment, the fixed tables, and every adapter are told in one go."""
    text = PICKER.replace("http:", "ftp:") + LIBERA.replace('"irc.libera.chat"', "5")
    assert problems(text, NIGHTCRIER_PICKR__X="1") == [
        "NIGHTCRIER_PICKR__X: there is no such setting; did you mean NIGHTCRIER_PICKER__X?",
        'picker.url = "ftp://localhost:5000": must be an address such as http://localhost:5000',
        "adapters.libera.host = 5: must be text, in quotes",
    ]


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (
            b"[picker\n",
            "is not valid TOML: Expected ']' at the end of a table declaration (at line",
        ),
        (
            b'[picker]\nurl = "a"\nurl = "b"\n',
            "is not valid TOML: Cannot overwrite a value (at line",
        ),
        (b'nick = "caf\xe9"\n', "is not UTF-8 (byte 12); save it in that encoding"),
        (b"\xef\xbb\xbf[picker]\n", "begins with a byte order mark; save it as UTF-8 without one"),
    ],
)
def test_unreadable_text(tmp_path: Path, content: bytes, sentence: str) -> None:
    """A file that is no TOML is told with the place, and nothing else is."""
    path = tmp_path / "config.toml"
    path.write_bytes(content)
    with pytest.raises(ConfigError) as caught:
        load(path, {}, Kinds())
    assert str(caught.value).startswith(f"{path}: {sentence}")


def test_missing_file_and_folder(tmp_path: Path) -> None:
    """No file, and a folder in its place, are two different sentences."""
    with pytest.raises(ConfigError, match=r"no.toml: there is no such file; config.example.toml"):
        load(tmp_path / "no.toml", {}, Kinds())
    with pytest.raises(ConfigError, match="is a folder; name the file in it"):
        load(tmp_path, {}, Kinds())


def test_many_problems_are_counted(read: Any) -> None:
    """The text of the error has one line for each problem below a line with the file."""
    with pytest.raises(ConfigError) as caught:
        read("[picker]\n" + CONSOLE)
    first, *rest = str(caught.value).splitlines()
    assert first.endswith("config.toml: 2 problems")
    assert [line[:2] for line in rest] == ["  ", "  "]

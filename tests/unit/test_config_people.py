"""The settings for what people say in the chats: read, refused in sentences, and handed on."""

from __future__ import annotations

from pathlib import Path

import pytest

from adapters import available
from bot.app import Listening
from bot.ballots import Limit
from bot.chat import Rules
from bot.cli import compose
from bot.config import Config, ConfigError
from bot.domain import Kind, Target
from bot.hosts import Hosts

BEGIN = """
[picker]
url = "http://localhost:5000"
admin_key = "sesame-open"

[adapters.libera]
kind = "irc"
host = "irc.libera.chat"
channels = ["#night"]

[adapters.discord]
token = "MTAw.abc.def"
channels = ["123456789012345678"]
"""
ROOT = Path(__file__).parents[2]


def read(folder: Path, text: str, **environ: str) -> Config:
    (folder / "config.toml").write_text(text, "utf-8")
    return compose.load(folder / "config.toml", environ)


def test_all_of_it(tmp_path: Path) -> None:
    """Every setting reaches what listens to the chats."""
    config = read(
        tmp_path,
        BEGIN.replace('channels = ["#night"]', 'channels = ["#night"]\nbeside_relay = true')
        + """
[votes]
limit = "unlimited"
from = ["discord"]
ignore_prefixes = ["(matrix)"]
ignore_nicks = ["bridge"]
notice = true
[commands]
enabled = false
prefix = "?"
[hosts]
accounts = ["libera/Annie", "discord/42"]
roles = [777, "778"]
operators = true
""",
    )
    assert compose.listening(config) == Listening(
        Limit.UNLIMITED,
        Rules((), "?", True, False, ("(matrix)",), ("bridge",)),
        frozenset({"discord"}),
        frozenset({"libera"}),
        True,
        Hosts(frozenset({"libera/annie", "discord/42"}), frozenset({"777", "778"}), True),
    )


def test_nothing_of_it(tmp_path: Path) -> None:
    """Without any of the tables all that is safe is on."""
    config = read(tmp_path, BEGIN)
    listening = compose.listening(config)
    assert listening == Listening()
    rules = listening.rules_of("libera", ("crier",))
    assert (rules.votes, rules.commands, rules.names) == (True, True, ("crier",))


def test_where_votes_are_taken(tmp_path: Path) -> None:
    """votes.from names the adapters; beside a relay there are neither votes nor commands."""
    text = BEGIN.replace('token = "', 'beside_relay = true\ntoken = "')
    listening = compose.listening(read(tmp_path, text + '[votes]\nfrom = ["discord"]\n'))
    discord, libera = listening.rules_of("discord"), listening.rules_of("libera")
    assert (discord.votes, discord.commands) == (False, False)
    assert (libera.votes, libera.commands) == (False, True)
    assert (listening.takes_votes("discord"), listening.takes_votes("libera")) == (True, False)


def test_beside_a_relay(tmp_path: Path) -> None:
    """What is said there is the board, where there are boards, and else nothing."""
    text = BEGIN.replace("channels =", "beside_relay = true\nchannels =")
    config = read(tmp_path, text)
    said = {
        table.name: compose.kinds(config, table, table.channels[0], compose.build(table))
        for table in config.adapters
    }
    assert said == {"libera": frozenset(), "discord": {Kind.GAME_ADDED}}


def test_from_the_environment(tmp_path: Path) -> None:
    """Variables set the same keys; lists are parted by commas."""
    config = read(
        tmp_path,
        BEGIN,
        NIGHTCRIER_VOTES__FROM="libera, discord",
        NIGHTCRIER_COMMANDS__PREFIX="~",
        NIGHTCRIER_HOSTS__ROLES="777,778",
        NIGHTCRIER_ADAPTERS__DISCORD__BESIDE_RELAY="true",
    )
    assert config.votes.from_ == ("libera", "discord")
    assert config.commands.prefix == "~"
    assert config.hosts.roles == ("777", "778")
    assert config.announce[Target("discord", "123456789012345678")] == {Kind.GAME_ADDED}


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (
            '[votes]\nfrom = ["libra"]',
            'votes.from = "libra": there is no table [adapters.libra]; did you mean libera?',
        ),
        (
            '[votes]\nfrom = ["x"]',
            'votes.from = "x": there is no table [adapters.x]; there are libera, discord',
        ),
        ('[votes]\nfrom = "libera"', 'votes.from = "libera": must be a list, in brackets'),
        ("[votes]\nfrom = [5]", "votes.from (item 1) = 5: must be text, in quotes"),
        ("[votes]\nfrm = []", "votes.frm: there is no such setting; did you mean from?"),
        (
            "[votes]\nfrom_ = []",
            "votes.from_: there is no such setting; did you mean from?",
        ),
        (
            '[votes]\nignore_prefixes = ["[irc]", ""]',
            'votes.ignore_prefixes (item 2) = "": must not be empty',
        ),
        ('[commands]\nprefix = ""', 'commands.prefix = "": must not be empty'),
        (
            '[commands]\nprefix = "hey bot"',
            'commands.prefix = "hey bot": must have at most 5 characters',
        ),
        (
            '[commands]\nprefix = "! "',
            'commands.prefix = "! ": must not have a space in it; a sign is enough, such as !',
        ),
        (
            '[hosts]\naccounts = ["annie"]',
            'hosts.accounts (item 1) = "annie": must be a table\'s name, a / and an account, '
            "such as libera/annie",
        ),
        (
            '[hosts]\naccounts = ["libera/nick:annie"]',
            'hosts.accounts (item 1) = "libera/nick:annie": must be a table\'s name, a / and an '
            "account, such as libera/annie",
        ),
        (
            '[hosts]\naccounts = ["libra/annie"]',
            'hosts.accounts = "libra/annie": there is no table [adapters.libra]; '
            "did you mean libera?",
        ),
        (
            '[hosts]\nroles = ["op"]',
            'hosts.roles (item 1) = "op": is no role\'s id; for the operators of a channel set '
            "hosts.operators",
        ),
        ("[hosts]\nroles = [true]", "hosts.roles (item 1) = true: must be text, in quotes"),
        (
            "[adapters.console]\nbeside_relay = 5",
            "adapters.console.beside_relay = 5: must be true or false",
        ),
        (
            "[adapters.console]\nbeside_rely = true",
            "adapters.console.beside_rely: there is no such setting; did you mean beside_relay?",
        ),
    ],
)
def test_what_is_wrong(tmp_path: Path, text: str, sentence: str) -> None:
    """Each mistake is one sentence, with the key, the value and what would be right."""
    with pytest.raises(ConfigError) as caught:
        read(tmp_path, BEGIN + text + "\n")
    assert [str(problem) for problem in caught.value.problems] == [sentence]


def test_the_example(tmp_path: Path) -> None:
    """The example's tables are what goes without them, and no adapter has a key called so."""
    text = (ROOT / "config.example.toml").read_text("utf-8").replace('"…"', '"sesame"', 1)
    assert compose.listening(read(tmp_path, text)) == Listening()
    assert "console" in available()

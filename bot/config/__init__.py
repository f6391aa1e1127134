"""The configuration: one TOML file, the environment over it, files for secrets.

:func:`load` either returns a :class:`Config` that everything else can rely on, or raises one
:class:`ConfigError` with every problem there is. Nothing is connected to, and nothing is
written.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

from pydantic import BaseModel, SecretStr

from bot import messages
from bot.config.adapters import AdapterTable, Probe, Registry, read_adapters
from bot.config.models import (
    LANGUAGE,
    AnnounceSettings,
    CommandsSettings,
    HostsSettings,
    LogSettings,
    PickerSettings,
    Tables,
    VotesSettings,
)
from bot.config.problems import ConfigError, Problem, nearest, problem
from bot.config.sources import overlay, read
from bot.config.validation import validate
from bot.domain import Kind, Target
from bot.formatter import Wording, WordingError

__all__ = [
    "AdapterTable",
    "CommandsSettings",
    "Config",
    "ConfigError",
    "HostsSettings",
    "LogSettings",
    "PickerSettings",
    "Probe",
    "Problem",
    "Registry",
    "VotesSettings",
    "load",
]

_FIXED = frozenset({"picker", "store", "log", "announce", "votes", "commands", "hosts", "messages"})

_SOME_PICKER = {"url": "http://localhost:5000"}
"""For what can be told of the other tables, whatever is wrong with the Picker's."""


@dataclass(frozen=True, slots=True)
class Config:
    """Settings that are right in themselves; whether the far sides agree is another matter.

    ``announce`` has every target, with the kinds it takes; ``store`` is an absolute path.
    """

    path: Path
    language: str
    picker: PickerSettings
    store: Path
    log: LogSettings
    announce: Mapping[Target, frozenset[Kind]]
    votes: VotesSettings
    commands: CommandsSettings
    hosts: HostsSettings
    messages: Mapping[str, str]
    adapters: tuple[AdapterTable, ...]

    @property
    def secrets(self) -> frozenset[str]:
        """Every secret in it, for the log's filter alone."""
        models = [self.picker, *(table.settings for table in self.adapters)]
        return frozenset(secret for model in models for secret in _secrets(model))


def load(
    path: Path,
    environ: Mapping[str, str],
    registry: Registry,
    probe: Probe = lambda table: None,
) -> Config:
    """The configuration in the file ``path``, under the variables of ``environ``.

    Raises ConfigError.
    """
    folder = path.absolute().parent
    tree = read(path, Tables)
    problems = overlay(tree, environ, _FIXED)
    chats = tree.pop("adapters", {})
    adapters, found = read_adapters(chats, folder, registry, probe)
    tree.setdefault("picker", {})
    problems += _credentials(tree["picker"])
    tables, others = validate(Tables, tree, (), folder, ("adapters",))
    problems += others + _wording(tree.get("language", LANGUAGE), tree.get("messages", {})) + found
    partly, _ = validate(Tables, {**tree, "picker": _SOME_PICKER}, (), folder, ("adapters",))
    problems += _strangers(partly, chats) if partly else []
    if tables is None or problems:
        raise ConfigError(str(path), problems)
    return Config(
        path=path,
        language=tables.language,
        picker=tables.picker,
        store=folder / tables.store.path,
        log=tables.log,
        announce=_announce(tables.announce, adapters),
        votes=tables.votes,
        commands=tables.commands,
        hosts=tables.hosts,
        messages=MappingProxyType(tables.messages),
        adapters=adapters,
    )


def _strangers(tables: Tables, chats: Any) -> list[Problem]:
    """Adapters that are named in the fixed tables, and that there are none of."""
    known = list(chats) if isinstance(chats, dict) else []
    named = [(("votes", "from"), name, name) for name in tables.votes.from_ or ()]
    named += [
        (("hosts", "accounts"), account, account.partition("/")[0])
        for account in tables.hosts.accounts
    ]
    problems = []
    for at, value, name in named:
        if known and name not in known:
            near = nearest(name, known)
            hint = f"did you mean {near}?" if near else f"there are {', '.join(known)}"
            problems.append(problem(at, f"there is no table [adapters.{name}]; {hint}", value))
    return problems


_PLACEHOLDER = "…"


def _credentials(picker: Any) -> list[Problem]:
    """The Picker's key or a ready token: one of the two. Looked at before the secrets' files
    are read, so that it is told together with whatever else is wrong."""
    if not isinstance(picker, dict):
        return []
    given = [name for name in ("admin_key", "token") if {name, f"{name}_file"} & picker.keys()]
    at = ("picker",)
    if not given:
        what = "is missing; give it, or picker.admin_key_file, or NIGHTCRIER_PICKER__ADMIN_KEY"
        return [problem((*at, "admin_key"), what)]
    if len(given) == 2:
        return [problem((*at, "token"), "admin_key is given as well; keep one of the two")]
    what = "is still the example's; write your own"
    return [problem((*at, name), what) for name in given if picker.get(name) == _PLACEHOLDER]


def _wording(language: Any, overrides: Any) -> list[Problem]:
    """What is wrong with the language and with the host's own lines; what is no text at all
    is told elsewhere."""
    problems = []
    try:
        builtin = messages.load(str(language))
    except messages.UnknownLanguage as error:
        builtin = messages.load(LANGUAGE)  # each language has the same lines
        if isinstance(language, str):
            problems.append(problem(("language",), str(error), language))
    lines = overrides.items() if isinstance(overrides, dict) else ()
    try:
        Wording(builtin, {key: line for key, line in lines if isinstance(line, str)})
    except WordingError as error:
        problems += [problem(("messages", key), sentence) for key, sentence in error.problems]
    return problems


def _announce(
    everywhere: AnnounceSettings, adapters: tuple[AdapterTable, ...]
) -> Mapping[Target, frozenset[Kind]]:
    usual = frozenset(kind for kind in Kind if getattr(everywhere, kind.value))
    return MappingProxyType(
        {
            Target(table.name, channel): _of_table(table, table.announce.get(channel, usual))
            for table in adapters
            for channel in table.channels
        }
    )


def _of_table(table: AdapterTable, kinds: frozenset[Kind]) -> frozenset[Kind]:
    """Beside a relay a game's board is all that is said."""
    return kinds & {Kind.GAME_ADDED} if table.beside_relay else kinds


def _secrets(value: Any) -> Iterator[str]:
    """Every secret in a model, however deep."""
    if isinstance(value, SecretStr):
        yield value.get_secret_value()
    elif isinstance(value, BaseModel):
        for name in type(value).model_fields:
            yield from _secrets(getattr(value, name))
    elif isinstance(value, tuple | list | frozenset):
        for item in value:
            yield from _secrets(item)
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from _secrets(item)

"""The adapters' tables: ``kind``, ``channels`` and ``announce`` are ours, the rest is the kind's.

The kinds themselves are reached through a :class:`Registry`, which the caller gives, since
nothing but the command line may import an adapter.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any, Protocol

from pydantic import BaseModel, SecretStr

from bot.config.problems import Problem, Variable, dotted, nearest, problem
from bot.config.sources import Table, as_list
from bot.config.validation import validate
from bot.domain import Kind
from bot.port import ChannelSettings

OURS = ("kind", "channels", "announce")
SAMPLE = 'such as channels = ["#gamenight"]'

_NAME = re.compile(r"[a-z0-9_]+")
_PLAIN = re.compile(r"[A-Za-z0-9_-]+")


class Registry(Protocol):
    """The kinds of adapters that there are; the package ``adapters`` is one."""

    def available(self) -> tuple[str, ...]: ...

    def load(self, kind: str) -> ModuleType:
        """The kind's module. Raises ImportError if it cannot be used: its ``name`` is the
        library that is missing, or it has none and its text is the reason."""


@dataclass(frozen=True, slots=True)
class AdapterTable:
    """One table below ``[adapters]``: a connection, and the channels it serves.

    ``announce`` has, for the channels that do not follow ``[announce]``, the kinds they take.
    """

    name: str
    kind: str
    settings: BaseModel
    channels: tuple[str, ...]
    announce: Mapping[str, frozenset[Kind]]


Probe = Callable[[AdapterTable], object]
"""Builds the adapter of a table for nothing; raises ValueError, with a sentence, where its kind
sees something wrong that no setting shows by itself."""


def read_adapters(
    tables: Any, folder: Path, registry: Registry, probe: Probe
) -> tuple[tuple[AdapterTable, ...], list[Problem]]:
    """Every table below ``[adapters]``, and all that is wrong with any of them."""
    at = ("adapters",)
    if not isinstance(tables, dict):
        return (), [problem(at, "must be tables, such as [adapters.console]", tables)]
    if not tables:
        what = "there is none; add a table for a chat, such as [adapters.console]"
        return (), [problem(at, what)]
    problems: list[Problem] = []
    good = []
    for name, table in tables.items():
        adapter, found = _read_adapter(name, table, folder, registry)
        problems += found
        good += [adapter] if adapter else []
    return tuple(good), [*problems, *_probed(good, probe), *_doubles(good, registry)]


def _read_adapter(
    name: str, table: Any, folder: Path, registry: Registry
) -> tuple[AdapterTable | None, list[Problem]]:
    at = ("adapters", name)
    if not isinstance(table, dict):
        return None, [problem(at, "must be a table", table)]
    problems = []
    if not _NAME.fullmatch(name):
        problems.append(problem(at, "a name may have only a-z, 0-9 and _"))
    kind = table.get("kind", name)
    module, found = _module(kind, at, "kind" in table, registry)
    problems += found
    names, announce, found = _read_channels(table, at, folder, module)
    problems += found
    if module is None:
        return None, problems
    own = {key: value for key, value in table.items() if key not in OURS}
    if _has_tables(module):
        own["channels"] = table.get("channels", {}) if names else {}
    settings, found = validate(module.Settings, own, at, folder, OURS)
    problems += [one for one in found if one not in problems]
    if problems or settings is None:
        return None, problems
    return AdapterTable(name, str(kind), settings, names, announce), []


def _module(
    kind: Any, at: tuple[str, ...], given: bool, registry: Registry
) -> tuple[ModuleType | None, list[Problem]]:
    known = registry.available()
    if kind in known:
        try:
            return registry.load(kind), []
        except ImportError as error:
            lacks = f"needs the library {error.name}, which is not installed"
            return None, [problem(at, lacks if error.name else str(error))]
    there_are = ", ".join(known)
    near = nearest(str(kind), known)
    hint = f"; did you mean {near}?" if near else f"; there are {there_are}"
    if given:
        return None, [problem((*at, "kind"), f"there is no such kind of chat{hint}", kind)]
    return None, [problem(at, f'has no kind, and "{kind}" is none itself; add one of {there_are}')]


# --- channels -----------------------------------------------------------------------------

_Channels = tuple[tuple[str, ...], dict[str, frozenset[Kind]], list[Problem]]


def _read_channels(
    table: Table, at: tuple[str, ...], folder: Path, module: ModuleType | None
) -> _Channels:
    """The channels' names, the kinds of those with a list of their own, and the problems.

    A chat that needs no channels has one, called like its table."""
    value = table.get("channels")
    whole, problems = _read_channel({k: table[k] for k in ("announce",) if k in table}, at, folder)
    here = (*at, "channels")
    if value is None:
        if module is not None and not getattr(module, "CHANNELS_OPTIONAL", False):
            sample = _sample(here) if _has_tables(module) else SAMPLE
            problems.append(problem(here, f"is missing; name at least one, {sample}"))
        return at[1:], {at[1]: whole} if whole is not None else {}, problems
    names, found = (_tables if _has_tables(module) else _names)(value, here)
    problems += found
    announce: dict[str, frozenset[Kind]] = {}
    for name in names:
        settings = value[name] if isinstance(value, dict) else {}
        if _has_tables(module):
            settings = {key: settings[key] for key in ("announce",) if key in settings}
        kinds, found = _read_channel(settings, (*here, name), folder)
        problems += found
        kinds = whole if kinds is None else kinds
        announce |= {} if kinds is None else {name: kinds}
    return names, announce, problems + list(_same_twice(names, here, module))


def _names(value: Any, at: tuple[str, ...]) -> tuple[tuple[str, ...], list[Problem]]:
    try:
        items = as_list(value) if isinstance(value, Variable) else value
    except ValueError as error:
        return (), [problem(at, str(error), value)]
    if not isinstance(items, list | dict):
        return (), [problem(at, f"must be a list or tables, {SAMPLE}", value)]
    if not items:
        return (), [problem(at, f"is empty; name at least one, {SAMPLE}")]
    problems = [
        problem((*at, position), "must be a name or a number", item)
        for position, item in enumerate(items)
        if isinstance(item, bool) or not isinstance(item, str | int) or item == ""
    ]
    return (() if problems else tuple(str(item) for item in items)), problems


def _has_tables(module: ModuleType | None) -> bool:
    """Whether the kind's channels are tables, with an address of which only the name is shown."""
    return module is not None and "channels" in module.Settings.model_fields


def _tables(value: Any, at: tuple[str, ...]) -> tuple[tuple[str, ...], list[Problem]]:
    """The names of the channels' tables. Whatever stands in the place of a name or of a table
    may be the address, so it is not repeated."""
    if not isinstance(value, dict) or not value:
        what = f"must be a table for each channel, {_sample(at)}"
        return (), [problem(at, what, value, secret=True)]
    problems = []
    for name, table in value.items():
        if not _PLAIN.fullmatch(name):
            what = "the name of a channel here may have only letters, digits, - and _"
            problems.append(Problem(dotted(at), what))
        elif not isinstance(table, dict):
            problems.append(problem((*at, name), "must be a table", table, secret=True))
    return (() if problems else tuple(value)), problems


def _sample(at: tuple[str, ...]) -> str:
    return f"such as [{dotted((*at, 'night'))}]"


def _read_channel(
    table: Any, at: tuple[str, ...], folder: Path
) -> tuple[frozenset[Kind] | None, list[Problem]]:
    """The kinds that a table's own ``announce`` allows; None if it has none."""
    if not isinstance(table, dict):
        return None, [problem(at, "must be a table", table)]
    settings, problems = validate(ChannelSettings, table, at, folder)
    if settings is None or settings.announce is None:
        return None, problems
    known = [kind.value for kind in Kind]
    for line in settings.announce:
        if line not in known:
            near = nearest(line, known)
            hint = f"; did you mean {near}?" if near else f"; there are {', '.join(known)}"
            problems.append(problem((*at, "announce"), f"there is no such line{hint}", line))
    return frozenset(Kind(line) for line in settings.announce if line in known), problems


def _same_twice(
    names: Iterable[str], at: tuple[str, ...], module: ModuleType | None
) -> Iterator[Problem]:
    """Channels that the network cannot have, or takes for the same one."""
    seen: dict[str, str] = {}
    for name in names if module else ():
        try:
            folded = _fold(module, name)
        except ValueError as error:
            yield problem(at, str(error), name)
            continue
        if folded in seen:
            yield problem(at, f"is the same channel as {seen[folded]}", name)
        seen.setdefault(folded, name)


def _fold(module: ModuleType | None, channel: str) -> str:
    return str(module.fold(channel)) if module else channel


def _probed(tables: Iterable[AdapterTable], probe: Probe) -> Iterator[Problem]:
    for table in tables:
        try:
            probe(table)
        except ValueError as error:
            yield problem(("adapters", table.name), str(error))


# --- between tables -------------------------------------------------------------------------


def _doubles(tables: Iterable[AdapterTable], registry: Registry) -> Iterator[Problem]:
    """One token in two tables, and one channel in two tables of the same connection."""
    tokens: dict[tuple[str, str], str] = {}
    places: dict[tuple[str, str, str], str] = {}
    for table in tables:
        module = registry.load(table.kind)
        at = ("adapters", table.name)
        token = getattr(table.settings, "token", None)
        if isinstance(token, SecretStr):
            first = tokens.setdefault((table.kind, token.get_secret_value()), table.name)
            if first != table.name:
                what = f"is the token of [adapters.{first}] too; join the two tables"
                yield Problem(f"{dotted((*at, 'token'))} = ***", what)
                continue
        connection = module.ident(table.settings)
        for channel in table.channels:
            place = (table.kind, connection, module.fold(channel))
            first = places.setdefault(place, table.name)
            if first != table.name:
                what = f"is served by [adapters.{first}] already"
                yield problem((*at, "channels"), what, channel)

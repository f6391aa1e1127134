"""The adapters' tables: ``kind``, ``channels`` and ``announce`` are ours, the rest is the kind's.

The kinds themselves are reached through a :class:`Registry`, which the caller gives, since
nothing but the command line may import an adapter.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Container, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any, Protocol

from pydantic import BaseModel, SecretStr

from bot.config.channels import folded, has_tables, listed, read_channels
from bot.config.models import TableSettings
from bot.config.problems import Problem, dotted, nearest, problem
from bot.config.sources import Table
from bot.config.validation import validate
from bot.domain import Kind

OURS = ("kind", "channels", "announce", "beside_relay")

_NAME = re.compile(r"[a-z0-9_]+")


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
    beside_relay: bool = False


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
    good, partly = [], []
    for name, table in tables.items():
        adapter, found = _read_adapter(name, table, folder, registry)
        problems += found
        partly += [adapter] if adapter else []
        good += [adapter] if adapter and not found else []
    between = (*_doubles(partly, registry), *_unlike(partly, registry))
    return tuple(good), [*problems, *_probed(good, probe), *between]


def _read_adapter(
    name: str, table: Any, folder: Path, registry: Registry
) -> tuple[AdapterTable | None, list[Problem]]:
    """The table as far as it is good, and what is wrong with it."""
    at = ("adapters", name)
    if not isinstance(table, dict):
        return None, [problem(at, "must be a table", table)]
    problems = []
    if not _NAME.fullmatch(name):
        problems.append(problem(at, "a name may have only a-z, 0-9 and _"))
    kind = table.get("kind", name)
    module, found = _module(kind, at, "kind" in table, registry)
    problems += found
    names, announce, found = read_channels(table, at, folder, module)
    problems += found
    if module is None:
        return None, problems
    own = {key: value for key, value in table.items() if key not in OURS}
    if has_tables(module):
        given = table.get("channels")
        own["channels"] = {name: given[name] for name in names} if isinstance(given, dict) else {}
    context = listed(names, module) if names and "channels" in table else None
    ours, found = validate(TableSettings, _some(table, TableSettings.model_fields), at, folder)
    problems += found
    settings, found = validate(module.Settings, own, at, folder, OURS, context)
    problems += [one for one in found if one not in problems]
    if settings is None:
        return None, problems
    beside_relay = ours is not None and ours.beside_relay
    return AdapterTable(name, str(kind), settings, names, announce, beside_relay), problems


def _some(table: Table, keys: Container[str]) -> Table:
    return {key: value for key, value in table.items() if key in keys}


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
            place = (table.kind, connection, folded(module, channel))
            first = places.setdefault(place, table.name)
            if first != table.name:
                what = f"is served by [adapters.{first}] already"
                yield problem((*at, "channels"), what, channel)


def _unlike(tables: Iterable[AdapterTable], registry: Registry) -> Iterator[Problem]:
    """Settings that all tables of a kind must have alike (its module's ``ALIKE``)."""
    found: dict[tuple[str, str], tuple[str, object]] = {}
    for table in tables:
        for key in getattr(registry.load(table.kind), "ALIKE", ()):
            value = getattr(table.settings, key)
            first, known = found.setdefault((table.kind, key), (table.name, value))
            if value != known:
                what = f"must be the same in all tables, and is {known} in [adapters.{first}]"
                yield problem(("adapters", table.name, key), what, value)

"""An adapter's channels: a list or tables, with the lines that each of them takes."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

from bot.config.problems import Problem, Variable, dotted, nearest, problem, quoted
from bot.config.sources import Table, as_list
from bot.config.validation import validate
from bot.domain import Kind
from bot.port import ChannelSettings

SAMPLE = 'such as channels = ["…"]'
"""Without a name: each kind has its own form of one, and tells it where it is given another."""

_PLAIN = re.compile(r"[A-Za-z0-9_-]+")

Channels = tuple[tuple[str, ...], dict[str, frozenset[Kind]], list[Problem]]


def read_channels(
    table: Table, at: tuple[str, ...], folder: Path, module: ModuleType | None
) -> Channels:
    """The channels' names, the kinds of those with a list of their own, and the problems.

    A chat that needs no channels has one, called like its table."""
    value = table.get("channels")
    whole, problems = _read_channel({k: table[k] for k in ("announce",) if k in table}, at, folder)
    here = (*at, "channels")
    if value is None:
        if module is not None and not getattr(module, "CHANNELS_OPTIONAL", False):
            sample = _sample(here) if has_tables(module) else SAMPLE
            problems.append(problem(here, f"is missing; name at least one, {sample}"))
        return at[1:], {at[1]: whole} if whole is not None else {}, problems
    names, found = (_tables if has_tables(module) else _names)(value, here)
    problems += found
    announce: dict[str, frozenset[Kind]] = {}
    for name in names:
        settings = value[name] if isinstance(value, dict) else {}
        if has_tables(module):
            settings = {key: settings[key] for key in ("announce",) if key in settings}
        kinds, found = _read_channel(settings, (*here, name), folder)
        problems += found
        kinds = whole if kinds is None else kinds
        announce |= {} if kinds is None else {name: kinds}
    return names, announce, problems + list(_wrong_channels(table, names, here, module))


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
        if not _is_name(item)
    ]
    return tuple(str(item) for item in items if _is_name(item)), problems


def _is_name(item: Any) -> bool:
    return isinstance(item, str | int) and not isinstance(item, bool) and item != ""


def has_tables(module: ModuleType | None) -> bool:
    """Whether the kind's channels are tables, with an address of which only the name is shown."""
    return module is not None and "channels" in module.Settings.model_fields


def _tables(value: Any, at: tuple[str, ...]) -> tuple[tuple[str, ...], list[Problem]]:
    """The names of the channels' tables. Whatever stands in the place of a name or of a table
    may be the address, so it is not repeated."""
    if not isinstance(value, dict) or not value:
        what = f"must be a table for each channel, {_sample(at)}"
        return (), [problem(at, what, value, secret=True)]
    problems, good = [], []
    for name, table in value.items():
        if not _PLAIN.fullmatch(name):
            what = "the name of a channel here may have only letters, digits, - and _"
            problems.append(Problem(dotted(at), what))
        elif not isinstance(table, dict):
            problems.append(problem((*at, name), "must be a table", table, secret=True))
        else:
            good.append(name)
    return tuple(good), problems


def _sample(at: tuple[str, ...]) -> str:
    return f"such as [{dotted((*at, 'night'))}]"


def _read_channel(
    table: Any, at: tuple[str, ...], folder: Path
) -> tuple[frozenset[Kind] | None, list[Problem]]:
    """The kinds that a table's own ``announce`` allows; None if it has none."""
    if not isinstance(table, dict):
        return None, [problem(at, "must be a table", table)]
    settings, problems = validate(ChannelSettings, table, at, folder)
    lines = table.get("announce")
    if isinstance(settings, ChannelSettings) and settings.announce is not None:
        lines = settings.announce  # those of a variable have been taken apart
    known = [kind.value for kind in Kind]
    for line in lines if isinstance(lines, list | tuple) else ():
        if isinstance(line, str) and line not in known:
            near = nearest(line, known)
            hint = f"; did you mean {near}?" if near else f"; there are {', '.join(known)}"
            problems.append(problem((*at, "announce"), f"there is no such line{hint}", line))
    if settings is None or settings.announce is None:
        return None, problems
    return frozenset(Kind(line) for line in settings.announce if line in known), problems


def _wrong_channels(
    table: Table, names: tuple[str, ...], at: tuple[str, ...], module: ModuleType | None
) -> Iterator[Problem]:
    """Channels that cannot be, those of the same name, and those that do not go together with
    what else the table has."""
    found = list(_same_twice(names, at, module))
    yield from found
    look = getattr(module, "wrong_channels", None)
    given = frozenset(key.removesuffix("_file") for key in table)
    for channel, what in look(given, names) if look else ():
        said = problem(at, what, channel)
        if said not in found:
            yield said


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


def listed(names: Iterable[str], module: ModuleType) -> Callable[[str], None]:
    """Takes the name of a channel that stands elsewhere in the table; raises ValueError if the
    table has no such channel. For :data:`bot.port.ChannelName`."""
    known: dict[str, str] = {}
    for name in names:
        known.setdefault(folded(module, name), name)

    def look_up(name: str) -> None:
        if folded(module, name) not in known:
            near = nearest(name, known.values())
            there_are = f"; there are {', '.join(map(quoted, known.values()))}"
            hint = f"; did you mean {quoted(near)}?" if near else there_are
            raise ValueError(f"is none of the table's channels{hint}")

    return look_up


def folded(module: ModuleType, name: str) -> str:
    try:
        return _fold(module, name)
    except ValueError:
        return name


def _fold(module: ModuleType | None, channel: str) -> str:
    return str(module.fold(channel)) if module else channel

"""What is wrong with a configuration, in sentences of our own.

A problem names the key (or the variable) and the value, and says what would be right. It
never shows a secret, nor the value of a key that we do not know, since that may be a secret
under a misspelt name; and never a library's own error text.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches

PREFIX = "NIGHTCRIER_"
LONGEST = 60

_BARE = re.compile(r"[A-Za-z0-9_-]+")
_USERINFO = re.compile(r"//[^/@\s]*@")
_QUERY = re.compile(r"([?&#][^=&#\s]*=)[^&#\s\"]+")

Path = tuple[str | int, ...]
"""Where something stands: the names of tables and keys, and positions in lists."""


class Variable(str):
    """A value that came from the environment, under this name."""

    __slots__ = ("name",)
    name: str

    def __new__(cls, value: str, name: str) -> Variable:
        made = super().__new__(cls, value)
        made.name = name
        return made


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing to put right: ``where`` is the key, with its value if that may be shown."""

    where: str
    what: str

    def __str__(self) -> str:
        return f"{self.where}: {self.what}" if self.where else self.what


class ConfigError(Exception):
    """A configuration that cannot be used; carries every problem that was found."""

    def __init__(self, source: str, problems: Iterable[Problem]) -> None:
        self.source = source
        self.problems = tuple(problems)
        super().__init__(source, self.problems)

    def __str__(self) -> str:
        if len(self.problems) == 1:
            return f"{self.source}: {self.problems[0]}"
        lines = (f"  {problem}" for problem in self.problems)
        return "\n".join((f"{self.source}: {len(self.problems)} problems", *lines))


def dotted(at: Path) -> str:
    """``at`` as TOML writes it, with positions in lists counted from one."""
    names = ".".join(quoted(part) for part in at if isinstance(part, str))
    return names + "".join(f" (item {part + 1})" for part in at if isinstance(part, int))


def quoted(name: str) -> str:
    """A key as TOML writes it: bare where it can be."""
    return name if _BARE.fullmatch(name) else json.dumps(name, ensure_ascii=False)


def label(at: Path, value: object = None) -> str:
    """What to call the place ``at``: the variable's name, if the value came from one."""
    return value.name if isinstance(value, Variable) else dotted(at)


def shown(value: object) -> str:
    """A value as the file would write it, short, without what in an address may be a secret:
    a password, and the values of a query."""
    text = json.dumps(value, ensure_ascii=False, default=str)
    text = _QUERY.sub(r"\1***", _USERINFO.sub("//***@", text))
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"


def problem(at: Path, what: str, value: object = None, *, secret: bool = False) -> Problem:
    """A problem with a value that is there; a table's own value is never shown."""
    if value is None or isinstance(value, dict):
        return Problem(label(at, value), what)
    return Problem(f"{label(at, value)} = {'***' if secret else shown(value)}", what)


def unknown(at: Path, known: Iterable[str], value: object = None) -> Problem:
    """A key that does not exist, with the nearest that does; its value is not shown."""
    names = sorted(set(known))
    near = nearest(str(at[-1]), names)
    if near is None:
        there_are = ", ".join(names)
        return Problem(label(at, value), f"there is no such setting; there are {there_are}")
    if isinstance(value, Variable):
        near = variable_name((*at[:-1], near))
    return Problem(label(at, value), f"there is no such setting; did you mean {near}?")


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The known name that ``name`` was probably meant to be."""
    return next(iter(get_close_matches(name.lower(), list(known), n=1)), None)


def variable_name(at: Path) -> str:
    """The environment variable that sets the key ``at``."""
    return PREFIX + "__".join(str(part) for part in at).upper()

"""Where settings come from: the TOML file, the environment over it, and files for secrets.

The environment is read here and not by pydantic-settings' own source, which would read
``NIGHTCRIER_ADAPTERS__LIBERA__PASSWORD=12345`` as a number, ignore a misspelt variable, and
make tables that the file does not have.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from stat import S_ISREG
from tomllib import TOMLDecodeError
from typing import Any

from pydantic_settings import BaseSettings, TomlConfigSettingsSource

from bot.config.problems import (
    PREFIX,
    ConfigError,
    Problem,
    Variable,
    nearest,
    variable_name,
)

Table = dict[str, Any]

LARGEST_SECRET = 64 * 1024

# Docker's links and Kubernetes' services, for a container called nightcrier-something
_LINKS = re.compile(
    r"(\w+_)?SERVICE_(HOST|PORT)(_\w+)?|(\w+_)?PORT_\d+_(TCP|UDP|SCTP)(_(ADDR|PORT|PROTO))?|ENV_.+"
)
_ADDRESS = re.compile(r"(\w+_)?PORT")
_ALIAS = re.compile(r"(\w+_)?NAME")


def read(path: Path, model: type[BaseSettings]) -> Table:
    """The file's tables as they stand. Raises ConfigError, with the line of a syntax error."""
    try:
        path.open("rb").close()
        return dict(TomlConfigSettingsSource(model, path)())
    except FileNotFoundError:
        what = "there is no such file; config.example.toml is one to begin with"
    except IsADirectoryError:
        what = "is a folder; name the file in it"
    except OSError as error:
        what = f"cannot be read: {error.strerror}"
    except UnicodeDecodeError as error:
        what = f"is not UTF-8 (byte {error.start + 1}); save it in that encoding"
    except TOMLDecodeError as error:
        what = _syntax(error, path)
    raise ConfigError(str(path), [Problem("", what)])


def _syntax(error: TOMLDecodeError, path: Path) -> str:
    if path.read_bytes().startswith(b"\xef\xbb\xbf"):
        return "begins with a byte order mark; save it as UTF-8 without one"
    return f"is not valid TOML: {error}"


def overlay(tree: Table, environ: Mapping[str, str], fixed: frozenset[str]) -> list[Problem]:
    """Set in ``tree`` what our variables say, as :class:`Variable`.

    ``fixed`` are the tables that exist whether the file has them or not; any other table
    must be in the file.
    """
    problems: list[Problem] = []
    for name in sorted(environ):
        rest = name[len(PREFIX) :]
        if name.upper().startswith(PREFIX) and not _is_link(rest.upper(), environ[name]):
            keys = rest.lower().split("__")
            problems += _put(tree, keys, Variable(environ[name], name), fixed)
    return problems


def _is_link(rest: str, value: str) -> bool:
    """Whether a container engine made this variable, and not a person."""
    if "__" in rest and not rest.startswith("ENV_"):
        return False
    return (
        _LINKS.fullmatch(rest) is not None
        or (_ADDRESS.fullmatch(rest) is not None and "://" in value)
        or (_ALIAS.fullmatch(rest) is not None and value.startswith("/"))
    )


def _put(tree: Table, keys: list[str], value: Variable, fixed: frozenset[str]) -> list[Problem]:
    table = tree
    for depth, key in enumerate(keys[:-1]):
        names = {str(name).lower(): name for name in table if isinstance(table[name], dict)}
        if depth == 0 and key in fixed:
            table.setdefault(key, {})
        elif key not in names:
            return [_no_table(keys, depth, names.keys() | (fixed if depth == 0 else set()), value)]
        table = table[names.get(key, key)]
        if not isinstance(table, dict):
            return []
    tables = [name for name in table if isinstance(table[name], dict)]
    tables += fixed if table is tree else ()
    for name in tables:
        if keys[-1].startswith(f"{name}_"):
            meant = variable_name((*keys[:-1], name, keys[-1].removeprefix(f"{name}_")))
            return [Problem(value.name, f"there is no such setting; did you mean {meant}?")]
    _assign(table, keys[-1], value)
    return []


def _no_table(keys: list[str], depth: int, tables: set[str], value: Variable) -> Problem:
    near = nearest(keys[depth], sorted(tables))
    if near is not None:
        meant = variable_name((*keys[:depth], near, *keys[depth + 1 :]))
        return Problem(value.name, f"there is no such setting; did you mean {meant}?")
    where = ".".join(keys[: depth + 1])
    return Problem(value.name, f"the file has no table [{where}], and a variable cannot add one")


def _assign(table: Table, key: str, value: Variable) -> None:
    """Environment beats file, so the file's other form of the same secret gives way."""
    other = key.removesuffix("_file") if key.endswith("_file") else f"{key}_file"
    if other in table and not isinstance(table[other], Variable):
        del table[other]
    table[key] = value


def secret_from(name: str, folder: Path) -> str:
    """The secret that the file ``name`` holds, without its last newline.

    A link to a file is one (Kubernetes mounts them); a pipe or a device, which might never end,
    is none. Raises ValueError with what is wrong, which does not repeat the name: somebody may
    have put the secret itself where its file should stand.
    """
    try:
        content = _beginning(folder / name)
    except FileNotFoundError:
        raise ValueError(f"there is no such file (a relative one is sought in {folder})") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "not a file's name"
        raise ValueError(f"the file cannot be read: {reason}") from None
    if content is None:
        raise ValueError("must be a file, and is a folder, a pipe or a device")
    if len(content) > LARGEST_SECRET:
        raise ValueError(f"the file is larger than {LARGEST_SECRET // 1024} KiB, and no secret is")
    try:
        text = content.decode()
    except UnicodeDecodeError:
        raise ValueError("the file is not UTF-8") from None
    text = text.removesuffix("\n").removesuffix("\r")
    if not text:
        raise ValueError("the file is empty")
    return text


def _beginning(path: Path) -> bytes | None:
    """What ``path`` begins with, enough to see that it is too large; None for what is no file."""
    if not S_ISREG(path.stat().st_mode):
        return None
    with path.open("rb") as file:
        return file.read(LARGEST_SECRET + 1)


def as_list(value: Variable) -> list[Any]:
    """A list from the environment: JSON, or parted by commas. Raises ValueError."""
    text = value.strip()
    if not text.startswith("["):
        return [item for part in text.split(",") if (item := part.strip())]
    try:
        items = json.loads(text)
    except json.JSONDecodeError:
        raise ValueError('must be a JSON list, such as ["a", "b"], or parted by commas') from None
    return list(items)

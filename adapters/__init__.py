"""The chat networks. A module's name is its kind; it is imported when it is configured.

A kind is one module (or folder) in this package with ``Settings``, a frozen pydantic model of
its table, ``build``, ``fold`` and ``ident``; or such a module of any installed distribution, which
names it in its entry-point group ``nightcrier.adapters``. ``docs/adapters.md`` tells how.
"""

from __future__ import annotations

import pkgutil
import re
from importlib import import_module
from importlib.metadata import EntryPoint, PackageNotFoundError, entry_points, metadata
from types import ModuleType

from pydantic import BaseModel

GROUP = "nightcrier.adapters"
FUNCTIONS = ("build", "fold", "ident")
KIND = re.compile(r"[a-z0-9_]+")
LONGEST_REASON = 200


def available() -> tuple[str, ...]:
    """The kinds that there are, in alphabetical order. Imports none of them."""
    return tuple(sorted({*builtin(), *foreign()}))


def builtin() -> tuple[str, ...]:
    """The kinds of this package."""
    return tuple(sorted(module.name for module in pkgutil.iter_modules(__path__)))


def foreign() -> dict[str, EntryPoint]:
    """The kinds of other distributions; none may take the name of one of ours."""
    return _chosen(_named())


def passed_over() -> tuple[EntryPoint, ...]:
    """Those of other distributions whose kind is another's already: one of ours, or of the
    distribution that comes first in the alphabet."""
    named = _named()
    chosen = _chosen(named)
    return tuple(one for one in named if chosen.get(one.name) is not one)


def load(kind: str) -> ModuleType:
    """The module of ``kind``; raises KeyError for one that is not there.

    Raises ImportError, with a sentence as its text, for one that cannot be used as it is.
    """
    if kind in builtin():
        return _builtin(kind)
    entry = foreign()[kind]
    if not KIND.fullmatch(kind):
        raise ImportError("the name of a kind may have only a-z, 0-9 and _")
    try:
        module = entry.load()
    except (Exception, SystemExit) as error:
        failed = f"its module {entry.value} fails with {type(error).__name__}: {error}"
        raise ImportError(" ".join(failed.split())[:LONGEST_REASON]) from error
    if lacking := _lacking(module):
        raise ImportError(f"its module {entry.value} has no {', '.join(lacking)}")
    return module  # type: ignore[no-any-return]


def provider(entry: EntryPoint) -> str:
    """The distribution that an entry point is of, with its version."""
    return f"{entry.dist.name} {entry.dist.version}" if entry.dist else "elsewhere"


def _named() -> list[EntryPoint]:
    return sorted(entry_points(group=GROUP), key=provider)


def _chosen(named: list[EntryPoint]) -> dict[str, EntryPoint]:
    ours = builtin()
    return {one.name: one for one in reversed(named) if one.name not in ours}


def _lacking(module: object) -> list[str]:
    """What a module has not, or has in another form."""
    settings = getattr(module, "Settings", None)
    is_model = isinstance(settings, type) and issubclass(settings, BaseModel)
    missing = [name for name in FUNCTIONS if not callable(getattr(module, name, None))]
    return [*([] if is_model else ["Settings that is a pydantic model"]), *missing]


def _builtin(kind: str) -> ModuleType:
    try:
        return import_module(f"{__name__}.{kind}")
    except ModuleNotFoundError as error:
        raise ImportError(f"needs the library {error.name}, {_remedy(kind)}") from error


def _remedy(kind: str) -> str:
    try:
        extras = metadata("nightcrier").get_all("Provides-Extra") or []
    except PackageNotFoundError:
        extras = []
    if kind not in extras:
        return "which is not installed"
    return (
        f"which comes with the extra {kind}: `make extras` in a clone, "
        f"--build-arg LOCK=requirements-extras.lock for the Docker image, "
        f"else pip install 'nightcrier[{kind}]'"
    )

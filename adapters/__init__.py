"""The chat networks. A module's name is its kind; it is imported when it is configured.

A kind is one module (or folder) in this package with ``Settings``, a frozen pydantic model of
its table, ``build``, ``fold`` and ``ident``; or such a module of any installed distribution, which
names it in its entry-point group ``nightcrier.adapters``. ``docs/adapters.md`` tells how.
"""

from __future__ import annotations

import pkgutil
from importlib import import_module
from importlib.metadata import EntryPoint, PackageNotFoundError, entry_points, metadata
from types import ModuleType

GROUP = "nightcrier.adapters"
PARTS = ("Settings", "build", "fold", "ident")


def available() -> tuple[str, ...]:
    """The kinds that there are, in alphabetical order. Imports none of them."""
    return tuple(sorted({*builtin(), *foreign()}))


def builtin() -> tuple[str, ...]:
    """The kinds of this package."""
    return tuple(sorted(module.name for module in pkgutil.iter_modules(__path__)))


def foreign() -> dict[str, EntryPoint]:
    """The kinds of other distributions; none may take the name of one of ours."""
    return {one.name: one for one in entry_points(group=GROUP) if one.name not in builtin()}


def load(kind: str) -> ModuleType:
    """The module of ``kind``; raises KeyError for one that is not there.

    Raises ImportError, with a sentence as its text, for one that cannot be used as it is.
    """
    if kind in builtin():
        return _builtin(kind)
    entry = foreign()[kind]
    try:
        module = entry.load()
    except Exception as error:
        failed = f"its module {entry.value} fails with {type(error).__name__}: {error}"
        raise ImportError(failed) from error
    lacking = [part for part in PARTS if not hasattr(module, part)]
    if lacking or not isinstance(module, ModuleType):
        raise ImportError(f"its module {entry.value} has no {', '.join(lacking) or 'module'}")
    return module


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
    return f"which comes with the extra {kind}: pip install 'nightcrier[{kind}]'"

"""The chat networks. A module's name is its kind; it is imported when it is configured.

A kind is one module (or folder) in this package with ``Settings``, a frozen pydantic model
of its table, and ``build``.
"""

from __future__ import annotations

import pkgutil
from importlib import import_module
from types import ModuleType


def available() -> tuple[str, ...]:
    """The kinds that there are, in alphabetical order. Imports none of them."""
    return tuple(sorted(module.name for module in pkgutil.iter_modules(__path__)))


def load(kind: str) -> ModuleType:
    """The module of ``kind``; raises KeyError for one that is not there."""
    if kind not in available():
        raise KeyError(kind)
    return import_module(f"{__name__}.{kind}")

"""The wordings that come with Nightcrier: one TOML file for each language."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from importlib.resources import files


class UnknownLanguage(ValueError):
    """There is no wording in that language. The text says which there are."""


def languages() -> tuple[str, ...]:
    """The languages there are wordings for, by the names that ``language`` may take."""
    names = (entry.name for entry in files(__name__).iterdir())
    return tuple(sorted(name.removesuffix(".toml") for name in names if name.endswith(".toml")))


def load(language: str) -> Mapping[str, str]:
    """All wordings of ``language``, templates by key. Raises UnknownLanguage."""
    if language not in languages():
        raise UnknownLanguage(f"there is no such language; known: {', '.join(languages())}")
    return tomllib.loads(files(__name__).joinpath(f"{language}.toml").read_text("utf-8"))

"""The catalogue: the games that a host may choose from."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.resources import files
from random import Random
from typing import Any


@dataclass(frozen=True, slots=True)
class CatalogueGame:
    """A row of the Picker's `games` table. The counters are of all time, over every night."""

    id: int
    title: str
    pack: str
    ticker: str
    min_players: int
    max_players: int
    minutes: int
    type: str
    play_count: int = 0
    upvotes: int = 0
    downvotes: int = 0

    @property
    def popularity(self) -> int:
        return self.upvotes - self.downvotes


def catalogue(seed: int) -> tuple[CatalogueGame, ...]:
    """The games of `games.toml`, ids from 1 in the file's order. The counters are as if the
    community had played for years, so that nobody takes them for tonight's."""
    random = Random(seed)
    text = files("bot.sandbox").joinpath("games.toml").read_text(encoding="utf-8")
    return tuple(_games(tomllib.loads(text), random))


def _games(document: dict[str, Any], random: Random) -> Iterator[CatalogueGame]:
    rows = [(pack["name"], game) for pack in document["pack"] for game in pack["games"]]
    for number, (pack, game) in enumerate(rows, start=1):
        plays = random.randint(1, 30)
        yield CatalogueGame(
            id=number,
            title=game["title"],
            pack=pack,
            ticker=game["ticker"],
            min_players=game["players"][0],
            max_players=game["players"][1],
            minutes=game["minutes"],
            type=game["type"],
            play_count=plays,
            upvotes=random.randint(0, 6 * plays),
            downvotes=random.randint(0, 2 * plays),
        )

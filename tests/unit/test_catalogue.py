"""The tickers of the Picker's games: when they are asked for, and how long they are good."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from clock import FakeTime

from bot.app.catalogue import Catalogue
from bot.domain import Game
from bot.wire import Unclear

GAMES = {"DRW2": Game("Drawful 2", 17)}
MORE = GAMES | {"FIB4": Game("Fibbage 4", 4)}


class Picker:
    """Tells ``games``, or nothing clear; ``asked`` is how often it was to."""

    def __init__(self) -> None:
        self.games: Mapping[str, Game] | None = GAMES
        self.asked = 0

    async def tickers(self) -> Mapping[str, Game]:
        self.asked += 1
        if self.games is None:
            raise Unclear("no answer")
        return self.games


@pytest.fixture
def time() -> FakeTime:
    return FakeTime()


async def test_asked_for_again_after_ten_minutes(time: FakeTime) -> None:
    """A game that was added to the Picker's catalogue is known ten minutes later at the latest."""
    picker = Picker()
    catalogue = Catalogue(picker, time)  # type: ignore[arg-type]
    assert await catalogue.games() == GAMES
    picker.games = MORE
    await time.advance(599.0)
    assert await catalogue.games() == GAMES
    assert picker.asked == 1
    await time.advance(1.0)
    assert await catalogue.games() == MORE


async def test_known_while_the_picker_does_not_answer(time: FakeTime) -> None:
    """What was known stays so, and the Picker is asked again every five seconds, not for each
    vote."""
    picker = Picker()
    catalogue = Catalogue(picker, time)  # type: ignore[arg-type]
    await catalogue.games()
    picker.games = None
    await time.advance(600.0)
    for _ in range(3):
        assert await catalogue.games() == GAMES
    assert picker.asked == 2
    await time.advance(5.0)
    picker.games = MORE
    assert await catalogue.games() == MORE

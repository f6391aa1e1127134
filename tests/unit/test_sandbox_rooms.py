"""The room monitor and the tokens, by a clock that the test holds."""

from __future__ import annotations

from dataclasses import replace

import jwt
from clock import FakeTime

from bot.sandbox.catalogue import catalogue
from bot.sandbox.database import Database
from bot.sandbox.era import NEWEST, SEED
from bot.sandbox.rooms import Reason, Rooms
from bot.sandbox.tokens import LIFETIME, Tokens


class Watched:
    """A night with one game whose room is watched, and what was told of it."""

    def __init__(self, era=NEWEST) -> None:
        self.time = FakeTime()
        self.told: list[tuple[str, object]] = []
        self.database = Database(catalogue(0))
        self.rooms = Rooms(self.database, self.hear, era, self.time, status_every=20)
        self.night = self.database.start(None, self.time.now()).id
        self.row = self.database.add(self.night, 1, self.time.now(), room_code="ABCD")
        self.game = self.database.game(1)

    def hear(self, event, session_id) -> None:
        assert session_id == self.night
        self.told.append((event.type, event.data))

    def types(self) -> list[str]:
        return [type for type, _ in self.told]


async def test_a_room_is_told_of_at_once_and_every_twenty_seconds() -> None:
    """`room.connected` when the code is known, then `game.status` with more and more players."""
    night = Watched()
    night.rooms.enter(night.row, night.game)
    await night.time.advance(19)
    assert night.types() == ["room.connected"]
    await night.time.advance(1)
    assert night.types()[1:] == ["lobby.player-joined", "lobby.updated", "game.status"]
    await night.time.advance(40)
    status = night.told[-1][1]
    assert (status.players, status.lobby_state) == (("Ann", "Ben", "Cleo"), "CanStart")
    night.rooms.stop()


async def test_a_game_that_is_over_leaves_nothing_playing() -> None:
    """After the game's usual length its row is played, and the room closes."""
    night = Watched()
    night.rooms.enter(night.row, night.game)
    await night.time.advance(night.game.minutes * 60 + 20)
    assert night.types().count("game.started") == 1
    assert night.types()[-2:] == ["game.ended", "room.disconnected"]
    assert night.told[-1][1].reason == "room_closed"
    assert night.database.row(night.night, night.row.id).status == "played"
    told = len(night.told)
    await night.time.advance(600)
    assert len(night.told) == told


async def test_a_room_that_is_left_is_silent() -> None:
    """Leaving tells why, once; leaving another row's room, or none, does nothing."""
    night = Watched()
    night.rooms.enter(night.row, night.game)
    await night.time.advance(0)
    night.rooms.leave(night.night, Reason.MANUALLY_STOPPED, night.row.id + 1)
    assert night.types() == ["room.connected"]
    night.rooms.leave(night.night, Reason.MANUALLY_STOPPED)
    night.rooms.leave(night.night, Reason.MANUALLY_STOPPED)
    await night.time.advance(600)
    assert night.types() == ["room.connected", "room.disconnected"]


async def test_a_room_that_is_entered_again_is_watched_once() -> None:
    """The watch that was left says nothing of the room that came after it."""
    night = Watched()
    night.rooms.enter(night.row, night.game)
    await night.time.advance(10)
    night.rooms.leave(night.night, Reason.MANUALLY_STOPPED)
    night.rooms.enter(replace(night.row, room_code="WXYZ"), night.game)
    await night.time.advance(20)
    assert night.types().count("game.status") == 1
    assert night.told[-1][1].room_code == "WXYZ"
    night.rooms.stop()


async def test_without_a_code_or_in_an_older_era_nothing_is_watched() -> None:
    """No code, no monitor; and none before v0.6.0."""
    for night, row in (
        (Watched(), replace(Watched().row, room_code=None)),
        (Watched(SEED), Watched().row),
    ):
        night.rooms.enter(row, night.game)
        await night.time.advance(600)
        assert night.told == []


async def test_the_state_of_a_room_can_be_asked_for() -> None:
    """`monitoring` says whether what is shown is live."""
    night = Watched()
    assert not night.rooms.status(night.row, night.game).monitoring
    night.rooms.enter(night.row, night.game)
    await night.time.advance(20)
    status = night.rooms.status(night.row, night.game)
    assert (status.monitoring, status.room_code, status.player_count) == (True, "ABCD", 1)
    night.rooms.stop()


async def test_a_token_lives_a_day() -> None:
    """By the time it was given, not the machine's."""
    time = FakeTime(now=1_000_000_000.0)
    tokens = Tokens(time)
    token = tokens.issue()
    await time.advance(LIFETIME - 1)
    assert tokens.holder(token).role == "admin"
    await time.advance(1)
    assert tokens.holder(token) is None


def test_a_token_dies_with_its_secret() -> None:
    """Another process, or the same one after forgetting, refuses it; so is one made up."""
    time = FakeTime()
    tokens = Tokens(time)
    token = tokens.issue()
    forged = jwt.encode({"role": "admin", "iat": 0, "exp": 2**33}, b"x" * 32, algorithm="HS256")
    assert Tokens(time).holder(token) is None
    assert tokens.holder(forged) is None
    assert tokens.holder("nonsense") is None
    tokens.forget()
    assert tokens.holder(token) is None

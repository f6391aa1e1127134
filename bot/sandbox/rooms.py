"""The room monitor (since v0.6.0): follows the Jackbox room of the game that is being played and
tells of its lobby. There is no Jackbox here, so the room plays itself: people join, the game
begins, and when its usual length is over it ends and the room closes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum

from msgspec import Struct

from bot.sandbox.catalogue import CatalogueGame
from bot.sandbox.database import Database, SessionGame
from bot.sandbox.era import Era
from bot.sandbox.events import Event, PlayerJoined, RoomDisconnected, RoomStatus, event
from bot.timing import Time

PLAYERS = ("Ann", "Ben", "Cleo", "Dan", "Eve", "Finn", "Gus", "Hana")

Broadcast = Callable[[Event, int | None], None]


class Reason(StrEnum):
    """Why a room was left; the backend knows a few more."""

    ROOM_CLOSED = "room_closed"
    MANUALLY_STOPPED = "manually_stopped"


@dataclass(frozen=True, slots=True)
class Room:
    """A Jackbox room as its monitor last saw it."""

    row: SessionGame
    game: CatalogueGame
    code: str
    players: tuple[str, ...] = ()
    started: bool = False
    finished: bool = False

    def status(self, *, monitoring: bool = True) -> RoomStatus:
        ready = len(self.players) >= self.game.min_players
        return RoomStatus(
            session_id=self.row.session_id,
            game_id=self.game.id,
            room_code=self.code,
            app_tag="".join(filter(str.isalnum, self.game.title.lower())),
            max_players=self.game.max_players,
            player_count=len(self.players),
            players=self.players,
            lobby_state="CanStart" if ready else "WaitingForMore",
            game_state="Gameplay" if self.started else "Lobby",
            game_started=self.started,
            game_finished=self.finished,
            monitoring=monitoring,
        )


class Rooms:
    """At most one room a session is watched: that of the game being played."""

    def __init__(
        self, database: Database, broadcast: Broadcast, era: Era, time: Time, *, status_every: float
    ) -> None:
        self._database = database
        self._broadcast = broadcast
        self._era = era
        self._time = time
        self._status_every = status_every
        self._rooms: dict[int, Room] = {}
        self._watches: dict[int, asyncio.Task[None]] = {}

    def status(self, row: SessionGame, game: CatalogueGame) -> RoomStatus:
        """As the monitor sees the room of `row`, whether it is watched or not."""
        room = self._rooms.get(row.session_id)
        if room is not None and room.row.id == row.id:
            return room.status()
        return Room(row, game, row.room_code or "").status(monitoring=False)

    def enter(self, row: SessionGame, game: CatalogueGame) -> None:
        """Watch the room of `row`, if it has a code."""
        if row.room_code is None or not self._era.rooms_watched:
            return
        self._rooms[row.session_id] = Room(row, game, row.room_code)
        self._watches[row.session_id] = asyncio.create_task(self._watch(row.session_id))

    def leave(self, session_id: int, reason: Reason, row_id: int | None = None) -> None:
        """Stop watching the session's room, or with `row_id` only if that row's is watched."""
        room = self._rooms.get(session_id)
        if room is None or row_id not in (None, room.row.id):
            return
        self._watches.pop(session_id).cancel()
        self._disconnect(self._rooms.pop(session_id), reason)

    def stop(self) -> None:
        """Forget all rooms without a word, as a process that ends does."""
        for watch in self._watches.values():
            watch.cancel()
        self._watches.clear()
        self._rooms.clear()

    async def _watch(self, session_id: int) -> None:
        ends_at = self._time.monotonic() + self._rooms[session_id].game.minutes * 60
        self._tell("room.connected", session_id, self._rooms[session_id].status())
        while self._time.monotonic() < ends_at:
            await self._time.sleep(self._status_every)
            self._go_on(session_id)
            self._tell("game.status", session_id, self._rooms[session_id].status())
        self._end(session_id)

    def _go_on(self, session_id: int) -> None:
        """Another player joins; with enough of them the game begins."""
        room = self._rooms[session_id]
        if len(room.players) < min(room.game.max_players, len(PLAYERS)) and not room.started:
            self._join(room, PLAYERS[len(room.players)])
        elif not room.started:
            self._rooms[session_id] = replace(room, started=True)
            self._tell("game.started", session_id, self._rooms[session_id].status())

    def _join(self, room: Room, name: str) -> None:
        session_id = room.row.session_id
        room = self._rooms[session_id] = replace(room, players=(*room.players, name))
        joined = PlayerJoined(session_id, room.game.id, name, len(room.players))
        self._tell("lobby.player-joined", session_id, joined)
        self._tell("lobby.updated", session_id, room.status())

    def _end(self, session_id: int) -> None:
        """The Jackbox game is over, so its row is played: nothing is playing for a while."""
        room = replace(self._rooms.pop(session_id), finished=True)
        del self._watches[session_id]
        self._database.set_status(session_id, room.row.id, "played")
        self._tell("game.ended", session_id, room.status())
        self._disconnect(room, Reason.ROOM_CLOSED)

    def _disconnect(self, room: Room, reason: Reason) -> None:
        left = RoomDisconnected(room.row.session_id, room.game.id, room.code, reason)
        self._tell("room.disconnected", room.row.session_id, left)

    def _tell(self, type: str, session_id: int, data: Struct) -> None:
        self._broadcast(event(type, data, self._time.now()), session_id)

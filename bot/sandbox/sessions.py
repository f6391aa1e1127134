"""`/api/sessions`: nights, and the games played in them."""

from __future__ import annotations

from aiohttp import web
from msgspec import Struct

from bot.sandbox.answers import (
    MessageAnswer,
    NoSessionAnswer,
    SessionAnswer,
    row_answer,
    session_answer,
)
from bot.sandbox.database import Refusal, Session, SessionGame
from bot.sandbox.events import PlayerCount, event, game_added, session_ended, session_started
from bot.sandbox.rest import Backend, answer, body, number
from bot.sandbox.rooms import Reason


class NewSession(Struct, frozen=True):
    notes: str | None = None


class NewGame(Struct, frozen=True):
    game_id: int | None = None
    manually_added: bool = False
    room_code: str | None = None
    source: str | None = None


class StatusChange(Struct, frozen=True):
    status: str | None = None


class RoomCodeChange(Struct, frozen=True):
    room_code: str | None = None


class PlayerCountChange(Struct, frozen=True):
    player_count: int | None = None


class SessionRoutes:
    def __init__(self, backend: Backend) -> None:
        self._backend = backend
        self._database = backend.database
        self._era = backend.era

    def routes(self) -> list[web.RouteDef]:
        read, guarded = self._backend.read, self._backend.guarded
        row = "/api/sessions/{id}/games/{row}"
        rooms = [web.get(row + "/status-live", read(self.room))] if self._era.rooms_watched else []
        return [
            *rooms,
            web.get("/api/sessions", read(self.list)),
            web.post("/api/sessions", guarded(self.start)),
            web.get("/api/sessions/active", read(self.active)),
            web.get("/api/sessions/live", self.live),
            web.get("/api/sessions/{id}", read(self.get)),
            web.delete("/api/sessions/{id}", guarded(self.delete)),
            web.post("/api/sessions/{id}/close", guarded(self.close)),
            web.get("/api/sessions/{id}/games", read(self.games)),
            web.post("/api/sessions/{id}/games", guarded(self.add_game)),
            web.delete(row, guarded(self.remove_game)),
            web.patch(row + "/status", guarded(self.set_status)),
            web.patch(row + "/room-code", guarded(self.set_room_code)),
            web.patch(row + "/player-count", guarded(self.set_player_count)),
        ]

    # --- sessions

    async def list(self, request: web.Request) -> web.Response:
        """Newest first. With `limit` (and `offset`) a page, and a header with the date of the
        session before it."""
        sessions = self._database.sessions()
        offset = _query_number(request, "offset", 0)
        limit = _query_number(request, "limit", len(sessions))
        page = sessions[offset : offset + limit]
        response = answer([self._shown(session) for session in page])
        if 0 < offset <= len(sessions):
            response.headers["X-Prev-Last-Date"] = self._shown(sessions[offset - 1]).created_at
        return response

    async def active(self, request: web.Request) -> web.Response:
        """The bare session, or a wrapper that says there is none: 200 either way."""
        session = self._database.active()
        return answer(NoSessionAnswer() if session is None else self._shown(session))

    async def get(self, request: web.Request) -> web.Response:
        return answer(self._shown(self._database.session(number(request, "id"))))

    async def live(self, request: web.Request) -> web.StreamResponse:
        """The WebSocket; asked for without an upgrade, an id that no session has."""
        if not web.WebSocketResponse().can_prepare(request):
            raise Refusal(404, "Session not found")
        return await self._backend.feed.serve(request)

    async def start(self, request: web.Request) -> web.Response:
        notes = (await body(request, NewSession)).notes
        now = self._backend.time.now()
        session = self._database.start(notes, now)
        self._backend.feed.broadcast(
            event("session.started", session_started(session, self._era), now),
            None if self._era.start_told_to_all else session.id,
        )
        return answer(session_answer(session, self._era), 201)

    async def close(self, request: web.Request) -> web.Response:
        now = self._backend.time.now()
        session = self._database.close(number(request, "id"), now)
        self._backend.rooms.leave(session.id, Reason.MANUALLY_STOPPED)
        played = self._database.games_played(session.id)
        self._backend.tell(event("session.ended", session_ended(session, played), now), session.id)
        return answer(self._shown(session))

    async def delete(self, request: web.Request) -> web.Response:
        self._database.delete(number(request, "id"))
        return answer(MessageAnswer("Session deleted successfully"))

    def _shown(self, session: Session) -> SessionAnswer:
        return session_answer(session, self._era, self._database.games_played(session.id))

    # --- the games of a session

    async def games(self, request: web.Request) -> web.Response:
        rows = self._database.rows(number(request, "id"))
        return answer([self._shown_row(row) for row in rows])

    async def add_game(self, request: web.Request) -> web.Response:
        new = await body(request, NewGame)
        if new.game_id is None:
            raise Refusal(400, "game_id is required")
        now = self._backend.time.now()
        row = self._database.add(
            number(request, "id"),
            new.game_id,
            now,
            manually_added=new.manually_added,
            room_code=new.room_code or None,
            source=new.source or ("manual" if new.manually_added else "dice"),
        )
        game, played = self._database.game(row.game_id), self._database.games_played(row.session_id)
        self._backend.rooms.leave(row.session_id, Reason.MANUALLY_STOPPED)
        self._backend.tell(
            event("game.added", game_added(row, game, played, self._era), now), row.session_id
        )
        self._backend.rooms.enter(row, game)
        return answer(self._shown_row(row), 201)

    async def remove_game(self, request: web.Request) -> web.Response:
        """Take a game back. No event tells of it."""
        row = self._database.remove(number(request, "id"), number(request, "row"))
        self._backend.rooms.leave(row.session_id, Reason.MANUALLY_STOPPED, row.id)
        return answer(MessageAnswer("Game removed from session successfully"))

    async def room(self, request: web.Request) -> web.Response:
        """What the room monitor sees now, or would if it were watching."""
        row = self._database.row(number(request, "id"), number(request, "row"))
        return answer(self._backend.rooms.status(row, self._database.game(row.game_id)))

    async def set_status(self, request: web.Request) -> web.Response:
        status = (await body(request, StatusChange)).status or ""
        row = self._database.set_status(number(request, "id"), number(request, "row"), status)
        if row.status != "playing":
            self._backend.rooms.leave(row.session_id, Reason.MANUALLY_STOPPED, row.id)
        return answer(self._shown_row(row))

    async def set_room_code(self, request: web.Request) -> web.Response:
        """A code that comes late or changes; only the room monitor's events tell of it."""
        code = (await body(request, RoomCodeChange)).room_code
        if not code:
            raise Refusal(400, "room_code is required")
        row = self._database.set_room_code(number(request, "id"), number(request, "row"), code)
        if row.status == "playing":
            self._backend.rooms.leave(row.session_id, Reason.MANUALLY_STOPPED)
            self._backend.rooms.enter(row, self._database.game(row.game_id))
        return answer(self._shown_row(row))

    async def set_player_count(self, request: web.Request) -> web.Response:
        count = (await body(request, PlayerCountChange)).player_count
        if count is None or count < 0:
            raise Refusal(400, "Invalid player count")
        row = self._database.set_player_count(number(request, "id"), number(request, "row"), count)
        if self._era.rooms_watched:
            told = PlayerCount(row.session_id, row.id, count)
            now = self._backend.time.now()
            self._backend.tell(event("player-count.updated", told, now), row.session_id)
        return answer(self._shown_row(row))

    def _shown_row(self, row: SessionGame) -> object:
        return row_answer(row, self._database.game(row.game_id), self._era)


def _query_number(request: web.Request, name: str, default: int) -> int:
    text = request.query.get(name, "")
    return int(text) if text.isascii() and text.isdigit() else default

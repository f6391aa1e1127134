"""The community chooses the next game (since May 2026). A notice bot needs none of it, and must
not take a picked game for one that is played. Only `voting/start` is documented; the other paths
are this sandbox's own, so that every event of a poll can be brought about."""

from __future__ import annotations

from aiohttp import web
from msgspec import Struct

from bot.sandbox.answers import MessageAnswer
from bot.sandbox.database import Refusal
from bot.sandbox.events import PickedGame, PollEnding, PollStarted, VotingEnded, event
from bot.sandbox.rest import Backend, answer, body, number
from bot.sandbox.shapes import iso

COUNTDOWN = 30.0


class Pick(Struct, frozen=True):
    game_id: int | None = None


class PollRoutes:
    def __init__(self, backend: Backend) -> None:
        self._backend = backend

    def routes(self) -> list[web.RouteDef]:
        if not self._backend.era.polls:
            return []
        guarded, session = self._backend.guarded, "/api/sessions/{id}"
        return [
            web.post(session + "/voting/start", guarded(self.start)),
            web.post(session + "/voting/countdown", guarded(self.count_down)),
            web.delete(session + "/voting/countdown", guarded(self.cancel)),
            web.post(session + "/voting/end", guarded(self.end)),
            web.post(session + "/pick", guarded(self.pick)),
            web.post(session + "/dismiss", guarded(self.dismiss)),
        ]

    async def start(self, request: web.Request) -> web.Response:
        session_id = self._session_id(request)
        self._backend.feed.leaders.pop(session_id, None)
        now = iso(self._backend.time.now())
        return self._told("poll.start", session_id, PollStarted(session_id, now))

    async def count_down(self, request: web.Request) -> web.Response:
        session_id = self._session_id(request)
        ends_at = iso(self._backend.time.now() + COUNTDOWN)
        return self._told("poll.ending", session_id, PollEnding(session_id, ends_at))

    async def cancel(self, request: web.Request) -> web.Response:
        session_id = self._session_id(request)
        return self._told("poll.ending.cancelled", session_id, PollEnding(session_id))

    async def end(self, request: web.Request) -> web.Response:
        """The winner is who led when a vote app last said so."""
        session_id = self._session_id(request)
        leader = self._backend.feed.leaders.pop(session_id, None)
        ended = (
            VotingEnded(session_id, None, None, 0)
            if leader is None
            else VotingEnded(session_id, leader.game_id, leader.label, leader.votes)
        )
        return self._told("voting.ended", session_id, ended)

    async def pick(self, request: web.Request) -> web.Response:
        return await self._told_of_game("game.picked", request)

    async def dismiss(self, request: web.Request) -> web.Response:
        return await self._told_of_game("game.dismissed", request)

    async def _told_of_game(self, type: str, request: web.Request) -> web.Response:
        game_id = (await body(request, Pick)).game_id
        if game_id is None:
            raise Refusal(400, "game_id is required")
        game, session_id = self._backend.database.game(game_id), self._session_id(request)
        return self._told(type, session_id, PickedGame(session_id, game.id, game.title))

    def _session_id(self, request: web.Request) -> int:
        return self._backend.database.session(number(request, "id")).id

    def _told(self, type: str, session_id: int, data: Struct) -> web.Response:
        """The messages of a poll are the ones that come without a timestamp."""
        self._backend.tell(event(type, data, None), session_id)
        return answer(MessageAnswer("ok"))

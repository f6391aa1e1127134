"""`/api/votes`: votes as they are cast, and questions about them; and the catalogue."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from aiohttp import web
from msgspec import Struct

from bot.sandbox.answers import (
    Pagination,
    TalliesAnswer,
    VotesAnswer,
    game_answer,
    tally_row,
    vote_row,
    voted_answer,
)
from bot.sandbox.database import Refusal, Vote
from bot.sandbox.events import event, vote_received
from bot.sandbox.rest import Backend, answer, body, number

PAGE_LIMIT, PAGE_LIMIT_MOST = 50, 100


class NewVote(Struct, frozen=True):
    username: str | None = None
    vote: str | None = None
    timestamp: str | None = None
    ticker: str | None = None


class VoteRoutes:
    def __init__(self, backend: Backend) -> None:
        self._backend = backend
        self._database = backend.database
        self._era = backend.era

    def routes(self) -> list[web.RouteDef]:
        read = self._backend.read
        routes = [
            web.get("/api/games", read(self.games)),
            web.get("/api/games/{id}", read(self.game)),
            web.post("/api/votes/live", self._backend.guarded(self.vote)),
        ]
        if self._era.vote_queries:
            routes += [
                web.get("/api/sessions/{id}/votes", read(self.tallies)),
                web.get("/api/votes", read(self.votes)),
            ]
        return routes

    async def games(self, request: web.Request) -> web.Response:
        return answer([game_answer(game, self._era) for game in self._database.games()])

    async def game(self, request: web.Request) -> web.Response:
        return answer(game_answer(self._database.game(number(request, "id")), self._era))

    async def vote(self, request: web.Request) -> web.Response:
        """Count a vote; subscribers hear of it before its voter has the answer."""
        new = await body(request, NewVote)
        now = self._backend.time.now()
        vote = self._count(new, now)
        game = self._database.game(vote.game_id)
        if self._era.votes_pushed:
            told = event("vote.received", vote_received(vote, game), now)
            self._backend.tell(told, vote.session_id)
        return answer(voted_answer(vote, game, self._database.games_played(vote.session_id)))

    def _count(self, new: NewVote, now: float) -> Vote:
        if not (new.username and new.vote and new.timestamp):
            raise Refusal(400, "Missing required fields: username, vote, timestamp")
        if new.vote not in ("up", "down"):
            raise Refusal(400, 'vote must be either "up" or "down"')
        return self._database.vote(
            new.username,
            new.vote == "up",
            new.timestamp,
            _moment(new.timestamp),
            now,
            ticker=new.ticker if self._era.tickers else None,
        )

    async def tallies(self, request: web.Request) -> web.Response:
        """Tonight's counts alone, unlike every other counter of the Picker."""
        session_id = number(request, "id")
        rows = tuple(tally_row(tally) for tally in self._database.tallies(session_id))
        return answer(TalliesAnswer(session_id, rows))

    async def votes(self, request: web.Request) -> web.Response:
        found = self._database.votes(_filter(request))
        page = max(_query_number(request, "page") or 1, 1)
        limit = min(max(_query_number(request, "limit") or PAGE_LIMIT, 1), PAGE_LIMIT_MOST)
        shown = found[(page - 1) * limit : page * limit]
        return answer(
            VotesAnswer(
                tuple(vote_row(vote, self._database.game(vote.game_id)) for vote in shown),
                Pagination(page, limit, len(found), -(-len(found) // limit)),
            )
        )


def _filter(request: web.Request) -> Callable[[Vote], bool]:
    session_id = _query_number(request, "session_id")
    game_id = _query_number(request, "game_id")
    username = request.query.get("username")
    direction = request.query.get("vote_type")
    if direction not in (None, "up", "down"):
        raise Refusal(400, 'vote_type must be either "up" or "down"')

    def wanted(vote: Vote) -> bool:
        return (
            session_id in (None, vote.session_id)
            and game_id in (None, vote.game_id)
            and username in (None, vote.username)
            and direction in (None, "up" if vote.up else "down")
        )

    return wanted


def _query_number(request: web.Request, name: str) -> int | None:
    text = request.query.get(name)
    if text is None:
        return None
    if not (text.isascii() and text.isdigit()):
        raise Refusal(400, f"Invalid {name}")
    return int(text)


def _moment(text: str) -> float:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise Refusal(
            400, "Invalid timestamp format. Use ISO 8601 format (e.g., 2025-11-01T20:30:00Z)"
        ) from None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()

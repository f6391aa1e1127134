"""The Picker as one thing that can be started, stopped and started again."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from email.utils import formatdate

from aiohttp import web
from aiohttp.typedefs import Middleware

from bot.sandbox.answers import HealthAnswer
from bot.sandbox.catalogue import catalogue
from bot.sandbox.database import Database
from bot.sandbox.era import NEWEST, Era
from bot.sandbox.feed import Feed
from bot.sandbox.login import LoginRoutes
from bot.sandbox.polls import PollRoutes
from bot.sandbox.rest import Backend, answer, errors
from bot.sandbox.rooms import Rooms
from bot.sandbox.sessions import SessionRoutes
from bot.sandbox.tokens import Tokens
from bot.sandbox.votes import VoteRoutes
from bot.timing import Time


class Sandbox:
    """An embedded Picker. Its data lives as long as the object, through any number of
    :meth:`serve`.

    `heartbeat_after` is for how long a client may be silent, `status_every` the pace of
    `game.status`, both in seconds of `time`. `seed` fixes the catalogue's counters and
    `first_session_id` where sessions are counted from. `middlewares` (aiohttp's) stand before
    everything, the WebSocket included: the place for faults.
    """

    def __init__(
        self,
        admin_key: str,
        *,
        time: Time,
        era: Era = NEWEST,
        seed: int = 0,
        first_session_id: int = 1,
        heartbeat_after: float = 60.0,
        status_every: float = 20.0,
        middlewares: Sequence[Middleware] = (),
    ) -> None:
        database = Database(catalogue(seed), first_session_id=first_session_id)
        tokens = Tokens(time)
        feed = Feed(tokens, era, time, heartbeat_after=heartbeat_after)
        rooms = Rooms(database, feed.broadcast, era, time, status_every=status_every)
        self._backend = Backend(admin_key, database, feed, rooms, tokens, era, time)
        self._middlewares = middlewares

    @asynccontextmanager
    async def serve(self, host: str = "127.0.0.1", port: int = 0) -> AsyncIterator[str]:
        """Serve until the block is left; gives the base URL. Port 0 takes a free one.

        Leaving it ends every connection at once, as a process that dies does. Raises OSError
        where the address cannot be had."""
        runner = web.AppRunner(self._app(), access_log=None, shutdown_timeout=1.0)
        await runner.setup()
        try:
            site = web.TCPSite(runner, host, port)
            await site.start()
            yield f"http://{_authority(host, runner.addresses[0][1])}"
        finally:
            self._backend.rooms.stop()
            self._backend.feed.drop_all()
            await runner.cleanup()

    def forget_tokens(self) -> None:
        """No token made so far is good any more, as after a restart of a Picker."""
        self._backend.tokens.forget()

    def drop_clients(self) -> None:
        """End every WebSocket without a closing handshake."""
        self._backend.feed.drop_all()

    def subscribers(self, session_id: int) -> int:
        """How many clients would be told of an event of this session."""
        return self._backend.feed.subscribers(session_id)

    def _app(self) -> web.Application:
        app = web.Application(middlewares=[*self._middlewares, errors])
        app.on_response_prepare.append(self._stamp)
        for routes in (LoginRoutes, SessionRoutes, VoteRoutes, PollRoutes):
            app.add_routes(routes(self._backend).routes())
        app.router.add_get("/health", _health)
        return app

    async def _stamp(self, _: web.Request, response: web.StreamResponse) -> None:
        """The date by our own time, since clients measure their clock by it; CORS is open."""
        response.headers["Date"] = formatdate(self._backend.time.now(), usegmt=True)
        response.headers["Access-Control-Allow-Origin"] = "*"


async def _health(_: web.Request) -> web.Response:
    return answer(HealthAnswer())


def _authority(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"

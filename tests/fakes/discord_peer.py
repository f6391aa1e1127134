"""A Discord look-alike on loopback that the unmodified discord.py logs in to.

    async with Peer() as peer:
        channel = peer.world.add_channel("games")
        ... an adapter with token=peer.token, api_url=peer.api_url ...
        channel.messages                                        # what was posted
        peer.weather.faults.append(Fault("POST .*/messages", Act.STORE_THEN_RESET))
        await peer.interactions.tap(message, custom_id, peer.person("alice"))
        peer.gateway.drop()

It refuses what Discord documents that it refuses (``discord_rules``), and knows nothing of
what Discord does not document: its nonce memory is a guess of three minutes.
"""

from __future__ import annotations

from types import TracebackType
from typing import Any, Self

from aiohttp import web
from discord_faults import Weather
from discord_gateway import Gateway
from discord_interactions import Interactions
from discord_rest import Rest, refusals
from discord_world import Channel, Message, User, World

TOKEN = "MTAwMDAwMDAwMDAwMDAwMDAwMQ.Gabcde.look-alike_secret_0123456789abcdefghi"
"""Of the form of a real one: the bot's id in base64, a moment, a secret."""


class Peer:
    def __init__(self) -> None:
        self.token = TOKEN
        self.world = World()
        self.weather = Weather()
        self.gateway = Gateway(self.world, self.token)
        self.rest = Rest(self.world, self.token, lambda: self.gateway.url)
        self.interactions = Interactions(self.world, self.gateway, self.rest)
        self.world.on_message = self.gateway.message_created
        self._people: dict[str, User] = {}
        self._runner: web.AppRunner | None = None
        self._port = 0

    @property
    def api_url(self) -> str:
        return f"http://127.0.0.1:{self._port}/api/v10"

    def person(self, name: str, *roles: int) -> User:
        return self._people.setdefault(name, User(self.world.snowflake(), name, roles=roles))

    def say(self, channel: Channel, user: User, text: str, **more: Any) -> Message:
        """Let somebody say something."""
        return self.world.store(channel, user, {"content": text}, **more)

    async def start(self) -> None:
        """Listen, on the same port as before if there was one."""
        app = web.Application(
            middlewares=[*self.weather.middlewares(), refusals, self.rest.authorised]
        )
        app.add_routes([*self.rest.routes(), *self.interactions.routes()])
        app.router.add_get("/gateway", self.gateway.handle)
        app.router.add_get("/gateway/", self.gateway.handle)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1, access_log=None)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self._port, reuse_address=True)
        await site.start()
        self._port = self._runner.addresses[0][1]
        self.gateway.url = f"ws://127.0.0.1:{self._port}/gateway"

    async def stop(self) -> None:
        """Break every connection and refuse new ones; what is known stays known."""
        if self._runner is not None:
            self.weather.clear()
            self.cut()
            await self._runner.cleanup()
            self._runner = None

    def cut(self) -> None:
        """Break every connection now; new ones are accepted."""
        assert self._runner is not None
        assert self._runner.server is not None
        self.gateway.drop()
        for handler in self._runner.server.connections:
            if handler.transport is not None:
                handler.transport.abort()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.stop()

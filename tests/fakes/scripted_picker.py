"""A Picker that does on its live socket whatever a test says. REST: every login succeeds with a
token of its own, no session is active, and all else is unknown."""

from __future__ import annotations

import json
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import WSMsgType, web


class Socket:
    """One connection, from the Picker's side."""

    def __init__(self, socket: web.WebSocketResponse, request: web.Request) -> None:
        self.socket = socket
        self.request = request

    async def hear(self) -> dict[str, Any] | None:
        """The next frame; None when the client has closed (see ``socket.close_code``)."""
        message = await self.socket.receive()
        return json.loads(message.data) if message.type is WSMsgType.TEXT else None

    async def hear_all(self) -> None:
        while await self.hear() is not None:
            pass

    async def say(self, type: str, **more: object) -> None:
        await self.socket.send_str(json.dumps({"type": type, **more}))

    async def let_in(self) -> str:
        """Answer the auth frame; gives the token that came."""
        frame = await self.hear()
        assert frame is not None
        assert frame["type"] == "auth"
        await self.say("auth_success", message="Authenticated successfully")
        return str(frame["token"])

    def drop(self) -> None:
        assert self.request.transport is not None
        self.request.transport.abort()


Live = Callable[[Socket], Awaitable[None]]


class ScriptedPicker:
    """``live`` is called for every connection, which is closed when it returns."""

    def __init__(self, live: Live) -> None:
        self.live = live
        self.sockets: list[Socket] = []
        self.logins = 0

    @asynccontextmanager
    async def serve(self, tls: ssl.SSLContext | None = None) -> AsyncIterator[str]:
        app = web.Application()
        app.router.add_post("/api/auth/login", self._login)
        app.router.add_get("/api/sessions/active", _none_active)
        app.router.add_get("/api/sessions/live", self._serve_socket)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        try:
            await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=tls).start()
            scheme = "http" if tls is None else "https"
            yield f"{scheme}://localhost:{runner.addresses[0][1]}"
        finally:
            for socket in self.sockets:
                if socket.request.transport is not None:
                    socket.drop()
            await runner.cleanup()

    async def _login(self, _: web.Request) -> web.Response:
        self.logins += 1
        return web.json_response({"token": f"token-{self.logins}", "expiresIn": "24h"})

    async def _serve_socket(self, request: web.Request) -> web.WebSocketResponse:
        response = web.WebSocketResponse(timeout=0.1, autoping=True)
        await response.prepare(request)
        socket = Socket(response, request)
        self.sockets.append(socket)
        await self.live(socket)
        return response


async def _none_active(_: web.Request) -> web.Response:
    return web.json_response({"session": None, "message": "No active session"})

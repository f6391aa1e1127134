"""The service that Apprise's JSON plug-in posts to, on loopback, with a login."""

from __future__ import annotations

import base64
from typing import Any

from aiohttp import web


class JsonService:
    """``taken`` has, per path, the bodies that came with the right login; ``answers`` the status
    that a path gives instead of taking what comes."""

    def __init__(self, login: str) -> None:
        self.taken: dict[str, list[dict[str, Any]]] = {}
        self.answers: dict[str, int] = {}
        self.once: dict[str, int] = {}
        self.port = 0
        self._login = f"Basic {base64.b64encode(login.encode()).decode()}"
        self._runner: web.AppRunner | None = None

    async def start(self) -> None:
        application = web.Application()
        application.router.add_post("/{name}", self._take)
        self._runner = web.AppRunner(application, access_log=None, shutdown_timeout=0)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self.port = self._runner.addresses[0][1]

    async def stop(self) -> None:
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    async def _take(self, request: web.Request) -> web.Response:
        name = request.match_info["name"]
        if request.headers.get("Authorization") != self._login:
            return web.Response(status=401)
        status = self.once.pop(name, None) or self.answers.get(name)
        if status is not None:
            return web.Response(status=status)
        self.taken.setdefault(name, []).append(await request.json())
        return web.Response(status=200)

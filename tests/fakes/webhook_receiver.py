"""A receiver of webhooks on loopback: verifies with the standard's own library, drops repeats."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web
from standardwebhooks.webhooks import Webhook, WebhookVerificationError


@dataclass
class Answer:
    """What the next requests to a path get instead of being taken."""

    status: int
    headers: dict[str, str] = field(default_factory=dict)
    times: int = 1_000_000


class Receiver:
    """``taken`` has, per path, the bodies that were signed right, a repeated id once."""

    def __init__(self, secret: str) -> None:
        self.taken: dict[str, list[dict[str, Any]]] = {}
        self.attempts = 0
        self.answers: dict[str, list[Answer]] = {}
        self._standard = Webhook(secret)
        self._known: set[str] = set()
        self._runner: web.AppRunner | None = None
        self.port = 0

    async def start(self) -> None:
        application = web.Application()
        application.router.add_post("/{name}", self._take)
        application.router.add_get("/{name}", self._look, allow_head=True)
        self._runner = web.AppRunner(application, access_log=None, shutdown_timeout=0)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.port = self._runner.addresses[0][1]

    async def stop(self) -> None:
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    async def _look(self, request: web.Request) -> web.Response:
        return web.Response(status=405)

    async def _take(self, request: web.Request) -> web.Response:
        self.attempts += 1
        name = request.match_info["name"]
        for answer in self.answers.get(name, []):
            if answer.times:
                answer.times -= 1
                return web.Response(status=answer.status, headers=answer.headers)
        body = await request.text()
        try:
            self._standard.verify(body, dict(request.headers))
        except WebhookVerificationError:
            return web.Response(status=401)
        if request.headers["webhook-id"] not in self._known:
            self._known.add(request.headers["webhook-id"])
            self.taken.setdefault(name, []).append(json.loads(body))
        return web.Response(status=204)

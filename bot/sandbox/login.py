"""`/api/auth`: the admin key for a token."""

from __future__ import annotations

from hmac import compare_digest

from aiohttp import web
from msgspec import Struct

from bot.sandbox.answers import LoginAnswer, VerifyAnswer
from bot.sandbox.database import Refusal
from bot.sandbox.rest import Backend, answer, bearer, body


class Login(Struct, frozen=True):
    key: str | None = None


class LoginRoutes:
    def __init__(self, backend: Backend) -> None:
        self._backend = backend

    def routes(self) -> list[web.RouteDef]:
        return [
            web.post("/api/auth/login", self.login),
            web.post("/api/auth/verify", self._backend.guarded(self.verify)),
        ]

    async def login(self, request: web.Request) -> web.Response:
        key = (await body(request, Login)).key
        if not key:
            raise Refusal(400, "Admin key is required")
        if not compare_digest(key.encode(), self._backend.admin_key.encode()):
            raise Refusal(401, "Invalid admin key")
        return answer(LoginAnswer(self._backend.tokens.issue()))

    async def verify(self, request: web.Request) -> web.Response:
        user = self._backend.tokens.holder(bearer(request) or "")
        assert user is not None, "the guard let it through"
        return answer(VerifyAnswer(True, user))

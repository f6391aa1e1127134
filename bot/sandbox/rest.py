"""What all REST routes share: the parts of the Picker, bodies, answers, and how errors look."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

from aiohttp import web
from msgspec import DecodeError, Struct, ValidationError, json

from bot.sandbox.answers import error_answer
from bot.sandbox.database import Database, Refusal
from bot.sandbox.era import Era
from bot.sandbox.events import Event
from bot.sandbox.feed import Feed
from bot.sandbox.rooms import Rooms
from bot.sandbox.shapes import encode
from bot.sandbox.tokens import Tokens
from bot.timing import Time

log = logging.getLogger(__name__)

T = TypeVar("T", bound=Struct)
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

NOT_FOUND = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>Error</title>
</head>
<body>
<pre>Cannot {method} {path}</pre>
</body>
</html>
"""


@dataclass(frozen=True, slots=True)
class Backend:
    """The parts of a Picker, as its routes need them."""

    admin_key: str
    database: Database
    feed: Feed
    rooms: Rooms
    tokens: Tokens
    era: Era
    time: Time

    def guarded(self, handler: Handler) -> Handler:
        """`handler`, for those who bring a good token: 401 without one, 403 with a bad one."""

        async def checked(request: web.Request) -> web.StreamResponse:
            token = bearer(request)
            if token is None:
                raise Refusal(401, "Access token required")
            if self.tokens.holder(token) is None:
                raise Refusal(403, "Invalid or expired token")
            return await handler(request)

        return checked

    def read(self, handler: Handler) -> Handler:
        """`handler`, for everybody, unless this era guards its reads."""
        return self.guarded(handler) if self.era.guarded_reads else handler

    def tell(self, event: Event, session_id: int) -> None:
        self.feed.broadcast(event, session_id)


def bearer(request: web.Request) -> str | None:
    """The token of `Authorization: Bearer <jwt>`."""
    _, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() or None


def answer(shape: object, status: int = 200) -> web.Response:
    return web.Response(
        body=encode(shape), status=status, content_type="application/json", charset="utf-8"
    )


async def body(request: web.Request, type: type[T]) -> T:
    """The request's JSON; no body at all is an empty object."""
    raw = await request.read()
    try:
        return json.decode(raw or b"{}", type=type, strict=False)
    except ValidationError as error:
        raise Refusal(400, str(error)) from None
    except DecodeError as error:
        raise Refusal(500, "Something went wrong!", message=str(error)) from None


def number(request: web.Request, name: str) -> int:
    """An id in the path. Text that is no number is an id that nothing has."""
    text = request.match_info[name]
    return int(text) if text.isascii() and text.isdigit() else -1


@web.middleware
async def errors(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Errors as Express shows them: `{"error": ...}`, and HTML for a path that nothing serves."""
    try:
        return await handler(request)
    except Refusal as refusal:
        return answer(error_answer(refusal), refusal.status)
    except (web.HTTPNotFound, web.HTTPMethodNotAllowed):
        text = NOT_FOUND.format(method=request.method, path=request.path)
        return web.Response(text=text, status=404, content_type="text/html", charset="utf-8")

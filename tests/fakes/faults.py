"""Faults between a client and a sandbox, as a middleware before everything: the Picker behind it
knows nothing of them."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from aiohttp import web

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(frozen=True, slots=True)
class Fault:
    """What comes instead of the Picker's answer. With ``status`` None the real answer comes,
    after ``delay`` seconds; ``hang`` answers never and ``close`` ends the connection. With
    ``acts`` the Picker does what was asked before that."""

    status: int | None = None
    body: str = ""
    content_type: str = "application/json"
    delay: float = 0.0
    hang: bool = False
    close: bool = False
    acts: bool = False


def error(status: int, text: str) -> Fault:
    return Fault(status, f'{{"error":"{text}"}}')


BROKEN = error(500, "Something went wrong!")
UNAVAILABLE = Fault(503, "<html><body><h1>503 Service Unavailable</h1></body></html>", "text/html")
HTML = Fault(200, "<!DOCTYPE html><html><body>Please log in</body></html>", "text/html")
EXPRESS_404 = Fault(404, "<!DOCTYPE html>\n<pre>Cannot GET /</pre>\n", "text/html")
UNAUTHORIZED = error(401, "Access token required")
FORBIDDEN = error(403, "Invalid or expired token")
THROTTLED = error(429, "Too many requests")
CUT_OFF = Fault(200, '{"id":42,"is_act')
SENSELESS = Fault(200, '{"ok":true}')
HUGE = Fault(200, '["' + "x" * (2 << 20) + '"]')
HANG = Fault(hang=True)
CLOSE = Fault(close=True)
STORED_THEN_RESET = Fault(close=True, acts=True)
STORED_THEN_BROKEN = Fault(500, '{"error":"Something went wrong!"}', acts=True)


def slow(seconds: float) -> Fault:
    """The real answer, late (by the machine's own clock)."""
    return Fault(delay=seconds)


class Faults:
    """``Sandbox(..., middlewares=[faults.middleware])``; ``asked`` are all requests that came,
    as "GET /path"."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self._rules: list[tuple[re.Pattern[str], Fault, int | None]] = []

    def put(self, request: str, fault: Fault, times: int | None = None) -> None:
        """Answer requests that match (a regular expression, of the whole of "GET /path") with
        ``fault``, for so many ``times`` or until :meth:`clear`. The latest rule wins."""
        self._rules.insert(0, (re.compile(request), fault, times))

    def clear(self) -> None:
        self._rules.clear()

    @property
    def middleware(self) -> Callable[[web.Request, Handler], Awaitable[web.StreamResponse]]:
        @web.middleware
        async def faulty(request: web.Request, handler: Handler) -> web.StreamResponse:
            name = f"{request.method} {request.path}"
            self.asked.append(name)
            fault = self._take(name)
            return await (handler(request) if fault is None else _act(fault, request, handler))

        return faulty

    def _take(self, name: str) -> Fault | None:
        for place, (pattern, fault, times) in enumerate(self._rules):
            if pattern.fullmatch(name):
                if times is not None:
                    self._rules[place : place + 1] = (
                        [(pattern, fault, times - 1)] if times > 1 else []
                    )
                return fault
        return None


async def _act(fault: Fault, request: web.Request, handler: Handler) -> web.StreamResponse:
    if fault.acts:
        await handler(request)
    if fault.close and request.transport is not None:
        request.transport.abort()
    while fault.hang and request.transport is not None:  # noqa: ASYNC110 (no event for it)
        await asyncio.sleep(0.01)
    await asyncio.sleep(fault.delay)
    if fault.status is None:
        return await handler(request)
    return web.Response(text=fault.body, status=fault.status, content_type=fault.content_type)

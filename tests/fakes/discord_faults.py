"""Faults and rate limits on demand for the Discord look-alike, as aiohttp middlewares.

Unrealistic, so beware: a fault answers at once and always alike; the real service's bad days
come with latency and in mixtures.
"""

from __future__ import annotations

import asyncio
import json
import re
import time
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Any

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware


def answer(data: Any, status: int = 200, headers: dict[str, str] | None = None) -> web.Response:
    """JSON with exactly the content type that discord.py looks for, or nothing."""
    if status == 204:
        return web.Response(status=status, headers=headers)
    body = json.dumps(data).encode()
    return web.Response(body=body, status=status, headers=headers, content_type="application/json")


def error(status: int, code: int, message: str) -> web.Response:
    return answer({"code": code, "message": message}, status)


class Act(Enum):
    ANSWER = auto()
    RESET = auto()
    """Cut the connection instead of doing anything."""
    STORE_THEN_RESET = auto()
    HANG = auto()
    STORE_THEN_HANG = auto()
    STORE_THEN_STALL = auto()
    """Do it, and stop in the middle of the answer."""
    STORE_THEN_ANSWER = auto()
    """Do it, but answer with ``status``."""


@dataclass
class Fault:
    """Meets requests whose "METHOD path" matches ``pattern``, ``times`` times."""

    pattern: str
    act: Act = Act.ANSWER
    status: int = 500
    body: Any = field(default_factory=lambda: {"code": 0, "message": "Internal"})
    headers: dict[str, str] = field(default_factory=dict)
    times: int = 1

    def meets(self, request: web.Request) -> bool:
        return self.times > 0 and bool(re.search(self.pattern, f"{request.method} {request.path}"))


def rate_limited(retry_after: float, pattern: str = "POST .*/messages", **more: Any) -> Fault:
    """A 429 as Discord sends it (topics/rate-limits.mdx, Exceeding A Rate Limit); ``Via``
    comes from the proxies in front of the API, and one of Cloudflare's own has none."""
    body = {"message": "You are being rate limited.", "retry_after": retry_after, "global": False}
    headers = {"Retry-After": str(int(retry_after) + 1), "X-RateLimit-Scope": "user"}
    if more.pop("via", True):
        headers["Via"] = "1.1 google"
    return Fault(pattern, status=429, body=body, headers=headers, **more)


@dataclass
class Bucket:
    """topics/rate-limits.mdx: a route's limit for one channel or webhook."""

    limit: int
    per: float
    left: int = 0
    resets_at: float = 0.0

    def take(self) -> bool:
        if time.monotonic() >= self.resets_at:
            self.left, self.resets_at = self.limit, time.monotonic() + self.per
        self.left -= 1
        return self.left >= 0

    def headers(self, name: str) -> dict[str, str]:
        after = max(self.resets_at - time.monotonic(), 0.0)
        return {
            "X-RateLimit-Limit": str(self.limit),
            "X-RateLimit-Remaining": str(max(self.left, 0)),
            "X-RateLimit-Reset": f"{time.time() + after:.3f}",
            "X-RateLimit-Reset-After": f"{after:.3f}",
            "X-RateLimit-Bucket": name,
        }


@dataclass
class Asked:
    """A request as it came, and what it was answered (None: it was cut or hung)."""

    method: str
    path: str
    json: Any
    at: float
    status: int | None = None


@dataclass
class Weather:
    """What stands between client and service. ``limits`` maps a pattern of "METHOD path" to
    (requests, seconds); ``latency`` delays each answer."""

    log: list[Asked] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    limits: dict[str, tuple[int, float]] = field(default_factory=dict)
    latency: float = 0.0
    _buckets: dict[str, Bucket] = field(default_factory=dict)
    _end: asyncio.Event = field(default_factory=asyncio.Event)

    def clear(self) -> None:
        """No faults any more; whoever hangs is let go."""
        self.faults.clear()
        self._end.set()
        self._end = asyncio.Event()

    def middlewares(self) -> list[Middleware]:
        return [self._logged, self._faulty, self._limited]

    @web.middleware
    async def _logged(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        body = await request.read()
        seen = Asked(
            request.method, request.path, json.loads(body) if body else None, time.monotonic()
        )
        self.log.append(seen)
        if self.latency:
            await asyncio.sleep(self.latency)
        response = await handler(request)
        seen.status = response.status
        return response

    @web.middleware
    async def _faulty(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        fault = next((fault for fault in self.faults if fault.meets(request)), None)
        if fault is None:
            return await handler(request)
        fault.times -= 1
        if fault.act.name.startswith("STORE_THEN"):
            await handler(request)
        if fault.act in (Act.HANG, Act.STORE_THEN_HANG):
            await self._end.wait()
        elif fault.act is Act.STORE_THEN_STALL:
            return await self._stalled(request)
        elif fault.act in (Act.RESET, Act.STORE_THEN_RESET) and request.transport is not None:
            request.transport.abort()
        return _told(fault)

    async def _stalled(self, request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "application/json"})
        response.content_length = 1_000
        await response.prepare(request)
        await response.write(b'{"id": ')
        await self._end.wait()
        if request.transport is not None:
            request.transport.abort()
        return response

    @web.middleware
    async def _limited(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        spot = f"{request.method} {request.path}"
        for pattern, (limit, per) in self.limits.items():
            if re.search(pattern, spot):
                bucket = self._buckets.setdefault(spot, Bucket(limit, per))
                if not bucket.take():
                    return self._too_many(bucket, pattern)
                response = await handler(request)
                response.headers.update(bucket.headers(f"{hash(pattern) & 0xFFFFFFFF:x}"))
                return response
        return await handler(request)

    def _too_many(self, bucket: Bucket, pattern: str) -> web.Response:
        told = rate_limited(max(bucket.resets_at - time.monotonic(), 0.0))
        told.headers |= bucket.headers(f"{hash(pattern) & 0xFFFFFFFF:x}")
        return _told(told)


def _told(fault: Fault) -> web.Response:
    if isinstance(fault.body, str):  # what a proxy says instead of the API
        return web.Response(
            text=fault.body, status=fault.status, headers=fault.headers, content_type="text/html"
        )
    return answer(fault.body, fault.status, fault.headers)

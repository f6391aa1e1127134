"""Webhooks: each announcement as signed JSON, posted to addresses of the host's own.

Signature and headers are those of Standard Webhooks (standardwebhooks.com, specification
1.0), so that receivers verify with its libraries. ``docs/webhook.md`` has the body's schema.
"""

from __future__ import annotations

import asyncio
import base64
import hmac
import ipaddress
import json
import re
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from hashlib import sha256
from http import HTTPStatus
from typing import Annotated, Any
from urllib.parse import urlsplit

import aiohttp
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr

from bot.domain import Card, Limits, Message, Proof, Receipt
from bot.port import (
    Adapter,
    Addressed,
    AddressedChannel,
    Ambiguous,
    Hear,
    Memory,
    Permanent,
    Transient,
    ident_of,
)

LENGTH = 4_000
ANSWER_WITHIN = aiohttp.ClientTimeout(total=20, sock_connect=5)
PREFIX = "whsec_"
LOCAL = (".local", ".lan", ".internal", ".home.arpa", ".localhost")
NUMBER = re.compile(r"\d+|0x[0-9a-f]+", re.IGNORECASE)
"""An address in a form that resolvers take and that has no dots."""
NOT_NOW = frozenset({408, 425, 429, 503})
"""Statuses by which a server says that it did not carry the request out."""
CONTROLS = dict.fromkeys([*range(0x00, 0x0A), *range(0x0B, 0x20), *range(0x7F, 0xA0)])


def _is_address(url: SecretStr) -> SecretStr:
    try:
        parts = urlsplit(url.get_secret_value())
        whole = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
        whole = whole and not any(map(str.isspace, url.get_secret_value()))
        (parts.hostname or "").encode("idna")  # resolvers raise what this raises
    except ValueError:
        whole = False
    if not whole:
        raise ValueError("must be a whole address, such as https://example.org/hook")
    if parts.username or parts.password:
        raise ValueError("must have no user and password in it; the signature says who we are")
    if parts.scheme == "http" and not _is_near(parts.hostname or ""):
        raise ValueError("must be https; http is for this machine and the local network alone")
    return url


def _is_near(host: str) -> bool:
    """Whether ``host`` cannot be on the Internet: a private address, or no public name."""
    try:
        return ipaddress.ip_address(host).is_private
    except ValueError:
        is_name = "." not in host and not NUMBER.fullmatch(host)
        return is_name or host.endswith(LOCAL)


def _is_secret(secret: SecretStr) -> SecretStr:
    if not 24 <= len(key_of(secret)) <= 64:
        raise ValueError("must be whsec_ and then 24 to 64 random bytes in base64")
    return secret


def key_of(secret: SecretStr) -> bytes:
    """The bytes to sign with; none if the secret is not of the standard's form."""
    text = secret.get_secret_value()
    if text.startswith(PREFIX):
        with suppress(ValueError):
            return base64.b64decode(text.removeprefix(PREFIX), validate=True)
    return b""


class Channel(AddressedChannel):
    """``[adapters.<name>.channels.<channel>]``: where to post, and what to sign with."""

    url: Annotated[SecretStr, AfterValidator(_is_address)] = Field(
        description="the address to post to"
    )
    secret: Annotated[SecretStr, AfterValidator(_is_secret)] = Field(
        description="whsec_ and then 24 to 64 random bytes in base64"
    )


class Settings(BaseModel):
    """``dedupes_for``: for how many seconds all the receivers drop a repeated ``webhook-id``;
    while they do, a request without an answer is repeated without fear of saying it twice."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    channels: Addressed[Channel]
    dedupes_for: float = Field(default=0.0, ge=0, le=86_400, allow_inf_nan=False)


class Webhook:
    """Posts to the addresses of its channels, one request for each message."""

    def __init__(self, settings: Settings, now: Callable[[], float] = time.time) -> None:
        # not multiline: each fact is a request of its own, with its own type
        self.limits = Limits(
            length=LENGTH, multiline=False, cards=True, dedupes_for=settings.dedupes_for
        )
        self._channels = settings.channels
        self._now = now
        self._session: aiohttp.ClientSession | None = None

    def measure(self, message: Message) -> int:
        return len(message.text)

    async def run(self) -> None:
        """Nothing to stay connected to: a connection is made for each request, since one kept
        for the minutes between two announcements may break just under the second."""
        connector = aiohttp.TCPConnector(force_close=True)
        jar = aiohttp.DummyCookieJar()
        async with aiohttp.ClientSession(
            connector=connector, cookie_jar=jar, timeout=ANSWER_WITHIN
        ) as session:
            self._session = session
            try:
                await asyncio.get_running_loop().create_future()
            finally:
                self._session = None

    async def send(self, channel: str, message: Message, *, key: str) -> Receipt:
        webhook_id = f"msg_{sha256(f'{channel}|{key}'.encode()).hexdigest()[:32]}"
        body = encode(channel, message)
        headers = signed(self._channels[channel].secret, webhook_id, int(self._now()), body)
        status, retry_after = await self._request("POST", channel, data=body, headers=headers)
        judge(status, retry_after, self._now())
        return Receipt(Proof.CONFIRMED, webhook_id)

    async def verify(self, channel: str) -> None:
        """Whether anybody answers; what they would answer to a POST, only a POST can tell."""
        try:
            await self._request("HEAD", channel)
        except Ambiguous as error:
            raise Transient(str(error)) from None

    async def reply(self, handle: object, message: Message, private: bool) -> None:
        raise Permanent("a webhook hears nothing, so it has nothing to answer")

    async def _request(self, method: str, channel: str, **content: Any) -> tuple[int, str | None]:
        """One request; the answer's status and Retry-After. Raises Transient or Ambiguous,
        with none of the address in it."""
        session, url = self._session, self._channels[channel].url.get_secret_value()
        if session is None or session.closed:
            raise Transient("the webhooks are not running")
        try:
            async with session.request(method, url, allow_redirects=False, **content) as answer:
                return answer.status, answer.headers.get("Retry-After")
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
            raise Transient(f"the receiver cannot be reached: {_cause(error)}") from None
        except (aiohttp.ClientError, TimeoutError, OSError, RuntimeError) as error:
            raise Ambiguous(f"the receiver gave no answer: {_cause(error)}") from None


def encode(channel: str, message: Message) -> bytes:
    """The body, the same for each attempt."""
    data = {
        "channel": channel,
        "text": message.text.translate(CONTROLS),
        "card": _card(message.card) if message.card else None,
    }
    content = {"type": f"nightcrier.{message.kind or 'message'}", "data": data}
    return json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")


def _card(card: Card) -> dict[str, object]:
    return {
        "title": card.title,
        "fields": [{"name": field.name, "value": field.value} for field in card.fields],
        "moments": [
            {"name": name, "at": datetime.fromtimestamp(at, UTC).isoformat(timespec="seconds")}
            for name, at in card.moments
        ],
        "image": card.image,
    }


def signed(secret: SecretStr, webhook_id: str, timestamp: int, body: bytes) -> dict[str, str]:
    """The headers of a request (Standard Webhooks, section "Signature scheme")."""
    content = b".".join((webhook_id.encode(), str(timestamp).encode(), body))
    signature = base64.b64encode(hmac.digest(key_of(secret), content, "sha256")).decode()
    return {
        "Content-Type": "application/json",
        "User-Agent": "Nightcrier",
        "webhook-id": webhook_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": f"v1,{signature}",
    }


def judge(status: int, retry_after: str | None, now: float) -> None:
    """Returns for an answer that accepts; raises the port's error for any other."""
    if 200 <= status < 300:
        return
    said = f"the receiver answers {status} {_phrase(status)}".rstrip()
    if status in NOT_NOW:
        raise Transient(said, _seconds(retry_after, now))
    if 300 <= status < 400:
        raise Permanent(f"{said}; redirects are not followed, configure the final address")
    if status >= 500:
        raise Ambiguous(said)
    raise Permanent(said)


def _phrase(status: int) -> str:
    return HTTPStatus(status).phrase if status in set(HTTPStatus) else ""


def _seconds(retry_after: str | None, now: float) -> float | None:
    """``Retry-After`` as seconds from ``now``, from either of its forms (RFC 9110, 10.2.3).
    None where it tells no wait: how long to wait is then the lane's to decide."""
    wait = 0.0
    with suppress(ValueError, TypeError):
        wait = parsedate_to_datetime(retry_after or "").timestamp() - now
    with suppress(ValueError):
        wait = float(min(int(retry_after or ""), 86_400))
    return wait if wait > 0 else None


def _cause(error: Exception) -> str:
    """Why, without the address that aiohttp's own texts begin with."""
    if isinstance(error, TimeoutError):
        return "not in time"
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        return "its certificate is not valid"
    return getattr(error, "strerror", None) or type(error).__name__


def build(
    settings: Settings, *, name: str, channels: tuple[str, ...], hear: Hear, memory: Memory
) -> Adapter:
    """The adapter of one table, with the addresses of its channels."""
    return Webhook(settings)


def fold(channel: str) -> str:
    """A channel is a name of the host's own."""
    return channel


def ident(settings: Settings) -> str:
    """Which receivers these are, without their addresses."""
    return ident_of(settings.channels)

"""Announcements through a webhook's address, for servers where no bot may be added.

Posted with aiohttp itself. ``discord.Webhook`` repeats a post after a server's error, and a
webhook's messages have no nonce (discord-api-docs, pull request 6647), so that each such
repeat could be a second message; whether to repeat is the lane's to decide.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp

from adapters.discord import markup
from adapters.discord.backoff import Backoff
from adapters.discord.errors import (
    INVALID_FORM,
    UNKNOWN_WEBHOOK,
    Refusal,
    Revoked,
    answered,
    guarded,
    trace,
)
from adapters.discord.pings import is_silent, roles_for
from adapters.discord.settings import Settings, webhook_parts
from bot.domain import Limits, Message, Pace, Proof, Receipt
from bot.port import AdapterFatal, Permanent, SendError, Transient

log = logging.getLogger(__name__)


class Webhook:
    """One address, one channel; its name in the configuration is all that is ever shown."""

    def __init__(
        self,
        settings: Settings,
        name: str,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._settings = settings
        self._name = name
        self._sleep = sleep
        self._session: aiohttp.ClientSession | None = None
        self._gone = asyncio.Event()
        self.limits = Limits(
            length=markup.CONTENT,
            pace=Pace(burst=5, every=0.4),
            edits=True,
            edit_every=settings.edit_interval,
            cards=True,
        )

    def measure(self, message: Message) -> int:
        return len(self._content(message))

    async def run(self) -> None:
        """Make sure that the webhook is there, then be ready until it is deleted."""
        async with aiohttp.ClientSession(trace_configs=[trace()]) as session:
            await self._find(session)
            self._session = session
            try:
                await self._gone.wait()
            finally:
                self._session = None
        raise AdapterFatal(GONE)

    async def _find(self, session: aiohttp.ClientSession) -> None:
        backoff, told = Backoff(), ""
        while True:
            try:
                await self._call(session, "GET")
            except SendError as error:
                if self._gone.is_set():
                    raise AdapterFatal(GONE) from error
                if str(error) != told:
                    log.warning("%s: the webhook cannot be reached: %s", self._name, error)
                told = str(error)
                await self._sleep(backoff.next())
            else:
                return

    async def send(self, channel: str, message: Message, *, key: str) -> Receipt:
        sent = await self._post("POST", "?wait=true", message)
        return Receipt(Proof.CONFIRMED, str(sent["id"]))

    async def edit(self, channel: str, remote_id: str, message: Message) -> None:
        await self._post("PATCH", f"/messages/{remote_id}", message)

    async def verify(self, channel: str) -> None:
        await self._call(self._ready(), "GET")

    async def reply(self, handle: object, message: Message, private: bool) -> None:
        raise Permanent("a webhook hears nothing, so it has nothing to answer")

    def _content(self, message: Message) -> str:
        return markup.content(message, roles_for(self._settings, message))

    async def _post(self, method: str, path: str, message: Message) -> Any:
        card = [markup.embed(message.card).to_dict()] if message.card else []
        roles = [str(role) for role in roles_for(self._settings, message)]
        body: dict[str, Any] = {
            "content": self._content(message),
            "embeds": card,
            "allowed_mentions": {"parse": [], "roles": roles},
        }
        if method == "POST" and is_silent(self._settings, message):
            body["flags"] = 1 << 12  # resources/message, Message Flags: SUPPRESS_NOTIFICATIONS
        try:
            return await self._call(self._ready(), method, path, body)
        except Refusal as error:
            if not card or error.code != INVALID_FORM:
                raise
        return await self._call(self._ready(), method, path, body | {"embeds": []})

    def _ready(self) -> aiohttp.ClientSession:
        if self._session is None or self._gone.is_set():
            raise Transient("the webhook is not in reach")
        return self._session

    async def _call(
        self, session: aiohttp.ClientSession, method: str, path: str = "", body: Any = None
    ) -> Any:
        """One request, one answer. Raises as a send does."""
        hook, token = webhook_parts(self._settings)
        url = f"{self._settings.api_url}/webhooks/{hook}/{token}{path}"
        async with guarded(), session.request(method, url, json=body) as response:
            if response.status < 300:
                return json.loads(await response.text())
            error = await _refusal(response)
            if _is_gone(error):
                # topics/rate-limits: after a 404 a webhook must not be used again
                self._gone.set()
            raise error


async def _refusal(response: aiohttp.ClientResponse) -> SendError:
    text = await response.text()
    try:
        body = json.loads(text)
        code, text = int(body["code"]), str(body["message"])
    except (ValueError, LookupError, TypeError):
        code = 0
    return answered(response.status, code, text, response.headers)


def _is_gone(error: SendError) -> bool:
    wrong_token = isinstance(error, Revoked)
    return wrong_token or (isinstance(error, Refusal) and error.code == UNKNOWN_WEBHOOK)


GONE = "the webhook is gone or its address is wrong; make a new one in the channel's settings"

"""The WebSocket of a Picker: authentication, subscriptions, the heartbeat, and who is told what."""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress

from aiohttp import WSMsgType, web
from msgspec import DecodeError, Struct, field, json

from bot.sandbox.era import Era
from bot.sandbox.events import Control, Event, PollLeading, event
from bot.sandbox.shapes import encode
from bot.sandbox.tokens import Tokens
from bot.timing import Time

log = logging.getLogger(__name__)


class ClientMessage(Struct, frozen=True):
    """Anything that a client may send; the fields of `poll.leading` are at the top level too."""

    type: str | None = None
    token: str | None = None
    session_id: int | None = field(name="sessionId", default=None)
    game_id: int | None = field(name="gameId", default=None)
    label: str | None = None
    votes: int | None = None


class Client:
    """One socket. What it is told waits in a queue of its own, so that a slow reader holds up
    neither the others nor a request."""

    def __init__(
        self, socket: web.WebSocketResponse, transport: asyncio.Transport, now: float
    ) -> None:
        self.socket = socket
        self.authenticated = False
        self.session_ids: set[int] = set()
        self.heard_at = now
        self._transport = transport
        self._waiting: asyncio.Queue[bytes] = asyncio.Queue()

    def tell(self, frame: bytes) -> None:
        self._waiting.put_nowait(frame)

    async def write(self) -> None:
        with suppress(ConnectionError):
            while True:
                frame = await self._waiting.get()
                await self.socket.send_frame(frame, WSMsgType.TEXT)

    def drop(self) -> None:
        """End the connection without a closing handshake, as a missed heartbeat does."""
        self._transport.abort()


class Feed:
    """All sockets. `leaders` is what a vote app last said of each session's poll."""

    def __init__(self, tokens: Tokens, era: Era, time: Time, *, heartbeat_after: float) -> None:
        self.leaders: dict[int, PollLeading] = {}
        self._era = era
        self._tokens = tokens
        self._time = time
        self._heartbeat_after = heartbeat_after
        self._clients: set[Client] = set()

    def broadcast(self, event: Event, session_id: int | None) -> None:
        """Tell the subscribers of a session, or with None every authenticated client."""
        receivers = [client for client in self._clients if _receives(client, session_id)]
        frame = encode(event)
        for client in receivers:
            client.tell(frame)
        log.info(
            "[WebSocket] Broadcasted %s to %d client(s) for session %s",
            event.type,
            len(receivers),
            session_id,
        )

    def subscribers(self, session_id: int) -> int:
        """How many clients would be told of an event of this session."""
        return sum(_receives(client, session_id) for client in self._clients)

    def drop_all(self) -> None:
        """End every connection without a closing handshake."""
        for client in tuple(self._clients):
            client.drop()

    async def serve(self, request: web.Request) -> web.WebSocketResponse:
        """Keep one socket until it closes."""
        # The `ws` package offers no compression unless it is asked to.
        socket = web.WebSocketResponse(compress=False, timeout=1.0)
        await socket.prepare(request)
        assert request.transport is not None
        client = Client(socket, request.transport, self._time.monotonic())
        self._clients.add(client)
        try:
            await self._keep(client)
        finally:
            self._clients.discard(client)
        return socket

    async def _keep(self, client: Client) -> None:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(client.write()), group.create_task(self._watch(client))]
            async for message in client.socket:
                if message.type is WSMsgType.TEXT:
                    self._hear(client, message.data)
            for task in tasks:
                task.cancel()

    async def _watch(self, client: Client) -> None:
        """Drop a client that has not said `ping` for too long. Nothing else counts: the strictest
        reading of the heartbeat, so that whoever satisfies it satisfies every Picker."""
        while (left := client.heard_at + self._heartbeat_after - self._time.monotonic()) > 0:
            await self._time.sleep(left)
        client.drop()

    def _hear(self, client: Client, text: str) -> None:
        try:
            message = json.decode(text, type=ClientMessage, strict=False)
        except DecodeError:
            client.tell(_error("Invalid message format"))
            return
        match message.type:
            case "auth":
                client.tell(encode(self._authenticate(client, message)))
            case "ping":
                client.heard_at = self._time.monotonic()
                client.tell(encode(Control("pong")))
            case "subscribe" | "unsubscribe":
                self._hear_subscription(client, message)
            case "poll.leading" if self._era.polls:
                self._hear_leader(client, message)
            case _:
                client.tell(_error(f"Unknown message type: {message.type}"))

    def _authenticate(self, client: Client, message: ClientMessage) -> Control:
        if not message.token:
            return Control("auth_error", "Token required")
        if self._tokens.holder(message.token) is None:
            return Control("auth_error", "Invalid or expired token")
        client.authenticated = True
        return Control("auth_success", "Authenticated successfully")

    def _hear_subscription(self, client: Client, message: ClientMessage) -> None:
        session_id = message.session_id
        if not client.authenticated:
            client.tell(_error("Not authenticated"))
        elif session_id is None:
            client.tell(_error("Session ID required"))
        elif message.type == "subscribe":
            client.session_ids.add(session_id)
            log.info("[WebSocket] Client subscribed to session %d", session_id)
            client.tell(_control("subscribed", "Subscribed to session", session_id))
        else:
            client.session_ids.discard(session_id)
            client.tell(_control("unsubscribed", "Unsubscribed from session", session_id))

    def _hear_leader(self, client: Client, message: ClientMessage) -> None:
        if not client.authenticated:
            client.tell(_error("Not authenticated"))
        elif message.session_id is None:
            client.tell(_error("Session ID required"))
        else:
            leader = PollLeading(
                message.session_id, message.game_id or 0, message.label or "", message.votes or 0
            )
            self.leaders[message.session_id] = leader
            self.broadcast(event("poll.leading", leader, None), message.session_id)


def _receives(client: Client, session_id: int | None) -> bool:
    return client.authenticated and (session_id is None or session_id in client.session_ids)


def _control(type: str, text: str, session_id: int) -> bytes:
    return encode(Control(type, f"{text} {session_id}", session_id))


def _error(message: str) -> bytes:
    return encode(Control("error", message))

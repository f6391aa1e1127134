"""The gateway of the Discord look-alike (events/gateway.mdx): hello, heartbeat, identify,
resume with replay, reconnect, invalid session, and the close codes."""

from __future__ import annotations

import asyncio
import json
import secrets
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from aiohttp import WSMsgType, web
from discord_world import Json, Message, World

DISPATCH, HEARTBEAT, IDENTIFY, PRESENCE, RESUME = 0, 1, 2, 3, 6
RECONNECT, INVALID_SESSION, HELLO, HEARTBEAT_ACK = 7, 9, 10, 11

GUILD_MESSAGES, DIRECT_MESSAGES, MESSAGE_CONTENT = 1 << 9, 1 << 12, 1 << 15
PRIVILEGED = (1 << 1) | (1 << 8) | MESSAGE_CONTENT
"""events/gateway.mdx, Privileged Intents: members, presences, message content."""


@dataclass
class Session:
    id: str
    intents: int = 0
    seq: int = 0
    sent: list[Json] = field(default_factory=list)
    socket: web.WebSocketResponse | None = None


@dataclass
class Gateway:
    """``log`` names what clients did: connect, identify, resume, heartbeat, presence."""

    world: World
    token: str
    url: str = ""
    heartbeat_interval: float = 41.25
    refuses: bool = False
    log: list[str] = field(default_factory=list)
    presence: Json | None = None
    intents: int | None = None
    sessions: dict[str, Session] = field(default_factory=dict)
    sockets: dict[web.WebSocketResponse, web.Request] = field(default_factory=dict)
    _telling: set[asyncio.Task[None]] = field(default_factory=set)

    # --- what a test does ------------------------------------------------------------------

    def drop(self) -> None:
        """Cut every connection without a word."""
        for request in list(self.sockets.values()):
            if request.transport is not None:
                request.transport.abort()

    async def ask_to_reconnect(self) -> None:
        await self._tell_all({"op": RECONNECT, "d": None})

    async def invalidate(self, *, resumable: bool) -> None:
        if not resumable:
            self.sessions.clear()
        await self._tell_all({"op": INVALID_SESSION, "d": resumable})

    async def close(self, code: int) -> None:
        for socket in list(self.sockets):
            await socket.close(code=code)

    async def dispatch(self, event: str, data: Json) -> None:
        """Tell every session."""
        for session in list(self.sessions.values()):
            await self._dispatch(session, event, data)

    async def _dispatch(self, session: Session, event: str, data: Json) -> None:
        """One without a connection gets it when it resumes."""
        session.seq += 1
        frame = {"op": DISPATCH, "t": event, "s": session.seq, "d": data}
        session.sent.append(frame)
        if session.socket is not None and not session.socket.closed:
            with suppress(ConnectionError):  # it broke this moment, and may be resumed
                await _say(session.socket, frame)

    def message_created(self, message: Message) -> None:
        """Tell of a message, the bot's own included, those who asked for its kind."""
        if self.sessions:
            task = asyncio.create_task(self._tell_of(message))
            self._telling.add(task)
            task.add_done_callback(self._telling.discard)

    async def _tell_of(self, message: Message) -> None:
        """events/gateway.mdx, Message Content Intent: without it the content is empty, but for
        one's own messages, private ones, and those that mention the bot."""
        world = self.world
        channel = world.channels[message.channel_id]
        private = channel.recipient is not None
        data = world.message_json(message)
        if not private:
            member = world.member_json(message.author)
            data |= {"guild_id": str(world.guild_id)}
            data |= {} if message.webhook_id else {"member": member}
        open_to_all = (
            private or message.author == world.bot or f"<@{world.bot.id}>" in data["content"]
        )
        for session in list(self.sessions.values()):
            if session.intents & (DIRECT_MESSAGES if private else GUILD_MESSAGES):
                seen = open_to_all or session.intents & MESSAGE_CONTENT
                hidden = {} if seen else {"content": "", "embeds": [], "components": []}
                await self._dispatch(session, "MESSAGE_CREATE", data | hidden)

    @property
    def connected(self) -> bool:
        """Whether a session is being served now."""
        return any(s.socket is not None and not s.socket.closed for s in self.sessions.values())

    # --- what a client meets ---------------------------------------------------------------

    async def handle(self, request: web.Request) -> web.StreamResponse:
        if self.refuses:
            return web.Response(status=503)
        socket = web.WebSocketResponse(autoping=True)
        await socket.prepare(request)
        self.sockets[socket] = request
        self.log.append("connect")
        interval = int(self.heartbeat_interval * 1000)
        await _say(socket, {"op": HELLO, "d": {"heartbeat_interval": interval}})
        try:
            async for message in socket:
                if message.type is WSMsgType.TEXT:
                    await self._take(socket, json.loads(message.data))
        except (ConnectionError, asyncio.CancelledError):
            pass
        finally:
            del self.sockets[socket]
        return socket

    async def _take(self, socket: web.WebSocketResponse, frame: Json) -> None:
        match frame["op"]:
            case 1:
                self.log.append("heartbeat")
                await _say(socket, {"op": HEARTBEAT_ACK})
            case 2:
                await self._identify(socket, frame["d"])
            case 3:
                self.log.append("presence")
                self.presence = frame["d"]
            case 6:
                await self._resume(socket, frame["d"])
            case _:
                await socket.close(code=4001)  # Unknown opcode

    async def _identify(self, socket: web.WebSocketResponse, data: Json) -> None:
        self.log.append("identify")
        self.intents = data["intents"]
        self.presence = data.get("presence", self.presence)
        if data["token"] != self.token:
            await socket.close(code=4004)  # Authentication failed
        elif data["intents"] & PRIVILEGED & ~self._granted:
            await socket.close(code=4014)  # Disallowed intent(s)
        else:
            session = Session(secrets.token_hex(8), data["intents"], socket=socket)
            self.sessions[session.id] = session
            await self._welcome(session)

    @property
    def _granted(self) -> int:
        return MESSAGE_CONTENT if self.world.content_granted else 0

    async def _welcome(self, session: Session) -> None:
        world = self.world
        ready: dict[str, Any] = {
            "v": 10,
            "user": world.user_json(world.bot),
            "guilds": [{"id": str(world.guild_id), "unavailable": True}],
            "session_id": session.id,
            "resume_gateway_url": self.url,
            "application": {"id": str(world.application_id), "flags": 0},
        }
        for event, data in (("READY", ready), ("GUILD_CREATE", world.guild_create_json())):
            session.seq += 1
            assert session.socket is not None
            await _say(session.socket, {"op": DISPATCH, "t": event, "s": session.seq, "d": data})

    async def _resume(self, socket: web.WebSocketResponse, data: Json) -> None:
        self.log.append("resume")
        session = self.sessions.get(data["session_id"])
        if data["token"] != self.token:
            await socket.close(code=4004)
        elif session is None:
            await _say(socket, {"op": INVALID_SESSION, "d": False})
        else:
            session.socket = socket
            for frame in [f for f in session.sent if f["s"] > (data["seq"] or 0)]:
                await _say(socket, frame)
            session.seq += 1
            await _say(socket, {"op": DISPATCH, "t": "RESUMED", "s": session.seq, "d": {}})

    async def _tell_all(self, frame: Json) -> None:
        for socket in list(self.sockets):
            await _say(socket, frame)


async def _say(socket: web.WebSocketResponse, frame: Json) -> None:
    await socket.send_str(json.dumps(frame))

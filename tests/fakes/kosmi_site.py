"""A Kosmi look-alike on a real GraphQL server library, with the traps that the site has.

It hangs up on whoever subscribes to messages before joining, refuses what does not look like a
browser, says ``ok`` for messages that it loses, and answers in an order of its own.
"""

from __future__ import annotations

import asyncio
import base64
import itertools
import time
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from typing import Any

import jwt
import strawberry
from aiohttp import web
from strawberry.aiohttp.views import GraphQLView
from strawberry.exceptions import ConnectionRejectionError
from strawberry.subscriptions import GRAPHQL_TRANSPORT_WS_PROTOCOL
from strawberry.types import Info

ORIGIN = "https://app.kosmi.io"
VERSION = "4364"
KEY = "the key that the look-alike signs its tokens with"


@strawberry.type
class User:
    id: str
    display_name: str
    username: str | None = None


@strawberry.type
class Said:
    id: str
    body: str
    time: int
    user: User


@strawberry.type
class Archive:
    results: list[Said]
    forward_cursor: str | None = None
    back_cursor: str | None = None


@strawberry.type
class Ok:
    ok: bool = True


@strawberry.type
class Login:
    token: str


Queue = asyncio.Queue[Any]


@dataclass
class KosmiRoom:
    """``open`` is whether it lets anybody in, ``muted`` whether its host allows no words, and
    ``loses`` whether messages vanish in spite of an ``ok``."""

    said: list[Said] = field(default_factory=list)
    open: bool = True
    muted: bool = False
    loses: bool = False
    readers: set[Queue] = field(default_factory=set)
    members: set[Queue] = field(default_factory=set)

    def tell(self, message: Said) -> None:
        self.said.append(message)
        for reader in self.readers:
            reader.put_nowait(message)

    def kick(self) -> None:
        for member in self.members:
            member.put_nowait(Ok())


@dataclass
class Connection:
    """One socket: who it is, the rooms it has joined, and what it asked, in order."""

    site: KosmiSite
    request: web.Request
    connection_params: dict[str, Any] = field(default_factory=dict)
    user: User | None = None
    joined: set[str] = field(default_factory=set)
    asked: list[str] = field(default_factory=list)

    def hang_up(self) -> None:
        assert self.request.transport is not None
        self.request.transport.abort()


Context = Info[Connection, None]


def room_of(info: Context, name: str, operation: str) -> KosmiRoom:
    info.context.asked.append(operation)
    if name not in info.context.site.rooms:
        raise ValueError("ROOM_NOT_FOUND")
    return info.context.site.rooms[name]


async def deliver(info: Context, body: str, room_id: str) -> Ok:
    """The answer comes after the message itself has been shown to all."""
    room, user = room_of(info, room_id, "sendMessage"), info.context.user
    assert user is not None
    if room.muted:
        raise ValueError(f"FORBIDDEN to {info.context.connection_params['token']}")
    if not room.loses and room_id in info.context.joined:
        room.tell(info.context.site.message(user, body))
        await asyncio.sleep(info.context.site.lateness)
    return Ok()


@strawberry.type
class Query:
    @strawberry.field
    async def current_user(self, info: Context) -> User:
        """Late on purpose: whatever was asked after it is answered before it."""
        info.context.asked.append("currentUser")
        await asyncio.sleep(info.context.site.lateness)
        assert info.context.user is not None
        return info.context.user

    @strawberry.field
    def chat_archive(
        self, info: Context, room_id: str, channel_id: str, cursor: str | None = None
    ) -> Archive:
        return Archive(results=room_of(info, room_id, "chatArchive").said[-50:])


@strawberry.type
class Mutation:
    @strawberry.mutation
    def anon_login(self, info: Context) -> Login:
        return Login(token=info.context.site.token("anonymous"))

    @strawberry.mutation
    def join_room(
        self, info: Context, id: str, disconnect_other_connections: bool | None = None
    ) -> Ok:
        room = room_of(info, id, "joinRoom")
        if room.open:
            info.context.joined.add(id)
        return Ok(ok=room.open)

    @strawberry.mutation
    async def send_message(self, info: Context, body: str, room_id: str) -> Ok:
        return await deliver(info, body, room_id)

    @strawberry.mutation
    async def send_message2(
        self,
        info: Context,
        body: str,
        room_id: str,
        channel_id: str,
        reply_to_message_id: str | None = None,
    ) -> Ok:
        info.context.asked.append(f"sendMessage2 to {channel_id}")
        return await deliver(info, body, room_id)


@strawberry.type
class Subscription:
    @strawberry.subscription
    async def room_disconnect(self, info: Context, id: str) -> AsyncGenerator[Ok, None]:
        async for ok in listen(room_of(info, id, "roomDisconnect").members):
            yield ok

    @strawberry.subscription
    async def member_joins(self, info: Context, room_id: str) -> AsyncGenerator[User, None]:
        room_of(info, room_id, "memberJoins")
        yield User(id="somebody", display_name="Somebody")

    @strawberry.subscription
    async def new_message(
        self, info: Context, room_id: str, channel_id: str
    ) -> AsyncGenerator[Said, None]:
        room = room_of(info, room_id, "newMessage")
        if room_id not in info.context.joined:
            info.context.hang_up()
            return
        async for message in listen(room.readers):
            yield message


async def listen(queues: set[Queue]) -> AsyncGenerator[Any, None]:
    queue: Queue = asyncio.Queue()
    queues.add(queue)
    try:
        while True:
            yield await queue.get()
    finally:
        queues.discard(queue)


class Schema(strawberry.Schema):
    def process_errors(self, *_: Any, **__: Any) -> None:
        """Refusals are no faults of the look-alike."""


SCHEMA = Schema(Query, Mutation, Subscription)


class View(GraphQLView[Connection, None]):
    def __init__(self, site: KosmiSite) -> None:
        super().__init__(
            SCHEMA,
            graphql_ide=None,
            subscription_protocols=[GRAPHQL_TRANSPORT_WS_PROTOCOL],
            allowed_origins=(ORIGIN,),
        )
        self._site = site

    async def __call__(self, request: web.Request) -> web.StreamResponse:
        headers = request.headers
        if headers.get("Origin") != ORIGIN or "Mozilla" not in headers.get("User-Agent", ""):
            return web.Response(status=403)
        return await super().__call__(request)

    async def get_context(self, request: web.Request, response: Any) -> Connection:
        connection = Connection(self._site, request)
        if isinstance(response, web.WebSocketResponse):
            self._site.connections.append(connection)
        return connection

    async def on_ws_connect(self, context: Connection) -> Any:
        params = context.connection_params
        agent = base64.b64decode(params["ua"]).decode()
        as_browsers_do = agent == context.request.headers["User-Agent"] and params["r"] == ""
        context.user = self._site.users.get(params["token"])
        if context.user is None or params["v"] != VERSION or not as_browsers_do:
            raise ConnectionRejectionError
        return {}


class KosmiSite:
    """``users`` by token. ``lateness`` is how late the slow answers come, in seconds."""

    def __init__(self, *rooms: str) -> None:
        self.rooms = {name: KosmiRoom() for name in rooms}
        self.users: dict[str, User] = {}
        self.connections: list[Connection] = []
        self.lateness = 0.02
        self.port = 0
        self._ids = itertools.count(1)
        self._runner: web.AppRunner | None = None

    def token(self, name: str, **claims: Any) -> str:
        """A new user's token, which holds the user's id and nothing else of them."""
        user = User(id=f"user-{next(self._ids)}", display_name=name, username=name)
        token = jwt.encode({"sub": user.id, **claims}, KEY)
        self.users[token] = user
        return token

    def message(self, user: User, body: str) -> Said:
        return Said(id=f"message-{next(self._ids)}", body=body, time=int(time.time()), user=user)

    def say(self, room: str, author: str, body: str) -> None:
        """Let a person say something."""
        user = User(id=f"person-{author}", display_name=author.title(), username=author)
        self.rooms[room].tell(self.message(user, body))

    async def start(self) -> None:
        application = web.Application()
        application.router.add_route("*", "/", View(self))
        application.router.add_route("*", "/gql-ws", View(self))
        self._runner = web.AppRunner(application, access_log=None, shutdown_timeout=0)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self.port).start()
        self.port = self._runner.addresses[0][1]

    async def stop(self) -> None:
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

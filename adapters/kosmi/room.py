"""One room, over a connection of its own, in the order that does not make the site hang up.

Log in, ask who we are, join, look at the chat, and only then subscribe, to the messages last.
A message counts as said when it comes back to us: the site says ``ok`` for lost ones too.
"""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any

import aiohttp
from gql import Client
from gql.client import AsyncClientSession
from gql.transport.aiohttp import AIOHTTPTransport
from gql.transport.aiohttp_websockets import AIOHTTPWebsocketsTransport
from gql.transport.exceptions import TransportConnectionFailed, TransportError, TransportQueryError

from adapters.kosmi.settings import Operation, Settings, user_of
from bot.domain import Author, Line, Proof, Receipt, Target
from bot.port import Ambiguous, Hear, Permanent, Transient

PROTOCOL = "graphql-transport-ws"
ANSWER_WITHIN = 10.0
NOT_FOUND = "ROOM_NOT_FOUND"
UNAUTHORIZED = frozenset({4401, 4403})
"""Closing codes by which servers of this protocol refuse a login."""

FAULTS = (TransportError, aiohttp.ClientError, OSError, TimeoutError, ValueError, LookupError)


@dataclass(frozen=True, slots=True)
class Patience:
    """Seconds until our own message must have come back, between two pings, and for a pong."""

    echo: float = 10.0
    ping: float = 30.0
    pong: float = 60.0


class Refused(Exception):
    """The site does not accept the token."""


class NoRoom(Exception):
    """There is no such room."""


class Transport(AIOHTTPWebsocketsTransport):
    """gql's, which does not tell by which code a connection was closed."""

    async def _initialize(self) -> None:
        websocket = self.adapter.websocket
        try:
            await super()._initialize()  # type: ignore[no-untyped-call]
        except TransportConnectionFailed as error:
            if websocket is not None and websocket.close_code in UNAUTHORIZED:
                raise Refused from error
            raise


async def login(settings: Settings) -> str:
    """The token of a new anonymous user."""
    transport = AIOHTTPTransport(
        settings.http_url, headers={"Origin": settings.origin, "User-Agent": settings.user_agent}
    )
    client = Client(
        transport=transport, fetch_schema_from_transport=False, execute_timeout=ANSWER_WITHIN
    )
    async with client as session:
        answer = await session.execute(settings.ask(Operation.LOGIN))
    token = only(answer)["token"]
    user_of(token)
    return str(token)


class Room:
    """``name`` with its @. Lives through one connection: :meth:`run` ends with it."""

    def __init__(
        self,
        settings: Settings,
        target: Target,
        hear: Hear,
        now: Callable[[], float],
        patience: Patience,
    ) -> None:
        self._settings = settings
        self._target = target
        self._hear = hear
        self._now = now
        self._patience = patience
        self._user = ""
        self._session: AsyncClientSession | None = None
        self._echoes: dict[str, asyncio.Future[str]] = {}
        self._exists = True
        self.trouble = "not connected yet"

    @property
    def name(self) -> str:
        return self._target.channel

    async def run(self, token: str) -> None:
        """Connect, be in the room until the connection ends, and raise why.

        Raises Refused, NoRoom, or one of FAULTS.
        """
        self._user = user_of(token)
        async with self._connected(token) as session:
            await self._enter(session)
            async with self._subscribed(session) as ended:
                self._session, self._exists = session, True
                done, _ = await asyncio.wait(ended, return_when=asyncio.FIRST_COMPLETED)
                for task in done:
                    task.result()
        raise ConnectionError("the site ended the subscription")

    async def say(self, text: str) -> Receipt:
        """Send, and wait until it is seen. Raises as a send does."""
        session = self._ready()
        echo = self._echoes[folded(text)] = asyncio.get_running_loop().create_future()
        asking = asyncio.ensure_future(self._ask(session, Operation.SEND, text))
        try:
            async with asyncio.timeout(self._patience.echo):
                await asyncio.wait({asking, echo}, return_when=asyncio.FIRST_COMPLETED)
                if not echo.done() and not only(asking.result())["ok"]:
                    raise Transient("Kosmi did not take the message")
                return Receipt(Proof.CONFIRMED, await echo)
        except TransportQueryError as error:
            raise Transient(f"Kosmi refuses the message: {reason(error)}") from error
        except TimeoutError:
            raise Ambiguous("the message did not appear in the room in time") from None
        except FAULTS as error:
            raise Ambiguous(f"the connection broke ({type(error).__name__})") from error
        finally:
            self._echoes.pop(folded(text), None)
            asking.cancel()
            await asyncio.gather(asking, return_exceptions=True)

    def check(self) -> None:
        """Whether we are in the room. Raises Transient or Permanent."""
        self._ready()

    def _ready(self) -> AsyncClientSession:
        if not self._exists:
            raise Permanent("Kosmi has no such room")
        if self._session is None:
            raise Transient(self.trouble)
        return self._session

    # --- a connection -----------------------------------------------------------------------

    @asynccontextmanager
    async def _connected(self, token: str) -> AsyncIterator[AsyncClientSession]:
        async with aiohttp.ClientSession() as http:  # gql leaves its own open if it cannot connect
            client = Client(
                transport=self._transport(http, token),
                fetch_schema_from_transport=False,
                execute_timeout=ANSWER_WITHIN,
            )
            async with client as session:
                try:
                    yield session
                finally:
                    self._session = None
                    self._give_up("the connection ended")

    def _transport(self, http: aiohttp.ClientSession, token: str) -> Transport:
        agent = self._settings.user_agent
        return Transport(
            self._settings.ws_url,
            session=http,
            subprotocols=[PROTOCOL],
            origin=self._settings.origin,
            headers={"User-Agent": agent},
            init_payload={
                "token": token,
                "ua": base64.b64encode(agent.encode()).decode(),
                "v": self._settings.version,
                "r": "",
            },
            ping_interval=self._patience.ping,
            pong_timeout=self._patience.pong,
            websocket_close_timeout=1.0,
            close_timeout=1.0,
        )

    async def _enter(self, session: AsyncClientSession) -> None:
        await self._mention(session, Operation.USER)
        try:
            joined = only(await self._ask(session, Operation.JOIN))
        except TransportQueryError as error:
            if NOT_FOUND in str(error):
                self._exists = False
                raise NoRoom from error
            raise
        if not joined["ok"]:
            raise ConnectionError("the room does not let us in")
        await self._mention(session, Operation.CHAT)

    @asynccontextmanager
    async def _subscribed(
        self, session: AsyncClientSession
    ) -> AsyncIterator[set[asyncio.Task[None]]]:
        """All subscriptions under way; those whose end is the connection's."""
        follow = {
            Operation.DISCONNECT: self._disconnected,
            Operation.JOINS: self._passed,
            Operation.LEAVES: self._passed,
            Operation.MESSAGES: self._message,
        }
        tasks = []
        for operation, take in follow.items():
            tasks.append(asyncio.create_task(self._follow(session, operation, take)))
            await asyncio.sleep(0)  # a subscription leaves at its task's first turn, in this order
        try:
            # whatever is answered after them shows that they have been taken
            await self._mention(session, Operation.USER)
            yield {tasks[0], tasks[-1]}
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _follow(
        self, session: AsyncClientSession, operation: Operation, take: Callable[[Any], None]
    ) -> None:
        request = self._settings.ask(operation, self.name)
        try:
            async for answer in session.subscribe(request):
                take(only(answer))
        except TransportQueryError:
            if operation is Operation.MESSAGES:
                raise
            await asyncio.get_running_loop().create_future()  # we can do without the others

    async def _ask(
        self, session: AsyncClientSession, operation: Operation, body: str = ""
    ) -> dict[str, Any]:
        return await session.execute(self._settings.ask(operation, self.name, body))

    async def _mention(self, session: AsyncClientSession, operation: Operation) -> None:
        """Ask for the order's sake; the answer, and be it an error, is nothing to us."""
        with suppress(TransportQueryError):
            await self._ask(session, operation)

    # --- what arrives -----------------------------------------------------------------------

    def _disconnected(self, _: Any) -> None:
        raise ConnectionError("the site disconnected us from the room")

    def _passed(self, _: Any) -> None:
        """Who comes and goes is nothing to us."""

    def _message(self, said: Any) -> None:
        with suppress(LookupError, TypeError):
            user, text = said["user"], str(said["body"])
            if str(user["id"]) != self._user:
                author = Author(str(user["id"]), user.get("username") or user["displayName"])
                at = float(said.get("time") or self._now())
                self._hear(Line(self._target, author, text, at, handle=self.name))
            elif (echo := self._echoes.get(folded(text))) and not echo.done():
                echo.set_result(str(said["id"]))

    def _give_up(self, why: str) -> None:
        for echo in self._echoes.values():
            if not echo.done():
                echo.set_exception(ConnectionError(why))


def only(answer: dict[str, Any]) -> Any:
    """The one field of an answer, whatever it is called today."""
    (value,) = answer.values()
    return value


def folded(text: str) -> str:
    """The text without regard to blanks, which the site may trim."""
    return " ".join(text.split())


def told(error: Exception) -> str:
    """Why there is no connection, in words."""
    match error.__cause__:
        case aiohttp.WSServerHandshakeError(status=status):
            return f"Kosmi answers the connection with {status}"
        case aiohttp.ClientConnectorError(strerror=cause):
            return f"Kosmi cannot be reached: {cause}"
    if isinstance(error, TransportQueryError):
        return f"Kosmi refuses: {reason(error)}"
    return str(error) or type(error).__name__


def reason(error: TransportQueryError) -> str:
    """The site's own words, short."""
    first = (error.errors or [{}])[0]
    message = first.get("message") if isinstance(first, dict) else None
    return str(message or "no reason given")[:200]

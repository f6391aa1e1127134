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

LONGEST_REASON = 200
DECADE = 10 * 365 * 86_400.0

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
    try:
        token = str(only(answer)["token"])
        user_of(token)
    except (LookupError, TypeError, ValueError):
        raise ConnectionError("Kosmi's anonymous login gives no token of a known form") from None
    return token


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
        self._token = ""
        self._user = ""
        self._names: tuple[str, ...] = ()
        self._session: AsyncClientSession | None = None
        self._echoes: list[tuple[str, asyncio.Future[str]]] = []
        self._exists = True
        self.trouble = "not connected yet"

    @property
    def name(self) -> str:
        return self._target.channel

    @property
    def names(self) -> tuple[str, ...]:
        """What we are called there, as far as a message of ours was seen."""
        return self._names

    async def run(self, token: str) -> None:
        """Connect, be in the room until the connection ends, and raise why.

        Raises Refused, NoRoom, or one of FAULTS.
        """
        self._token, user = token, user_of(token)
        if user != self._user:
            self._user, self._names = user, ()
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
        echo: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        awaited = (folded(text), echo)
        self._echoes.append(awaited)
        asking = asyncio.ensure_future(self._ask(session, Operation.SEND, text))
        try:
            async with asyncio.timeout(self._patience.echo):
                await asyncio.wait({asking, echo}, return_when=asyncio.FIRST_COMPLETED)
                if not echo.done() and is_refusal(only(asking.result())):
                    raise Transient("Kosmi did not take the message")
                return Receipt(Proof.CONFIRMED, await echo)
        except TransportQueryError as error:
            raise Transient(self.masked(f"Kosmi refuses the message: {reason(error)}")) from None
        except TimeoutError:
            raise Ambiguous("the message did not appear in the room in time") from None
        except FAULTS as error:
            raise Ambiguous(f"the connection broke ({type(error).__name__})") from error
        finally:
            self._echoes.remove(awaited)
            asking.cancel()
            await asyncio.gather(asking, return_exceptions=True)

    def check(self) -> None:
        """Whether we are in the room. Raises Transient or Permanent."""
        self._ready()

    def masked(self, text: str) -> str:
        """The words of a site that may repeat our token to us; short."""
        return (text.replace(self._token, "***") if self._token else text)[:LONGEST_REASON]

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
        if is_refusal(joined):
            raise ConnectionError("the room does not let us in")
        await self._mention(session, Operation.CHAT, self._archive)

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

    async def _mention(
        self,
        session: AsyncClientSession,
        operation: Operation,
        take: Callable[[Any], None] = lambda _: None,
    ) -> None:
        """Ask for the order's sake; we can do without the answer, and be it an error."""
        with suppress(TransportQueryError):
            answer = await self._ask(session, operation)
            take(only(answer))

    # --- what arrives -----------------------------------------------------------------------

    def _disconnected(self, _: Any) -> None:
        raise ConnectionError("the site disconnected us from the room")

    def _passed(self, _: Any) -> None:
        """Who comes and goes is nothing to us."""

    def _archive(self, archive: Any) -> None:
        """What was said before; of interest is how we were called when it was by us."""
        with suppress(LookupError, TypeError):
            for said in archive["results"]:
                if str(said["user"]["id"]) == self._user:
                    self._names = names_of(said["user"])

    def _message(self, said: Any) -> None:
        """A message of a form that we do not know is left alone: the site may change any day."""
        with suppress(LookupError, TypeError):
            user, text = said["user"], said["body"]
            if not isinstance(text, str):
                return
            if str(user["id"]) != self._user:
                # nothing of Kosmi's tells a bot from a person
                author = Author(str(user["id"]), names_of(user)[0])
                at = moment(said.get("time"), self._now())
                self._hear(Line(self._target, author, text, at, handle=self.name))
                return
            self._names = names_of(user)
            self._came_back(folded(text), str(said["id"]))

    def _came_back(self, text: str, id: str) -> None:
        """Of several messages of the same text, the first that was sent."""
        for awaited, echo in self._echoes:
            if awaited == text and not echo.done():
                echo.set_result(id)
                return

    def _give_up(self, why: str) -> None:
        for _, echo in self._echoes:
            if not echo.done():
                echo.set_exception(ConnectionError(why))


def only(answer: dict[str, Any] | None) -> Any:
    """The one field of an answer, whatever it is called today. Raises ValueError."""
    (value,) = (answer or {}).values()
    return value


def is_refusal(answer: Any) -> bool:
    """Whether it says that it is not ``ok``; an answer of another form says nothing."""
    return isinstance(answer, dict) and answer.get("ok") is False


def names_of(user: dict[str, Any]) -> tuple[str, ...]:
    """The unique name and the one that is shown, as far as there are such."""
    return tuple(str(name) for key in ("username", "displayName") if (name := user.get(key)))


def moment(time: Any, now: float) -> float:
    """A UNIX time of the site's, in seconds; ``now`` for what can be none."""
    believable = isinstance(time, int | float) and abs(time - now) < DECADE
    return float(time) if believable else now


def folded(text: str) -> str:
    """The text without regard to blanks, which the site may trim."""
    return " ".join(text.split())


def told(error: Exception) -> str:
    """Why there is no connection, in words."""
    match error.__cause__:
        case aiohttp.WSServerHandshakeError(status=status):
            return f"Kosmi answers the connection with {status}"
        case aiohttp.ClientResponseError(status=status):
            return f"Kosmi answers the login with {status}"
        case aiohttp.ClientConnectorError(strerror=cause):
            return f"Kosmi cannot be reached: {cause}"
    if isinstance(error, TransportQueryError):
        return f"Kosmi refuses: {reason(error)}"
    if isinstance(error, TimeoutError):
        return "Kosmi does not answer in time"
    return str(error) or type(error).__name__


def reason(error: TransportQueryError) -> str:
    """The site's own words."""
    first = (error.errors or [{}])[0]
    message = first.get("message") if isinstance(first, dict) else None
    return str(message or "no reason given")

"""The live socket: carries out what the link machine asks for, and tells it what came of it."""

from __future__ import annotations

import asyncio
import logging
import ssl
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import NoReturn, get_args

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, WebSocketException

from bot import wire
from bot.domain import Event
from bot.link import Command, Do, GiveUp, Link, Say, Subscribe, Unsubscribe
from bot.picker import faults
from bot.picker.faults import Address, Trouble
from bot.picker.rest import Rest
from bot.timing import Time, within
from bot.wire import Frame, KeyRefused, Unclear

log = logging.getLogger(__name__)

BATCH = 1000
"""Frames handed over at once; when as many wait, reading pauses."""

FRAME_MOST = 1 << 20
"""Bytes of a frame; a larger one closes the link with code 1009."""

OPEN_WITHIN = 10.0
CLOSE_WITHIN = 1.0

_NOTED_MOST = 100
_EVENTS = get_args(Event)

Take = Callable[[list[Event]], Awaitable[None]]

# The library logs every frame at DEBUG, and the first of ours holds the token.
_library_log = logging.getLogger("websockets.client.nightcrier")
_library_log.setLevel(logging.INFO)


# --- what a watcher sees -----------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Opened:
    url: str


@dataclass(frozen=True, slots=True)
class Received:
    """A frame: ``text`` as it came, ``frame`` what it means."""

    text: bytes
    frame: Frame


@dataclass(frozen=True, slots=True)
class Told:
    """A sentence about the link, as the log would have it."""

    text: str
    warning: bool


Happening = Opened | Received | Told


class _Connect(connect):
    """A redirect would carry the token to an address that the host did not write."""

    def process_redirect(self, exc: Exception) -> Exception:
        return exc


# --- the feed ----------------------------------------------------------------------------


class Feed:
    """Runs a link until cancelled.

    ``hooks`` has what to do for the commands that are the app's: TAKE_SNAPSHOT, POLL_NOW and
    RECREATE_POLL. ``ask_active`` gives the id of the active session or None. ``observe`` is
    called with all that happens on the socket; without one, sentences are logged.
    ``malformed`` counts frames of each type that were not as they should be.
    """

    def __init__(
        self,
        link: Link,
        rest: Rest,
        address: Address,
        time: Time,
        *,
        tls: ssl.SSLContext,
        admin_key: str | None,
        ask_active: Callable[[], Awaitable[int | None]],
        hooks: Mapping[Do, Callable[[], None]],
        observe: Callable[[Happening], None] | None = None,
    ) -> None:
        self.link = link
        self._rest = rest
        self._address = address
        self._time = time
        self._tls = tls
        self._admin_key = admin_key
        self._ask = ask_active
        self._hooks = hooks
        self._observe = observe
        self._socket: ClientConnection | None = None
        self._outgoing: asyncio.Queue[str] = asyncio.Queue()
        self._waiting: list[Event] = []
        self._arrived = asyncio.Event()
        self._room = asyncio.Event()
        self._room.set()
        self._changed = asyncio.Event()
        self._noted: set[tuple[str, str]] = set()
        self._running = False
        self.malformed: Counter[str] = Counter()

    async def run(self, take: Take) -> None:
        """Ends by cancellation, or raises KeyRefused with a sentence, or what ``take`` raised."""
        try:
            async with asyncio.TaskGroup() as self._tasks:
                self._tasks.create_task(self._hand_over(take))
                await self._obeying()
        except BaseExceptionGroup as group:
            raise _first(group) from None

    async def _obeying(self) -> NoReturn:
        """What is told afterwards leads to nothing: while tasks end, none can be begun."""
        self._running = True
        try:
            await self._keep_time()
        finally:
            self._running = False

    def tell(self, what: Callable[..., None], *arguments: object) -> None:
        """Tell the link machine what happened, and do what it asks for in return."""
        what(self._time.monotonic(), *arguments)
        if self._running:
            self._obey()
            self._changed.set()

    # --- time and commands ---

    async def _keep_time(self) -> NoReturn:
        while True:
            self._changed.clear()
            if not self._room.is_set():
                # We do not read, so the Picker's silence means nothing.
                self.link.received(self._time.monotonic())
            self.link.tick(self._time.monotonic(), self._time.now())
            self._obey()
            left = self.link.deadline - self._time.monotonic()
            with suppress(TimeoutError):
                await within(self._time, left, self._changed.wait())

    def _obey(self) -> None:
        for command in self.link.commands():
            self._do(command)

    def _do(self, command: Command) -> None:
        match command:
            case Do.LOGIN:
                self._tasks.create_task(self._login())
            case Do.CONNECT:
                self._tasks.create_task(self._connection())
            case Do.ASK_ACTIVE:
                self._tasks.create_task(self._ask_active())
            case Do.CLOSE:
                self._tasks.create_task(self._close())
            case Do.AUTHENTICATE:
                self._outgoing.put_nowait(wire.encode_auth(self._rest.token or ""))
            case Do.PING:
                self._outgoing.put_nowait(wire.encode_ping())
            case Subscribe(session_id):
                self._outgoing.put_nowait(wire.encode_subscribe(session_id))
            case Unsubscribe(session_id):
                self._outgoing.put_nowait(wire.encode_unsubscribe(session_id))
            case Do.TAKE_SNAPSHOT | Do.POLL_NOW | Do.RECREATE_POLL:
                self._hooks.get(command, _nothing)()
            case Say(text, warning):
                self._say(Told(text, warning))
            case GiveUp(text):
                raise KeyRefused(text)

    def _say(self, told: Told) -> None:
        if self._observe is not None:
            self._observe(told)
        else:
            log.log(logging.WARNING if told.warning else logging.INFO, "%s", told.text)

    async def _login(self) -> None:
        try:
            await self._rest.login(self._admin_key or "")
        except KeyRefused as refused:
            self.tell(self.link.login_refused, str(refused))
        except Unclear as unclear:
            self._fail(faults.explain(self._address, unclear))
        else:
            self.tell(self.link.logged_in)

    async def _ask_active(self) -> None:
        try:
            session_id = await self._ask()
        except Unclear:
            session_id = None
        self.tell(self.link.active, session_id)

    def _fail(self, trouble: Trouble) -> None:
        self.tell(self.link.failed, trouble.fault, self._told(trouble))

    def _told(self, trouble: Trouble) -> str:
        """The sentence for the host. A watcher may be gone before we do anything about it."""
        return (
            f"{trouble.reason} {trouble.then}".strip() if self._observe is None else trouble.reason
        )

    # --- one socket ---

    async def _connection(self) -> None:
        try:
            socket = await self._open()
        except (OSError, UnicodeError, WebSocketException) as error:
            self._fail(faults.unreachable(self._address, error))
            return
        try:
            trouble = await self._live_on(socket)
        finally:
            await socket.close()
        self.tell(self.link.closed, trouble.fault, self._told(trouble))

    async def _open(self) -> ClientConnection:
        return await _Connect(
            self._address.socket,
            ssl=self._tls if self._address.secure else None,
            user_agent_header="nightcrier",
            compression=None,
            proxy=None,
            open_timeout=OPEN_WITHIN,
            close_timeout=CLOSE_WITHIN,
            ping_interval=None,
            max_size=FRAME_MOST,
            logger=_library_log,
        )

    async def _live_on(self, socket: ClientConnection) -> Trouble:
        """Read and write until the socket is closed; why it was."""
        self._socket = socket
        self._outgoing = asyncio.Queue()
        writer = self._tasks.create_task(self._write(socket, self._outgoing))
        if self._observe is not None:
            self._observe(Opened(self._address.socket))
        self.tell(self.link.opened)
        try:
            await self._read(socket)
        except ConnectionClosed as error:
            return faults.closed(self._address, error)
        finally:
            writer.cancel()
            self._socket = None

    async def _close(self) -> None:
        if self._socket is not None:
            await self._socket.close()

    async def _write(self, socket: ClientConnection, outgoing: asyncio.Queue[str]) -> None:
        with suppress(ConnectionClosed):  # the reader tells
            while True:
                await socket.send(await outgoing.get())

    async def _read(self, socket: ClientConnection) -> NoReturn:
        """Without decoding: the JSON decoder reads UTF-8 as it is."""
        monotonic, received = self._time.monotonic, self.link.received
        while True:
            text = await socket.recv(decode=False)
            received(monotonic())
            self._take_in(text)
            if len(self._waiting) >= BATCH:
                self._room.clear()
                await self._room.wait()

    # --- what comes in ---

    async def _hand_over(self, take: Take) -> NoReturn:
        """One batch at a time, of all events that have arrived meanwhile."""
        while True:
            await self._arrived.wait()
            self._arrived.clear()
            batch, self._waiting = self._waiting, []
            self._room.set()
            await take(batch)

    def _take_in(self, text: bytes) -> None:
        frame = wire.parse_frame(text)
        if isinstance(frame, wire.Malformed):
            self._count(frame)
        meant = frame.salvaged if isinstance(frame, wire.Malformed) else frame
        if isinstance(meant, _EVENTS):
            self._waiting.append(meant)
            self._arrived.set()
        elif meant is not None:
            self._answer(meant)
        if self._observe is not None:
            self._observe(Received(text, frame))

    def _answer(self, frame: Frame) -> None:
        """Everything that is no event."""
        match frame:
            case wire.AuthAccepted():
                self.tell(self.link.accepted)
            case wire.AuthRefused(message):
                self.tell(self.link.refused, message)
            case wire.Subscribed(session_id):
                self.tell(self.link.subscribed, session_id)
            case wire.Complaint(message):
                self._note(logging.WARNING, "The Picker complained of a frame of ours: %s", message)
            case wire.Ignored(kind):
                self._note(logging.DEBUG, "Nothing is made of frames of type %s", kind)

    def _count(self, frame: wire.Malformed) -> None:
        kind = frame.type or "frame"
        self.malformed[kind] += 1
        if self.malformed[kind] == 1:
            what = "is read only in part" if frame.salvaged else "cannot be read"
            log.warning("A %s of the Picker %s: %s", kind, what, frame.reason)

    def _note(self, level: int, text: str, what: str) -> None:
        """Log each once, and not without end."""
        if len(self._noted) < _NOTED_MOST and (text, what) not in self._noted:
            self._noted.add((text, what))
            log.log(level, text, what)


def _nothing() -> None:
    pass


def _first(group: BaseExceptionGroup[BaseException]) -> BaseException:
    """The error that ended everything else."""
    error: BaseException = group
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error

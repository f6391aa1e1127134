"""The thin part: a transport, a timer, and who waits for which receipt."""

from __future__ import annotations

import asyncio
import hashlib
import logging
import socket
import ssl
from collections.abc import Callable

from adapters.irc.channels import Channel
from adapters.irc.facts import Ending, Patience, Settled, Spoken
from adapters.irc.library import Buffer, connect
from adapters.irc.machine import Machine
from adapters.irc.settings import Settings
from bot.domain import Outcome

CONNECT_WAIT = 20.0
CLOSE_WAIT = 1.5
FAREWELL = "Nightcrier goes home"

log = logging.getLogger(__name__)


class Connection:
    """One connection, from connecting to its end. ``make`` builds the machine once there is
    a socket, given the time of the loop; ``hear`` gets what others say."""

    def __init__(
        self,
        name: str,
        settings: Settings,
        make: Callable[[float], Machine],
        hear: Callable[[Spoken], None],
    ) -> None:
        self.machine: Machine | None = None
        self.welcomed_at: float | None = None
        self._name = name
        self._settings = settings
        self._make = make
        self._hear = hear
        self._buffer = Buffer()
        self._transport: asyncio.Transport | None = None
        self._changed = asyncio.Event()
        self._gone = asyncio.Event()
        self._waiting: dict[int, asyncio.Future[Outcome]] = {}
        self._faults = 0
        self._told = False

    async def run(self, tls: ssl.SSLContext | None) -> Ending:
        """Connect and live; returns why it ended. Cancelled, it says goodbye."""
        ending = Ending("Nightcrier is stopping")
        try:
            ending = await self._connect(tls) or await self._live()
        finally:
            await self._close(ending)
        return ending

    async def say(self, channel: Channel, text: str) -> Outcome:
        """Say ``text`` and wait for its fate. Only while there is a machine."""
        assert self.machine is not None
        ticket = self.machine.say(channel, text)
        fate: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        self._waiting[ticket] = fate
        try:
            self._pump()
            return await fate
        finally:
            del self._waiting[ticket]
            self.machine.withdraw(ticket)

    def answer(self, channel: Channel | None, nick: str, text: str) -> bool:
        """Answer in ``channel``, or ``nick`` alone; False if too much waits. Only while there is
        a machine."""
        machine = self.machine
        assert machine is not None
        taken = machine.answer(channel, text) if channel else machine.notify(nick, text)
        self._pump()
        return taken

    # --- called by the library's protocol

    def process_data(self, data: bytes) -> None:
        for text in self._buffer.feed(data):
            self._receive(text)
        self._pump()

    def disconnect(self) -> None:
        self._gone.set()
        self._changed.set()

    # --- inside

    async def _connect(self, tls: ssl.SSLContext | None) -> Ending | None:
        settings = self._settings
        try:
            async with asyncio.timeout(CONNECT_WAIT):
                transport = await connect(self, settings.host, settings.port, tls)
        except (OSError, UnicodeError) as error:
            return unreachable(error, settings)
        self._transport = transport
        if not pinned(transport, settings.tls_fingerprint):
            reason = "the server's certificate is not the one of tls_fingerprint"
            return Ending(reason, Patience.LONG)
        self.machine = self._make(now())
        return None

    async def _live(self) -> Ending:
        assert self.machine is not None
        self._pump()
        while self.machine.ending is None and not self._is_going():
            self._changed.clear()
            try:
                async with asyncio.timeout_at(self.machine.deadline):
                    await self._changed.wait()
            except TimeoutError:
                self.machine.wake(now())
                self._pump()
        return self.machine.ending or Ending("the connection broke")

    def _receive(self, text: str) -> None:
        """A guard around each line: what one stranger sends must not end our connection."""
        if self.machine is None or self.machine.ending is not None:
            return
        try:
            self.machine.receive(text, now())
        except Exception:
            self._faults += 1
            if self._faults == 1:
                log.exception("%s: a line of the server could not be handled", self._name)

    def _pump(self) -> None:
        """Write what is to be written, hand out what is to be handed out."""
        if self.machine is None or self._transport is None:
            return
        if not self._is_going():  # else nothing leaves, and none is to count as written
            lines = self.machine.take_lines(now())
            self._transport.write("".join(f"{line}\r\n" for line in lines).encode())
        self._hand_out(self.machine)
        self._changed.set()

    def _hand_out(self, machine: Machine) -> None:
        for fact in machine.take_facts():
            if isinstance(fact, Settled):
                fate = self._waiting.get(fact.ticket)
                if fate is not None and not fate.done():
                    fate.set_result(fact.outcome)
            elif isinstance(fact, Spoken):
                self._hear(fact)
            else:
                log.warning("%s: %s", self._name, fact.text)
        if self.welcomed_at is None and machine.welcomed:
            self.welcomed_at = now()
        if not self._told and machine.welcomed and machine.channels.all_in():
            self._told = True
            log.info("%s: connected as %s, and in its channels", self._name, machine.nick)

    def _is_going(self) -> bool:
        return self._gone.is_set() or self._transport is None or self._transport.is_closing()

    async def _close(self, ending: Ending) -> None:
        """Leave nothing behind, however stubborn the far side is."""
        if self.machine is not None:
            self.machine.quit(FAREWELL)
            self._pump()
            self.machine.lost(ending.reason)
            self._hand_out(self.machine)
        if self._transport is None:
            return
        self._transport.close()
        try:
            async with asyncio.timeout(CLOSE_WAIT):
                await self._gone.wait()
        except TimeoutError:
            self._transport.abort()


def now() -> float:
    return asyncio.get_running_loop().time()


def pinned(transport: asyncio.Transport, fingerprint: str | None) -> bool:
    """Whether the certificate is the one that the host named (all are, if none is named)."""
    if fingerprint is None:
        return True
    certificate = transport.get_extra_info("ssl_object").getpeercert(binary_form=True)
    return hashlib.sha256(certificate).hexdigest() == fingerprint


def unreachable(error: OSError | UnicodeError, settings: Settings) -> Ending:
    """Why there is no connection, and what the host can do about it."""
    where = f"{settings.host}:{settings.port}"
    match error:
        case ssl.SSLCertVerificationError():
            reason = f"the certificate of {where} is not trusted ({error.verify_message}); "
            return Ending(reason + "set ca_file or tls_fingerprint", Patience.LONG)
        case ssl.SSLError():
            reason = f"{where} does not speak TLS as we do ({error.reason}); "
            return Ending(reason + "the TLS port is mostly 6697, plain text needs tls = false")
        case socket.gaierror() | UnicodeError():
            return Ending(f"the host name {settings.host} is not known (key: host)")
        case ConnectionRefusedError():
            return Ending(f"nobody listens at {where} (keys: host, port)")
        case TimeoutError():
            hint = " in TLS; a port for plain text needs tls = false" if settings.tls else ""
            return Ending(f"{where} does not answer{hint}")
        case _:
            why = error.strerror or type(error).__name__
            return Ending(f"{where} cannot be reached: {why}")

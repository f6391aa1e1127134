"""The IRC adapter: connections one after another, and the port on top of the one that lives."""

from __future__ import annotations

import asyncio
import logging
import random
import ssl
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from adapters.irc.channels import LOOK_EVERY, SOON, Channel, Channels
from adapters.irc.connection import Connection
from adapters.irc.endings import LIVE_ENOUGH, Backoff
from adapters.irc.facts import Ending, Identity, Patience, Spoken
from adapters.irc.machine import Machine
from adapters.irc.prefix import FLOOR
from adapters.irc.settings import Settings
from adapters.irc.text import fold, render, size
from bot.domain import (
    OPERATOR,
    Accepted,
    Author,
    Deferred,
    Doubtful,
    Limits,
    Line,
    Message,
    Outcome,
    Pace,
    Receipt,
    Refused,
    Target,
    Unit,
)
from bot.port import AdapterFatal, Ambiguous, Hear, Permanent, Transient, deaf

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Handle:
    """Where an answer goes."""

    nick: str
    channel: str | None


class Irc:
    """One connection to one IRC network. ``now`` is the wall clock, for lines that carry no
    time of the network; ``dice`` gives numbers from 0 to 1."""

    def __init__(
        self,
        settings: Settings,
        name: str,
        channels: tuple[str, ...],
        hear: Hear,
        *,
        now: Callable[[], float] = time.time,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        dice: Callable[[], float] = random.random,
    ) -> None:
        self._settings = settings
        self._name = name
        keys = {name: key.get_secret_value() for name, key in settings.keys.items()}
        self._channels = Channels(channels, keys)
        self._first = channels[0]
        self._hear = hear
        self._now = now
        self._sleep = sleep
        self._dice = dice
        self._connection: Connection | None = None
        self._why = "not connected yet"
        self._again_at = 0.0
        self._told = ""

    @property
    def limits(self) -> Limits:
        machine = self._connection.machine if self._connection else None
        return Limits(
            length=machine.length if machine else FLOOR,
            unit=Unit.BYTES,
            multiline=False,
            pace=Pace(self._settings.burst, self._settings.pace),
        )

    def measure(self, message: Message) -> int:
        return size(render(message, formatted=self._settings.formatting))

    async def run(self) -> None:
        tls = tls_context(self._settings)
        backoff = Backoff()
        while True:
            connection = self._connect()
            try:
                ending = await connection.run(tls)
            finally:
                self._connection = None
            since = connection.welcomed_at
            lived = 0.0 if since is None else loop_time() - since
            self._why = ending.reason
            if ending.patience is Patience.FATAL:
                raise AdapterFatal(f"{self._name}: {ending.reason}")
            wait = backoff.wait(ending.patience, lived, self._dice())
            self._tell(ending, lived, wait)
            self._again_at = loop_time() + wait
            await self._sleep(wait)

    async def send(self, channel: str, message: Message, *, key: str) -> Receipt:
        connection, where = self._ready(channel)
        text = self._render(message, where)
        if not text:
            raise Permanent("there is nothing to say in this message")
        if size(text) > self.limits.length:
            raise Transient("the line no longer fits and has to be split anew")
        return receipt(await connection.say(where, text))

    async def verify(self, channel: str) -> None:
        self._ready(channel)

    async def reply(self, handle: object, message: Message, private: bool) -> None:
        """In the channel, or to the person alone: where they wrote to us alone, or ``private``."""
        assert isinstance(handle, Handle)
        where: Channel | None = None
        if private or handle.channel is None:
            connection = self._live()
        else:
            connection, where = self._ready(handle.channel)
        text = self._render(message, where)
        if not text or size(text) > self.limits.length:
            raise Permanent("the answer is empty, or too long for a line")
        if not connection.answer(where, handle.nick, text):
            raise Transient("too many answers wait already")

    def names(self, channel: str) -> tuple[str, ...]:
        """Our nick of now: not always the one that the host chose."""
        machine = self._connection.machine if self._connection else None
        return (machine.nick,) if machine and machine.welcomed else ()

    def _connect(self) -> Connection:
        self._connection = Connection(self._name, self._settings, self._machine, self._heard)
        return self._connection

    def _machine(self, now: float) -> Machine:
        settings = self._settings
        nonce = f"{self._dice():.17f}{self._dice():.17f}".replace(".", "")
        return Machine(
            identity(settings, nonce=nonce, guest=self._hear is deaf),
            self._channels,
            burst=settings.burst,
            pace=settings.pace,
            digits=f"{int(self._dice() * 1000):03}",
            now=now,
        )

    def _render(self, message: Message, where: Channel | None) -> str:
        """As text for a channel, or for a person (None): plain where colours are not welcome."""
        plain = where is None or where.plain
        return render(message, formatted=self._settings.formatting and not plain)

    def _live(self) -> Connection:
        """The connection once we are welcome; raises why we are not."""
        connection = self._connection
        if connection is None or connection.machine is None or not connection.machine.welcomed:
            wait = max(self._again_at - loop_time(), 0.0)
            raise Transient(self._why, min(wait + SOON, LOOK_EVERY))
        return connection

    def _ready(self, channel: str) -> tuple[Connection, Channel]:
        """The connection and the channel if it can be spoken in; raises why not."""
        connection = self._live()
        where = self._channels.find(channel)
        if where is None:
            raise Permanent(f"{channel} is not a channel of this connection")
        obstacle = self._channels.obstacle(where, loop_time())
        if obstacle is not None:
            receipt(obstacle)
        return connection, where

    def _heard(self, spoken: Spoken) -> None:
        who = f"account:{spoken.account}" if spoken.account else f"nick:{fold(spoken.nick)}"
        self._hear(
            Line(
                target=Target(self._name, spoken.channel or self._first),
                author=Author(
                    who,
                    spoken.nick,
                    spoken.account,
                    roles=(OPERATOR,) if spoken.rules else (),
                    is_bot=spoken.is_bot,
                ),
                text=spoken.text,
                at=self._now() if spoken.at is None else spoken.at,
                private=spoken.channel is None,
                handle=Handle(spoken.nick, spoken.channel),
            )
        )

    def _tell(self, ending: Ending, lived: float, wait: float) -> None:
        """Say why we are out once, however often the same thing happens in a row."""
        if ending.reason != self._told or lived >= LIVE_ENOUGH:
            log.warning("%s: %s; trying again in %s", self._name, ending.reason, span(wait))
        self._told = ending.reason


def receipt(outcome: Outcome) -> Receipt:
    """The receipt, or the error of the port that says the same."""
    match outcome:
        case Accepted(receipt=proof):
            return proof
        case Deferred(reason=reason, retry_after=retry_after):
            raise Transient(reason, retry_after)
        case Refused(reason=reason):
            raise Permanent(reason)
        case Doubtful(reason=reason):
            raise Ambiguous(reason)


def identity(settings: Settings, *, nonce: str, guest: bool) -> Identity:
    """Who we are; a ``guest`` is a check or a test beside a bot that may be running."""
    password, account_password = settings.password, settings.account_password
    return Identity(
        nick=settings.nick,
        username=settings.username,
        realname=settings.described,
        nonce=nonce,
        password=password.get_secret_value() if password else None,
        account=settings.account,
        account_password=account_password.get_secret_value() if account_password else None,
        mechanisms=settings.mechanisms,
        nickserv=settings.nickserv,
        guest=guest,
    )


def tls_context(settings: Settings) -> ssl.SSLContext | None:
    """How we check who the server is; None for plain text. Raises AdapterFatal."""
    if not settings.tls:
        return None
    try:
        context = ssl.create_default_context(cafile=settings.ca_file)
        if settings.cert_file is not None:
            context.load_cert_chain(settings.cert_file, settings.key_file)
    except OSError as error:
        why = error.strerror or "not PEM, or the key does not fit"
        raise AdapterFatal(f"ca_file, cert_file or key_file cannot be used: {why}") from error
    if settings.tls_fingerprint is not None:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def span(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min"


def loop_time() -> float:
    return asyncio.get_running_loop().time()

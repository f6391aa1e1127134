"""The adapter for a bot's account. Announcements go by REST and need a login alone; the gateway
only hears, so its loss holds nothing up.

A send is never repeated here: under one key the message has one nonce, which Discord enforces
for a few minutes, so the lane may repeat it, and after that ask :meth:`DiscordBot.find`.
"""

from __future__ import annotations

import asyncio
import logging
from base64 import b32encode
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from hashlib import sha256

import discord

from adapters.discord import history, interactions, lines, places
from adapters.discord.api import find_gateway, speaking_to
from adapters.discord.backoff import Backoff
from adapters.discord.client import Client
from adapters.discord.closing import cancellable, hang_up, leave
from adapters.discord.errors import (
    ANSWER_WITHIN,
    FOREIGN,
    LOCKED,
    MISSING_PERMISSIONS,
    UNKNOWN_CHANNEL,
    UNKNOWN_MESSAGE,
    Refusal,
    Revoked,
    guarded,
    is_blocked,
    trace,
)
from adapters.discord.forms import Forms
from adapters.discord.limits import limits_for
from adapters.discord.lines import DEAF, READING
from adapters.discord.pings import is_silent
from adapters.discord.settings import Settings
from adapters.discord.threads import NightThreads, night_of
from bot.domain import Message, Proof, Receipt
from bot.port import AdapterFatal, Hear, Memory, Permanent, SendError, Transient, deaf

log = logging.getLogger(__name__)

STABLE = 60.0
"""Seconds of connection after which a loss counts as the first one."""
AWAY_FOR = 120.0
"""Seconds without the gateway after which it is connected to anew: discord.py comes to wait for up
to 17 minutes between two attempts, for a session that is seldom to be resumed by then."""

_REFUSED = (
    "Discord refuses the token; copy it anew from the Bot page of the developer portal "
    "(Reset Token shows it once)"
)


class DiscordBot:
    def __init__(
        self,
        settings: Settings,
        name: str,
        channels: tuple[str, ...],
        hear: Hear,
        memory: Memory,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        answer_within: float = ANSWER_WITHIN,
        away_for: float = AWAY_FOR,
    ) -> None:
        self._settings = settings
        self._name = name
        self._channels = channels
        self._hear = hear
        self._memory = memory
        self._sleep = sleep
        self._answer_within = answer_within
        self._away_for = away_for
        self._backoff = Backoff()
        self._threads = NightThreads(memory)
        self._reads = settings.message_content
        self._said_so = False
        self._client: Client | None = None
        self._shown: str | None = None
        self._trouble: str | None = None
        self._gone: set[int] = set()
        self._forms = Forms(settings, pressed=hear is not deaf)
        self._answers = lines.Answers()
        self.limits = limits_for(settings)

    def measure(self, message: Message) -> int:
        return len(self._forms.content(message))

    # --- connection ------------------------------------------------------------------------

    async def run(self) -> None:
        loop = asyncio.get_running_loop()
        with speaking_to(self._settings.api_url):
            while True:
                began = loop.time()
                blocked = await self._live()
                if loop.time() - began > STABLE:
                    self._backoff.reset()
                await self._sleep(self._backoff.next(blocked=blocked))

    async def _live(self) -> bool:
        """One login and what follows, until it ends; whether that was by being blocked."""
        client = Client(
            self._name,
            self._hear,
            self._channel_of,
            self._forget_refusals,
            self._channels[0],
            trace(self._answer_within),
            READING if self._reads else DEAF,
        )
        try:
            await self._serve(client)
        except Revoked as error:
            raise AdapterFatal(_REFUSED) from error
        except SendError as error:
            self._lost(f"not logged in: {error}")
            return is_blocked(error)
        finally:
            self._client = None
            await leave(client)
        return False

    async def _serve(self, client: Client) -> None:
        assert self._settings.token is not None
        async with guarded():
            await client.login(self._settings.token.get_secret_value())
        self._client = client
        await client.show(self._activity())
        self._found()
        if self._hear is deaf:
            # Beside the bot that listens: neither its commands nor what is said to it are ours.
            await _closed(client)
            return
        await client.register_commands(self._memory)
        await self._listen(client)

    async def _listen(self, client: Client) -> None:
        """Keep the gateway, which discord.py reconnects and resumes by itself, for as long as
        the client is good for announcements."""
        while not client.is_closed():
            try:
                async with guarded():
                    await find_gateway(client, self._settings.api_url)
                await self._keep_gateway(client)
            except Revoked:
                raise
            except discord.PrivilegedIntentsRequired:  # close code 4014
                self._do_without_lines()
                return
            except discord.ConnectionClosed as error:
                if error.code == 4004:  # topics/opcodes-and-status-codes: authentication failed
                    raise Revoked(_REFUSED) from error
                self._lost(f"the gateway closed the connection ({error.code})")
            except (SendError, *FOREIGN) as error:
                self._lost(f"the gateway failed: {error or type(error).__name__}")
                await hang_up(client)
                await self._sleep(self._backoff.next())

    async def _keep_gateway(self, client: Client) -> None:
        """Returns when the client was closed, or the gateway was away for too long."""
        with suppress(TimeoutError):
            async with client.watched(self._away_for):
                await cancellable(client.connect())
                return
        await hang_up(client)

    def _do_without_lines(self) -> None:
        """Go on, by a new login, without what was not granted."""
        self._reads = False
        log.warning("%s: %s", self._name, places.NOT_GRANTED)

    def _lost(self, what: str) -> None:
        """Said once for each reason, however often it comes."""
        if what != self._trouble:
            log.warning("%s: %s", self._name, what)
        self._trouble = what

    def _found(self) -> None:
        if self._trouble is not None:
            log.info("%s: logged in to Discord again", self._name)
        self._trouble = None

    def _connected(self) -> Client:
        if self._client is None or self._client.is_closed():
            raise Transient("not logged in to Discord")
        return self._client

    @asynccontextmanager
    async def _told(self, client: Client, place: int) -> AsyncIterator[None]:
        """A refusal says what is wrong at ``place``. With a token that is refused no more is asked,
        which would have our address blocked; the next login tells whether it is gone for good."""
        try:
            yield
        except Permanent as error:
            named = await places.named(client, place, error)
            if named is error:
                raise
            raise named from error
        except Revoked:
            await leave(client)
            raise

    def _forget_refusals(self) -> None:
        """Something about the server's channels or roles changed: try everything again."""
        self._gone.clear()
        self._forms.forget_refusals()
        self._answers.forget_refusals()

    def _channel_of(self, channel: int, parent: int | None) -> str | None:
        for known in (str(channel), str(parent)):
            if known in self._channels:
                return known
        return self._threads.parent_of(channel, self._channels)

    # --- presence ----------------------------------------------------------------------------

    async def show(self, playing: str | None) -> None:
        """Show ``playing`` (a title) beside the bot's name, or nothing, from now on."""
        self._shown = playing
        if self._client is not None:
            await self._client.show(self._activity())

    def _activity(self) -> discord.Game | None:
        return discord.Game(self._shown[:128]) if self._shown else None

    # --- sending -----------------------------------------------------------------------------

    async def send(self, channel: str, message: Message, *, key: str) -> Receipt:
        client = self._connected()
        async with self._told(client, int(channel)):
            return await self._send(client, channel, message, key)

    async def _send(self, client: Client, channel: str, message: Message, key: str) -> Receipt:
        # 24 of the 25 characters that a nonce may have; each channel counts for itself
        nonce = b32encode(sha256(f"{channel}|{key}".encode()).digest()[:15]).decode()
        night = night_of(key) if self._tells_in_thread(channel) else None
        if night and (thread := self._threads.of(channel, night)):
            receipt = await self._send_in_thread(client, channel, night, thread, message, nonce)
            if receipt is not None:
                return receipt
        receipt = await self._send_to(client, int(channel), message, nonce)
        if night and self._threads.is_new(channel, night) and receipt.remote_id:
            await self._threads.begin(client, channel, night, int(receipt.remote_id), message)
        return receipt

    async def _send_in_thread(
        self, client: Client, channel: str, night: str, thread: int, message: Message, nonce: str
    ) -> Receipt | None:
        """None where the thread is not to be had; the channel itself will do then."""
        for _ in range(2):
            try:
                return await self._send_to(client, thread, message, nonce, in_thread=True)
            except Refusal as error:
                why = error
                if error.code in (MISSING_PERMISSIONS, LOCKED):
                    break
                if error.code != UNKNOWN_CHANNEL:
                    raise
            self._gone.discard(thread)
            if not await self._threads.restore(client, channel, night, thread, message):
                return None
        await self._threads.give_up(channel, night, await places.named(client, thread, why))
        return None

    def _tells_in_thread(self, channel: str) -> bool:
        thread = self._settings.thread
        return channel in thread if isinstance(thread, dict) else thread == "night"

    async def _send_to(
        self, client: Client, place: int, message: Message, nonce: str, *, in_thread: bool = False
    ) -> Receipt:
        if place in self._gone:
            raise Refusal("the channel is gone", UNKNOWN_CHANNEL)
        to = client.get_partial_messageable(place)
        silent = is_silent(self._settings, message)
        try:
            sent = await self._forms.attempt(
                client,
                place,
                message,
                lambda **form: to.send(**form, nonce=nonce, silent=silent),
            )
        except Refusal as error:
            if error.code == UNKNOWN_MESSAGE:
                # The nonce is known, and its message has been deleted since: it had arrived.
                return Receipt(Proof.CONFIRMED)
            if error.code == UNKNOWN_CHANNEL:
                self._gone.add(place)
            raise
        return Receipt(Proof.CONFIRMED, f"{place}/{sent.id}" if in_thread else str(sent.id))

    # --- what was sent -------------------------------------------------------------------------

    async def edit(self, channel: str, remote_id: str, message: Message) -> None:
        """Make the message ``remote_id`` say ``message``; without actions its buttons go.

        Raises as ``send``; deleted, forbidden and edited too often (30046) are Permanent."""
        client = self._connected()
        place, _, number = remote_id.rpartition("/")
        at = int(place or channel)
        posted = client.get_partial_messageable(at).get_partial_message(int(number))
        absent = {"embed": None, "view": None}
        async with self._told(client, at):
            await self._forms.attempt(
                client, at, message, lambda **form: posted.edit(**(absent | form))
            )

    def link(self, channel: str, remote_id: str) -> str | None:
        """The address of a message, once the gateway has told which server the channel is of."""
        return places.address(self._client, channel, remote_id) if self._client else None

    async def find(self, channel: str, message: Message, since: float) -> str | None:
        """Raises Permanent where the history may not be read, which proves nothing."""
        thread = self._threads.current(channel) if self._tells_in_thread(channel) else None
        where = (int(channel),) if thread is None else (int(channel), thread)
        found = await history.find(self._connected(), where, self._forms.content(message), since)
        if found is None:
            return None
        at, number = found
        return str(number) if at == int(channel) else f"{at}/{number}"

    async def verify(self, channel: str) -> None:
        """What is not granted for all channels is said with the first one."""
        client = self._connected()
        wrong = [] if self._may_read(client) else [places.NOT_GRANTED]
        try:
            await self._look_at(client, channel)
        except Permanent as error:
            wrong.insert(0, str(error))
        if places.NOT_GRANTED in wrong:
            self._said_so = True
        if wrong:
            raise Permanent("; ".join(wrong))

    def _may_read(self, client: Client) -> bool:
        return not self._settings.message_content or self._said_so or places.may_read(client)

    async def _look_at(self, client: Client, channel: str) -> None:
        async with self._told(client, int(channel)):
            place = await places.look_up(client, int(channel))
        roles = {role for ids in self._settings.mention_roles.values() for role in ids}
        threads, reads = self._tells_in_thread(channel), self._settings.message_content
        places.require(place, sorted(roles), threads=threads, reads=reads)

    async def reply(self, handle: object, message: Message, private: bool) -> None:
        """Answer a tap, a command or a line."""
        match handle:
            case discord.Interaction():
                await interactions.follow_up(handle, self._forms.of(0, message), private)
            case lines.Said():
                form = self._forms.of(handle.place, message)
                await self._answers.reply(self._connected(), handle, form, private)
            case _:
                raise Permanent("this cannot be answered")

    def is_exempt(self, handle: object) -> bool:
        return isinstance(handle, discord.Interaction)  # topics/rate-limits, Global Rate Limit

    async def react(self, handle: object, up: bool) -> None:
        """Mark a voter's line; the mark is the same for both ways."""
        if not isinstance(handle, lines.Said):
            raise Permanent("this cannot be marked")
        await self._answers.mark(self._connected(), handle)

    def names(self, channel: str) -> tuple[str, ...]:
        """The account's name, and how it is mentioned."""
        me = self._client.user if self._client else None
        return (me.name, f"<@{me.id}>", f"<@!{me.id}>") if me else ()


async def _closed(client: Client) -> None:
    while not client.is_closed():  # noqa: ASYNC110 - it tells nobody when it is
        await asyncio.sleep(0.5)

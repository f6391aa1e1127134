"""The adapter for a bot's account. Announcements go by REST and need a login alone; the gateway
only hears, so its loss holds nothing up.

A send is never repeated here: under one key the message has one nonce, which Discord enforces
for a few minutes, so the lane may repeat it, and after that ask :meth:`DiscordBot.find`.
"""

from __future__ import annotations

import asyncio
import logging
from base64 import b32encode
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import replace
from hashlib import sha256
from typing import Any

import discord

from adapters.discord import history, interactions, lines, markup, places
from adapters.discord.api import find_gateway, speaking_to
from adapters.discord.backoff import Backoff
from adapters.discord.client import Client, buttons
from adapters.discord.closing import cancellable, hang_up, leave
from adapters.discord.errors import (
    ANSWER_WITHIN,
    ARCHIVED,
    FOREIGN,
    INVALID_FORM,
    MISSING_PERMISSIONS,
    UNKNOWN_CHANNEL,
    UNKNOWN_MESSAGE,
    Refusal,
    Revoked,
    guarded,
    is_blocked,
    trace,
)
from adapters.discord.limits import limits_for
from adapters.discord.lines import DEAF, READING
from adapters.discord.pings import is_silent, roles_for
from adapters.discord.settings import Settings
from adapters.discord.threads import NightThreads, night_of, reopen
from bot.domain import Message, Proof, Receipt
from bot.port import AdapterFatal, Hear, Memory, Permanent, SendError, Transient, deaf

log = logging.getLogger(__name__)

STABLE = 60.0
"""Seconds of connection after which a loss counts as the first one."""

_REFUSED = (
    "Discord refuses the token; copy it anew from the Bot page of the developer portal "
    "(Reset Token shows it once)"
)

Call = Callable[..., Awaitable[Any]]


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
    ) -> None:
        self._settings = settings
        self._name = name
        self._channels = channels
        self._hear = hear
        self._memory = memory
        self._sleep = sleep
        self._answer_within = answer_within
        self._backoff = Backoff()
        self._threads = NightThreads(memory)
        self._reads = settings.message_content
        self._client: Client | None = None
        self._shown: str | None = None
        self._trouble: str | None = None
        self._gone: set[int] = set()
        self._plain: set[int] = set()
        self.limits = limits_for(settings)

    def measure(self, message: Message) -> int:
        return len(self._content(message))

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
            self._activity(),
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
                await cancellable(client.connect())
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

    async def _failed(self, client: Client, error: SendError) -> None:
        """Ask no more with a token that is refused, which would have our address blocked; the
        next login tells whether it is gone for good."""
        if isinstance(error, Revoked):
            await leave(client)

    def _forget_refusals(self) -> None:
        """Something about the server's channels or roles changed: try everything again."""
        self._gone.clear()
        self._plain.clear()

    def _channel_of(self, channel: int, parent: int | None) -> str | None:
        for known in (str(channel), str(parent)):
            if known in self._channels:
                return known
        return self._threads.parent_of(channel, self._channels)

    # --- presence ----------------------------------------------------------------------------

    async def show(self, playing: str | None) -> None:
        """Show ``playing`` (a title) beside the bot's name, or nothing, from now on."""
        self._shown = playing
        client = self._client
        if client is not None and client.ws is not None and not client.is_closed():
            client.activity = self._activity()
            with suppress(SendError):
                async with guarded():
                    await client.change_presence(activity=self._activity())

    def _activity(self) -> discord.Game | None:
        return discord.Game(self._shown[:128]) if self._shown else None

    # --- sending -----------------------------------------------------------------------------

    async def send(self, channel: str, message: Message, *, key: str) -> Receipt:
        client = self._connected()
        try:
            return await self._send(client, channel, message, key)
        except Refusal as error:
            if named := await places.named(client, int(channel), error):
                raise named from error
            raise
        except SendError as error:
            await self._failed(client, error)
            raise

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
                if error.code == MISSING_PERMISSIONS:
                    break
                if error.code != UNKNOWN_CHANNEL:
                    raise
            self._gone.discard(thread)
            if not await self._threads.restore(client, channel, night, thread, message):
                return None
        await self._threads.give_up(channel, night)
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
            sent = await self._attempt(
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

    async def _attempt(self, client: Client, place: int, message: Message, call: Call) -> Any:
        """``call`` with the message's form; reopens an archived thread and does without a card
        that is refused, since a request that was refused has surely done nothing."""
        try:
            return await self._call(client, place, message, call)
        except Refusal as error:
            if error.code == ARCHIVED:
                await reopen(client, place)
                return await self._call(client, place, message, call)
            refusal = error
        if not self._may_be_the_card(refusal, place, message):
            raise refusal
        done = await self._call(client, place, replace(message, card=None), call)
        log.warning("channel %s: plain text, since the card is refused: %s", place, refusal)
        if refusal.code == MISSING_PERMISSIONS:
            self._plain.add(place)
        return done

    async def _call(self, client: Client, place: int, message: Message, call: Call) -> Any:
        async with guarded(client.http):
            return await call(**self._form(place, message))

    def _may_be_the_card(self, error: Refusal, place: int, message: Message) -> bool:
        codes = (INVALID_FORM, MISSING_PERMISSIONS)
        return message.card is not None and place not in self._plain and error.code in codes

    def _form(self, place: int, message: Message) -> dict[str, Any]:
        """What discord.py's send and edit take alike."""
        form: dict[str, Any] = {"content": self._content(message)}
        if message.card is not None and place not in self._plain:
            form["embed"] = markup.embed(message.card)
        if self._hear is not deaf and (view := buttons(message.actions, message.link)):
            form["view"] = view
        if roles := roles_for(self._settings, message):
            named = [discord.Object(role) for role in roles]
            form["allowed_mentions"] = discord.AllowedMentions(
                everyone=False, users=False, replied_user=False, roles=named
            )
        return form

    def _content(self, message: Message) -> str:
        return markup.content(message, roles_for(self._settings, message))

    # --- what was sent -------------------------------------------------------------------------

    async def edit(self, channel: str, remote_id: str, message: Message) -> None:
        """Make the message ``remote_id`` say ``message``; without actions its buttons go.

        Raises as ``send``; deleted, forbidden and edited too often (30046) are Permanent."""
        client = self._connected()
        place, _, number = remote_id.rpartition("/")
        at = int(place or channel)
        posted = client.get_partial_messageable(at).get_partial_message(int(number))
        absent = {"embed": None, "view": None}
        try:
            await self._attempt(client, at, message, lambda **form: posted.edit(**(absent | form)))
        except SendError as error:
            await self._failed(client, error)
            raise

    def link(self, channel: str, remote_id: str) -> str | None:
        """The address of a message, once the gateway has told which server the channel is of."""
        return places.address(self._client, channel, remote_id) if self._client else None

    async def find(self, channel: str, message: Message, since: float) -> str | None:
        """Raises Permanent where the history may not be read, which proves nothing."""
        thread = self._threads.current(channel) if self._tells_in_thread(channel) else None
        where = (int(channel),) if thread is None else (int(channel), thread)
        found = await history.find(self._connected(), where, self._content(message), since)
        if found is None:
            return None
        at, number = found
        return str(number) if at == int(channel) else f"{at}/{number}"

    async def verify(self, channel: str) -> None:
        client = self._connected()
        try:
            place = await places.look_up(client, int(channel))
        except SendError as error:
            await self._failed(client, error)
            raise
        roles = {role for ids in self._settings.mention_roles.values() for role in ids}
        places.require(place, sorted(roles), threads=self._tells_in_thread(channel))
        if self._settings.message_content:
            places.require_reading(client, place)

    async def reply(self, handle: object, message: Message, private: bool) -> None:
        """Answer a tap, a command or a line."""
        match handle:
            case discord.Interaction():
                await interactions.follow_up(handle, self._form(0, message), private)
            case lines.Said():
                form = self._form(handle.place, message)
                await lines.answer(self._connected(), handle, form, private)
            case _:
                raise Permanent("this cannot be answered")

    def is_exempt(self, handle: object) -> bool:
        return isinstance(handle, discord.Interaction)  # topics/rate-limits, Global Rate Limit

    async def react(self, handle: object, up: bool) -> None:
        """Mark a voter's line; the mark is the same for both ways."""
        if not isinstance(handle, lines.Said):
            raise Permanent("this cannot be marked")
        await lines.mark(self._connected(), handle)

    def names(self, channel: str) -> tuple[str, ...]:
        """The account's name, and how it is mentioned."""
        me = self._client.user if self._client else None
        return (me.name, f"<@{me.id}>", f"<@!{me.id}>") if me else ()


async def _closed(client: Client) -> None:
    while not client.is_closed():  # noqa: ASYNC110 - it tells nobody when it is
        await asyncio.sleep(0.5)

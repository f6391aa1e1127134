"""Kosmi as the port asks for it: all rooms of a table, each with its connection and its waits."""

from __future__ import annotations

import asyncio
import logging
import random
import re
import time
from collections.abc import Awaitable, Callable, Coroutine
from datetime import UTC, datetime
from typing import Any, TypeVar

from adapters.kosmi.room import FAULTS, NoRoom, Patience, Refused, Room, login, told
from adapters.kosmi.settings import Settings, expiry_of
from bot.domain import Limits, Message, Pace, Receipt, Style, Target
from bot.port import AdapterFatal, Hear, Permanent

T = TypeVar("T")

log = logging.getLogger(__name__)

SHORTEST, LONGEST = 1.0, 60.0
NO_ROOM = 15 * 60.0
LIVE_ENOUGH = 60.0
DAY = 86_400.0
RENEW_BEFORE = 7 * DAY
CANCEL_AGAIN = 3.0
"""Seconds; gql takes two to close what it cannot close in order."""
USUAL = Patience()

LENGTH = 500
"""Characters. Kosmi's own limit is not known."""
CONTROLS = {**dict.fromkeys([*range(0x00, 0x20), *range(0x7F, 0xA0)]), ord("\n"): " "}
ZERO_WIDTH = "\u200b"
SPECIAL = re.compile(r"\*|@(?=\w)")

REFUSED = "Kosmi refuses the token (key: token); copy a new one from the page's local storage"


class Kosmi:
    """One connection for each room. Time and dice may be given."""

    limits = Limits(length=LENGTH, multiline=False, pace=Pace(burst=2, every=2.0))

    def __init__(
        self,
        settings: Settings,
        name: str,
        channels: tuple[str, ...],
        hear: Hear,
        *,
        now: Callable[[], float] = time.time,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        roll: Callable[[], float] = random.random,
        patience: Patience = USUAL,
    ) -> None:
        self._settings = settings
        self._name = name
        self._now = now
        self._sleep = sleep
        self._roll = roll
        self._rooms = {
            channel: Room(settings, Target(name, channel), hear, now, patience)
            for channel in channels
        }
        self._anonymous: str | None = None
        self._login = asyncio.Lock()

    def measure(self, message: Message) -> int:
        return len(render(message))

    async def run(self) -> None:
        """Every room, until cancelled or until the token is refused."""
        self._warn_of_expiry()
        tasks = [asyncio.create_task(self._keep(room)) for room in self._rooms.values()]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def send(self, channel: str, message: Message, *, key: str) -> Receipt:
        return await self._rooms[channel].say(render(message))

    async def verify(self, channel: str) -> None:
        self._rooms[channel].check()

    def names(self, channel: str) -> tuple[str, ...]:
        return self._rooms[channel].names

    async def reply(self, handle: object, message: Message, private: bool) -> None:
        """In the room, for all to see; what is for one alone is not said."""
        if private:
            raise Permanent("Kosmi has no private messages")
        await self._rooms[str(handle)].say(render(message))

    async def _keep(self, room: Room) -> None:
        """Be in ``room`` for ever, with waits between the connections."""
        ceiling = SHORTEST
        loop = asyncio.get_running_loop()
        while True:
            began = loop.time()
            wait = None
            try:
                await alone(room.run(await self._token()))
            except NoRoom:
                self._tell(room, "Kosmi has no such room")
                wait = NO_ROOM
            except Refused:
                if self._settings.token is not None:
                    raise AdapterFatal(REFUSED) from None
                self._anonymous = None
                self._tell(room, "Kosmi refuses the anonymous login")
            except FAULTS as error:
                self._tell(room, room.masked(told(error)))
            if loop.time() - began > LIVE_ENOUGH:
                ceiling = SHORTEST
            await self._sleep(wait or self._roll() * ceiling)
            ceiling = min(ceiling * 2, LONGEST)

    def _tell(self, room: Room, trouble: str) -> None:
        """Log each trouble once, until another comes."""
        if trouble != room.trouble:
            log.warning("%s/%s: %s", self._name, room.name, trouble)
        room.trouble = trouble

    async def _token(self) -> str:
        """The account's, or that of one anonymous user for all rooms."""
        if self._settings.token is not None:
            return self._settings.token.get_secret_value()
        async with self._login:
            if self._anonymous is None:
                self._anonymous = await alone(login(self._settings))
            return self._anonymous

    def _warn_of_expiry(self) -> None:
        """Raises AdapterFatal for a token that is over."""
        token = self._settings.token
        expiry = expiry_of(token.get_secret_value()) if token else None
        if expiry is None:
            return
        day = datetime.fromtimestamp(expiry, UTC).date()
        if expiry <= self._now():
            raise AdapterFatal(f"the token of Kosmi has ended on {day} (key: token)")
        if expiry - self._now() < RENEW_BEFORE:
            log.warning("%s: the token of Kosmi ends on %s", self._name, day)


async def alone(work: Coroutine[Any, Any, T], again: float = CANCEL_AGAIN) -> T:
    """The result of ``work``, run as a task of its own and cancelled until it ends: gql loses a
    cancellation that comes while it opens or closes."""
    task = asyncio.create_task(work)
    try:
        await asyncio.wait({task})
    finally:
        while not task.done():
            task.cancel()
            await asyncio.wait({task}, timeout=again)
        if not task.cancelled():
            task.exception()  # looked at, so that asyncio logs none
    return task.result()


def render(message: Message) -> str:
    """Bold between asterisks; Kosmi has no escapes, so other asterisks and mentions are broken by
    a blank without width."""
    return "".join(
        f"*{_plain(span.text)}*"
        if span.style is Style.BOLD and span.text.strip() == span.text != ""
        else _plain(span.text)
        for span in message.spans
    )


def _plain(text: str) -> str:
    return SPECIAL.sub(rf"\g<0>{ZERO_WIDTH}", text.translate(CONTROLS))

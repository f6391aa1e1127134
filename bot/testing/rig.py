"""What a chat network must offer to be put through the contract.

A rig is a subclass, one for each far side that a kind is tried on::

    class DiscordRig(Rig):
        kind = "discord"            # as the configuration names it
        name = "discord"            # shown in test ids: kind, or kind-variant
        cannot = {Clause.STALLED: "why this network cannot have it, as a clause of a sentence"}

        async def open(self): ...   # start the far side, on loopback and a free port
        async def close(self): ...

A rig lives for one test. It offers raw ``settings`` as a host would write them,
the names of channels with certain properties, and verbs to look at the far side and to
break it. What it does not need (because ``cannot`` names the clause) it need not define.
Everything waits by polling (:func:`until`), never by sleeping for a fixed time.
"""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, ClassVar

from adapters import load
from bot.domain import Heard, Message, Span
from bot.port import Adapter, SendError, Transient

DEADLINE = 5.0
"""Seconds after which a wait counts as a hang."""
LONGEST, LONGEST_OF_LONG = 45.0, 600.0
"""Seconds after which a whole test does, the second for rigs that are ``long``."""


class Clause(StrEnum):
    """The contract, clause by clause."""

    UNCHANGED = "sent text is seen once, unchanged, in the right channel"
    ORDER = "order holds"
    LONGEST_ASCII = "the longest allowed text passes whole, in ASCII"
    LONGEST_WIDE = "the longest allowed text passes whole, in four-byte characters"
    HOSTILE = "hostile text stays one plain message and pings nobody"
    NOT_CONNECTED = "sending while not connected is Transient"
    DROPPED = "a drop during a send is Transient or Ambiguous, nothing else, and never a hang"
    REFUSED = "a send refused for good is Permanent, and other channels still work"
    ABSENT = "sending to a channel that we are not in is Transient"
    LIFTABLE = "a refusal that the channel may lift is Transient, and it can be lifted"
    RATE_LIMIT = "a rate limit is Transient with the told wait, or waited out inside"
    RECOVERS = "after a drop and a restore it recovers by itself"
    CANCELLED = "cancelling run ends it and leaves no task, socket or thread"
    DEDUPES = "the same key twice is one message while limits.dedupes_for lasts"
    STALLED = "a slow far side never holds up the loop"
    SECRETS = "no secret is in any exception, log record or repr"
    CREDENTIALS = "wrong credentials raise AdapterFatal once"
    STRICT = "settings refuse unknown keys"
    EXAMPLE = "the section in the example configuration builds it"
    DEAF_TO_SELF = "our own messages are not reported to hear"
    HEARS = "messages of others carry channel, author and text"


@dataclass(frozen=True)
class Seen:
    """A message as people in the channel see it: ``text`` without markup and escapes."""

    text: str
    pings: bool = False


class Rig:
    """One far side for one test. Subclasses define what their clauses need."""

    kind: ClassVar[str]
    name: ClassVar[str]
    long: ClassVar[bool] = False  # minutes rather than seconds: only in `make test-all`
    cannot: ClassVar[Mapping[Clause, str]] = {}
    example: ClassVar[str] = "config.example.toml"  # has a section for it; beside pyproject.toml

    channels: tuple[str, ...]  # two that can be spoken in
    absent: str  # configured, but we are not let in (yet)
    muted: str  # we are in it and may not speak, until `unmute`
    refused: str  # never can be spoken in
    settings: Mapping[str, Any]  # the adapter's table as the host writes it
    wrong_settings: Mapping[str, Any]  # the same with wrong credentials
    secrets: tuple[str, ...]  # texts that must never be seen anywhere

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.heard: list[Heard] = []

    @classmethod
    def missing(cls) -> str | None:
        """What this machine lacks and how to install it; None if nothing."""
        return None

    async def open(self) -> None:
        """Start the far side; on return it can be connected to."""

    async def close(self) -> None:
        """Stop it, leaving nothing behind; called twice by some tests."""

    def build(
        self, settings: Mapping[str, Any] | None = None, channels: tuple[str, ...] | None = None
    ) -> Adapter:
        """An adapter for this far side, not yet running."""
        module = load(self.kind)
        adapter: Adapter = module.build(
            module.Settings(**(self.settings if settings is None else settings)),
            name="night",
            channels=self.channels if channels is None else channels,
            hear=self.heard.append,
            memory=MemoryInMemory(),
        )
        return adapter

    async def seen(self, channel: str) -> list[Seen]:
        """All messages that have appeared in ``channel`` until now, oldest first."""
        raise NotImplementedError

    async def say(self, channel: str, author: str, text: str) -> None:
        """Let ``author``, a person, say ``text`` in ``channel``."""
        raise NotImplementedError

    async def cut(self) -> None:
        """Break every connection of the adapter now; a new one is accepted at once."""
        raise NotImplementedError

    async def down(self) -> None:
        """Break every connection and refuse new ones, until ``up``."""
        raise NotImplementedError

    async def up(self) -> None:
        raise NotImplementedError

    async def stall(self) -> None:
        """Stop reading and answering, without closing anything, until ``cut`` or ``up``."""
        raise NotImplementedError

    async def under_way(self) -> None:
        """Wait until a send that was begun after ``stall`` has got as far as it can."""
        await turns(20)

    async def unmute(self) -> None:
        """Let the adapter speak in ``muted``."""
        raise NotImplementedError

    async def limit_rate(self, seconds: float) -> None:
        """Answer the next send with a rate limit of ``seconds``."""
        raise NotImplementedError


class MemoryInMemory:
    """``bot.port.Memory`` for tests: as durable as the test."""

    def __init__(self) -> None:
        self.values: dict[str, str] = {}

    def get(self, key: str) -> str | None:
        return self.values.get(key)

    async def put(self, key: str, value: str | None) -> None:
        if value is None:
            self.values.pop(key, None)
        else:
            self.values[key] = value


def message(text: str) -> Message:
    return Message((Span(text),))


async def turns(count: int) -> None:
    """Let other tasks have ``count`` turns of the loop."""
    for _ in range(count):
        await asyncio.sleep(0)


@asynccontextmanager
async def limit(what: str, rig: Rig) -> AsyncIterator[None]:
    """Fail, saying what hangs, instead of waiting for ever."""
    try:
        async with asyncio.timeout(LONGEST_OF_LONG if rig.long else LONGEST) as clock:
            yield
    except TimeoutError:
        if clock.expired():
            raise AssertionError(what) from None
        raise


async def until(
    probe: Callable[[], Any | Awaitable[Any]],
    what: str | Callable[[], str],
    seconds: float = DEADLINE,
) -> Any:
    """Poll ``probe`` until it answers something true, and return that."""
    loop = asyncio.get_running_loop()
    end = loop.time() + seconds
    while True:
        answer = probe()
        if inspect.isawaitable(answer):
            answer = await answer
        if answer:
            return answer
        if loop.time() >= end:
            told = what if isinstance(what, str) else what()
            raise AssertionError(f"waited {seconds} s in vain for {told}")
        await asyncio.sleep(0.01)


async def ready(adapter: Adapter, *channels: str, seconds: float = DEADLINE) -> None:
    """Wait until all ``channels`` can be spoken in."""
    reason = ""

    async def able() -> bool:
        nonlocal reason
        try:
            for channel in channels:
                await adapter.verify(channel)
        except Transient as error:
            reason = str(error)
            return False
        return True

    try:
        await until(able, "the channels", seconds)
    except AssertionError:
        raise AssertionError(f"not ready after {seconds} s: {reason}") from None


@asynccontextmanager
async def running(adapter: Adapter, *channels: str) -> AsyncIterator[Adapter]:
    """``adapter`` in run, ready in ``channels``, and cancelled at the end."""
    task = asyncio.create_task(adapter.run())
    try:
        await ready(adapter, *channels)
        yield adapter
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await asyncio.wait_for(task, DEADLINE)


async def send_until(adapter: Adapter, channel: str, text: str, *, key: str) -> None:
    """Send as a lane does: again after Transient, and after Ambiguous too, until accepted."""

    async def accepted() -> bool:
        try:
            await adapter.send(channel, message(text), key=key)
        except SendError:
            return False
        return True

    await until(accepted, f"a receipt in {channel}", 2 * DEADLINE)

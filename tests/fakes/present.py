"""All who take part in a test, and leave when it ends, however it ends: what one failing test left
open would be told of in another."""

from __future__ import annotations

from contextlib import AsyncExitStack
from typing import Protocol, TypeVar

from irc_person import Person


class Startable(Protocol):
    """A far side that is started and stopped: a daemon, a proxy. Stopping twice does no harm."""

    async def start(self) -> object: ...

    async def stop(self) -> None: ...


Started = TypeVar("Started", bound=Startable)


class Present(AsyncExitStack):
    async def person(self, nick: str, port: int, *channels: str) -> Person:
        """Somebody on the IRC server on loopback, in these channels."""
        person = Person(nick)
        self.push_async_callback(person.leave)
        return await person.connect(port, *channels)

    async def started(self, far_side: Started) -> Started:
        self.push_async_callback(far_side.stop)
        await far_side.start()
        return far_side

"""An adapter on the Discord look-alike, ready to speak: what most of its tests begin with."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

from discord_faults import Asked
from discord_peer import Peer
from discord_world import Channel, Message

from adapters.discord import Settings
from adapters.discord.bot import AWAY_FOR, DiscordBot
from bot.domain import Heard, SessionKey, Span, Style
from bot.domain import Message as Said
from bot.port import Ambiguous, Hear, Permanent, Transient
from bot.testing import MemoryInMemory
from bot.testing.rig import DEADLINE, until

NIGHT = SessionKey(17, 1_762_563_600)


class Stage:
    """One bot with the channel ``games``; ``heard`` is what it heard."""

    def __init__(
        self,
        peer: Peer,
        memory: MemoryInMemory | None = None,
        answer_within: float = DEADLINE,
        away_for: float = AWAY_FOR,
        **settings: Any,
    ) -> None:
        self.peer = peer
        self._answer_within = answer_within
        self._away_for = away_for
        self.memory = memory or MemoryInMemory()
        self.heard: list[Heard] = []
        self.games = next(
            (c for c in peer.world.channels.values() if c.name == "games"), None
        ) or peer.world.add_channel("games")
        self.channel = str(self.games.id)
        self.settings = Settings(token=peer.token, api_url=peer.api_url, **settings)
        self.adapter: Any = self.build(self.channel)

    def build(self, *channels: str, hear: Hear | None = None) -> Any:
        return DiscordBot(
            self.settings,
            "night",
            channels,
            hear or self.heard.append,
            self.memory,
            answer_within=self._answer_within,
            away_for=self._away_for,
        )

    async def send(self, text: str | Said, key: str = "start", part: int = 0) -> str | None:
        """Say it as a lane does, under the key of a delivery of tonight; the remote id."""
        said = text if isinstance(text, Said) else plain(text)
        receipt = await self.adapter.send(
            self.channel, said, key=f"night/{self.channel}|{NIGHT}/{key}|{part}"
        )
        return receipt.remote_id

    @property
    def contents(self) -> list[str]:
        return [message.content for message in self.games.messages.values()]

    def posts(self, pattern: str = "/messages") -> list[Asked]:
        """The requests to post a message, repeats included."""
        return [a for a in self.peer.weather.log if a.method == "POST" and pattern in a.path]

    def message(self, number: int = -1, channel: Channel | None = None) -> Message:
        return list((channel or self.games).messages.values())[number]


@asynccontextmanager
async def playing(stage: Stage, *, gateway: bool = True) -> AsyncIterator[Stage]:
    """Its adapter running and logged in, and with a gateway session where wanted."""
    task = asyncio.create_task(stage.adapter.run())
    try:
        await until(lambda: _ready(stage), "the login")
        if gateway:
            await until(lambda: stage.peer.gateway.connected, "the gateway")
        yield stage
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await asyncio.wait_for(task, DEADLINE)


async def _ready(stage: Stage) -> bool:
    try:
        await stage.adapter.verify(stage.channel)
    except (Transient, Ambiguous):
        return False
    except Permanent:
        pass  # which is an answer too
    return True


def plain(text: str, **more: Any) -> Said:
    return Said((Span(text, Style.PLAIN),), **more)

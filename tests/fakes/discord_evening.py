"""An evening in Discord: the real process, the embedded Picker and the look-alike."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from bot_process import KEY, BotProcess, until
from discord_interactions import Interaction
from discord_peer import Peer
from discord_shown import shown
from discord_world import Channel, Message
from faults import Faults
from host import Host, hosting

from bot.sandbox import Sandbox
from bot.timing import SystemTime

TIME = SystemTime()


@dataclass
class Night:
    """A night whose boards are in ``games``, a channel of Discord."""

    peer: Peer
    games: Channel
    bot: BotProcess
    host: Host
    session: int = field(default=0, init=False)

    async def board(self, title: str) -> Message:
        """The board of a game that runs, once it is there."""

        def find() -> Message | None:
            messages = self.games.messages.values()
            return next((m for m in messages if m.components and title in text(m)), None)

        await until(find)
        found = find()
        assert found is not None
        return found

    async def tap(self, board: Message, name: str, up: bool = True) -> Interaction:
        custom_id = board.components[0]["components"][0 if up else 1]["custom_id"]
        return await self.peer.interactions.tap(board, custom_id, self.peer.person(name))

    async def stored(self) -> list[tuple[str, str, str]]:
        return await self.host.votes(self.session)


@dataclass
class Evening(Night):
    """A night in Discord alone; ``faults`` are those between bot and Picker."""

    faults: Faults

    async def begin(self, **more: object) -> Message:
        """The board of the first game."""
        self.session = await self.host.start()
        await self.host.add(self.session, "Drawful 2", **more)
        await until(lambda: len(self.games.messages) == 2)
        return self.message()

    def message(self, number: int = -1) -> Message:
        return list(self.games.messages.values())[number]

    @property
    def first_lines(self) -> list[str]:
        """The first line of each message, cut at the pack."""
        lines = (text(message).splitlines()[0] for message in self.games.messages.values())
        return [line.split(" · ")[0].split(" (The")[0] for line in lines]


@asynccontextmanager
async def evening(
    folder: Path, prepare: Callable[[Peer], str] = lambda peer: ""
) -> AsyncIterator[Evening]:
    """The bot, linked to Picker and gateway. ``prepare`` makes the look-alike ready and gives
    more settings for the bot's table."""
    faults = Faults()
    sandbox = Sandbox(KEY, time=TIME, middlewares=[faults.middleware])
    async with Peer() as peer, sandbox.serve() as url, hosting(url, KEY, TIME) as host:
        games = peer.world.add_channel("games")
        bot = BotProcess(folder)
        bot.configure(
            url,
            f'[adapters.discord]\ntoken = "{peer.token}"\napi_url = "{peer.api_url}"\n'
            f"channels = [{games.id}]\nedit_interval = 1\n{prepare(peer)}",
        )
        await bot.start()
        try:
            await bot.linked()
            await until(lambda: peer.gateway.connected)
            yield Evening(peer, games, bot, host, faults)
        finally:
            await bot.stop()


def text(message: Message) -> str:
    """As it is read."""
    return shown(message.content).text


async def told(interaction: Interaction, part: str) -> None:
    """Until the person who tapped or asked has been told this."""
    try:
        await until(lambda: any(part in shown(said).text for said in interaction.private))
    except TimeoutError:
        raise AssertionError(f"{part!r} is not in {interaction.private}") from None

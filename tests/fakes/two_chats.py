"""One night in two chats: the real process between the embedded Picker, a real IRC server with
services and the Discord look-alike."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from bot_process import KEY, BotProcess, until
from discord_evening import Night
from discord_peer import Peer
from discord_world import Message
from host import hosting
from irc_daemons import Inspircd
from irc_person import Person

from bot.ballots import Ballot
from bot.sandbox import Sandbox
from bot.store import read_ballots
from bot.timing import SystemTime

TIME = SystemTime()
HALL = "#gamenight"
PASSWORD = "correct-horse"


@dataclass
class TwoChats(Night):
    """``people`` on IRC by nick."""

    irc: Inspircd
    sandbox: Sandbox
    port: int
    serving: AsyncExitStack
    people: dict[str, Person] = field(default_factory=dict)

    async def person(self, nick: str, account: str | None = None) -> Person:
        """Somebody who has come into the channel, logged in to ``account`` first if told."""
        person = await Person(nick).connect(self.irc.port)
        if account is not None:
            person.send(f"PRIVMSG NickServ :IDENTIFY {account} {PASSWORD}")
            await person.expect(" 900 ")
        person.send(f"JOIN {HALL}")
        await person.expect(f" 366 {nick} {HALL}")
        self.people[nick] = person
        return person

    async def all_leave(self) -> None:
        for person in self.people.values():
            await person.leave()

    def say(self, nick: str, text: str, to: str = HALL) -> None:
        self.people[nick].send(f"PRIVMSG {to} :{text}")

    async def begin(self, title: str = "Drawful 2") -> Message:
        """A night with one game, announced in both chats; its board in Discord."""
        self.session = await self.host.start()
        await self.host.add(self.session, title)
        for person in self.people.values():
            await person.expect(f"{title}")
        return await self.board(title)

    async def picker_dies(self) -> None:
        await self.serving.aclose()

    async def picker_returns(self) -> None:
        """On the same port, with what it knew; its tokens are no good any more."""
        self.sandbox.forget_tokens()
        await self.serving.enter_async_context(self.sandbox.serve(port=self.port))
        await self.host.log_in(KEY)

    @property
    def ballots(self) -> tuple[Ballot, ...]:
        return read_ballots(self.bot.folder / "nightcrier.db")


@asynccontextmanager
async def two_chats(
    folder: Path, *accounts: str, more: str = "", irc: str = "", discord: str = ""
) -> AsyncIterator[TwoChats]:
    """The bot, linked to everything. ``more`` are further tables of its configuration, ``irc``
    and ``discord`` further settings of its adapters' tables; ``accounts`` are registered."""
    async with AsyncExitStack() as stack:
        daemon = await Inspircd(folder, services=bool(accounts)).start()
        stack.push_async_callback(daemon.stop)
        for account in accounts:
            await daemon.register(account, PASSWORD)
        peer = await stack.enter_async_context(Peer())
        sandbox = Sandbox(KEY, time=TIME)
        serving = await stack.enter_async_context(AsyncExitStack())
        url = await serving.enter_async_context(sandbox.serve())
        host = await stack.enter_async_context(hosting(url, KEY, TIME))
        games = peer.world.add_channel("games")
        bot = BotProcess(folder)
        bot.configure(
            url,
            f'[adapters.hall]\nkind = "irc"\nhost = "127.0.0.1"\nport = {daemon.port}\n'
            f'tls = false\nnick = "nightcrier"\nchannels = ["{HALL}"]\n'
            f"burst = 20\npace = 0.2\n{irc}",
            f'[adapters.discord]\ntoken = "{peer.token}"\napi_url = "{peer.api_url}"\n'
            f"channels = [{games.id}]\nedit_interval = 1\n{discord}",
            more,
        )
        port = urlsplit(url).port
        assert port is not None
        night = TwoChats(peer, games, bot, host, daemon, sandbox, port, serving)
        stack.push_async_callback(night.all_leave)
        watcher = await night.person("watcher")
        await bot.start()
        stack.push_async_callback(bot.stop)
        await bot.linked()
        await until(lambda: peer.gateway.connected)
        await watcher.expect(":nightcrier!")
        yield night

"""One night in two chats: the real process between the embedded Picker, a real IRC server with
services and the Discord look-alike."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from bot_process import KEY, BotProcess, until
from discord_interactions import Interaction
from discord_peer import Peer
from discord_shown import shown
from discord_world import Channel, Message
from host import Host, hosting
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
class TwoChats:
    """``people`` on IRC by nick; the channel of Discord is ``games``."""

    irc: Inspircd
    peer: Peer
    games: Channel
    bot: BotProcess
    sandbox: Sandbox
    host: Host
    port: int
    serving: AsyncExitStack
    people: dict[str, Person] = field(default_factory=dict)
    session: int = 0

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

    async def board(self, title: str) -> Message:
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

    async def picker_dies(self) -> None:
        await self.serving.aclose()

    async def picker_returns(self) -> None:
        """On the same port, with what it knew; its tokens are no good any more."""
        self.sandbox.forget_tokens()
        await self.serving.enter_async_context(self.sandbox.serve(port=self.port))
        await self.host.log_in(KEY)

    async def stored(self) -> Counter[tuple[str, str, str]]:
        """Every vote that the Picker has: who, which way, for which game."""
        found = await self.host.ask("GET", f"/api/votes?session_id={self.session}&limit=1000")
        return Counter((v["username"], v["vote_type"], v["game_title"]) for v in found["votes"])

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
        night = TwoChats(daemon, peer, games, bot, sandbox, host, port, serving)
        stack.push_async_callback(night.all_leave)
        watcher = await night.person("watcher")
        await bot.start()
        stack.push_async_callback(bot.stop)
        await bot.linked()
        await until(lambda: peer.gateway.connected)
        await watcher.expect(":nightcrier!")
        yield night


def text(message: Message) -> str:
    return shown(message.content).text

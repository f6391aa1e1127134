"""IRC's rigs: two real daemons that disagree about nearly everything, and one in Python.

The adapter connects through a fault proxy; a person watches the channels from beside it."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any, ClassVar

from fault_proxy import FaultProxy
from irc_daemons import Daemon, Inspircd, Ngircd, missing
from irc_in_process import InProcessServer
from irc_person import Person

from bot.testing import Clause, Rig, Seen

NO_MEMORY = "IRC servers have no memory of what was said"
NO_RATE_REPLY = "IRC servers delay or disconnect, none answers with a rate limit"


class IrcRig(Rig):
    kind = "irc"
    channels = ("#night", "#quiet")
    absent = "#private"
    muted = "#hush"
    refused = f"#{'x' * 70}"
    password: str | None = None
    cannot: ClassVar = {Clause.DEDUPES: NO_MEMORY, Clause.RATE_LIMIT: NO_RATE_REPLY}
    daemon: Daemon

    async def open(self) -> None:
        await self.start()
        self.proxy = await FaultProxy(self.server_port).start()
        self.people: dict[str, Person] = {}
        await asyncio.gather(self.watch(), self.register())

    async def watch(self) -> None:
        self.watcher = Person("watcher")
        everywhere = (*self.channels, self.absent, self.muted)
        await self.watcher.connect(self.daemon.port, *everywhere, password=self.password)
        self.watcher.send(f"MODE {self.absent} +i", f"MODE {self.muted} +m")
        await self.watcher.expect("+m")

    async def register(self) -> None:
        """Register our account, where the network has services."""

    async def start(self) -> None:
        raise NotImplementedError

    @property
    def server_port(self) -> int:
        return self.daemon.port

    @property
    def settings(self) -> dict[str, Any]:
        plain = {"host": "127.0.0.1", "port": self.proxy.port, "tls": False, "pace": 0}
        return plain | ({"password": self.password} if self.password else {})

    async def close(self) -> None:
        for person in (self.watcher, *self.people.values()):
            await person.leave()
        await self.proxy.stop()
        await self.daemon.stop()

    async def seen(self, channel: str) -> list[Seen]:
        return [Seen(text) for text in self.watcher.said(channel)]

    async def say(self, channel: str, author: str, text: str) -> None:
        if author not in self.people:
            self.people[author] = await Person(author).connect(
                self.daemon.port, channel, password=self.password
            )
        self.people[author].send(f"PRIVMSG {channel} :{text}")

    async def cut(self) -> None:
        self.proxy.cut()

    async def down(self) -> None:
        self.proxy.down()

    async def up(self) -> None:
        self.proxy.up()

    async def stall(self) -> None:
        self.proxy.stall()

    async def unmute(self) -> None:
        self.watcher.send(f"MODE {self.muted} -m")
        await self.watcher.expect("-m")


class NgircdRig(IrcRig):
    """Plain text, a server password, a PING behind the lines."""

    name = "irc-ngircd"
    password = "letmein-ngircd"
    secrets = (password,)

    @classmethod
    def missing(cls) -> str | None:
        return missing("ngircd")

    async def start(self) -> None:
        self.daemon = await Ngircd(self.folder, password=self.password).start()

    @property
    def wrong_settings(self) -> dict[str, Any]:
        return {**self.settings, "password": "wrong"}


class InspircdRig(IrcRig):
    """TLS, SASL PLAIN at Atheme, labelled echoes."""

    name = "irc-inspircd"
    account_password = "hunter2-of-atheme"
    secrets = (account_password,)

    @classmethod
    def missing(cls) -> str | None:
        return missing("inspircd", "atheme-services")

    async def start(self) -> None:
        self.inspircd = await Inspircd(self.folder, services=True).start()
        self.daemon = self.inspircd

    async def register(self) -> None:
        await self.inspircd.register("crier", self.account_password)

    @property
    def server_port(self) -> int:
        return self.inspircd.tls_port

    @property
    def settings(self) -> dict[str, Any]:
        certificate = self.inspircd.certificate
        assert certificate is not None
        plain = {"host": "127.0.0.1", "port": self.proxy.port, "pace": 0}
        account = {"account": "crier", "account_password": self.account_password}
        return {**plain, **account, "ca_file": certificate.certificate}

    @property
    def wrong_settings(self) -> dict[str, Any]:
        return {**self.settings, "account_password": "wrong"}


class BareInspircdRig(IrcRig):
    """InspIRCd without echo-message and labels: silent truncation, and a barrier to find out."""

    name = "irc-inspircd-bare"
    long = True
    password = "letmein-inspircd"
    secrets = (password,)
    cannot: ClassVar = {
        **IrcRig.cannot,
        Clause.CREDENTIALS: "InspIRCd does not tell a wrong server password from a banned host",
    }

    @classmethod
    def missing(cls) -> str | None:
        return missing("inspircd")

    async def start(self) -> None:
        inspircd = Inspircd(self.folder, bare=True, password=self.password)
        self.daemon = await inspircd.start()


class ThrottledInspircdRig(InspircdRig):
    """With InspIRCd's own throttle, and our own pace."""

    name = "irc-inspircd-throttled"
    long = True

    async def start(self) -> None:
        self.inspircd = await Inspircd(self.folder, services=True, throttle=True).start()
        self.daemon = self.inspircd


class ThrottledNgircdRig(NgircdRig):
    """With ngircd's own throttle."""

    name = "irc-ngircd-throttled"
    long = True

    async def start(self) -> None:
        self.daemon = await Ngircd(self.folder, password=self.password, penalty=10).start()


class InProcess(Daemon):
    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._server = InProcessServer()
        self.port = self._server.port

    async def stop(self) -> None:
        await asyncio.to_thread(self._server.stop)


class InProcessRig(IrcRig):
    """The server of the ``irc`` library, which returns no token with its PONG."""

    name = "irc-in-process"
    cannot: ClassVar = {
        **IrcRig.cannot,
        Clause.ABSENT: "this small server lets everybody in everywhere",
        Clause.REFUSED: "this small server names nobody in its refusals, so they cannot be read",
        Clause.LIFTABLE: "this small server has no moderated channels",
        Clause.CREDENTIALS: "this small server knows no passwords",
        Clause.SECRETS: "this small server knows no passwords",
    }

    async def start(self) -> None:
        self.daemon = InProcess(self.folder)

    async def watch(self) -> None:
        self.watcher = await Person("watcher").connect(self.daemon.port, *self.channels)


RIGS = (
    InProcessRig,
    NgircdRig,
    InspircdRig,
    BareInspircdRig,
    ThrottledNgircdRig,
    ThrottledInspircdRig,
)

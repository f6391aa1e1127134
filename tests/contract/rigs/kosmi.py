"""Kosmi's rigs: the look-alike, with an account and anonymously. The real site was never tried."""

from __future__ import annotations

import re
from typing import Any, ClassVar

from fault_proxy import FaultProxy
from kosmi_site import KosmiSite

from bot.testing import Clause, Rig, Seen

BOLD = re.compile(r"\*(?=\S)[^*\u200b]+\*")
PING = re.compile(r"@\w")


def shown(body: str) -> Seen:
    """What people see: a blank without width is nothing, bold or a ping is something."""
    return Seen(body.replace("\u200b", ""), bool(BOLD.search(body) or PING.search(body)))


class KosmiRig(Rig):
    kind = "kosmi"
    name = "kosmi"
    channels = ("@night", "@quiet")
    absent = "@closed"
    muted = "@hush"
    refused = "@nowhere"
    cannot: ClassVar = {
        Clause.DEDUPES: "Kosmi takes no key of a message",
        Clause.RATE_LIMIT: "how Kosmi tells of a rate limit is not known",
    }

    async def open(self) -> None:
        self.site = KosmiSite(*self.channels, self.absent, self.muted)
        self.site.rooms[self.absent].open = False
        self.site.rooms[self.muted].muted = True
        await self.site.start()
        self.proxy = await FaultProxy(self.site.port).start()
        token = self.site.token("crier")
        self.secrets = (token,)
        self.settings: dict[str, Any] = {**self.addresses(), "token": token}
        stranger = KosmiSite().token("stranger")
        self.wrong_settings = {**self.settings, "token": stranger + "A"}

    def addresses(self) -> dict[str, str]:
        place = f"127.0.0.1:{self.proxy.port}"
        return {"http_url": f"http://{place}/", "ws_url": f"ws://{place}/gql-ws"}

    async def close(self) -> None:
        await self.proxy.stop()
        await self.site.stop()

    async def seen(self, channel: str) -> list[Seen]:
        return [shown(message.body) for message in self.site.rooms[channel].said]

    async def say(self, channel: str, author: str, text: str) -> None:
        self.site.say(channel, author, text)

    async def cut(self) -> None:
        self.proxy.cut()

    async def down(self) -> None:
        self.proxy.down()

    async def up(self) -> None:
        self.proxy.up()

    async def stall(self) -> None:
        self.proxy.stall()

    async def unmute(self) -> None:
        self.site.rooms[self.muted].muted = False


class AnonymousKosmiRig(KosmiRig):
    name = "kosmi-anonymous"
    cannot: ClassVar = KosmiRig.cannot | {
        Clause.CREDENTIALS: "an anonymous user has no credentials to be wrong",
    }

    async def open(self) -> None:
        await super().open()
        self.settings = self.addresses()

    async def seen(self, channel: str) -> list[Seen]:
        self.secrets = tuple(self.site.users)
        return await super().seen(channel)


RIGS = (KosmiRig, AnonymousKosmiRig)

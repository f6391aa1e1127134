"""Apprise's rig: an HTTP server that its JSON plug-in posts to."""

from __future__ import annotations

from typing import Any, ClassVar

from fault_proxy import FaultProxy
from json_service import JsonService

from bot.testing import Clause, Rig, Seen, until

DEAF = "Apprise hears nothing, it only speaks"


class AppriseRig(Rig):
    kind = "apprise"
    name = "apprise"
    channels = ("night", "quiet")
    muted = "maintained"
    refused = "gone"
    secrets = ("hunter2-of-json", "token-in-the-address")
    cannot: ClassVar = {
        Clause.ABSENT: "there is nothing to join at an address",
        Clause.CREDENTIALS: "Apprise logs in anew with each message, a wrong login is its refusal",
        Clause.DEDUPES: "Apprise gives its services no key of a message",
        Clause.RATE_LIMIT: "Apprise does not tell for how long a service wants to be left alone",
        Clause.HEARS: DEAF,
        Clause.DEAF_TO_SELF: DEAF,
    }

    async def open(self) -> None:
        self.service = JsonService("crier:hunter2-of-json")
        self.service.answers = {self.muted: 503, self.refused: 410}
        await self.service.start()
        self.proxy = await FaultProxy(self.service.port).start()
        everywhere = (*self.channels, self.muted, self.refused)
        self.settings: dict[str, Any] = {"channels": {name: self.at(name) for name in everywhere}}

    def at(self, name: str) -> dict[str, str]:
        address = f"json://crier:hunter2-of-json@127.0.0.1:{self.proxy.port}/{name}"
        return {"url": f"{address}?-key=token-in-the-address"}

    async def close(self) -> None:
        await self.proxy.stop()
        await self.service.stop()

    async def seen(self, channel: str) -> list[Seen]:
        return [Seen(body["message"]) for body in self.service.taken.get(channel, [])]

    async def cut(self) -> None:
        self.proxy.cut()

    async def down(self) -> None:
        await self.proxy.stop()

    async def up(self) -> None:
        await self.proxy.start()

    async def stall(self) -> None:
        self.accepted = self.proxy.accepted
        self.proxy.stall()

    async def under_way(self) -> None:
        await until(lambda: self.proxy.accepted > self.accepted, "a connection")

    async def unmute(self) -> None:
        del self.service.answers[self.muted]


RIGS = (AppriseRig,)

"""The webhook's rig: a receiver that verifies with the library of Standard Webhooks."""

from __future__ import annotations

from typing import Any, ClassVar

from fault_proxy import FaultProxy
from webhook_receiver import Answer, Receiver

from bot.testing import Clause, Rig, Seen

SECRET = "whsec_bmlnaHRjcmllci1uaWdodGNyaWVyLW5pZ2h0Y3JpZXI="
DEAF = "a webhook hears nothing, it only speaks"


class WebhookRig(Rig):
    kind = "webhook"
    name = "webhook"
    channels = ("night", "quiet")
    muted = "maintained"
    refused = "gone"
    secrets = (SECRET, SECRET.removeprefix("whsec_"), "token-in-the-address")
    cannot: ClassVar = {
        Clause.ABSENT: "there is nothing to join at an address",
        Clause.CREDENTIALS: "a receiver is spoken to only when there is something to say",
        Clause.HEARS: DEAF,
        Clause.DEAF_TO_SELF: DEAF,
    }

    async def open(self) -> None:
        self.receiver = Receiver(SECRET)
        self.receiver.answers = {self.muted: [Answer(503)], self.refused: [Answer(410)]}
        await self.receiver.start()
        self.proxy = await FaultProxy(self.receiver.port).start()
        everywhere = (*self.channels, self.muted, self.refused)
        self.settings: dict[str, Any] = {
            "channels": {name: self.channel(name) for name in everywhere},
            "dedupes_for": 300,
        }

    def channel(self, name: str) -> dict[str, str]:
        url = f"http://127.0.0.1:{self.proxy.port}/{name}?key=token-in-the-address"
        return {"url": url, "secret": SECRET}

    async def close(self) -> None:
        await self.proxy.stop()
        await self.receiver.stop()

    async def seen(self, channel: str) -> list[Seen]:
        return [Seen(body["data"]["text"]) for body in self.receiver.taken.get(channel, [])]

    async def cut(self) -> None:
        self.proxy.cut()

    async def down(self) -> None:
        await self.proxy.stop()

    async def up(self) -> None:
        await self.proxy.start()

    async def stall(self) -> None:
        self.proxy.stall()

    async def unmute(self) -> None:
        del self.receiver.answers[self.muted]

    async def limit_rate(self, seconds: float) -> None:
        wait = {"Retry-After": str(max(round(seconds), 1))}
        self.receiver.answers[self.channels[0]] = [Answer(429, wait, times=1)]


RIGS = (WebhookRig,)

"""Discord's rigs: the look-alike, as a bot and as a webhook."""

from __future__ import annotations

from typing import ClassVar

from discord_faults import Act, Fault, rate_limited
from discord_peer import Peer
from discord_shown import shown
from discord_world import Channel, Permission

from bot.testing import Clause, Rig, Seen
from bot.testing.rig import until

ONE_CHANNEL = "a webhook has one channel, so there is no second one to compare with"
DEAF = "without message_content nothing that people write is read (discord-reading has it)"
BY_DESIGN = "a 403 of Discord ends that delivery alone, the next announcement tries again"


class DiscordRig(Rig):
    kind = "discord"
    name = "discord"
    cannot: ClassVar = {
        Clause.ABSENT: "a bot is in every channel of its server that it may see",
        Clause.LIFTABLE: BY_DESIGN,
        Clause.HEARS: DEAF,
        Clause.DEAF_TO_SELF: DEAF,
    }

    async def open(self) -> None:
        self.peer = Peer()
        await self.peer.start()
        self._by_name = {name: self.peer.world.add_channel(name) for name in ("games", "quiet")}
        closed = self.peer.world.add_channel("closed")
        closed.may.discard(Permission.SEND_MESSAGES)
        self.channels = tuple(str(channel.id) for channel in self._by_name.values())
        self.refused = str(closed.id)
        self.settings = {"token": self.peer.token, "api_url": self.peer.api_url}
        self.wrong_settings = self.settings | {"token": "MTIz.wrong.one"}
        self.secrets = (self.peer.token, self.peer.token.rpartition(".")[2])

    async def close(self) -> None:
        await self.peer.stop()

    async def seen(self, channel: str) -> list[Seen]:
        return [self._seen(m.content, m.pings) for m in self._channel(channel).messages.values()]

    def _channel(self, name: str) -> Channel:
        return self.peer.world.channels[int(name)]

    def _seen(self, content: str, pings: list[str]) -> Seen:
        """A link or a mention that only looks like one is as bad as a ping."""
        read = shown(content)
        return Seen(read.text, bool(pings or read.effects or read.styles))

    async def cut(self) -> None:
        self.peer.weather.clear()
        self.peer.cut()

    async def down(self) -> None:
        await self.peer.stop()

    async def up(self) -> None:
        self.peer.weather.clear()
        await self.peer.start()

    async def stall(self) -> None:
        self.peer.weather.faults.append(Fault(".", Act.HANG, times=1_000_000))

    async def limit_rate(self, seconds: float) -> None:
        self.peer.weather.faults.append(rate_limited(seconds, "POST "))


class ReadingRig(DiscordRig):
    """The same with the privileged intent, so that it hears what people write."""

    name = "discord-reading"
    cannot: ClassVar = {
        clause: reason
        for clause, reason in DiscordRig.cannot.items()
        if clause not in (Clause.HEARS, Clause.DEAF_TO_SELF)
    }

    async def open(self) -> None:
        await super().open()
        self.peer.world.content_granted = True
        self.settings |= {"message_content": True}

    async def say(self, channel: str, author: str, text: str) -> None:
        await until(lambda: self.peer.gateway.connected, "the gateway")
        self.peer.say(self._channel(channel), self.peer.person(author), text)


class WebhookRig(DiscordRig):
    name = "discord-webhook"
    cannot: ClassVar = DiscordRig.cannot | {
        Clause.UNCHANGED: ONE_CHANNEL,
        Clause.ORDER: ONE_CHANNEL,
        Clause.HOSTILE: ONE_CHANNEL,
        Clause.RECOVERS: ONE_CHANNEL,
        Clause.CANCELLED: ONE_CHANNEL,
        Clause.REFUSED: ONE_CHANNEL,
        Clause.DEDUPES: "Discord remembers no nonce for a webhook's messages",
        Clause.HEARS: "a webhook hears nothing, it only speaks",
        Clause.DEAF_TO_SELF: "a webhook hears nothing, itself included",
    }

    async def open(self) -> None:
        await super().open()
        channel = self._by_name["games"]
        secret = "look-alike-webhook-secret"
        hook = self.peer.world.add_webhook(channel, secret)
        base = {"api_url": self.peer.api_url}
        url = f"{self.peer.api_url}/webhooks/{hook}/{{}}"
        self.channels = ("night",)
        self.settings = base | {"webhook_url": url.format(secret)}
        self.wrong_settings = base | {"webhook_url": url.format("wrong")}
        self.secrets = (secret,)

    def _channel(self, name: str) -> Channel:
        return self._by_name["games"]


RIGS: tuple[type[Rig], ...] = (DiscordRig, ReadingRig, WebhookRig)

"""Announcements through a webhook, on the Discord look-alike."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager, suppress

import pytest
from discord_faults import Act, Fault, rate_limited
from discord_peer import Peer
from discord_shown import shown
from discord_stage import DEADLINE, plain, until
from discord_world import Kind as ChannelKind

from adapters import discord as kind
from adapters.discord.webhook import Webhook
from bot.domain import Card, Field, Kind, Proof
from bot.port import AdapterFatal, Ambiguous, Permanent, Transient

SECRET = "look-alike-webhook-secret"
CARD = Card("Fibbage 4", (Field("Pack", "9"),))
POST = "POST .*/webhooks"


class Hook:
    def __init__(self, peer: Peer, **settings) -> None:
        self.peer = peer
        self.channel = peer.world.add_channel("games", ChannelKind.TEXT)
        self.id = peer.world.add_webhook(self.channel, SECRET)
        url = f"{peer.api_url}/webhooks/{self.id}/{SECRET}"
        self.settings = kind.Settings(webhook_url=url, api_url=peer.api_url, **settings)
        self.adapter = kind.build(
            self.settings, name="h", channels=("night",), hear=print, memory=None
        )

    async def send(self, text, key: str = "k"):
        said = plain(text) if isinstance(text, str) else text
        return await self.adapter.send("night", said, key=key)

    @property
    def messages(self):
        return list(self.channel.messages.values())


@asynccontextmanager
async def running(hook: Hook):
    task = asyncio.create_task(hook.adapter.run())

    async def ready() -> bool:
        with suppress(Transient):
            await hook.adapter.verify("night")
            return True
        return False

    try:
        await until(ready, "the webhook")
        yield task
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError, AdapterFatal):
            await asyncio.wait_for(task, DEADLINE)


async def test_lines_arrive_whole_and_in_order(peer):
    """Text is read unchanged, hostile or not, and confirmed with the message's id."""
    hook = Hook(peer)
    texts = ["🎮 Next up: *Fibbage* 4 (+4)", "@everyone <@1> https://a.b/c", "three"]
    async with running(hook):
        receipts = [await hook.send(text, str(n)) for n, text in enumerate(texts)]
    assert [shown(m.content).text for m in hook.messages] == texts
    assert not any(m.pings or shown(m.content).effects for m in hook.messages)
    assert [r.remote_id for r in receipts] == [str(m.id) for m in hook.messages]
    assert {r.proof for r in receipts} == {Proof.CONFIRMED}


async def test_cards_roles_and_silence(peer):
    """A card is an embed; a configured role is pinged; a silent kind makes no sound."""
    role = peer.world.add_role("players", mentionable=True)
    hook = Hook(peer, mention_roles={"session_started": role.id}, silent=["stats"])
    async with running(hook):
        await hook.send(plain("begun", kind=Kind.SESSION_STARTED, card=CARD))
        await hook.send(plain("numbers", kind=Kind.STATS))
    first, second = hook.messages
    assert (first.pings, first.embeds[0]["title"]) == (["role players"], "Fibbage 4")
    assert (second.pings, second.flags) == ([], 1 << 12)


async def test_a_refused_card_is_plain_text(peer):
    """What is refused with its card is said without."""
    hook = Hook(peer)
    async with running(hook):
        peer.weather.faults.append(Fault(POST, status=400, body={"code": 50035, "message": "no"}))
        await hook.send(plain("text", card=CARD))
    assert [(m.content, m.embeds) for m in hook.messages] == [("text", [])]


async def test_an_edit(peer):
    """The webhook's own message is edited by its id; a deleted one is Permanent."""
    hook = Hook(peer)
    async with running(hook):
        receipt = await hook.send("old")
        await hook.adapter.edit("night", receipt.remote_id, plain("new", card=CARD))
        assert (hook.messages[0].content, len(hook.messages[0].embeds)) == ("new", 1)
        hook.channel.messages.clear()
        with pytest.raises(Permanent):
            await hook.adapter.edit("night", receipt.remote_id, plain("newer"))


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (Fault(POST, Act.STORE_THEN_ANSWER, status=500), Ambiguous),
        (Fault(POST, Act.STORE_THEN_RESET), Ambiguous),
        (Fault(POST, status=200, body="<html>welcome</html>"), Ambiguous),
        (rate_limited(90.0, POST), Transient),
        (Fault(POST, status=400, body={"code": 50006, "message": "empty"}), Permanent),
    ],
)
async def test_nothing_is_repeated(peer, fault, error):
    """Without a nonce a repeat is a second message, so each failure is told after one request."""
    hook = Hook(peer)
    async with running(hook):
        peer.weather.faults.append(fault)
        with pytest.raises(error) as caught:
            await hook.send("once")
        assert SECRET not in f"{caught.value} {caught.value.__cause__!r}"
        posts = [asked for asked in peer.weather.log if asked.method == "POST"]
        assert len(posts) == 1
        if error is Transient:
            assert caught.value.retry_after == 91
        await hook.send("next")
        assert hook.messages[-1].content == "next"


@pytest.mark.parametrize("card", [None, CARD])
async def test_a_deleted_webhook_is_never_used_again(peer, card):
    """After Unknown Webhook nothing is asked any more, and run ends with what to do."""
    hook = Hook(peer)
    async with running(hook) as task:
        del peer.world.webhooks[hook.id]
        with pytest.raises(Permanent):
            await hook.send(plain("gone", card=card))
        asked = len(peer.weather.log)
        with pytest.raises(Transient):
            await hook.send("gone")
        assert len(peer.weather.log) == asked
        with pytest.raises(AdapterFatal, match="make a new one"):
            await asyncio.wait_for(task, DEADLINE)


async def test_a_webhook_out_of_reach_is_waited_for(peer):
    """A server's error at the start is waited out, however often."""
    hook = Hook(peer)
    peer.weather.faults.append(Fault("GET .*/webhooks", status=503))
    async with running(hook):
        await hook.send("there")
    assert [m.content for m in hook.messages] == ["there"]


async def test_an_outage_at_the_start_is_said_once(peer, caplog):
    """However often the webhook is asked for, one reason is one line in the log."""

    async def at_once(_: float) -> None:
        await asyncio.sleep(0)

    hook = Hook(peer)
    hook.adapter = Webhook(hook.settings, "h", at_once)
    peer.weather.faults.append(Fault("GET .*/webhooks", status=503, times=4))
    peer.weather.faults.append(Fault("GET .*/webhooks", status=502, times=2))
    async with running(hook):
        pass
    said = [record.getMessage() for record in caplog.records if "reached" in record.getMessage()]
    assert ["503" in line for line in said] == [True, False]


async def test_a_webhook_answers_nobody(peer):
    """It hears nothing, so there is nothing to reply to."""
    with pytest.raises(Permanent):
        await Hook(peer).adapter.reply(None, plain("x"), True)

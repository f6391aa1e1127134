"""Kosmi on its look-alike: the site's traps, and what changes with the site."""

from __future__ import annotations

import asyncio
import gc
import logging
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any

import aiohttp
import pytest
from fault_proxy import FaultProxy
from kosmi_site import KosmiSite
from present import Present
from pydantic import ValidationError

from adapters.kosmi import build, fold
from adapters.kosmi.adapter import DAY, Kosmi, alone, render
from adapters.kosmi.room import Patience, is_refusal, only, told
from adapters.kosmi.settings import Settings
from bot.domain import Line, Message, Proof, Span, Style
from bot.port import AdapterFatal, Ambiguous, Permanent, Transient
from bot.testing import MemoryInMemory, message, ready, running, until
from bot.testing.rig import DEADLINE, turns

NOW = 1_762_563_600.0
HASTY = Patience(echo=0.2, ping=0.05, pong=0.1)


@pytest.fixture
async def site() -> AsyncIterator[KosmiSite]:
    site = KosmiSite("@night", "@other")
    await site.start()
    yield site
    await site.stop()


def settings(site: KosmiSite, *, port: int | None = None, **more: Any) -> Settings:
    place = f"127.0.0.1:{port or site.port}"
    return Settings(http_url=f"http://{place}/", ws_url=f"ws://{place}/gql-ws", **more)


def kosmi(site: KosmiSite, heard: list[Any] | None = None, **more: Any) -> Kosmi:
    """An adapter that waits for nothing between its connections."""
    patience = more.pop("patience", Patience())
    return Kosmi(
        settings(site, **more),
        "kosmi",
        ("@night",),
        (heard if heard is not None else []).append,
        now=lambda: NOW,
        sleep=lambda _: asyncio.sleep(0),
        patience=patience,
    )


async def test_asks_in_the_order_that_works(site: KosmiSite) -> None:
    """Who we are, join, the chat, then the subscriptions, the messages last."""
    async with running(kosmi(site), "@night"):
        (connection,) = site.connections
    assert connection.asked[:6] == [
        "currentUser",
        "joinRoom",
        "chatArchive",
        "roomDisconnect",
        "memberJoins",
        "newMessage",
    ]


async def test_own_message_is_the_receipt(site: KosmiSite) -> None:
    """A message that we see come back is confirmed, with its id, before its answer is there."""
    async with running(kosmi(site), "@night") as adapter:
        site.lateness = 60.0
        receipt = await adapter.send("@night", message("  hello there "), key="k")
    assert receipt.proof is Proof.CONFIRMED
    assert receipt.remote_id == site.rooms["@night"].said[0].id


async def test_the_same_text_twice_at_once(site: KosmiSite) -> None:
    """An announcement and an answer of the same words are each confirmed by their own message."""
    async with running(kosmi(site), "@night") as adapter:
        said, _ = await asyncio.wait_for(
            asyncio.gather(
                adapter.send("@night", message("the same"), key="k"),
                adapter.reply("@night", message("the same"), private=False),
            ),
            DEADLINE,
        )
    messages = site.rooms["@night"].said
    assert [one.body for one in messages] == ["the same", "the same"]
    assert said.remote_id == messages[0].id


async def test_ok_is_no_receipt(site: KosmiSite) -> None:
    """A message that is answered with ok and never shown is in doubt."""
    async with running(kosmi(site, patience=HASTY), "@night") as adapter:
        site.rooms["@night"].loses = True
        with pytest.raises(Ambiguous, match="did not appear"):
            await adapter.send("@night", message("lost"), key="k")


async def test_subscribing_first_would_kill_the_connection(site: KosmiSite) -> None:
    """The look-alike hangs up on who has not joined; the adapter says so and tries again."""
    elsewhere = {"join": 'mutation { joinRoom(id: "@other") { ok } }'}
    adapter = kosmi(site, operations=elsewhere)
    task = asyncio.create_task(adapter.run())
    await until(lambda: len(site.connections) > 3, "a few connections")
    with pytest.raises(Transient, match="closed"):
        await adapter.verify("@night")
    task.cancel()
    await asyncio.wait({task})


async def test_disconnected_by_the_site(site: KosmiSite) -> None:
    """When the site puts us out of a room we come back."""
    async with running(kosmi(site), "@night") as adapter:
        site.rooms["@night"].kick()
        await until(lambda: len(site.connections) == 2, "a second connection")
        await ready(adapter, "@night")
        await adapter.send("@night", message("back"), key="k")


async def test_silent_site_is_noticed(site: KosmiSite, present: Present) -> None:
    """A connection over which nothing comes any more is given up, and made anew."""
    proxy = await present.started(FaultProxy(site.port))
    async with running(kosmi(site, port=proxy.port, patience=HASTY), "@night") as adapter:
        proxy.stall()
        await until(lambda: proxy.accepted > 1, "a second connection")
        proxy.cut()
        await ready(adapter, "@night")


async def test_page_of_the_site_has_changed(site: KosmiSite) -> None:
    """Operations of the host's own are given the variables that they declare, and no others."""
    send = """
        mutation SendMessage2($body: String!, $roomId: String!, $channelId: String!) {
          sendMessage2(body: $body, roomId: $roomId, channelId: $channelId) { ok } }"""
    async with running(kosmi(site, operations={"send": send}), "@night") as adapter:
        await adapter.send("@night", message("new ways"), key="k")
    assert site.connections[0].asked[-2:] == ["sendMessage2 to general", "sendMessage"]


async def test_what_does_not_look_like_a_browser(site: KosmiSite) -> None:
    """A refused handshake is told with its status."""
    token = site.token("crier")
    adapter = kosmi(site, token=token, user_agent="curl/8")
    task = asyncio.create_task(adapter.run())

    async def told() -> bool:
        with pytest.raises(Transient) as caught:
            await adapter.verify("@night")
        return "answers the connection with 403" in str(caught.value)

    await until(told, "the refusal")
    task.cancel()
    await asyncio.wait({task})


async def test_anonymous_login_is_renewed(site: KosmiSite) -> None:
    """An anonymous token that is no longer good is replaced by a new one."""
    async with running(kosmi(site), "@night") as adapter:
        site.users.clear()
        site.connections[-1].hang_up()
        await until(lambda: site.users, "a new user")
        await ready(adapter, "@night")


async def test_rooms_do_not_wait_for_each_other(site: KosmiSite) -> None:
    """A room that lets nobody in changes nothing for another."""
    site.rooms["@other"].open = False
    both = ("@other", "@night")
    adapter = build(
        settings(site), name="kosmi", channels=both, hear=print, memory=MemoryInMemory()
    )
    async with running(adapter, "@night"):
        await adapter.send("@night", message("alone"), key="k")
        with pytest.raises(Transient, match="let us in"):
            await adapter.verify("@other")


@pytest.mark.parametrize(("days", "fatal"), [(-1, True), (3, False)])
async def test_end_of_a_token_is_told(
    site: KosmiSite, caplog: pytest.LogCaptureFixture, days: int, fatal: bool
) -> None:
    """A token that has ended is fatal, one that ends within a week is told of once."""
    caplog.set_level(logging.WARNING, "adapters.kosmi")
    adapter = kosmi(site, token=site.token("crier", exp=int(NOW + days * DAY)))
    if fatal:
        with pytest.raises(AdapterFatal, match="has ended on 2025-11-07"):
            await adapter.run()
    else:
        async with running(adapter, "@night"):
            told = [record.getMessage() for record in caplog.records]
            assert told == ["kosmi: the token of Kosmi ends on 2025-11-11"]


async def test_answers_go_to_the_room(site: KosmiSite) -> None:
    """A reply is said where the question came from; in private there is nothing."""
    heard: list[Any] = []
    async with running(kosmi(site, heard), "@night") as adapter:
        site.say("@night", "alice", "!votes")
        await until(lambda: heard, "the question")
        (line,) = heard
        assert isinstance(line, Line)
        await adapter.reply(line.handle, message("5 up, 1 down"), private=False)
        with pytest.raises(Permanent, match="no private messages"):
            await adapter.reply(line.handle, message("psst"), private=True)
    assert [said.body for said in site.rooms["@night"].said] == ["!votes", "5 up, 1 down"]
    assert len(heard) == 1


async def test_site_that_repeats_our_token(site: KosmiSite) -> None:
    """What the site says of a refusal is told, and the token in it is not, nor a part of it."""
    token = site.token("crier", note="x" * 300)
    async with running(kosmi(site, token=token), "@night") as adapter:
        site.rooms["@night"].muted = True
        with pytest.raises(Transient, match=r"refuses the message: FORBIDDEN to \*\*\*$"):
            await adapter.send("@night", message("hush"), key="k")


async def test_what_we_are_called_is_learned_from_our_messages(site: KosmiSite) -> None:
    """Our name is known once a message of ours was seen, and at once where the chat has one."""
    async with running(kosmi(site), "@night") as adapter:
        assert adapter.names("@night") == ()
        await adapter.send("@night", message("here"), key="k")
        assert adapter.names("@night") == ("anonymous", "anonymous")
    token = next(iter(site.users))
    async with running(kosmi(site, token=token), "@night") as again:
        assert again.names("@night") == ("anonymous", "anonymous")


@pytest.mark.parametrize(
    ("user", "body"),
    [
        ("id displayName username", "body: time"),
        ("id", "body"),
        ("name: id", "body"),
    ],
    ids=["no text", "no name", "no id"],
)
async def test_message_of_another_form_is_left_alone(
    site: KosmiSite, caplog: pytest.LogCaptureFixture, user: str, body: str
) -> None:
    """What we cannot read is not handed on, and the connection lives on, until the site ends it."""
    heard: list[Any] = []
    odd = kosmi(site, heard, operations=messages(body, user), patience=Patience(echo=0.2))
    async with running(odd, "@night") as adapter:
        site.say("@night", "alice", "hello")
        with suppress(Ambiguous):
            await adapter.send("@night", message("heard you"), key="k")
        site.rooms["@night"].kick()
        await until(lambda: len(site.connections) == 2, "the end of the connection")
    assert heard == []
    assert caplog.messages == ["kosmi/@night: the site disconnected us from the room"]


@pytest.mark.parametrize("fields", ["body time: id", "body"], ids=["no time", "none at all"])
async def test_message_without_a_readable_time_is_of_now(site: KosmiSite, fields: str) -> None:
    """A time of another form, or none, does not cost the message, nor the connection."""
    heard: list[Any] = []
    changed = messages(fields, "id displayName username")
    async with running(kosmi(site, heard, operations=changed), "@night"):
        site.say("@night", "alice", "one")
        site.say("@night", "alice", "two")
        await until(lambda: len(heard) == 2, "both messages")
    assert [(line.text, line.at) for line in heard] == [("one", NOW), ("two", NOW)]
    assert len(site.connections) == 1


def messages(fields: str, user: str) -> dict[str, str]:
    """The operation that listens, with ``fields`` of a message and of its ``user``."""
    return {
        "messages": f"""subscription ($roomId: String!, $channelId: String!) {{
            newMessage(roomId: $roomId, channelId: $channelId) {{
                id {fields} user {{ {user} }} }} }}"""
    }


@pytest.mark.parametrize(
    "login", ["{ anonLogin { token: __typename } }", "{ anonLogin { __typename } }"]
)
async def test_anonymous_login_of_another_form(site: KosmiSite, login: str) -> None:
    """An answer without a token is told as the site's, not as the host's mistake."""
    adapter = kosmi(site, operations={"login": f"mutation {login}"})
    task = asyncio.create_task(adapter.run())
    await until(lambda: adapter_says(adapter, "anonymous login gives no token"), "the trouble")
    task.cancel()
    await asyncio.wait({task})


async def adapter_says(adapter: Kosmi, what: str) -> bool:
    try:
        await adapter.verify("@night")
    except Transient as error:
        return what in str(error)
    return False


async def test_cancellation_that_the_library_loses() -> None:
    """Work that goes on after a cancellation is cancelled again, and does not hold up the end."""
    lost: list[bool] = []

    async def work() -> None:
        with suppress(asyncio.CancelledError):
            await asyncio.get_running_loop().create_future()
        lost.append(True)
        await asyncio.get_running_loop().create_future()

    task = asyncio.create_task(alone(work(), again=0.01))
    await turns(2)
    task.cancel()
    await asyncio.wait({task}, timeout=DEADLINE)
    assert lost == [True]
    assert task.cancelled()


async def test_fault_while_ending_is_not_logged_by_asyncio() -> None:
    """What a connection raises while it is being cancelled is nobody's business."""
    told: list[Any] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: told.append(context))

    async def connection() -> None:
        try:
            await asyncio.get_running_loop().create_future()
        finally:
            raise ConnectionError("broke at the same time")

    task = asyncio.create_task(alone(connection()))
    await turns(2)
    task.cancel()
    await asyncio.wait({task})
    assert task.cancelled()
    del task
    gc.collect()
    assert told == []


@pytest.mark.parametrize(
    ("cause", "error", "said"),
    [
        (
            aiohttp.ClientResponseError(None, (), status=403),
            OSError(),
            "Kosmi answers the login with 403",
        ),  # type: ignore[arg-type]
        (None, TimeoutError(), "Kosmi does not answer in time"),
        (None, ConnectionError("the site went away"), "the site went away"),
    ],
)
def test_trouble_is_told_in_words(cause: Exception | None, error: Exception, said: str) -> None:
    """A host reads a sentence, not a library's error."""
    error.__cause__ = cause
    assert told(error) == said


@pytest.mark.parametrize(
    ("answer", "refused"),
    [({"ok": False}, True), ({"ok": True}, False), (None, False), ({}, False)],
)
def test_only_a_clear_no_is_a_refusal(answer: Any, refused: bool) -> None:
    """An answer that says nothing leaves the message in doubt until it is seen."""
    assert is_refusal(answer) is refused


@pytest.mark.parametrize("answer", [None, {}, {"a": 1, "b": 2}])
def test_answer_without_its_one_field(answer: Any) -> None:
    """An answer of another form is a fault of the connection, never a foreign exception."""
    with pytest.raises(ValueError, match="unpack"):
        only(answer)


def test_text_as_kosmi_takes_it() -> None:
    """Bold is between asterisks; other asterisks, mentions and line ends do nothing."""
    spans = (Span("Fib*bage", Style.BOLD), Span(" @all\n2 * 3"), Span(" x ", Style.BOLD))
    zero = "\u200b"
    assert render(Message(spans)) == f"*Fib*{zero}bage* @{zero}all 2 *{zero} 3 x "


@pytest.mark.parametrize(
    ("more", "what"),
    [
        ({"token": "abc"}, "is no token of Kosmi's"),
        ({"token": "e30.e30.e30"}, "is no token of Kosmi's"),
        ({"operations": {"send": "mutation {"}}, "send must be one GraphQL operation"),
        ({"operations": {"send": "query { a } query { b }"}}, "send must be one GraphQL operation"),
        ({"ws_url": "https://engine.kosmi.io"}, "should match pattern"),
    ],
)
def test_settings_that_cannot_be(more: dict[str, Any], what: str) -> None:
    """What no site could take is refused before anything is connected to."""
    with pytest.raises(ValidationError, match=what):
        Settings(**more)


@pytest.mark.parametrize("channel", ["night", "https://app.kosmi.io/room/@night", "@", "@a b"])
def test_channels_that_cannot_be(channel: str) -> None:
    """A room is its name with its @."""
    with pytest.raises(ValueError, match="with its @"):
        fold(channel)
    assert fold("@Night") == "@night"

"""The contract for every adapter, on every rig. The form of a rig is told in ``rig.py``.

A test module takes the whole suite in and names its rigs::

    from bot.testing.contract import *

    RIGS = (MyRig,)
"""

from __future__ import annotations

import asyncio
import logging
import threading
import time
import unicodedata
from collections.abc import Callable, Coroutine
from contextlib import suppress
from functools import partial, wraps
from typing import Any, TypeVar

import pytest
from pydantic import ValidationError

import adapters
from bot.domain import Line, Unit
from bot.port import AdapterFatal, Ambiguous, Permanent, Transient
from bot.testing.observe import arrived, ending, example_tables, fill, last_is, letters, sockets
from bot.testing.rig import (
    DEADLINE,
    Clause,
    MemoryInMemory,
    Rig,
    limit,
    message,
    ready,
    running,
    send_until,
    turns,
    until,
)

Test = TypeVar("Test", bound=Callable[..., Coroutine[Any, Any, None]])


def clause(which: Clause) -> Callable[[Test], Test]:
    """Make a test the proof of a clause, on each rig that can have it, and let it not hang."""

    def mark(test: Test) -> Test:
        @wraps(test)
        async def limited(rig: Rig, **fixtures: Any) -> None:
            async with limit(f"{rig.name} hangs in {test.__name__}", rig):
                await test(rig=rig, **fixtures)

        return pytest.mark.asyncio(pytest.mark.clause(which)(limited))  # type: ignore[no-any-return]

    return mark


HOSTILE = (
    "@everyone @here <@1> <@&2> <#3> everyone",
    "**bold** __under__ ~~no~~ ||spoiler|| `code` > quote # head [a](http://b)",
    "\x02\x03,4red\x0f \x1b[31mred\x1b[0m \x16\x1d\x1f\x11",
    "title\rQUIT :gone",
    "title\r\nPRIVMSG #other :injected",
    "nul \x00 in the middle",
    "\x01ACTION waves\x01",
    "!roll the dice",
    "/quit now",
    ":starts with a colon",
)


# --- what is said -------------------------------------------------------------------------


@clause(Clause.UNCHANGED)
async def test_text_is_seen_once_in_its_channel(rig: Rig) -> None:
    """Each channel shows its own text, once and unchanged."""
    first, second = rig.channels[:2]
    text = "🎮 Next up: Fibbage 4 · 2–8 players · 100% «größer» 日本 👨‍👩‍👧 5👍"
    async with running(rig.build(), first, second) as adapter:
        await adapter.send(first, message(text), key="one")
        await adapter.send(second, message("elsewhere"), key="two")
        assert await arrived(rig, first, 1) == [text]
        assert await arrived(rig, second, 1) == ["elsewhere"]


@clause(Clause.ORDER)
async def test_order_holds(rig: Rig) -> None:
    """Lines sent one after another are seen in that order, in each of two channels at once."""
    async with running(rig.build(), *rig.channels[:2]) as adapter:

        async def night(channel: str) -> None:
            for number in range(6):
                await adapter.send(channel, message(f"line {number} of {channel}"), key=f"{number}")

        await asyncio.gather(*map(night, rig.channels[:2]))
        for channel in rig.channels[:2]:
            expected = [f"line {number} of {channel}" for number in range(6)]
            assert await arrived(rig, channel, 6) == expected


@clause(Clause.LONGEST_ASCII)
async def test_longest_ascii_passes(rig: Rig) -> None:
    """A text of exactly the allowed length in ASCII arrives whole."""
    channel = rig.channels[0]
    async with running(rig.build(), channel) as adapter:
        text = fill("x", adapter)
        await adapter.send(channel, message(text), key="long")
        assert await arrived(rig, channel, 1) == [text]


@clause(Clause.LONGEST_WIDE)
async def test_longest_wide_passes(rig: Rig) -> None:
    """A text of four-byte characters as long as allowed arrives whole."""
    channel = rig.channels[0]
    async with running(rig.build(), channel) as adapter:
        text = fill("🎲", adapter)
        assert len(text) >= adapter.limits.length // (4 if adapter.limits.unit is Unit.BYTES else 2)
        await adapter.send(channel, message(text), key="wide")
        assert await arrived(rig, channel, 1) == [text]


@clause(Clause.HOSTILE)
async def test_hostile_text_is_harmless(rig: Rig) -> None:
    """Controls, markup, mentions and commands in a text come out as one plain message each."""
    first, second = rig.channels[:2]
    async with running(rig.build(), first, second) as adapter:
        for number, text in enumerate(HOSTILE):
            await adapter.send(first, message(text), key=str(number))
        await adapter.send(second, message("still here"), key="last")
        await arrived(rig, first, len(HOSTILE))
        assert await arrived(rig, second, 1) == ["still here"]
    seen = await rig.seen(first)
    assert [letters(one.text) for one in seen] == [letters(text) for text in HOSTILE]
    assert not any(one.pings for one in seen)
    controls = {c for one in seen for c in one.text if unicodedata.category(c) == "Cc"}
    assert controls <= {"\n"}


@clause(Clause.DEDUPES)
async def test_same_key_is_one_message(rig: Rig) -> None:
    """A repeat of a key while the far side deduplicates is seen once, with the same remote id."""
    channel = rig.channels[0]
    async with running(rig.build(), channel) as adapter:
        assert adapter.limits.dedupes_for > 0
        first = await adapter.send(channel, message("once"), key="same")
        again = await adapter.send(channel, message("once"), key="same")
        await adapter.send(channel, message("after"), key="other")
        assert await arrived(rig, channel, 2) == ["once", "after"]
        assert again.remote_id == first.remote_id


# --- what goes wrong ----------------------------------------------------------------------


@clause(Clause.NOT_CONNECTED)
async def test_not_connected_is_transient(rig: Rig) -> None:
    """Before run, and while the far side is down, a send is Transient at once."""
    channel = rig.channels[0]
    adapter = rig.build()
    with pytest.raises(Transient):
        await asyncio.wait_for(adapter.send(channel, message("early"), key="early"), DEADLINE)
    async with running(adapter, channel):
        await rig.down()

        async def noticed() -> bool:
            with suppress(Ambiguous):
                try:
                    await adapter.send(channel, message("down"), key="down")
                except Transient:
                    return True
            return False

        await until(noticed, "a Transient")


@clause(Clause.DROPPED)
async def test_drop_during_send_is_told(rig: Rig) -> None:
    """A connection that breaks under a send gives Transient or Ambiguous, and soon."""
    channel = rig.channels[0]
    async with running(rig.build(), channel) as adapter:
        await rig.stall()
        sending = asyncio.create_task(adapter.send(channel, message("lost"), key="lost"))
        await rig.under_way()
        await rig.cut()
        with pytest.raises((Transient, Ambiguous)):
            await asyncio.wait_for(sending, DEADLINE)


@clause(Clause.REFUSED)
async def test_refused_for_good_is_permanent(rig: Rig) -> None:
    """A channel that can never be spoken in is Permanent; its neighbour goes on."""
    channel = rig.channels[0]
    async with running(rig.build(channels=(channel, rig.refused)), channel) as adapter:

        async def refused() -> bool:
            try:
                await adapter.send(rig.refused, message("no"), key="no")
            except Transient:
                return False
            except Permanent:
                return True
            raise AssertionError("the refused channel took a message")

        await until(refused, "a Permanent")
        await adapter.send(channel, message("yes"), key="yes")
        assert await arrived(rig, channel, 1) == ["yes"]


@clause(Clause.ABSENT)
async def test_absent_is_transient(rig: Rig) -> None:
    """A channel that does not let us in is Transient, with a reason, and its neighbour goes on."""
    channel = rig.channels[0]
    async with running(rig.build(channels=(channel, rig.absent)), channel) as adapter:
        with pytest.raises(Transient) as caught:
            await adapter.send(rig.absent, message("no"), key="no")
        assert str(caught.value)
        with pytest.raises(Transient):
            await adapter.verify(rig.absent)
        await adapter.send(channel, message("yes"), key="yes")
        assert await arrived(rig, channel, 1) == ["yes"]


@clause(Clause.LIFTABLE)
async def test_liftable_refusal_is_transient(rig: Rig) -> None:
    """What a channel refuses now and allows later is Transient, and then goes through."""
    async with running(rig.build(channels=(rig.muted,))) as adapter:
        with suppress(AssertionError):  # an adapter may know before it speaks that it may not
            await ready(adapter, rig.muted, seconds=1)
        with pytest.raises(Transient):
            await adapter.send(rig.muted, message("hush"), key="hush")
        await rig.unmute()
        await send_until(adapter, rig.muted, "aloud", key="aloud")
        assert await arrived(rig, rig.muted, 1) == ["aloud"]


@clause(Clause.RATE_LIMIT)
async def test_rate_limit_is_told_or_waited_out(rig: Rig) -> None:
    """A short rate limit is waited out or told; a long one is told with its wait."""
    channel = rig.channels[0]
    async with running(rig.build(), channel) as adapter:
        await rig.limit_rate(0.2)
        await send_until(adapter, channel, "after a short wait", key="short")
        await rig.limit_rate(120.0)
        with pytest.raises(Transient) as caught:
            await asyncio.wait_for(adapter.send(channel, message("x"), key="long"), DEADLINE)
        assert caught.value.retry_after is not None
        assert 100 <= caught.value.retry_after <= 130


@clause(Clause.RECOVERS)
async def test_recovers_by_itself(rig: Rig) -> None:
    """After an outage it connects again and speaks in the same channels, unasked."""
    first, second = rig.channels[:2]
    async with running(rig.build(), first, second) as adapter:
        await adapter.send(first, message("before"), key="before")
        await rig.down()
        await rig.up()
        await send_until(adapter, first, "after", key="after")
        await send_until(adapter, second, "after too", key="after too")
        for channel, text in ((first, "after"), (second, "after too")):
            await until(partial(last_is, rig, channel, text), f"{text!r} in {channel}")


@clause(Clause.CANCELLED)
async def test_cancelling_leaves_nothing(rig: Rig) -> None:
    """After cancellation there is no task, socket or thread more than before."""
    tasks, threads, before = asyncio.all_tasks(), threading.active_count(), sockets()
    adapter = rig.build()
    async with running(adapter, *rig.channels[:2]):
        await adapter.send(rig.channels[0], message("hello"), key="hello")
    with pytest.raises(Transient):
        await adapter.send(rig.channels[0], message("gone"), key="gone")
    await rig.close()
    await until(lambda: asyncio.all_tasks() <= tasks, lambda: ending(asyncio.all_tasks() - tasks))
    await until(lambda: threading.active_count() <= threads, "its threads to end")
    await until(lambda: not sockets() - before, "its sockets to close")


@clause(Clause.STALLED)
async def test_stalled_far_side_holds_nobody_up(rig: Rig) -> None:
    """While a send waits for a far side that has stopped, other tasks make progress."""
    channel = rig.channels[0]
    async with running(rig.build(), channel) as adapter:
        await rig.stall()
        sending = asyncio.create_task(adapter.send(channel, message("slow"), key="slow"))
        await turns(1_000)
        sending.cancel()
        with suppress(asyncio.CancelledError, Transient, Ambiguous):
            await asyncio.wait_for(sending, DEADLINE)
        await rig.cut()


@clause(Clause.CREDENTIALS)
async def test_wrong_credentials_are_fatal_once(rig: Rig) -> None:
    """Run ends by AdapterFatal, with a sentence that holds no secret."""
    adapter = rig.build(rig.wrong_settings)
    with pytest.raises(AdapterFatal) as caught:
        await asyncio.wait_for(adapter.run(), 2 * DEADLINE)
    assert str(caught.value).strip()
    assert not any(secret in str(caught.value) for secret in rig.secrets)
    with pytest.raises(Transient):
        await adapter.send(rig.channels[0], message("no"), key="no")


@clause(Clause.SECRETS)
async def test_no_secret_is_shown(rig: Rig, caplog: pytest.LogCaptureFixture) -> None:
    """Settings, adapter, errors and log records of a whole life hold none of the secrets."""
    caplog.set_level(logging.DEBUG)
    channel = rig.channels[0]
    adapter = rig.build()
    shown = [
        repr(adapter),
        str(adapter),
        repr(vars(adapter)) if hasattr(adapter, "__dict__") else "",
    ]
    async with running(adapter, channel):
        await adapter.send(channel, message("hello"), key="hello")
        await rig.down()
        with pytest.raises((Transient, Ambiguous)) as caught:
            await adapter.send(channel, message("hello"), key="again")
        shown += [repr(caught.value), repr(caught.value.__cause__), repr(adapter)]
    module = adapters.load(rig.kind)
    shown.append(repr(module.Settings(**rig.settings)))
    shown += [record.getMessage() + str(record.exc_info) for record in caplog.records]
    assert rig.secrets, "a rig without secrets names this clause in `cannot`"
    for secret in rig.secrets:
        assert not [text for text in shown if secret in text]


# --- settings -----------------------------------------------------------------------------


@clause(Clause.STRICT)
async def test_settings_refuse_unknown_keys(rig: Rig) -> None:
    """A key that the kind does not know is an error that names it."""
    module = adapters.load(rig.kind)
    with pytest.raises(ValidationError) as caught:
        module.Settings(**rig.settings, colour_of_bikeshed="red")
    assert [error["loc"] for error in caught.value.errors()] == [("colour_of_bikeshed",)]
    assert module.Settings.model_config.get("frozen") is True


@clause(Clause.EXAMPLE)
async def test_example_section_builds_it(rig: Rig, pytestconfig: pytest.Config) -> None:
    """The section of the example configuration, commented out or not, is valid and builds."""
    module = adapters.load(rig.kind)
    ours = {"kind", "channels", "announce", "beside_relay"} - module.Settings.model_fields.keys()
    for name, table in example_tables(rig.kind, pytestconfig.rootpath / rig.example).items():
        channels = tuple(map(str, table.get("channels", ()))) or rig.channels[:1]
        adapter = module.build(
            module.Settings(**{key: table[key] for key in table.keys() - ours}),
            name=name,
            channels=channels,
            hear=rig.heard.append,
            memory=MemoryInMemory(),
        )
        assert adapter.limits.length > 0


# --- what is heard ------------------------------------------------------------------------


@clause(Clause.HEARS)
async def test_others_are_heard(rig: Rig) -> None:
    """What a person says is heard once, with its channel, its author and its text."""
    channel = rig.channels[1]
    async with running(rig.build(), *rig.channels[:2]):
        await rig.say(channel, "alice", "thisgame++ größer 👍")
        await until(lambda: rig.heard, "the line")
        (line,) = rig.heard
        assert isinstance(line, Line)
        assert (str(line.target), line.author.name, line.text) == (
            f"night/{channel}",
            "alice",
            "thisgame++ größer 👍",
        )
        assert line.author.id
        assert not line.author.is_bot
        assert not line.private
        assert abs(line.at - time.time()) < 600, "`at` is in seconds since 1970"


@clause(Clause.HEARS)
async def test_what_is_heard_can_be_answered(rig: Rig) -> None:
    """A reply to a line's handle is said in the channel in which the line was said."""
    channel = rig.channels[1]
    async with running(rig.build(), *rig.channels[:2]) as adapter:
        await rig.say(channel, "alice", "!votes")
        await until(lambda: rig.heard, "the question")
        (line,) = rig.heard
        await adapter.reply(line.handle, message("5 up, 1 down"), private=False)
        await until(partial(last_is, rig, channel, "5 up, 1 down"), f"the answer in {channel}")


@clause(Clause.DEAF_TO_SELF)
async def test_own_messages_are_not_heard(rig: Rig) -> None:
    """Our own lines come back as nothing, however the network shows them to us."""
    channel = rig.channels[0]
    async with running(rig.build(), channel) as adapter:
        await adapter.send(channel, message("our own"), key="own")
        await arrived(rig, channel, 1)
        await rig.say(channel, "alice", "somebody else's")
        await until(lambda: rig.heard, "the line of somebody else")
        assert [getattr(line, "text", line) for line in rig.heard] == ["somebody else's"]


__all__ = [name for name in globals() if name.startswith("test_")]

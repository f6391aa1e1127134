"""The contract for every adapter, on every rig. The form of a rig is told in ``rig.py``."""

from __future__ import annotations

import asyncio
import logging
import os
import threading
import tomllib
import unicodedata
from contextlib import suppress
from pathlib import Path

import pytest
from pydantic import ValidationError
from rig import (
    DEADLINE,
    Clause,
    Rig,
    message,
    running,
    send_until,
    until,
)

import adapters
from bot.domain import Line, Unit
from bot.port import AdapterFatal, Ambiguous, Permanent, Transient

clause = pytest.mark.clause
EXAMPLE = Path(__file__).parents[2] / "config.example.toml"

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


def letters(text: str) -> str:
    """What can be seen of ``text``: without controls, invisible characters and blanks."""
    return "".join(c for c in text if unicodedata.category(c)[0] not in "CZ")


async def texts(rig: Rig, channel: str) -> list[str]:
    return [seen.text for seen in await rig.seen(channel)]


async def last_is(rig: Rig, channel: str, text: str) -> bool:
    return (await texts(rig, channel))[-1:] == [text]


async def arrived(rig: Rig, channel: str, count: int) -> list[str]:
    """The texts in ``channel`` once there are ``count`` of them."""

    async def enough() -> bool:
        return len(await rig.seen(channel)) >= count

    await until(enough, f"{count} messages in {channel}")
    return await texts(rig, channel)


# --- the suite itself ---------------------------------------------------------------------


@pytest.mark.parametrize("kind", adapters.available())
def test_every_adapter_has_a_rig(kind, rigs):
    """An adapter without a rig fails the suite."""
    assert rigs[kind], f"adapters/{kind} has no tests/contract/rigs/{kind}.py"
    assert all(rig.kind == kind for rig in rigs[kind])


def test_every_clause_has_a_test(request):
    """A clause that neither a test nor an exception covers cannot exist."""
    tested = {
        mark.args[0]
        for name, test in globals().items()
        if name.startswith("test_")
        for mark in getattr(test, "pytestmark", ())
        if mark.name == "clause"
    }
    assert tested == set(Clause)


def test_every_exception_has_a_reason(rigs):
    """A rig that leaves out a clause says why, in words."""
    for rig in (rig for kind in rigs.values() for rig in kind):
        for clause, reason in rig.cannot.items():
            assert isinstance(clause, Clause)
            assert len(reason.split()) >= 4, f"{rig.name}, {clause.name}: {reason!r}"


# --- what is said -------------------------------------------------------------------------


@clause(Clause.UNCHANGED)
async def test_text_is_seen_once_in_its_channel(rig):
    """Each channel shows its own text, once and unchanged."""
    first, second = rig.channels[:2]
    text = "🎮 Next up: Fibbage 4 · 2–8 players · 100% «größer» 日本 👨‍👩‍👧 5👍"
    async with running(rig.build(), first, second) as adapter:
        await adapter.send(first, message(text), key="one")
        await adapter.send(second, message("elsewhere"), key="two")
        assert await arrived(rig, first, 1) == [text]
        assert await arrived(rig, second, 1) == ["elsewhere"]


@clause(Clause.ORDER)
async def test_order_holds(rig):
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
async def test_longest_ascii_passes(rig):
    """A text of exactly the allowed length in ASCII arrives whole."""
    channel = rig.channels[0]
    async with running(rig.build(), channel) as adapter:
        text = fill("x", adapter)
        await adapter.send(channel, message(text), key="long")
        assert await arrived(rig, channel, 1) == [text]


@clause(Clause.LONGEST_WIDE)
async def test_longest_wide_passes(rig):
    """A text of four-byte characters as long as allowed arrives whole."""
    channel = rig.channels[0]
    async with running(rig.build(), channel) as adapter:
        text = fill("🎲", adapter)
        assert len(text) >= adapter.limits.length // (4 if adapter.limits.unit is Unit.BYTES else 2)
        await adapter.send(channel, message(text), key="wide")
        assert await arrived(rig, channel, 1) == [text]


def fill(character: str, adapter) -> str:
    """As many of ``character`` as the adapter says it can carry."""
    low, high = 0, adapter.limits.length
    while low < high:
        middle = (low + high + 1) // 2
        if adapter.measure(message(character * middle)) <= adapter.limits.length:
            low = middle
        else:
            high = middle - 1
    return character * low


@clause(Clause.HOSTILE)
async def test_hostile_text_is_harmless(rig):
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
async def test_same_key_is_one_message(rig):
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
async def test_not_connected_is_transient(rig):
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
async def test_drop_during_send_is_told(rig):
    """A connection that breaks under a send gives Transient or Ambiguous, and soon."""
    channel = rig.channels[0]
    async with running(rig.build(), channel) as adapter:
        await rig.stall()
        sending = asyncio.create_task(adapter.send(channel, message("lost"), key="lost"))
        await turns(20)
        await rig.cut()
        with pytest.raises((Transient, Ambiguous)):
            await asyncio.wait_for(sending, DEADLINE)


async def turns(count: int) -> None:
    """Let other tasks have ``count`` turns of the loop."""
    for _ in range(count):
        await asyncio.sleep(0)


@clause(Clause.REFUSED)
async def test_refused_for_good_is_permanent(rig):
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
async def test_absent_is_transient(rig):
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
async def test_liftable_refusal_is_transient(rig):
    """What a channel refuses now and allows later is Transient, and then goes through."""
    async with running(rig.build(channels=(rig.muted,)), rig.muted) as adapter:
        with pytest.raises(Transient):
            await adapter.send(rig.muted, message("hush"), key="hush")
        await rig.unmute()
        await send_until(adapter, rig.muted, "aloud", key="aloud")
        assert await arrived(rig, rig.muted, 1) == ["aloud"]


@clause(Clause.RATE_LIMIT)
async def test_rate_limit_is_told_or_waited_out(rig):
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
async def test_recovers_by_itself(rig):
    """After an outage it connects again and speaks in the same channels, unasked."""
    first, second = rig.channels[:2]
    async with running(rig.build(), first, second) as adapter:
        await adapter.send(first, message("before"), key="before")
        await rig.down()
        await rig.up()
        await send_until(adapter, first, "after", key="after")
        await send_until(adapter, second, "after too", key="after too")
        for channel, text in ((first, "after"), (second, "after too")):
            await until(lambda c=channel, t=text: last_is(rig, c, t), f"{text!r} in {channel}")


@clause(Clause.CANCELLED)
async def test_cancelling_leaves_nothing(rig):
    """After cancellation there is no task, socket or thread more than before."""
    tasks, threads, before = len(asyncio.all_tasks()), threading.active_count(), sockets()
    adapter = rig.build()
    async with running(adapter, *rig.channels[:2]):
        await adapter.send(rig.channels[0], message("hello"), key="hello")
    with pytest.raises(Transient):
        await adapter.send(rig.channels[0], message("gone"), key="gone")
    await rig.close()
    await until(lambda: len(asyncio.all_tasks()) <= tasks, "its tasks to end")
    await until(lambda: threading.active_count() <= threads, "its threads to end")
    await until(lambda: not sockets() - before, "its sockets to close")


def sockets() -> set[str]:
    """The sockets that this process holds, by inode."""
    links = set()
    for descriptor in os.listdir("/proc/self/fd"):
        with suppress(OSError):
            links.add(os.readlink(f"/proc/self/fd/{descriptor}"))
    return {link for link in links if link.startswith("socket:")}


@clause(Clause.STALLED)
async def test_stalled_far_side_holds_nobody_up(rig):
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
async def test_wrong_credentials_are_fatal_once(rig):
    """Run ends by AdapterFatal, with a sentence that holds no secret."""
    adapter = rig.build(rig.wrong_settings)
    with pytest.raises(AdapterFatal) as caught:
        await asyncio.wait_for(adapter.run(), 2 * DEADLINE)
    assert str(caught.value).strip()
    assert not any(secret in str(caught.value) for secret in rig.secrets)
    with pytest.raises(Transient):
        await adapter.send(rig.channels[0], message("no"), key="no")


@clause(Clause.SECRETS)
async def test_no_secret_is_shown(rig, caplog):
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
async def test_settings_refuse_unknown_keys(rig):
    """A key that the kind does not know is an error that names it."""
    module = adapters.load(rig.kind)
    with pytest.raises(ValidationError) as caught:
        module.Settings(**rig.settings, colour_of_bikeshed="red")
    assert [error["loc"] for error in caught.value.errors()] == [("colour_of_bikeshed",)]
    assert module.Settings.model_config.get("frozen") is True


@clause(Clause.EXAMPLE)
async def test_example_section_builds_it(rig):
    """The section of config.example.toml, commented out or not, is valid and builds."""
    module = adapters.load(rig.kind)
    for name, table in example_tables(rig.kind).items():
        kept = {k: v for k, v in table.items() if k not in {"kind", "channels", "announce"}}
        channels = tuple(map(str, table.get("channels", ()))) or rig.channels[:1]
        adapter = module.build(
            module.Settings(**kept),
            name=name,
            channels=channels,
            hear=rig.heard.append,
            memory=None,
        )
        assert adapter.limits.length > 0


def example_tables(kind: str) -> dict[str, dict]:
    """The tables of ``kind`` in the example; a commented-out section counts without its ``# ``."""
    lines, inside = [], False
    for line in EXAMPLE.read_text("utf-8").splitlines():
        bare = line.removeprefix("# ") if inside or line.startswith("# [adapters.") else line
        inside = bare.startswith("[adapters.") or (inside and line.startswith("#"))
        lines.append(bare if "=" in bare or bare.startswith("[") else "")
    tables = tomllib.loads("\n".join(lines)).get("adapters", {})
    found = {name: table for name, table in tables.items() if table.get("kind", name) == kind}
    assert found, f"config.example.toml has no section for {kind}"
    return found


# --- what is heard ------------------------------------------------------------------------


@clause(Clause.HEARS)
async def test_others_are_heard(rig):
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


@clause(Clause.DEAF_TO_SELF)
async def test_own_messages_are_not_heard(rig):
    """Our own lines come back as nothing, however the network shows them to us."""
    channel = rig.channels[0]
    async with running(rig.build(), channel) as adapter:
        await adapter.send(channel, message("our own"), key="own")
        await arrived(rig, channel, 1)
        await rig.say(channel, "alice", "somebody else's")
        await until(lambda: rig.heard, "the line of somebody else")
        assert [line.text for line in rig.heard] == ["somebody else's"]

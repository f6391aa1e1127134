"""``nightcrier check`` and ``nightcrier test``: is it set up right, and can it speak?"""

from __future__ import annotations

import asyncio
from asyncio import Future
from collections.abc import Awaitable, Callable, Sequence
from functools import partial

import click

import adapters
from bot.cli import FAILED, compose, logs
from bot.cli.signals import run_until_signal
from bot.config import AdapterTable, Config
from bot.domain import Message, Receipt, Target
from bot.picker import KeyRefused, Unclear
from bot.port import Adapter, AdapterFatal, Ambiguous, SendError, Transient
from bot.timing import SystemTime, Time, within

PATIENCE = 30.0
"""Seconds in which a chat must have taken us in."""

SOONEST, LATEST = 0.1, 2.0
"""Seconds until the next try, where the far side names none: longer each time, since it may count
them against us."""

ANSWER_WITHIN = 60.0
"""Seconds after which an answer to one try is not waited for any more."""

Act = Callable[[Adapter, str], Awaitable[str]]
"""Does something in a channel and says how it went; raises SendError."""


def check(config: Config, online: bool) -> int:
    """The configuration is valid already; look at the far sides too if told to."""
    tables, channels = len(config.adapters), len(config.announce)
    counts = f"{_counted(tables, 'adapter')}, {_counted(channels, 'channel')}"
    click.echo(f"{config.path} is valid: {counts}.")
    for table in config.adapters:
        _tell_invitation(table)
    if not online:
        return 0
    logs.configure(config.log.model_copy(update={"level": "error"}), config.secrets)
    return run_until_signal(_check_online(config, SystemTime()))


def _tell_invitation(table: AdapterTable) -> None:
    """How to let the bot in, on a network where it must be invited by a link."""
    invite = getattr(adapters.load(table.kind), "invite", None)
    link = invite(table.settings) if invite else None
    if link is not None:
        click.echo(f"{table.name}: to invite the bot to a server, open {link}")


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"


def test(config: Config, wanted: str | None) -> int:
    """Say one line in the channels that are wanted, and print each receipt."""
    logs.configure(config.log.model_copy(update={"level": "error"}), config.secrets)
    return run_until_signal(_test(config, wanted, SystemTime()))


async def _check_online(config: Config, time: Time) -> int:
    picker = asyncio.create_task(_picker(config, time))
    good = await _everywhere(config, None, _verify, time)
    return 0 if await picker and good else FAILED


async def _test(config: Config, wanted: str | None, time: Time) -> int:
    line = compose.wording(config).say("test")
    key = f"test/{time.now():.3f}"
    good = await _everywhere(config, wanted, partial(_say, line, key), time)
    return 0 if good else FAILED


async def _picker(config: Config, time: Time) -> bool:
    """Whether the Picker takes our key, and lets us listen."""
    try:
        await compose.picker(config, time).verify()
    except (Unclear, KeyRefused) as error:
        click.echo(f"picker: {logs.masking(config.secrets)(str(error))}")
        return False
    click.echo("picker: fine")
    return True


async def _verify(adapter: Adapter, channel: str) -> str:
    await adapter.verify(channel)
    return "fine"


async def _say(line: Message, key: str, adapter: Adapter, channel: str) -> str:
    receipt: Receipt = await adapter.send(channel, line, key=f"{key}/{channel}")
    return " ".join(part for part in (receipt.proof, receipt.remote_id) if part)


async def _everywhere(config: Config, wanted: str | None, act: Act, time: Time) -> bool:
    """``act`` in every channel that is wanted, all adapters at once; whether all went well."""
    channels: dict[str, list[str]] = {}
    for table, target in compose.targets(config, wanted):
        channels.setdefault(table.name, []).append(target.channel)
    tables = [table for table in config.adapters if table.name in channels]
    mask = logs.masking(config.secrets)
    return all(
        await asyncio.gather(
            *(_at(table, channels[table.name], act, time, mask) for table in tables)
        )
    )


async def _at(
    table: AdapterTable, channels: Sequence[str], act: Act, time: Time, mask: Callable[[str], str]
) -> bool:
    """``act`` in an adapter's channels, one after the other; each result is printed."""
    adapter = compose.build(table)
    running = asyncio.ensure_future(adapter.run())
    deadline = time.monotonic() + PATIENCE
    good = True
    try:
        for channel in channels:
            what, went_well = await _try(adapter, running, channel, act, deadline, time)
            click.echo(f"{Target(table.name, channel)}: {mask(what)}")
            good = good and went_well
    finally:
        running.cancel()
        await asyncio.wait({running})
    return good


async def _try(
    adapter: Adapter, running: Future[None], channel: str, act: Act, deadline: float, time: Time
) -> tuple[str, bool]:
    """``act`` until it comes through or cannot; how it went, and whether that is well."""
    usual = SOONEST
    while True:
        try:
            return await within(time, ANSWER_WITHIN, act(adapter, channel)), True
        except Transient as error:
            what, wait = str(error), error.retry_after or usual
            usual = min(usual * 2, LATEST)
        except (Ambiguous, TimeoutError) as error:
            return f"may have arrived: {error or 'no answer'}", False
        except SendError as error:
            return f"refused: {error}", False
        if running.done():
            return _end(running), False
        if time.monotonic() + wait > deadline:
            return f"not yet: {what}", False
        await time.sleep(wait)


def _end(running: Future[None]) -> str:
    """Why an adapter has ended by itself."""
    try:
        running.result()
    except AdapterFatal as error:
        return f"cannot go on: {error}"
    return "has ended"

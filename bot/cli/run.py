"""``nightcrier run``: the bot itself."""

from __future__ import annotations

import logging
from dataclasses import replace
from importlib.metadata import version

import click

from bot import app
from bot.cli import FAILED, compose, logs
from bot.cli.signals import run_until_signal
from bot.config import Config
from bot.store import StoreError
from bot.timing import SystemTime, Time
from bot.wire import KeyRefused

log = logging.getLogger(__name__)


def run(config: Config, only: tuple[str, ...]) -> int:
    """Announce until a signal comes; 1 where waiting cannot help."""
    speaking = rehearsal(config, only)
    logs.configure(config.log, config.secrets)
    return run_until_signal(_run(config, speaking, SystemTime()))


def rehearsal(config: Config, only: tuple[str, ...]) -> Config:
    """``config`` with those adapters alone, if any are named. Raises click.BadParameter."""
    names = [table.name for table in config.adapters]
    for name in only:
        if name not in names:
            raise click.BadParameter(f"there is no adapter {name}; there are {', '.join(names)}")
    if not only:
        return config
    return replace(
        config,
        adapters=tuple(table for table in config.adapters if table.name in only),
        announce={to: kinds for to, kinds in config.announce.items() if to.adapter in only},
    )


async def _run(config: Config, speaking: Config, time: Time) -> int:
    targets = ", ".join(str(target) for target in speaking.announce)
    log.info("Nightcrier %s: %s to %s", version("nightcrier"), config.picker.url, targets)
    try:
        async with compose.opened(config.store, time) as store:
            await app.run(compose.parts(config, speaking, store, time))
    except (app.NothingToSayItWith, KeyRefused, StoreError) as error:
        log.error("%s", error)
        return FAILED
    except Exception:
        log.exception("ended by a fault of its own")
        return FAILED
    return 0

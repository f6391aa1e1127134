"""The composition root: configuration to the things that do the work."""

from __future__ import annotations

import logging
import os
import random
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import click
from pydantic import SecretStr

import adapters
from bot import config as configuration
from bot import messages
from bot.app import Hearing, Listening, Parts
from bot.ballots import Limit
from bot.chat import Rules
from bot.cli.logs import masking
from bot.config import AdapterTable, Config, ConfigError, Problem
from bot.deliver import can_edit
from bot.domain import Kind, Target
from bot.formatter import Wording
from bot.hosts import Hosts
from bot.picker import Picker
from bot.port import Adapter, Hear, Memory, deaf
from bot.store import Store
from bot.timing import Time

log = logging.getLogger(__name__)

DEFAULT = "config.toml"


def load(path: Path | None, environ: Mapping[str, str] = os.environ) -> Config:
    """The configuration at ``path``, or the one that a host without ``-c`` means; every table's
    adapter can be built. Raises ConfigError."""
    return configuration.load(path or _default(), environ, adapters, build)


def _default() -> Path:
    here, users = Path(DEFAULT), Path(click.get_app_dir("nightcrier")) / DEFAULT
    for path in (here, users):
        if path.exists():
            return path
    what = f"there is none, nor {users}; copy config.example.toml here, or name one with -c"
    raise ConfigError(DEFAULT, [Problem("", what)])


def build(table: AdapterTable, hear: Hear = deaf, memory: Memory | None = None) -> Adapter:
    """The adapter of a table; one that hears and remembers nothing lasting by default."""
    module = adapters.load(table.kind)
    adapter: Adapter = module.build(
        table.settings,
        name=table.name,
        channels=table.channels,
        hear=hear,
        memory=memory or Scratch(),
    )
    return adapter


def picker(config: Config, time: Time) -> Picker:
    """The Picker of the configuration, not yet connected to."""
    settings = config.picker
    return Picker(
        settings.url,
        admin_key=_revealed(settings.admin_key),
        token=_revealed(settings.token),
        interval=settings.poll_interval,
        time=time,
        roll=random.random,
    )


def _revealed(secret: SecretStr | None) -> str | None:
    return None if secret is None else secret.get_secret_value()


@asynccontextmanager
async def opened(path: Path, time: Time) -> AsyncIterator[Store]:
    """The store, closed when the block is left. Raises StoreError."""
    store = await Store.open(path, time)
    try:
        yield store
    finally:
        await store.close()


def parts(config: Config, speaking: Config, store: Store, time: Time) -> Parts:
    """The bot of ``config``, in which only what ``speaking`` has says anything."""
    hearing = Hearing()
    built = {
        table.name: build(table, hearing.hear, store.memory(table.name))
        for table in speaking.adapters
    }
    return Parts(
        picker=picker(config, time),
        store=store,
        adapters=built,
        announce={
            Target(table.name, channel): kinds(config, table, channel, built[table.name])
            for table in speaking.adapters
            for channel in table.channels
        },
        configured=frozenset(config.announce),
        wording=wording(config),
        poll_interval=config.picker.poll_interval,
        time=time,
        hearing=hearing,
        listening=listening(config),
        mask=masking(config.secrets),
    )


def kinds(config: Config, table: AdapterTable, channel: str, adapter: Adapter) -> frozenset[Kind]:
    """The lines that are said in a channel: beside a relay none where there are no boards."""
    if table.beside_relay and not can_edit(adapter):
        return frozenset()
    return config.announce[Target(table.name, channel)]


def listening(config: Config) -> Listening:
    """What is made of what people say."""
    votes, commands, hosts = config.votes, config.commands, config.hosts
    return Listening(
        limit=Limit(votes.limit),
        rules=Rules(
            prefix=commands.prefix,
            commands=commands.enabled,
            ignore_prefixes=votes.ignore_prefixes,
            ignore_nicks=votes.ignore_nicks,
        ),
        voting=None if votes.from_ is None else frozenset(votes.from_),
        beside_relay=frozenset(table.name for table in config.adapters if table.beside_relay),
        notice=votes.notice,
        hosts=Hosts(frozenset(hosts.accounts), frozenset(hosts.roles), hosts.operators),
    )


def wording(config: Config) -> Wording:
    """The texts of the configured language, under the host's own."""
    return Wording(messages.load(config.language), config.messages, _faulty)


def _faulty(key: str, sentence: str) -> None:
    log.warning("messages.%s failed and the built-in wording was used: it %s", key, sentence)


def targets(config: Config, wanted: str | None = None) -> tuple[tuple[AdapterTable, Target], ...]:
    """Every channel, or those that ``wanted`` names: ``ADAPTER`` or ``ADAPTER/CHANNEL``.

    Raises click.BadParameter where it names none.
    """
    every = tuple(
        (table, Target(table.name, channel))
        for table in config.adapters
        for channel in table.channels
    )
    if wanted is None:
        return every
    found = tuple(pair for pair in every if wanted in (pair[0].name, str(pair[1])))
    if not found:
        there_are = ", ".join(str(target) for _, target in every)
        raise click.BadParameter(f"there is no {wanted}; there are {there_are}")
    return found


class Scratch:
    """A memory that ends with the command."""

    def __init__(self) -> None:
        self._texts: dict[str, str] = {}

    def get(self, key: str) -> str | None:
        return self._texts.get(key)

    async def put(self, key: str, value: str | None) -> None:
        if value is None:
            self._texts.pop(key, None)
        else:
            self._texts[key] = value

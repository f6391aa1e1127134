"""What several files of these tests begin with: far sides, and the bot in this process."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from discord_peer import Peer
from faults import Faults
from host import Host, hosting
from irc_daemons import Inspircd, Ngircd
from present import Present
from scene import KEY, TIME, Scene

from bot.sandbox import NEWEST, Era, Sandbox


@pytest.fixture
def era() -> Era:
    """The Picker's in ``scene``, for a test to choose another."""
    return NEWEST


@pytest.fixture
async def scene(tmp_path: Path, era: Era) -> AsyncIterator[Scene]:
    faults = Faults()
    sandbox = Sandbox(KEY, time=TIME, era=era, middlewares=[faults.middleware])
    async with sandbox.serve() as url:
        yield Scene(url, tmp_path, faults)


@pytest.fixture
async def host(scene: Scene) -> AsyncIterator[Host]:
    async with hosting(scene.url, KEY, TIME) as host:
        yield host


@pytest.fixture
async def peer() -> AsyncIterator[Peer]:
    async with Peer() as peer:
        yield peer


@pytest.fixture
async def ngircd(tmp_path: Path, present: Present) -> Ngircd:
    return await present.started(Ngircd(tmp_path))


@pytest.fixture
async def inspircd(tmp_path: Path, present: Present) -> Inspircd:
    """With services, at which ``crier`` has an account."""
    daemon = await present.started(Inspircd(tmp_path, services=True))
    await daemon.register("crier", "pass-of-crier")
    return daemon

"""Shared by all tests. ``tests/fakes`` is importable as plain modules (no packages below tests)."""

from __future__ import annotations

import logging
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st

sys.path.insert(0, str(Path(__file__).parent / "fakes"))

# A loaded machine is slow, not wrong; pytest-timeout guards against hanging.
settings.register_profile("nightcrier", deadline=None)
settings.load_profile("nightcrier")

from present import Present  # noqa: E402  (of the fakes)

pytest_plugins = ["bot.testing"]

# Moments and spans are numbers: JSON has no other, and no part of the bot makes one.
st.register_type_strategy(float, st.floats(allow_nan=False, allow_infinity=False))


@pytest.fixture
async def present() -> AsyncIterator[Present]:
    async with Present() as present:
        yield present


@pytest.fixture(autouse=True)
def logging_as_it_was() -> Iterator[None]:
    """A test that sets up the program's logging leaves none of it to the others."""
    named = [logging.getLogger(name) for name in logging.Logger.manager.loggerDict]
    levels = {logger: logger.level for logger in [logging.getLogger(), *named]}
    yield
    for logger, level in levels.items():
        logger.setLevel(level)

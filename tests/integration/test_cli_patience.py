"""How `check --online` and `test` ask again, with a clock of the test's own."""

from __future__ import annotations

import asyncio

import pytest
from clock import FakeTime

from bot.cli.check import PATIENCE, _try
from bot.port import Adapter, Transient


async def tries(wait: float | None) -> tuple[int, tuple[str, bool]]:
    """How often a channel that refuses for ever is asked, and what is said of it."""
    time, asked = FakeTime(), 0

    async def act(_: Adapter, __: str) -> str:
        nonlocal asked
        asked += 1
        raise Transient("too many requests", wait)

    running: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    adapter: Adapter = object()  # type: ignore[assignment]
    deadline = time.monotonic() + PATIENCE
    task = asyncio.create_task(_try(adapter, running, "night", act, deadline, time))
    for _ in range(40):
        await time.advance(1.0)
    return asked, await asyncio.wait_for(task, 5)


@pytest.mark.parametrize(("wait", "least", "most"), [(None, 10, 20), (10.0, 3, 4), (3600.0, 1, 1)])
async def test_a_far_side_that_refuses_is_not_hammered(
    wait: float | None, least: int, most: int
) -> None:
    """It is asked after the wait that it names, else less and less often."""
    asked, said = await tries(wait)
    assert least <= asked <= most
    assert said == ("not yet: too many requests", False)

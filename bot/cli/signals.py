"""How a signal ends us: the first one in order, the second at once."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Coroutine
from types import FrameType
from typing import Any, NoReturn

STATUS = {signal.SIGTERM: 0, signal.SIGINT: 130}


def run_until_signal(work: Coroutine[Any, Any, int]) -> int:
    """Run ``work`` to its end, and return its status.

    A signal cancels it and decides the status: 0 for SIGTERM, 130 for SIGINT. A second
    signal ends the process where it stands.
    """
    return asyncio.run(_supervise(work))


async def _supervise(work: Coroutine[Any, Any, int]) -> int:
    task = asyncio.ensure_future(work)
    loop = asyncio.get_running_loop()
    received: list[signal.Signals] = []

    def on_signal(number: signal.Signals) -> None:
        received.append(number)
        task.cancel()
        for each in STATUS:
            loop.remove_signal_handler(each)
            signal.signal(each, _end_at_once)

    for number in STATUS:
        loop.add_signal_handler(number, on_signal, number)
    try:
        status = await task
    except asyncio.CancelledError:
        status = 0
    return STATUS[received[0]] if received else status


def _end_at_once(number: int, _: FrameType | None) -> NoReturn:
    os._exit(128 + number)

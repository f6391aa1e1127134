"""The task group of the running bot."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Generator
from contextvars import Context
from typing import Any, TypeVar

T = TypeVar("T")


class Tasks(asyncio.TaskGroup):
    """Begins nothing any more once it is being stopped.

    What is committed at that very moment leads to work for which it is too late: whoever would
    begin that is cancelled with the rest, and the next start goes on from what is on disk.
    """

    def create_task(
        self,
        coro: Generator[Any, None, T] | Coroutine[Any, Any, T],
        *,
        name: str | None = None,
        context: Context | None = None,
    ) -> asyncio.Task[T]:
        try:
            return super().create_task(coro, name=name, context=context)
        except RuntimeError:
            coro.close()
            raise asyncio.CancelledError from None

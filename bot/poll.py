"""The poll: every so often, always, whether the link is live or not.

A lost event is as bad as a lost link, so the poll is no fallback that is switched on. It only
says that it is time; what is asked, and that nothing fails, is up to the job.

APScheduler sleeps by the wall clock: a clock that is set back by an hour would stop it for an
hour. The link machine lives by the monotonic clock and looks after that, with :meth:`Poll.now`
and :meth:`Poll.recreate`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime

from apscheduler.schedulers.asyncio import AsyncIOScheduler

_ID = "poll"


class Poll:
    """Calls ``job`` on the event loop every ``interval`` seconds while :meth:`run` runs.

    The job must return at once and must not raise: APScheduler would log that and go on.
    """

    def __init__(self, interval: float, job: Callable[[], None]) -> None:
        self._interval = interval
        self._job = job
        self._scheduler = AsyncIOScheduler(timezone=UTC)
        self._add()

    async def run(self) -> None:
        """The first call comes one interval from now. Ends by cancellation, and leaves nothing."""
        self._scheduler.start()
        try:
            await asyncio.get_running_loop().create_future()
        finally:
            self._scheduler.shutdown(wait=False)

    def now(self) -> None:
        """Call the job now, and from now on every interval."""
        self._scheduler.modify_job(_ID, next_run_time=datetime.now(UTC))

    def recreate(self) -> None:
        """Forget every date that was set by a clock that has jumped since, and call the job now."""
        self._add(next_run_time=datetime.now(UTC))

    def _add(self, **more: object) -> None:
        self._scheduler.add_job(
            self._call,
            "interval",
            seconds=self._interval,
            id=_ID,
            coalesce=True,
            max_instances=1,
            misfire_grace_time=None,
            replace_existing=True,
            **more,
        )

    async def _call(self) -> None:
        """A coroutine, so that APScheduler calls it on the loop and not in a thread."""
        self._job()

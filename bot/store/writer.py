"""The one writer: plain functions, each a transaction of its own, run on the store's thread."""

from __future__ import annotations

import asyncio
import logging
import os
import sqlite3
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from filelock import FileLock, Timeout

from bot.store.beside import sign_of_life
from bot.store.ledger import Ledger
from bot.store.schema import StoreError, complaint, explained, open_file, outage
from bot.timing import Time

log = logging.getLogger(__name__)

T = TypeVar("T")
Write = Callable[[Ledger], T]

_LOCK_EVERY = 0.25
_RETRY_AFTER = 1.0


class _Outage(Exception):
    """The disk does not take a commit just now; nothing of the group was written."""


@dataclass(frozen=True, slots=True)
class _Failed:
    """How one function of a group failed, alone."""

    error: Exception


@dataclass(frozen=True, slots=True)
class _Job:
    """A function that waits for its turn, and whoever waits for its result."""

    fn: Write[Any]
    future: asyncio.Future[Any]

    def finish(self, result: Any) -> None:
        if self.future.done():
            return
        if isinstance(result, _Failed):
            self.future.set_exception(result.error)
        else:
            self.future.set_result(result)


class Store:
    """The file, held by this process alone until :meth:`close`.

    ``stalled`` while commits fail, ``stalls`` counts how often that began.
    """

    def __init__(self, path: Path, time: Time) -> None:
        self.path = path
        self.stalled = False
        self.stalls = 0
        self._time = time
        self._closing = False
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="store")
        self._queue: list[_Job] = []
        self._writing: asyncio.Task[None] | None = None
        self._memories: dict[str, dict[str, str]] = {}

    @classmethod
    async def open(cls, path: Path, time: Time, *, patience: float = 10.0) -> Store:
        """Open the file, or make it. Raises StoreError, also when another Nightcrier still
        holds it after ``patience`` seconds."""
        _require_folder(path.parent)
        store = cls(path, time)
        try:
            await store._lock_file(patience)
            store._memories = await store._call(store._open)
        except BaseException:
            store._thread.shutdown(wait=False)
            raise
        return store

    async def write(self, fn: Write[T]) -> T:
        """Run ``fn`` in a transaction; its result, once that is on disk.

        Waits while the disk takes no commit, so ``fn`` may be called more than once, each
        time on a ledger as if for the first. What ``fn`` raises undoes its own changes and
        is raised here. Writes that arrive together share a commit. A caller that is
        cancelled does not take its write back.
        """
        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._queue.append(_Job(fn, future))
        if self._writing is None:
            self._writing = asyncio.create_task(self._write_queued())
        return await future

    async def changed_elsewhere(self) -> bool:
        """Whether another process wrote to the file since this was last asked. A disk that does
        not tell is reported by the next write."""
        return await self._call(self._look)

    def memory(self, adapter: str) -> StoredMemory:
        """The durable map of one adapter: a :class:`bot.port.Memory`."""
        return StoredMemory(self, adapter, self._memories.setdefault(adapter, {}))

    async def give_sign_of_life(self, now: float) -> None:
        """For ``nightcrier health``; to be called every 20 seconds. A disk that refuses it is
        reported by the next write."""
        await self._call(lambda: self._touch(now))

    async def close(self) -> None:
        """Finish what is queued, unless the disk does not take it, and let go of the file."""
        self._closing = True
        if self._writing is not None:
            if self.stalled:
                self._writing.cancel()
            await asyncio.wait({self._writing})
        try:
            await self._call(self._close)
        finally:
            self._thread.shutdown(wait=False)

    # --- on the loop ---------------------------------------------------------------------

    async def _lock_file(self, patience: float) -> None:
        self._lock = FileLock(f"{self.path}.lock", thread_local=False)
        if self._try_lock():
            return
        log.warning("%s is in use by another Nightcrier; waiting for its end", self.path)
        deadline = self._time.monotonic() + patience
        while not self._try_lock():
            if self._time.monotonic() >= deadline:
                raise StoreError(
                    f"{self.path} is in use by another Nightcrier: stop that one first"
                )
            await self._time.sleep(_LOCK_EVERY)

    def _try_lock(self) -> bool:
        try:
            self._lock.acquire(blocking=False)
        except Timeout:
            return False
        except OSError as error:
            why = error.strerror or type(error).__name__
            raise StoreError(f"{self.path.parent} cannot be written to ({why})") from error
        return True

    async def _write_queued(self) -> None:
        try:
            while self._queue:
                group, self._queue = self._queue, []
                await self._write_group(group)
        finally:
            self._writing = None
            for job in self._queue:
                job.finish(self._closed())

    async def _write_group(self, group: Sequence[_Job]) -> None:
        results: Sequence[Any] = [self._closed()] * len(group)
        try:
            results = await self._until_written([job.fn for job in group])
        except Exception as error:  # noqa: BLE001 - it goes to everyone who waits for it
            results = [_Failed(error)] * len(group)
        finally:
            for job, result in zip(group, results, strict=True):
                job.finish(result)

    def _closed(self) -> _Failed:
        return _Failed(StoreError(f"{self.path} was closed before this could be written"))

    async def _until_written(self, fns: Sequence[Write[Any]]) -> list[Any]:
        began = self._time.monotonic()
        while True:
            try:
                results = await self._call(lambda: self._transaction(fns))
            except _Outage as error:
                self._stall(str(error))
                if self._closing:
                    return [self._closed()] * len(fns)
                await self._time.sleep(_RETRY_AFTER)
            else:
                if self.stalled:
                    self.stalled = False
                    log.warning(
                        "%s takes writes again, after %.0f s",
                        self.path,
                        self._time.monotonic() - began,
                    )
                return results

    def _stall(self, why: str) -> None:
        if not self.stalled:
            self.stalled = True
            self.stalls += 1
            log.error(
                "%s cannot be written (%s): nothing is taken in or sent until it can",
                self.path,
                why,
            )

    async def _call(self, fn: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, fn)

    # --- on the store's thread -----------------------------------------------------------

    def _open(self) -> dict[str, dict[str, str]]:
        try:
            self._db = open_file(self.path)
        except BaseException:
            self._lock.release()
            raise
        self._ledger = Ledger(self._db)
        self._seen = self._data_version()
        return self._ledger.memories()

    def _transaction(self, fns: Sequence[Write[Any]]) -> list[Any]:
        try:
            with explained(self.path):
                self._db.execute("BEGIN IMMEDIATE")
                results = [self._run(fn) for fn in fns]
                self._db.execute("COMMIT")
                return results
        except BaseException as error:
            self._undo()
            if why := outage(error.__cause__):
                raise _Outage(why) from error
            raise

    def _run(self, fn: Write[Any]) -> Any:
        """One function of the group behind a savepoint, so that its failure spoils no other."""
        self._db.execute("SAVEPOINT one")
        try:
            result = fn(self._ledger)
        except Exception as error:
            if complaint(error, self.path):
                raise
            self._db.execute("ROLLBACK TO one")
            self._ledger.rolled_back()
            result = _Failed(error)
        self._db.execute("RELEASE one")
        return result

    def _undo(self) -> None:
        if self._db.in_transaction:
            self._db.execute("ROLLBACK")
        self._ledger.rolled_back()

    def _look(self) -> bool:
        before = self._seen
        try:
            self._seen = self._data_version()
        except sqlite3.Error as error:
            if not outage(error):
                raise
        return self._seen != before

    def _data_version(self) -> int:
        (version,) = self._db.execute("PRAGMA data_version").fetchone()
        return int(version)

    def _touch(self, now: float) -> None:
        sign = sign_of_life(self.path)
        with suppress(OSError):
            sign.touch()
            os.utime(sign, (now, now))

    def _close(self) -> None:
        with suppress(OSError):
            sign_of_life(self.path).unlink(missing_ok=True)
        self._db.close()
        self._lock.release()


class StoredMemory:
    """The durable map of one adapter, read from memory and written through."""

    def __init__(self, store: Store, adapter: str, values: dict[str, str]) -> None:
        self._store = store
        self._adapter = adapter
        self._values = values

    def get(self, key: str) -> str | None:
        return self._values.get(key)

    async def put(self, key: str, value: str | None) -> None:
        # Before the write, which goes on where its caller is cancelled.
        if value is None:
            self._values.pop(key, None)
        else:
            self._values[key] = value
        await self._store.write(lambda ledger: ledger.remember(self._adapter, key, value))


def _require_folder(folder: Path) -> None:
    try:
        there = folder.is_dir()
    except OSError as error:
        why = error.strerror or type(error).__name__
        raise StoreError(f"{folder} cannot be looked into ({why})") from error
    if not there:
        raise StoreError(f"the folder {folder} does not exist: create it or change store.path")

"""The real program as a process of its own: started, watched, killed and started again."""

from __future__ import annotations

import asyncio
import os
import sys
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from bot.domain import Delivery, Status
from bot.store import read_deliveries

KEY = "the-admin-key"
WAIT = 15.0
ROOT = Path(__file__).parents[2]


@dataclass
class BotProcess:
    """``nightcrier run`` in ``folder``. ``lines`` is all that the console showed, over every
    start; the log goes to ``folder/log``."""

    folder: Path
    lines: list[str] = field(default_factory=list)
    _process: asyncio.subprocess.Process | None = None

    def configure(self, picker: str, *tables: str, poll_interval: int = 1) -> None:
        text = (
            f'[picker]\nurl = "{picker}"\nadmin_key = "{KEY}"\npoll_interval = {poll_interval}\n'
            f"[adapters.console]\n"
        )
        (self.folder / "config.toml").write_text(text + "\n".join(tables))

    async def start(self, stdin: int = asyncio.subprocess.DEVNULL) -> None:
        clean = {k: v for k, v in os.environ.items() if not k.startswith("NIGHTCRIER_")}
        with (self.folder / "log").open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "bot", "run", "-c", str(self.folder / "config.toml")),
                cwd=ROOT,
                env=clean | {"PYTHONUNBUFFERED": "1"},
                stdin=stdin,
                stdout=asyncio.subprocess.PIPE,
                stderr=log,
            )
        self._reading = asyncio.create_task(self._read())

    async def end(self) -> None:
        """Leave nothing behind, however the test went."""
        if self._process is not None and self._process.returncode is None:
            await self.kill()

    async def kill(self) -> None:
        """As a power cut would."""
        assert self._process is not None
        self._process.kill()
        await self._reading
        await self._process.wait()

    async def stop(self) -> int:
        """In order, by SIGTERM; the exit status."""
        assert self._process is not None
        with suppress(ProcessLookupError):
            self._process.terminate()
        await self._reading
        return await self._process.wait()

    async def linked(self, times: int = 1) -> None:
        """Until the link to the Picker has been live so many times."""
        await until(lambda: self.log.count("The link to the Picker is live") >= times)

    async def said(self, text: str) -> None:
        await until(lambda: any(text in line for line in self.lines))

    @property
    def log(self) -> str:
        return (self.folder / "log").read_text(encoding="utf-8")

    @property
    def deliveries(self) -> tuple[Delivery, ...]:
        return read_deliveries(self.folder / "nightcrier.db")

    async def settled(self) -> None:
        """Until nothing is pending."""
        await until(lambda: all(row.status is not Status.PENDING for row in self.deliveries))

    async def _read(self) -> None:
        assert self._process is not None
        assert self._process.stdout is not None
        while line := await self._process.stdout.readline():
            self.lines.append(line.decode().rstrip("\n"))


async def until(true: object, wait: float = WAIT) -> None:
    """Poll ``true`` until it is; TimeoutError after ``wait`` seconds."""
    assert callable(true)
    async with asyncio.timeout(wait):
        while not true():  # noqa: ASYNC110 - what is waited for is another process
            await asyncio.sleep(0.02)

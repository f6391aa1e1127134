"""Somebody on IRC with a bare socket: sees all that a channel sees, and says what tests want."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass, field

WAIT = 10.0


@dataclass
class Person:
    """``lines`` is all that the server has sent, decoded leniently, oldest first."""

    nick: str
    lines: list[str] = field(default_factory=list)
    _task: asyncio.Task[None] | None = None

    async def connect(self, port: int, *channels: str, password: str | None = None) -> Person:
        """Sign on at the server on loopback and join ``channels``."""
        self._streams = await asyncio.open_connection("127.0.0.1", port, limit=1 << 20)
        self._task = asyncio.create_task(self._read())
        if password:
            self.send(f"PASS {password}")
        self.send(f"NICK {self.nick}", f"USER {self.nick} 0 * :{self.nick}")
        await self.expect(" 001 ")
        for channel in channels:
            self.send(f"JOIN {channel}")
            await self.expect(f" 366 {self.nick} {channel}")
        return self

    def send(self, *lines: str) -> None:
        self._streams[1].write("".join(f"{line}\r\n" for line in lines).encode())

    async def expect(self, text: str, since: int = 0, wait: float = WAIT) -> str:
        """The first line from number ``since`` on that contains ``text``."""
        async with asyncio.timeout(wait):
            while True:
                for line in self.lines[since:]:
                    if text in line:
                        return line
                await asyncio.sleep(0.005)

    def said(self, channel: str) -> list[str]:
        """What others have said in ``channel``, as it came, with formatting codes."""
        marker = f" PRIVMSG {channel} :"
        return [line.partition(marker)[2] for line in self.lines if marker in line]

    async def leave(self) -> None:
        """Leave nothing open, connected or not, once or again."""
        if self._task is None:
            return
        self._task.cancel()
        with suppress(asyncio.CancelledError):
            await self._task
        writer = self._streams[1]
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()

    async def _read(self) -> None:
        reader, _ = self._streams
        with suppress(OSError):
            while data := await reader.readline():
                line = data.decode("utf-8", "replace").rstrip("\r\n")
                self.lines.append(line)
                if line.startswith("PING"):
                    self.send(line.replace("PING", "PONG", 1))

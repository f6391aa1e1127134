"""A TCP proxy on loopback that cuts, stalls, slices and delays what passes through it."""

from __future__ import annotations

import asyncio
import socket
import struct
from contextlib import suppress
from dataclasses import dataclass

RST = struct.pack("ii", 1, 0)


@dataclass
class Faults:
    """What happens to the bytes. ``cut_after`` and ``stall_after`` count bytes from the server
    to the client (``to_client``) or the other way, over one connection."""

    to_client: bool = True
    cut_after: int | None = None
    stall_after: int | None = None
    slices: int = 65_536
    delay: float = 0.0


class FaultProxy:
    """``faults`` may be changed at any time; ``accepted`` counts connections. Started again
    after a stop it has the same port."""

    def __init__(self, port: int) -> None:
        self.faults = Faults()
        self.accepted = 0
        self.port = 0
        self._target = port
        self._open = True
        self._flowing = asyncio.Event()
        self._flowing.set()
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._writers: set[asyncio.StreamWriter] = set()

    async def start(self) -> FaultProxy:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def stop(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None
        for _ in range(5):  # what was accepted in this very moment has its task then
            await asyncio.sleep(0)
        self.cut()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    @property
    def stalled(self) -> bool:
        return not self._flowing.is_set()

    def cut(self) -> None:
        """Reset all connections now."""
        for writer in list(self._writers):
            reset(writer)
        self._flowing.set()

    def down(self) -> None:
        """Reset all, and every new one as soon as it comes."""
        self._open = False
        self.cut()

    def up(self) -> None:
        self._open = True
        self._flowing.set()

    def stall(self) -> None:
        """Pass nothing on, in either direction, and close nothing."""
        self._flowing.clear()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.accepted += 1
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        self._writers.add(writer)
        try:
            if self._open:
                await self._join(reader, writer)
        except (OSError, asyncio.CancelledError):
            pass  # a task that ends by cancellation is reported by asyncio's server
        finally:
            reset(writer)
            self._writers.discard(writer)
            self._tasks.discard(task)

    async def _join(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        back, forth = await asyncio.open_connection("127.0.0.1", self._target)
        self._writers.add(forth)
        try:
            async with asyncio.TaskGroup() as pipes:
                pipes.create_task(self._pipe(reader, forth, writer, False))
                pipes.create_task(self._pipe(back, writer, forth, True))
        finally:
            reset(forth)
            self._writers.discard(forth)

    async def _pipe(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        other: asyncio.StreamWriter,
        to_client: bool,
    ) -> None:
        passed = 0
        with suppress(OSError):
            while data := await reader.read(self.faults.slices):
                if to_client is self.faults.to_client:
                    data = await self._fault(data, passed, writer, other)
                await self._flowing.wait()
                writer.write(data)
                passed += len(data)
                await writer.drain()
        reset(writer)
        reset(other)

    async def _fault(
        self,
        data: bytes,
        passed: int,
        writer: asyncio.StreamWriter,
        other: asyncio.StreamWriter,
    ) -> bytes:
        faults = self.faults
        if faults.delay:
            await asyncio.sleep(faults.delay)
        if faults.cut_after is not None and passed + len(data) > faults.cut_after:
            writer.write(data[: faults.cut_after - passed])
            await writer.drain()
            reset(writer)
            reset(other)
            raise ConnectionResetError
        if faults.stall_after is not None and passed + len(data) > faults.stall_after:
            self.stall()
        return data


def reset(writer: asyncio.StreamWriter) -> None:
    """Close with RST rather than FIN, as a dead router does."""
    sock = writer.get_extra_info("socket")
    with suppress(OSError):
        if sock is not None and sock.fileno() >= 0:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RST)
    writer.close()

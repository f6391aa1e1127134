"""A small IRC server in this process, for ``nightcrier demo --irc``: the one of the ``irc``
library, which is a toy and listens on this machine alone."""

from __future__ import annotations

import select
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread

from irc.server import IRCClient, IRCError, IRCServer

LOOPBACK = "127.0.0.1"

_LOOK_EVERY = 0.05


class _Client(IRCClient):  # type: ignore[misc]  # the library has no types
    """The library's own loop also asks whether it could write, which it nearly always can, and
    so never sleeps."""

    def _handle_one(self) -> None:
        readable, _, broken = select.select([self.request], [], [self.request], _LOOK_EVERY)
        if broken:
            raise self.Disconnect
        while self.send_queue:
            self._send(self.send_queue.pop(0))
        if readable:
            self._handle_incoming()

    def handle_cap(self, params: str) -> str:
        """We offer nothing; but irssi waits for an answer before it says who it is."""
        what, _, wanted = params.partition(" ")
        answer = {"LS": "LS :", "LIST": "LIST :", "REQ": f"NAK {wanted}"}.get(what.upper())
        return f":{self.server.servername} CAP {self.nick or '*'} {answer}" if answer else ""

    def handle_join(self, params: str) -> None:
        if not self.nick:
            raise IRCError.from_name("notregistered", ":You have not registered")
        super().handle_join(params)

    def handle_mode(self, params: str) -> str:
        """There are no modes and no bans. Clients ask for those of each channel they join."""
        channel, _, asked = params.partition(" ")
        if not channel.startswith("#") or asked.strip("+") not in ("", "b"):
            return ""
        return self._number(368, f"{channel} :End") if asked else self._number(324, f"{channel} +")

    def handle_who(self, params: str) -> str:
        return self._number(315, f"{params.split(' ')[0]} :End of /WHO list")

    def _number(self, number: int, text: str) -> str:
        return f":{self.server.servername} {number} {self.nick} {text}"


class _Server(IRCServer):  # type: ignore[misc]
    def handle_error(self, request: object, client_address: object) -> None:
        """A client that confuses the toy loses its connection, and nobody sees a traceback."""


@contextmanager
def small_server() -> Iterator[int]:
    """Serve until the block is left; gives the port."""
    server = _Server((LOOPBACK, 0), _Client)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True)
    thread.start()
    try:
        yield int(server.server_address[1])
    finally:
        server.shutdown()
        server.server_close()
        thread.join()

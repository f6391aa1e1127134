"""The ``irc`` library's own small server, in a thread: for tests where any server will do.

It knows no capabilities, no modes but the simplest, and answers PING without the token."""

from __future__ import annotations

import logging
import threading
from contextlib import suppress

from irc.server import IRCClient, IRCServer

logging.getLogger("irc.server").setLevel(logging.CRITICAL)


class QuietClient(IRCClient):
    """A client whose socket may vanish without a traceback on standard error."""

    def handle(self) -> None:
        with suppress(OSError, ValueError):
            super().handle()

    def finish(self) -> None:
        with suppress(OSError, ValueError, AttributeError, RuntimeError):
            super().finish()


class InProcessServer:
    def __init__(self) -> None:
        self._server = IRCServer(("127.0.0.1", 0), QuietClient)
        self._server.daemon_threads = True
        self.port: int = self._server.server_address[1]
        serve = self._server.serve_forever
        self._thread = threading.Thread(target=serve, kwargs={"poll_interval": 0.02}, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        if self._thread.is_alive():
            self._server.shutdown()
            self._server.server_close()
            self._thread.join()

"""What the libraries raise, and what a host is to make of it: one table for HTTP and WebSocket.

::

    bot.wire.Unclear       an answer that says nothing
     +-- Trouble           there was no answer; carries a whole sentence for the host
    bot.wire.KeyRefused    waiting cannot help
"""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from socket import gaierror
from urllib.parse import urlsplit, urlunsplit

from websockets.exceptions import ConnectionClosed, InvalidStatus

from bot.link import Fault
from bot.wire import Unclear


@dataclass(frozen=True, slots=True)
class Address:
    """Where a Picker is. ``base`` is as the host wrote it, without a trailing ``/api``."""

    base: str

    @classmethod
    def of(cls, url: str) -> Address:
        """With or without a trailing ``/api``, with or without a slash after that."""
        return cls(url.rstrip("/").removesuffix("/api").rstrip("/"))

    @property
    def secure(self) -> bool:
        return urlsplit(self.base).scheme == "https"

    @property
    def socket(self) -> str:
        """The live socket: the scheme is swapped, and nothing else differs from the API."""
        parts = urlsplit(self.api("/sessions/live"))
        return urlunsplit(parts._replace(scheme="wss" if self.secure else "ws"))

    def api(self, path: str) -> str:
        return f"{self.base}/api{path}"


class Trouble(Unclear):
    """No answer came. ``reason`` is a whole sentence: what is wrong, and what to do; ``then``
    is what we do about it, where we are there to stay."""

    def __init__(self, fault: Fault, reason: str, then: str = "") -> None:
        super().__init__(reason)
        self.fault = fault
        self.then = then


def unreachable(address: Address, error: BaseException) -> Trouble:
    """Neither an HTTP answer nor a WebSocket came about."""
    causes = tuple(_causes(error))
    for cause in causes:
        if isinstance(cause, ssl.SSLError):
            return _untrusted(address, cause)
        if isinstance(cause, gaierror):
            return _nowhere(address, f"its name is unknown: {cause.strerror}")
        if isinstance(cause, ConnectionRefusedError):
            return _nowhere(address, "connection refused")
        if isinstance(cause, InvalidStatus):
            return _no_socket(address, cause.response.status_code)
    if any(isinstance(cause, TimeoutError) for cause in causes):
        return _nowhere(address, "no answer in time")
    return _nowhere(address, str(causes[-1]) or type(causes[-1]).__name__)


def too_long(address: Address, most: int) -> Trouble:
    return _foreign(address, f"an answer of more than {most:,} bytes")


def redirected(address: Address, status: int, to: str | None) -> Trouble:
    """We follow no redirect: the admin key is for the address that the host wrote."""
    where = f" to {_plain(to)}" if to else ""
    return Trouble(
        Fault.FOREIGN,
        f"What is at {address.base} sends us elsewhere (HTTP {status}{where}): set picker.url to "
        "the Picker's own address.",
    )


def explain(address: Address, unclear: Unclear) -> Trouble:
    """A sentence for the host about an answer to the login that was none."""
    if isinstance(unclear, Trouble):
        return unclear
    if unclear.foreign:
        return _foreign(address, unclear.reason)
    return Trouble(
        Fault.TROUBLE,
        f"The Picker at {address.base} is in trouble ({unclear.reason}).",
        "Trying again.",
    )


def closed(address: Address, error: ConnectionClosed) -> Trouble:
    """A socket that was open is not any more."""
    frame = error.rcvd or error.sent
    if frame is None:
        why = "the connection broke"
    elif error.rcvd is None and frame.code == 1009:
        why = "a frame was larger than 1 MiB"
    else:
        why = f"closed with code {frame.code}"
    return Trouble(
        Fault.LOST,
        f"The link to the Picker at {address.base} was lost ({why}).",
        "Connecting again, and polling meanwhile.",
    )


def _nowhere(address: Address, why: str) -> Trouble:
    return Trouble(
        Fault.UNREACHABLE,
        f"The Picker at {address.base} cannot be reached ({why}): is it running, and is "
        "picker.url right?",
        "Trying until it answers.",
    )


def _untrusted(address: Address, error: ssl.SSLError) -> Trouble:
    if isinstance(error, ssl.SSLCertVerificationError):
        todo = "its certificate must be valid, for that name, and from an authority known here"
        why = error.verify_message
    else:
        todo = "does it speak TLS there? If not, picker.url must begin with http:"
        why = (error.reason or "TLS failed").lower().replace("_", " ")
    return Trouble(Fault.TLS, f"No trusted connection to {address.base} ({why}): {todo}.")


def _no_socket(address: Address, status: int) -> Trouble:
    return Trouble(
        Fault.SOCKET,
        f"The Picker's live socket {address.socket} cannot be opened (HTTP {status}): a proxy in "
        "between must let WebSocket through.",
        "Polling meanwhile.",
    )


def _foreign(address: Address, what: str) -> Trouble:
    return Trouble(
        Fault.FOREIGN,
        f"What answers at {address.base} is not a Picker ({what}): picker.url must be the "
        "address of its API, such as http://localhost:5000, and a proxy in between must let us "
        "through to it without a login of its own.",
    )


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _plain(url: str) -> str:
    """A URL from outside for a log: no query, no user, one line."""
    parts = urlsplit(url)
    text = urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))
    return "".join(char for char in text[:200] if char.isprintable())

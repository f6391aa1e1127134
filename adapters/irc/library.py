"""What we use of the ``irc`` library, typed: its parsers, its line buffer, its asyncio protocol.

The only module that sees it. Its ``AioConnection`` is not used: one odd line or one exception in
a handler ends that connection, a send after a drop is lost in silence, and it knows no
capabilities (irc 20.5).
"""

from __future__ import annotations

import asyncio
import re
import socket
import ssl
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

from aiohappyeyeballs import start_connection
from irc.client import NickMask
from irc.client_aio import IrcProtocol
from irc.connection import AioFactory
from irc.features import FeatureSet
from irc.message import Tag
from jaraco.stream.buffer import LenientDecodingLineBuffer

from adapters.irc.ranks import Modes

LINE = re.compile(
    r"(?:@(?P<tags>[^ ]*) +)?(?::(?P<source>[^ ]+) +)?(?P<command>[^ :@][^ ]*)(?P<rest>.*)"
)
LONGEST_LINE = 65_536
"""Bytes without a newline after which the input is dropped: far above tags (8,191) and text."""


@dataclass(frozen=True, slots=True)
class Line:
    """A line as the server sent it (RFC 1459 section 2.3.1, IRCv3 message tags).

    ``source`` is ``nick!user@host`` or a server's name; ``params`` never holds None."""

    command: str
    params: tuple[str, ...] = ()
    source: str = ""
    tags: tuple[tuple[str, str], ...] = ()

    @property
    def nick(self) -> str:
        return str(NickMask(self.source).nick)

    def param(self, index: int) -> str:
        """The parameter at ``index`` (negative: from the end), "" if there is none."""
        try:
            return self.params[index]
        except IndexError:
            return ""

    def tag(self, key: str) -> str | None:
        """The value of a tag ("" for one without), None if the line does not carry it."""
        return dict(self.tags).get(key)


def parse_line(text: str) -> Line | None:
    """One line without its end, or None where there is no command in it. Never raises."""
    match = LINE.fullmatch(text.translate({0: None, 13: None, 10: None}).lstrip(" "))
    if match is None:
        return None
    middle, colon, trailing = match["rest"].partition(" :")
    params = [param for param in middle.split(" ") if param]
    tags = tuple((tag["key"], tag["value"] or "") for tag in Tag.from_group(match["tags"]) or ())
    return Line(
        match["command"].upper(),
        tuple([*params, trailing] if colon else params),
        match["source"] or "",
        tags,
    )


class Features(FeatureSet):  # type: ignore[misc]  # the library has no types
    """What the server says of itself in ISUPPORT (005), read by names that we know.

    The library sets any name as an attribute of the object, its own methods included, and
    raises on malformed values; here neither can happen."""

    FORMS: ClassVar = {
        "LINELEN": re.compile(r"[0-9]{1,9}"),
        "CHANNELLEN": re.compile(r"[0-9]{1,9}"),
        "NICKLEN": re.compile(r"[0-9]{1,9}"),
        "CASEMAPPING": re.compile(r".+"),
        "BOT": re.compile(r"[A-Za-z]"),
        "PREFIX": re.compile(r"\([A-Za-z]{1,20}\)[^A-Za-z0-9\s()]{1,20}"),
        "CHANMODES": re.compile(r"[A-Za-z]{0,60}(?:,[A-Za-z]{0,60}){3,9}"),
    }

    def load_feature(self, feature: str) -> None:
        name, _, value = feature.removeprefix("-").partition("=")
        form = self.FORMS.get(name)
        if form is not None and (feature.startswith("-") or form.fullmatch(value)):
            super().load_feature(feature)

    def number(self, name: str) -> int | None:
        value = vars(self).get(name.lower())
        return value if isinstance(value, int) else None

    def text(self, name: str) -> str | None:
        value = vars(self).get(name.lower())
        return None if value is None else str(value)

    @property
    def modes(self) -> Modes:
        """What the letters of modes mean here (PREFIX, CHANMODES)."""
        known = vars(self)
        lists, always, when_set, *_ = known.get("chanmodes", ("beI", "k", "l"))
        return Modes(known.get("prefix", {}), lists + always, when_set)


class Buffer:
    """Bytes in, decoded lines out: UTF-8, else Latin-1, so that no byte raises."""

    def __init__(self) -> None:
        self._lines = LenientDecodingLineBuffer()

    def feed(self, data: bytes) -> list[str]:
        self._lines.feed(data)
        lines = [str(line) for line in self._lines.lines()]
        if len(self._lines) > LONGEST_LINE:
            self._lines = LenientDecodingLineBuffer()
        return lines


class Receiver(Protocol):
    """What the library's asyncio protocol calls. Neither may raise."""

    def process_data(self, data: bytes) -> None: ...

    def disconnect(self) -> None:
        """The connection is gone, by whoever's doing."""


async def connect(
    receiver: Receiver, host: str, port: int, tls: ssl.SSLContext | None
) -> asyncio.Transport:
    """A connection to the first address of ``host`` that answers, IPv6 or IPv4 (RFC 8305).
    Raises OSError, ssl.SSLError and, for a name that cannot be one, UnicodeError."""
    loop = asyncio.get_running_loop()
    addresses = await resolve(host, port)
    # asyncio's own happy eyeballs now and then leaves a socket open when a connection is reset
    sock = await start_connection(addresses, happy_eyeballs_delay=0.25, interleave=1)
    arguments: dict[str, Any] = {"sock": sock, "ssl": tls}
    if tls is not None:
        arguments |= {"server_hostname": host, "ssl_shutdown_timeout": 1.0}
    transport, _ = await AioFactory(**arguments)(IrcProtocol(receiver, loop), ())
    assert isinstance(transport, asyncio.Transport)
    return transport


async def resolve(host: str, port: int) -> list[Any]:
    """The addresses of ``host``; a number needs neither a question nor a thread to ask it."""
    try:
        return socket.getaddrinfo(host, port, 0, socket.SOCK_STREAM, 0, socket.AI_NUMERICHOST)
    except socket.gaierror:
        loop = asyncio.get_running_loop()
        return await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)

"""SASL as IRC speaks it (IRCv3 sasl-3.1 and -3.2): base64 in pieces of 400 bytes. Pure."""

from __future__ import annotations

import binascii
import re
from base64 import b64decode, b64encode
from typing import Protocol

PIECE = 400
MOST_ITERATIONS = 200_000
"""Rounds of PBKDF2 that we do for a server: some tenths of a second; more is an attack."""


class SaslError(Exception):
    """The exchange cannot go on. One clause, no secret."""


class Mechanism(Protocol):
    @property
    def name(self) -> str: ...

    def answer(self, challenge: bytes) -> bytes:
        """The response to ``challenge``; raises SaslError."""


class Plain:
    """RFC 4616."""

    name = "PLAIN"

    def __init__(self, account: str, password: str) -> None:
        self._response = f"\0{account}\0{password}".encode()

    def answer(self, challenge: bytes) -> bytes:
        return self._response


class External:
    """RFC 4422 appendix A: the client certificate says who we are, so the response is empty
    (Atheme 7.2 refuses one that names the account)."""

    name = "EXTERNAL"

    def answer(self, challenge: bytes) -> bytes:
        return b""


class Scram:
    """RFC 7677: SCRAM-SHA-256, without channel binding. The password never leaves us, and the
    server proves that it knows it."""

    name = "SCRAM-SHA-256"

    def __init__(self, account: str, password: str, nonce: str) -> None:
        from scramp import ScramClient  # 0.1 s to import, and few need it

        self._client = ScramClient([self.name], account, password, c_nonce=nonce)
        self._steps = iter((self._first, self._final, self._done))

    def answer(self, challenge: bytes) -> bytes:
        from scramp import ScramException

        try:
            return next(self._steps)(challenge.decode()).encode()
        except (ScramException, ValueError, KeyError, StopIteration) as error:
            raise SaslError("the server does not follow SCRAM-SHA-256") from error

    def _first(self, challenge: str) -> str:
        return str(self._client.get_client_first())

    def _final(self, challenge: str) -> str:
        rounds = re.search(r"(?:^|,)i=(\d{1,9})(?:,|$)", challenge)
        if rounds is None or not 0 < int(rounds[1]) <= MOST_ITERATIONS:
            raise SaslError("the server asks for an absurd number of SCRAM rounds")
        self._client.set_server_first(challenge)
        return str(self._client.get_client_final())

    def _done(self, challenge: str) -> str:
        self._client.set_server_final(challenge)
        return ""


def pieces(response: bytes) -> list[str]:
    """The parameters of the AUTHENTICATE lines that carry ``response``."""
    text = b64encode(response).decode()
    cut = [text[at : at + PIECE] for at in range(0, len(text), PIECE)]
    return cut if cut and len(cut[-1]) < PIECE else [*cut, "+"]


class Challenge:
    """Collects a challenge that comes in pieces."""

    def __init__(self) -> None:
        self._text = ""

    def feed(self, piece: str) -> bytes | None:
        """The challenge once it is whole, else None; raises SaslError."""
        self._text += "" if piece == "+" else piece
        if len(self._text) > 40 * PIECE:
            raise SaslError("the server's SASL challenge has no end")
        if len(piece) == PIECE:
            return None
        text, self._text = self._text, ""
        try:
            return b64decode(text, validate=True)
        except (binascii.Error, ValueError) as error:
            raise SaslError("the server's SASL challenge is not base64") from error

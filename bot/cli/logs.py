"""Where the log goes and what it must never contain."""

from __future__ import annotations

import json
import logging
import re
import sys
from collections.abc import Callable, Iterable
from typing import TextIO

from bot.config import LogSettings

LIBRARIES = ("aiohttp", "apscheduler", "discord", "httpcore", "httpx", "irc", "websockets")
"""At DEBUG these log tokens and passwords, at INFO every single request."""

SHORTEST_SECRET = 4
"""Shorter ones would blacken half the log and protect nothing."""

_JWT = r"eyJ[\w-]+\.[\w-]+\.[\w-]*"
_CONTROLS = {code: f"\\x{code:02x}" for code in (*range(0x20), *range(0x7F, 0xA0))}


def configure(
    settings: LogSettings, secrets: Iterable[str] = (), out: TextIO | None = None
) -> None:
    """Send all logging to ``out`` (standard error), with ``secrets`` blacked out."""
    level = logging.getLevelName(settings.level.upper())
    inner = (
        _json()
        if settings.format == "json"
        else _Text("%(asctime)s %(levelname)-7s %(name)s: %(message)s", "%Y-%m-%d %H:%M:%S")
    )
    handler = logging.StreamHandler(out or sys.stderr)
    handler.setFormatter(_Masked(inner, secrets))
    logging.basicConfig(level=level, handlers=[handler], force=True)
    quietest = logging.INFO if level == logging.DEBUG else max(level, logging.WARNING)
    for name in LIBRARIES:
        logging.getLogger(name).setLevel(quietest)


def _json() -> logging.Formatter:
    from pythonjsonlogger.json import JsonFormatter

    names = {"asctime": "time", "levelname": "level", "name": "logger"}
    return JsonFormatter(
        "%(asctime)s %(levelname)s %(name)s %(message)s",
        "%Y-%m-%dT%H:%M:%S%z",
        rename_fields=names,
        json_ensure_ascii=False,
    )


class _Text(logging.Formatter):
    """One line for a record (before its traceback): outside text cannot forge another, nor
    steer a terminal."""

    def formatMessage(self, record: logging.LogRecord) -> str:
        return super().formatMessage(record).translate(_CONTROLS)


def masking(secrets: Iterable[str]) -> Callable[[str], str]:
    """What puts ``***`` for every secret, and for anything that looks like a JWT, in a text that
    a far side had a part in: it may repeat to us what we sent."""
    forms = {form for secret in secrets for form in (secret, json.dumps(secret)[1:-1])}
    long_first = sorted((form for form in forms if len(form) >= SHORTEST_SECRET), key=len)[::-1]
    secret = re.compile("|".join((*map(re.escape, long_first), _JWT)))
    return lambda text: secret.sub("***", text)


class _Masked(logging.Formatter):
    """Masks what another formatter made, tracebacks included."""

    def __init__(self, inner: logging.Formatter, secrets: Iterable[str]) -> None:
        super().__init__()
        self._inner = inner
        self._mask = masking(secrets)

    def format(self, record: logging.LogRecord) -> str:
        return self._mask(self._inner.format(record))

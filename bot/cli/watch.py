"""``nightcrier watch``: the frames of one session as they come, for finding out why none do."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from contextlib import aclosing
from typing import Any

import click

from bot.cli import Failed, compose, logs
from bot.cli.signals import run_until_signal
from bot.config import Config
from bot.picker import Happening, KeyRefused, Opened, Picker, Received, Told
from bot.picker.faults import Address
from bot.timing import SystemTime
from bot.wire import AuthAccepted, AuthRefused, Complaint, Malformed, Pong, Subscribed

RULE = "━" * 40

_CONTROLS = {code: f"\\u{code:04x}" for code in (0x2028, 0x2029, *range(0x7F, 0xA0))}
_WORDS = re.compile(r"[A-Z]?[a-z0-9]+|[A-Z]+")


def watch(config: Config, session_id: int) -> int:
    """Print what the link to the Picker does and every event of the session, until interrupted."""
    logs.configure(config.log.model_copy(update={"level": "error"}), config.secrets)
    click.echo(f"🚀 Watching session {session_id}\n{RULE}")
    click.echo(f"📡 Connecting to: {Address.of(config.picker.url).socket}")
    click.echo(f"🎮 Session ID: {session_id}\n{RULE}\n")
    mask = logs.masking(config.secrets)
    return run_until_signal(_watch(compose.picker(config, SystemTime()), session_id, mask))


async def _watch(picker: Picker, session_id: int, mask: Callable[[str], str]) -> int:
    try:
        async with aclosing(picker.watch(session_id)) as happenings:
            async for happening in happenings:
                for line in lines(happening, session_id):
                    click.echo(mask(line).translate(_CONTROLS))
    except KeyRefused as error:
        raise Failed(mask(str(error))) from None
    return 0


def lines(happening: Happening, session_id: int) -> Iterator[str]:
    """What to print of something that happened on the link."""
    match happening:
        case Opened():
            yield "✅ Connected to WebSocket server\n"
            yield "🔐 Authenticating..."
        case Told(text, warning=True):
            yield f"⚠️ {text}\n"
        case Received(_, AuthAccepted()):
            yield "✅ Authentication successful\n"
            yield f"📻 Subscribing to session {session_id}..."
        case Received(_, AuthRefused(message)):
            yield f"❌ Authentication failed: {message}\n"
        case Received(_, Subscribed()):
            yield f"✅ Subscribed to session {session_id}\n"
            yield "👂 Listening for events... (Ctrl-C ends)"
            yield "(Close the session in the Picker to trigger session.ended)\n"
        case Received(_, Complaint(message)):
            yield f"⚠️ The Picker complains: {message}\n"
        case Received(text, frame) if not isinstance(frame, Pong):
            yield from _event(text)
            if isinstance(frame, Malformed):
                yield f"⚠️ This is not as it should be: {frame.reason}\n"


def _event(text: bytes) -> Iterator[str]:
    try:
        document = json.loads(text)
    except ValueError:
        document = None
    if not isinstance(document, dict):
        yield f"{RULE}\n⚠️ NO EVENT, BUT THIS:\n{RULE}\n\n{text.decode('utf-8', 'replace')}\n"
        return
    yield f"{RULE}\n🎉 {str(document.get('type')).upper()} EVENT RECEIVED!\n{RULE}\n"
    yield f"📦 Event Data:\n{json.dumps(document, indent=2, ensure_ascii=False)}\n"
    yield "✨ Event Details:"
    yield from _details(document.get("data"), ())
    yield f"Timestamp: {document.get('timestamp', '–')}\n"


def _details(value: Any, path: tuple[str, ...]) -> Iterator[str]:
    """Each field on a line of its own, under a name for people."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _details(inner, (*path, key))
    elif path:
        yield f"{_label(path)}: {_shown(value, truth=path[-1].startswith('is_'))}"


def _label(path: tuple[str, ...]) -> str:
    """``session.id`` is "Session ID", ``session.is_active`` is "Active", ``game.title`` is
    "Game Title"."""
    *parents, name = path
    inside = parents[-1:] if parents and (name == "id" or parents[-1] != "session") else []
    words = [word for part in (*inside, name.removeprefix("is_")) for word in _WORDS.findall(part)]
    return " ".join("ID" if word.lower() == "id" else word.capitalize() for word in words)


def _shown(value: Any, *, truth: bool) -> str:
    if truth or isinstance(value, bool):
        return "Yes" if value else "No"
    if value is None:
        return "–"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)

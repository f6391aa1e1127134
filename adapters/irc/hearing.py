"""What others say to us: lines worth reporting, and CTCP requests. Pure."""

from __future__ import annotations

from datetime import datetime

from adapters.irc.facts import Spoken
from adapters.irc.library import Line
from adapters.irc.outgoing import Bucket
from adapters.irc.text import clean, strip

CTCP = "\x01"
CTCP_BURST, CTCP_EVERY = 3, 10.0
PING_LENGTH = 64
HISTORY = frozenset({"chathistory", "znc.in/playback"})
VERSION = "Nightcrier, announcer of game nights"


def spoken(line: Line, channel: str | None) -> Spoken:
    """A PRIVMSG as a fact. ``channel`` is its configured name, None if it is private."""
    return Spoken(
        channel=channel,
        nick=line.nick,
        account=line.tag("account") or None,
        is_bot=is_bot(line),
        text=clean(strip(line.param(1))),
        at=moment(line.tag("time")),
    )


def is_bot(line: Line) -> bool:
    """IRCv3 bot-mode, by its final and its older name."""
    return line.tag("bot") is not None or line.tag("draft/bot") is not None


def moment(stamp: str | None) -> float | None:
    """An IRCv3 server-time stamp in seconds since the epoch."""
    try:
        return datetime.fromisoformat(stamp).timestamp() if stamp else None
    except (ValueError, OverflowError, OSError):
        return None


class Ctcp:
    """Answers VERSION and PING, at a rate that makes no weapon of us."""

    def __init__(self) -> None:
        self._bucket = Bucket(CTCP_BURST, CTCP_EVERY)

    def answer(self, line: Line, now: float) -> str | None:
        """The NOTICE that answers a CTCP request; None where none is due."""
        if is_bot(line) or "!" not in line.source:
            return None
        command, _, argument = line.param(1).strip(CTCP).partition(" ")
        match command.upper():
            case "VERSION":
                text = f"VERSION {VERSION}"
            case "PING":
                text = f"PING {clean(argument)[:PING_LENGTH]}".rstrip()
            case _:
                return None
        return f"NOTICE {line.nick} :{CTCP}{text}{CTCP}" if self._bucket.take(now) else None


class Histories:
    """Batches in which a server replays what was said long ago: nobody says it now."""

    def __init__(self) -> None:
        self._open: set[str] = set()

    def batch(self, line: Line) -> None:
        reference = line.param(0)
        if reference.startswith("+") and line.param(1) in HISTORY:
            self._open.add(reference[1:])
        self._open.discard(reference.removeprefix("-"))

    def holds(self, line: Line) -> bool:
        return line.tag("batch") in self._open

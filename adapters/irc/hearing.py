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
ACTION = f"{CTCP}ACTION "
"""What somebody does ("/me ...") is a line of theirs like any other."""
BOT_TAGS = ("bot", "draft/bot", "inspircd.org/bot")


def spoken(line: Line, channel: str | None, *, rules: bool) -> Spoken:
    """A PRIVMSG as a fact. ``channel`` is its configured name, None if it is private."""
    return Spoken(
        channel=channel,
        nick=line.nick,
        account=line.tag("account") or None,
        is_bot=is_bot(line),
        text=clean(strip(line.param(1).removeprefix(ACTION))),
        at=moment(line.tag("time")),
        rules=rules,
    )


def is_request(text: str) -> bool:
    """Whether ``text`` is a CTCP request rather than something said or done."""
    return text.startswith(CTCP) and not text.startswith(ACTION)


def is_bot(line: Line) -> bool:
    """IRCv3 bot-mode, by its final name, an older one, and that of InspIRCd 3."""
    return any(line.tag(name) is not None for name in BOT_TAGS)


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
    """What a server or a bouncer replays of long ago: nobody says it now.

    It comes in a batch, or with a stamp from before we came. Both stamps are by the network's
    clock, so ours need not be right."""

    def __init__(self) -> None:
        self.since: float | None = None  # when we were welcomed
        self._open: set[str] = set()

    def batch(self, line: Line) -> None:
        reference = line.param(0)
        if reference.startswith("+") and line.param(1) in HISTORY:
            self._open.add(reference[1:])
        self._open.discard(reference.removeprefix("-"))

    def holds(self, line: Line, joined_at: float | None) -> bool:
        """Whether ``line`` is of long ago; ``joined_at`` is when we joined its channel, None for a
        private line."""
        if line.tag("batch") in self._open:
            return True
        since = self.since if joined_at is None else joined_at
        stamp = moment(line.tag("time"))
        return since is not None and stamp is not None and stamp < since

"""The channels that we are to be in: joining, being thrown out, coming back. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import Enum

from adapters.irc.endings import reason
from adapters.irc.facts import Note
from adapters.irc.library import Line
from adapters.irc.text import fold
from bot.domain import Deferred, Refused

ANSWER_WAIT = 60.0
FIRST_RETRY, LAST_RETRY = 30.0, 600.0
KICK_PATIENCE = 60.0
KICK_MEMORY = 3600.0
AT_ONCE = 4
"""Channels in one JOIN: below the TARGMAX of any server, and few enough for a short line."""

ALWAYS_WRONG = frozenset({"403", "476", "479"})
"""403 ERR_NOSUCHCHANNEL, 476 ERR_BADCHANMASK, 479 ERR_BADCHANNAME: JOIN makes a channel that is
not there, so these mean a name that can never be joined."""
REFUSALS = frozenset({"405", "437", "471", "473", "474", "475", "477", "480", "489", "495"})
"""Answers to JOIN that may be otherwise tomorrow (RFC 2812 section 3.2.1, and what is common)."""
NEEDS_ACCOUNT = "477"
SIGNS = {"405": "we are in too many channels", "471": "it is full (+l)", "473": "invite only (+i)"}
SIGNS |= {"474": "we are banned (+b)", "475": "it needs a key (keys)"}
SIGNS |= {"477": "it needs an identified account (account, account_password)"}


class Stand(Enum):
    OUT = "out"
    ASKED = "asked"
    IN = "in"
    BARRED = "barred"  # only an INVITE brings us back
    WRONG = "wrong"  # never


@dataclass(slots=True)
class Channel:
    name: str
    key: str = field(default="", repr=False)
    stand: Stand = Stand.OUT
    reason: str = "not joined yet"
    due_at: float = 0.0
    retry: float = FIRST_RETRY
    kicked_at: float | None = None
    refused_by: str = ""
    plain: bool = False


class Channels:
    """``names`` as configured. All times are those of the caller's clock."""

    def __init__(self, names: Iterable[str], keys: dict[str, str]) -> None:
        folded = {fold(name): key for name, key in keys.items()}
        self._all = [Channel(name, folded.get(fold(name), "")) for name in names]
        self._casemapping = "rfc1459"

    def learn(self, casemapping: str, channellen: int | None) -> None:
        """What the server told in ISUPPORT of names and their length."""
        self._casemapping = casemapping
        for channel in self._all:
            if channellen is not None and len(channel.name) > channellen:
                channel.stand = Stand.WRONG
                channel.reason = f"the name is longer than the server's {channellen} characters"

    def find(self, name: str) -> Channel | None:
        wanted = fold(name, self._casemapping)
        return next((c for c in self._all if fold(c.name, self._casemapping) == wanted), None)

    def all_in(self) -> bool:
        return all(channel.stand in (Stand.IN, Stand.BARRED, Stand.WRONG) for channel in self._all)

    def obstacle(self, channel: Channel) -> Deferred | Refused | None:
        """Why ``channel`` cannot be spoken in, None if it can."""
        said = f"{channel.name}: {channel.reason}"
        match channel.stand:
            case Stand.IN:
                return None
            case Stand.WRONG:
                return Refused(said)
        return Deferred(said)

    def joins(self, now: float) -> list[str]:
        """The JOIN lines that are due."""
        due = [c for c in self._all if c.stand in (Stand.OUT, Stand.ASKED) and c.due_at <= now]
        due.sort(key=lambda channel: not channel.key)
        for channel in due:
            channel.stand, channel.due_at = Stand.ASKED, now + ANSWER_WAIT
        groups = [due[at : at + AT_ONCE] for at in range(0, len(due), AT_ONCE)]
        return [join(group) for group in groups]

    def deadline(self) -> float | None:
        waiting = [c.due_at for c in self._all if c.stand in (Stand.OUT, Stand.ASKED)]
        return min(waiting, default=None)

    def receive(self, line: Line, me: str, now: float) -> tuple[list[str], list[Note]]:
        """Lines to send, and what the host should know. ``me`` is our nick."""
        mine = fold(line.nick, self._casemapping) == fold(me, self._casemapping)
        match line.command:
            case "JOIN" if mine:
                return self._joined(line.param(0)), []
            case "PART" if mine:
                return [], self._thrown_out(line.param(0), f"we were removed by {line.nick}", now)
            case "KICK" if fold(line.param(1)) == fold(me):
                said = f"{line.nick} kicked us: {reason(line.param(2))}"
                return [], self._thrown_out(line.param(0), said, now)
            case "INVITE":
                self._invited(line.param(1), now)
            case "324":
                self._moded(line.param(1), line.param(2))
            case "MODE":
                self._moded(line.param(0), line.param(1))
            case numeric if numeric in REFUSALS | ALWAYS_WRONG:
                return [], self._refused(line, now)
        return [], []

    def identified(self, now: float) -> None:
        """What was refused for want of an account is tried again."""
        for channel in self._all:
            if channel.stand is Stand.OUT and channel.refused_by == NEEDS_ACCOUNT:
                channel.due_at = now

    def lost(self, channel: Channel, now: float) -> None:
        """The server says that we are not in it."""
        channel.stand, channel.reason, channel.due_at = Stand.OUT, "we are not in it", now

    def _joined(self, name: str) -> list[str]:
        channel = self.find(name)
        if channel is None:
            return []
        channel.stand, channel.retry, channel.refused_by = Stand.IN, FIRST_RETRY, ""
        return [f"MODE {channel.name}"]

    def _refused(self, line: Line, now: float) -> list[Note]:
        channel = self.find(line.param(1))
        if channel is None or channel.stand is not Stand.ASKED:
            return []
        before, channel.refused_by = channel.refused_by, line.command
        channel.reason = SIGNS.get(line.command) or reason(line.param(-1))
        channel.stand, channel.due_at = Stand.OUT, now + channel.retry
        channel.retry = min(channel.retry * 2, LAST_RETRY)
        if line.command in ALWAYS_WRONG:
            channel.stand = Stand.WRONG
        said = f"{channel.name} cannot be joined: {channel.reason}"
        return [] if before == line.command else [Note(said)]

    def _thrown_out(self, name: str, said: str, now: float) -> list[Note]:
        channel = self.find(name)
        if channel is None:
            return []
        again = channel.kicked_at is not None and now - channel.kicked_at < KICK_MEMORY
        channel.kicked_at, channel.reason = now, said
        channel.stand = Stand.BARRED if again else Stand.OUT
        channel.due_at = now + KICK_PATIENCE
        what = "we stay out until invited" if again else "we come back in a minute"
        return [Note(f"{channel.name}: {said}; {what}")]

    def _invited(self, name: str, now: float) -> None:
        channel = self.find(name)
        if channel is not None and channel.stand is not Stand.IN:
            channel.stand, channel.due_at = Stand.OUT, now

    def _moded(self, name: str, modes: str) -> None:
        """``c`` and ``S`` forbid or strip formatting on most networks."""
        channel, sign = self.find(name), "+"
        for letter in modes if channel else "":
            if letter in "+-":
                sign = letter
            elif letter in "cS" and channel is not None:
                channel.plain = sign == "+"


def join(channels: list[Channel]) -> str:
    """One JOIN for all; those with a key come first (RFC 2812 section 3.2.1)."""
    keys = ",".join(channel.key for channel in channels if channel.key)
    names = ",".join(channel.name for channel in channels)
    return f"JOIN {names} {keys}".rstrip()

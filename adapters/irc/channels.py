"""The channels that we are to be in: joining, being thrown out, coming back. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import Enum

from adapters.irc.endings import reason
from adapters.irc.facts import Note
from adapters.irc.hearing import moment
from adapters.irc.library import Line
from adapters.irc.ranks import Modes, Operators, signs
from adapters.irc.text import fold, size
from bot.domain import Deferred, Refused

ANSWER_WAIT = 60.0
FIRST_RETRY, LAST_RETRY = 30.0, 600.0
SOON, LOOK_EVERY = 2.0, 30.0
"""Seconds until it makes sense to try again to speak in a channel that we are about to join, and
in one that we may come back to sooner than we think."""
KICK_PATIENCE = 60.0
KICK_MEMORY = 3600.0
AT_ONCE = 4
"""Channels in one JOIN: below the TARGMAX of any server."""
JOIN_LENGTH = 400
"""Bytes of one JOIN at most, unless a single channel and its key are longer."""

ALWAYS_WRONG = frozenset({"403", "476", "479"})
"""403 ERR_NOSUCHCHANNEL, 476 ERR_BADCHANMASK, 479 ERR_BADCHANNAME: JOIN makes a channel that is
not there, so these mean a name that can never be joined."""
REFUSALS = frozenset({"405", "437", "443", "448", "470", "471", "473", "474", "475", "477", "480"})
REFUSALS |= {"485", "489", "495", "500", "519", "520", "926"}
"""Answers to JOIN that may be otherwise tomorrow (RFC 2812 section 3.2.1, and what is common)."""
NEEDS_ACCOUNT = "477"
SIGNS = {"405": "we are in too many channels", "471": "it is full (+l)", "473": "invite only (+i)"}
SIGNS |= {"474": "we are banned (+b)", "475": "it needs a key (keys)"}
SIGNS |= {"477": "it needs an identified account (account, account_password)"}
SIGNS |= dict.fromkeys(("443", "470"), "it sends us on to another channel")  # where we may be now


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
    since: float | None = None  # when we joined, by the network's clock, where it tells the time
    operators: Operators = field(default_factory=Operators)


class Channels:
    """``names`` as configured. All times are those of the caller's clock. Lives longer than a
    connection: whoever has thrown us out twice does not see us again after a reconnect."""

    def __init__(self, names: Iterable[str], keys: dict[str, str]) -> None:
        folded = {fold(name): key for name, key in keys.items()}
        self._all = [Channel(name, folded.get(fold(name), "")) for name in names]
        self._casemapping = "rfc1459"
        self._modes = Modes()

    @property
    def longest(self) -> str:
        return max((channel.name for channel in self._all), key=size, default="#")

    def anew(self) -> None:
        """A new connection: we are in no channel."""
        self._casemapping, self._modes = "rfc1459", Modes()
        for channel in self._all:
            if channel.stand is Stand.BARRED:
                continue
            if channel.kicked_at is not None and channel.stand is Stand.OUT:
                channel.due_at = channel.kicked_at + KICK_PATIENCE
            else:
                channel.due_at, channel.reason = 0.0, "not joined yet"
            channel.stand, channel.retry, channel.refused_by = Stand.OUT, FIRST_RETRY, ""
            channel.plain = False

    def learn(self, casemapping: str, channellen: int | None, modes: Modes) -> None:
        """What the server told in ISUPPORT of names, their length, and modes."""
        self._casemapping, self._modes = casemapping, modes
        for channel in self._all:
            if channellen is not None and len(channel.name) > channellen:
                channel.stand = Stand.WRONG
                channel.reason = f"the name is longer than the server's {channellen} characters"

    def find(self, name: str) -> Channel | None:
        wanted = self._fold(name)
        return next((c for c in self._all if self._fold(c.name) == wanted), None)

    def rules(self, nick: str, channel: Channel | None) -> bool:
        """Whether ``nick`` is an operator of ``channel`` (None: of our first one)."""
        channel = channel or next(iter(self._all), None)
        return channel is not None and self._fold(nick) in channel.operators

    def all_in(self) -> bool:
        return all(channel.stand in (Stand.IN, Stand.BARRED, Stand.WRONG) for channel in self._all)

    def obstacle(self, channel: Channel, now: float) -> Deferred | Refused | None:
        """Why ``channel`` cannot be spoken in, None if it can."""
        said = f"{channel.name}: {channel.reason}"
        match channel.stand:
            case Stand.IN:
                return None
            case Stand.WRONG:
                return Refused(said)
            case Stand.BARRED:
                return Deferred(said)
            case Stand.ASKED:
                return Deferred(said, SOON)
        return Deferred(said, min(max(channel.due_at - now, 0.0) + SOON, LOOK_EVERY))

    def joins(self, now: float) -> list[str]:
        """The JOIN lines that are due."""
        due = [c for c in self._all if c.stand in (Stand.OUT, Stand.ASKED) and c.due_at <= now]
        due.sort(key=lambda channel: not channel.key)
        for channel in due:
            channel.stand, channel.due_at = Stand.ASKED, now + ANSWER_WAIT
        return [join(group) for group in groups(due)]

    def deadline(self) -> float | None:
        waiting = [c.due_at for c in self._all if c.stand in (Stand.OUT, Stand.ASKED)]
        return min(waiting, default=None)

    def receive(self, line: Line, me: str, now: float) -> tuple[list[str], list[Note]]:
        """Lines to send, and what the host should know. ``me`` is our nick."""
        mine = self._fold(line.nick) == self._fold(me)
        match line.command:
            case "JOIN" if mine:
                return self._joined(line), []
            case "PART" if mine:
                return [], self._thrown_out(line.param(0), f"we were removed by {line.nick}", now)
            case "KICK" if self._fold(line.param(1)) == self._fold(me):
                said = f"{line.nick} kicked us: {reason(line.param(2))}"
                return [], self._thrown_out(line.param(0), said, now)
            case "INVITE":
                self._invited(line.param(1), now)
            case numeric if numeric in REFUSALS | ALWAYS_WRONG:
                return [], self._refused(line, now)
            case _:
                self._ranked(line)
        return [], []

    def identified(self, now: float) -> None:
        """What was refused for want of an account is tried again."""
        for channel in self._all:
            if channel.stand is Stand.OUT and channel.refused_by == NEEDS_ACCOUNT:
                channel.due_at = now

    def lost(self, channel: Channel, now: float) -> None:
        """The server says that we are not in it."""
        channel.stand, channel.reason, channel.due_at = Stand.OUT, "we are not in it", now

    def _fold(self, name: str) -> str:
        return fold(name, self._casemapping)

    def _joined(self, line: Line) -> list[str]:
        channel = self.find(line.param(0))
        if channel is None:
            return []
        channel.stand, channel.retry, channel.refused_by = Stand.IN, FIRST_RETRY, ""
        channel.since = moment(line.tag("time"))
        channel.operators.clear()
        return [f"MODE {channel.name}"]

    def _ranked(self, line: Line) -> None:
        """Who is an operator, and who no longer."""
        match line.command:
            case "353":
                self._listed(line.param(2), line.param(-1))
            case "324":
                self._moded(line.param(1), line.param(2), line.params[3:])
            case "MODE":
                self._moded(line.param(0), line.param(1), line.params[2:])
            case "NICK":
                for channel in self._all:
                    channel.operators.renamed(self._fold(line.nick), self._fold(line.param(0)))
            case "QUIT":
                for channel in self._all:
                    channel.operators.gone(self._fold(line.nick))
            case "PART" | "KICK":
                who = line.nick if line.command == "PART" else line.param(1)
                if (left := self.find(line.param(0))) is not None:
                    left.operators.gone(self._fold(who))

    def _listed(self, name: str, names: str) -> None:
        channel = self.find(name)
        for word in names.split() if channel else ():
            letters, nick = signs(word, self._modes)
            for letter in letters:
                self._promoted(channel, True, letter, nick)

    def _promoted(self, channel: Channel | None, given: bool, letter: str, nick: str) -> None:
        if channel is not None and nick and letter in self._modes.ruling:
            change = channel.operators.give if given else channel.operators.take
            change(self._fold(nick), letter)

    def _refused(self, line: Line, now: float) -> list[Note]:
        channel = next(filter(None, map(self.find, line.params[1:])), None)
        if channel is None or channel.stand is not Stand.ASKED:
            return []
        before, channel.refused_by = channel.refused_by, line.command
        channel.reason = SIGNS.get(line.command) or reason(line.param(-1))
        channel.stand, channel.due_at = Stand.OUT, now + channel.retry
        channel.retry = min(channel.retry * 2, LAST_RETRY)
        if line.command in ALWAYS_WRONG:
            channel.stand = Stand.WRONG
        said = f"{channel.name} cannot be joined: {channel.reason}"
        same = SIGNS.get(before, before) == SIGNS.get(line.command, line.command)
        return [] if same else [Note(said)]

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
        if channel is not None and channel.stand in (Stand.OUT, Stand.BARRED):
            channel.stand, channel.due_at = Stand.OUT, now

    def _moded(self, name: str, modes: str, parameters: tuple[str, ...]) -> None:
        """``c`` and ``S`` forbid or strip formatting on most networks."""
        channel = self.find(name)
        if channel is None:
            return
        for given, letter, parameter in self._modes.changes(modes, parameters):
            if letter in "cS":
                channel.plain = given
            self._promoted(channel, given, letter, parameter)


def groups(channels: list[Channel]) -> list[list[Channel]]:
    """Channels that go into one JOIN each: few enough for any server, and a short line."""
    cut: list[list[Channel]] = []
    for channel in channels:
        together = [*cut[-1], channel] if cut else [channel]
        if cut and len(together) <= AT_ONCE and size(join(together)) <= JOIN_LENGTH:
            cut[-1] = together
        else:
            cut.append([channel])
    return cut


def join(channels: list[Channel]) -> str:
    """One JOIN for all; those with a key come first (RFC 2812 section 3.2.1)."""
    keys = ",".join(channel.key for channel in channels if channel.key)
    names = ",".join(channel.name for channel in channels)
    return f"JOIN {names} {keys}".rstrip()

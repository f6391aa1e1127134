"""One connection as a machine without a socket: lines in; lines and facts out. Pure.

The caller feeds it (:meth:`Machine.receive`, :meth:`Machine.say`), tells it the time
(:meth:`Machine.wake`, no later than :attr:`Machine.deadline`), and after each of these sends what
:meth:`Machine.take_lines` and handles what :meth:`Machine.take_facts` hand out. Once ``ending``
is set the connection is to be closed. Times are of any clock that never jumps.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable

from adapters.irc.channels import Channel, Channels
from adapters.irc.endings import ending_of
from adapters.irc.facts import Ending, Fact, Identity, Note, Settled
from adapters.irc.hearing import CTCP, Ctcp, Histories, spoken
from adapters.irc.library import Features, Line, parse_line
from adapters.irc.nick import Nick
from adapters.irc.outgoing import Outgoing, Rank
from adapters.irc.prefix import Prefix
from adapters.irc.pulse import Pulse
from adapters.irc.receipts import NOT_IN, TOO_LONG, Receipts, formatting_refused, refusal
from adapters.irc.services import Services
from adapters.irc.signon import SignOn
from adapters.irc.text import fold, size, strip
from bot.domain import Deferred

SIGN_ON_WAIT = 60.0
MOST_ANSWERS = 20
"""Answers that wait at most; more would come too late to be of use."""


class Machine:
    """``channels`` as configured, ``keys`` by channel; ``burst`` lines at once, then one every
    ``pace`` seconds. ``digits`` tell us from others of our nick, if all else is taken."""

    def __init__(
        self,
        me: Identity,
        channels: Iterable[str],
        *,
        keys: dict[str, str],
        burst: int,
        pace: float,
        digits: str,
        now: float,
    ) -> None:
        names = tuple(channels)
        self.ending: Ending | None = None
        self.channels = Channels(names, keys)
        self._features = Features()
        self._nick = Nick(me.nick, digits)
        self._signon = SignOn(me, self._nick)
        self._services = Services(me)
        self._prefix = Prefix(max(names, key=size, default="#"))
        self._pulse = Pulse(now)
        self._receipts = Receipts()
        self._ctcp = Ctcp()
        self._histories = Histories()
        self._outgoing = Outgoing(burst, pace)
        self._texts: dict[int, tuple[str, str]] = {}
        self._tickets = itertools.count(1)
        self._facts: list[Fact] = []
        self._sign_on_until = now + SIGN_ON_WAIT
        self._outgoing.urge(*self._signon.start())

    # --- asked

    @property
    def welcomed(self) -> bool:
        return self._signon.welcomed

    @property
    def length(self) -> int:
        """Bytes of text that a line can carry now."""
        nick = max(self._nick.current, self._nick.wanted, key=size)
        return self._prefix.length(nick, self._features.number("LINELEN"))

    @property
    def deadline(self) -> float:
        """When :meth:`wake` is due at the latest."""
        moments = [
            self._pulse.deadline() if self.welcomed else self._sign_on_until,
            self._signon.deadline(),
            self._services.deadline(),
            self._receipts.deadline() if not self._pulse.waiting else None,
            self._outgoing.deadline() if self.welcomed else None,
            self._nick.deadline() if self._may_join else None,
            self.channels.deadline() if self._may_join else None,
        ]
        return min(moment for moment in moments if moment is not None)

    def take_lines(self, now: float) -> list[str]:
        """The lines to be written now, in order, without their end."""
        lines = self._written(now)
        if self.welcomed and not self._pulse.waiting:
            if self._receipts.wants_ping(now) or self._pulse.silent(now):
                self._receipts.pinged()
                self._outgoing.urge(self._pulse.ping(now))
        return lines + self._written(now)

    def take_facts(self) -> list[Fact]:
        facts, self._facts = self._facts, []
        return facts

    # --- told

    def say(self, channel: Channel, text: str) -> int:
        """Say ``text`` in a channel that we are in; the ticket under which its fate is told."""
        ticket = next(self._tickets)
        labelled = {"labeled-response", "batch", "message-tags"} <= self._signon.caps
        label = f"@label=t{ticket} " if labelled else ""
        self._texts[ticket] = (channel.name, text)
        self._outgoing.put(f"{label}PRIVMSG {channel.name} :{text}", Rank.SPEECH, ticket)
        return ticket

    def withdraw(self, ticket: int) -> None:
        """Nobody waits for this line any longer: it is not written, if it has not been."""
        self._texts.pop(ticket, None)
        self._outgoing.withdraw(ticket)

    def answer(self, target: str, text: str) -> bool:
        """Say ``text`` to a person or a channel, after all else; False if too much waits."""
        return self._answer(f"PRIVMSG {target} :{text}")

    def quit(self, reason: str) -> None:
        self._outgoing.urge(f"QUIT :{reason}")

    def wake(self, now: float) -> None:
        """Do what the passing of time asks for."""
        self._outgoing.urge(*self._signon.wake(now), *self._services.wake(now))
        if self._pulse.matured(now):
            self._facts += self._receipts.ponged()
        if not self.welcomed and now >= self._sign_on_until:
            self._end(Ending("the server did not finish the sign-on within a minute"))
        elif self._pulse.dead(now):
            self._end(Ending("the server stopped answering"))
        self._errands(now)

    def receive(self, text: str, now: float) -> None:
        """Take in one line, without its end."""
        self._pulse.heard(now)
        line = parse_line(text)
        if line is None:
            return
        mine = bool(line.source) and self._nick.is_me(line.nick, self._casemapping)
        self._outgoing.urge(*self._signon.receive(line, now))
        identified = self._services.identified
        self._services.receive(line, self._nick.current, now)
        if self._services.identified and not identified:
            self.channels.identified(now)
        self._end(ending_of(line) or self._signon.ending or self._services.ending)
        self._prefix.receive(line, mine=mine)
        self._dispatch(line, mine, now)
        self._errands(now)

    def lost(self, why: str) -> None:
        """The connection is gone: what was written is in doubt, what was not is not."""
        self._facts += self._receipts.lost(why)
        self._facts += [Settled(ticket, Deferred(why)) for ticket in self._texts]
        self._texts.clear()

    # --- inside

    @property
    def _casemapping(self) -> str:
        return self._features.text("CASEMAPPING") or "rfc1459"

    @property
    def _may_join(self) -> bool:
        return self.welcomed and not self._services.holding

    def _fold(self, name: str) -> str:
        return fold(name, self._casemapping)

    def _end(self, ending: Ending | None) -> None:
        self.ending = self.ending or ending

    def _answer(self, line: str) -> bool:
        if self._outgoing.holds(Rank.ANSWER) >= MOST_ANSWERS:
            return False
        self._outgoing.put(line, Rank.ANSWER)
        return True

    def _written(self, now: float) -> list[str]:
        taken = self._outgoing.take(now, registered=self.welcomed)
        for waiting in taken:
            if waiting.ticket is not None and waiting.ticket in self._texts:
                channel, text = self._texts.pop(waiting.ticket)
                self._receipts.written(waiting.ticket, self._fold(channel), text, now)
        return [waiting.line for waiting in taken]

    def _errands(self, now: float) -> None:
        if not self._may_join:
            return
        for line in self.channels.joins(now):
            self._outgoing.put(line, Rank.ERRAND)
        if self._nick.regain(now):
            for line in self._services.ghost(self._nick.wanted):
                self._outgoing.put(line, Rank.ERRAND)
            self._outgoing.put(f"NICK {self._nick.wanted}", Rank.ERRAND)

    def _dispatch(self, line: Line, mine: bool, now: float) -> None:
        match line.command:
            case "PING":
                self._outgoing.urge(f"PONG :{line.param(0)}")
            case "PONG":
                self._facts += self._receipts.ponged() if self._pulse.pong(line) else []
            case "001":
                self._welcome(line, now)
            case "005":
                self._learn(line)
            case "CAP":
                self._receipts.echoes = "echo-message" in self._signon.caps
            case "BATCH":
                self._receipts.batch(line)
                self._histories.batch(line)
            case "NICK" if mine:
                self._nick.changed(line.param(0), now)
            case "QUIT" | "NICK":
                self._nick.freed(line, now)
            case "PRIVMSG":
                self._message(line, mine, now)
            case _:
                self._answered(line, now)

    def _welcome(self, line: Line, now: float) -> None:
        self._nick.welcomed(line.param(0), now)
        self._outgoing.urge(*self._services.start(now, logged_in=self._signon.logged_in))

    def _learn(self, line: Line) -> None:
        self._features.load(line.params)
        self.channels.learn(self._casemapping, self._features.number("CHANNELLEN"))
        bot = self._features.text("BOT")
        if bot and any(param.startswith("BOT=") for param in line.params):
            self._outgoing.put(f"MODE {self._nick.current} +{bot[:1]}", Rank.ERRAND)

    def _message(self, line: Line, mine: bool, now: float) -> None:
        target, text = line.param(0), line.param(1)
        if mine:
            self._echo(line, target, text)
        elif text.startswith(CTCP):
            answer = self._ctcp.answer(line, now)
            if answer:
                self._answer(answer)
        elif not self._histories.holds(line):
            channel = self.channels.find(target)
            if channel is not None or self._nick.is_me(target, self._casemapping):
                self._facts.append(spoken(line, channel.name if channel else None))

    def _echo(self, line: Line, target: str, text: str) -> None:
        said = self._receipts.find(line, self._fold(target))
        if said is None:
            return
        self._facts.append(self._receipts.echo(said, line))
        channel = self.channels.find(target)
        if text == said.text or channel is None:
            return
        if text == strip(said.text):
            channel.plain = True
        else:
            self._facts.append(Note(f"{channel.name}: the server changed or cut what we said"))

    def _answered(self, line: Line, now: float) -> None:
        """What is left: the replies to JOIN, MODE and PRIVMSG."""
        if self._refuse(line, now):
            return
        lines, notes = self.channels.receive(line, self._nick.current, now)
        self._facts += notes
        for command in lines:
            self._outgoing.put(command, Rank.ERRAND)

    def _refuse(self, line: Line, now: float) -> bool:
        """Whether ``line`` refuses something that we said."""
        addressed = line.command not in (TOO_LONG, "FAIL", "ACK")
        said = self._receipts.find(line, self._fold(line.param(1)) if addressed else None)
        channel = self.channels.find(said.target) if said else None
        outcome = refusal(line, channel.name) if channel else None
        if said is None or channel is None or outcome is None:
            return False
        if line.command == TOO_LONG and self._prefix.shrink(size(said.text)):
            outcome = Deferred(f"{channel.name}: the line was too long and will be split")
        if line.command in NOT_IN:
            self.channels.lost(channel, now)
        if formatting_refused(line) and not channel.plain:
            channel.plain, outcome = True, Deferred(f"{channel.name}: it takes plain text only")
        self._facts.append(self._receipts.refuse(said, outcome))
        return True

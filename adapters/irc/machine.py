"""One connection as a machine without a socket: lines in; lines and facts out. Pure.

The caller feeds it (:meth:`Machine.receive`, :meth:`Machine.say`), tells it the time
(:meth:`Machine.wake`, no later than :attr:`Machine.deadline`), and after each of these sends what
:meth:`Machine.take_lines` and handles what :meth:`Machine.take_facts` hand out. Once ``ending``
is set the connection is to be closed. Times are of any clock that never jumps.
"""

from __future__ import annotations

import itertools

from adapters.irc.channels import NEEDS_ACCOUNT, Channel, Channels
from adapters.irc.endings import ending_of
from adapters.irc.facts import Ending, Fact, Identity, Note, Settled
from adapters.irc.hearing import Ctcp, Histories, is_request, moment, spoken
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
    """``burst`` lines at once, then one every ``pace`` seconds. ``digits`` tell us from others of
    our nick, if all else is taken."""

    def __init__(
        self,
        me: Identity,
        channels: Channels,
        *,
        burst: int,
        pace: float,
        digits: str,
        now: float,
    ) -> None:
        self.ending: Ending | None = None
        self.channels = channels
        channels.anew()
        self._features = Features()
        self._nick = Nick(me.nick, digits, keen=not me.guest)
        self._signon = SignOn(me, self._nick)
        self._services = Services(me)
        self._prefix = Prefix(channels.longest)
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
        told = self._features.number
        return self._prefix.length(nick, told("LINELEN"), told("NICKLEN"))

    @property
    def nick(self) -> str:
        """What we are called now."""
        return self._nick.current

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
            more = self._outgoing.holds(Rank.SPEECH) > 0
            if self._receipts.wants_ping(now, more=more) or self._pulse.silent(now):
                self._receipts.pinged()
                self._outgoing.urge(self._pulse.ping(now))
        return lines + self._written(now)

    def take_facts(self) -> list[Fact]:
        facts, self._facts = self._facts, []
        return facts

    # --- told

    def say(self, channel: Channel, text: str) -> int:
        """Say ``text`` in a channel that we are in; the ticket under which its fate is told."""
        return self._speak(channel, text, Rank.SPEECH)

    def withdraw(self, ticket: int) -> None:
        """Nobody waits for this line any longer: it is not written, if it has not been."""
        self._texts.pop(ticket, None)
        self._outgoing.withdraw(ticket)

    def answer(self, channel: Channel, text: str) -> bool:
        """Answer in a channel that we are in, after all else; False if too much waits."""
        if self._outgoing.holds(Rank.ANSWER) >= MOST_ANSWERS:
            return False
        self._speak(channel, text, Rank.ANSWER)
        return True

    def notify(self, nick: str, text: str) -> bool:
        """Answer a person alone, likewise. By NOTICE, which no program answers (RFC 2812 section
        3.3.2), so that we are in no endless talk with another bot."""
        return self._answer(f"NOTICE {nick} :{text}")

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
        return self._signon.introduced and not self._services.holding

    def _fold(self, name: str) -> str:
        return fold(name, self._casemapping)

    def _end(self, ending: Ending | None) -> None:
        self.ending = self.ending or ending

    def _speak(self, channel: Channel, text: str, rank: Rank) -> int:
        ticket = next(self._tickets)
        labelled = {"labeled-response", "batch", "message-tags"} <= self._signon.caps
        label = f"@label=t{ticket} " if labelled else ""
        self._texts[ticket] = (channel.name, text)
        self._outgoing.put(f"{label}PRIVMSG {channel.name} :{text}", rank, ticket)
        return ticket

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
                asked = waiting.rank is Rank.SPEECH
                self._receipts.written(waiting.ticket, self._fold(channel), text, now, asked=asked)
        return [waiting.line for waiting in taken]

    def _errands(self, now: float) -> None:
        if not self._may_join:
            return
        for line in self.channels.joins(now):
            self._outgoing.put(line, Rank.ERRAND)
        wanted = self._nick.wanted
        match self._nick.regain(now, services=self._services.helps):
            case None:
                self._outgoing.put(self._services.ghost(wanted), Rank.ERRAND)
            case True:
                self._outgoing.put(f"NICK {wanted}", Rank.ERRAND)

    def _dispatch(self, line: Line, mine: bool, now: float) -> None:
        match line.command:
            case "PING":
                self._outgoing.urge(f"PONG :{line.param(0)}")
            case "PONG":
                self._facts += self._receipts.ponged() if self._pulse.pong(line) else []
            case "001":
                self._welcome(line, now)
            case "005":
                self._learn(line, now)
            case "432" if self.welcomed:
                self._nick.given_up()
            case "CAP":
                self._receipts.echoes = "echo-message" in self._signon.caps
            case "BATCH":
                self._receipts.batch(line)
                self._histories.batch(line)
            case "NICK" | "QUIT":
                self._renamed(line, mine, now)
            case "PRIVMSG":
                self._message(line, mine, now)
            case _:
                self._answered(line, now)

    def _welcome(self, line: Line, now: float) -> None:
        self._nick.welcomed(line.param(0), now)
        if self._nick.deadline() is not None:
            told = f"the nick {self._nick.wanted} is taken; we are {self._nick.current}"
            self._facts.append(Note(f"{told} until it is free"))
        self._histories.since = moment(line.tag("time"))
        self._outgoing.urge(*self._services.start(now, logged_in=self._signon.logged_in))

    def _renamed(self, line: Line, mine: bool, now: float) -> None:
        if mine and line.command == "NICK":
            self._nick.changed(line.param(0), now)
        else:
            self._nick.freed(line, now)
        self.channels.receive(line, self._nick.current, now)

    def _learn(self, line: Line, now: float) -> None:
        told = self._features
        told.load(line.params)
        self.channels.learn(self._casemapping, told.number("CHANNELLEN"), told.modes)
        self._nick.learn(told.number("NICKLEN"), now)
        bot = self._features.text("BOT")
        if bot and any(param.startswith("BOT=") for param in line.params):
            self._outgoing.put(f"MODE {self._nick.current} +{bot}", Rank.ERRAND)

    def _message(self, line: Line, mine: bool, now: float) -> None:
        target, text = line.param(0), line.param(1)
        channel = self.channels.find(target)
        if mine:
            self._echo(line, target, text)
        elif self._histories.holds(line, channel.since if channel else None):
            return
        elif is_request(text):
            answer = self._ctcp.answer(line, now)
            if answer:
                self._answer(answer)
        elif channel is not None or self._nick.is_me(target, self._casemapping):
            rules = self.channels.rules(line.nick, channel)
            self._facts.append(spoken(line, channel.name if channel else None, rules=rules))

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
        self._refuse(line, now)
        lines, notes = self.channels.receive(line, self._nick.current, now)
        self._facts += notes
        for command in lines:
            self._outgoing.put(command, Rank.ERRAND)
        if line.command == NEEDS_ACCOUNT:
            self._outgoing.urge(*self._services.again(now))

    def _refuse(self, line: Line, now: float) -> None:
        """Settle what ``line`` refuses of what we said."""
        said = self._receipts.find(line, self._refused_target(line))
        channel = self.channels.find(said.target) if said else None
        outcome = refusal(line, channel.name) if channel else None
        if said is None or channel is None or outcome is None:
            return
        if line.command == TOO_LONG and self._prefix.shrink(size(said.text)):
            outcome = Deferred(f"{channel.name}: the line was too long and will be split")
        if line.command in NOT_IN:
            self.channels.lost(channel, now)
        if formatting_refused(line) and not channel.plain:
            channel.plain, outcome = True, Deferred(f"{channel.name}: it takes plain text only")
        self._facts.append(self._receipts.refuse(said, outcome))

    def _refused_target(self, line: Line) -> str | None:
        """The folded channel that a refusal names, None where its kind names none."""
        if line.command in (TOO_LONG, "ACK"):
            return None
        if line.command == "FAIL":  # its context, if any, stands between code and description
            named = (self.channels.find(word) for word in line.params[2:-1])
            return next((self._fold(channel.name) for channel in named if channel), None)
        return self._fold(line.param(1))

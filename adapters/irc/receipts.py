"""What has become of each line that was said. Pure.

Best first: the echo of the server (IRCv3 echo-message), by its label where there are labels
(labeled-response), in order per channel where there are not; else a PING behind all lines that
are out, because a server works through a connection in order: whatever it has against a line
comes before the PONG.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from adapters.irc.endings import reason
from adapters.irc.facts import Settled
from adapters.irc.library import Line
from adapters.irc.text import size
from bot.domain import Accepted, Deferred, Doubtful, Outcome, Proof, Receipt, Refused

ECHO_WAIT = 10.0
"""Seconds without an echo after which a PING asks whether there will be one."""
BATCH_WAIT = 5.0
"""Seconds for which a PING waits for lines that are about to go: it counts as a line itself on
most servers, so one is to stand behind as many as possible."""
RETRY_AFTER = 30.0
TOO_LONG = "417"
NOT_IN = frozenset({"401", "403", "442"})
NO_FORMATTING = ("color", "colour", "+c")
LABEL = re.compile(r"t([0-9]{1,9})")
SPEAKING = frozenset({"PRIVMSG", "*"})


@dataclass(slots=True)
class Said:
    ticket: int
    target: str  # folded
    text: str
    at: float
    asked: bool = True  # somebody waits for its fate
    covered: bool = False  # a PING has gone after it


class Receipts:
    def __init__(self) -> None:
        self.echoes = False
        self._out: dict[int, Said] = {}
        self._batches: dict[str, int] = {}

    def written(self, ticket: int, target: str, text: str, now: float, *, asked: bool) -> None:
        """A line has gone. One whose fate nobody asks for is kept until it is known, since its
        echo or its refusal is not that of another line; no PING goes after it."""
        self._out[ticket] = Said(ticket, target, text, now, asked)

    def find(self, line: Line, target: str | None) -> Said | None:
        """The line that ``line`` is about, by its label, else the oldest to ``target`` (folded).
        Without a target: the oldest where echoes settle the older ones, else the longest."""
        ticket = labelled(line)
        if ticket is None:
            ticket = self._batches.get(line.tag("batch") or "")
        if ticket is not None:
            return self._out.get(ticket)
        if target is not None:
            return next((said for said in self._out.values() if said.target == target), None)
        if line.command == "ACK":
            return None
        if self.echoes:
            return next(iter(self._out.values()), None)
        return max(self._out.values(), key=lambda said: size(said.text), default=None)

    def batch(self, line: Line) -> None:
        """A reply of several lines to one labelled line (IRCv3 batch)."""
        reference, ticket = line.param(0), labelled(line)
        if reference.startswith("+") and ticket is not None:
            self._batches[reference[1:]] = ticket
        elif reference.startswith("-"):
            self._batches.pop(reference[1:], None)

    def echo(self, said: Said, line: Line) -> Settled:
        """Our own line has come back: the server has taken it."""
        return self._settle(said, Accepted(Receipt(Proof.CONFIRMED, line.tag("msgid"))))

    def refuse(self, said: Said, outcome: Outcome) -> Settled:
        return self._settle(said, outcome)

    def wants_ping(self, now: float, *, more: bool) -> bool:
        """Whether a PING is to go now; ``more`` if other lines wait for their turn."""
        wait = self._wait if self.echoes or more else 0.0
        return any(now - said.at >= wait for said in self._uncovered())

    def pinged(self) -> None:
        for said in self._out.values():
            said.covered = True

    def ponged(self) -> list[Settled]:
        """The server has worked through all lines before the PING."""
        covered = [said for said in self._out.values() if said.covered]
        outcome: Outcome = Accepted(Receipt(Proof.CONFIRMED))
        if self.echoes:
            outcome = Doubtful("the server neither showed nor refused the line")
        return [self._settle(said, outcome) for said in covered]

    def lost(self, why: str) -> list[Settled]:
        """The connection is gone with these lines on it."""
        outcome = Doubtful(f"the connection broke before the server answered ({why})")
        return [self._settle(said, outcome) for said in list(self._out.values())]

    def deadline(self) -> float | None:
        waiting = [said.at + self._wait for said in self._uncovered()]
        return min(waiting, default=None)

    @property
    def _wait(self) -> float:
        return ECHO_WAIT if self.echoes else BATCH_WAIT

    def _uncovered(self) -> list[Said]:
        return [said for said in self._out.values() if said.asked and not said.covered]

    def _settle(self, said: Said, outcome: Outcome) -> Settled:
        del self._out[said.ticket]
        return Settled(said.ticket, outcome)


def labelled(line: Line) -> int | None:
    """The ticket in the label of ``line``, if that is one of ours."""
    match = LABEL.fullmatch(line.tag("label") or "")
    return int(match[1]) if match else None


def refusal(line: Line, channel: str) -> Outcome | None:
    """What ``line`` says against a line to ``channel``, None if it is not about sending
    (RFC 2812 section 5.2; IRCv3 standard replies). What the channel may lift is Deferred."""
    said = f"{channel}: {reason(line.param(-1))}"
    if line.command == "ACK":
        return Doubtful(f"{channel}: the server took the line without showing it")
    if line.command == "FAIL":
        if line.param(0) not in SPEAKING:
            return None
        final = line.param(1) == "INVALID_UTF8"
        return Refused(said) if final else Deferred(said, RETRY_AFTER)
    if line.command == TOO_LONG:
        return Refused(said)
    if line.command in NOT_IN:
        return Deferred(said)
    if len(line.command) == 3 and line.command[0] in "45" and line.command.isdecimal():
        return Deferred(said, RETRY_AFTER)
    return None


def formatting_refused(line: Line) -> bool:
    """Whether a refusal is about bold and the like (+c)."""
    return any(word in line.param(-1).lower() for word in NO_FORMATTING)

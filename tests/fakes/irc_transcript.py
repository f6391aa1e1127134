"""Plays a conversation with the IRC machine from a script::

    S: :irc.test 001 nightcrier :Welcome     the server says
    C: JOIN #night                           we say exactly this next
    +30                                      so many seconds pass
    say #night The night begins              our side speaks (the ticket counts from 1)
    answer #night Five up                    our side answers, in a channel or a person

Every line of ours has to be in the script, in its place.
"""

from __future__ import annotations

from typing import Any

from adapters.irc.channels import Channels
from adapters.irc.facts import Fact, Identity, Settled
from adapters.irc.machine import Machine
from bot.domain import Outcome


def machine(*channels: str, now: float = 0.0, **changes: Any) -> Machine:
    """A machine for "nightcrier", with no pace unless ``pace`` and ``burst`` say so. What is
    not about the machine goes to its identity."""
    known = Channels(channels or ("#night",), changes.pop("keys", {}))
    own = {key: changes.pop(key) for key in ("burst", "pace", "digits") if key in changes}
    me = {"nick": "nightcrier", "username": "crier", "realname": "A crier", "nonce": "n0nce"}
    options = {"burst": 4, "pace": 0.0, "digits": "042"} | own
    return Machine(Identity(**{**me, **changes}), known, now=now, **options)


class Play:
    """A machine in the middle of a conversation."""

    def __init__(self, machine: Machine, now: float = 0.0) -> None:
        self.machine = machine
        self.now = now
        self.facts: list[Fact] = []
        self._sent: list[str] = []
        self._collect()

    def run(self, script: str) -> Play:
        for line in filter(None, (line.strip(" ") for line in script.splitlines())):
            self._step(line)
            self._collect()
        assert not self._sent, f"not in the script: {self._sent}"
        return self

    @property
    def outcomes(self) -> dict[int, Outcome]:
        return {fact.ticket: fact.outcome for fact in self.facts if isinstance(fact, Settled)}

    def _step(self, line: str) -> None:
        if line.startswith("C: "):
            assert self._sent, f"we do not say {line!r}"
            assert self._sent.pop(0) == line[3:]
            return
        assert not self._sent, f"before {line!r}, not in the script: {self._sent}"
        if line.startswith("S: "):
            self.machine.receive(line[3:], self.now)
        elif line.startswith(("say ", "answer ")):
            self._speak(*line.split(" ", 2))
        else:
            self._pass(float(line))

    def _speak(self, how: str, name: str, text: str) -> None:
        channel = self.machine.channels.find(name)
        if how == "answer":
            assert (
                self.machine.answer(channel, text) if channel else self.machine.notify(name, text)
            )
        else:
            assert channel is not None
            self.machine.say(channel, text)

    def _pass(self, seconds: float) -> None:
        end = self.now + seconds
        while self.machine.ending is None and self.machine.deadline <= end:
            before = self.machine.deadline
            self.now = max(self.now, before)
            self.machine.wake(self.now)
            self._collect()
            assert self.machine.ending or self.machine.deadline > before, "it wakes for nothing"
        self.now = end

    def _collect(self) -> None:
        self._sent += self.machine.take_lines(self.now)
        self.facts += self.machine.take_facts()


WELCOME = """
C: CAP LS 302
C: NICK nightcrier
C: USER crier 0 * :A crier
S: :irc.test CAP * LS :
C: CAP END
S: :irc.test 001 nightcrier :Welcome
"""

SIGN_ON = WELCOME + "S: :irc.test 422 nightcrier :MOTD File is missing\n"

PLAIN = (
    SIGN_ON
    + """
C: JOIN #night
S: :nightcrier!~crier@host.test JOIN :#night
C: MODE #night
S: :irc.test 324 nightcrier #night +nt
"""
)

ECHOING = """
C: CAP LS 302
C: NICK nightcrier
C: USER crier 0 * :A crier
S: :irc.test CAP * LS :echo-message
C: CAP REQ :echo-message
S: :irc.test CAP nightcrier ACK :echo-message
C: CAP END
S: :irc.test 001 nightcrier :Welcome
S: :irc.test 422 nightcrier :MOTD File is missing
C: JOIN #night
S: :nightcrier!~crier@host.test JOIN :#night
C: MODE #night
S: :irc.test 324 nightcrier #night +nt
"""

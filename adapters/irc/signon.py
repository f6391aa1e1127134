"""From the first byte to the welcome: capabilities, SASL, nick. Pure.

IRCv3 capability negotiation 302, SASL 3.1 and 3.2, RFC 2812 section 3.1.
"""

from __future__ import annotations

from adapters.irc.facts import Ending, Identity, Patience
from adapters.irc.library import Line
from adapters.irc.nick import Nick
from adapters.irc.sasl import Challenge, External, Mechanism, Plain, SaslError, Scram, pieces

WANTED = (
    "account-tag",
    "batch",
    "chghost",
    "echo-message",
    "labeled-response",
    "message-tags",
    "multi-prefix",
    "server-time",
)
MOTD_WAIT = 3.0
"""Seconds after the welcome for which we wait for the end of what the server says of itself
(ISUPPORT before all): it has to come before our first JOIN."""
SASL_WAIT = 15.0
"""Seconds without an answer from services after which we go on without an account."""


class SignOn:
    """Fed with lines; hands back lines to send. When it is over, ``welcomed`` is true or
    ``ending`` is set; ``introduced`` once the server has said all about itself."""

    def __init__(self, me: Identity, nick: Nick) -> None:
        self.caps: set[str] = set()
        self.logged_in = False
        self.welcomed = False
        self.introduced = False
        self.ending: Ending | None = None
        self._me = me
        self._nick = nick
        self._offered: dict[str, str] = {}
        self._asked = 0
        self._untried = list(me.mechanisms)
        self._mechanism: Mechanism | None = None
        self._challenge = Challenge()
        self._sasl_until: float | None = None
        self._motd_until: float | None = None
        self._challenged = False  # services have spoken, so a refusal is theirs

    def start(self) -> list[str]:
        me = self._me
        password = [f"PASS :{me.password}"] if me.password else []
        user = f"USER {me.username} 0 * :{me.realname}"
        return ["CAP LS 302", *password, f"NICK {self._nick.current}", user]

    def receive(self, line: Line, now: float) -> list[str]:
        match line.command:
            case "CAP":
                return self._cap(line, now)
            case "AUTHENTICATE":
                return self._authenticate(line.param(0), now)
            case "900":
                self.logged_in = True
            case "901":
                self.logged_in = False
            case "903" | "907":
                self.logged_in = True
                return self._sasl_over()
            case "902" | "904" | "905":
                return self._sasl_refused(now)
            case "908":
                offered = line.param(1).upper().split(",")
                self._untried = [name for name in self._untried if name in offered]
            case "432" | "433" | "436" | "437" if not self.welcomed:
                return self._another_nick(line.command)
            case "001":
                self.welcomed, self._motd_until = True, now + MOTD_WAIT
            case "376" | "422":
                self._introduced()
        return []

    def wake(self, now: float) -> list[str]:
        """SASL without an answer: services are not there."""
        if self._motd_until is not None and now >= self._motd_until:
            self._introduced()
        if self._sasl_until is None or now < self._sasl_until:
            return []
        return ["AUTHENTICATE *", *self._sasl_over()]

    def deadline(self) -> float | None:
        waits = (self._sasl_until, self._motd_until)
        return min((wait for wait in waits if wait is not None), default=None)

    def _introduced(self) -> None:
        self.introduced, self._motd_until = self.welcomed, None

    # --- capabilities

    def _cap(self, line: Line, now: float) -> list[str]:
        names = line.param(-1).split()
        match line.param(1).upper():
            case "LS":
                self._offered |= dict(name.partition("=")[::2] for name in names)
                return [] if line.param(2) == "*" and len(line.params) > 3 else self._ask()
            case "NEW":
                self._offered |= dict(name.partition("=")[::2] for name in names)
                return self._ask()
            case "DEL":
                self.caps -= {*names}
                for name in names:
                    self._offered.pop(name, None)
            case "ACK":
                self.caps |= {name for name in names if not name.startswith("-")}
                return self._answered(now)
            case "NAK":
                return self._refused_together(names, now)
        return []

    def _ask(self) -> list[str]:
        wanted = [name for name in WANTED if name in self._offered and name not in self.caps]
        if "sasl" in self._offered and self._untried and not self.logged_in:
            wanted.append("sasl")
        if not wanted:
            return self._end()
        self._asked += 1
        return [f"CAP REQ :{' '.join(wanted)}"]

    def _refused_together(self, names: list[str], now: float) -> list[str]:
        """A server refuses a request as a whole: ask for each alone."""
        if len(names) < 2:
            return self._answered(now)
        self._asked += len(names) - 1
        return [f"CAP REQ :{name}" for name in names]

    def _answered(self, now: float) -> list[str]:
        self._asked = max(self._asked - 1, 0)
        if self._asked:
            return []
        name = self._usable()
        if name and "sasl" in self.caps and not self.logged_in and self._sasl_until is None:
            return self._try(name, now)
        return self._end()

    def _end(self) -> list[str]:
        busy = self.welcomed or self._asked or self._sasl_until is not None
        return [] if busy else ["CAP END"]

    # --- SASL

    def _usable(self) -> str | None:
        """The best mechanism not yet tried that the server knows (all, where it tells none)."""
        offered = [name for name in self._offered.get("sasl", "").upper().split(",") if name]
        usable = (name for name in self._untried if not offered or name in offered)
        return next(usable, None)

    def _try(self, name: str, now: float) -> list[str]:
        self._untried.remove(name)
        self._mechanism = self._make(name)
        self._challenge = Challenge()
        self._challenged = False
        self._sasl_until = now + SASL_WAIT
        return [f"AUTHENTICATE {name}"]

    def _make(self, name: str) -> Mechanism:
        account, password = self._me.account or self._me.nick, self._me.account_password or ""
        match name:
            case "EXTERNAL":
                return External()
            case "PLAIN":
                return Plain(account, password)
        return Scram(account, password, self._me.nonce)

    def _authenticate(self, piece: str, now: float) -> list[str]:
        if self._mechanism is None or self._sasl_until is None:
            return []
        self._sasl_until, self._challenged = now + SASL_WAIT, True
        try:
            challenge = self._challenge.feed(piece)
            answer = None if challenge is None else self._mechanism.answer(challenge)
        except SaslError as error:
            self.ending = Ending(f"signing in failed: {error}", Patience.LONG)
            return ["AUTHENTICATE *"]
        return [] if answer is None else [f"AUTHENTICATE {part}" for part in pieces(answer)]

    def _sasl_refused(self, now: float) -> list[str]:
        """The next mechanism may do (an account may have no SCRAM verifier); else it is over."""
        if self._mechanism is None:
            return []
        name = self._usable()
        if name:
            return self._try(name, now)
        if not self._challenged:
            return self._sasl_over()
        refused, self._mechanism, self._sasl_until = self._mechanism.name, None, None
        key = "cert_file" if refused == "EXTERNAL" else "account_password"
        account = self._me.account or self._me.nick
        reason = f"services refuse to sign us in to the account {account} by {refused}"
        self.ending = Ending(f"{reason} (key: {key})", Patience.FATAL)
        return []

    def _sasl_over(self) -> list[str]:
        self._mechanism = self._sasl_until = None
        return self._end()

    # --- nick

    def _another_nick(self, numeric: str) -> list[str]:
        nick = self._nick.refused(numeric)
        if nick is None:
            reason = (
                f"the server refuses the nick {self._nick.wanted} and others like it (key: nick)"
            )
            self.ending = Ending(reason, Patience.LONG)
            return []
        return [f"NICK {nick}"]

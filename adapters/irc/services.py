"""NickServ, where SASL is not to be had: identify first, join then. Pure."""

from __future__ import annotations

import re

from adapters.irc.facts import Ending, Identity, Patience
from adapters.irc.library import Line
from adapters.irc.text import fold

WAIT = 10.0
FIRST_RETRY, LAST_RETRY = 15 * 60.0, 6 * 3600.0

# Services have no numerics of their own; these are the words of Atheme, Anope and Ergo.
ACCEPTED = re.compile(r"\b(now (identified|logged in|recognized)|password accepted)", re.IGNORECASE)
WRONG = re.compile(
    r"(invalid|incorrect|wrong) password|password (is )?(incorrect|invalid)|"
    r"authentication failed|not a registered|isn't registered|not registered",
    re.IGNORECASE,
)


class Services:
    """``identified`` once we are; ``holding`` while joins should wait for it."""

    def __init__(self, me: Identity) -> None:
        self.identified = False
        self.ending: Ending | None = None
        self._me = me
        self._until: float | None = None
        self._retry_at: float | None = None
        self._retry = FIRST_RETRY

    @property
    def holding(self) -> bool:
        return self._until is not None

    def start(self, now: float, *, logged_in: bool) -> list[str]:
        self.identified = logged_in
        return self._identify(now)

    @property
    def helps(self) -> bool:
        """Whether services would free a nick for us."""
        return self.identified and bool(self._me.nickserv)

    def ghost(self, nick: str) -> str:
        """The line that frees ``nick`` from whoever holds it, if it is ours."""
        return self._command(f"GHOST {nick}")

    def receive(self, line: Line, nick: str, now: float) -> None:
        """``nick`` is ours."""
        match line.command:
            case "900":
                self._done(identified=True)
            case "901":
                self.identified = False
            case "MODE" if line.param(0) == nick and "r" in line.param(1).partition("-")[0]:
                self._done(identified=True)
            case "401" if fold(line.param(1)) == self._name:
                self._away(now)
            case "NOTICE" if fold(line.nick) == self._name and self.holding:
                self._told(line.param(-1))

    def again(self, now: float) -> list[str]:
        """Something was refused for want of an account: services may be back by now."""
        return [] if self.holding else self._identify(now)

    def wake(self, now: float) -> list[str]:
        if self._until is not None and now >= self._until:
            self._away(now)
        if self._retry_at is not None and now >= self._retry_at:
            return self._identify(now)
        return []

    def deadline(self) -> float | None:
        return self._retry_at if self._until is None else self._until

    @property
    def _name(self) -> str:
        return fold(self._me.nickserv.partition("@")[0])

    def _identify(self, now: float) -> list[str]:
        me = self._me
        self._retry_at = None
        if self.identified or not (me.account_password and me.nickserv):
            return []
        self._until = now + WAIT
        return [self._command(f"IDENTIFY {me.account or me.nick} {me.account_password}")]

    def _command(self, text: str) -> str:
        return f"PRIVMSG {self._me.nickserv} :{text}"

    def _told(self, text: str) -> None:
        if ACCEPTED.search(text):
            self._done(identified=True)
        elif WRONG.search(text):
            account = self._me.account or self._me.nick
            reason = f"{self._me.nickserv} refuses to identify us to the account {account}"
            self.ending = Ending(f"{reason} (key: account_password)", Patience.FATAL)

    def _done(self, *, identified: bool) -> None:
        self.identified = identified
        self._until = self._retry_at = None

    def _away(self, now: float) -> None:
        """Services are not there: we go on without, and ask again much later."""
        self._until = None
        self._retry_at, self._retry = now + self._retry, min(self._retry * 2, LAST_RETRY)

"""Why servers show clients the door, and when it makes sense to knock again. Pure."""

from __future__ import annotations

import re

from adapters.irc.facts import Ending, Patience
from adapters.irc.library import Line
from adapters.irc.text import clean

UNWELCOME = re.compile(
    r"\b(banned|ban|[kgzdq][-:]?lined?|a(uto)?kill(ed)?|throttl\w*|too many|too fast|"
    r"full|no more (\w+ )?connections|not welcome|no authori[sz]ation|not authori[sz]ed|"
    r"ghost(ed)?|unauthori[sz]ed|access denied|denied|blacklist(ed)?|dnsbl|open proxy|"
    r"trying to reconnect|connection limit|excess flood|max sendq|recvq)\b",
    re.IGNORECASE,
)
"""Words of ERROR lines after which hammering makes things worse; servers have no codes for it.
Who is driven out as a ghost has an owner who is here as well: two bots with one account would do
it to each other for ever."""

WRONG_PASSWORD = re.compile(
    r"\b(bad|invalid|incorrect|wrong) password|password mismatch", re.IGNORECASE
)

FOREIGN = ("HTTP/", "SSH-")
"""How servers of the web and of shells begin their first line."""

LONGEST_REASON = 200
SHORTEST, LONGEST = 2.0, 300.0
FIRST_LONG, LAST_LONG = 15 * 60.0, 6 * 3600.0
LIVE_ENOUGH = 60.0


BAD_PASSWORD = Ending("the server refuses the password (key: password)", Patience.FATAL)


def reason(text: str) -> str:
    """A server's words as part of a sentence of ours."""
    return clean(text)[:LONGEST_REASON].strip() or "no reason given"


def ending_of(line: Line) -> Ending | None:
    """What ``line`` says about the end of this connection, None if nothing."""
    match line.command:
        case "ERROR":
            said = reason(line.param(-1))
            if WRONG_PASSWORD.search(said):
                return BAD_PASSWORD
            patience = Patience.LONG if UNWELCOME.search(said) else Patience.SHORT
            return Ending(f"the server closed the connection: {said}", patience)
        case "463" | "465":
            return Ending(f"the server does not let us in: {reason(line.param(-1))}", Patience.LONG)
        case "464":
            return BAD_PASSWORD
        case other if other.startswith(FOREIGN):
            return Ending("what answers there is no IRC server (keys: host, port)", Patience.LONG)
    return None


class Backoff:
    """The waits between connections, in seconds. ``dice`` is a number from 0 to 1."""

    def __init__(self) -> None:
        self._short = SHORTEST
        self._long = FIRST_LONG

    def wait(self, patience: Patience, lived: float, dice: float) -> float:
        """How long to wait after a connection that lived so many seconds from its welcome on:
        exponential with jitter, anew after one that lived for a minute."""
        if lived >= LIVE_ENOUGH:
            self._short, self._long = SHORTEST, FIRST_LONG
        if patience is Patience.LONG:
            wait, self._long = self._long, min(self._long * 2, LAST_LONG)
            return wait * (1 + dice / 10)
        ceiling, self._short = self._short, min(self._short * 2, LONGEST)
        return 0.25 + ceiling * dice

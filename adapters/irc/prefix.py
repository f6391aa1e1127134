"""How others see us, and so how long a line of ours may be. Pure.

A server relays ``:nick!user@host PRIVMSG #channel :text``, CR and LF within LINELEN bytes
(RFC 1459 section 2.3), and cuts off what is longer, mostly without a word.
"""

from __future__ import annotations

from adapters.irc.library import Line
from adapters.irc.text import size

FLOOR = 328
"""Bytes of text that pass everywhere: nick 30, user 10, host 64, channel 64 (InspIRCd's limits)."""
LINELEN = 512
LONGEST = 4_096
LEAST = 100
LONGEST_NAME = 200


class Prefix:
    """``channel`` is the longest that we speak in."""

    def __init__(self, channel: str) -> None:
        self._channel = channel
        self._user_host = ""
        self._most: int | None = None

    def receive(self, line: Line, *, mine: bool) -> None:
        """Learn from a line; ``mine`` if we are its source."""
        if line.command == "396":
            user = self._user_host.partition("@")[0]
            host = line.param(1)
            self._user_host = host if "@" in host else f"{user}@{host}" if user else ""
        elif mine and line.command == "CHGHOST":
            self._user_host = f"{line.param(0)}@{line.param(1)}"
        elif mine and "!" in line.source:
            self._user_host = line.source.partition("!")[2]

    def shrink(self, length: int) -> bool:
        """A line of ``length`` bytes was too long; False if there is nothing left to give up."""
        if length <= LEAST:
            return False
        self._most = max(length * 4 // 5, LEAST)
        return True

    def length(self, nick: str, linelen: int | None, nicklen: int | None = None) -> int:
        """Bytes of text in one line, given our nick and ISUPPORT LINELEN; with NICKLEN an answer
        to a person with the longest nick fits too."""
        whole = min(max(linelen or LINELEN, LINELEN), LONGEST)
        longest = max(size(self._channel), (nicklen or 0) - len("PRIVMSG") + len("NOTICE"))
        frame = size(f":{nick}!{self._user_host} PRIVMSG  :\r\n") + min(longest, LONGEST_NAME)
        room = whole - frame if self._user_host else FLOOR
        return max(min(room, self._most or room), LEAST)

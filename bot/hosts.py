"""Who may give orders in a chat. Pure.

A nick alone is never enough: whoever takes it first has it. What counts is an account that the
network vouches for, a role there, or being an operator of the very channel.
"""

from __future__ import annotations

from dataclasses import dataclass

from bot.domain import HOST, OPERATOR, Ask, Line


@dataclass(frozen=True, slots=True)
class Hosts:
    """``accounts`` are ``ADAPTER/ACCOUNT``, in lower case: a services account, or the network's
    id of the person where there are none; ``roles`` are ids of the network. ``operators`` is
    whether the operators of a channel may give orders in it."""

    accounts: frozenset[str] = frozenset()
    roles: frozenset[str] = frozenset()
    operators: bool = False

    def allow(self, said: Line | Ask) -> bool:
        """Whether its author may give orders there. Roles count in the channel alone."""
        author, adapter = said.author, said.target.adapter
        if HOST in author.roles:
            return True
        if f"{adapter}/{author.account or author.id}".casefold() in self.accounts:
            return True
        if isinstance(said, Line) and said.private:
            return False
        if OPERATOR in author.roles and self.operators:
            return True
        return not self.roles.isdisjoint(author.roles)

"""bot.hosts: who may give orders, and who only looks as if."""

from __future__ import annotations

import pytest

from bot.domain import HOST, OPERATOR, Ask, Author, Line, Target
from bot.hosts import Hosts

HERE = Target("libera", "#games")
HOSTS = Hosts(frozenset({"libera/annie", "discord/42"}), frozenset({"777"}))


def line(author: Author, *, adapter: str = "libera", private: bool = False) -> Line:
    return Line(Target(adapter, "#games"), author, "!mute 30m", 1000.0, private)


@pytest.mark.parametrize(
    ("author", "adapter"),
    [
        (Author("account:Annie", "whoever", "Annie"), "libera"),
        (Author("42", "bob"), "discord"),
        (Author("43", "cid", roles=("1", "777")), "discord"),
        (Author("local", "me", roles=(HOST,)), "console"),
    ],
)
def test_hosts(author: Author, adapter: str) -> None:
    """By account, by the network's id of a person, by role, and by the adapter's own word."""
    assert HOSTS.allow(line(author, adapter=adapter))


@pytest.mark.parametrize(
    ("author", "adapter"),
    [
        (Author("nick:annie", "annie"), "libera"),
        (Author("account:eve", "annie", "eve"), "libera"),
        (Author("account:annie", "annie", "annie"), "oftc"),
        (Author("43", "42"), "discord"),
        (Author("44", "dan", roles=("778",)), "discord"),
        (Author("nick:op", "op", roles=(OPERATOR,)), "libera"),
    ],
)
def test_others(author: Author, adapter: str) -> None:
    """A nick is nobody, nor is an account of that name elsewhere, nor an operator unasked."""
    assert not HOSTS.allow(line(author, adapter=adapter))


def test_operators() -> None:
    """Where they are hosts, they are so in their own channel, not in private."""
    hosts, op = Hosts(operators=True), Author("nick:op", "op", roles=(OPERATOR,))
    assert hosts.allow(line(op))
    assert not hosts.allow(line(op, private=True))


def test_in_private() -> None:
    """An account is known in private too, and whoever uses a slash command has their roles."""
    annie = Author("account:annie", "annie", "annie")
    assert HOSTS.allow(line(annie, private=True))
    cid = Author("43", "cid", roles=("777",))
    assert HOSTS.allow(Ask(HERE, cid, "unmute", (), 1000.0))

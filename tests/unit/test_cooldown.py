"""bot.cooldown: some at once, then one in a while, each for itself."""

from __future__ import annotations

from bot.cooldown import Cooldown


def test_some_at_once_then_slowly() -> None:
    """What was saved up is spent, then it comes back one by one, and never more than at first."""
    cooldown = Cooldown(3, 10.0)
    assert [cooldown.take("ann", 100.0) for _ in range(5)] == [True, True, True, False, False]
    assert [cooldown.take("ann", 110.0) for _ in range(2)] == [True, False]
    assert [cooldown.take("ann", 900.0) for _ in range(4)] == [True, True, True, False]


def test_what_costs_more() -> None:
    """What is spent at once counts by its cost, and comes back in the same measure."""
    cooldown = Cooldown(100, 0.1)
    assert cooldown.take("ann", 0.0, 60)
    assert not cooldown.take("ann", 0.0, 60)
    assert cooldown.take("ann", 0.0, 40)
    assert not cooldown.take("ann", 1.0, 11)
    assert cooldown.take("ann", 1.0, 10)


def test_each_for_itself() -> None:
    """One who asks too often takes nothing from another."""
    cooldown = Cooldown(1, 10.0)
    assert cooldown.take("ann", 100.0)
    assert not cooldown.take("ann", 101.0)
    assert cooldown.take("ben", 101.0)


def test_memory_is_bounded() -> None:
    """However many come, ten thousand are remembered, and the latest of them are."""
    cooldown = Cooldown(1, 1000.0)
    for number in range(25_000):
        assert cooldown.take(number, 100.0)
    assert len(cooldown._full_at) == 10_000
    assert not cooldown.take(24_999, 100.0)

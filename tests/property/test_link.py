"""The link machine under whatever a Picker and the clocks may do to it."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bot.link import Do, Fault, GiveUp, Link

CALLS = {
    "logged_in": lambda link, now: link.logged_in(now),
    "login_refused": lambda link, now: link.login_refused(now, "Invalid admin key"),
    "failed": lambda link, now: link.failed(now, Fault.UNREACHABLE, "failed"),
    "opened": lambda link, now: link.opened(now),
    "received": lambda link, now: link.received(now),
    "accepted": lambda link, now: link.accepted(now),
    "refused": lambda link, now: link.refused(now, "Invalid or expired token"),
    "active": lambda link, now: link.active(now, 42),
    "inactive": lambda link, now: link.active(now, None),
    "follow": lambda link, now: link.follow(now, 43),
    "unfollow": lambda link, now: link.follow(now, None),
    "subscribed": lambda link, now: link.subscribed(now, None),
    "snapshot": lambda link, now: link.snapshot_taken(now),
    "token_refused": lambda link, now: link.token_refused(now),
    "closed": lambda link, now: link.closed(now, Fault.LOST, "lost"),
}
ANSWERS = {
    Do.LOGIN: ("logged_in", "login_refused", "failed"),
    Do.CONNECT: ("opened", "failed"),
    Do.CLOSE: ("closed",),
}
ANY_TIME = (
    "received",
    "accepted",
    "refused",
    "active",
    "inactive",
    "follow",
    "unfollow",
    "subscribed",
    "snapshot",
    "token_refused",
)


@given(st.data(), st.booleans(), st.floats(0, 1))
def test_whatever_happens(data: st.DataObject, has_key: bool, roll: float) -> None:
    """One socket at a time, never two tries within a second, and never a deadline in the past."""
    now, wall = 100.0, 1_800_000_000.0
    link = Link(now, interval=30.0, roll=lambda: roll, has_key=has_key)
    pending: list[Do] = []
    is_open = False
    connected_at: list[float] = []
    for _ in range(data.draw(st.integers(1, 60))):
        now += data.draw(st.sampled_from([0.0, 0.5, 3.0, 30.0, 100.0]))
        wall += data.draw(st.sampled_from([0.0, 0.0, 0.0, -3600.0, 3600.0]))
        link.tick(now, wall + now)
        assert link.deadline > now
        choices = [*ANY_TIME, *(name for do in pending for name in ANSWERS[do])]
        name = data.draw(st.sampled_from(choices + ["closed"] * is_open))
        for do in [do for do in pending if name in ANSWERS[do]]:
            pending.remove(do)
        is_open = (is_open or name == "opened") and name != "closed"
        if name == "closed":
            pending = [do for do in pending if do is not Do.CLOSE]
        CALLS[name](link, now)
        for command in link.commands():
            if isinstance(command, GiveUp):
                return
            if command is Do.CONNECT:
                assert not is_open
                assert Do.CONNECT not in pending
                assert not connected_at or now - connected_at[-1] >= 1.0
                connected_at.append(now)
            if command in ANSWERS and (is_open or command is not Do.CLOSE):
                pending.append(command)


@given(st.floats(0, 1), st.integers(1, 40))
def test_a_server_that_accepts_and_closes(roll: float, lives: int) -> None:
    """However it dies young, the link connects at most once a second, on average far less."""
    now = 100.0
    link = Link(now, interval=30.0, roll=lambda: roll)
    for _ in range(lives):
        while Do.LOGIN not in link.commands():
            now = max(now, link.deadline)
            link.tick(now, 1_800_000_000.0 + now)
        link.logged_in(now)
        link.opened(now)
        link.accepted(now)
        link.closed(now, Fault.LOST, "lost")
    assert now - 100.0 >= lives - 1

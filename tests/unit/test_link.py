"""The link machine, told by transcripts: what happened, and what it asked for."""

from __future__ import annotations

import itertools

import pytest

from bot.link import (
    Command,
    Do,
    Fault,
    GiveUp,
    Link,
    LinkState,
    LinkStatus,
    Say,
    Subscribe,
    Unsubscribe,
)

WALL = 1_800_000_000.0


class Driver:
    """A link, the time, and what the link asked for; sentences are collected apart."""

    def __init__(self, *, has_key: bool = True, roll: float = 1.0, interval: float = 30.0) -> None:
        self.now = 100.0
        self.wall = WALL
        self.roll = roll
        self.said: list[str] = []
        self.link = Link(self.now, interval=interval, roll=lambda: self.roll, has_key=has_key)

    def asked(self) -> list[Command]:
        commands = self.link.commands()
        self.said += [command.text for command in commands if isinstance(command, Say)]
        return [command for command in commands if not isinstance(command, Say)]

    def tick(self, after: float = 0.0) -> list[Command]:
        self.now += after
        self.link.tick(self.now, self.wall + self.now)
        return self.asked()

    def pass_to_deadline(self) -> list[Command]:
        return self.tick(self.link.deadline - self.now)

    def go_live(self, active: int | None = None) -> None:
        """From a wait to a live link with nothing outstanding."""
        self.tick(max(self.link.deadline - self.now, 0.0))
        self.link.logged_in(self.now)
        self.link.opened(self.now)
        self.link.accepted(self.now)
        self.link.active(self.now, active)
        self.link.subscribed(self.now, active)
        self.link.snapshot_taken(self.now)
        self.asked()

    def lose(self) -> list[Command]:
        self.link.closed(self.now, Fault.LOST, "The link was lost.")
        return self.asked()


def test_from_start_to_snapshot() -> None:
    """Login, connect, auth, `/active`, subscribe, and then the snapshot that counts."""
    driver = Driver()
    link, now = driver.link, driver.now
    assert driver.tick() == [Do.LOGIN]
    link.logged_in(now)
    assert driver.asked() == [Do.CONNECT]
    link.opened(now)
    assert driver.asked() == [Do.AUTHENTICATE]
    link.accepted(now)
    assert driver.asked() == [Do.ASK_ACTIVE]
    link.active(now, 42)
    assert driver.asked() == [Subscribe(42)]
    link.subscribed(now, 42)
    assert driver.asked() == [Do.TAKE_SNAPSHOT]
    assert driver.said == ["The link to the Picker is live."]


def test_a_ready_token_needs_no_login() -> None:
    """With a token instead of a key the link connects at once."""
    assert Driver(has_key=False).tick() == [Do.CONNECT]


@pytest.mark.parametrize(("told", "asks"), [(None, True), (42, True), (7, False)])
def test_the_acknowledgement_needs_no_id(told: int | None, asks: bool) -> None:
    """`subscribed` counts with our id or without any; one about another session does not."""
    driver = Driver()
    driver.go_live()
    driver.link.follow(driver.now, 42)
    assert driver.asked() == [Subscribe(42)]
    driver.link.subscribed(driver.now, told)
    assert driver.asked() == ([Do.TAKE_SNAPSHOT] if asks else [])


def test_a_missing_acknowledgement() -> None:
    """Without `subscribed` the snapshot is taken three seconds later, once."""
    driver = Driver()
    driver.go_live()
    driver.link.follow(driver.now, 42)
    assert driver.asked() == [Subscribe(42)]
    assert driver.tick(2.9) == []
    assert driver.tick(0.1) == [Do.TAKE_SNAPSHOT]
    driver.link.subscribed(driver.now, 42)
    assert driver.asked() == []


def test_no_active_session() -> None:
    """Where no session is active, and none is followed, the snapshot is taken at once."""
    driver = Driver()
    driver.tick()
    driver.link.logged_in(driver.now)
    driver.link.opened(driver.now)
    driver.link.accepted(driver.now)
    driver.asked()
    driver.link.active(driver.now, None)
    assert driver.asked() == [Do.TAKE_SNAPSHOT]


def test_active_without_an_answer() -> None:
    """If `/active` does not answer, the session that we follow is subscribed to."""
    driver = Driver()
    driver.link.follow(driver.now, 42)
    driver.go_live()
    driver.lose()
    driver.pass_to_deadline()
    driver.link.logged_in(driver.now)
    driver.link.opened(driver.now)
    driver.link.accepted(driver.now)
    driver.asked()
    driver.link.active(driver.now, None)
    assert driver.asked() == [Subscribe(42)]


def test_a_new_session_is_subscribed_to_and_the_old_one_left() -> None:
    """A change of the followed session subscribes first, and then leaves the old one."""
    driver = Driver()
    driver.go_live(42)
    driver.link.follow(driver.now, 42)
    assert driver.asked() == []
    driver.link.follow(driver.now, 43)
    assert driver.asked() == [Subscribe(43), Unsubscribe(42)]


def test_following_nothing_leaves_nothing() -> None:
    """The end of a session does not end the subscription, and saying it twice says nothing."""
    driver = Driver()
    driver.go_live(42)
    driver.link.follow(driver.now, 42)
    driver.link.follow(driver.now, None)
    driver.link.follow(driver.now, None)
    assert driver.asked() == []


def test_a_stale_follow_does_not_undo_what_active_told() -> None:
    """What the host's state still believes does not win over what `/active` has just told."""
    driver = Driver()
    driver.link.follow(driver.now, 42)
    driver.go_live(43)
    driver.link.follow(driver.now, 42)
    assert driver.asked() == []


def test_a_reconnect_forgets_subscriptions() -> None:
    """Subscriptions are per socket: each is repeated on the next."""
    driver = Driver()
    driver.go_live(42)
    driver.lose()
    assert driver.pass_to_deadline() == [Do.LOGIN]
    driver.link.logged_in(driver.now)
    driver.link.opened(driver.now)
    driver.link.accepted(driver.now)
    driver.link.active(driver.now, 42)
    assert driver.asked() == [Do.CONNECT, Do.AUTHENTICATE, Do.ASK_ACTIVE, Subscribe(42)]


# --- heartbeat ---------------------------------------------------------------------------


def test_a_ping_every_thirty_seconds() -> None:
    """The heartbeat is sent every 30 s, however many frames come."""
    driver = Driver(interval=1000)
    driver.go_live()
    pings = []
    for _ in range(300):
        if Do.PING in driver.tick(1.0):
            pings.append(driver.now)
        driver.link.received(driver.now)
    assert len(pings) == 10
    assert {later - sooner for sooner, later in itertools.pairwise(pings)} == {30.0}


def test_the_next_ping_is_the_deadline_of_a_quiet_link() -> None:
    """A live link asks to be told the time when its next ping is due."""
    driver = Driver(interval=1000)
    driver.go_live()
    assert driver.link.deadline - driver.now == 30.0
    assert driver.pass_to_deadline() == [Do.PING]


def test_a_silent_picker() -> None:
    """75 s without any frame close the link, and the next try follows its closing."""
    driver = Driver(interval=1000)
    driver.go_live()
    driver.tick(74.0)
    driver.link.received(driver.now)
    assert Do.CLOSE not in driver.tick(74.9)
    assert driver.tick(0.1) == [Do.CLOSE]
    assert driver.pass_to_deadline() == [Do.POLL_NOW]
    assert driver.lose() == []
    assert driver.said[-1] == "The Picker has been silent for 75 s."
    assert driver.pass_to_deadline() == [Do.LOGIN]


def test_a_picker_that_never_answers_auth() -> None:
    """Ten seconds are enough to answer `auth`, whatever else it says meanwhile."""
    driver = Driver()
    driver.tick()
    driver.link.logged_in(driver.now)
    driver.link.opened(driver.now)
    driver.asked()
    driver.link.received(driver.now + 9)
    assert driver.tick(9.9) == []
    assert driver.link.deadline - driver.now == pytest.approx(0.1)
    assert driver.tick(0.1) == [Do.CLOSE]


# --- backoff -----------------------------------------------------------------------------


def refuse(driver: Driver) -> float:
    """A try that comes to nothing; how long the next one is waited for."""
    driver.link.failed(driver.now, Fault.UNREACHABLE, "Cannot reach the Picker.")
    driver.asked()
    before = driver.now
    while driver.pass_to_deadline() not in ([Do.LOGIN], [Do.POLL_NOW, Do.LOGIN]):
        pass
    return driver.now - before


def test_delays_grow_to_a_minute() -> None:
    """The longest delays are 2, 4, 8, 16, 32 and then 60 s; the shortest is always 1 s."""
    driver = Driver(roll=1.0)
    driver.tick()
    assert [refuse(driver) for _ in range(8)] == [2, 4, 8, 16, 32, 60, 60, 60]
    driver.roll = 0.0
    assert refuse(driver) == 1
    driver.roll = 0.5
    assert refuse(driver) == 30.5


def test_a_thousand_failures_overflow_nothing() -> None:
    """However often it failed, the delay is a minute."""
    driver = Driver()
    driver.tick()
    assert [refuse(driver) for _ in range(1100)][-1] == 60


def test_a_server_that_accepts_and_closes_is_not_hammered() -> None:
    """A short life does not start the delays anew, 60 s live do."""
    driver = Driver()
    delays = []
    for _ in range(6):
        driver.go_live()
        driver.lose()
        delays.append(driver.link.deadline - driver.now)
    assert delays == [2, 4, 8, 16, 32, 60]
    driver.go_live()
    driver.tick(59.9)
    driver.lose()
    driver.link.snapshot_taken(driver.now)
    assert driver.link.deadline - driver.now == 60
    driver.go_live()
    driver.tick(60.0)
    driver.lose()
    assert driver.link.deadline - driver.now == 2


def test_a_steady_link_that_falls_silent_starts_the_delays_anew() -> None:
    """It does not matter who ended a steady link."""
    driver = Driver(interval=1000)
    for _ in range(3):
        driver.go_live()
        driver.lose()
    driver.go_live()
    driver.tick(75.0)
    driver.lose()
    assert driver.link.deadline - driver.now == 2


# --- what is said ------------------------------------------------------------------------


def test_a_failure_is_said_once_and_so_is_recovery() -> None:
    """Each kind of failure is said once until the link was steady again."""
    driver = Driver()
    driver.tick()
    for _ in range(3):
        refuse(driver)
    assert driver.said == ["Cannot reach the Picker."]
    driver.go_live()
    driver.lose()
    driver.go_live()
    driver.lose()
    assert driver.said[1:] == ["The link to the Picker is live.", "The link was lost."]
    driver.go_live()
    driver.tick(60.0)
    driver.lose()
    driver.go_live()
    assert driver.said[3:] == ["The link was lost.", "The link to the Picker is live."]


def test_status() -> None:
    """The status tells live, polling and lost, since when, and what the trouble is."""
    driver = Driver()
    start = driver.now
    assert driver.link.status(driver.now) == LinkStatus(LinkState.LOST, start)
    driver.go_live()
    assert driver.link.status(driver.now) == LinkStatus(LinkState.LIVE, driver.now)
    driver.tick(10.0)
    driver.lose()
    lost = driver.now
    trouble = "The link was lost."
    assert driver.link.status(lost) == LinkStatus(LinkState.POLLING, lost, trouble)
    driver.now += 49.9
    assert driver.link.status(driver.now).state is LinkState.POLLING
    driver.now += 0.2
    assert driver.link.status(driver.now) == LinkStatus(LinkState.LOST, lost, trouble)
    driver.go_live()
    assert driver.link.status(driver.now).trouble is None


# --- refusals ----------------------------------------------------------------------------


def test_a_key_that_was_never_accepted_is_fatal() -> None:
    """A wrong key ends the run: waiting cannot make it right."""
    driver = Driver()
    driver.tick()
    driver.link.login_refused(driver.now, "Invalid admin key")
    (command,) = driver.asked()
    assert isinstance(command, GiveUp)
    assert "Invalid admin key" in command.text
    assert "picker.admin_key" in command.text
    driver.link.closed(driver.now, Fault.LOST, "closed")
    assert driver.pass_to_deadline() == [Do.POLL_NOW]


def test_a_key_that_was_good_before_is_waited_for() -> None:
    """A key that was accepted since the start is tried again every five minutes, said once."""
    driver = Driver(interval=1000)
    driver.go_live()
    driver.lose()
    said = len(driver.said)
    for _ in range(3):
        assert driver.pass_to_deadline() == [Do.LOGIN]
        driver.link.login_refused(driver.now, "Invalid admin key")
        assert driver.asked() == []
        assert driver.link.deadline - driver.now == 300
    assert len(driver.said) == said + 1


def test_auth_error_drops_the_token() -> None:
    """After `auth_error` the socket is closed, and the next try logs in anew, after a delay."""
    driver = Driver()
    driver.tick()
    driver.link.logged_in(driver.now)
    driver.link.opened(driver.now)
    driver.asked()
    driver.link.refused(driver.now, "Invalid or expired token")
    assert driver.asked() == [Do.CLOSE]
    driver.lose()
    assert "Invalid or expired token" in driver.said[-1]
    assert driver.link.deadline - driver.now == 2
    assert driver.pass_to_deadline() == [Do.LOGIN]


def test_a_ready_token_that_was_never_accepted_is_fatal() -> None:
    """A wrong token ends the run like a wrong key."""
    driver = Driver(has_key=False)
    driver.tick()
    driver.link.opened(driver.now)
    driver.asked()
    driver.link.refused(driver.now, "Invalid or expired token")
    (command,) = driver.asked()
    assert isinstance(command, GiveUp)
    assert "picker.token" in command.text


def test_a_ready_token_that_expired_is_waited_for() -> None:
    """A token that was accepted before is tried every five minutes, said once."""
    driver = Driver(has_key=False, interval=1000)
    driver.go_live()
    driver.lose()
    for _ in range(2):
        assert driver.pass_to_deadline() == [Do.CONNECT]
        driver.link.opened(driver.now)
        driver.link.refused(driver.now, "Invalid or expired token")
        assert driver.asked() == [Do.AUTHENTICATE, Do.CLOSE]
        driver.lose()
        assert driver.link.deadline - driver.now == 300
    assert sum("picker.token" in text for text in driver.said) == 1


def test_rest_refuses_the_token_while_the_link_is_live() -> None:
    """A token that expired under an open socket is renewed, at most once a minute."""
    driver = Driver(interval=1000)
    driver.go_live()
    driver.link.token_refused(driver.now)
    driver.link.token_refused(driver.now)
    assert driver.asked() == [Do.LOGIN]
    driver.link.logged_in(driver.now)
    driver.link.failed(driver.now, Fault.UNREACHABLE, "late")
    assert driver.asked() == []
    assert driver.link.live
    driver.tick(60.0)
    driver.link.token_refused(driver.now)
    assert driver.asked() == [Do.LOGIN]


def test_the_key_is_refused_while_the_link_is_live() -> None:
    """The link stays, the host is told once, and the key is tried after five minutes again."""
    driver = Driver(interval=1000)
    driver.go_live()
    said = len(driver.said)
    for _ in range(2):
        driver.link.token_refused(driver.now)
        assert driver.asked() == [Do.LOGIN]
        driver.link.login_refused(driver.now, "Invalid admin key")
        for _ in range(299):
            driver.tick(1.0)
            driver.link.received(driver.now)
            driver.link.token_refused(driver.now)
            assert driver.asked() == []
        driver.tick(1.0)
    assert driver.link.live
    assert len(driver.said) == said + 1
    driver.link.token_refused(driver.now)
    driver.link.logged_in(driver.now)
    driver.link.login_refused(driver.now, "Invalid admin key")
    driver.asked()
    assert len(driver.said) == said + 2


def test_rest_refuses_a_ready_token() -> None:
    """Without a key there is nothing to renew, so it is said, once."""
    driver = Driver(has_key=False)
    driver.go_live()
    driver.link.token_refused(driver.now)
    driver.link.token_refused(driver.now)
    assert driver.asked() == []
    assert sum("picker.token" in text for text in driver.said) == 1


def test_a_refusal_without_a_link_changes_nothing() -> None:
    """While there is no link a login is coming anyway."""
    driver = Driver()
    driver.link.token_refused(driver.now)
    driver.link.refused(driver.now, "late")
    driver.link.accepted(driver.now)
    driver.link.active(driver.now, 42)
    driver.link.subscribed(driver.now, 42)
    assert driver.asked() == []


# --- the poll ----------------------------------------------------------------------------


def test_a_poll_that_stands_still_is_kicked() -> None:
    """No snapshot for two intervals sets the poll going, live or not, again and again."""
    driver = Driver(interval=10)
    driver.go_live()
    kicks = []
    for _ in range(65):
        driver.link.received(driver.now)
        if Do.POLL_NOW in driver.tick(1.0):
            kicks.append(driver.now - 100.0)
    assert kicks == [20.0, 40.0, 60.0]
    driver.lose()
    driver.link.snapshot_taken(driver.now)
    assert driver.link.deadline <= driver.now + 20


def test_a_poll_that_works_is_left_alone() -> None:
    """While snapshots come, nobody touches the poll."""
    driver = Driver(interval=10)
    driver.go_live()
    for _ in range(100):
        driver.link.snapshot_taken(driver.now)
        driver.link.received(driver.now)
        assert Do.POLL_NOW not in driver.tick(10.0)


@pytest.mark.parametrize("jump", [-3600.0, -1.5, 1.5, 3600.0])
def test_a_clock_that_jumps(jump: float) -> None:
    """A step of the wall clock, either way, creates the poll anew, once."""
    driver = Driver()
    driver.go_live()
    driver.wall += jump
    assert driver.tick(1.0) == [Do.RECREATE_POLL]
    assert driver.tick(1.0) == []


def test_a_clock_that_is_slewed() -> None:
    """A clock that is corrected little by little is no jump."""
    driver = Driver()
    driver.go_live()
    for _ in range(20):
        driver.wall += 0.5
        driver.link.received(driver.now)
        assert Do.RECREATE_POLL not in driver.tick(1.0)


def test_a_host_asks_for_a_new_link() -> None:
    """It is dropped and begun anew at once, by a fresh login."""
    driver = Driver()
    driver.go_live()
    driver.link.reconnect(driver.now)
    assert driver.asked() == [Do.CLOSE]
    driver.lose()
    assert driver.tick() == [Do.LOGIN]
    assert "A host asked for a new link to the Picker." in driver.said


def test_a_host_asks_while_there_is_no_link() -> None:
    """A wait ends at once; a login under way goes on."""
    driver = Driver()
    driver.tick()
    driver.link.reconnect(driver.now)
    assert driver.asked() == []
    driver.link.failed(driver.now, Fault.UNREACHABLE, "nobody there")
    assert driver.tick(0.5) == []
    driver.link.reconnect(driver.now)
    assert driver.tick() == [Do.LOGIN]

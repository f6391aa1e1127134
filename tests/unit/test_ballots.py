"""bot.ballots: who may vote, which moment is sent, and the one fate of each ballot."""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType

import pytest

from bot import ballots
from bot.ballots import Ballot, BallotStatus, Decision, Refusal, Written
from bot.domain import (
    Action,
    Author,
    Clock,
    Counted,
    CountedBefore,
    Deferred,
    Doubtful,
    Game,
    Line,
    NightOver,
    NoQuery,
    NotThere,
    Refused,
    SessionKey,
    Tap,
    Target,
    VoteReceived,
)
from bot.session import Ended, Phase, Play, Session, State

NIGHT = SessionKey(17, 1_762_563_600)
OTHER = SessionKey(18, 1_762_600_000)
HERE = Target("discord", "games")
NOW = 1_762_570_000.0
CLOCK = Clock(NOW)
DRAWFUL, QUIPLASH = Game("Drawful", 1), Game("Quiplash", 2)


def play(number: int, game: Game = DRAWFUL, phase: Phase = Phase.RUNNING, **given: object) -> Play:
    made = Play(number, game, at=1000.0 * number + 0.25, phase=phase, row_id=100 + number)
    return replace(made, **given)  # type: ignore[arg-type]


def night(*plays: Play, **given: object) -> State:
    return State(current=replace(Session(NIGHT, plays), **given))  # type: ignore[arg-type]


def tap(play: int = 1, *, session: SessionKey = NIGHT, at: float = NOW, **author: str) -> Tap:
    who = Author(**({"id": "7", "name": "ann"} | author))  # type: ignore[arg-type]
    return Tap(HERE, who, Action(True, session, play), at)


def ballot(**given: object) -> Ballot:
    made = Ballot(1, HERE, "discord/7", "ann", NIGHT, 1, DRAWFUL.id, True, 1500.0, NOW)
    return replace(made, **given)  # type: ignore[arg-type]


def in_doubt(times: int = 1, **given: object) -> Ballot:
    return ballot(attempts=times, doubts=times, stamp=1500.0, **given)


# --- accepted or refused -------------------------------------------------------------------


def test_a_tap_on_the_running_play() -> None:
    """It becomes a ballot that is held, under the account's unique name."""
    made = ballots.accept(tap(at=NOW - 2), night(play(1)), CLOCK)
    assert made == ballot(id=0, at=NOW - 2)


def test_by_the_pickers_clock() -> None:
    """A tap's moment is turned into the Picker's when our clock is ahead of that."""
    made = ballots.accept(tap(), night(play(1)), Clock(NOW, skew=30.0))
    assert isinstance(made, Ballot)
    assert made.at == NOW - 30


def test_a_moment_to_come() -> None:
    """A network's clock that is ahead of ours gives no vote to a game that is to come."""
    made = ballots.accept(tap(at=NOW + 90), night(play(1)), CLOCK)
    assert isinstance(made, Ballot)
    assert made.at == NOW


def test_a_name_that_is_empty() -> None:
    """A person without a name votes under the network's own id."""
    made = ballots.accept(tap(name=""), night(play(1)), CLOCK)
    assert isinstance(made, Ballot)
    assert made.name == "7"


def test_one_person_by_account() -> None:
    """A person is known by account where there is one, else by the network's id."""
    assert ballots.voter_of(tap()) == "discord/7"
    assert ballots.voter_of(tap(account="annie")) == "discord/annie"


ENDED = MappingProxyType({NIGHT: Ended(3, ())})


@pytest.mark.parametrize(
    ("state", "refusal"),
    [
        (State(), Refusal.UNKNOWN),
        (State(ended=ENDED), Refusal.OVER),
        (State(current=Session(OTHER), ended=ENDED), Refusal.OVER),
        (State(current=Session(OTHER)), Refusal.UNKNOWN),
        (night(), Refusal.UNKNOWN),
        (night(past=Ended(3, ())), Refusal.OVER),
        (night(play(4), past=Ended(0, ())), Refusal.UNKNOWN),
        (night(play(1, phase=Phase.CLOSING)), Refusal.OVER),
        (night(play(1, phase=Phase.OVER)), Refusal.OVER),
        (night(play(1, phase=Phase.REMOVED)), Refusal.OVER),
    ],
)
def test_a_tap_that_is_refused(state: State, refusal: Refusal) -> None:
    """A play that is over, or of a night or number nobody knows, takes no vote."""
    assert ballots.accept(tap(), state, CLOCK) is refusal


# --- written in a line ---------------------------------------------------------------------


def written(at: float = NOW, ticker: str | None = None, game: Game | None = None) -> Written:
    return Written(Line(HERE, Author("nick:ann", "ann"), "", at, handle="h"), True, ticker, game)


def first_and_second(second: Phase = Phase.RUNNING) -> State:
    """Two games: the first from 1000.25, the second from 2000."""
    return night(play(1, phase=Phase.CLOSING), play(2, QUIPLASH, second, played_at=2000.0))


@pytest.mark.parametrize(("at", "number"), [(1001.0, 1), (1999.9, 1), (2000.0, 2), (2500.0, 2)])
def test_on_the_game_of_that_moment(at: float, number: int) -> None:
    """A line votes on the game that ran when it was said, though another runs by now."""
    made = ballots.accept(written(at), first_and_second(), CLOCK)
    assert isinstance(made, Ballot)
    assert (made.play, made.at, made.ticker) == (number, at, None)
    assert ballots.mark(made, first_and_second()).stamp == at


def test_on_a_game_whose_moment_is_not_known() -> None:
    """A game without any moment is taken to run since ever."""
    made = ballots.accept(written(5.0), night(play(1, at=None)), CLOCK)
    assert isinstance(made, Ballot)
    assert made.play == 1


@pytest.mark.parametrize(
    ("state", "at"),
    [
        (State(), 2500.0),
        (night(), 2500.0),
        (first_and_second(), 900.0),
        (first_and_second(Phase.OVER), 2500.0),
    ],
)
def test_when_no_game_ran(state: State, at: float) -> None:
    """Before the first game, after the last, and without a night there is nothing to vote on."""
    assert ballots.accept(written(at), state, CLOCK) is Refusal.NO_GAME


def test_on_a_game_by_its_ticker() -> None:
    """A game of the night is that play, running or over; another is none of its plays."""
    state = first_and_second()
    one = ballots.accept(written(2500.0, "DRW", DRAWFUL), state, CLOCK)
    other = ballots.accept(written(2500.0, "TKO", Game("Tee K.O.", 9)), state, CLOCK)
    assert isinstance(one, Ballot)
    assert isinstance(other, Ballot)
    assert (one.play, one.game_id, one.ticker) == (1, 1, "DRW")
    assert (other.play, other.game_id, other.ticker) == (0, 9, "TKO")
    assert ballots.mark(one, state).stamp == 2500.0
    assert ballots.decide(other, state, asks=True) is Decision.SEND


def test_who_writes_a_vote() -> None:
    """A line's author, channel and handle are the vote's."""
    vote = written()
    assert (vote.target, vote.author.name, vote.handle, vote.at) == (HERE, "ann", "h", NOW)
    assert ballots.voter_of(vote) == "discord/nick:ann"


# --- the moment that is sent ---------------------------------------------------------------


def stamp(at: float, state: State, **given: object) -> float | None:
    return ballots.mark(ballot(at=at, **given), state).stamp


TWO = night(
    play(1, phase=Phase.OVER, played_at=1000.0), play(2, QUIPLASH, Phase.RUNNING, played_at=2000.0)
)


@pytest.mark.parametrize(
    ("at", "sent"), [(1500.0004, 1500.0), (999.0, 1000.0), (2000.0, 1999.999), (1000.0, 1000.0)]
)
def test_inside_the_plays_time(at: float, sent: float) -> None:
    """From the play's ``played_at`` to just before the next one's, to the millisecond."""
    assert stamp(at, TWO) == sent


def test_the_running_play_has_no_end() -> None:
    """A vote on the running play is only kept from lying before it."""
    assert stamp(9999.0, TWO, play=2) == 9999.0
    assert stamp(1500.0, TWO, play=2) == 2000.0


def test_a_play_known_by_its_event_alone() -> None:
    """Its beginning is the event's moment; the next one's lies safely before its event."""
    state = night(play(1), play(2, row_id=None))
    assert stamp(900.0, state) == 1000.25
    assert stamp(1999.5, state) == 1998.999


def test_a_play_without_a_moment() -> None:
    """Where no moment is known nothing is moved."""
    assert stamp(5.0, night(play(1, at=None), play(2, at=None))) == 5.0
    assert stamp(5.0, night()) == 5.0
    assert stamp(5.0, State()) == 5.0


def test_a_play_that_was_taken_back_has_no_end() -> None:
    """Its own time is no longer in the order of plays; its beginning still holds."""
    assert stamp(5.0, night(play(1, phase=Phase.REMOVED), play(2))) == 1000.25


def test_a_ticker_is_not_bound_to_a_time() -> None:
    """A vote that names its game is sent with its own moment."""
    assert stamp(5.0, TWO, ticker="QPL3") == 5.0


def test_a_repeat_has_the_first_moment() -> None:
    """After a doubt the same moment is sent again; after a clear failure a better one may be."""
    assert ballots.mark(in_doubt(), TWO).stamp == 1500.0
    again = ballots.mark(ballot(at=999.0, stamp=999.0, attempts=1), TWO)
    assert (again.stamp, again.attempts, again.open) == (1000.0, 2, True)


# --- what is done next -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "state", "asks", "decision"),
    [
        (ballot(), TWO, True, Decision.SEND),
        (in_doubt(), TWO, True, Decision.ASK),
        (in_doubt(), TWO, False, Decision.SEND),
        (in_doubt(2), TWO, False, Decision.CLOSE),
        (in_doubt(2), TWO, True, Decision.ASK),
        (ballot(), State(), True, Decision.CLOSE),
        (ballot(), State(current=Session(OTHER)), True, Decision.CLOSE),
        (in_doubt(), State(), True, Decision.ASK),
        (in_doubt(), State(), False, Decision.CLOSE),
        (ballot(), night(), True, Decision.SEND),
        (ballot(), night(play(1, phase=Phase.REMOVED)), True, Decision.CLOSE),
        (ballot(ticker="X"), night(play(1, phase=Phase.REMOVED)), True, Decision.SEND),
    ],
)
def test_decisions(given: Ballot, state: State, asks: bool, decision: Decision) -> None:
    """A doubt is asked about where that can be done, and else sent again once."""
    assert ballots.decide(given, state, asks=asks) is decision


@pytest.mark.parametrize(
    ("given", "state", "status", "reason"),
    [
        (ballot(), State(), BallotStatus.TOO_LATE, ballots.NIGHT_OVER),
        (in_doubt(2), TWO, BallotStatus.REFUSED, ballots.NO_ANSWER_TWICE),
        (
            ballot(),
            night(play(1, phase=Phase.REMOVED)),
            BallotStatus.REFUSED,
            ballots.TAKEN_BACK,
        ),
    ],
)
def test_given_up(given: Ballot, state: State, status: BallotStatus, reason: str) -> None:
    """A ballot that is given up says why."""
    ended = ballots.close(given, state, NOW)
    assert (ended.status, ended.reason, ended.settled_at) == (status, reason, NOW)


def test_found_open_at_a_start() -> None:
    """An attempt that a crash interrupted is in doubt; any other ballot is as it was."""
    opened = ballots.mark(ballot(), TWO)
    after = ballots.recover(opened)
    assert (after.open, after.doubts, after.reason) == (False, 1, ballots.INTERRUPTED)
    assert ballots.recover(ballot()) == ballot()


# --- outcomes --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("outcome", "status", "reason"),
    [
        (Counted(1, "Drawful"), BallotStatus.COUNTED, None),
        (Counted(), BallotStatus.COUNTED, None),
        (Counted(2, "Quiplash"), BallotStatus.COUNTED, "for Quiplash"),
        (Counted(2), BallotStatus.COUNTED, "for game 2"),
        (CountedBefore(), BallotStatus.COUNTED, ballots.DUPLICATE),
        (Refused("no such game"), BallotStatus.REFUSED, "no such game"),
        (NightOver("No active session found"), BallotStatus.TOO_LATE, "No active session found"),
    ],
)
def test_settled(outcome: ballots.Cast, status: BallotStatus, reason: str | None) -> None:
    """A clear answer ends a ballot, once."""
    after = ballots.settle(ballots.mark(ballot(), TWO), outcome, NOW)
    assert (after.status, after.reason, after.settled_at) == (status, reason, NOW)
    assert not after.open


def test_another_attempt() -> None:
    """What surely did not arrive leaves no doubt; what may have does."""
    opened = ballots.mark(ballot(), TWO)
    deferred = ballots.settle(opened, Deferred("refused"), NOW)
    doubtful = ballots.settle(opened, Doubtful("reset"), NOW)
    assert (deferred.status, deferred.open, deferred.doubts) == (BallotStatus.HELD, False, 0)
    assert (doubtful.status, doubtful.open, doubtful.doubts) == (BallotStatus.HELD, False, 1)


def test_asked_for() -> None:
    """Found is counted, not there takes the doubt away, no such query changes nothing."""
    assert ballots.answer(in_doubt(), Counted(1), NOW).status is BallotStatus.COUNTED
    assert ballots.answer(in_doubt(), NotThere(), NOW).doubts == 0
    assert ballots.answer(in_doubt(), NoQuery(), NOW) == in_doubt()


def test_told_of_by_the_picker() -> None:
    """An event is this vote if name, night, direction and second agree."""
    event = VoteReceived(NIGHT.id, 1, "ann", True, 1500.0)
    assert ballots.is_of(event, in_doubt())
    for other in (
        replace(event, username="bob"),
        replace(event, session_id=18),
        replace(event, up=False),
        replace(event, voted_at=1501.0),
        replace(event, voted_at=None),
    ):
        assert not ballots.is_of(other, in_doubt())
    assert not ballots.is_of(event, ballot())


def test_one_vote_for_each_game_of_a_line():
    """The game that runs may be named by its ticker too: one vote, or none with both signs."""
    state = night(play(1))
    line = Line(HERE, Author("7", "ann"), "", NOW)
    this = Written(line, True)
    same, against = (Written(line, up, "DRW", DRAWFUL, back=2.0) for up in (True, False))
    other = Written(line, False, "QPL", QUIPLASH, back=4.0)
    unknown = Written(line, True, "NEW", Game("New"), back=6.0)

    def left(*votes: Written, now: State = state) -> tuple[Written, ...]:
        return ballots.one_for_each_game(votes, now, CLOCK)

    assert left(this, same, other) == (this, other)
    assert left(this, against, other) == (other,)
    assert left(other, against) == (other, against)
    assert left(this, unknown) == (this, unknown)
    assert left(this, against, now=night()) == (this, against)
    assert left(this, against, now=State()) == (this, against)

"""bot.ballots against a Picker that fails in every way: one fate, and never two votes."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from hypothesis import given
from hypothesis import strategies as st

from bot import ballots
from bot.ballots import Ballot, BallotStatus, Decision, Refusal, Written
from bot.domain import (
    Author,
    Cast,
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
    Search,
    SessionKey,
    Target,
)
from bot.session import Phase, Play, Session, State

NIGHT = SessionKey(17, 1_762_563_600)
NOW = 1_762_570_000.0
RUNNING = State(current=Session(NIGHT, (Play(1, Game("Drawful", 1), 1000.0),)))
FATES = frozenset(BallotStatus) - {BallotStatus.HELD}


@dataclass
class Picker:
    """Stores votes. ``asks``: can be asked for them; ``dedupes``: refuses a second one of a
    name within a second."""

    asks: bool
    dedupes: bool
    stored: list[float] = field(default_factory=list)

    def post(self, stamp: float, fate: str) -> Cast:
        if fate == "unreachable":
            return Deferred("connection refused")
        if fate == "lost":
            return Doubtful("reset")
        if fate == "refused":
            return Refused("no")
        if fate == "over":
            return NightOver("No active session found")
        if self.dedupes and any(abs(stamp - at) <= 1 for at in self.stored):
            return CountedBefore()
        self.stored.append(stamp)
        return Counted(1) if fate == "fine" else Doubtful("no answer")

    def search(self, stamp: float) -> Search:
        if not self.asks:
            return NoQuery()
        return Counted(1) if stamp in self.stored else NotThere()


FATES_OF_A_POST = st.sampled_from(["fine", "unreachable", "lost", "unanswered", "refused", "over"])
STEPS = st.lists(st.tuples(FATES_OF_A_POST, st.booleans(), st.booleans()), max_size=30)


def live(picker: Picker, steps: list[tuple[str, bool, bool]]) -> tuple[Ballot, list[Ballot]]:
    """A ballot through these steps: the fate of a POST, whether the process is killed before
    its outcome is on disk, whether the night is over from then on."""
    ballot = Ballot(1, Target("d", "c"), "d/7", "ann", NIGHT, 1, 1, True, 1500.0, NOW)
    state, asks, ends = RUNNING, True, list[Ballot]()
    for fate, killed, over in steps:
        state = State() if over else state
        decision = ballots.decide(ballot, state, asks=asks)
        if decision is Decision.CLOSE:
            ballot = ballots.close(ballot, state, NOW)
        elif decision is Decision.ASK:
            search = picker.search(ballot.stamp or 0.0)
            asks = not isinstance(search, NoQuery)
            ballot = ballots.answer(ballot, search, NOW)
        else:
            ballot = ballots.mark(ballot, state)
            outcome = picker.post(ballot.stamp or 0.0, fate)
            ballot = ballots.recover(ballot) if killed else ballots.settle(ballot, outcome, NOW)
        if ballot.status is not BallotStatus.HELD:
            return ballot, [*ends, ballot]
    return ballot, ends


@given(steps=STEPS)
def test_never_twice_where_the_picker_can_be_asked(steps: list[tuple[str, bool, bool]]) -> None:
    """Whatever fails, and wherever the process dies, the vote is stored once at most."""
    picker = Picker(asks=True, dedupes=False)
    live(picker, steps)
    assert len(picker.stored) <= 1


@given(steps=STEPS)
def test_never_twice_by_the_pickers_own_rule(steps: list[tuple[str, bool, bool]]) -> None:
    """A Picker that cannot be asked is sent the same moment again, and counts it once."""
    picker = Picker(asks=False, dedupes=True)
    live(picker, steps)
    assert len(picker.stored) <= 1


@given(steps=STEPS)
def test_twice_at_most_where_nothing_helps(steps: list[tuple[str, bool, bool]]) -> None:
    """A Picker without any such help is sent a vote in doubt once more, and no oftener."""
    picker = Picker(asks=False, dedupes=False)
    live(picker, steps)
    assert len(picker.stored) <= 2


@given(steps=STEPS, asks=st.booleans())
def test_one_fate(steps: list[tuple[str, bool, bool]], asks: bool) -> None:
    """With a Picker that answers in the end, every ballot ends, once, with a moment."""
    picker = Picker(asks=asks, dedupes=True)
    ballot, ends = live(picker, [*steps, *[("fine", False, False)] * 4])
    assert ballot.status in FATES
    assert ends == [ballot]
    assert ballot.settled_at is not None
    assert not ballot.open


@given(steps=STEPS)
def test_counted_means_counted(steps: list[tuple[str, bool, bool]]) -> None:
    """What ends as counted is in the Picker, and what is too late or refused without any
    doubt is not."""
    picker = Picker(asks=True, dedupes=True)
    ballot, _ = live(picker, steps)
    if ballot.status is BallotStatus.COUNTED:
        assert len(picker.stored) == 1
    elif ballot.status in FATES and not ballot.doubts:
        assert picker.stored == []


BEGINNINGS = st.lists(st.integers(1000, 2000), min_size=1, max_size=6, unique=True).map(sorted)


@given(BEGINNINGS, st.floats(900, 2100), st.floats(-50, 50), st.booleans())
def test_a_line_votes_on_the_game_of_its_moment(
    begins: list[int], at: float, skew: float, over: bool
) -> None:
    """The game is the one that ran then by the Picker's clock, and the moment that is sent is
    within its time, whatever our clock says."""
    plays = tuple(
        Play(number, Game("Drawful", number), begin + 0.5, Phase.OVER, row_id=number)
        for number, begin in enumerate(begins, start=1)
    )
    plays = tuple(replace(play, played_at=float(play.at or 0) - 0.5) for play in plays)
    phase = Phase.OVER if over else Phase.RUNNING
    state = State(current=Session(NIGHT, (*plays[:-1], replace(plays[-1], phase=phase))))
    line = Line(Target("d", "c"), Author("7", "ann"), "thisgame++", at + skew)
    made = ballots.accept(Written(line, up=True), state, Clock(NOW, skew=skew))
    ran = [number for number, begin in enumerate(begins, start=1) if begin <= line.at - skew]
    if not ran or (over and ran[-1] == len(begins)):
        assert made is Refusal.NO_GAME
        return
    assert isinstance(made, Ballot)
    assert made.play == ran[-1]
    stamp = ballots.mark(made, state).stamp
    assert stamp is not None
    assert begins[made.play - 1] <= stamp
    assert made.play == len(begins) or stamp < begins[made.play]

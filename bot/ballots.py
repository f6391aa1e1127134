"""Ballots: votes accepted from people, kept until the Picker has them.

A ballot ends exactly once, as ``counted``, ``refused`` or ``too late``. Until then its sender
asks :func:`decide`, commits what :func:`mark` returns before it hands the vote over, and commits
what :func:`settle` makes of the answer. The Picker's POST is not idempotent, so a ballot without
an answer is in doubt: it is looked for, and where the Picker cannot be asked sent again once.

The Picker gives a vote to a game by its time alone (contract, section 6, point 6), so what is
sent is the moment of the tap, moved inside the play's own time where clocks disagree. Moments are
by the Picker's clock, but for ``created_at`` and ``settled_at``. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import Enum, StrEnum
from math import ceil, floor

from bot.domain import (
    SAME_SECOND,
    Ask,
    Author,
    Cast,
    Clock,
    Counted,
    CountedBefore,
    Deferred,
    Game,
    Line,
    NightOver,
    NotThere,
    Refused,
    Search,
    SessionKey,
    Tap,
    Target,
    VoteReceived,
)
from bot.session import Phase, Play, Session, State
from bot.session.plays import find, in_order, latest_of

DUPLICATE = "already counted in that second"
INTERRUPTED = "stopped before the Picker's answer"
NIGHT_OVER = "the night was over"
IN_DOUBT = "it may have been counted"
TAKEN_BACK = "the game was taken back"
NO_ANSWER_TWICE = f"no answer, twice; {IN_DOUBT}"


class Limit(StrEnum):
    """``votes.limit``: how often a person may vote on one play."""

    ONCE = "once"
    UNLIMITED = "unlimited"


class Refusal(Enum):
    """Why a vote makes no ballot."""

    OVER = "over"
    UNKNOWN = "unknown"
    NO_GAME = "no game"
    ALREADY = "already"


class BallotStatus(StrEnum):
    HELD = "held"
    COUNTED = "counted"
    REFUSED = "refused"
    TOO_LATE = "too late"


@dataclass(frozen=True, slots=True)
class Ballot:
    """One vote of one person. ``voter`` is who it was, ``name`` what the Picker is told.

    ``at`` is when it was cast, ``stamp`` the moment that was last sent. ``open`` is set and
    committed before a POST and cleared by its outcome; ``doubts`` counts the POSTs that may
    have arrived. ``game_id`` is the catalogue's, None where it is not known; ``ticker`` names
    a game in its place, for a vote on one that need not be running."""

    id: int
    target: Target
    voter: str
    name: str
    session: SessionKey
    play: int
    game_id: int | None
    up: bool
    at: float
    created_at: float
    ticker: str | None = None
    status: BallotStatus = BallotStatus.HELD
    reason: str | None = None
    attempts: int = 0
    stamp: float | None = None
    open: bool = False
    doubts: int = 0
    settled_at: float | None = None


# --- from a vote to a ballot ---------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Written:
    """A vote in a line: on the game that ran when it was said, or on ``game`` of the Picker's
    catalogue, which it names by its ``ticker``. Of several by ticker each is set ``back`` by
    some seconds, since the Picker counts one vote of a name in a second."""

    line: Line
    up: bool
    ticker: str | None = None
    game: Game | None = None
    back: float = 0.0

    @property
    def target(self) -> Target:
        return self.line.target

    @property
    def author(self) -> Author:
        return self.line.author

    @property
    def handle(self) -> object:
        return self.line.handle

    @property
    def at(self) -> float:
        return self.line.at - self.back


Vote = Tap | Written


def voter_of(vote: Vote | Line | Ask) -> str:
    """Who it was, as one person of one connection: by account where there is one."""
    return f"{vote.target.adapter}/{vote.author.account or vote.author.id}"


def accept(vote: Vote, state: State, clock: Clock) -> Ballot | Refusal:
    """The ballot of a vote, not yet numbered, or why there is none. Whether one of this person
    stands already is not looked at."""
    at = moment_of(vote, clock)
    meant = _tapped(vote, state) if isinstance(vote, Tap) else _written(vote, state, at)
    if isinstance(meant, Refusal):
        return meant
    return Ballot(
        id=0,
        target=vote.target,
        voter=voter_of(vote),
        name=vote.author.name or vote.author.id,
        session=meant.session,
        play=meant.play,
        game_id=meant.game_id,
        up=vote.action.up if isinstance(vote, Tap) else vote.up,
        at=at,
        created_at=clock.now,
        ticker=None if isinstance(vote, Tap) else vote.ticker,
    )


def one_for_each_game(votes: Iterable[Written], state: State, clock: Clock) -> tuple[Written, ...]:
    """The votes of one line: the game that runs may be named by its ticker as well. A game that
    is given both signs has none."""
    of_games: dict[int | str | None, list[Written]] = {}
    for vote in votes:
        of_games.setdefault(_game_of(vote, state, clock), []).append(vote)
    return tuple(each[0] for each in of_games.values() if len({vote.up for vote in each}) == 1)


def _game_of(vote: Written, state: State, clock: Clock) -> int | str | None:
    if vote.game is not None:
        return vote.ticker if vote.game.id is None else vote.game.id
    play = play_at(state.current, moment_of(vote, clock)) if state.current else None
    return play.game.id if play else None


def moment_of(vote: Vote, clock: Clock) -> float:
    """When it was cast, by the Picker's clock. What is to come, by a network's clock, is now."""
    return min(vote.at, clock.now) - clock.skew


@dataclass(frozen=True, slots=True)
class _Meant:
    """What a vote is on: ``play`` is 0 for a game that is not of this night."""

    session: SessionKey
    play: int
    game_id: int | None


def _tapped(tap: Tap, state: State) -> _Meant | Refusal:
    action, current = tap.action, state.current
    if current is None or current.key != action.session:
        return Refusal.OVER if action.session in state.ended else Refusal.UNKNOWN
    play = find(current, action.play)
    if play is None:
        past = current.past is not None and action.play <= current.past.plays
        return Refusal.OVER if past else Refusal.UNKNOWN
    if play.phase is not Phase.RUNNING:
        return Refusal.OVER
    return _Meant(current.key, play.number, play.game.id)


def _written(vote: Written, state: State, at: float) -> _Meant | Refusal:
    current = state.current
    if current is None:
        return Refusal.NO_GAME
    if vote.game is not None:
        played = latest_of(current, vote.game.id)
        return _Meant(current.key, played.number if played else 0, vote.game.id)
    play = play_at(current, at)
    return _Meant(current.key, play.number, play.game.id) if play else Refusal.NO_GAME


def play_at(session: Session, at: float) -> Play | None:
    """The game that ran at a moment by the Picker's clock. An earlier one may be over since, the
    last must be running still."""
    order = in_order(session)
    for play in reversed(order):
        begin = _begin((play,))
        if begin is None or begin <= at:
            return play if play is not order[-1] or play.phase is Phase.RUNNING else None
    return None


# --- what is to be done with one ----------------------------------------------------------


class Decision(Enum):
    SEND = "send"
    ASK = "ask"
    CLOSE = "close"


def decide(ballot: Ballot, state: State, *, asks: bool) -> Decision:
    """What to do next with a ballot that has no open attempt. ``asks`` is whether the Picker
    can be asked for votes."""
    if ballot.doubts and asks:
        return Decision.ASK
    if ballot.doubts > 1 or _lapsed(ballot, state):
        return Decision.CLOSE
    return Decision.SEND


def recover(ballot: Ballot) -> Ballot:
    """A ballot as a start finds it: an attempt left open by a crash is a doubt."""
    return _doubted(ballot, INTERRUPTED) if ballot.open else ballot


def close(ballot: Ballot, state: State, now: float) -> Ballot:
    """The ballot given up."""
    if ballot.doubts > 1:
        return _end(ballot, BallotStatus.REFUSED, now, NO_ANSWER_TWICE)
    if is_over(ballot, state):
        reason = f"{NIGHT_OVER}; {IN_DOUBT}" if ballot.doubts else NIGHT_OVER
        return _end(ballot, BallotStatus.TOO_LATE, now, reason)
    return _end(ballot, BallotStatus.REFUSED, now, TAKEN_BACK)


def _lapsed(ballot: Ballot, state: State) -> bool:
    if is_over(ballot, state):
        return True
    play = _play_of(ballot, state)
    return play is not None and play.phase is Phase.REMOVED and ballot.ticker is None


def is_over(ballot: Ballot, state: State) -> bool:
    """The Picker takes votes for the night that runs alone."""
    return state.current is None or state.current.key != ballot.session


def _play_of(ballot: Ballot, state: State) -> Play | None:
    return find(state.current, ballot.play) if state.current else None


# --- mark and settle -----------------------------------------------------------------------


def mark(ballot: Ballot, state: State) -> Ballot:
    """The ballot with its attempt opened. In doubt it has the moment of the first attempt, so
    that a Picker that has counted it says so."""
    stamp = ballot.stamp if ballot.doubts else _stamp(ballot, state)
    return replace(ballot, open=True, attempts=ballot.attempts + 1, stamp=stamp)


def settle(ballot: Ballot, outcome: Cast, now: float) -> Ballot:
    """The ballot after the outcome of its open attempt."""
    match outcome:
        case Counted():
            return found(ballot, outcome, now)
        case CountedBefore():
            return _end(ballot, BallotStatus.COUNTED, now, DUPLICATE)
        case Refused(reason):
            return _end(ballot, BallotStatus.REFUSED, now, reason)
        case NightOver(reason):
            return _end(ballot, BallotStatus.TOO_LATE, now, reason)
        case Deferred(reason):
            return replace(ballot, open=False, reason=reason)
    return _doubted(ballot, outcome.reason)


def answer(ballot: Ballot, search: Search, now: float) -> Ballot:
    """The ballot in doubt after the Picker was asked for it."""
    match search:
        case Counted():
            return found(ballot, search, now)
        case NotThere():
            return replace(ballot, doubts=0)
    return ballot


def found(ballot: Ballot, counted: Counted, now: float) -> Ballot:
    """The ballot that the Picker has; if for another game than was meant, it says so."""
    reason = None
    if counted_elsewhere(ballot, counted):
        reason = f"for {counted.title or f'game {counted.game_id}'}"
    return _end(ballot, BallotStatus.COUNTED, now, reason)


def counted_elsewhere(ballot: Ballot, counted: Counted) -> bool:
    return None not in (ballot.game_id, counted.game_id) and ballot.game_id != counted.game_id


def is_of(event: VoteReceived, ballot: Ballot) -> bool:
    """Whether the Picker told all of this very vote: the name, the moment, the direction."""
    return (
        event.username == ballot.name
        and event.session_id == ballot.session.id
        and event.up is ballot.up
        and is_at(event.voted_at, ballot.stamp)
    )


def is_at(at: float | None, stamp: float | None) -> bool:
    """Whether two moments are one to the Picker, which may have cut them to the second."""
    return at is not None and stamp is not None and abs(at - stamp) < SAME_SECOND


def _doubted(ballot: Ballot, reason: str) -> Ballot:
    return replace(ballot, open=False, doubts=ballot.doubts + 1, reason=reason)


def _end(ballot: Ballot, status: BallotStatus, now: float, reason: str | None) -> Ballot:
    return replace(ballot, status=status, open=False, reason=reason, settled_at=now)


# --- the moment that is sent ---------------------------------------------------------------


def _stamp(ballot: Ballot, state: State) -> float:
    """When it was cast, to the millisecond, and within the time of its play."""
    at = floor((ballot.at if ballot.stamp is None else ballot.stamp) * 1000)
    play = _play_of(ballot, state)
    if state.current is not None and play is not None and ballot.ticker is None:
        begin, end = _time_of(state.current, play)
        at = at if end is None else min(at, ceil(end * 1000) - 1)
        at = at if begin is None else max(at, ceil(begin * 1000))
    return at / 1000


def _time_of(session: Session, play: Play) -> tuple[float | None, float | None]:
    """From a play's ``played_at`` to the next one's. An event comes a little after its row,
    whose moment the Picker cuts to the second."""
    order = in_order(session)
    numbers = [each.number for each in order]
    later = order[numbers.index(play.number) + 1 :] if play.number in numbers else ()
    begin = play.at if play.played_at is None else play.played_at
    return begin, _begin(later)


def _begin(plays: Iterable[Play]) -> float | None:
    for play in plays:
        if play.played_at is not None:
            return play.played_at
        if play.at is not None:
            return floor(play.at) - 1.0
    return None

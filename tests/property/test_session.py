"""The session machine against a small Picker: whatever is lost, repeated, late or stale.

A world is a list of things that happen: in the Picker, on the wire, to questions and answers, to
us.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from follower import Account
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from model_picker import CODES, GAMES, Counts, ModelPicker
from night import text

from bot.domain import (
    Clock,
    Confirmed,
    Event,
    Game,
    GameAdded,
    Input,
    RoomSeen,
    SessionStarted,
    Snapshot,
    Tallied,
    Verdict,
    VoteReceived,
    Votes,
    Want,
    WantConfirm,
    WantSnapshot,
    WantTally,
)
from bot.session import Reason

# --- worlds ---------------------------------------------------------------------------------

HAPPENS = ["start", "add", "add", "add", "again", *["vote"] * 4, "remove", "room", "skip", "end"]
WIRE = ["deliver"] * 6 + ["miss", "lose", "repeat", "reorder"]
ASKED = ["poll", "answer", "answer", "answer", "no answer", "ask", "late answer"]
OURS = ["wait", "restart"]
RARELY = ["reset", "reopen"]

Happening = tuple[str, int]
happenings = st.sampled_from([*HAPPENS * 2, *WIRE * 2, *ASKED * 2, *OURS, *RARELY])


def of_length(length: int) -> st.SearchStrategy[list[Happening]]:
    """Left to itself, Hypothesis prefers lists in which hardly anything happens."""
    happening = st.tuples(happenings, st.integers(0, 5))
    return st.lists(happening, min_size=length, max_size=length)


worlds = st.integers(0, 70).flatmap(of_length)


class World:
    """Plays a list of things that happen between a Picker and one who follows."""

    def __init__(self, counts: Counts) -> None:
        self.picker = ModelPicker(counts)
        self.follower = Account()
        self.wire: list[Event] = []
        self.asked: list[Snapshot | Confirmed] = []

    def play(self, world: list[Happening]) -> World:
        for what, number in world:
            if what in HAPPENS or what in RARELY:
                self._push(self._happen(what, number))
            elif what in WIRE:
                self._transmit(what, number)
            elif what in OURS:
                self._age(what, number)
            else:
                self._ask(what, number)
        return self

    def take(self, given: Input) -> None:
        self.follower.take(given, Clock(self.picker.now))

    def _push(self, event: Event | None) -> None:
        if event is not None:
            self.wire.append(event)

    def _happen(self, what: str, number: int) -> Event | None:
        picker = self.picker
        game = GAMES[number % len(GAMES)]
        if picker.active is None and what not in ("reset", "reopen"):
            what = "start"
        happens: dict[str, Callable[[], Event | None]] = {
            "start": picker.start,
            "add": lambda: picker.add(game, CODES[0] if number > 2 else None),
            "again": self._add_again,
            "vote": lambda: picker.vote(game, number < 4),
            "remove": lambda: picker.remove(number % 2),
            "room": lambda: picker.room(CODES[number % len(CODES)]),
            "skip": picker.skip,
            "end": picker.end,
            "reset": picker.reset,
            "reopen": picker.reopen,
        }
        return happens[what]()

    def _add_again(self) -> Event | None:
        night = self.picker.active
        return self.picker.add(night.rows[-1].game) if night and night.rows else None

    def _transmit(self, what: str, number: int) -> None:
        if what == "miss":
            self._happen("add", number)
            return
        if not self.wire:
            return
        if what == "repeat":
            self.take(self.wire[0])
            return
        event = self.wire.pop(number % len(self.wire) if what == "reorder" else 0)
        if what != "lose":
            self.take(event)

    def _age(self, what: str, number: int) -> None:
        if what == "restart":
            self.follower.restart()
        else:
            self.picker.now += 10 * number + 1

    def _ask(self, what: str, number: int) -> None:
        facts = self.follower.state.facts
        if what == "poll":
            self.take(self.picker.snapshot(facts))
        elif what == "ask":
            current = self.follower.state.current
            if current and number > 3:
                self.asked.append(self.picker.confirm(current.key, facts))
            else:
                self.asked.append(self.picker.snapshot(facts))
        elif what == "late answer":
            self._take_late(number)
        else:
            self._answer_one(number, what == "answer")

    def _take_late(self, number: int) -> None:
        """The answer to an earlier question: of that moment, of this one, or half and half."""
        if not self.asked:
            return
        then = self.asked.pop(number % len(self.asked))
        if isinstance(then, Confirmed):
            self.take(then)
            return
        now = self.picker.snapshot(then.seen)
        same = then.session and now.session and then.session.key == now.session.key
        mixed = replace(then, rows=now.rows) if same else then
        self.take((then, now, mixed)[number % 3])

    def _answer_one(self, number: int, clear: bool) -> None:
        wanted = list(self.follower.wants)
        if wanted:
            want = wanted[number % len(wanted)]
            del self.follower.wants[want]
            self.answer(want, clear)

    def answer(self, want: Want, clear: bool = True) -> None:
        facts = self.follower.state.facts
        match want:
            case WantSnapshot() if clear:
                self.take(self.picker.snapshot(facts))
            case WantConfirm(key):
                unclear = Confirmed(facts, key, Verdict.UNKNOWN)
                self.take(self.picker.confirm(key, facts) if clear else unclear)
            case WantTally(key, play, _, first):
                if first is not None:
                    self.answer(first, clear)
                self.take(self.picker.tally(want) if clear else Tallied(key, play))

    def settle(self) -> World:
        """One clear snapshot, and an answer to everything that is wanted, until nothing is."""
        self.take(self.picker.snapshot(self.follower.state.facts))
        for _ in range(20):
            for want in list(self.follower.wants):
                del self.follower.wants[want]
                self.answer(want)
            if not self.follower.wants:
                return self
        raise AssertionError(f"still wanted: {list(self.follower.wants)}")


def check_level(world: World) -> None:
    """The state agrees with the Picker: the night, the games that stand, nothing that waits."""
    state, night = world.follower.state, world.picker.active
    assert (state.queue, state.closing) == ((), ())
    assert (state.current.key if state.current else None) == (night.key if night else None)
    if state.current is not None and night is not None:
        past = state.current.past.rows if state.current.past else ()
        live = [p for p in state.current.plays if p.live and p.row_id not in past]
        plays = sorted((play.row_id or 0, play.game.title) for play in live)
        rows = sorted((row.id, row.game.title) for row in night.rows if row.id not in past)
        assert plays == rows


def check_world(world: list[Happening], counts: Counts) -> None:
    played = World(counts).play(world).settle()
    check_level(played)
    played.follower.check_account()
    if not played.follower.reasons[Reason.RESUMED]:
        played.follower.check_order()
    names = {what for what, _ in world}
    if "reset" not in names:
        played.follower.check_truth(played.picker)
    if counts is Counts.EVENTS and "reset" not in names:
        played.follower.check_count(played.picker)
    if not names & {"reset", "reorder", "remove"}:
        played.follower.check_rows()


SOME = settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.too_slow])
MANY = settings(SOME, max_examples=5000)


@settings(SOME, max_examples=400)
@given(worlds, st.sampled_from(Counts))
def test_any_world(world: list[Happening], counts: Counts):
    """Whatever happens, each fact is said once at most and in order, and one clear snapshot
    brings the state level, with every play said or left out by a named rule."""
    check_world(world, counts)


@pytest.mark.long
@pytest.mark.timeout(1200)
@MANY
@given(worlds, st.sampled_from(Counts))
def test_any_world_at_length(world: list[Happening], counts: Counts):
    """The same, for many more worlds."""
    check_world(world, counts)


# --- a world without loss -------------------------------------------------------------------


class Storyteller(World):
    """Delivers everything at once, and knows from the Picker alone what is to be said."""

    def __init__(self, counts: Counts) -> None:
        super().__init__(counts)
        self.story: list[str] = []
        self.number = 0
        self.game: Game | None = None
        self.codes: set[str] = set()
        self.counted: dict[int, Votes] = {}

    def play(self, world: list[Happening]) -> Storyteller:
        for what, number in world:
            if what != "vote":
                self._deliver_votes()
            if what in HAPPENS:
                self._deliver(self._tell(what, number))
            elif what in OURS:
                self._age(what, number)
            else:
                self._ask(what, number)
        return self

    def _deliver(self, event: Event | None) -> None:
        if isinstance(event, VoteReceived):
            self.wire.append(event)
        elif event is not None:
            self.take(event)

    def _deliver_votes(self) -> None:
        """In reverse, some of them twice."""
        for vote in (*reversed(self.wire), *self.wire[::2]):
            self.take(vote)
        self.wire.clear()

    def _tell(self, what: str, number: int) -> Event | None:
        night = self.picker.active
        if what == "vote" and self.game is not None:
            return self.picker.vote(self.game, number < 4)
        if what == "vote" and night is not None:
            return None
        if what == "remove" and number % 2 == 0:
            self.game = None
        if what == "end" and night is not None:
            self._tell_votes()
            id, games = night.key.id, len(night.rows)
            self.story += [f"{id} ended", f"{id}/{games} games played"]
        event = self._happen(what, number)
        self._tell_event(event)
        return event

    def _tell_event(self, event: Event | None) -> None:
        match event:
            case SessionStarted(key):
                self.story.append(f"{key.id} started")
                self.number, self.game, self.counted = 0, None, {}
            case GameAdded(id, game, _, code):
                self._tell_votes()
                self.number, self.game, self.codes = self.number + 1, game, {code or ""}
                room = f" in room {code}" if code else ""
                self.story.append(f"{id}/{self.number}. {game.title}{room}")
            case RoomSeen(id, _, code) if self.game and code not in self.codes:
                self.codes.add(code)
                self.story.append(f"{id}/{self.number}. is in room {code}")

    def _tell_votes(self) -> None:
        night, game = self.picker.active, self.game
        self.game = None
        if night is None or game is None or game.id is None:
            return
        votes = night.votes.get(game.id, Votes())
        tonight = votes.less(self.counted.get(game.id, Votes()))
        self.counted[game.id] = votes
        if tonight.cast:
            told = f"{game.title} had {tonight.up}:{tonight.down}"
            self.story.append(f"{night.key.id}/{self.number}. {told}")

    def settle(self) -> Storyteller:
        super().settle()
        return self

    def told(self) -> list[str]:
        return [text(line) for line in self.follower.said]


def stories(*happens: str) -> st.SearchStrategy[list[Happening]]:
    happening = st.tuples(st.sampled_from(happens), st.integers(0, 5))
    lists = st.integers(0, 40).flatmap(lambda n: st.lists(happening, min_size=n, max_size=n))
    return lists.map(lambda world: [("start", 0), *world])


class Prompt(Storyteller):
    """Everything that is wanted is answered at once, and every removal is polled."""

    def take(self, given: Input) -> None:
        super().take(given)
        while self.follower.wants:
            want = next(iter(self.follower.wants))
            del self.follower.wants[want]
            self.answer(want)

    def _happen(self, what: str, number: int) -> Event | None:
        event = super()._happen(what, number)
        if what == "remove":
            self.take(self.picker.snapshot(self.follower.state.facts))
        return event


def check_story(story: Storyteller, world: list[Happening]) -> None:
    story.take(story.picker.snapshot(0))
    story.play(world).settle()
    assert story.told() == story.story


prompt = stories(*HAPPENS, *["vote"] * 4, "poll", *OURS)
sluggish = stories("start", "add", "add", "again", "end", *["vote"] * 4, *ASKED, *OURS)


@SOME
@given(prompt, st.sampled_from(Counts))
def test_everything_is_said_where_nothing_is_lost(world: list[Happening], counts: Counts):
    """Where every event arrives and every question is answered, the whole story is told, with
    the Picker's own count of each game's votes, whichever way it lets them be counted."""
    check_story(Prompt(counts), world)


@SOME
@given(sluggish)
def test_answers_may_come_late_or_never(world: list[Happening]):
    """Where every event arrives, it does not matter when questions are answered, or whether:
    our own count tells the same story."""
    check_story(Storyteller(Counts.EVENTS), world)


@pytest.mark.long
@pytest.mark.timeout(1200)
@MANY
@given(prompt, st.sampled_from(Counts), sluggish)
def test_stories_at_length(world: list[Happening], counts: Counts, other: list[Happening]):
    """The same two, for many more stories."""
    check_story(Prompt(counts), world)
    check_story(Storyteller(Counts.EVENTS), other)

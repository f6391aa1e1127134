"""The session machine against a small Picker: whatever is lost, repeated, late or stale.

A world is a list of things that happen: in the Picker, on the wire, to questions and answers, to
us. :class:`Follower` plays it and holds every step against what must always be true.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from model_picker import CODES, GAMES, Counts, ModelPicker
from night import text

from bot.codec import decode, encode
from bot.domain import (
    Added,
    Announcement,
    Clock,
    Confirmed,
    Event,
    Game,
    GameAdded,
    Input,
    Kind,
    RoomSeen,
    Row,
    RowStatus,
    SessionEnded,
    SessionInfo,
    SessionKey,
    SessionStarted,
    Snapshot,
    Tallied,
    Verdict,
    Voted,
    VoteReceived,
    Votes,
    Want,
    WantConfirm,
    WantSnapshot,
    WantTally,
)
from bot.session import Phase, Play, Reason, Session, State, Step, step, wants
from bot.session.plays import in_order

Which = tuple[SessionKey, int]


# --- one who follows ------------------------------------------------------------------------


class Follower:
    """The machine at work: takes inputs in, keeps what it said, and checks each step."""

    def __init__(self) -> None:
        self.state = State()
        self.said: list[Announcement] = []
        self.keys: set[str] = set()
        self.reasons: Counter[Reason] = Counter()
        self.wants: dict[Want, None] = {}

    def take(self, given: Input, clock: Clock) -> Step:
        before = self.state
        led_to = step(before, given, clock)
        self.state = led_to.state
        self._check_repeat(led_to, given, clock)
        self._check_codec(before, led_to, given, clock)
        self._check_keys(led_to)
        self._check_phases()
        self.said += led_to.announcements
        self.reasons.update(led_to.reasons)
        self.wants |= dict.fromkeys(led_to.wants)
        return led_to

    def restart(self) -> None:
        self.state = decode(State, encode(self.state))
        self.wants = dict.fromkeys(wants(self.state))

    def _check_repeat(self, led_to: Step, given: Input, clock: Clock) -> None:
        """The same input again, at once, changes nothing and says nothing."""
        again = step(led_to.state, given, clock)
        assert again.state == led_to.state
        assert (again.announcements, again.taken_back, again.unsaid) == ((), (), ())

    def _check_codec(self, before: State, led_to: Step, given: Input, clock: Clock) -> None:
        """A state from disk is the state that went there, and goes on in the same way."""
        assert decode(State, encode(led_to.state)) == led_to.state
        assert step(decode(State, encode(before)), given, clock) == led_to

    def _check_keys(self, led_to: Step) -> None:
        """No fact is announced twice, be it in a line of its own or in another's."""
        for line in led_to.announcements:
            for key in (line.key, *(cover.key for cover in line.covers)):
                assert key not in self.keys
                self.keys.add(key)

    def _check_phases(self) -> None:
        """At most one game runs, and none in a night that is over; what waits is known."""
        state = self.state
        current = state.current.plays if state.current else ()
        assert sum(play.phase is Phase.RUNNING for play in current) <= 1
        closing = [play for night in state.closing for play in night.plays]
        assert all(play.phase is not Phase.RUNNING for play in closing)
        assert bool(state.queue) >= bool(state.closing)
        assert len({night.key for night in state.closing}) == len(state.closing)
        assert all(night.key in state.ended for night in state.closing)


# --- what becomes of each play --------------------------------------------------------------


class Account(Follower):
    """Keeps an account of every play: whether it was said, or which rule left it unsaid."""

    def __init__(self) -> None:
        super().__init__()
        self.plays: dict[Which, Play] = {}
        self.rows: dict[Which, int] = {}
        self.excused: dict[Which, str] = {}
        self.ran: set[Which] = set()
        self.unsaid: set[str] = set()
        self.cold: set[SessionKey] = set()

    def take(self, given: Input, clock: Clock) -> Step:
        before = self.state
        led_to = super().take(given, clock)
        self.unsaid |= {unsaid.announcement.key for unsaid in led_to.unsaid}
        for which in led_to.taken_back:
            self.excused[which] = "taken back"
        for line in led_to.announcements:
            assert self.excused.get((line.session, line.play or 0)) != "taken back"
        if Reason.NO_MEMORY in led_to.reasons and led_to.state.current:
            self.cold.add(led_to.state.current.key)
        known = set(self.plays)
        now = led_to.state
        for session in (*led_to.left, *now.closing, *filter(None, [now.current])):
            self._note_plays(before, session, given)
        if isinstance(given, Snapshot):
            news = [w for w in self.plays.keys() - known if not self._unsaid(w)]
            assert (Reason.CAUGHT_UP in led_to.reasons) is (len(news) > 1)
        return led_to

    def _unsaid(self, which: Which) -> bool:
        return which in self.excused or f"{which[0]}/{which[1]}/game" in self.unsaid

    def _note_plays(self, before: State, session: Session, given: Input) -> None:
        rows = given.rows or () if isinstance(given, Snapshot | Confirmed) else ()
        skipped = {row.id for row in rows if row.status is RowStatus.SKIPPED}
        last = max((row.id for row in rows if row.id not in skipped), default=None)
        for play in session.plays:
            which = (session.key, play.number)
            if which in self.plays and play.tally is None and self.plays[which].tally:
                continue  # kept of a night that was reopened: its votes have been told
            if which not in self.plays and play.row_id in skipped:
                self.excused[which] = "skipped"
            if which not in self.plays and isinstance(given, Confirmed):
                assert (play.phase is Phase.CLOSING) is (play == _last_played(session))
            if which not in self.plays and play.row_id != last and _is_unread(before, session):
                self.excused.setdefault(which, "before our time")
            self.plays[which] = play
            if play.row_id is not None:
                assert self.rows.setdefault((session.key, play.row_id), play.number) == play.number
            if play.phase in (Phase.RUNNING, Phase.CLOSING):
                self.ran.add(which)

    # --- the reckoning --------------------------------------------------------------------

    def check_account(self) -> None:
        self._check_nights()
        for which, play in self.plays.items():
            self._check_game(which, play)
        self._check_votes()

    def _check_nights(self) -> None:
        """Each night that ended has its start, its end and its statistics."""
        for key in self.state.ended:
            assert f"{key}/end" in self.keys
            assert f"{key}/stats" in self.keys
            assert (f"{key}/start" in self.keys) is (key not in self.cold)

    def _check_game(self, which: Which, play: Play) -> None:
        """Each play was said, or a named rule left it unsaid; one that was said has run."""
        game = f"{which[0]}/{which[1]}/game"
        said = game in self.keys
        assert said or self._unsaid(which), which
        if said and not self._merged(which):
            assert which in self.ran, which

    def _merged(self, which: Which) -> bool:
        """Whether the play is in a catch-up line as one that is over."""
        key, number = which
        lines = [line for line in self.said if line.kind is Kind.CATCH_UP and line.session == key]
        return any(number in [cover.play for cover in line.covers[:-1]] for line in lines)

    def _check_votes(self) -> None:
        """Each play that has run and has votes had them said, or a named rule says why not."""
        uncounted = 0
        for key, number in self.ran:
            play = self.plays[key, number]
            votes = f"{key}/{number}/votes"
            if self.excused.get((key, number)) == "taken back" or votes in self.unsaid:
                continue
            if play.phase is Phase.RUNNING or self._merged((key, number)):
                assert votes not in self.keys
                continue
            assert play.phase is Phase.OVER
            if votes in self.keys:
                (line,) = (line for line in self.said if line.key == votes)
                assert isinstance(line.fact, Voted)
                assert line.fact.votes == play.tally
            elif play.tally is None or play.tally.cast:
                uncounted += 1
        assert uncounted <= self.reasons[Reason.NO_COUNT]

    def check_count(self, picker: ModelPicker) -> None:
        """Our own count never has more votes than were cast."""
        sums: dict[tuple[SessionKey, int], Votes] = {}
        for (key, _), play in self.plays.items():
            game = (key, play.game.id or 0)
            sums[game] = sums.get(game, Votes()).plus(play.tally or Votes())
        for (key, game_id), counted in sums.items():
            cast = picker.nights[key].votes.get(game_id, Votes())
            assert counted.up <= cast.up, (key, game_id)
            assert counted.down <= cast.down, (key, game_id)

    def check_truth(self, picker: ModelPicker) -> None:
        """No game is announced more often than it was added."""
        told = [line for said in self.said for line in (said.covers or [said])]
        games = Counter(
            (line.session, line.fact.game.title) for line in told if isinstance(line.fact, Added)
        )
        for (key, title), times in games.items():
            assert times <= picker.nights[key].added[title]

    def check_rows(self) -> None:
        """Games are said in the order in which the Picker has them, those of a night in which
        none came twice: which of two rows an event meant is a guess."""
        twice = Counter((key, play.game.id) for (key, _), play in self.plays.items())
        nights = {key for (key, _), times in twice.items() if times > 1}
        told = [line for said in self.said for line in (said.covers or [said])]
        games = [(o.session, o.play or 0) for o in told if o.kind is Kind.GAME_ADDED]
        rows = [self.plays[which].row_id for which in games if which[0] not in nights]
        bound = [row for row in rows if row is not None]
        assert bound == sorted(bound)

    def check_order(self) -> None:
        """Start, games, end, statistics; of each game its line, its codes, its votes, and only
        then another game; nothing of a later night before the end of an earlier one."""
        for place, line in enumerate(self.said):
            before = self.said[:place]
            same = [other for other in before if other.session == line.session]
            kinds = [other.kind for other in same]
            if line.kind is Kind.SESSION_STARTED:
                assert not same
            if line.session not in self.cold:
                assert line.kind is Kind.SESSION_STARTED or kinds[0] is Kind.SESSION_STARTED
            if line.kind is Kind.STATS:
                assert kinds[-1] is Kind.SESSION_ENDED
            else:
                assert Kind.SESSION_ENDED not in kinds
            _check_play_order(line, same)
            if before and before[-1].session != line.session:
                assert before[-1].kind is Kind.STATS


def _last_played(session: Session) -> Play | None:
    played = [play for play in in_order(session) if not play.skipped]
    return played[-1] if played else None


def _is_unread(state: State, session: Session) -> bool:
    current = state.current
    if current is None:
        return not state.remembers
    return current.key == session.key and current.unread


def _check_play_order(line: Announcement, before: list[Announcement]) -> None:
    games = [other for other in before if other.kind in (Kind.GAME_ADDED, Kind.CATCH_UP)]
    if line.kind is Kind.ROOM_CODE:
        assert _running(games[-1]) == line.play
        assert not any(o.kind is Kind.FINAL_VOTES and o.play == line.play for o in before)
    told = [_running(game) for game in games]
    if line.kind is Kind.FINAL_VOTES and line.play in told:
        assert told[-1] == line.play


def _running(line: Announcement) -> int | None:
    return line.covers[-1].play if line.covers else line.play


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


@settings(SOME, max_examples=600)
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


# --- anything -------------------------------------------------------------------------------

ids = st.integers(-1, 2)
keys = st.builds(SessionKey, ids, st.sampled_from([0, 100, 200]))
moments = st.none() | st.sampled_from([0.0, 99.5, 100.0, 150.0, 1e12])
votes = st.builds(Votes, st.integers(0, 3), st.integers(0, 3))
games = st.builds(Game, st.sampled_from("AB"), st.none() | st.integers(0, 1))
counts_of_games = st.none() | st.integers(-1, 4)
codes = st.none() | st.sampled_from(["", "ABCD", "\ud800 x"])
rows = st.builds(Row, ids, games, st.sampled_from(RowStatus), codes, moments, st.none() | votes)
some_rows = st.none() | st.lists(rows, max_size=4).map(tuple)
infos = st.builds(SessionInfo, keys, st.booleans(), counts_of_games, st.none(), moments)
seen = st.sampled_from([0, 0, 0, -1])
"""Questions asked now, mostly; else one fact ago."""

inputs = st.one_of(
    st.builds(SessionStarted, keys, st.none(), moments),
    st.builds(GameAdded, ids, games, counts_of_games, codes, moments),
    st.builds(VoteReceived, ids, st.integers(0, 1), st.just("ann"), st.booleans(), moments, votes),
    st.builds(SessionEnded, ids, counts_of_games, moments),
    st.builds(RoomSeen, ids, st.integers(0, 1), codes.map(str), moments),
    st.builds(Snapshot, seen, st.none() | infos, some_rows),
    st.builds(Confirmed, seen, keys, st.sampled_from(Verdict), st.none() | infos, some_rows),
    st.builds(
        Tallied,
        keys,
        st.integers(0, 4),
        st.none() | st.dictionaries(st.integers(0, 1), votes).map(lambda d: tuple(d.items())),
        st.none() | votes,
    ),
)
anything = st.integers(0, 40).flatmap(
    lambda n: st.lists(st.tuples(inputs, st.sampled_from([0, 40, -3600])), min_size=n, max_size=n)
)


def check_anything(given_in: list[tuple[Input, int]]) -> None:
    follower, now = Follower(), 1000.0
    for given_now, seconds in given_in:
        now += seconds
        if isinstance(given_now, Snapshot | Confirmed):
            given_now = replace(given_now, seen=follower.state.facts + given_now.seen)
        follower.take(given_now, Clock(now))


@SOME
@given(anything)
def test_anything_at_all(given_in: list[tuple[Input, int]]):
    """Whatever comes in, however senseless, nothing is raised, nothing is said twice, repeats
    change nothing, and every state survives a restart."""
    check_anything(given_in)


@pytest.mark.long
@pytest.mark.timeout(1200)
@MANY
@given(anything)
def test_anything_at_all_at_length(given_in: list[tuple[Input, int]]):
    """The same, for many more sequences."""
    check_anything(given_in)

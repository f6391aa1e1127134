"""One who follows a night with the session machine, and holds every step against what must always
be true, whatever comes in: :class:`Follower`; and whatever is lost, if a Picker stands behind it:
:class:`Account`."""

from __future__ import annotations

from collections import Counter

from model_picker import ModelPicker

from bot.codec import decode, encode
from bot.domain import (
    Added,
    Announcement,
    Clock,
    Confirmed,
    Input,
    Kind,
    RowStatus,
    SessionKey,
    Snapshot,
    Voted,
    Votes,
    Want,
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
            if which in self.plays and session.past and self.plays[which].tally:
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

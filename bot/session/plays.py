"""The plays of one night: which row is which, and how many votes each has."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

from bot.domain import Game, GameAdded, Row, Votes
from bot.session.state import Ended, Heard, Phase, Play, Session


def change(session: Session, play: Play) -> Session:
    """``session`` with ``play`` in the place of the one of its number."""
    plays = tuple(play if p.number == play.number else p for p in session.plays)
    return replace(session, plays=plays)


def find(session: Session, number: int) -> Play | None:
    return next((p for p in session.plays if p.number == number), None)


def last_number(session: Session) -> int:
    """The last number that was given to a play."""
    before = session.past.plays if session.past else 0
    return max(before, *(play.number for play in session.plays), 0)


def latest_of(session: Session, game_id: int | None) -> Play | None:
    """The play that a vote for a game belongs to: the last one of it that still stands."""
    return next((p for p in reversed(session.plays) if p.game.id == game_id and p.live), None)


def in_order(session: Session) -> tuple[Play, ...]:
    """Those that still stand, as the Picker orders them; the ones without a row are newest."""
    live = (play for play in session.plays if play.live)
    return tuple(sorted(live, key=lambda p: (p.row_id is None, p.row_id or 0, p.number)))


def same_game(one: Game, other: Game) -> bool:
    """By id where both have one, else by title."""
    if one.id is not None and other.id is not None:
        return one.id == other.id
    return one.title == other.title


def add(session: Session, play: Play) -> tuple[Session, Play]:
    """Append ``play`` under the next number; a game played again starts from what was known
    of its totals when its earlier play closed, or began, if that was taken back before."""
    floor = None
    for earlier in session.plays:
        unsaid = not earlier.live and earlier.tally is None
        known = earlier.base if unsaid else earlier.high
        if same_game(earlier.game, play.game) and known is not None:
            floor = known.highest(floor)
    play = replace(play, number=last_number(session) + 1, base=floor, floor=floor)
    return replace(session, plays=(*session.plays, play)), play


# --- which event, which row ---------------------------------------------------------------


def heard_before(session: Session, event: GameAdded) -> bool:
    """Whether this very ``game.added`` was taken in: game, number and moment agree."""
    heard = Heard(event.games_played, event.at)
    if heard == Heard(None, None):
        return False
    return any(p.heard == heard and same_game(p.game, event.game) for p in session.plays)


def unheard(session: Session, game: Game) -> Play | None:
    """The first play of ``game`` that a snapshot showed before its event came, whether or
    not another has shown since that it was taken back."""
    plays = (p for p in session.plays if p.heard is None)
    return next((p for p in plays if same_game(p.game, game)), None)


@dataclass(frozen=True, slots=True)
class Bound:
    """A night's plays laid beside the rows of a snapshot: the plays with their rows bound,
    the rows that are news, the numbers of the plays that have no row any more."""

    session: Session
    rows: tuple[tuple[Play, Row], ...]
    fresh: tuple[Row, ...]
    gone: tuple[int, ...]


def bind(session: Session, rows: Collection[Row]) -> Bound:
    """Bind plays to rows: those bound before by row id, the others in order within each
    game's id, and what then is left by title (an id may be missing or not be the
    catalogue's; contract 2.2). Rows told of before a night was resumed are left alone. A list
    of fewer games than the Picker counts is not whole, and proves nothing gone."""
    past = session.past or Ended(0, ())
    left = [row for row in sorted(rows, key=lambda r: r.id) if row.id not in past.rows]
    whole = len(rows) >= (session.games_played or 0)
    pairs: list[tuple[Play, Row]] = []
    plays = [play for play in session.plays if play.live and play.row_id not in past.rows]
    for match in (_same_row, _same_id, _same_title):
        for play in list(plays):
            row = next((row for row in left if match(play, row)), None)
            if row is not None:
                plays.remove(play)
                left.remove(row)
                pairs.append((_told_by(play, row), row))
    for play, _ in pairs:
        session = change(session, play)
    gone = tuple(play.number for play in plays) if whole else ()
    return Bound(session, tuple(pairs), tuple(left), gone)


def _same_row(play: Play, row: Row) -> bool:
    """A database may give the number of a deleted row to the next one."""
    return play.row_id == row.id and same_game(play.game, row.game)


def _same_id(play: Play, row: Row) -> bool:
    return play.row_id is None and play.game.id is not None and play.game.id == row.game.id


def _same_title(play: Play, row: Row) -> bool:
    return play.row_id is None and play.game.title == row.game.title


def _told_by(play: Play, row: Row) -> Play:
    """What a row adds to a play that an event told of: its row, the game's true id, its moment."""
    game = replace(play.game, id=row.game.id) if row.game.id is not None else play.game
    at = play.at if play.at is not None else row.played_at
    return replace(play, row_id=row.id, game=game, at=at, played_at=row.played_at)


# --- counting -----------------------------------------------------------------------------


def begin_at(play: Play, totals: Votes) -> Play:
    """Take in running totals that may be those of the play's beginning. They only rise, so
    the lowest seen is the beginning whatever the order in which they came."""
    base = totals.lowest(play.base)
    if play.floor is not None:
        base = base.highest(play.floor)
    return replace(play, base=base)


def begin_before(session: Session, play: Play, totals: Votes | None) -> Play:
    """Take in what the totals were before the night, unless its game was played earlier in it."""
    earlier = (p for p in session.plays if p.number < play.number)
    if totals is None or session.past or any(same_game(p.game, play.game) for p in earlier):
        return play
    return begin_at(play, totals)


def rise_to(play: Play, totals: Votes) -> Play:
    """Take in running totals; the highest seen count, so a repeat changes nothing."""
    return replace(play, high=totals.highest(play.high))


def start_from(session: Session, play: Play) -> Session:
    """Let later plays of the same game start from what is known of it now that ``play`` has
    closed: the votes up to there are not theirs."""
    for later in session.plays:
        if (
            later.number > play.number
            and same_game(later.game, play.game)
            and play.high is not None
        ):
            floor = play.high.highest(later.floor)
            later = replace(later, floor=floor, base=floor.highest(later.base))
            session = change(session, later)
    return session


def settle(
    session: Session, play: Play, counts: dict[int, Votes] | None, known: Votes | None = None
) -> Play:
    """``play`` with its tally: tonight's count of its game less what earlier plays of it
    had; without an answer our own count, or more if more is ``known``, since neither has what
    was not cast; None where there is no count."""
    if counts is None or play.game.id is None:
        own = play.own_count
        return replace(play, phase=Phase.OVER, tally=own and own.highest(known))
    counted = counts.get(play.game.id, Votes())
    tally = tonight(session, play, counts)
    return replace(play, phase=Phase.OVER, counted=counted, tally=tally)


def tonight(session: Session, play: Play, counts: Mapping[int, Votes]) -> Votes | None:
    """The votes of ``play`` by the Picker's count of the night, less those of earlier plays
    of its game; None for a game without an id."""
    if play.game.id is None:
        return None
    return counts.get(play.game.id, Votes()).less(_counted_before(session, play))


def _counted_before(session: Session, play: Play) -> Votes:
    """What the night's count of the play's game already held when the play began."""
    before = Votes()
    for earlier in session.plays:
        if earlier.number < play.number and earlier.game.id == play.game.id:
            before = earlier.counted or before.plus(earlier.tally or Votes())
    return before


def settle_unsaid(session: Session, counts: dict[int, Votes]) -> Session:
    """Give plays whose votes are never said a tally too, for the night's scoreboard, unless
    a later play of the same game has taken their votes for its own."""
    for play in session.plays:
        if play.phase is Phase.OVER and play.tally is None and not _taken(session, play):
            session = change(session, settle(session, play, counts))
    return session


def _taken(session: Session, play: Play) -> bool:
    later = (p for p in session.plays if p.number > play.number and p.game.id == play.game.id)
    return any(p.counted is not None for p in later)

"""What a Picker knows, in memory: sessions, the games played in them, votes, the catalogue.

Moments are seconds since the epoch and are given by the caller. What SQLite stamps by itself
(`created_at`, `played_at`, `closed_at`) is cut to the second, as SQLite cuts it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from math import floor

from bot.sandbox.catalogue import CatalogueGame

SAME_VOTE_WITHIN = 1.0  # seconds between two votes of one person, by the voter's own stamps


@dataclass(frozen=True, slots=True)
class Session:
    id: int
    created_at: float
    notes: str | None = None
    closed_at: float | None = None

    @property
    def active(self) -> bool:
        return self.closed_at is None


@dataclass(frozen=True, slots=True)
class SessionGame:
    """A game played in a session. `id` is the row's own, `game_id` the catalogue's."""

    id: int
    session_id: int
    game_id: int
    played_at: float
    status: str = "playing"
    manually_added: bool = False
    room_code: str | None = None
    player_count: int | None = None
    source: str = "dice"


@dataclass(frozen=True, slots=True)
class Vote:
    """`stamp` is the voter's own timestamp as it was sent, `voted_at` what it means."""

    id: int
    session_id: int
    game_id: int
    username: str
    up: bool
    stamp: str
    voted_at: float
    created_at: float


@dataclass(frozen=True, slots=True)
class Tally:
    """Tonight's votes of one game; two plays of it in one night share a row."""

    game: CatalogueGame
    upvotes: int
    downvotes: int

    @property
    def net_score(self) -> int:
        return self.upvotes - self.downvotes


@dataclass(frozen=True, slots=True)
class Unmatched:
    """Why a vote fits no game: its stamp, and the games there are."""

    stamp: str
    rows: tuple[tuple[str, float], ...]


class Refusal(Exception):
    """A request that the Picker answers with an error."""

    def __init__(
        self,
        status: int,
        error: str,
        *,
        message: str | None = None,
        active_session_id: int | None = None,
        unmatched: Unmatched | None = None,
    ) -> None:
        super().__init__(error)
        self.status = status
        self.error = error
        self.message = message
        self.active_session_id = active_session_id
        self.unmatched = unmatched


class Database:
    """All tables. Every method raises :class:`Refusal` where a Picker would."""

    def __init__(self, games: Iterable[CatalogueGame], *, first_session_id: int = 1) -> None:
        self._games = {game.id: game for game in games}
        self._sessions: dict[int, Session] = {}
        self._rows: dict[int, dict[int, SessionGame]] = {}
        self._votes: list[Vote] = []
        self._last_vote_of: dict[str, Vote] = {}
        self._next_session_id = first_session_id
        self._next_row_id = 1
        self._next_vote_id = 1

    # --- the catalogue

    def games(self) -> tuple[CatalogueGame, ...]:
        return tuple(sorted(self._games.values(), key=lambda game: (game.pack, game.title)))

    def game(self, game_id: int) -> CatalogueGame:
        if game_id not in self._games:
            raise Refusal(404, "Game not found")
        return self._games[game_id]

    def game_of_ticker(self, ticker: str) -> CatalogueGame:
        for game in self._games.values():
            if game.ticker == ticker.upper():
                return game
        raise Refusal(404, f"No game found with ticker {ticker}")

    # --- sessions

    def sessions(self) -> tuple[Session, ...]:
        """Newest first."""
        return tuple(sorted(self._sessions.values(), key=_age, reverse=True))

    def session(self, session_id: int) -> Session:
        if session_id not in self._sessions:
            raise Refusal(404, "Session not found")
        return self._sessions[session_id]

    def active(self) -> Session | None:
        return next((session for session in self._sessions.values() if session.active), None)

    def start(self, notes: str | None, now: float) -> Session:
        if running := self.active():
            raise Refusal(
                400,
                "An active session already exists. Please close it before creating a new one.",
                active_session_id=running.id,
            )
        session = Session(self._next_session_id, floor(now), notes)
        self._next_session_id += 1
        self._sessions[session.id] = session
        self._rows[session.id] = {}
        return session

    def close(self, session_id: int, now: float) -> Session:
        session = self.session(session_id)
        if not session.active:
            raise Refusal(400, "Session is already closed")
        self._end_playing(session_id)
        self._sessions[session_id] = replace(session, closed_at=floor(now))
        return self._sessions[session_id]

    def delete(self, session_id: int) -> None:
        if self.session(session_id).active:
            raise Refusal(400, "Cannot delete an active session. Please close it first.")
        del self._sessions[session_id], self._rows[session_id]
        self._votes = [vote for vote in self._votes if vote.session_id != session_id]

    # --- the games of a session

    def rows(self, session_id: int) -> tuple[SessionGame, ...]:
        """In the order in which they were played."""
        self.session(session_id)
        return tuple(
            sorted(self._rows[session_id].values(), key=lambda row: (row.played_at, row.id))
        )

    def games_played(self, session_id: int) -> int:
        return len(self._rows[session_id])

    def row(self, session_id: int, row_id: int) -> SessionGame:
        row = self._rows.get(session_id, {}).get(row_id)
        if row is None:
            raise Refusal(404, "Session game not found")
        return row

    def add(
        self,
        session_id: int,
        game_id: int,
        now: float,
        *,
        manually_added: bool = False,
        room_code: str | None = None,
        source: str = "dice",
    ) -> SessionGame:
        """The game is played from now on; the one before it is over."""
        if not self.session(session_id).active:
            raise Refusal(400, "Cannot add games to a closed session")
        game = self.game(game_id)
        self._end_playing(session_id)
        row = SessionGame(
            self._next_row_id,
            session_id,
            game_id,
            floor(now),
            manually_added=manually_added,
            room_code=room_code,
            source=source,
        )
        self._next_row_id += 1
        self._games[game_id] = replace(game, play_count=game.play_count + 1)
        return self._put(row)

    def set_status(self, session_id: int, row_id: int, status: str) -> SessionGame:
        if status not in ("playing", "played", "skipped"):
            raise Refusal(400, "Invalid status. Must be playing, played, or skipped")
        row = self.row(session_id, row_id)
        if status == "playing":
            self._end_playing(session_id)
        return self._put(replace(row, status=status))

    def set_room_code(self, session_id: int, row_id: int, room_code: str) -> SessionGame:
        return self._put(replace(self.row(session_id, row_id), room_code=room_code))

    def set_player_count(self, session_id: int, row_id: int, count: int) -> SessionGame:
        return self._put(replace(self.row(session_id, row_id), player_count=count))

    def remove(self, session_id: int, row_id: int) -> SessionGame:
        """Take a game back: the count of games played falls, its votes stay."""
        row = self.row(session_id, row_id)
        del self._rows[session_id][row_id]
        return row

    def _put(self, row: SessionGame) -> SessionGame:
        self._rows[row.session_id][row.id] = row
        return row

    def _end_playing(self, session_id: int) -> None:
        for row in self.rows(session_id):
            if row.status == "playing":
                self._put(replace(row, status="played"))

    # --- votes

    def vote(
        self,
        username: str,
        up: bool,
        stamp: str,
        voted_at: float,
        now: float,
        *,
        ticker: str | None,
    ) -> Vote:
        """Count a vote for the game that was played when it was cast, or for the one named."""
        session = self.active()
        if session is None:
            raise Refusal(404, "No active session found")
        if ticker is None:
            game_id = self._played_at(session.id, stamp, voted_at).game_id
        else:
            game_id = self.game_of_ticker(ticker).id
        last = self._last_vote_of.get(username)
        if last is not None and abs(voted_at - last.voted_at) <= SAME_VOTE_WITHIN:
            raise Refusal(409, "Duplicate vote: please wait a second before voting again")
        vote = Vote(
            self._next_vote_id, session.id, game_id, username, up, stamp, voted_at, floor(now)
        )
        self._count(vote)
        return vote

    def tallies(self, session_id: int) -> tuple[Tally, ...]:
        """One row for each game that was voted on tonight, best first."""
        self.session(session_id)
        votes = [vote for vote in self._votes if vote.session_id == session_id]
        ups = Counter(vote.game_id for vote in votes if vote.up)
        downs = Counter(vote.game_id for vote in votes if not vote.up)
        found = [Tally(self.game(id), ups[id], downs[id]) for id in {**ups, **downs}]
        return tuple(sorted(found, key=lambda tally: tally.net_score, reverse=True))

    def votes(self, wanted: Callable[[Vote], bool]) -> tuple[Vote, ...]:
        """Newest first."""
        return tuple(vote for vote in reversed(self._votes) if wanted(vote))

    def _played_at(self, session_id: int, stamp: str, voted_at: float) -> SessionGame:
        rows = self.rows(session_id)
        if not rows:
            raise Refusal(404, "No games have been played in the active session yet")
        row = row_at(rows, voted_at)
        if row is None:
            raise Refusal(
                404,
                "Vote timestamp does not match any game in the active session",
                unmatched=Unmatched(stamp, tuple(self._begun(rows))),
            )
        return row

    def _begun(self, rows: Iterable[SessionGame]) -> Iterator[tuple[str, float]]:
        return ((self.game(row.game_id).title, row.played_at) for row in rows)

    def _count(self, vote: Vote) -> None:
        self._votes.append(vote)
        self._next_vote_id += 1
        self._last_vote_of[vote.username] = vote
        game = self.game(vote.game_id)
        self._games[game.id] = replace(
            game,
            upvotes=game.upvotes + vote.up,
            downvotes=game.downvotes + (not vote.up),
        )


def row_at(rows: Iterable[SessionGame], moment: float) -> SessionGame | None:
    """The play whose time it was: from its `played_at` to the next one's. `rows` are in order."""
    found = None
    for row in rows:
        if row.played_at <= moment:
            found = row
    return found


def _age(session: Session) -> tuple[float, int]:
    return session.created_at, session.id

"""The announcements of a night and their keys, each the same however the fact was learned."""

from __future__ import annotations

from dataclasses import replace

from bot.domain import (
    Added,
    Announcement,
    CodeChanged,
    Game,
    Kind,
    Missed,
    Over,
    Scored,
    SessionKey,
    Started,
    Stats,
    Voted,
    Votes,
    code_key,
)
from bot.session.plays import in_order
from bot.session.state import Play, Session


def started(session: Session, at: float) -> Announcement:
    fact = Started(session.key.id, session.notes)
    return Announcement(Kind.SESSION_STARTED, f"{session.key}/start", session.key, at, fact)


def added(key: SessionKey, play: Play, at: float) -> Announcement:
    code = play.codes[-1] if play.codes else None
    fact = Added(play.game, code)
    return Announcement(Kind.GAME_ADDED, f"{key}/{play.number}/game", key, at, fact, play.number)


def code_changed(key: SessionKey, play: Play, code: str, at: float) -> Announcement:
    fact = CodeChanged(play.game, code)
    name = f"{key}/{play.number}/code/{code_key(code)}"
    return Announcement(Kind.ROOM_CODE, name, key, at, fact, play.number)


def votes(key: SessionKey, play: Play, at: float) -> Announcement:
    fact = Voted(play.game, play.tally or play.own_count or Votes())
    return Announcement(Kind.FINAL_VOTES, f"{key}/{play.number}/votes", key, at, fact, play.number)


def ended(key: SessionKey, at: float) -> Announcement:
    return Announcement(Kind.SESSION_ENDED, f"{key}/end", key, at, Over(key.id))


def stats(session: Session, at: float, skew: float) -> Announcement:
    """Without scores as yet: those are known when the last tally is (:func:`scored`)."""
    fact = Stats(_played(session), session.key.created_at + skew, at)
    return Announcement(Kind.STATS, f"{session.key}/stats", session.key, at, fact)


def _played(session: Session) -> int:
    played = session.games_played
    return len(in_order(session)) if played is None else played


def scored(line: Announcement, session: Session) -> Announcement:
    """The stats line with what has become known of the night while it waited."""
    assert isinstance(line.fact, Stats)
    scores = tuple(Scored(play.game, play.tally) for play in in_order(session))
    played, started_at = _played(session), line.fact.started_at
    return replace(line, fact=Stats(played, started_at, line.at, scores))


def caught_up(
    key: SessionKey, running: Play, covers: tuple[Announcement, ...], at: float
) -> Announcement:
    """One line for the games of ``covers``, the last of which is the one running now."""
    games: list[Game] = []
    for line in covers[:-1]:
        assert isinstance(line.fact, Added)
        games.append(line.fact.game)
    fact = Missed(tuple(games), running.game, running.codes[-1] if running.codes else None)
    name = f"{key}/catch-up/{running.number}"
    return Announcement(Kind.CATCH_UP, name, key, at, fact, covers=covers)

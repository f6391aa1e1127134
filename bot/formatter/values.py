"""What the wordings are given: a fact's values, clean, bounded, and left out where unknown."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from bot.domain import (
    Added,
    Board,
    CodeChanged,
    Fact,
    Game,
    Missed,
    Over,
    Scored,
    Stage,
    Started,
    Stats,
    Voted,
    Votes,
)
from bot.formatter.clean import clean, score, shorten
from bot.formatter.templates import Value

_BAR_CELLS = 8
_GAMES_NAMED = 10
_NUMBER_MOST = 999_999
_PLAYERS_MOST = 999
_WEEK = 7 * 86_400


class Say(Protocol):
    """A wording by its key, filled in, as plain text."""

    def __call__(self, key: str, **values: Value) -> str: ...


def values_of(fact: Fact, say: Say) -> dict[str, Value]:
    """The values by the names that templates use; an unknown one is not there at all."""
    match fact:
        case Started():
            return _known(session_id=number(fact.session_id), notes=_text(fact.notes))
        case Added():
            return _game(fact.game, say) | _known(room=_room(fact.room_code))
        case CodeChanged():
            return _game(fact.game, say) | {"room": _room(fact.room_code) or "?"}
        case Voted():
            votes = counted(fact.votes)
            return _game(fact.game, say) | {
                "up": votes.up,
                "down": votes.down,
                "score": score(votes.score),
            }
        case Over():
            return {"session_id": number(fact.session_id)}
        case Stats():
            return _night(fact, say)
    return _missed(fact, say)


def board_values(board: Board, say: Say) -> dict[str, Value]:
    """The values of a board: a room code only while somebody may enter, a result only where
    somebody voted."""
    running = board.stage is Stage.RUNNING
    values = _game(board.game, say) | _known(room=_room(board.room_code) if running else None)
    votes = counted(board.votes or Votes())
    return values | _votes(votes) if running or votes.cast else values


def _votes(votes: Votes) -> dict[str, Value]:
    points = score(votes.score)
    return {"up": votes.up, "down": votes.down, "score": points, "bar": bar(votes)}


def bar(votes: Votes) -> str:
    """The share of thumbs up, in eight cells."""
    full = round(_BAR_CELLS * votes.up / votes.cast) if votes.cast else 0
    return "▰" * full + "▱" * (_BAR_CELLS - full)


def title(game: Game, say: Say) -> str:
    return _text(game.title) or say("untitled")


def pack(game: Game) -> str | None:
    """The game's pack, unless it only repeats the title, as it does for games sold alone."""
    name = _text(game.pack)
    return None if name and name.casefold() == clean(game.title).casefold() else name


def players(game: Game, say: Say) -> str | None:
    """ "2–8 players", from what is known; None for nothing, or for nonsense."""
    low, high = (
        count if count and 1 <= count <= _PLAYERS_MOST else None
        for count in (game.min_players, game.max_players)
    )
    if not (low or high) or (low and high and low > high):
        return None
    return say("players", **_known(low=low, high=high))


def length(seconds: float, say: Say) -> str | None:
    """How long a night was, to the minute; None for what cannot be a night."""
    if not 60 <= seconds < _WEEK:
        return None
    hours, minutes = divmod(round(seconds / 60), 60)
    return say("length", **_known(hours=hours or None, minutes=minutes or None))


def best_loved(scores: Sequence[Scored]) -> Scored | None:
    """The game with the highest score above nothing; of equals the one with more thumbs
    up, then the earlier."""
    loved = [scored for scored in scores if scored.votes and scored.votes.score > 0]
    return max(loved, key=lambda scored: rank(scored.votes), default=None)


def closest_call(scores: Sequence[Scored]) -> Scored | None:
    """The game whose thumbs were most nearly even, with one each at least; of equals the one
    with more votes, then the earlier. None if that is the best loved one too."""
    split = [scored for scored in scores if scored.votes and scored.votes.up and scored.votes.down]
    closest = min(split, key=_evenness, default=None)
    return None if closest is best_loved(scores) else closest


def ranked(scores: Sequence[Scored]) -> list[Scored]:
    """Best first, equals in order of play, those that could not be counted last."""
    return sorted(scores, key=lambda scored: rank(scored.votes), reverse=True)


def rank(votes: Votes | None) -> tuple[bool, int, int]:
    """What the best is the greatest by: the score, then thumbs up; the least where nothing could
    be counted."""
    return (True, votes.score, votes.up) if votes else (False, 0, 0)


def cast(scores: Sequence[Scored]) -> int | None:
    """All votes of the night; None where nothing could be counted."""
    counted = [scored.votes.cast for scored in scores if scored.votes]
    return number(sum(counted)) if counted else None


def counted(votes: Votes) -> Votes:
    return Votes(number(votes.up), number(votes.down))


def number(count: int) -> int:
    """A count as it is, unless it is too small or too large to be one."""
    return max(0, min(count, _NUMBER_MOST))


def _game(game: Game, say: Say) -> dict[str, Value]:
    return _known(title=title(game, say), pack=pack(game), players=players(game, say))


def _night(stats: Stats, say: Say) -> dict[str, Value]:
    best, closest = best_loved(stats.scores), closest_call(stats.scores)
    return _known(
        games_played=number(stats.games_played),
        votes=cast(stats.scores),
        best=title(best.game, say) if best else None,
        closest=title(closest.game, say) if closest else None,
        length=length(stats.ended_at - stats.started_at, say),
    )


def _missed(missed: Missed, say: Say) -> dict[str, Value]:
    """Of many games the newest are named."""
    names = tuple(title(game, say) for game in missed.games)
    return _game(missed.running, say) | _known(
        games=names[-_GAMES_NAMED:],
        more=number(max(len(names) - _GAMES_NAMED, 0)) or None,
        room=_room(missed.room_code),
    )


def _evenness(scored: Scored) -> tuple[int, int]:
    votes = scored.votes
    return (abs(votes.score), -votes.cast) if votes else (0, 0)


def _text(text: str | None) -> str | None:
    return shorten(clean(text)) or None if text else None


def _room(code: str | None) -> str | None:
    return shorten(clean(code), 40, 80) or None if code else None


def _known(**values: Value | None) -> dict[str, Value]:
    return {name: value for name, value in values.items() if value is not None}

"""Cards: a game as it begins, and the scoreboard at the end of a night.

Bounds are those of Discord's embeds, the tightest known (title 256, 25 fields of 256 and
1,024, 6,000 in all), kept by arithmetic, counted in UTF-16 units to be on the safe side.
"""

from __future__ import annotations

from bot.domain import Added, Board, Card, Fact, Field, Scored, Stage, Stats, Votes
from bot.formatter.clean import score, shorten
from bot.formatter.templates import Value, Values
from bot.formatter.values import (
    Say,
    bar,
    best_loved,
    board_values,
    cast,
    closest_call,
    counted,
    length,
    number,
    ranked,
    title,
    values_of,
)

GAME_COLOUR = 0x5865F2
NIGHT_COLOUR = 0xF1C40F

_LINES_PER_FIELD = 9
_FIELDS_OF_LINES = 3


def card_of(fact: Fact, say: Say) -> Card | None:
    """The card of ``fact``, where one shows something that the line's text shows less well."""
    match fact:
        case Added():
            return _game_card(values_of(fact, say), say)
        case Stats(scores=scores) if scores:
            return _night_card(fact, say)
    return None


def board_card(board: Board, say: Say) -> Card | None:
    """The card of a game as long as it stands."""
    if board.stage is Stage.TAKEN_BACK:
        return None
    return _game_card(board_values(board, say), say)


def _game_card(values: Values, say: Say) -> Card | None:
    fields = _fields(
        say,
        card_pack=values.get("pack"),
        card_players=values.get("players"),
        card_room=values.get("room"),
    )
    name = shorten(str(values["title"]), units=250)
    return Card(name, fields, GAME_COLOUR) if fields else None


def _night_card(stats: Stats, say: Say) -> Card:
    best, closest = best_loved(stats.scores), closest_call(stats.scores)
    return Card(
        title=_label("card_scoreboard", say),
        fields=(
            *_scoreboard(stats, say),
            *_fields(
                say,
                card_games=number(stats.games_played),
                card_votes=cast(stats.scores),
                card_best=_result(best, say) if best else None,
                card_closest=_result(closest, say) if closest else None,
                card_length=length(stats.ended_at - stats.started_at, say),
            ),
        ),
        colour=NIGHT_COLOUR,
        moments=(
            (_label("card_started", say), stats.started_at),
            (_label("card_ended", say), stats.ended_at),
        ),
    )


def _scoreboard(stats: Stats, say: Say) -> tuple[Field, ...]:
    """All games, best first, a few lines to a field; what is past the last field is counted."""
    lines = [_line(scored, say) for scored in ranked(stats.scores)]
    room = _LINES_PER_FIELD * _FIELDS_OF_LINES
    if len(lines) > room:
        lines = [*lines[: room - 1], f"… +{len(lines) - room + 1}"]
    starts = range(0, len(lines), _LINES_PER_FIELD)
    name = _label("card_scores", say)
    return tuple(
        Field(name, "\n".join(lines[start : start + _LINES_PER_FIELD]), inline=False)
        for start in starts
    )


def _line(scored: Scored, say: Say) -> str:
    votes = counted(scored.votes) if scored.votes else None
    shown = f"{bar(votes)} {score(votes.score)}" if votes else f"{bar(Votes())} –"
    return f"{shown} · {_short_title(scored, say)}"


def _result(scored: Scored, say: Say) -> str:
    votes = counted(scored.votes or Votes())
    return f"{_short_title(scored, say)}: {votes.up}👍 {votes.down}👎 ({score(votes.score)})"


def _short_title(scored: Scored, say: Say) -> str:
    return shorten(title(scored.game, say), 40, 80)


def _fields(say: Say, **values: Value | None) -> tuple[Field, ...]:
    """A field for each value there is, named by the wording of its key."""
    return tuple(
        Field(_label(key, say), shorten(str(value), units=300))
        for key, value in values.items()
        if value is not None
    )


def _label(key: str, say: Say) -> str:
    return shorten(say(key), units=60)

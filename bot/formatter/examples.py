"""A short night in examples: for checking a host's wordings, and for showing them."""

from __future__ import annotations

from collections.abc import Mapping

from bot.domain import (
    Added,
    Announcement,
    CodeChanged,
    Fact,
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
)
from bot.formatter.templates import Value, Values

_SESSION = SessionKey(17, 1_761_955_200)
_STARTED_AT = 1_761_955_200.0
_ENDED_AT = 1_761_964_245.0
_PLAY = 3

_QUIPLASH = Game("Quiplash 3", 3, "The Jackbox Party Pack 7", 3, 8)
_FIBBAGE = Game("Fibbage 4", 4, "The Jackbox Party Pack 9", 2, 8)
_DRAWFUL = Game("Drawful 2", 17, "Drawful 2", 3, 8)
_TEE_KO = Game("Tee K.O.", 21, "The Jackbox Party Pack 3", 3, 8)
_TRIVIA = Game("Trivia Murder Party 2", 30, "The Jackbox Party Pack 6", 1, 8)
_BARE = Game("Quiplash 3")

_FULL_FACTS: Mapping[Kind, Fact] = {
    Kind.SESSION_STARTED: Started(17, notes="Friday night"),
    Kind.GAME_ADDED: Added(_FIBBAGE, "ABCD"),
    Kind.ROOM_CODE: CodeChanged(_FIBBAGE, "ABCD"),
    Kind.CATCH_UP: Missed((_DRAWFUL, _TEE_KO), _FIBBAGE, "ABCD"),
    Kind.FINAL_VOTES: Voted(_QUIPLASH, Votes(5, 1)),
    Kind.SESSION_ENDED: Over(17),
    Kind.STATS: Stats(
        games_played=5,
        started_at=_STARTED_AT,
        ended_at=_ENDED_AT,
        scores=(
            Scored(_DRAWFUL, Votes(3, 3)),
            Scored(_TRIVIA, Votes(2, 0)),
            Scored(_FIBBAGE, Votes(1, 3)),
            Scored(_TEE_KO, None),
            Scored(_QUIPLASH, Votes(5, 1)),
        ),
    ),
}

_BARE_FACTS: Mapping[Kind, Fact] = {
    Kind.SESSION_STARTED: Started(17),
    Kind.GAME_ADDED: Added(_BARE),
    Kind.ROOM_CODE: CodeChanged(_BARE, "ABCD"),
    Kind.CATCH_UP: Missed((_BARE,), _BARE),
    Kind.FINAL_VOTES: Voted(_BARE, Votes(0, 1)),
    Kind.SESSION_ENDED: Over(17),
    Kind.STATS: Stats(games_played=0, started_at=_STARTED_AT, ended_at=_STARTED_AT),
}

FACTS: Mapping[Kind, tuple[Fact, ...]] = {
    kind: (fact, _BARE_FACTS[kind]) for kind, fact in _FULL_FACTS.items()
} | {
    Kind.CATCH_UP: (
        _FULL_FACTS[Kind.CATCH_UP],
        _BARE_FACTS[Kind.CATCH_UP],
        Missed((_DRAWFUL, _TEE_KO) * 7, _FIBBAGE, "ABCD"),
    )
}
"""Of each kind a fact with everything that can be known, and one with nothing to spare."""

_TITLE: dict[str, Value] = {"title": "Fibbage 4"}
_GAME: dict[str, Value] = _TITLE | {"pack": "The Jackbox Party Pack 9", "players": "2–8 players"}
_ROOM: dict[str, Value] = {"room": "ABCD"}
_COUNT: dict[str, Value] = {"up": 5, "down": 1, "score": "+4"}
_TALLY: dict[str, Value] = _COUNT | {"bar": "▰▰▰▰▰▰▰▱"}
_THUMB: dict[str, Value] = {"thumb": "👍"}
_ALL_TIME: dict[str, Value] = {"all_up": 12, "all_down": 2, "all_score": "+10"}
_SCORED: dict[str, Value] = {
    "games": ("Drawful 2: 3👍 3👎 (0)", "Tee K.O."),
    "away": 1,
    "held": 3,
}
_GAMES: tuple[Values, ...] = (_SCORED, _SCORED | {"compact": 1}, {"games": ("X",)})
_STATUS: tuple[Values, ...] = (
    _TITLE | {"since": "2 h 31 min", "held": 3, "muted": "30 min"},
    {},
)

PHRASES: Mapping[str, tuple[Values, ...]] = {
    "players": ({"low": 2, "high": 8}, {"low": 4, "high": 4}, {"low": 2}, {"high": 8}),
    "length": ({"hours": 2, "minutes": 31}, {"hours": 2}, {"minutes": 31}),
    "untitled": ({},),
    "test": ({},),
    "board": (_GAME | _ROOM | _TALLY, _TITLE | _TALLY),
    "board_over": (_GAME | _TALLY, _TITLE),
    "board_taken_back": (_GAME, _TITLE),
    "vote_counted": (_TITLE | _THUMB | _COUNT, _TITLE | _THUMB),
    "vote_twice": (_TITLE | _THUMB | _COUNT, _TITLE | _THUMB),
    "vote_other_game": (_TITLE | _THUMB | {"other": "Drawful 2"},),
    "vote_kept": (_TITLE | _THUMB,),
    "vote_too_late": (_TITLE | _THUMB,),
    "vote_refused": (_TITLE | _THUMB | {"reason": "No game is running"},),
    "vote_over": (_TITLE, {}),
    "vote_unknown": ({},),
    "vote_already": (_TITLE,),
    "vote_elsewhere": ({},),
    "answer_votes": (_TITLE | _COUNT | _ALL_TIME | {"away": 1, "held": 3}, _TITLE),
    "answer_night": _GAMES,
    "answer_top": _GAMES,
    "answer_help": ({"prefix": "!", "voting": 1, "hosting": 1}, {"prefix": "/"}),
    "answer_no_game": ({},),
    "answer_no_night": ({},),
    "answer_silent": ({},),
    "night_game": (_TITLE | _COUNT | {"running": 1}, _TITLE),
    "order_denied": ({},),
    "order_mute": ({"span": "30 min", "everywhere": 1}, {}),
    "order_mute_how": ({"prefix": "!"},),
    "order_unmute": ({"everywhere": 1}, {}),
    "order_unmute_none": ({},),
    "order_say_again": ({},),
    "order_say_nothing": ({},),
    "order_muted": ({},),
    "order_reconnect": ({},),
    "status_live": _STATUS,
    "status_silent": _STATUS,
    "status_polling": _STATUS,
    "status_lost": _STATUS,
    "card_pack": ({},),
    "card_players": ({},),
    "card_room": ({},),
    "card_scoreboard": ({},),
    "card_scores": ({},),
    "card_games": ({},),
    "card_votes": ({},),
    "card_best": ({},),
    "card_closest": ({},),
    "card_length": ({},),
    "card_started": ({},),
    "card_ended": ({},),
}
"""The wordings that are no announcements, by key, with the values that each can be given."""


def examples() -> tuple[Announcement, ...]:
    """One announcement of each kind, everything known, in the order of a night."""
    return tuple(
        Announcement(kind, f"{_SESSION}/example/{kind}", _SESSION, _ENDED_AT, fact, _PLAY)
        for kind, fact in _FULL_FACTS.items()
    )

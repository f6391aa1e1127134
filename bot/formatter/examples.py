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
from bot.formatter.templates import Values

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

PHRASES: Mapping[str, tuple[Values, ...]] = {
    "players": ({"low": 2, "high": 8}, {"low": 4, "high": 4}, {"low": 2}, {"high": 8}),
    "length": ({"hours": 2, "minutes": 31}, {"hours": 2}, {"minutes": 31}),
    "untitled": ({},),
    "test": ({},),
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

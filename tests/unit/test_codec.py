"""bot.codec: what is written is read back the same, by this version and by its neighbours."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import pytest

from bot.codec import CodecError, decode, encode
from bot.domain import (
    Added,
    Announcement,
    Fact,
    Game,
    Kind,
    Message,
    Over,
    Scored,
    SessionKey,
    Span,
    Started,
    Stats,
    Style,
    Votes,
)

NIGHT = SessionKey(17, 1_762_563_600)


@dataclass(frozen=True, slots=True)
class Everything:
    """One field for each form that a type may have."""

    text: str = "t"
    number: int = 3
    moment: float = 1.5
    later: float | None = None
    flag: bool = False
    kind: Kind = Kind.STATS
    maybe: Votes | None = None
    fact: Fact | None = None
    code: int | str = "ABCD"
    pair: tuple[int, Votes] = (1, Votes(2, 3))
    votes: tuple[Votes, ...] = ()
    names: tuple[str, ...] = ()
    taken: frozenset[Kind] = frozenset()
    by_key: Mapping[SessionKey, Votes] = field(default_factory=dict)
    by_name: Mapping[str, Kind] = field(default_factory=dict)
    made: int = field(init=False, default=9)


FULL = Everything(
    maybe=Votes(1, 2),
    fact=Stats(5, 1.0, 2.0, (Scored(Game("Fibbage 4", 4), Votes(1)), Scored(Game("?")))),
    code=7,
    votes=(Votes(4), Votes(5)),
    names=("ä", "🎲"),
    taken=frozenset({Kind.STATS, Kind.CATCH_UP}),
    by_key={NIGHT: Votes(6), SessionKey(18, 2): Votes()},
    by_name={"one": Kind.GAME_ADDED},
)


@pytest.mark.parametrize("value", [Everything(), FULL])
def test_round_trip(value: Everything) -> None:
    """Every form of type comes back equal."""
    assert decode(Everything, encode(value)) == value


def test_recursive_type() -> None:
    """A class may hold values of its own type."""
    inner = Announcement(Kind.GAME_ADDED, "k/1", NIGHT, 1.0, Added(Game("Quiplash 3")))
    outer = Announcement(Kind.CATCH_UP, "k/2", NIGHT, 2.0, Over(17), covers=(inner,))
    assert decode(Announcement, encode(outer)) == outer


@pytest.mark.parametrize("fact", [Started(1, None), Over(1)])
def test_outermost_value_of_a_union(fact: Fact) -> None:
    """A value alone can be read back as a member of its union."""
    assert decode(Fact, encode(fact)) == fact


def test_equal_looking_members_of_a_union_stay_apart() -> None:
    """The class decides, not the fields: ``Started(1)`` never comes back as ``Over(1)``."""
    assert type(decode(Fact, encode(Started(1)))) is Started


@pytest.mark.parametrize("title", ["\ud83d", "a\x00b", "\u2028", "🧑\u200d🚀", '"}'])
def test_text_that_utf8_or_json_dislikes(title: str) -> None:
    """Odd text, half a surrogate pair included, survives in pure ASCII."""
    text = encode(Message((Span(title, Style.BOLD),)))
    assert text.isascii()
    assert decode(Message, text).text == title


def test_unknown_fields_are_ignored() -> None:
    """What a later version wrote can be read by this one."""
    assert decode(Votes, '{"$type":"Votes","up":1,"down":2,"sideways":3}') == Votes(1, 2)


def test_missing_fields_take_their_defaults() -> None:
    """What an earlier version wrote can be read by this one."""
    assert decode(Everything, "{}") == Everything()


def test_whole_number_for_a_float() -> None:
    """A moment written as a whole number comes back as a float, also where there may be none."""
    read = decode(Everything, '{"moment": 2, "later": 3}')
    assert (type(read.moment), type(read.later)) == (float, float)


@pytest.mark.parametrize(
    ("form", "text", "complaint"),
    [
        (Votes, "{", "not JSON"),
        (Votes, "[]", "expected a dict, found list"),
        (Votes, '{"up":"1"}', "Votes.up: expected int, found str"),
        (Votes, '{"up":true}', "Votes.up: expected int, found bool"),
        (SessionKey, '{"id":1}', "SessionKey.created_at is missing"),
        (Scored, '{"game":{}}', "Scored.game: Game.title is missing"),
        (Everything, '{"kind":"gossip"}', "Everything.kind: unknown Kind 'gossip'"),
        (Everything, '{"kind":[]}', "Everything.kind: unknown Kind"),
        (Everything, '{"pair":[1]}', "Everything.pair: expected 2 items, found 1"),
        (Everything, '{"votes":{}}', "Everything.votes: expected a list, found dict"),
        (Everything, '{"fact":{"$type":"Votes"}}', "expected one of Started, .*found 'Votes'"),
        (Everything, '{"fact":3}', "expected one of Started, .*found None"),
        (Everything, '{"by_name":[]}', "Everything.by_name: expected a dict, found list"),
    ],
)
def test_text_of_another_shape(form: type, text: str, complaint: str) -> None:
    """Text that does not fit says at which field and why."""
    with pytest.raises(CodecError, match=complaint):
        decode(form, text)


@dataclass(frozen=True, slots=True)
class Homeless:
    """Types that have no form in JSON here."""

    thing: object = None


@dataclass(frozen=True, slots=True)
class Mixed:
    """A union that no tag can tell apart."""

    thing: tuple[int, ...] | frozenset[int] = ()


@pytest.mark.parametrize("form", [Homeless, Mixed])
def test_types_without_a_form(form: type) -> None:
    """A field that cannot be stored is found the first time, not when it happens to be set."""
    with pytest.raises(TypeError):
        encode(form())
    with pytest.raises(TypeError):
        decode(form, "{}")

"""Wordings: the built-in lines, a host's own, and the cards."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from bot import messages
from bot.domain import (
    Action,
    Added,
    Announcement,
    CodeChanged,
    Fact,
    Game,
    Kind,
    Message,
    Missed,
    Over,
    Scored,
    SessionKey,
    Span,
    Started,
    Stats,
    Style,
    Voted,
    Votes,
)
from bot.formatter import Wording, WordingError, examples
from bot.formatter.examples import FACTS, PHRASES
from bot.formatter.templates import check
from bot.formatter.values import values_of

KEY = SessionKey(17, 1_761_955_200)
QUIPLASH = Game("Quiplash 3", 3, "The Jackbox Party Pack 7", 3, 8)
FIBBAGE = Game("Fibbage 4", 4, "The Jackbox Party Pack 9", 2, 8)
BARE = Game("Fibbage 4")

ENGLISH = messages.load("en")
SOURCES = Path(messages.__file__).parent


def kind_of(fact: Fact) -> Kind:
    return next(kind for kind, facts in FACTS.items() if type(facts[0]) is type(fact))


def announce(fact: Fact, kind: Kind | None = None, play: int | None = None) -> Announcement:
    return Announcement(kind or kind_of(fact), "key", KEY, 0.0, fact, play)


def added(game: Game, room_code: str | None = None) -> Announcement:
    return announce(Added(game, room_code), Kind.GAME_ADDED)


def say(fact: Fact, overrides: Mapping[str, str] | None = None) -> str:
    return Wording(ENGLISH, overrides).render(announce(fact)).text


def stats(games_played: int, *scores: Scored, seconds: float = 0.0) -> Stats:
    return Stats(games_played, 1_000_000.0, 1_000_000.0 + seconds, scores)


def fields(message: Message) -> dict[str, str]:
    assert message.card is not None
    return {field.name: field.value for field in message.card.fields}


def problem(key: str, source: str) -> str:
    """The sentence that refuses ``source`` as the wording of ``key``."""
    with pytest.raises(WordingError) as caught:
        Wording(ENGLISH, {key: source})
    ((named, sentence),) = caught.value.problems
    assert named == key
    return sentence


# --- the built-in lines --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fact", "line"),
    [
        (Voted(QUIPLASH, Votes(5, 1)), "🗳️ Final votes for Quiplash 3: 5👍 1👎 (Score: +4)"),
        (Over(17), "🌙 Game Night has ended! Thanks for playing!"),
        (stats(5), "📊 Session Stats: 5 games played"),
        (Started(17, "Friday"), "🎲 Game Night has started!"),
    ],
)
def test_plain_lines_are_exact_and_undecorated(fact: Fact, line: str) -> None:
    """Character for character, in one plain span."""
    assert Wording(ENGLISH).render(announce(fact)).spans == (Span(line),)


def test_next_up_has_all_its_parts() -> None:
    """Title, pack, players and room code, the title bold and the code as code."""
    message = Wording(ENGLISH).render(added(FIBBAGE, "ABCD"))
    assert message.text == (
        "🎮 Next up: Fibbage 4 (The Jackbox Party Pack 9) · 2–8 players · room ABCD"
    )
    assert Span("Fibbage 4", Style.BOLD) in message.spans
    assert message.spans[-1] == Span("ABCD", Style.CODE)


def test_a_new_room_code_has_a_line() -> None:
    """Title and code, the code as code."""
    message = Wording(ENGLISH).render(announce(CodeChanged(FIBBAGE, "WXYZ"), Kind.ROOM_CODE))
    assert message.spans == (Span("🔑 Fibbage 4: room "), Span("WXYZ", Style.CODE))


@pytest.mark.parametrize(
    ("votes", "shown"), [(Votes(1, 3), "(Score: -2)"), (Votes(2, 2), "(Score: 0)")]
)
def test_scores_are_signed(votes: Votes, shown: str) -> None:
    """A hyphen-minus for less than nothing, no sign for nothing."""
    assert say(Voted(QUIPLASH, votes)).endswith(shown)


@pytest.mark.parametrize(("played", "shown"), [(0, "0 games"), (1, "1 game"), (2, "2 games")])
def test_one_game_is_not_games(played: int, shown: str) -> None:
    """The count agrees with its noun."""
    assert say(stats(played)) == f"📊 Session Stats: {shown} played"


@pytest.mark.parametrize(
    ("low", "high", "shown"),
    [
        (2, 8, " · 2–8 players"),
        (4, 4, " · 4 players"),
        (1, 1, " · 1 player"),
        (2, None, " · 2+ players"),
        (None, 8, " · up to 8 players"),
        (None, 1, " · up to 1 player"),
        (None, None, ""),
        (0, 0, ""),
        (8, 2, ""),
        (-3, 10**6, ""),
    ],
)
def test_players_are_said_as_far_as_they_are_known(
    low: int | None, high: int | None, shown: str
) -> None:
    """Unknown parts are left out, and nonsense is unknown."""
    game = Game("Fibbage 4", min_players=low, max_players=high)
    assert Wording(ENGLISH).render(added(game)).text == f"🎮 Next up: Fibbage 4{shown}"


@pytest.mark.parametrize("pack", ["Drawful 2", "drawful  2", "", " \u200b", None])
def test_a_pack_that_adds_nothing_is_left_out(pack: str | None) -> None:
    """A game sold alone has itself as its pack."""
    message = Wording(ENGLISH).render(added(Game("Drawful 2", pack=pack)))
    assert message.text == "🎮 Next up: Drawful 2"


def test_a_room_code_of_nothing_visible_is_unknown() -> None:
    """It leaves no dangling word; where it is the news there is a question mark."""
    assert Wording(ENGLISH).render(added(BARE, "\u200b ")).text == "🎮 Next up: Fibbage 4"
    assert say(CodeChanged(BARE, "\u200b ")) == "🔑 Fibbage 4: room ?"


def test_a_game_without_a_visible_title_still_has_its_line() -> None:
    """The wording names it instead."""
    assert "for an untitled game:" in say(Voted(Game("\u200b"), Votes(1, 0)))


def test_catching_up_is_one_line() -> None:
    """The games missed, then the one that runs, with its room code."""
    assert say(Missed((QUIPLASH, Game("Tee K.O.")), FIBBAGE, "ABCD")) == (
        "⏩ While I was away: Quiplash 3, Tee K.O. · now playing: Fibbage 4"
        " (The Jackbox Party Pack 9) · room ABCD"
    )


def test_of_many_missed_games_the_last_ten_are_named() -> None:
    """The others are counted."""
    games = tuple(Game(f"Game {number}") for number in range(12))
    assert say(Missed(games, BARE)).startswith("⏩ While I was away: 2 more, Game 2, Game 3,")


def test_outside_text_is_never_a_template() -> None:
    """Braces in a title are shown as they are."""
    assert "for {{7*7}}{% if %}:" in say(Voted(Game("{{7*7}}{% if %}"), Votes(1, 0)))


def test_outside_text_opens_no_spans() -> None:
    """The private-use marks of styles are removed from a title before it is put in."""
    spans = Wording(ENGLISH).render(announce(Voted(Game("\ue001a\ue000"), Votes(1, 0)))).spans
    assert [span.style for span in spans] == [Style.PLAIN]


def test_a_huge_title_cannot_flood() -> None:
    """100 kB of title make a line of a few hundred characters."""
    assert len(say(Voted(Game("long " * 20_000), Votes(1, 0)))) < 300


def test_absurd_counts_are_bounded() -> None:
    """A number of thousands of digits neither floods nor fails."""
    huge = 10**5_000
    assert "999999👍 0👎 (Score: +999999)" in say(Voted(QUIPLASH, Votes(huge, -huge)))


def test_the_buttons_are_those_of_the_play() -> None:
    """Up and down, on the line of a game whose number is known, and on no other."""
    wording = Wording(ENGLISH)
    actions = wording.render(announce(Added(FIBBAGE), play=3)).actions
    assert actions == (Action(True, KEY, 3), Action(False, KEY, 3))
    assert wording.render(added(FIBBAGE)).actions == ()
    assert wording.render(announce(Voted(FIBBAGE, Votes(1, 0)), play=3)).actions == ()


def test_a_game_that_was_found_running_has_its_buttons() -> None:
    """After an absence the one line that is said can be voted on: for the game that runs."""
    covers = tuple(announce(Added(game), play=play) for play, game in enumerate((QUIPLASH, BARE)))
    line = replace(announce(Missed((QUIPLASH,), BARE)), covers=covers)
    actions = Wording(ENGLISH).render(line).actions
    assert actions == (Action(True, KEY, 1), Action(False, KEY, 1))


def test_other_texts_are_said_by_key() -> None:
    """What a test line says, and values in it are cleaned."""
    wording = Wording(ENGLISH | {"greeting": "{{ who }} {{ count }} {{ names | join('+') }}"})
    assert "Nightcrier" in wording.say("test").text
    message = wording.say("greeting", who="a\rb", count=2, names=("c\x00", "d"))
    assert message.text == "a b 2 c+d"


# --- languages -----------------------------------------------------------------------------


@pytest.mark.parametrize("language", messages.languages())
def test_a_language_is_complete_and_sound(language: str) -> None:
    """It has every key and no other, and each passes what a host's wording must."""
    builtin = messages.load(language)
    assert set(builtin) == {*FACTS, *PHRASES}
    wording = Wording(builtin, builtin)
    assert all(wording.render(example).text for example in examples())


@pytest.mark.parametrize("language", messages.languages())
def test_the_values_that_a_language_file_names_are_the_ones_there_are(language: str) -> None:
    """The comment above each line lists its values, those not always known with a '?'."""
    text = (SOURCES / f"{language}.toml").read_text("utf-8")
    for key in FACTS:
        comment = re.search(rf"^# (.+)\n{key} = ", text, re.MULTILINE)
        assert comment is not None, key
        samples = [values_of(fact, lambda key, **values: key) for fact in FACTS[key]]
        names = {name for sample in samples for name in sample}
        expected = {n if all(n in s for s in samples) else f"{n}?" for n in names}
        assert set(re.sub(r" \([^)]*\)", "", comment[1]).split(", ")) == expected


def test_an_unknown_language_is_refused_by_name() -> None:
    """The sentence lists the languages there are; a path is no language."""
    with pytest.raises(messages.UnknownLanguage, match="known: de, en"):
        messages.load("../en")


# --- a host's own lines --------------------------------------------------------------------


def test_a_line_may_be_replaced() -> None:
    """An override is used instead of the built-in wording, and only for its key."""
    overrides = {"session_ended": "🌙 That's all, folks!"}
    assert say(Over(17), overrides) == "🌙 That's all, folks!"
    assert say(stats(5), overrides) == "📊 Session Stats: 5 games played"


@pytest.mark.parametrize(
    ("source", "spans"),
    [
        ("a {{ title | bold }}", (Span("a "), Span("X", Style.BOLD))),
        ("{{ title | spoiler }}", (Span("X", Style.SPOILER),)),
        ("{{ title | code | bold }}", (Span("X", Style.CODE),)),
        ("{{ 'long' | bold | truncate(4, True, '', 0) }} z", (Span("lon z", Style.BOLD),)),
        ("z{{ 'long' | bold | last }}", (Span("z"),)),
        ("{{ '' | bold }}a", (Span("a"),)),
        (
            "{{ title | bold }} {{ title | code }}",
            (Span("X", Style.BOLD), Span(" "), Span("X", Style.CODE)),
        ),
        ("a\tb\x07\u202e\n  c", (Span("a b\n  c"),)),
    ],
)
def test_templates_mark_spans(source: str, spans: tuple[Span, ...]) -> None:
    """Filters style; the inner one has the say; marks cut off by a filter are forgiven."""
    wording = Wording(ENGLISH, {"final_votes": source})
    assert wording.render(announce(Voted(Game("X"), Votes(1, 0)))).spans == spans


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("{% if score == '+4' %}wow{% else %}oh{% endif %}", "wow"),
        ("{{ (100 * up / (up + down)) | round | int }}%", "83%"),
        ("{% for c in [up, down] %}{{ loop.index }}:{{ c }} {% endfor %}", "1:5 2:1"),
        ("{{ pack | default('?') | upper }}", "THE JACKBOX PARTY PACK 7"),
        ("{{ title[:4] }}", "Quip"),
        ("{% raw %}{{ braces }}{% endraw %}", "{{ braces }}"),
    ],
)
def test_templates_can_do_what_a_line_needs(source: str, text: str) -> None:
    """Conditions, arithmetic, one loop, filters, slices."""
    assert say(Voted(QUIPLASH, Votes(5, 1)), {"final_votes": source}) == text


@pytest.mark.parametrize(
    ("key", "source", "sentence"),
    [
        ("stats", "{{ games_played", "not a template"),
        ("stats", "{{ games_playd }}", "did you mean 'games_played'"),
        ("stats", "{% if games_playd %}x{% endif %}y", "did you mean 'games_played'"),
        ("untitled", "{{ x }}", "known: none"),
        ("stats", "x{{ length }}", "put it in {% if … %}"),
        ("game_added", "{{ title }} {{ pack }}", "'pack' is undefined"),
        ("game_added", "{{ title }} {{ pack + 'x' }}", "'pack' is undefined"),
        ("catch_up", "{{ games[2] }}", "may be missing"),
        ("stats", "", "gives an empty text"),
        ("stats", "{{ games_played | boldd }}", "did you mean 'bold'"),
        ("stats", "{{ games_played | replace('a', 'b') }}", "the filter 'replace'"),
        ("stats", "{% if games_played is evn %}a{% endif %}b", "did you mean 'even'"),
        ("stats", "{{ range(9) }}", "a call"),
        ("final_votes", "{{ title.upper() }}", "a call"),
        ("final_votes", "{{ title.__class__ }}", "uses .__class__"),
        ("final_votes", "{{ loop.x }}", "'loop', which is not a value"),
        ("stats", "{% set a = 1 %}b", "uses {% set %}"),
        ("stats", "{% include 'x' %}", "uses Include"),
        ("stats", "{{ 2 ** 9 }}", "uses **"),
        ("stats", "{{ 'a' * 99999999 }}", "not a number"),
        ("stats", "{{ 1 / games_played }}", "fails with ZeroDivisionError"),
        (
            "catch_up",
            "{% for a in games %}{% for b in games %}{{ b }}{% endfor %}{% endfor %}",
            "has a loop in a loop",
        ),
        ("catch_up", "{% for a in games recursive %}{{ a }}{% endfor %}", "has a loop in a loop"),
        ("stats", "{{ " + "(" * 900 + "1" + ")" * 900 + " }}", "is nested too deeply"),
        ("stats", "x" * 2_001, "is longer than 2,000"),
        (
            "stats",
            "{% for a in '" + "x" * 99 + "' %}" + "y" * 1_500 + "{% endfor %}",
            "longer than 20,000",
        ),
    ],
)
def test_a_broken_line_is_refused_in_a_sentence(key: str, source: str, sentence: str) -> None:
    """Whatever is wrong with an override is found at the start, and names its key."""
    assert sentence in problem(key, source)


def test_all_broken_lines_are_named_at_once() -> None:
    """Unknown keys get the nearest known one, and the error's text is readable."""
    overrides = {"sesion_ended": "x", "stats": "", "test": "fine", "zz\x00zzzz": "x"}
    with pytest.raises(WordingError) as caught:
        Wording(ENGLISH, overrides)
    assert [key for key, _ in caught.value.problems] == ["sesion_ended", "stats", "zzzzzz"]
    assert str(caught.value).startswith(
        "messages.sesion_ended is no message; did you mean 'session_ended'?; "
        "messages.stats gives an empty text; messages.zzzzzz is no message; known: answer_help,"
    )


def test_a_line_that_fails_later_falls_back_to_the_built_in_one() -> None:
    """Each time for that message alone; it is reported once for each key."""
    faults: list[tuple[str, str]] = []
    wording = Wording(
        ENGLISH,
        {"final_votes": "{{ 10 / down }}", "stats": "{{ 10 / (games_played - 9) }}"},
        lambda *fault: faults.append(fault),
    )
    for _ in range(2):
        line = wording.render(announce(Voted(QUIPLASH, Votes(5, 0)))).text
        assert line == "🗳️ Final votes for Quiplash 3: 5👍 0👎 (Score: +5)"
    assert wording.render(announce(Voted(QUIPLASH, Votes(5, 1)))).text == "10.0"
    assert wording.render(announce(stats(9))).text == "📊 Session Stats: 9 games played"
    assert faults == [
        ("final_votes", "fails with ZeroDivisionError"),
        ("stats", "fails with ZeroDivisionError"),
    ]


def test_a_failing_line_that_nobody_listens_for_still_falls_back() -> None:
    """The callback is a choice."""
    wording = Wording(ENGLISH, {"final_votes": "{{ 10 / down }}"})
    assert "Final votes" in wording.render(announce(Voted(QUIPLASH, Votes(5, 0)))).text


# --- cards ---------------------------------------------------------------------------------


def test_a_game_card_shows_what_is_known() -> None:
    """Pack, players and room; without any of them the line needs no card."""
    wording = Wording(ENGLISH)
    full = wording.render(added(FIBBAGE, "ABCD"))
    assert fields(full) == {
        "Pack": "The Jackbox Party Pack 9",
        "Players": "2–8 players",
        "Room": "ABCD",
    }
    assert full.card is not None
    assert full.card.title == "Fibbage 4"
    assert wording.render(added(BARE)).card is None


def test_the_scoreboard_tells_the_night() -> None:
    """Games best first with bars and signed scores, counts, favourites, length, moments."""
    message = Wording(ENGLISH).render(
        announce(
            stats(
                5,
                Scored(Game("Even"), Votes(3, 3)),
                Scored(Game("Unknown")),
                Scored(Game("Silent"), Votes()),
                Scored(Game("Loved"), Votes(7, 1)),
                Scored(Game("Disliked"), Votes(1, 3)),
                seconds=9_030,
            )
        )
    )
    assert fields(message) == {
        "Scores": "▰▰▰▰▰▰▰▱ +6 · Loved\n▰▰▰▰▱▱▱▱ 0 · Even\n▱▱▱▱▱▱▱▱ 0 · Silent\n"
        "▰▰▱▱▱▱▱▱ -2 · Disliked\n▱▱▱▱▱▱▱▱ – · Unknown",
        "Games played": "5",
        "Votes cast": "18",
        "Best-loved": "Loved: 7👍 1👎 (+6)",
        "Closest call": "Even: 3👍 3👎 (0)",
        "Length": "2 h 30 min",
    }
    assert message.card is not None
    assert message.card.moments == (("Started", 1_000_000.0), ("Ended", 1_009_030.0))


def test_a_scoreboard_leaves_out_what_nobody_knows() -> None:
    """No counts, no favourites, no length; without games there is no card."""
    wording = Wording(ENGLISH)
    message = wording.render(announce(stats(1, Scored(BARE), seconds=-5)))
    assert set(fields(message)) == {"Scores", "Games played"}
    assert wording.render(announce(stats(0))).card is None


def test_the_best_loved_game_is_not_the_closest_call_too() -> None:
    """One game is not praised twice, and no other takes its place."""
    scores = (Scored(BARE, Votes(3, 2)), Scored(QUIPLASH, Votes(1, 6)))
    shown = fields(Wording(ENGLISH).render(announce(stats(2, *scores))))
    assert shown["Best-loved"] == "Fibbage 4: 3👍 2👎 (+1)"
    assert "Closest call" not in shown


def test_equals_are_told_apart_by_votes_then_by_order() -> None:
    """More thumbs up is better loved, more votes is closer; else the earlier game."""
    scores = (
        Scored(Game("A"), Votes(4, 1)),
        Scored(Game("B"), Votes(5, 2)),
        Scored(Game("C"), Votes(5, 2)),
        Scored(Game("D"), Votes(1, 1)),
        Scored(Game("E"), Votes(2, 2)),
    )
    shown = fields(Wording(ENGLISH).render(announce(stats(5, *scores))))
    assert shown["Best-loved"].startswith("B:")
    assert shown["Closest call"].startswith("E:")
    assert [line[-1] for line in shown["Scores"].split("\n")] == ["B", "C", "A", "E", "D"]


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [(90, "2 min"), (7_200, "2 h"), (59, None), (8 * 86_400, None), (float("nan"), None)],
)
def test_the_length_of_a_night_is_rounded_to_minutes(seconds: float, shown: str | None) -> None:
    """Hours and minutes as far as there are any; what cannot be a night is left out."""
    message = Wording(ENGLISH).render(announce(stats(1, Scored(BARE), seconds=seconds)))
    assert fields(message).get("Length") == shown


def test_a_very_long_night_stays_within_a_card() -> None:
    """A hundred games with long titles fill three fields, whatever a host calls them."""
    labels = {key: "label " * 300 for key in PHRASES if key.startswith("card_")}
    scores = [Scored(Game(f"Game {number} " * 20), Votes(number, 1)) for number in range(100)]
    message = Wording(ENGLISH, labels).render(announce(stats(100, *scores, seconds=9_000)))
    assert message.card is not None
    boards = [field.value for field in message.card.fields if not field.inline]
    assert boards[-1].endswith("\n… +74"), "what is left out is counted"
    assert [board.count("\n") for board in boards] == [8, 8, 8]
    assert all(len(board) <= 1_024 for board in boards)
    assert all(len(field.name) <= 60 for field in message.card.fields)


# --- examples ------------------------------------------------------------------------------


def test_the_examples_show_every_kind() -> None:
    """One announcement of each, for previews."""
    assert sorted(example.kind for example in examples()) == sorted(Kind)


def test_the_language_files_are_plain_tables_of_text() -> None:
    """Nothing but keys and texts, as the configuration has them."""
    for path in SOURCES.glob("*.toml"):
        assert all(isinstance(v, str) for v in tomllib.loads(path.read_text("utf-8")).values())


def test_a_sound_template_passes_the_check() -> None:
    """The check alone accepts what it should, without running it."""
    check("{{ a }}{% for b in [1] %}{{ b }}{% endfor %}", {"a"})

"""bot.answers: what people are told who ask."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import pytest

from bot import answers, messages
from bot.domain import Action, Game, Message, SessionKey, Votes
from bot.formatter import Wording
from bot.link import LinkState, LinkStatus
from bot.session import Phase, Play, Session, State

WORDING = Wording(messages.load("en"))
NIGHT = SessionKey(17, 1_762_563_600)
DRAWFUL, QUIPLASH, BARE = Game("Drawful", 1), Game("Quiplash", 2), Game("")

OVER = Play(1, DRAWFUL, 0.0, Phase.OVER, row_id=101, tally=Votes(5, 1))
RUNNING = Play(2, QUIPLASH, 0.0, row_id=102)
OWN = replace(RUNNING, base=Votes(10, 4), high=Votes(12, 5))


def night(*plays: Play) -> State:
    return State(current=Session(NIGHT, plays))


def votes(
    state: State,
    counts: dict[int, Votes] | None = None,
    totals: Votes | None = None,
    *,
    away: bool = False,
    link: str | None = None,
) -> Message:
    return answers.votes(state, WORDING, counts=counts, totals=totals, away=away, link=link)


def test_votes_of_the_running_game() -> None:
    """Tonight and all-time, both signed, with the two buttons and the board's address."""
    said = votes(night(OVER, RUNNING), {2: Votes(3, 1)}, Votes(13, 6), link="https://chat/1")
    assert said.text == "🗳️ Quiplash · tonight 3👍 1👎 (+2) · all-time 13👍 6👎 (+7)"
    assert said.actions == (Action(True, NIGHT, 2), Action(False, NIGHT, 2))
    assert said.link == "https://chat/1"


def test_own_count() -> None:
    """Without the Picker our own numbers are told, and that they are ours."""
    said = votes(night(OWN), away=True)
    assert said.text == (
        "🗳️ Quiplash · tonight 2👍 1👎 (+1) · all-time 12👍 5👎 (+7)"
        " · by my own count, since the Picker does not answer"
    )


def test_the_higher_count() -> None:
    """Votes that we missed, or that the Picker's answer came too early for, are counted."""
    assert "4👍 1👎 (+3)" in votes(night(OWN), {2: Votes(4, 0)}).text


def test_nothing_known() -> None:
    """Without any number: a kind sentence if the Picker is silent, else the game alone."""
    assert votes(night(RUNNING), away=True).text.startswith("🤷 The Picker takes its time")
    assert votes(night(RUNNING)).text == "🗳️ Quiplash"
    assert votes(night(replace(RUNNING, game=BARE)), {2: Votes(1)}).text == "🗳️ an untitled game"


@pytest.mark.parametrize(
    ("state", "text"),
    [
        (State(), "🌙 There is no game night at the moment."),
        (night(), "🎲 No game is running at the moment."),
        (night(OVER), "🎲 No game is running at the moment."),
    ],
)
def test_no_game(state: State, text: str) -> None:
    """It is said whether there is no game, or no night."""
    assert votes(state).text == text


def test_the_night_so_far() -> None:
    """All games in order with their scores; the one running is marked, one taken back gone."""
    gone = Play(3, Game("Gone", 3), 0.0, Phase.REMOVED, row_id=103)
    said = answers.night(night(RUNNING, gone, OVER), WORDING, counts={2: Votes(3, 1)})
    assert said.text == (
        "📊 Tonight so far:\n1. Drawful: 5👍 1👎 (+4)\n2. Quiplash: 3👍 1👎 (+2) · now playing"
    )


def test_the_night_without_the_picker() -> None:
    """What is known of each game is told, and that it is our own count."""
    said = answers.night(night(OVER, RUNNING), WORDING, counts=None, away=True)
    assert said.text == (
        "📊 Tonight so far:\n1. Drawful: 5👍 1👎 (+4)\n2. Quiplash · now playing\n"
        "By my own count, since the Picker does not answer."
    )


def test_the_night_in_one_line() -> None:
    """A chat that shows a line at a time gets the games in one."""
    state, counts = night(OVER, RUNNING), {2: Votes(3, 1)}
    said = answers.night(state, WORDING, counts=counts, away=True, compact=True)
    assert said.text == (
        "📊 Tonight so far: Drawful: 5👍 1👎 (+4) · Quiplash: 3👍 1👎 (+2) · now playing"
        " · by my own count, since the Picker does not answer"
    )


def test_the_best_of_the_night() -> None:
    """By score, of equals the one with more thumbs up; what is not counted comes last."""
    unknown = Play(3, BARE, 0.0, Phase.OVER, row_id=103)
    more = Play(4, Game("More", 4), 0.0, Phase.OVER, row_id=104, tally=Votes(6, 2))
    state = night(unknown, OVER, RUNNING, more)
    said = answers.night(state, WORDING, counts={2: Votes(8, 1)}, best_first=True)
    assert said.text == (
        "🏆 Tonight's best:\n1. Quiplash: 8👍 1👎 (+7) · now playing\n2. More: 6👍 2👎 (+4)\n"
        "3. Drawful: 5👍 1👎 (+4)\n4. an untitled game"
    )
    state = night(OVER)
    short = answers.night(state, WORDING, counts=None, away=True, compact=True, best_first=True)
    assert short.text.startswith("🏆 Tonight's best: Drawful: 5👍 1👎 (+4) · by my own count")


def test_votes_on_the_way() -> None:
    """How many votes the Picker has not yet, wherever numbers are told."""
    state = night(OVER, RUNNING)
    said = answers.votes(state, WORDING, counts={2: Votes(3, 1)}, held=1).text
    assert said.endswith("(+2) · 1 vote on the way")
    for best_first in (False, True):
        tell = partial(answers.night, best_first=best_first)
        assert tell(state, WORDING, counts={}, held=2).text.endswith("\n2 votes on the way.")
        away = tell(state, WORDING, counts=None, away=True, held=2, compact=True).text
        assert away.endswith("since the Picker does not answer · 2 votes kept for it")


def test_what_is_playing() -> None:
    """The running game's line as it was announced, with its buttons; none without a game."""
    said = answers.now_playing(night(OVER, replace(RUNNING, codes=("AB", "ABCD"))), WORDING)
    assert said is not None
    assert said.text == "🎮 Next up: Quiplash · room ABCD"
    assert len(said.actions) == 2
    bare = answers.now_playing(night(RUNNING), WORDING)
    assert bare is not None
    assert bare.text == "🎮 Next up: Quiplash"
    assert answers.now_playing(night(OVER), WORDING) is None
    assert answers.now_playing(State(), WORDING) is None


def test_help() -> None:
    """What can be asked, behind the prefix; votes and orders only where they are taken."""
    short = answers.help(WORDING, prefix="?", voting=False, hosting=False).text
    assert "?votes" in short
    assert "?top" in short
    assert "thisgame" not in short
    assert "mute" not in short
    full = answers.help(WORDING, prefix="!", voting=True, hosting=True).text
    assert "thisgame++" in full
    assert "!mute 30m" in full
    assert len(full.encode()) <= 328, "it is one line on IRC"


@pytest.mark.parametrize("best_first", [False, True])
def test_no_night(best_first: bool) -> None:
    """Without a night, or without games yet, there is nothing to list."""
    tell = partial(answers.night, wording=WORDING, counts=None, best_first=best_first)
    assert tell(State()).text.startswith("🌙")
    assert tell(night()).text.startswith("🎲")


@pytest.mark.parametrize(
    ("link", "mark"),
    [
        (LinkState.LIVE, "🟢"),
        (LinkState.SILENT, "🟠"),
        (LinkState.POLLING, "🟡"),
        (LinkState.LOST, "🔴"),
    ],
)
def test_the_link(link: LinkState, mark: str) -> None:
    """How the Picker is heard and since when, the running game, and votes on the way."""
    status = LinkStatus(link, 100.0, "The Picker at http://secret.example cannot be reached")
    said = answers.status(status, night(OVER, RUNNING), WORDING, held=1, monotonic=400.0)
    assert said.text.startswith(mark)
    assert "for 5 min" in said.text
    assert "Quiplash" in said.text
    assert "1 vote" in said.text
    assert "secret" not in said.text


def test_the_link_with_nothing_else() -> None:
    """What is not known, or not worth telling, is left out."""
    status = LinkStatus(LinkState.LIVE, 100.0)
    said = answers.status(status, State(), WORDING, held=0, monotonic=101.0)
    assert said.text == "🟢 The link to the Picker is live."

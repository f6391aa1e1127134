"""Answers to what people ask in a chat: the votes of the running game, the night, the link.

Numbers are the Picker's own count where it has been told, else ours, and then the answer says
so if the Picker should have told. Pure; nothing here is secret.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from bot.domain import Added, Announcement, Kind, Message, Votes
from bot.formatter import Value, Wording, rank, score, vote_buttons
from bot.link import LinkState, LinkStatus
from bot.session import Phase, Play, Session, State
from bot.session.plays import in_order, tonight

Counts = Mapping[int, Votes]
"""The Picker's count of tonight, by catalogue id."""


def running_play(state: State) -> Play | None:
    """The game that runs, if any does."""
    plays = state.current.plays if state.current else ()
    return next((play for play in reversed(plays) if play.phase is Phase.RUNNING), None)


def now_playing(state: State, wording: Wording) -> Message | None:
    """The line of the game that runs, as if it began now."""
    session, play = state.current, running_play(state)
    if session is None or play is None:
        return None
    fact = Added(play.game, play.codes[-1] if play.codes else None)
    return wording.render(Announcement(Kind.GAME_ADDED, "", session.key, 0.0, fact, play.number))


def votes_of(session: Session, play: Play, counts: Counts | None) -> Votes | None:
    """Tonight's votes of a play: its tally once that is known; until then the higher of the
    Picker's count and ours, since neither counts what was not cast. None if there is neither."""
    if play.tally is not None:
        return play.tally
    counted = None if counts is None else tonight(session, play, counts)
    own = play.own_count
    return counted if own is None else own.highest(counted)


def votes(
    state: State,
    wording: Wording,
    *,
    counts: Counts | None,
    totals: Votes | None = None,
    away: bool = False,
    held: int = 0,
    link: str | None = None,
) -> Message:
    """``/votes``: the running game tonight and all-time, with its buttons. ``totals`` are its
    all-time counters, ``away`` is whether the Picker does not answer, ``held`` how many votes it
    has not yet, ``link`` the address of the game's board."""
    session, play = state.current, running_play(state)
    if session is None or play is None:
        return _nothing(state, wording)
    tally = votes_of(session, play, counts)
    if tally is None and away:
        return wording.say("answer_silent")
    all_time = {f"all_{name}": value for name, value in numbers(totals or play.high).items()}
    values = numbers(tally) | all_time | _counting(away, held)
    said = wording.say("answer_votes", title=wording.title(play.game), **values)
    return replace(said, actions=vote_buttons(session.key, play.number), link=link)


def night(
    state: State,
    wording: Wording,
    *,
    counts: Counts | None,
    away: bool = False,
    held: int = 0,
    compact: bool = False,
    best_first: bool = False,
) -> Message:
    """``/night``: the games so far, in order, with their scores; with ``best_first`` it is
    ``/top``. ``compact`` is in one line."""
    session = state.current
    plays = in_order(session) if session else ()
    if session is None or not plays:
        return _nothing(state, wording)
    scored = [(play, votes_of(session, play, counts)) for play in plays]
    if best_first:
        scored.sort(key=lambda each: rank(each[1]), reverse=True)
    games = tuple(_game(play, its, wording) for play, its in scored)
    name = "answer_top" if best_first else "answer_night"
    return wording.say(name, games=games, **_counting(away, held), **_flag(compact=compact))


def help(wording: Wording, *, prefix: str, voting: bool, hosting: bool) -> Message:
    """``/help``: what can be asked, behind ``prefix``; how to vote by text, where that is taken;
    and what a host may order."""
    return wording.say("answer_help", prefix=prefix, **_flag(voting=voting, hosting=hosting))


def status(
    link: LinkStatus,
    state: State,
    wording: Wording,
    *,
    held: int,
    monotonic: float,
    muted_for: float = 0.0,
) -> Message:
    """``/status``: how the Picker is heard, for how long, how many votes wait for it, and for how
    many seconds more nothing is announced in the channel."""
    play = running_play(state)
    values = _counting(False, held)
    if since := wording.length(monotonic - link.since):
        values["since"] = since
    if muted := wording.length(muted_for):
        values["muted"] = muted
    if play is not None:
        values["title"] = wording.title(play.game)
    return wording.say(_STATUS[link.state], **values)


_STATUS = {
    LinkState.LIVE: "status_live",
    LinkState.SILENT: "status_silent",
    LinkState.POLLING: "status_polling",
    LinkState.LOST: "status_lost",
}


def numbers(votes: Votes | None) -> dict[str, Value]:
    """Votes by the names that wordings use; nothing where they are not known."""
    if votes is None:
        return {}
    return {"up": votes.up, "down": votes.down, "score": score(votes.score)}


def _game(play: Play, votes: Votes | None, wording: Wording) -> str:
    running = _flag(running=play.phase is Phase.RUNNING)
    title = wording.title(play.game)
    return wording.say("night_game", title=title, **numbers(votes), **running).text


def _nothing(state: State, wording: Wording) -> Message:
    return wording.say("answer_no_game" if state.current else "answer_no_night")


def _counting(away: bool, held: int) -> dict[str, Value]:
    """What is to be known of the numbers."""
    values: dict[str, Value] = {"held": held} if held else {}
    return values | _flag(away=away)


def _flag(**flags: bool) -> dict[str, Value]:
    """A value that is there or not."""
    return {name: 1 for name, value in flags.items() if value}

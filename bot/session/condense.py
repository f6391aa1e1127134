"""A storm of votes in a few steps."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from bot.domain import Input, VoteReceived, Votes

_Extremes = tuple[VoteReceived, VoteReceived]


def condense(inputs: Iterable[Input]) -> Iterator[Input]:
    """The same facts with fewer votes: of each run of votes, those with the lowest and the
    highest totals of each game. Totals only rise, so nothing else of a run can matter."""
    run: dict[tuple[int, int], _Extremes] = {}
    for given in inputs:
        if isinstance(given, VoteReceived):
            if given.totals is not None:
                _widen(run, given, given.totals)
        else:
            yield from _emit(run)
            yield given
    yield from _emit(run)


def _widen(run: dict[tuple[int, int], _Extremes], vote: VoteReceived, totals: Votes) -> None:
    game = (vote.session_id, vote.game_id)
    low, high = run.setdefault(game, (vote, vote))
    if totals.cast < _cast(low):
        run[game] = (vote, high)
    elif totals.cast > _cast(high):
        run[game] = (low, vote)


def _cast(vote: VoteReceived) -> int:
    return vote.totals.cast if vote.totals else 0


def _emit(run: dict[tuple[int, int], _Extremes]) -> Iterator[VoteReceived]:
    for low, high in run.values():
        yield low
        if high is not low:
            yield high
    run.clear()

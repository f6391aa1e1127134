"""bot.store: ballots, on disk before they are confirmed."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from clock import FakeTime

from bot import outbox
from bot.ballots import Ballot, BallotStatus
from bot.domain import SessionKey, Target
from bot.store import Store, read_ballots

NIGHT = SessionKey(17, 1_762_563_600)
HERE = Target("discord", "games")
NOW = 1_800_000_000.0
ANN = Ballot(0, HERE, "discord/7", "ann", NIGHT, 1, 3, True, 1500.25, NOW)


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    store = await Store.open(tmp_path / "nightcrier.db", FakeTime())
    yield store
    await store.close()


async def test_as_it_was_written(store: Store) -> None:
    """Every part of a ballot comes back, also what is unknown, also beside a running bot."""
    full = replace(
        ANN,
        game_id=None,
        up=False,
        ticker="QPL3",
        reason="no answer",
        attempts=2,
        stamp=1500.0,
        open=True,
        doubts=1,
    )
    one = await store.write(lambda ledger: ledger.ballots.add(ANN))
    two = await store.write(lambda ledger: ledger.ballots.add(full))
    assert (one, two) == (replace(ANN, id=1), replace(full, id=2))
    assert read_ballots(store.path) == (one, two)


async def test_half_a_character(store: Store) -> None:
    """A name with half of a surrogate pair is stored readably, not refused."""
    odd = await store.write(
        lambda ledger: ledger.ballots.add(replace(ANN, name="a\ud83d", voter="d/\ud83d"))
    )
    assert (odd.name, odd.voter) == ("a?", "d/?")
    assert await store.write(lambda ledger: ledger.ballots.stands(replace(ANN, voter="d/\ud83d")))


async def test_who_has_voted(store: Store) -> None:
    """A vote stands while it is held and when it is counted, for its play and voter alone."""

    async def stands(**given: object) -> bool:
        new = replace(ANN, **given)  # type: ignore[arg-type]
        return await store.write(lambda ledger: ledger.ballots.stands(new))

    assert not await stands()
    ballot = await store.write(lambda ledger: ledger.ballots.add(ANN))
    for status, counts in [
        (BallotStatus.HELD, True),
        (BallotStatus.COUNTED, True),
        (BallotStatus.REFUSED, False),
        (BallotStatus.TOO_LATE, False),
    ]:
        changed = replace(ballot, status=status)
        await store.write(lambda ledger, row=changed: ledger.ballots.save(row))
        assert await stands() is counts, status
    await store.write(lambda ledger: ledger.ballots.save(ballot))
    assert await stands(voter="discord/8"), "the same name on the same connection"
    assert await stands(name="nan"), "the same account under another name"
    assert not await stands(voter="discord/8", name="nan")
    assert not await stands(voter="irc/7", target=Target("irc", "#here"))
    assert not await stands(play=2)
    assert not await stands(session=SessionKey(18, 1))


async def test_who_has_voted_by_ticker(store: Store) -> None:
    """A vote on a game that is not of the night stands for that game alone."""
    new = replace(ANN, play=0, game_id=4, ticker="FIB4")
    await store.write(lambda ledger: ledger.ballots.add(new))
    assert await store.write(lambda ledger: ledger.ballots.stands(new))
    for other in (replace(new, game_id=5), replace(new, play=1)):
        assert not await store.write(lambda ledger, row=other: ledger.ballots.stands(row))


async def test_held_and_kept(store: Store) -> None:
    """Those without a fate are found again, oldest first; the others go after thirty days."""
    rows = [
        await store.write(lambda ledger, n=name: ledger.ballots.add(replace(ANN, name=n)))
        for name in ("ann", "bob", "cid")
    ]
    ended = replace(rows[1], status=BallotStatus.COUNTED, settled_at=NOW)
    await store.write(lambda ledger: ledger.ballots.save(ended))
    held = await store.write(lambda ledger: ledger.ballots.held())
    assert [ballot.name for ballot in held] == ["ann", "cid"]
    await store.write(lambda ledger: ledger.purge(NOW + outbox.KEPT_FOR))
    assert len(read_ballots(store.path)) == 3
    await store.write(lambda ledger: ledger.purge(NOW + outbox.KEPT_FOR + 1))
    assert [ballot.name for ballot in read_ballots(store.path)] == ["ann", "cid"]
    assert [ballot.name for ballot in read_ballots(store.path, limit=1)] == ["cid"]

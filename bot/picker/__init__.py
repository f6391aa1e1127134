"""The Picker as the rest of the bot sees it: a feed of events, and questions with clear answers."""

from __future__ import annotations

import asyncio
import logging
import ssl
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import aclosing
from dataclasses import replace

from bot.domain import (
    Cast,
    Confirmed,
    Event,
    Game,
    Row,
    Search,
    SessionKey,
    Snapshot,
    Tallied,
    Verdict,
    Votes,
    WantTally,
)
from bot.link import Do, Link, LinkState, LinkStatus
from bot.picker.before import Before
from bot.picker.faults import Address
from bot.picker.feed import BATCH, Feed, Happening, Opened, Received, Take, Told
from bot.picker.rest import Rest
from bot.timing import Time
from bot.wire import KeyRefused, Unclear

__all__ = [
    "BATCH",
    "Happening",
    "KeyRefused",
    "LinkState",
    "LinkStatus",
    "Opened",
    "Picker",
    "Received",
    "Told",
    "Unclear",
]

log = logging.getLogger(__name__)

_ASK_AGAIN_AFTER = 0.3


class Picker:
    """One Picker. Give it either the admin key or a ready token.

    ``url`` may end in ``/api`` or not. ``interval`` is the poll's, in seconds; ``roll`` gives
    random numbers from 0 to 1 for the delays; ``tls`` is for tests with a certificate of their
    own, else what the system trusts is trusted.
    """

    def __init__(
        self,
        url: str,
        *,
        admin_key: str | None = None,
        token: str | None = None,
        interval: float,
        time: Time,
        roll: Callable[[], float],
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._address = Address.of(url)
        self._admin_key = admin_key
        self._interval = interval
        self._time = time
        self._roll = roll
        self._tls = tls or _trust(self._address)
        self._rest = Rest(self._address, time, tls=self._tls, token=token)
        self._hooks: dict[Do, Callable[[], None]] = {}
        self._feed = self._make_feed(self._active_id, self._hooks, None)
        self._rest.on_refused = lambda: self._feed.tell(self._feed.link.token_refused)
        self._silent_since: float | None = None
        self._before = Before(self._rest)

    @property
    def skew(self) -> float | None:
        """Our clock less the Picker's, in seconds, from the last answer's ``Date``; None before
        the first."""
        return self._rest.skew

    @property
    def malformed(self) -> Mapping[str, int]:
        """How many frames of which type were not as they should be."""
        return self._feed.malformed

    def status(self) -> LinkStatus:
        """Live, silent, polling or lost; ``since`` is by ``time.monotonic()``."""
        status = self._feed.link.status(self._time.monotonic())
        if status.state is LinkState.LIVE and self._silent_since is not None:
            return replace(status, state=LinkState.SILENT, since=self._silent_since)
        return status

    # --- the feed ---

    async def run(
        self,
        take: Take,
        *,
        want_snapshot: Callable[[], None],
        poll_now: Callable[[], None],
        recreate_poll: Callable[[], None],
    ) -> None:
        """Keep the link, and hand all events to ``take``, one batch at a time.

        Ends by cancellation, or raises :class:`KeyRefused` with a sentence for the host if the
        Picker refuses our key or token and never took it since the start.
        """
        self._hooks.update(
            {
                Do.TAKE_SNAPSHOT: want_snapshot,
                Do.POLL_NOW: poll_now,
                Do.RECREATE_POLL: recreate_poll,
            }
        )
        await self._feed.run(take)

    def follow(self, session_id: int | None) -> None:
        """Be subscribed to this session from now on; a snapshot is wanted once that is so."""
        self._feed.tell(self._feed.link.follow, session_id)

    def reconnect(self) -> None:
        """Log in and connect anew, at once."""
        self._feed.tell(self._feed.link.reconnect)

    def snapshot_taken(self) -> None:
        """A snapshot was taken in; without that the poll is set going after two intervals."""
        self._feed.tell(self._feed.link.snapshot_taken)

    async def watch(self, session_id: int | None) -> AsyncGenerator[Happening, None]:
        """All that happens on a link of its own, subscribed to this session, without end.

        Raises :class:`KeyRefused` as :meth:`run` does.
        """

        async def active() -> int | None:
            return session_id

        happenings: asyncio.Queue[Happening | None] = asyncio.Queue()
        feed = self._make_feed(active, {}, happenings.put_nowait)
        running = asyncio.create_task(feed.run(_ignore))
        running.add_done_callback(lambda _: happenings.put_nowait(None))
        try:
            while (happening := await happenings.get()) is not None:
                yield happening
            await running
        finally:
            running.cancel()
            await asyncio.wait({running})

    async def verify(self) -> None:
        """Log in and open the socket, once, as :meth:`run` would. Raises :class:`Unclear` or
        :class:`KeyRefused` with a sentence for the host."""
        async with aclosing(self.watch(None)) as happenings:
            async for happening in happenings:
                if isinstance(happening, Told):
                    if happening.warning:
                        raise Unclear(happening.text)
                    return

    def _make_feed(
        self,
        ask_active: Callable[[], Awaitable[int | None]],
        hooks: Mapping[Do, Callable[[], None]],
        observe: Callable[[Happening], None] | None,
    ) -> Feed:
        link = Link(
            self._time.monotonic(),
            interval=self._interval,
            roll=self._roll,
            has_key=self._admin_key is not None,
        )
        return Feed(
            link,
            self._rest,
            self._address,
            self._time,
            tls=self._tls,
            admin_key=self._admin_key,
            ask_active=ask_active,
            hooks=hooks,
            observe=observe,
        )

    async def _active_id(self) -> int | None:
        info = await self._rest.active()
        return None if info is None else info.key.id

    # --- questions ---

    async def snapshot(self, seen: int) -> Snapshot:
        """What the Picker shows now. ``seen`` is the number of the last fact taken in before.

        Raises :class:`Unclear` where it does not say whether a session is active; a list of
        games that cannot be had is None.
        """
        try:
            info = await self._rest.active()
        except Unclear as unclear:
            self._say_unclear(unclear)
            raise
        self._say_clear()
        night = None if info is None else info.key
        catalogue = await self._before.ask(night)
        rows = () if night is None else await self._rows(night.id)
        if rows is not None:
            rows = self._before.rows(night, catalogue, rows)
        return Snapshot(seen, info, rows if night else None)

    async def confirm(self, key: SessionKey, seen: int) -> Confirmed:
        """Whether a session runs, has ended or is gone; UNKNOWN where no clear answer comes."""
        try:
            info = await self._rest.session(key.id)
        except Unclear as unclear:
            log.debug("Session %s cannot be confirmed: %s", key, unclear)
            return Confirmed(seen, key, Verdict.UNKNOWN)
        if info is None or info.key != key:
            return Confirmed(seen, key, Verdict.GONE)
        verdict = Verdict.RUNNING if info.active else Verdict.ENDED
        return Confirmed(seen, key, verdict, info, await self._rows(key.id))

    async def tally(self, want: WantTally, known: bool) -> Tallied:
        """The votes of a play: tonight's by game where the Picker tells them, else the game's
        all-time counters, which are not asked for if our own count is ``known``.

        An error is asked once more. Raises :class:`Unclear` after the second; the caller bounds
        the time.
        """
        try:
            return await self._tally(want, known)
        except Unclear as unclear:
            log.debug("The tally of play %d is asked again: %s", want.play, unclear)
        await self._time.sleep(_ASK_AGAIN_AFTER)
        return await self._tally(want, known)

    async def _tally(self, want: WantTally, known: bool) -> Tallied:
        counts = await self._rest.votes(want.key.id)
        if counts is not None or known or want.game_id is None:
            return Tallied(want.key, want.play, counts)
        totals = await self._rest.counters(want.game_id)
        before = self._before.of(want.key, want.game_id)
        return Tallied(want.key, want.play, totals=totals, before=before)

    async def cast(self, name: str, up: bool, at: float, ticker: str | None = None) -> Cast:
        """Hand a person's vote over; ``at`` is when they cast it, by the Picker's clock. Never
        raises: what came of it, as far as it is known."""
        return await self._rest.cast(name, up, at, ticker)

    async def search(self, session_id: int, name: str, up: bool, at: float) -> Search:
        """Whether the Picker has the vote that :meth:`cast` handed over. Raises :class:`Unclear`
        without an answer."""
        return await self._rest.search(session_id, name, up, at)

    async def counts(self, session_id: int) -> tuple[tuple[int, Votes], ...] | None:
        """Tonight's votes by catalogue id; None where the Picker does not tell them. Raises
        :class:`Unclear` without an answer."""
        return await self._rest.votes(session_id)

    async def counters(self, game_id: int) -> Votes | None:
        """The all-time counters of a game, where it has any. Raises :class:`Unclear`."""
        return await self._rest.counters(game_id)

    async def tickers(self) -> Mapping[str, Game]:
        """The catalogue's games by their tickers, in capitals; none where the Picker takes no
        votes by ticker. Raises :class:`Unclear`."""
        return await self._rest.tickers()

    async def _rows(self, session_id: int) -> tuple[Row, ...] | None:
        try:
            rows = await self._rest.games(session_id)
        except Unclear as unclear:
            log.debug("The games of session %d cannot be read: %s", session_id, unclear)
            return None
        return await self._with_counters(session_id, rows)

    async def _with_counters(self, session_id: int, rows: tuple[Row, ...]) -> tuple[Row, ...]:
        """A Picker that neither tells tonight's votes nor shows counters in the rows (November
        2025) has them in its catalogue; only those of the last game can matter."""
        last = rows[-1] if rows and not self._rest.has_votes else None
        if last is None or last.totals is not None or last.game.id is None:
            return rows
        try:
            if await self._rest.votes(session_id) is not None:
                return rows
            totals = await self._rest.counters(last.game.id)
        except Unclear as unclear:
            log.debug("The counters of %s cannot be read: %s", last.game.title, unclear)
            return rows
        return (*rows[:-1], replace(last, totals=totals))

    def _say_unclear(self, unclear: Unclear) -> None:
        """Once, and only while the link is live: without it, the link has said what is wrong."""
        if self._silent_since is None and self._feed.link.live:
            self._silent_since = self._time.monotonic()
            log.warning("The Picker does not answer the poll; trying on. %s", unclear)

    def _say_clear(self) -> None:
        if self._silent_since is not None:
            self._silent_since = None
            log.info("The Picker answers the poll again.")


def _trust(address: Address) -> ssl.SSLContext:
    """What the system trusts; without TLS a context that trusts nobody, which costs nothing."""
    if address.secure:
        return ssl.create_default_context()
    return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


async def _ignore(_: list[Event]) -> None:
    """A watcher sees the frames already."""

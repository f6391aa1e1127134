"""The REST API of a Picker: one question, and a clear answer or :class:`~bot.wire.Unclear`."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable
from email.utils import parsedate_to_datetime
from urllib.parse import urlencode

from bot import wire
from bot.domain import Cast, Deferred, Doubtful, Game, NoQuery, Row, Search, SessionInfo, Votes
from bot.picker import faults
from bot.picker.faults import Address, Trouble
from bot.picker.library import httpx
from bot.timing import Time, within
from bot.wire import KeyRefused, Reply, Unclear

ANSWER_WITHIN = 5.0
"""Seconds for a whole request, from the first packet to the last."""

ANSWER_MOST = 1 << 20
"""Bytes of an answer's body."""

RENEW_EVERY = 5.0
"""Seconds between two logins because of answers that refuse the token."""

LACKING_FOR = 60.0
"""Seconds for which an answer that says so is proof that the Picker lacks a query."""

_REFUSED = (401, 403)
_HEADERS = {"User-Agent": "nightcrier", "Accept": "application/json", "Accept-Encoding": "identity"}


class Query:
    """Whether the Picker has a query that older ones lack. That is told by its page for an unknown
    address, as a proxy has one too while the Picker is away: so one that it had it has."""

    def __init__(self, time: Time) -> None:
        self.known: bool | None = None
        self._time = time
        self._until = 0.0

    @property
    def lacking(self) -> bool:
        """Whether it need not be asked: it lacked it a moment ago."""
        return self.known is False and self._time.monotonic() < self._until

    def answered(self, known: bool) -> None:
        """Raises Unclear where the Picker had it before."""
        if self.known and not known:
            raise Unclear("it says that it lacks a query that it had before")
        self.known, self._until = known, self._time.monotonic() + LACKING_FOR

    def forget(self) -> None:
        """What was lacking may be there now."""
        self.known = self.known or None


class Rest:
    """Asks with the token that the last login gave, or with the ready one.

    Tokens die with the Picker that made them, so an answer of 401 or 403 (an expired token is
    403 here) makes us log in anew with the key that was taken last, and ask once more; where
    that does not help, ``on_refused`` is called.
    """

    def __init__(
        self,
        address: Address,
        time: Time,
        *,
        tls: ssl.SSLContext,
        token: str | None,
        on_refused: Callable[[], None] = lambda: None,
    ) -> None:
        self.token = token
        self.skew: float | None = None
        self.logins = 0
        self.on_refused = on_refused
        self._address = address
        self._time = time
        self._votes, self._search = Query(time), Query(time)
        self._key: str | None = None
        self._renew_at = time.monotonic()
        self._one_login = asyncio.Lock()
        # Polls are further apart than a Node server keeps an idle connection (5 s).
        limits = httpx.Limits(max_keepalive_connections=0)
        self._client = httpx.AsyncClient(
            verify=tls, trust_env=False, timeout=ANSWER_WITHIN, limits=limits, headers=_HEADERS
        )

    async def login(self, admin_key: str) -> None:
        """Get a fresh token. Raises :class:`~bot.wire.KeyRefused` or Unclear."""
        async with self._one_login:
            await self._log_in(admin_key)

    async def _log_in(self, admin_key: str) -> None:
        self.token = None
        reply = await self._ask("POST", "/auth/login", {"key": admin_key})
        self.token = wire.parse_login(reply)
        self._key = admin_key
        self.logins += 1
        self._votes.forget()
        self._search.forget()

    @property
    def has_votes(self) -> bool:
        """Whether the Picker is known to tell tonight's votes."""
        return self._votes.known is True

    async def active(self) -> SessionInfo | None:
        return wire.parse_active(await self._get("/sessions/active"))

    async def session(self, session_id: int) -> SessionInfo | None:
        return wire.parse_session(await self._get(f"/sessions/{session_id}"), session_id)

    async def games(self, session_id: int) -> tuple[Row, ...]:
        return wire.parse_games(await self._get(f"/sessions/{session_id}/games"))

    async def votes(self, session_id: int) -> tuple[tuple[int, Votes], ...] | None:
        """Tonight's votes; None where the Picker has no such query."""
        if self._votes.lacking:
            return None
        reply = await self._get(f"/sessions/{session_id}/votes")
        counts = wire.parse_votes(reply, session_id)
        self._votes.answered(counts is not None)
        return counts

    async def counters(self, game_id: int) -> Votes | None:
        return wire.parse_game(await self._get(f"/games/{game_id}"), game_id)

    async def tickers(self) -> dict[str, Game]:
        return wire.parse_tickers(await self._get("/games"))

    async def catalogue(self) -> dict[int, Votes]:
        """The counters of every game that has any."""
        return wire.parse_catalogue(await self._get("/games"))

    async def cast(self, name: str, up: bool, at: float, ticker: str | None) -> Cast:
        """Hand a vote over. Never raises: what came of it, as far as it is known."""
        body = wire.encode_vote(name, up, at, ticker)
        try:
            return wire.parse_cast(await self._authorized("POST", "/votes/live", body))
        except Trouble as trouble:
            # Only where there was no connection can it not have arrived.
            unsent = isinstance(trouble.__cause__, httpx.ConnectError | httpx.ConnectTimeout)
            return Deferred(str(trouble)) if unsent else Doubtful(str(trouble))

    async def search(self, session_id: int, name: str, up: bool, at: float) -> Search:
        """Whether a vote is there, if that can be asked."""
        if self._search.lacking:
            return NoQuery()
        query = urlencode({"session_id": session_id, "username": name, "limit": 100})
        found = wire.parse_search(await self._get(f"/votes?{query}"), name, up, at)
        self._search.answered(not isinstance(found, NoQuery))
        return found

    async def _get(self, path: str) -> Reply:
        return await self._authorized("GET", path)

    async def _authorized(
        self, method: str, path: str, body: dict[str, str] | None = None
    ) -> Reply:
        token = self.token
        reply = await self._ask(method, path, body, token)
        if reply.status in _REFUSED and await self._renew(token):
            reply = await self._ask(method, path, body, self.token)
        if reply.status in _REFUSED:
            self.on_refused()
        return reply

    async def _renew(self, refused: str | None) -> bool:
        """Whether there is another token than the one that was refused."""
        async with self._one_login:
            if self.token != refused:
                return self.token is not None
            now = self._time.monotonic()
            if self._key is None or now < self._renew_at:
                return False
            self._renew_at = now + RENEW_EVERY
            try:
                await self._log_in(self._key)
            except (KeyRefused, Unclear):
                return False
            return True

    async def _ask(
        self,
        method: str,
        path: str,
        body: dict[str, str] | None = None,
        token: str | None = None,
    ) -> Reply:
        exchange = self._exchange(method, path, body, token)
        try:
            return await within(self._time, ANSWER_WITHIN, exchange)
        except (httpx.HTTPError, OSError) as error:
            raise faults.unreachable(self._address, error) from error

    async def _exchange(
        self, method: str, path: str, body: dict[str, str] | None, token: str | None
    ) -> Reply:
        # The header does no harm where reads are public, and some Pickers want it everywhere.
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        url = self._address.api(path)
        async with self._client.stream(method, url, json=body, headers=headers) as response:
            if response.is_redirect:
                to = response.headers.get("Location")
                raise faults.redirected(self._address, response.status_code, to)
            self._note_date(response.headers.get("Date"))
            return Reply(response.status_code, await self._read(response))

    async def _read(self, response: httpx.Response) -> bytes:
        body = bytearray()
        async for chunk in response.aiter_raw():
            body += chunk
            if len(body) > ANSWER_MOST:
                raise faults.too_long(self._address, ANSWER_MOST)
        return bytes(body)

    def _note_date(self, date: str | None) -> None:
        """The header has whole seconds, so the Picker's clock is half a second further on
        average, and a difference of a second is none."""
        if date is None:
            return
        try:
            moment = parsedate_to_datetime(date).timestamp() + 0.5
        except (ValueError, OverflowError):
            return
        skew = self._time.now() - moment
        self.skew = 0.0 if abs(skew) <= 1.0 else skew

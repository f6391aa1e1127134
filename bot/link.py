"""The link machine: when to log in, connect, subscribe, ping, poll, wait and give up.

It is told what happened (methods that take ``now``, monotonic seconds) and asked what to do
(:meth:`Link.commands`) and by when to be told the time again (:attr:`Link.deadline`). It does
nothing itself, and knows neither addresses nor secrets.

The rules that it keeps:

- Log in anew before each connect: tokens die with the Picker that made them.
- After each ``auth_success``: ask for the active session, subscribe, and then take a snapshot,
  because nothing is replayed. Any later subscription is followed by a snapshot, too.
- The delay before another try is 1 s to 60 s, exponential with full jitter, and starts again
  from 1 s only after the link was live for 60 s: a server that accepts and then closes is not
  hammered.
- JSON ``ping`` every 30 s, since the Picker drops clients that are silent for about 60 s; a link
  without any frame for 75 s is dead.
- The poll sleeps by the wall clock, this machine by the monotonic one. No snapshot for two
  intervals sets the poll going; a jump of the wall clock creates it anew.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, StrEnum
from math import inf

PING_EVERY = 30.0
READ_WITHIN = 75.0
AUTH_WITHIN = 10.0
SUBSCRIBED_WITHIN = 3.0
DELAY_FIRST, DELAY_MOST = 1.0, 60.0
STEADY_AFTER = 60.0
REFUSED_WAIT = 300.0
RENEW_EVERY = 60.0
JUMP = 1.0

# --- what it asks for --------------------------------------------------------------------


class Do(Enum):
    """Commands without an argument; each of the first three is answered by a call."""

    LOGIN = "log in: logged_in, login_refused or failed"
    CONNECT = "open the socket: opened or failed, and closed in the end"
    ASK_ACTIVE = "ask which session is active: active"
    AUTHENTICATE = "send the token"
    PING = "send a ping"
    CLOSE = "close the socket; closed follows"
    TAKE_SNAPSHOT = "take a snapshot: we are subscribed now"
    POLL_NOW = "set the poll's next run to now"
    RECREATE_POLL = "create the poll anew"


@dataclass(frozen=True, slots=True)
class Subscribe:
    session_id: int


@dataclass(frozen=True, slots=True)
class Unsubscribe:
    session_id: int


@dataclass(frozen=True, slots=True)
class Say:
    """One sentence for the host, a warning or good news."""

    text: str
    warning: bool = True


@dataclass(frozen=True, slots=True)
class GiveUp:
    """Waiting cannot help; the sentence says why and what to do."""

    text: str


Command = Do | Subscribe | Unsubscribe | Say | GiveUp

# --- what it tells -----------------------------------------------------------------------


class Fault(StrEnum):
    """Why there is no link. Each is said once until the link has been steady again."""

    UNREACHABLE = "unreachable"
    TLS = "no trusted TLS connection"
    FOREIGN = "not a Picker"
    TROUBLE = "the Picker is in trouble"
    SOCKET = "no live socket"
    KEY = "admin key refused"
    TOKEN = "token refused"
    LOST = "connection lost"
    SILENT = "silent"
    ASKED = "a host asked for it"


class LinkState(StrEnum):
    """SILENT is live, but for questions that are not answered."""

    LIVE = "live"
    SILENT = "silent"
    POLLING = "polling"
    LOST = "lost"


@dataclass(frozen=True, slots=True)
class LinkStatus:
    """``since`` is monotonic: when the link became live, or was last live (at first: the start).
    ``trouble`` is the last sentence said about why it is not."""

    state: LinkState
    since: float
    trouble: str | None = None


class _Phase(Enum):
    LOGIN = 1
    CONNECT = 2
    AUTH = 3
    LIVE = 4
    CLOSING = 5
    WAIT = 6
    OVER = 7


class Link:
    """One connection to one Picker, over and over.

    ``interval`` is the poll's, in seconds; ``roll`` gives a random number from 0 to 1; without a
    key there is a ready token only, and no login.
    """

    def __init__(
        self, now: float, *, interval: float, roll: Callable[[], float], has_key: bool = True
    ) -> None:
        self._interval = interval
        self._roll = roll
        self._has_key = has_key
        self._commands: list[Command] = []
        self._phase = _Phase.WAIT
        self._resume_at = now
        self._since = now
        self._tries = 0
        self._accepted = False
        self._cause: tuple[Fault, str, float | None] | None = None
        self._said: set[Fault] = set()
        self._greeted = False
        self._trouble: str | None = None
        self._read_by = self._ping_at = self._snapshot_by = inf
        self._renew_at = now
        self._follow: int | None = None
        self._subscribed: int | None = None
        self._offset: float | None = None
        self._snapshot_at: float | None = None
        self._poll_by = now + 2 * interval

    # --- asked ---

    def commands(self) -> tuple[Command, ...]:
        """What is to be done now, in this order; each is given once."""
        commands, self._commands = tuple(self._commands), []
        return commands

    @property
    def deadline(self) -> float:
        """When :meth:`tick` is due at the latest, monotonic."""
        if self._phase is _Phase.WAIT:
            return min(self._resume_at, self._poll_by)
        if self._phase is _Phase.AUTH:
            return min(self._read_by, self._poll_by)
        if self._phase is _Phase.LIVE:
            return min(self._read_by, self._ping_at, self._snapshot_by, self._poll_by)
        return self._poll_by

    @property
    def live(self) -> bool:
        return self._phase is _Phase.LIVE

    def status(self, now: float) -> LinkStatus:
        if self.live:
            return LinkStatus(LinkState.LIVE, self._since)
        polled = self._snapshot_at is not None and now - self._snapshot_at < 2 * self._interval
        state = LinkState.POLLING if polled else LinkState.LOST
        return LinkStatus(state, self._since, self._trouble)

    # --- told: the time ---

    def tick(self, now: float, wall: float) -> None:
        """The time, by the monotonic clock and by the wall's."""
        self._check_poll(now, wall)
        if self._phase is _Phase.WAIT and now >= self._resume_at:
            self._begin()
        elif self._phase in (_Phase.AUTH, _Phase.LIVE) and now >= self._read_by:
            within = AUTH_WITHIN if self._phase is _Phase.AUTH else READ_WITHIN
            self._drop(now, Fault.SILENT, f"The Picker has been silent for {within:.0f} s.")
        elif self._phase is _Phase.LIVE:
            self._keep_alive(now)

    def _check_poll(self, now: float, wall: float) -> None:
        offset, self._offset = self._offset, wall - now
        if offset is not None and abs(self._offset - offset) > JUMP:
            self._commands.append(Do.RECREATE_POLL)
            self._poll_by = now + 2 * self._interval
        elif now >= self._poll_by:
            self._commands.append(Do.POLL_NOW)
            self._poll_by = now + 2 * self._interval

    def _keep_alive(self, now: float) -> None:
        if now >= self._ping_at:
            self._commands.append(Do.PING)
            self._ping_at = now + PING_EVERY
        if now >= self._snapshot_by:
            self._snapshot_by = inf
            self._commands.append(Do.TAKE_SNAPSHOT)

    def _begin(self) -> None:
        self._phase = _Phase.LOGIN if self._has_key else _Phase.CONNECT
        self._commands.append(Do.LOGIN if self._has_key else Do.CONNECT)

    # --- told: the login ---

    def logged_in(self, now: float) -> None:
        """A fresh token is there."""
        self._accepted = True
        self._said.discard(Fault.KEY)
        if self._phase is _Phase.LOGIN:
            self._phase = _Phase.CONNECT
            self._commands.append(Do.CONNECT)

    def login_refused(self, now: float, words: str) -> None:
        """The Picker refused the admin key, in these words. A key that was good before may be so
        again (somebody restarts the Picker), one that never was cannot be."""
        text = (
            f"The Picker refused the admin key ({words}): set picker.admin_key to the key that "
            "the Picker was started with."
        )
        if not self._accepted:
            self._give_up(text)
        elif self._phase is _Phase.LOGIN:
            self._wait(now, Fault.KEY, text, REFUSED_WAIT)
        else:
            self._renew_at = now + REFUSED_WAIT
            self._warn(Fault.KEY, text)

    def failed(self, now: float, fault: Fault, text: str) -> None:
        """The login or the connect came to nothing. ``text`` is a sentence for the host."""
        if self._phase in (_Phase.LOGIN, _Phase.CONNECT):
            self._wait(now, fault, text)

    def token_refused(self, now: float) -> None:
        """The REST API answered 401 or 403: tokens live for a day, an open socket longer."""
        if self._phase is not _Phase.LIVE:
            return
        if not self._has_key:
            self._warn(Fault.TOKEN, _TOKEN_REFUSED)
        elif now >= self._renew_at:
            self._renew_at = now + RENEW_EVERY
            self._commands.append(Do.LOGIN)

    # --- told: the socket ---

    def opened(self, now: float) -> None:
        self._phase = _Phase.AUTH
        self._read_by = now + AUTH_WITHIN
        self._commands.append(Do.AUTHENTICATE)

    def received(self, now: float) -> None:
        """A frame came, of whatever kind; or we were not reading, so silence means nothing."""
        if self._phase is _Phase.LIVE:
            self._read_by = now + READ_WITHIN

    def accepted(self, now: float) -> None:
        """``auth_success``."""
        if self._phase is not _Phase.AUTH:
            return
        self._phase = _Phase.LIVE
        self._accepted = True
        self._since = now
        self._read_by, self._ping_at = now + READ_WITHIN, now + PING_EVERY
        self._snapshot_by = inf
        self._subscribed = None
        if not self._greeted:
            self._greeted = True
            self._commands.append(Say("The link to the Picker is live.", warning=False))
        self._commands.append(Do.ASK_ACTIVE)

    def refused(self, now: float, words: str) -> None:
        """``auth_error``. The same token is never tried again in a loop."""
        if self._phase not in (_Phase.AUTH, _Phase.LIVE):
            return
        if self._has_key:
            self._drop(now, Fault.TOKEN, f"The Picker refused the token that it gave us ({words}).")
        elif self._accepted:
            self._drop(now, Fault.TOKEN, _TOKEN_REFUSED, REFUSED_WAIT)
        else:
            self._give_up(_TOKEN_REFUSED)

    def closed(self, now: float, fault: Fault, text: str) -> None:
        """The socket is closed, whoever did it; ``text`` is a sentence about why."""
        if self._phase is _Phase.OVER:
            return
        self._settle_accounts(now)
        cause, self._cause = self._cause or (fault, text, None), None
        self._wait(now, *cause)

    # --- told: sessions ---

    def active(self, now: float, session_id: int | None) -> None:
        """The active session, or None if there is none or the Picker could not say."""
        if self._phase is not _Phase.LIVE:
            return
        wanted = self._follow if session_id is None else session_id
        if wanted is None:
            self._commands.append(Do.TAKE_SNAPSHOT)
        else:
            self._subscribe(now, wanted)

    def follow(self, now: float, session_id: int | None) -> None:
        """The session to be subscribed to, when that changes. None asks for nothing: a
        subscription to a session that is over does no harm."""
        if session_id == self._follow:
            return
        self._follow = session_id
        if self._phase is _Phase.LIVE and session_id is not None:
            self._subscribe(now, session_id)

    def subscribed(self, now: float, session_id: int | None) -> None:
        """``subscribed``, which may or may not say to what."""
        if self._snapshot_by < inf and session_id in (None, self._subscribed):
            self._snapshot_by = inf
            self._commands.append(Do.TAKE_SNAPSHOT)

    def snapshot_taken(self, now: float) -> None:
        """A snapshot was taken in, whoever asked for it."""
        self._snapshot_at = now
        self._poll_by = now + 2 * self._interval

    def _subscribe(self, now: float, session_id: int) -> None:
        if session_id == self._subscribed:
            return
        self._commands.append(Subscribe(session_id))
        if self._subscribed is not None:
            self._commands.append(Unsubscribe(self._subscribed))
        self._subscribed = session_id
        self._snapshot_by = now + SUBSCRIBED_WITHIN

    # --- the ends of a link ---

    def reconnect(self, now: float) -> None:
        """Log in and connect anew, at once, however long we were to wait."""
        if self._phase in (_Phase.AUTH, _Phase.LIVE):
            text = "A host asked for a new link to the Picker."
            self._drop(now, Fault.ASKED, text, after=0.0)
        elif self._phase is _Phase.WAIT:
            self._resume_at = now

    def _drop(self, now: float, fault: Fault, text: str, after: float | None = None) -> None:
        self._settle_accounts(now)
        self._phase = _Phase.CLOSING
        self._cause = (fault, text, after)
        self._commands.append(Do.CLOSE)

    def _settle_accounts(self, now: float) -> None:
        """A link that was steady starts with a clean slate; a short one does not."""
        if not self.live:
            return
        if now - self._since >= STEADY_AFTER:
            self._tries = 0
            self._said.clear()
            self._greeted = False
        self._since = now

    def _wait(self, now: float, fault: Fault, text: str, after: float | None = None) -> None:
        self._warn(fault, text)
        self._phase = _Phase.WAIT
        self._resume_at = now + (self._delay() if after is None else after)

    def _delay(self) -> float:
        ceiling = min(DELAY_MOST, DELAY_FIRST * 2.0 ** min(self._tries + 1, 10))
        self._tries += 1
        return DELAY_FIRST + self._roll() * (ceiling - DELAY_FIRST)

    def _warn(self, fault: Fault, text: str) -> None:
        self._trouble = text
        if fault not in self._said:
            self._said.add(fault)
            self._commands.append(Say(text))

    def _give_up(self, text: str) -> None:
        self._phase = _Phase.OVER
        self._commands.append(GiveUp(text))


_TOKEN_REFUSED = (
    "The Picker refused the token: tokens live for a day; set picker.token to a new one, or "
    "picker.admin_key so that Nightcrier logs in by itself."
)

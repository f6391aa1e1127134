"""The values that every other module speaks of. No behaviour beyond arithmetic and keys.

Moments (``*_at``) are seconds since the epoch, spans (``*_after``, ``*_for``) are seconds.
A moment that came from the Picker is by the Picker's clock; :class:`Clock` carries the
difference, and only an :class:`Announcement` and what follows from it is by our own.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256

# --- the Picker's night -----------------------------------------------------------------


@dataclass(frozen=True, slots=True, order=True)
class SessionKey:
    """One game night: a Picker with a new database counts its ids from 1 again, so the id
    alone is not enough. ``created_at`` is cut to the second, since the Picker writes it
    with and without a fraction."""

    id: int
    created_at: int

    def __str__(self) -> str:
        return f"{self.id}-{self.created_at}"


@dataclass(frozen=True, slots=True)
class Votes:
    """Thumbs up and thumbs down: running totals, or the count of one play."""

    up: int = 0
    down: int = 0

    @property
    def score(self) -> int:
        return self.up - self.down

    @property
    def cast(self) -> int:
        return self.up + self.down

    def highest(self, other: Votes | None) -> Votes:
        """The larger of each; running totals only rise, so order does not matter."""
        if other is None:
            return self
        return Votes(max(self.up, other.up), max(self.down, other.down))

    def lowest(self, other: Votes | None) -> Votes:
        if other is None:
            return self
        return Votes(min(self.up, other.up), min(self.down, other.down))

    def plus(self, other: Votes) -> Votes:
        return Votes(self.up + other.up, self.down + other.down)

    def less(self, base: Votes) -> Votes:
        """What came after ``base``; never negative (a host may reset the counters)."""
        return Votes(max(self.up - base.up, 0), max(self.down - base.down, 0))


@dataclass(frozen=True, slots=True)
class Game:
    """A game of the catalogue. Only its title is sure to be known (contract 2.2)."""

    title: str
    id: int | None = None
    pack: str | None = None
    min_players: int | None = None
    max_players: int | None = None


# --- events: facts that the Picker pushed ------------------------------------------------


@dataclass(frozen=True, slots=True)
class SessionStarted:
    key: SessionKey
    notes: str | None = None
    at: float | None = None


@dataclass(frozen=True, slots=True)
class GameAdded:
    session_id: int
    game: Game
    games_played: int | None = None
    room_code: str | None = None
    at: float | None = None


@dataclass(frozen=True, slots=True)
class VoteReceived:
    """``totals`` are the game's running all-time counters after this vote, never tonight's
    (contract, section 6, point 4)."""

    session_id: int
    game_id: int
    username: str
    up: bool
    voted_at: float | None = None
    totals: Votes | None = None
    at: float | None = None


@dataclass(frozen=True, slots=True)
class SessionEnded:
    session_id: int
    games_played: int | None = None
    at: float | None = None


@dataclass(frozen=True, slots=True)
class RoomSeen:
    """A room code told by ``game.status`` (since v0.6.0)."""

    session_id: int
    game_id: int
    room_code: str
    at: float | None = None


Event = SessionStarted | GameAdded | VoteReceived | SessionEnded | RoomSeen


# --- answers: what the Picker said when asked --------------------------------------------


class RowStatus(StrEnum):
    PLAYING = "playing"
    PLAYED = "played"
    SKIPPED = "skipped"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Row:
    """A row of ``GET /api/sessions/:id/games``: ``id`` is the row's own, ``game.id`` the
    catalogue's. ``totals`` are the game's all-time counters, ``before`` what they were before the
    night's first play of it; each where it is known."""

    id: int
    game: Game
    status: RowStatus = RowStatus.UNKNOWN
    room_code: str | None = None
    played_at: float | None = None
    totals: Votes | None = None
    before: Votes | None = None


@dataclass(frozen=True, slots=True)
class SessionInfo:
    """A session as ``/active`` or ``/sessions/:id`` shows it."""

    key: SessionKey
    active: bool
    games_played: int | None = None
    notes: str | None = None
    closed_at: float | None = None


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What a poll saw. ``seen`` is :attr:`bot.session.State.facts` when its first request
    left. ``session`` is None for a clear "no active session"; ``rows`` is None where the
    list of games could not be read, which says nothing about the games."""

    seen: int
    session: SessionInfo | None
    rows: tuple[Row, ...] | None = None


class Verdict(StrEnum):
    RUNNING = "running"
    ENDED = "ended"
    GONE = "gone"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Confirmed:
    """The answer to a :class:`Confirm` want, or that there was none (``UNKNOWN``)."""

    seen: int
    key: SessionKey
    verdict: Verdict
    info: SessionInfo | None = None
    rows: tuple[Row, ...] | None = None


@dataclass(frozen=True, slots=True)
class Tallied:
    """The answer to a :class:`Tally` want.

    ``counts`` is tonight's count by catalogue id (``GET /api/sessions/:id/votes``), None
    without an answer; ``totals`` the game's all-time counters, asked for only where the
    Picker has no ``/votes``, and ``before`` what they were before the night's first play of it."""

    key: SessionKey
    play: int
    counts: tuple[tuple[int, Votes], ...] | None = None
    totals: Votes | None = None
    before: Votes | None = None


Answer = Snapshot | Confirmed | Tallied
Input = Event | Answer


# --- wants: what the session machine asks for --------------------------------------------


@dataclass(frozen=True, slots=True)
class WantSnapshot:
    pass


@dataclass(frozen=True, slots=True)
class WantConfirm:
    key: SessionKey


@dataclass(frozen=True, slots=True)
class WantTally:
    """``first`` is what must be asked before, within the same three seconds."""

    key: SessionKey
    play: int
    game_id: int | None
    first: WantSnapshot | WantConfirm | None = None


Want = WantSnapshot | WantConfirm | WantTally


@dataclass(frozen=True, slots=True)
class Clock:
    """The time as the session machine is told it. ``skew`` is our clock less the Picker's
    (from its ``Date`` header); ``interval`` is the poll's."""

    now: float
    skew: float = 0.0
    interval: float = 30.0


# --- announcements -----------------------------------------------------------------------


class Kind(StrEnum):
    """The lines, by the names that ``[announce]`` and ``[messages]`` use."""

    SESSION_STARTED = "session_started"
    GAME_ADDED = "game_added"
    ROOM_CODE = "room_code"
    FINAL_VOTES = "final_votes"
    SESSION_ENDED = "session_ended"
    STATS = "stats"
    CATCH_UP = "catch_up"


@dataclass(frozen=True, slots=True)
class Started:
    session_id: int
    notes: str | None = None


@dataclass(frozen=True, slots=True)
class Added:
    game: Game
    room_code: str | None = None


@dataclass(frozen=True, slots=True)
class CodeChanged:
    game: Game
    room_code: str


@dataclass(frozen=True, slots=True)
class Voted:
    game: Game
    votes: Votes


@dataclass(frozen=True, slots=True)
class Over:
    session_id: int


@dataclass(frozen=True, slots=True)
class Scored:
    """A line of the night's scoreboard; ``votes`` is None where nothing could be counted."""

    game: Game
    votes: Votes | None = None


@dataclass(frozen=True, slots=True)
class Stats:
    games_played: int
    started_at: float
    ended_at: float
    scores: tuple[Scored, ...] = ()


@dataclass(frozen=True, slots=True)
class Missed:
    """Games that came while we were away, and the one that runs now."""

    games: tuple[Game, ...]
    running: Game
    room_code: str | None = None


Fact = Started | Added | CodeChanged | Voted | Over | Stats | Missed


@dataclass(frozen=True, slots=True)
class Announcement:
    """Something worth saying, under a key that is the same however we learned it.

    ``at`` is when it happened, by our clock. ``covers`` are the lines that this one stands
    for, oldest first: a channel that does not take this kind gets the newest of each kind
    that it takes."""

    kind: Kind
    key: str
    session: SessionKey
    at: float
    fact: Fact
    play: int | None = None
    covers: tuple[Announcement, ...] = ()


class Stage(StrEnum):
    RUNNING = "running"
    OVER = "over"
    TAKEN_BACK = "taken back"


@dataclass(frozen=True, slots=True)
class Board:
    """What the message of a play shows, on a network that can edit. ``votes`` are tonight's,
    None where they could not be counted."""

    session: SessionKey
    play: int
    game: Game
    room_code: str | None = None
    votes: Votes | None = None
    stage: Stage = Stage.RUNNING


# --- messages ----------------------------------------------------------------------------


class Style(StrEnum):
    PLAIN = "plain"
    BOLD = "bold"
    CODE = "code"
    SPOILER = "spoiler"


@dataclass(frozen=True, slots=True)
class Span:
    text: str
    style: Style = Style.PLAIN


@dataclass(frozen=True, slots=True)
class Field:
    name: str
    value: str
    inline: bool = True


@dataclass(frozen=True, slots=True)
class Card:
    """A richer form of a message's text, for chats that can show one. Plain text without
    markup; the adapter escapes it. ``moments`` are (label, epoch seconds)."""

    title: str
    fields: tuple[Field, ...] = ()
    colour: int | None = None
    image: str | None = None
    moments: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True, slots=True)
class Action:
    """A vote button: up or down, for one play of one night."""

    up: bool
    session: SessionKey
    play: int


@dataclass(frozen=True, slots=True)
class Message:
    """``spans`` are complete in themselves; lines are parted by a newline in their text.
    ``kind`` is that of the first line, ``more_kinds`` are those of the lines joined to it.
    ``link`` is the address of another message of ours, for chats that have such."""

    spans: tuple[Span, ...]
    card: Card | None = None
    actions: tuple[Action, ...] = ()
    kind: Kind | None = None
    link: str | None = None
    more_kinds: tuple[Kind, ...] = ()

    @property
    def kinds(self) -> tuple[Kind, ...]:
        """The kinds of all its lines; none for what is no announcement."""
        return (self.kind, *self.more_kinds) if self.kind else ()

    @property
    def text(self) -> str:
        return "".join(span.text for span in self.spans)


# --- delivery ----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, order=True)
class Target:
    """Where a message goes: an adapter's table and a channel's name in the configuration."""

    adapter: str
    channel: str

    def __str__(self) -> str:
        return f"{self.adapter}/{self.channel}"


class Unit(StrEnum):
    CHARACTERS = "characters"
    BYTES = "bytes"


@dataclass(frozen=True, slots=True)
class Pace:
    """A token bucket: ``burst`` sends at once, then one every ``every`` seconds."""

    burst: int = 1
    every: float = 0.0


@dataclass(frozen=True, slots=True)
class Limits:
    """What a network can carry, read anew at every send.

    ``length`` counts text after the adapter's own markup and escapes (``measure`` of the
    adapter). ``dedupes_for`` is for how many seconds the far side drops a repeat of the
    same key; ``finds`` whether it can be asked what has arrived; ``edit_every`` the least
    time between two edits of one message."""

    length: int
    unit: Unit = Unit.CHARACTERS
    multiline: bool = True
    pace: Pace = Pace()
    edits: bool = False
    edit_every: float = 5.0
    cards: bool = False
    buttons: bool = False
    images: bool = False
    dedupes_for: float = 0.0
    finds: bool = False


class Proof(StrEnum):
    CONFIRMED = "confirmed"
    WRITTEN = "written"


@dataclass(frozen=True, slots=True)
class Receipt:
    proof: Proof
    remote_id: str | None = None


@dataclass(frozen=True, slots=True)
class Accepted:
    """The far side took it."""

    receipt: Receipt


@dataclass(frozen=True, slots=True)
class Deferred:
    """Surely not delivered; worth another try, after ``retry_after`` if that was told."""

    reason: str
    retry_after: float | None = None


@dataclass(frozen=True, slots=True)
class Refused:
    """Never will be delivered."""

    reason: str


@dataclass(frozen=True, slots=True)
class Doubtful:
    """May have been delivered."""

    reason: str


Outcome = Accepted | Deferred | Refused | Doubtful


# --- what becomes of a vote that is handed to the Picker -----------------------------------

SAME_SECOND = 1.0
"""Of two votes of one name no further apart than this the Picker counts one (contract,
section 3)."""


@dataclass(frozen=True, slots=True)
class Counted:
    """The Picker counted it, for the game that its answer names. ``totals`` are that game's
    all-time counters afterwards."""

    game_id: int | None = None
    title: str | None = None
    totals: Votes | None = None


@dataclass(frozen=True, slots=True)
class CountedBefore:
    """A vote of that name is counted already in that second (contract, section 3: 409)."""


@dataclass(frozen=True, slots=True)
class NightOver:
    """The Picker takes no votes any more. Its own words."""

    reason: str


Cast = Counted | CountedBefore | Refused | NightOver | Deferred | Doubtful
"""The answer to a vote, or how there was none: Deferred if it surely did not arrive."""


@dataclass(frozen=True, slots=True)
class NotThere:
    """The Picker was asked for a vote and has none such."""


@dataclass(frozen=True, slots=True)
class NoQuery:
    """The Picker cannot be asked for votes (older than March 2026)."""


Search = Counted | NotThere | NoQuery


class Status(StrEnum):
    PENDING = "pending"
    SENT = "sent"
    UNCONFIRMED = "unconfirmed"
    EXPIRED = "expired"
    DEAD = "dead"


@dataclass(frozen=True, slots=True)
class Delivery:
    """One fact for one target, from the moment it is taken in until its fate is known.

    ``message`` is what the next (or the open) attempt says, ``rest`` what is left to say
    after it, ``part`` its number from 0. ``open`` is set and committed before a send and
    cleared by its outcome, so a row found open after a restart is in doubt. ``doubts``
    counts the messages of this part that may have arrived without proof, ``repeated`` says
    that a channel may show one of them twice. ``withdrawn`` is why it must not be tried
    again, though an attempt was open. ``joined`` is the id of the row whose message carries
    this one too."""

    id: int
    target: Target
    key: str
    kind: Kind
    session: SessionKey
    play: int | None
    message: Message
    created_at: float
    expires_at: float
    status: Status = Status.PENDING
    rest: Message | None = None
    part: int = 0
    attempts: int = 0
    first_tried_at: float | None = None
    tried_at: float | None = None
    open: bool = False
    doubts: int = 0
    repeated: bool = False
    withdrawn: str | None = None
    joined: int | None = None
    reason: str | None = None
    proof: Proof | None = None
    remote_id: str | None = None
    settled_at: float | None = None

    @property
    def send_key(self) -> str:
        """What a network that deduplicates is given: the same for each attempt of a part."""
        return f"{self.target}|{self.key}|{self.part}"


def code_key(room_code: str) -> str:
    """A room code as part of a key: itself if it is plain, else a digest of it, so that
    outside text cannot shape our keys."""
    if room_code.isascii() and room_code.isalnum() and len(room_code) <= 16:
        return room_code
    return sha256(room_code.encode("utf-8", "surrogatepass")).hexdigest()[:16]


# --- what is heard in a chat -------------------------------------------------------------

OPERATOR = "op"
"""The role of an operator of the channel, on networks that have such."""

HOST = "host"
"""The role of somebody whom the adapter itself knows to be a host: who sits at the console."""


@dataclass(frozen=True, slots=True)
class Author:
    """Who spoke. ``id`` is the network's own for the person; ``name`` is the unique name
    (a nick, an account's handle), ``account`` the services account where there is one.
    ``roles`` are the ids, as text, of the roles that they hold in the channel they spoke in;
    an operator of an IRC channel holds :data:`OPERATOR`. No network's own role has the id of
    that, or of :data:`HOST`."""

    id: str
    name: str
    account: str | None = None
    roles: tuple[str, ...] = ()
    is_bot: bool = False


@dataclass(frozen=True, slots=True)
class Line:
    """Text said in a channel, or to us alone (``private``)."""

    target: Target
    author: Author
    text: str
    at: float
    private: bool = False
    handle: object = None


@dataclass(frozen=True, slots=True)
class Tap:
    """A vote button pressed."""

    target: Target
    author: Author
    action: Action
    at: float
    handle: object = None


@dataclass(frozen=True, slots=True)
class Ask:
    """A slash command."""

    target: Target
    author: Author
    command: str
    arguments: tuple[tuple[str, str], ...]
    at: float
    handle: object = None


Heard = Line | Tap | Ask

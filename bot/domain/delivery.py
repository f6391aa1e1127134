"""Where a message goes, what can be carried there, and what became of it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from bot.domain.announcements import Kind
from bot.domain.messages import Message
from bot.domain.night import SessionKey


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

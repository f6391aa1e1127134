"""What an adapter must be. An adapter imports this module and ``bot.domain``, nothing else of ours.

The errors of a send (the whole of what ``deliver`` understands)::

    SendError
     +-- Transient    surely not delivered; try again (after ``retry_after``)
     +-- Permanent    never will be delivered
     +-- Ambiguous    may have been delivered

    AdapterFatal      out of ``run``: waiting cannot help (a bad token); ends this adapter alone
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from hashlib import sha256
from typing import Annotated, Protocol, TypeVar, runtime_checkable

from pydantic import AfterValidator, BaseModel, ConfigDict, SecretStr, ValidationInfo

from bot.domain import Heard, Limits, Message, Receipt


class SendError(Exception):
    """A send that has no receipt. The text is shown to hosts: a clear clause, no secret."""


class Transient(SendError):
    def __init__(self, reason: str, retry_after: float | None = None) -> None:
        super().__init__(reason)
        self.retry_after = retry_after


class Permanent(SendError):
    pass


class Ambiguous(SendError):
    pass


class AdapterFatal(Exception):
    """The adapter cannot go on, and waiting will not help. One sentence, no secret."""


class ChannelSettings(BaseModel):
    """What every channel may set, whatever the network: ``[adapters.X.channels."NAME"]``.

    A kind whose channels need more than a name has a model of its own over this one, and a
    field ``channels: dict[str, ItsChannel]`` in its Settings. Its channels are then tables, and
    their names are the host's own.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    announce: tuple[str, ...] | None = None


class AddressedChannel(ChannelSettings):
    """A channel whose address is itself a secret. A kind says in a model over this one what a
    ``url`` must be, and has a field ``channels: Addressed[ItsChannel]``."""

    url: SecretStr


OneAddressed = TypeVar("OneAddressed", bound=AddressedChannel)


def apart(channels: dict[str, OneAddressed]) -> dict[str, OneAddressed]:
    """``channels``, of which no two may have the same address. Raises ValueError, with names."""
    first: dict[SecretStr, str] = {}
    same = [
        f"{name} has the same url as {first[channel.url]}"
        for name, channel in channels.items()
        if first.setdefault(channel.url, name) != name
    ]
    if same:
        raise ValueError("; ".join(same))
    return channels


Addressed = Annotated[dict[str, OneAddressed], AfterValidator(apart)]
"""Channels by their names, each with an address of its own."""


def ident_of(channels: Mapping[str, AddressedChannel]) -> str:
    """Which addresses these are, without telling them: an ``ident`` for such a kind."""
    urls = sorted(channel.url.get_secret_value() for channel in channels.values())
    return sha256("\n".join(urls).encode()).hexdigest()[:16]


def listed(name: str, info: ValidationInfo) -> str:
    """``name``, which must be one of the table's channels. Raises ValueError with the nearest.

    The configuration gives the look-up as the context of validation; a ``Settings`` that is
    made without one takes any name.
    """
    if info.context is not None:
        info.context(name)
    return name


ChannelName = Annotated[str, AfterValidator(listed)]
"""A key that names one of the table's channels, as in ``keys: dict[ChannelName, SecretStr]``."""


class Memory(Protocol):
    """A small durable map of one adapter, text to text. Never for a secret."""

    def get(self, key: str) -> str | None: ...

    async def put(self, key: str, value: str | None) -> None:
        """On disk when this returns; None removes the key."""


Hear = Callable[[Heard], None]
"""Called with what was heard in a chat; puts it into a bounded queue and returns at once."""


def deaf(_: Heard) -> None:
    """The ``hear`` of an adapter that nobody listens to: it then offers nothing to press and
    nothing to ask, since there would be no answer."""


class Adapter(Protocol):
    """One connection to one chat network, serving all channels of its table.

    ``limits`` is read at every send and may change while running.
    """

    @property
    def limits(self) -> Limits: ...

    def measure(self, message: Message) -> int:
        """How long ``message`` is on this network in ``limits.unit``, markup and escapes
        included: what ``limits.length`` bounds. Pure."""

    async def run(self) -> None:
        """Connect, stay connected, reconnect. Ends by cancellation, leaving no task, socket
        or thread behind, or raises :class:`AdapterFatal`."""

    async def send(self, channel: str, message: Message, *, key: str) -> Receipt:
        """Say ``message``, which is within ``limits``. Never waits for a connection, never
        retries, never splits, never logs and returns. May be called for several channels at
        once, never twice at once for one.

        Raises Transient, Permanent or Ambiguous, and nothing else.
        """

    async def verify(self, channel: str) -> None:
        """Whether ``channel`` can be spoken in now, without saying anything; raises
        Transient (not yet) or Permanent (never), each with the reason. For ``check --online``."""

    async def reply(self, handle: object, message: Message, private: bool) -> None:
        """Answer what was heard, by its handle. Not retried."""


@runtime_checkable
class Edits(Adapter, Protocol):
    """An adapter whose messages can be changed after they were sent."""

    async def edit(self, channel: str, remote_id: str, message: Message) -> None:
        """Let our message show ``message`` instead; doing it twice changes nothing more.
        Raises as ``send`` does: Permanent where the message is gone or not to be changed."""


@runtime_checkable
class Finds(Protocol):
    """An adapter that can be asked what has arrived."""

    async def find(self, channel: str, message: Message, since: float) -> str | None:
        """The remote id of ``message`` if it was said by us since that moment, else None."""


@runtime_checkable
class Links(Protocol):
    """An adapter whose messages have an address."""

    def link(self, channel: str, remote_id: str) -> str | None:
        """Where a message of ours can be read, if that is known. Does not wait."""


@runtime_checkable
class Shows(Protocol):
    """An adapter that shows beside the bot's name what it is about."""

    async def show(self, playing: str | None) -> None:
        """Show a game's title, or nothing, from now on. Raises nothing."""


@runtime_checkable
class Exempts(Protocol):
    """An adapter whose network does not count some answers against ``limits.pace``."""

    def is_exempt(self, handle: object) -> bool:
        """Whether it does not count an answer by this handle. Does not wait."""


@runtime_checkable
class Named(Protocol):
    """An adapter that knows what we are called, so that people can talk to us by name."""

    def names(self, channel: str) -> tuple[str, ...]:
        """What we are called in that channel now: our nick, and ``<@id>`` where that is how the
        network mentions us. Empty while it is not known. Does not wait."""


@runtime_checkable
class Reacts(Protocol):
    """An adapter that can mark a line as taken, in place of a word."""

    async def react(self, handle: object, up: bool) -> None:
        """Mark the voter's line that was heard with this handle. Raises as ``reply`` does; not
        retried."""

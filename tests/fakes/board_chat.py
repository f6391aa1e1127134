"""A chat whose messages can be edited, with a memory of what each shows."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass, field

from chat import Chat

from bot.domain import Limits, Message, Receipt


@dataclass
class BoardChat(Chat):
    """``shows`` is what each message shows by its remote id, ``edits`` every edit that was
    asked for, as (moment, remote id, text). Troubles of edits are raised first, in order."""

    clock: Callable[[], float] = lambda: 0.0
    limits: Limits = field(default_factory=lambda: Limits(length=400, edits=True, buttons=True))
    shows: dict[str, Message] = field(default_factory=dict)
    edits: list[tuple[float, str, str]] = field(default_factory=list)
    edit_troubles: dict[str, deque[BaseException]] = field(
        default_factory=lambda: defaultdict(deque)
    )
    private: list[tuple[object, Message]] = field(default_factory=list)
    marks: list[tuple[object, bool]] = field(default_factory=list)
    mark_troubles: deque[BaseException] = field(default_factory=deque)

    async def send(self, channel: str, message: Message, *, key: str) -> Receipt:
        receipt = await super().send(channel, message, key=key)
        assert receipt.remote_id is not None
        self.shows[receipt.remote_id] = message
        return receipt

    async def edit(self, channel: str, remote_id: str, message: Message) -> None:
        self.edits.append((self.clock(), remote_id, message.text))
        if self.edit_troubles[channel]:
            raise self.edit_troubles[channel].popleft()
        self.shows[remote_id] = message

    async def reply(self, handle: object, message: Message, private: bool) -> None:
        await super().reply(handle, message, private)
        if private:
            self.private.append((handle, message))

    async def react(self, handle: object, up: bool) -> None:
        self.marks.append((handle, up))
        if self.mark_troubles:
            raise self.mark_troubles.popleft()

    def names(self, channel: str) -> tuple[str, ...]:
        return ("nightcrier",)

    def link(self, channel: str, remote_id: str) -> str | None:
        return f"https://chat.example/{channel}/{remote_id}"

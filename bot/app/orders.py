"""Orders of hosts: be quiet, speak again, say the last line again, log in to the Picker anew."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace

from bot import answers, outbox
from bot.app.answering import is_private
from bot.app.parts import Parts
from bot.ballots import voter_of
from bot.chat import Mute, Order
from bot.cooldown import Cooldown
from bot.deliver import Lane
from bot.domain import Ask, Delivery, Kind, Line, Message, SessionKey, Target
from bot.formatter import Value
from bot.session import State
from bot.store import Ledger, StoreError

log = logging.getLogger(__name__)

_MOST_DENIED = 1000
_DENIALS = (3, 10.0)
_RECONNECT_EVERY = 10.0


@dataclass(frozen=True, slots=True)
class _Playing:
    """The game that runs, and its line as it would be now."""

    session: SessionKey
    play: int
    message: Message


class Orders:
    """Follows the orders of hosts, and tells everybody else no, once."""

    def __init__(
        self,
        parts: Parts,
        lanes: Mapping[Target, Lane],
        tasks: asyncio.TaskGroup,
        *,
        state: Callable[[], State],
    ) -> None:
        self._picker = parts.picker
        self._store = parts.store
        self._wording = parts.wording
        self._listening = parts.listening
        self._time = parts.time
        self._lanes = lanes
        self._tasks = tasks
        self._state = state
        self._denied: set[str] = set()
        self._denials = Cooldown(*_DENIALS)
        self._reconnects = Cooldown(1, _RECONNECT_EVERY)

    def take(self, order: Mute | Order, by: Line | Ask) -> None:
        """Follow an order, beside everything else, or deny it."""
        if self._listening.hosts.allow(by):
            log.info("%s orders in %s: %s", voter_of(by), by.target, _name(order))
            self._tasks.create_task(self._answer(self._done(order, by), by))
        elif self._may_deny(by):
            self._tasks.create_task(self._answer(self._denied_by(by), by))

    def _may_deny(self, by: Line | Ask) -> bool:
        """A slash command waits for its answer; a line is denied once for each person."""
        if isinstance(by, Ask):
            return True
        known = voter_of(by)
        if known in self._denied or len(self._denied) >= _MOST_DENIED:
            return False
        self._denied.add(known)
        return by.private or self._denials.take(by.target, self._time.monotonic())

    async def _denied_by(self, by: Line | Ask) -> Message | None:
        """Where nothing is announced at the moment, this is not said either."""
        now = self._time.now()
        if not is_private(by) and await self._store.write(
            lambda ledger: ledger.mutes.holds(by.target, now)
        ):
            return None
        return self._wording.say("order_denied")

    async def _answer(self, work: Awaitable[Message | None], by: Line | Ask) -> None:
        try:
            said = await work
        except StoreError:
            raise
        except Exception:
            log.exception("an order could not be followed")
            return
        if said is not None:
            self._reply(by, said)

    async def _done(self, order: Mute | Order, by: Line | Ask) -> Message | None:
        """Follow an order; what to answer."""
        match order:
            case Mute(span):
                return await self._mute(span, by)
            case Order.UNMUTE:
                return await self._unmute(by)
            case Order.SAY_AGAIN:
                return await self._say_again(by)
        if self._reconnects.take(Order.RECONNECT, self._time.monotonic()):
            self._picker.reconnect()
        return self._wording.say("order_reconnect")

    async def _mute(self, span: float | None, by: Line | Ask) -> Message:
        if span is None:
            prefix = "/" if isinstance(by, Ask) else self._listening.rules.prefix
            return self._wording.say("order_mute_how", prefix=prefix)
        targets, until, night = self._meant(by), self._time.now() + span, self._state().current
        key = night.key if night else None
        await self._store.write(lambda ledger: ledger.mutes.set(targets, until, key))
        length = self._wording.length(span)
        told = _everywhere(by) | ({"span": length} if length else {})
        return self._wording.say("order_mute", **told)

    async def _unmute(self, by: Line | Ask) -> Message:
        targets = self._meant(by)
        lifted = await self._store.write(lambda ledger: ledger.mutes.lift(targets))
        if not lifted:
            return self._wording.say("order_unmute_none")
        return self._wording.say("order_unmute", **_everywhere(by))

    async def _say_again(self, by: Line | Ask) -> Message | None:
        targets, now = self._meant(by), self._time.now()
        playing = self._playing()
        again = await self._store.write(lambda ledger: _again(ledger, targets, now, playing))
        for target in targets:
            self._lanes[target].wake()
        if again is not None:
            return self._wording.say(again)
        return self._wording.say("order_say_again") if is_private(by) else None

    def _playing(self) -> _Playing | None:
        state = self._state()
        play, message = answers.running_play(state), answers.now_playing(state, self._wording)
        if state.current is None or play is None or message is None:
            return None
        return _Playing(state.current.key, play.number, message)

    def _meant(self, by: Line | Ask) -> tuple[Target, ...]:
        """The channel that an order was given in; in private, all those of the connection."""
        if _everywhere(by):
            return tuple(lane for lane in self._lanes if lane.adapter == by.target.adapter)
        return (by.target,) if by.target in self._lanes else ()

    def _reply(self, by: Line | Ask, said: Message) -> None:
        if lane := self._lanes.get(by.target):
            lane.reply(by.handle, said, private=is_private(by))


def _everywhere(by: Line | Ask) -> dict[str, Value]:
    """A value that is there if an order is for more than the channel in which it was given."""
    return {"everywhere": 1} if isinstance(by, Line) and by.private else {}


def _again(
    ledger: Ledger, targets: tuple[Target, ...], now: float, playing: _Playing | None
) -> str | None:
    """Say the last line of some channels again; the wording of why not, if nothing is said."""
    loud = [target for target in targets if not ledger.mutes.holds(target, now)]
    rows = [row for target in loud if (row := _to_say(ledger.last_said(target), playing))]
    for row in rows:
        ledger.add(outbox.again(row, now))
    if rows:
        return None
    return "order_say_nothing" if loud else "order_muted"


def _to_say(row: Delivery | None, playing: _Playing | None) -> Delivery | None:
    """The last line of a channel; but what runs now instead of a line that went out in parts, or
    of a game that is over, since its room is closed."""
    if row is None or not (row.part or _is_stale(row, playing)):
        return row
    if playing is None:
        return None
    return replace(
        row,
        key=f"{playing.session}/{playing.play}/game",
        kind=Kind.GAME_ADDED,
        session=playing.session,
        play=playing.play,
        message=playing.message,
    )


def _is_stale(row: Delivery, playing: _Playing | None) -> bool:
    of_a_game = row.kind in (Kind.GAME_ADDED, Kind.ROOM_CODE, Kind.CATCH_UP)
    running = playing is not None and (row.session, row.play) == (playing.session, playing.play)
    return of_a_game and not running


def _name(order: Mute | Order) -> str:
    return "mute" if isinstance(order, Mute) else order.value

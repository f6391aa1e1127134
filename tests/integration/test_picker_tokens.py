"""Tokens that a Picker does not take any more: a new one within the same request."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import pytest
from clock import FakeTime
from faults import BROKEN, FORBIDDEN, UNAUTHORIZED, Fault, Faults
from host import Host, hosting

from bot.domain import Counted, Deferred
from bot.picker.faults import Address
from bot.picker.rest import RENEW_EVERY, Rest
from bot.sandbox import Sandbox
from bot.wire import Unclear

KEY = "correct horse"
GAME = "Drawful 2"
POST, LOGIN, ACTIVE = "POST /api/votes/live", "POST /api/auth/login", "GET /api/sessions/active"


@dataclass
class Stage:
    rest: Rest
    sandbox: Sandbox
    faults: Faults
    host: Host
    time: FakeTime
    refusals: list[str]

    async def cast(self, name: str = "ann") -> object:
        return await self.rest.cast(name, True, self.time.now(), None)

    @property
    def logins(self) -> int:
        """Ours; the host has logged in before."""
        return self.faults.asked.count(LOGIN) - 1


@asynccontextmanager
async def staged() -> AsyncIterator[Stage]:
    """A night with a game, and a client that has logged in."""
    time, faults, refusals = FakeTime(), Faults(), list[str]()
    sandbox = Sandbox(KEY, time=time, middlewares=[faults.middleware])
    async with sandbox.serve() as url, hosting(url, KEY, time) as host:
        await host.add(await host.start(), GAME)
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        rest = Rest(Address.of(url), time, tls=tls, token=None)
        rest.on_refused = lambda: refusals.append("refused")
        await rest.login(KEY)
        yield Stage(rest, sandbox, faults, host, time, refusals)


async def test_a_dead_token_costs_a_login_and_no_vote() -> None:
    """A Picker that was started anew counts the votes of a crowd at once, after one login."""
    async with staged() as stage:
        stage.sandbox.forget_tokens()
        outcomes = await asyncio.gather(*(stage.cast(f"person{n}") for n in range(8)))
        assert all(isinstance(outcome, Counted) for outcome in outcomes)
        assert stage.logins == 2
        assert stage.refusals == []


@pytest.mark.parametrize("fault", [UNAUTHORIZED, FORBIDDEN], ids=["401", "403"])
async def test_a_question_is_asked_once_more(fault: Fault) -> None:
    """A question whose token is refused is answered all the same."""
    async with staged() as stage:
        stage.faults.put(ACTIVE, fault, times=1)
        assert await stage.rest.active() is not None
        assert stage.faults.asked.count(ACTIVE) == 2


async def test_a_picker_that_refuses_every_token() -> None:
    """It is asked twice and no more, is told of, and is not logged in to over and over."""
    async with staged() as stage:
        stage.faults.put(POST, FORBIDDEN)
        assert isinstance(await stage.cast(), Deferred)
        assert stage.faults.asked.count(POST) == 2
        assert isinstance(await stage.cast(), Deferred)
        assert (stage.logins, stage.refusals) == (2, ["refused", "refused"])
        await stage.time.advance(RENEW_EVERY)
        assert isinstance(await stage.cast(), Deferred)
        assert stage.logins == 3


@pytest.mark.parametrize("fault", [UNAUTHORIZED, BROKEN], ids=["key refused", "in trouble"])
async def test_a_login_that_fails(fault: Fault) -> None:
    """Without a new token the first answer stands, and the link is told."""
    async with staged() as stage:
        stage.sandbox.forget_tokens()
        stage.faults.put(LOGIN, fault)
        assert isinstance(await stage.cast(), Deferred)
        assert stage.refusals == ["refused"]


async def test_a_ready_token_cannot_be_renewed() -> None:
    """Where there is no key there is no login, and one question."""
    async with staged() as stage:
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        address = Address.of(str(stage.host.client.base_url))
        rest = Rest(address, stage.time, tls=tls, token="old")
        stage.faults.put(ACTIVE, FORBIDDEN)
        with pytest.raises(Unclear):
            await rest.active()
        assert (stage.logins, stage.faults.asked.count(ACTIVE)) == (1, 1)

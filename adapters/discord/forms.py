"""What a message is on Discord, and doing with less of it where that is refused."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import discord

from adapters.discord import markup, places
from adapters.discord.client import Client, buttons
from adapters.discord.errors import (
    ARCHIVED,
    INVALID_FORM,
    MISSING_PERMISSIONS,
    Refusal,
    guarded,
)
from adapters.discord.pings import roles_for
from adapters.discord.settings import Settings
from adapters.discord.threads import reopen
from bot.domain import Message

log = logging.getLogger(__name__)

Call = Callable[..., Awaitable[Any]]


class Forms:
    """Of one adapter; ``pressed`` is whether anybody hears the buttons. It remembers the places
    in which a card is refused, until :meth:`forget_refusals`."""

    def __init__(self, settings: Settings, *, pressed: bool) -> None:
        self._settings = settings
        self._pressed = pressed
        self._plain: set[int] = set()

    def forget_refusals(self) -> None:
        self._plain.clear()

    def content(self, message: Message) -> str:
        return markup.content(message, roles_for(self._settings, message))

    def of(self, place: int, message: Message) -> dict[str, Any]:
        """What discord.py's send and edit take alike."""
        form: dict[str, Any] = {"content": self.content(message)}
        if message.card is not None and place not in self._plain:
            form["embed"] = markup.embed(message.card)
        if self._pressed and (view := buttons(message.actions, message.link)):
            form["view"] = view
        if roles := roles_for(self._settings, message):
            named = [discord.Object(role) for role in roles]
            form["allowed_mentions"] = discord.AllowedMentions(
                everyone=False, users=False, replied_user=False, roles=named
            )
        return form

    async def attempt(self, client: Client, place: int, message: Message, call: Call) -> Any:
        """``call`` with the message's form; reopens an archived thread and does without a card
        that is refused, since a request that was refused has surely done nothing."""
        try:
            return await self._call(client, place, message, call)
        except Refusal as error:
            if error.code == ARCHIVED:
                await reopen(client, place)
                return await self._call(client, place, message, call)
            refusal = error
        if not self._may_be_the_card(refusal, place, message):
            raise refusal
        done = await self._call(client, place, replace(message, card=None), call)
        why = await places.named(client, place, refusal, places.FOR_A_CARD)
        log.warning("channel %s: plain text, since the card is refused: %s", place, why)
        if refusal.code == MISSING_PERMISSIONS:
            self._plain.add(place)
        return done

    async def _call(self, client: Client, place: int, message: Message, call: Call) -> Any:
        async with guarded(client.http):
            return await call(**self.of(place, message))

    def _may_be_the_card(self, error: Refusal, place: int, message: Message) -> bool:
        codes = (INVALID_FORM, MISSING_PERMISSIONS)
        return message.card is not None and place not in self._plain and error.code in codes

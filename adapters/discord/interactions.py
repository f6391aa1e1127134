"""First responses to taps and commands, and the answers that follow within 15 minutes.

discord.py tries again after a server's error, and not when a connection breaks; a person who
tapped can do nothing about either, so here both are tried again while it is of use.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

import discord

from adapters.discord.errors import Refusal, Revoked, guarded
from bot.port import Ambiguous, Permanent, SendError, Transient

log = logging.getLogger(__name__)

RESPOND_WITHIN, ONE_RESPONSE = 3.0, 1.0
"""Seconds for the first response (receiving-and-responding, Interaction Callback), and for one
try."""
ANSWER_WITHIN = 10.0
"""Seconds for an answer, of the 15 after which it is not worth sending."""
_PAUSE = 0.1
_ANSWERED = "answered"

Call = Callable[[], Awaitable[Any]]


async def acknowledge(interaction: discord.Interaction[Any], *, thinking: bool) -> bool:
    """Whether the person may have seen that it was taken. Where it surely was not in time,
    they have been told that it failed."""
    try:
        await _insist(
            lambda: interaction.response.defer(ephemeral=True, thinking=thinking),
            within=RESPOND_WITHIN,
            each=ONE_RESPONSE,
        )
    except Ambiguous as error:
        # "already acknowledged" (40060) after a broken connection among them: that was by us
        log.debug("the acknowledgement of a tap or command is in doubt, so it counts: %s", error)
    except SendError as error:
        log.warning("a tap or command could not be acknowledged: %s", error)
        return False
    return True


async def refuse(interaction: discord.Interaction[Any]) -> None:
    """Where we announce nothing, nobody of ours would answer."""
    text = "I announce nothing in this channel, so I have nothing to tell here."
    with suppress(SendError):
        await _insist(
            lambda: interaction.response.send_message(text, ephemeral=True),
            within=RESPOND_WITHIN,
            each=ONE_RESPONSE,
        )


async def follow_up(
    interaction: discord.Interaction[Any], form: dict[str, Any], private: bool
) -> None:
    """Answer a tap or a command. Raises as a send does.

    A command's first answer takes the place of "is thinking", by an edit, which may be repeated
    as often as needed. A tap's is a note of its own (its original is the board), which is repeated
    once after a doubt: its voter may read it twice, which is better than never.
    """
    is_command = interaction.type is discord.InteractionType.application_command
    try:
        if is_command and _ANSWERED not in interaction.extras:
            await _insist(lambda: interaction.edit_original_response(**form), within=ANSWER_WITHIN)
        else:
            await _insist(
                lambda: interaction.followup.send(**form, ephemeral=private),
                within=ANSWER_WITHIN,
                doubts=1,
            )
    except Revoked as error:
        # here 401 speaks of the interaction's own token
        raise Permanent("it is too late to answer") from error
    interaction.extras[_ANSWERED] = True


async def _insist(
    call: Call, *, within: float, each: float = ANSWER_WITHIN, doubts: int | None = None
) -> None:
    """``call`` until it is done or refused, for ``within`` seconds, and after no more than
    ``doubts`` tries whose outcome is unknown. Raises as a send does, and Ambiguous if any try
    may have been carried out."""
    now = asyncio.get_running_loop().time
    end, pause, doubted = now() + within, _PAUSE, 0
    while True:
        try:
            return await _try(call, min(end, now() + each))
        except SendError as error:
            doubted += _is_doubt(error)
            wait = (isinstance(error, Transient) and error.retry_after) or pause
            too_often = doubts is not None and doubted > doubts
            if isinstance(error, Permanent | Revoked) or too_often or now() + wait >= end:
                if doubted and not isinstance(error, Ambiguous):
                    raise Ambiguous(str(error)) from error
                raise
        await asyncio.sleep(wait)
        pause *= 2


async def _try(call: Call, until: float) -> None:
    async with guarded(), asyncio.timeout_at(until):
        await call()


def _is_doubt(error: SendError) -> bool:
    return isinstance(error, Ambiguous) or (isinstance(error, Refusal) and error.after_failure)

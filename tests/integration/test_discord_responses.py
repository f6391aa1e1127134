"""Acknowledgements and notes while the connection to Discord breaks, on the look-alike."""

from __future__ import annotations

import pytest
from discord_faults import Act, Fault
from discord_interactions import DEFERRED_MESSAGE, DEFERRED_UPDATE
from discord_stage import NIGHT, Stage, plain, playing, until

from bot.domain import Action
from bot.port import Ambiguous

VOTES = (Action(True, NIGHT, 3), Action(False, NIGHT, 3))
UP = f"nc1:{NIGHT}:3:up"
UNKNOWN = {"code": 10062, "message": "Unknown interaction"}
TAKEN = {"code": 40060, "message": "Interaction has already been acknowledged."}
FOLLOW_UP = r"POST .*/webhooks/\d+/[^/]+$"
ORIGINAL = r"PATCH .*/messages/@original"


async def tapped(stage: Stage, name: str = "alice"):
    await stage.send(plain("Next up: Fibbage 4", actions=VOTES))
    return await stage.peer.interactions.tap(stage.message(), UP, stage.peer.person(name))


def asked(stage: Stage, part: str) -> int:
    return sum(part in each.path for each in stage.peer.weather.log)


@pytest.mark.parametrize("act", [Act.RESET, Act.STORE_THEN_RESET, Act.STORE_THEN_ANSWER])
async def test_an_acknowledgement_that_breaks_is_tried_again(peer, act):
    """Whether or not it had arrived, the tap is acknowledged in time and heard once."""
    async with playing(Stage(peer)) as stage:
        peer.weather.faults.append(Fault("callback", act))
        begun = await tapped(stage)
        (tap,) = await until(lambda: stage.heard, "the tap")
        assert tap.author.name == "alice"
        assert (begun.callback, asked(stage, "callback")) == (DEFERRED_UPDATE, 2)
        assert begun.after < 3


async def test_an_acknowledgement_that_hangs_is_tried_again(peer):
    """Within the three seconds another try is made, and the person sees no failure."""
    async with playing(Stage(peer)) as stage:
        peer.weather.faults.append(Fault("callback", Act.HANG))
        begun = await tapped(stage)
        await until(lambda: stage.heard, "the tap")
        assert begun.callback == DEFERRED_UPDATE
        assert begun.after < 3
        peer.weather.clear()


async def test_a_doubtful_acknowledgement_counts(peer):
    """Acknowledged, as the person sees, and refused at the repeat: the tap is heard."""
    async with playing(Stage(peer)) as stage:
        peer.weather.faults.append(Fault("callback", Act.STORE_THEN_RESET))
        peer.weather.faults.append(Fault("callback", status=404, body=UNKNOWN))
        begun = await tapped(stage)
        await until(lambda: stage.heard, "the tap")
        assert begun.callback == DEFERRED_UPDATE


async def test_another_session_of_the_bot_has_it(peer):
    """A tap that somebody else acknowledged, without any doubt of ours, is not heard here."""
    async with playing(Stage(peer)) as stage:
        peer.weather.faults.append(Fault("callback", status=400, body=TAKEN))
        await tapped(stage, "theirs")
        await peer.interactions.tap(stage.message(), UP, peer.person("alice"))
        await until(lambda: stage.heard, "the other tap")
        assert [tap.author.name for tap in stage.heard] == ["alice"]


async def test_a_word_to_one_elsewhere_is_tried_again(peer):
    """That nothing is announced in a channel is told through a broken connection too."""
    async with playing(Stage(peer)) as stage:
        peer.weather.faults.append(Fault("callback", Act.RESET))
        elsewhere = peer.world.add_channel("elsewhere")
        begun = await peer.interactions.slash(elsewhere, "night", peer.person("alice"))
        await until(lambda: begun.private, "the answer")
        assert stage.heard == []


async def test_a_note_that_breaks_is_tried_again(peer):
    """A voter hears of their vote although the connection broke at the note."""
    async with playing(Stage(peer)) as stage:
        begun = await tapped(stage)
        (tap,) = await until(lambda: stage.heard, "the tap")
        peer.weather.faults.append(Fault(FOLLOW_UP, Act.RESET))
        await stage.adapter.reply(tap.handle, plain("Counted"), True)
        assert begun.private == ["Counted"]


async def test_a_note_in_doubt_is_repeated_once(peer):
    """A note cannot be asked for, so its voter reads it twice at the most."""
    async with playing(Stage(peer)) as stage:
        begun = await tapped(stage)
        (tap,) = await until(lambda: stage.heard, "the tap")
        peer.weather.faults.append(Fault(FOLLOW_UP, Act.STORE_THEN_RESET, times=9))
        with pytest.raises(Ambiguous):
            await stage.adapter.reply(tap.handle, plain("Counted"), True)
        assert begun.private == ["Counted"] * 2


async def test_a_note_refused_after_a_failure_is_in_doubt(peer):
    """A refusal says nothing of a try before it, which Discord's trouble may have let through."""
    async with playing(Stage(peer)) as stage:
        begun = await tapped(stage)
        (tap,) = await until(lambda: stage.heard, "the tap")
        peer.weather.faults.append(Fault(FOLLOW_UP, Act.STORE_THEN_ANSWER, status=502))
        peer.weather.faults.append(Fault(FOLLOW_UP, status=404, body=UNKNOWN))
        with pytest.raises(Ambiguous):
            await stage.adapter.reply(tap.handle, plain("Counted"), True)
        assert begun.private == ["Counted"]


async def test_a_commands_answer_comes_once(peer):
    """It takes the place of "is thinking", so that a repeat changes nothing; a second part, or
    a later word, is a note of its own."""
    async with playing(Stage(peer)) as stage:
        begun = await peer.interactions.slash(stage.games, "votes", peer.person("alice"))
        (ask,) = await until(lambda: stage.heard, "the command")
        peer.weather.faults.append(Fault(ORIGINAL, Act.STORE_THEN_RESET, times=2))
        await stage.adapter.reply(ask.handle, plain("5👍 1👎", actions=VOTES), True)
        await stage.adapter.reply(ask.handle, plain("and more"), True)
        assert begun.callback == DEFERRED_MESSAGE
        assert begun.private == ["5👍 1👎", "and more"]
        assert begun.said[0].components[0]["components"][0]["custom_id"] == UP

"""Taps, slash commands, the gateway and what is registered, on the Discord look-alike."""

from __future__ import annotations

import pytest
from discord_faults import Act, Fault
from discord_interactions import DEFERRED_MESSAGE, DEFERRED_UPDATE
from discord_stage import NIGHT, Stage, plain, playing, until

from bot.domain import Action, Ask, Tap, Target
from bot.port import Permanent, deaf

VOTES = (Action(True, NIGHT, 3), Action(False, NIGHT, 3))
UP = f"nc1:{NIGHT}:3:up"


async def board(stage: Stage):
    await stage.send(plain("Next up: Fibbage 4", actions=VOTES))
    return stage.message()


# --- taps -------------------------------------------------------------------------------------


async def test_a_tap_is_acknowledged_and_heard(peer):
    """A tap is deferred without a spinner, and tells who, where, when and for which play."""
    async with playing(Stage(peer)) as stage:
        message = await board(stage)
        begun = await peer.interactions.tap(message, UP, peer.person("alice"))
        (tap,) = await until(lambda: stage.heard, "the tap")
        assert isinstance(tap, Tap)
        assert tap.target == Target("night", stage.channel)
        assert (tap.author.id, tap.author.name) == (str(begun.user.id), "alice")
        assert tap.action == Action(True, NIGHT, 3)
        assert abs(tap.at - begun.at) < 0.01
        assert begun.callback == DEFERRED_UPDATE
        assert begun.after < 3


async def test_a_tap_is_answered_for_the_voter_alone(peer):
    """The answer is a note that only the voter sees; the channel shows nothing of it."""
    async with playing(Stage(peer)) as stage:
        begun = await peer.interactions.tap(await board(stage), UP, peer.person("alice"))
        (tap,) = await until(lambda: stage.heard, "the tap")
        await stage.adapter.reply(tap.handle, plain("Counted: *1*👍"), True)
        assert begun.private == ["Counted: \\*1\\*👍"]
        assert stage.adapter.is_exempt(tap.handle), "it is none of the bot's own messages"
        assert len(stage.contents) == 1


async def test_a_button_outlives_a_restart(peer):
    """Another process with an empty memory hears a tap on a board of the last one."""
    async with playing(Stage(peer)) as stage:
        message = await board(stage)
    async with playing(Stage(peer)) as again:
        await peer.interactions.tap(message, f"nc1:{NIGHT}:3:down", peer.person("bob"))
        (tap,) = await until(lambda: again.heard, "the tap")
        assert tap.action == Action(False, NIGHT, 3)


@pytest.mark.parametrize(
    "custom_id",
    [
        "nc1:17-1762563600:0:up",
        "nc1:17-1762563600:3:sideways",
        "nc1:17:3:up",
        "nc2:17-1762563600:3:up",
        "nc1:17-1762563600:3:up\n",
        "nc1:99999999999999999999-1:3:up",
        "somebody else's",
    ],
)
async def test_a_button_of_another_form_is_not_heard(peer, custom_id):
    """What is not exactly one of our buttons is nothing to us; a good one after it is heard."""
    async with playing(Stage(peer)) as stage:
        message = await board(stage)
        row = message.components[0]["components"]
        row.append({**row[0], "custom_id": custom_id})
        odd = await peer.interactions.tap(message, custom_id, peer.person("mallory"))
        await peer.interactions.tap(message, UP, peer.person("alice"))
        await until(lambda: stage.heard, "the good one")
        assert [tap.author.name for tap in stage.heard] == ["alice"]
        assert odd.callback is None


async def test_a_tap_that_was_too_slow_is_not_counted(peer):
    """An acknowledgement that comes too late told the person that it failed, so it did."""
    async with playing(Stage(peer)) as stage:
        message = await board(stage)
        unknown = {"code": 10062, "message": "Unknown interaction"}
        peer.weather.faults.append(Fault("callback", status=404, body=unknown))
        await peer.interactions.tap(message, UP, peer.person("late"))
        await peer.interactions.tap(message, UP, peer.person("alice"))
        await until(lambda: stage.heard, "the good one")
        assert [tap.author.name for tap in stage.heard] == ["alice"]


async def test_an_answer_after_a_quarter_of_an_hour_is_permanent(peer):
    """The interaction's own token ends; that says nothing about the bot's."""
    async with playing(Stage(peer)) as stage:
        await peer.interactions.tap(await board(stage), UP, peer.person("alice"))
        (tap,) = await until(lambda: stage.heard, "the tap")
        peer.world.shift += 901
        with pytest.raises(Permanent, match="too late"):
            await stage.adapter.reply(tap.handle, plain("Counted"), True)
        await stage.send("still here", "end")
        assert stage.contents[-1] == "still here"


async def test_a_tap_in_a_channel_of_nobody_is_told_so(peer):
    """A board in a channel that is configured no more gives no vote, and a word to the voter."""
    async with playing(Stage(peer)) as stage:
        elsewhere = peer.world.add_channel("elsewhere")
        await board(stage)
        moved = peer.world.store(elsewhere, peer.world.bot, {"content": "x"})
        moved.components = stage.message().components
        begun = await peer.interactions.tap(moved, UP, peer.person("alice"))
        await until(lambda: begun.said, "the answer")
        assert "nothing in this channel" in begun.private[0]
        assert stage.heard == []


async def test_a_tap_in_a_thread_belongs_to_its_channel(peer):
    """A board in a thread of a configured channel is that channel's."""
    async with playing(Stage(peer)) as stage:
        await board(stage)
        thread = peer.world.add_thread(stage.games, "tonight")
        moved = peer.world.store(thread, peer.world.bot, {"content": "x"})
        moved.components = stage.message().components
        await peer.interactions.tap(moved, UP, peer.person("alice"))
        (tap,) = await until(lambda: stage.heard, "the tap")
        assert tap.target.channel == stage.channel


async def test_nobody_listens(peer):
    """Where nobody listens (``nightcrier check --online``) there is nothing to press, and the
    bot beside it keeps its commands and hears every tap."""
    async with playing(Stage(peer)) as bot:
        commands, message = list(peer.world.commands), await board(bot)
        deaf_one = Stage(peer)
        deaf_one.adapter = deaf_one.build(deaf_one.channel, hear=deaf)
        async with playing(deaf_one, gateway=False):
            await deaf_one.send(plain("elsewhere", actions=VOTES), "test")
            assert not bot.message().components
            connections = peer.gateway.log.count("connect")
            await peer.interactions.tap(message, UP, peer.person("alice"))
            await until(lambda: bot.heard, "the tap")
        assert (peer.world.commands, connections) == (commands, 1)
    assert commands


# --- commands -----------------------------------------------------------------------------------


async def test_a_command_is_heard_and_answered(peer):
    """A slash command is deferred for the asker alone, heard, and answered with buttons."""
    async with playing(Stage(peer)) as stage:
        begun = await peer.interactions.slash(stage.games, "votes", peer.person("alice"))
        (ask,) = await until(lambda: stage.heard, "the command")
        assert isinstance(ask, Ask)
        assert (ask.command, ask.arguments, ask.author.name) == ("votes", (), "alice")
        assert begun.callback == DEFERRED_MESSAGE
        await stage.adapter.reply(ask.handle, plain("5👍 1👎", actions=VOTES), True)
        assert begun.private == ["5👍 1👎"]
        assert begun.said[0].components[0]["components"][0]["custom_id"] == UP
        await peer.interactions.tap(begun.said[0], UP, peer.person("alice"))
        (_, tap) = await until(lambda: len(stage.heard) == 2 and stage.heard, "the tap")
        assert tap.action == VOTES[0]


async def test_an_order_and_who_gives_it(peer):
    """A host's order comes with its argument and with the ids of the host's roles."""
    role = peer.world.add_role("hosts")
    async with playing(Stage(peer)) as stage:
        host = peer.person("dana", role.id)
        await peer.interactions.slash(stage.games, "mute", host, span="1h 30m")
        await peer.interactions.slash(stage.games, "say-again", host)
        mute, again = await until(lambda: len(stage.heard) == 2 and stage.heard, "the orders")
    assert (mute.command, mute.arguments) == ("mute", (("span", "1h 30m"),))
    assert (again.command, again.arguments) == ("say-again", ())
    assert str(role.id) in mute.author.roles


async def test_a_command_elsewhere_is_told_so(peer):
    """In a channel that we do not serve a command has an answer, and is not heard."""
    async with playing(Stage(peer)) as stage:
        elsewhere = peer.world.add_channel("elsewhere")
        begun = await peer.interactions.slash(elsewhere, "night", peer.person("alice"))
        await until(lambda: begun.said, "the answer")
        assert begun.private
        assert stage.heard == []


async def test_commands_are_registered_once(peer):
    """Commands for servers alone are registered at the first start and not at the next."""
    stage = Stage(peer)
    async with playing(stage):
        pass
    names = ("votes", "night", "top", "status", "help", "unmute", "say-again", "reconnect", "mute")
    assert [(c["name"], c["contexts"]) for c in peer.world.commands] == [(n, [0]) for n in names]
    async with playing(Stage(peer, stage.memory)):
        pass
    assert len([a for a in peer.weather.log if a.method == "PUT"]) == 1


async def test_commands_that_cannot_be_registered_stop_nothing(peer):
    """A refusal is logged and tried again at the next start; announcements go on."""
    peer.weather.faults.append(Fault("PUT .*/commands", status=403))
    stage = Stage(peer)
    async with playing(stage):
        await stage.send("hello")
    assert stage.contents == ["hello"]
    async with playing(Stage(peer, stage.memory)):
        pass
    assert peer.world.commands


# --- the gateway ----------------------------------------------------------------------------------


async def test_nothing_privileged_is_asked_for(peer):
    """The only intent is the one for servers and channels."""
    async with playing(Stage(peer)):
        assert peer.gateway.intents == 1


async def test_a_dropped_gateway_is_resumed_and_nothing_is_missed(peer):
    """A tap made while the connection was down is heard after the resume."""
    async with playing(Stage(peer)) as stage:
        message = await board(stage)
        peer.gateway.refuses = True
        peer.gateway.drop()
        await until(lambda: not peer.gateway.connected, "the drop")
        await peer.interactions.tap(message, UP, peer.person("alice"))
        peer.world.shift -= 10  # however long the reconnect takes, the tap is not too old
        peer.gateway.refuses = False
        await until(lambda: stage.heard, "the tap", 30)
        assert "resume" in peer.gateway.log


async def test_a_long_outage_of_the_gateway(peer):
    """The library comes to wait for a quarter of an hour between two attempts; we ask again before
    that, and leave alone a gateway that is there."""
    peer.gateway.heartbeat_interval = 0.1
    async with playing(Stage(peer, away_for=0.2)) as stage:
        message = await board(stage)
        peer.gateway.refuses = True
        peer.gateway.drop()
        await until(lambda: attempts(peer) >= 12, "many attempts")
        peer.gateway.refuses = False
        await until(lambda: peer.gateway.connected, "the gateway")
        asked, beats = attempts(peer), peer.gateway.log.count("heartbeat")
        await until(lambda: peer.gateway.log.count("heartbeat") > beats + 5, "half a second")
        await peer.interactions.tap(message, UP, peer.person("alice"))
        await until(lambda: stage.heard, "the tap")
        assert attempts(peer) == asked


def attempts(peer) -> int:
    return len([asked for asked in peer.weather.log if asked.path.rstrip("/") == "/gateway"])


async def test_a_tap_that_waited_too_long_in_an_outage(peer):
    """Replayed more than three seconds after it was made, a tap has failed for its person."""
    async with playing(Stage(peer)) as stage:
        message = await board(stage)
        peer.gateway.refuses = True
        peer.gateway.drop()
        await until(lambda: not peer.gateway.connected, "the drop")
        await peer.interactions.tap(message, UP, peer.person("late"))
        peer.world.shift += 4
        peer.gateway.refuses = False
        await until(lambda: any("callback" in a.path for a in peer.weather.log), "the try", 30)
        await until(lambda: peer.gateway.connected, "the gateway")
        await peer.interactions.tap(message, UP, peer.person("alice"))
        await until(lambda: stage.heard, "the tap")
        assert [tap.author.name for tap in stage.heard] == ["alice"]


async def test_a_request_to_reconnect_is_followed(peer):
    """Op 7 leads to a resume, and taps are heard as before."""
    async with playing(Stage(peer)) as stage:
        message = await board(stage)
        await peer.gateway.ask_to_reconnect()
        await until(lambda: "resume" in peer.gateway.log, "the resume")
        await peer.interactions.tap(message, UP, peer.person("alice"))
        await until(lambda: stage.heard, "the tap")


async def test_a_senseless_event_harms_nothing(peer):
    """What the library cannot read costs the gateway's connection for a moment; announcements
    go on, and taps are heard by the next one."""
    async with playing(Stage(peer)) as stage:
        message = await board(stage)
        connections = peer.gateway.log.count("connect")
        await peer.gateway.dispatch("GUILD_CREATE", {"id": "1", "channels": [{"type": 2}]})
        await until(lambda: not peer.gateway.connected, "the loss")
        await stage.send("meanwhile", "end")
        await until(lambda: peer.gateway.log.count("connect") > connections, "a new one")
        await until(lambda: peer.gateway.connected, "the session")
        await peer.interactions.tap(message, UP, peer.person("alice"))
        await until(lambda: stage.heard, "the tap")


async def test_an_invalid_session_is_begun_anew(peer):
    """Op 9 leads to a new session after the few seconds that Discord wants, in which taps are
    heard and the game that was shown beside the bot's name is shown again."""
    async with playing(Stage(peer)) as stage:
        message = await board(stage)
        await stage.adapter.show("Fibbage 4")
        await until(lambda: game(peer) == "Fibbage 4", "the presence")
        peer.gateway.presence = None
        await peer.gateway.invalidate(resumable=False)
        await until(lambda: peer.gateway.connected, "a new session", 15)
        assert game(peer) == "Fibbage 4"
        await peer.interactions.tap(message, UP, peer.person("alice"))
        await until(lambda: stage.heard, "the tap")
        await stage.adapter.show(None)
        await until(lambda: game(peer) is None, "nothing shown")


async def test_a_game_that_is_shown_before_the_gateway_stands(peer):
    """What is to be shown while the gateway is not there yet is shown as soon as it is."""
    peer.gateway.refuses = True
    async with playing(Stage(peer), gateway=False) as stage:
        await stage.adapter.show("Fibbage 4")
        peer.gateway.refuses = False
        await until(lambda: peer.gateway.connected, "the gateway", 30)
        assert game(peer) == "Fibbage 4"


@pytest.mark.parametrize("after", ["Quiplash 3", None])
async def test_a_game_that_changes_while_the_gateway_is_lost(peer, after):
    """A session that is resumed shows the game that runs by then, which Discord does not know."""
    async with playing(Stage(peer)) as stage:
        await stage.adapter.show("Fibbage 4")
        await until(lambda: game(peer) == "Fibbage 4", "the presence")
        peer.gateway.refuses = True
        peer.gateway.drop()
        await until(lambda: not peer.gateway.connected, "the drop")
        await stage.adapter.show(after)
        peer.gateway.refuses = False
        await until(lambda: game(peer) == after, "the presence", 30)
        assert peer.gateway.log.count("identify") == 1


def game(peer) -> str | None:
    """What the bot is shown to be playing; discord.py identifies with an older key for it."""
    presence = peer.gateway.presence or {}
    shown = presence.get("game") or next(iter(presence.get("activities") or []), None)
    return shown["name"] if shown else None


async def test_a_hanging_acknowledgement_holds_up_no_other(peer):
    """While one tap's acknowledgement hangs, another person's is heard."""
    async with playing(Stage(peer)) as stage:
        message = await board(stage)
        peer.weather.faults.append(Fault("callback", Act.HANG))
        await peer.interactions.tap(message, UP, peer.person("slow"))
        await peer.interactions.tap(message, UP, peer.person("alice"))
        await until(lambda: stage.heard, "the other")
        assert [tap.author.name for tap in stage.heard] == ["alice"]
        peer.weather.clear()

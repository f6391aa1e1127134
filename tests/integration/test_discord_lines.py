"""What people write in Discord, where the privileged intent was asked for, on the look-alike."""

from __future__ import annotations

import logging
from contextlib import suppress

import pytest
from discord_faults import Fault
from discord_peer import Peer
from discord_stage import Stage, plain, playing, until
from discord_world import Permission, User

from adapters.discord.places import NOT_GRANTED
from bot.domain import Line, Target
from bot.port import Permanent, Transient


@pytest.fixture
def peer(peer):
    """It lets the bot read what people write."""
    peer.world.content_granted = True
    return peer


def reading(peer: Peer) -> Stage:
    return Stage(peer, message_content=True)


async def heard(stage: Stage, number: int = 1) -> list[Line]:
    return await until(lambda: len(stage.heard) >= number and stage.heard, "what was said")


async def test_a_line_is_heard(peer):
    """Who wrote it, with what roles, where, and when by Discord's own clock."""
    role = peer.world.add_role("hosts")
    async with playing(reading(peer)) as stage:
        alice = peer.person("alice", role.id)
        said = peer.say(stage.games, alice, "thisgame++")
        (line,) = await heard(stage)
        assert not stage.adapter.is_exempt(line.handle)
    assert (line.target, line.text, line.private) == (
        Target("night", stage.channel),
        "thisgame++",
        False,
    )
    assert (line.author.id, line.author.name) == (str(alice.id), "alice")
    assert str(role.id) in line.author.roles
    assert line.at == pytest.approx(((said.id >> 22) + 1_420_070_400_000) / 1000)


async def test_a_line_that_breaks_us_is_told(peer, caplog):
    """discord.py's own words about a failed event are switched off, as by ``build``; ours are not,
    and have nothing of the line in them."""
    logging.getLogger("discord.client").setLevel(logging.CRITICAL)
    stage = reading(peer)

    def hear(line: Line) -> None:
        raise LookupError("a fault of ours")

    stage.adapter = stage.build(stage.channel, hear=hear)
    async with playing(stage):
        peer.say(stage.games, peer.person("alice"), "a secret of alice's")
        await until(lambda: "on_message" in caplog.text, "the log")
    assert "a fault of ours" in caplog.text
    assert "alice" not in caplog.text


async def test_who_is_no_person(peer):
    """Other bots and webhooks are told as bots; what nobody wrote, and our own, is not heard."""
    async with playing(reading(peer)) as stage:
        peer.say(stage.games, User(peer.world.snowflake(), "relay", bot=True), "[irc] thisgame++")
        hook = User(peer.world.snowflake(), "hook")
        peer.say(stage.games, hook, "thisgame++", webhook_id=hook.id)
        peer.say(stage.games, peer.person("joined"), "alice", kind=7)
        await stage.send("our own")
        peer.say(stage.games, peer.person("alice"), "last")
        lines = await heard(stage, 3)
    assert [(line.author.name, line.author.is_bot) for line in lines] == [
        ("relay", True),
        ("hook", True),
        ("alice", False),
    ]


async def test_where_it_was_written(peer):
    """A line in a thread is its channel's, one to the bot alone is private, one elsewhere is
    nobody's."""
    async with playing(reading(peer)) as stage:
        alice = peer.person("alice")
        thread = peer.world.add_thread(stage.games, "tonight")
        await peer.gateway.dispatch("THREAD_CREATE", peer.world.channel_json(thread))
        peer.say(peer.world.add_channel("elsewhere"), alice, "not here")
        peer.say(thread, alice, "in the thread")
        peer.say(peer.world.direct(alice), alice, "in private")
        lines = await heard(stage, 2)
    assert [(line.text, line.private) for line in lines] == [
        ("in the thread", False),
        ("in private", True),
    ]
    assert {line.target.channel for line in lines} == {stage.channel}


async def test_an_answer_is_a_reply_that_pings_nobody(peer):
    """The answer stands where the line stands, refers to it, and is quiet; a private one comes
    in private."""
    async with playing(reading(peer)) as stage:
        alice = peer.person("alice")
        asked = peer.say(stage.games, alice, "!votes")
        own = peer.world.direct(alice)
        peer.say(own, alice, "votes")
        public, private = await heard(stage, 2)
        await stage.adapter.reply(public.handle, plain(f"5 <@{alice.id}>"), False)
        await stage.adapter.reply(private.handle, plain("for you"), True)
        answer = stage.message()
        assert (answer.content, answer.reply_to) == (f"5 \\<\\@{alice.id}>", asked.id)
        assert answer.pings == []
        assert [m.content for m in own.messages.values()] == ["votes", "for you"]


async def test_an_answer_to_what_was_deleted(peer):
    """The answer is said all the same."""
    async with playing(reading(peer)) as stage:
        asked = peer.say(stage.games, peer.person("alice"), "!votes")
        (line,) = await heard(stage)
        del stage.games.messages[asked.id]
        await stage.adapter.reply(line.handle, plain("5"), False)
        answer = stage.message()
        assert (answer.content, answer.reply_to) == ("5", None)


async def test_an_answer_where_the_history_may_not_be_read(peer, caplog):
    """The same answer refers to no line and pings nobody, which is told once and by name; when
    something changes at the channel it is a reply again."""
    async with playing(reading(peer)) as stage:
        alice = peer.person("alice")
        asked = peer.say(stage.games, alice, "!votes")
        (line,) = await heard(stage)
        stage.games.may.discard(Permission.READ_MESSAGE_HISTORY)
        for text in (f"5 <@{alice.id}>", "6"):
            await stage.adapter.reply(line.handle, plain(text), False)
        *_, five, six = stage.games.messages.values()
        assert (five.content, six.content) == (f"5 \\<\\@{alice.id}>", "6")
        assert [(m.reply_to, m.pings) for m in (five, six)] == [(None, [])] * 2
        assert [post.status for post in stage.posts()] == [403, 200, 200]
        stage.games.may.add(Permission.READ_MESSAGE_HISTORY)
        await peer.gateway.dispatch("CHANNEL_UPDATE", peer.world.channel_json(stage.games))

        async def replied() -> bool:
            await stage.adapter.reply(line.handle, plain("7"), False)
            return stage.message().reply_to == asked.id

        await until(replied, "a reply")
    (told,) = [m for m in caplog.messages if "refer to no line" in m]
    assert told.endswith("#games in Game nights: the bot lacks Read Message History")


async def test_a_vote_is_marked(peer):
    """A reaction on the voter's line; nothing else can be marked."""
    async with playing(reading(peer)) as stage:
        said = peer.say(stage.games, peer.person("alice"), "thisgame++")
        (line,) = await heard(stage)
        await stage.adapter.react(line.handle, True)
        assert said.reactions == ["✅"]
        with pytest.raises(Permanent):
            await stage.adapter.react("something else", True)


@pytest.mark.parametrize(
    ("lacking", "name"),
    [
        (Permission.ADD_REACTIONS, "Add Reactions"),
        (Permission.READ_MESSAGE_HISTORY, "Read Message History"),
    ],
)
async def test_a_vote_that_may_not_be_marked(peer, caplog, lacking, name):
    """It is refused and told once and by name, and not tried again until something changes at the
    channel."""
    async with playing(reading(peer)) as stage:
        said = peer.say(stage.games, peer.person("alice"), "thisgame++")
        (line,) = await heard(stage)
        stage.games.may.discard(lacking)
        with pytest.raises(Permanent, match="50013"):
            await stage.adapter.react(line.handle, True)
        asked = len(peer.weather.log)
        with pytest.raises(Permanent):
            await stage.adapter.react(line.handle, True)
        assert len(peer.weather.log) == asked
        stage.games.may.add(lacking)
        await peer.gateway.dispatch("CHANNEL_UPDATE", peer.world.channel_json(stage.games))

        async def marked() -> bool:
            with suppress(Permanent):
                await stage.adapter.react(line.handle, True)
            return said.reactions == ["✅"]

        await until(marked, "the mark")
    (told,) = [m for m in caplog.messages if "not marked" in m]
    assert told.endswith(f"#games in Game nights: the bot lacks {name}")


async def test_a_vote_that_was_deleted_costs_no_other(peer, caplog):
    """What is wrong with one line is not told, and the next one is marked."""
    async with playing(reading(peer)) as stage:
        gone = peer.say(stage.games, peer.person("alice"), "thisgame++")
        said = peer.say(stage.games, peer.person("bob"), "thisgame++")
        first, second = await heard(stage, 2)
        del stage.games.messages[gone.id]
        with pytest.raises(Permanent, match="10008"):
            await stage.adapter.react(first.handle, True)
        await stage.adapter.react(second.handle, True)
        assert said.reactions == ["✅"]
    assert "not marked" not in caplog.text


async def test_what_it_is_called(peer):
    """By the account's name and by its mention, once it is logged in."""
    stage = reading(peer)
    assert stage.adapter.names(stage.channel) == ()
    async with playing(stage):
        me = peer.world.bot
        assert stage.adapter.names(stage.channel) == ("nightcrier", f"<@{me.id}>", f"<@!{me.id}>")
    with pytest.raises(Transient):
        await stage.adapter.send(stage.channel, plain("x"), key="k")


async def test_not_granted(peer, caplog):
    """Without the switch in the developer portal it says so once, with where to find it, and goes
    on: announcements, taps and commands work."""
    peer.world.content_granted = False
    with caplog.at_level(logging.WARNING, "adapters.discord"):
        async with playing(reading(peer)) as stage:
            await stage.send("hello")
            connections = peer.gateway.log.count("connect")
            await peer.gateway.ask_to_reconnect()
            await until(lambda: peer.gateway.log.count("connect") > connections, "another")
            await until(lambda: peer.gateway.connected, "the gateway again")
            peer.say(stage.games, peer.person("alice"), "thisgame++")
            await peer.interactions.slash(stage.games, "votes", peer.person("alice"))
            (ask,) = await until(lambda: stage.heard, "the command")
    assert ask.command == "votes"
    said = [record.getMessage() for record in caplog.records if record.name.endswith("bot")]
    assert said == [f"night: {NOT_GRANTED}"]
    assert (peer.gateway.intents, connections) == (1, 2)


async def test_what_check_says_of_it(peer, caplog):
    """``check --online`` tells of each missing permission in each channel, and what it costs."""
    stage = reading(peer)
    stage.games.may -= {Permission.ADD_REACTIONS, Permission.READ_MESSAGE_HISTORY}
    with caplog.at_level(logging.ERROR, "adapters.discord"):
        async with playing(stage, gateway=False):
            await stage.adapter.verify(stage.channel)
    assert {record.getMessage() for record in caplog.records} == {
        "#games in Game nights: Add Reactions is missing: a vote in a line is not marked",
        "#games in Game nights: Read Message History is missing: a message in doubt cannot be "
        "looked up, and may come twice; an answer refers to no line, and a vote in a line is not "
        "marked",
    }


async def test_a_private_word_for_a_line_in_a_channel(peer, caplog):
    """There is none, and nothing is said or logged of it: it would be a message unasked for."""
    async with playing(reading(peer)) as stage:
        peer.say(stage.games, peer.person("alice"), "thisgame++")
        (line,) = await heard(stage)
        before = len(peer.weather.log)
        with caplog.at_level(logging.INFO, "adapters.discord"):
            await stage.adapter.reply(line.handle, plain("counted"), True)
        assert (len(peer.weather.log), caplog.messages) == (before, [])


async def test_without_asking_for_it(peer):
    """By default nothing that people write is heard, though it were granted."""
    async with playing(Stage(peer)) as stage:
        peer.say(stage.games, peer.person("alice"), "thisgame++")
        await peer.interactions.slash(stage.games, "votes", peer.person("alice"))
        await until(lambda: stage.heard, "the command")
        assert [type(each).__name__ for each in stage.heard] == ["Ask"]


async def test_a_reply_that_fails_is_told(peer):
    """A rate limit that is too long, or a closed channel, is one of the port's errors."""
    async with playing(reading(peer)) as stage:
        peer.say(stage.games, peer.person("alice"), "!votes")
        (line,) = await heard(stage)
        refusal = {"code": 50001, "message": "Missing Access"}
        peer.weather.faults.append(Fault("POST .*/messages", status=403, body=refusal))
        with pytest.raises(Permanent, match="Missing Access"):
            await stage.adapter.reply(line.handle, plain("5"), False)

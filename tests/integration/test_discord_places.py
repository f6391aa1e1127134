"""Channels, permissions and threads, on the Discord look-alike."""

from __future__ import annotations

import logging

import pytest
from discord_faults import Act, Fault
from discord_stage import NIGHT, Stage, plain, playing
from discord_world import Kind, Permission

from bot.port import Ambiguous, Permanent

THREADS = "POST .*/threads"


# --- verify -------------------------------------------------------------------------------------


async def why_not(stage: Stage, channel: object) -> str | None:
    """Why ``channel`` cannot be spoken in, None if it can."""
    async with playing(stage):
        try:
            await stage.adapter.verify(str(channel))
        except Permanent as error:
            return str(error)
    return None


async def test_what_is_no_channel(peer):
    """A server, a category, a forum and a number of nothing are each told as what they are."""
    world = peer.world
    category = world.add_channel("night", Kind.CATEGORY)
    forum = world.add_channel("posts", Kind.FORUM)
    expected = {
        world.guild_id: "is the id of a server; copy that of a channel in it",
        category.id: "#night in Game nights is a category; name a channel in it",
        forum.id: "#posts in Game nights is a forum; name a post in it",
        world.snowflake(): "there is no such channel; it may have been deleted",
    }
    for channel, told in expected.items():
        assert await why_not(Stage(peer), channel) == told


@pytest.mark.parametrize("kind", [Kind.TEXT, Kind.VOICE, Kind.ANNOUNCEMENT])
async def test_what_can_be_spoken_in(peer, kind):
    """Text, the chat of a voice channel and an announcement channel will do."""
    assert await why_not(Stage(peer), peer.world.add_channel("talk", kind).id) is None


async def test_what_the_bot_lacks_is_named_with_its_channel(peer):
    """A missing permission is told by the name that Discord's settings show, and where."""
    stage = Stage(peer)
    quiet = peer.world.add_channel("quiet")
    quiet.may.discard(Permission.SEND_MESSAGES)
    thread = peer.world.add_thread(quiet, "post")
    quiet.may.discard(Permission.SEND_MESSAGES_IN_THREADS)
    assert await why_not(stage, quiet.id) == "#quiet in Game nights: the bot lacks Send Messages"
    told = await why_not(stage, thread.id)
    assert told == "#post in Game nights: the bot lacks Send Messages in Threads"


LOCKED = "#old in Game nights: the thread is locked; unlock it, or give the bot Manage Threads"


async def test_a_locked_thread(peer):
    """A thread that only Manage Threads may speak in is told as that, before the night and in it;
    with that permission it will do."""
    stage = Stage(peer)
    thread = peer.world.add_thread(stage.games, "old")
    stage.adapter = stage.build(str(thread.id))
    async with playing(stage):
        await stage.adapter.verify(str(thread.id))
        sent = await stage.adapter.send(str(thread.id), plain("hello"), key="one")
        thread.archived = thread.locked = True
        for trying in (
            stage.adapter.verify(str(thread.id)),
            stage.adapter.send(str(thread.id), plain("more"), key="two"),
            stage.adapter.edit(str(thread.id), sent.remote_id, plain("hello!")),
        ):
            with pytest.raises(Permanent) as caught:
                await trying
            assert str(caught.value).endswith(LOCKED)
        stage.games.may.add(Permission.MANAGE_THREADS)
        await stage.adapter.verify(str(thread.id))
        await stage.adapter.send(str(thread.id), plain("more"), key="two")
        assert said(thread) == ["hello", "more"]


@pytest.mark.parametrize("kind", [Kind.FORUM, Kind.CATEGORY])
async def test_what_is_no_channel_at_run(peer, kind):
    """A message to what takes none is refused in the words of ``check --online``."""
    stage = Stage(peer)
    posts = peer.world.add_channel("posts", kind)
    async with playing(stage):
        told = await why_not(Stage(peer), posts.id)
        with pytest.raises(Permanent) as caught:
            await stage.adapter.send(str(posts.id), plain("hello"), key="one")
        assert str(caught.value).endswith(told)


async def test_what_would_merely_be_missed_is_logged(peer, caplog):
    """Without Embed Links and Read Message History a channel serves, and check says what for."""
    stage = Stage(peer, thread="night")
    stage.games.may -= {
        Permission.EMBED_LINKS,
        Permission.READ_MESSAGE_HISTORY,
        Permission.CREATE_PUBLIC_THREADS,
    }
    with caplog.at_level(logging.ERROR, "adapters.discord"):
        assert await why_not(stage, stage.channel) is None
    told = {record.getMessage() for record in caplog.records}
    assert told == {
        "#games in Game nights: Embed Links is missing: cards will be plain text",
        "#games in Game nights: Read Message History is missing: "
        "a message in doubt cannot be looked up, and may come twice",
        "#games in Game nights: Create Public Threads is missing: "
        "the night will be told in the channel itself",
    }


async def test_a_role_that_is_not_there(peer):
    """A role of another server, or deleted, is told by its number and the server's name."""
    stage = Stage(peer, mention_roles={"stats": 123456789012345678})
    told = await why_not(stage, stage.channel)
    assert told == "Game nights has no role 123456789012345678 that could be mentioned"


async def test_a_role_that_may_not_be_mentioned(peer):
    """It is refused, with what would help; either of the two does."""
    role = peer.world.add_role("gamers")
    stage = Stage(peer, mention_roles={"stats": role.id})
    assert await why_not(stage, stage.channel) == (
        "#games in Game nights: the bot cannot mention the role gamers (switch on Allow anyone to "
        "@mention this role, or give the bot Mention @everyone, @here, and All Roles)"
    )
    role.mentionable = True
    assert await why_not(stage, stage.channel) is None
    role.mentionable = False
    stage.games.may.add(Permission.MENTION_EVERYONE)
    assert await why_not(stage, stage.channel) is None


async def test_all_that_a_channel_lacks_is_told_at_once(peer, caplog):
    """One lack hides no other; what was granted and only sleeps until the channel can be spoken in
    is not told as missing."""
    role = peer.world.add_role("gamers")
    roles = {"stats": [role.id, 123456789012345678]}
    stage = Stage(peer, thread="night", message_content=True, mention_roles=roles)
    peer.world.content_granted = True
    stage.games.may = {Permission.VIEW_CHANNEL, Permission.EMBED_LINKS}
    told = await why_not(stage, stage.channel)
    lacking, unknown, forbidden = told.split("; ")
    assert lacking == "#games in Game nights: the bot lacks Send Messages"
    assert unknown == "Game nights has no role 123456789012345678 that could be mentioned"
    assert forbidden.startswith("#games in Game nights: the bot cannot mention the role gamers")
    assert {message.split(": ")[1] for message in caplog.messages} == {
        "Read Message History is missing",
        "Create Public Threads is missing",
        "Send Messages in Threads is missing",
        "Add Reactions is missing",
    }


async def test_a_locked_thread_in_which_the_bot_may_not_speak_either(peer):
    """Both are told: to unlock it would not be enough."""
    stage = Stage(peer)
    thread = peer.world.add_thread(stage.games, "old")
    thread.locked = True
    stage.games.may.discard(Permission.SEND_MESSAGES_IN_THREADS)
    lacking = "; #old in Game nights: the bot lacks Send Messages in Threads"
    assert await why_not(stage, thread.id) == LOCKED + lacking


async def test_a_post_where_only_threads_may_be_spoken_in(peer, caplog):
    """What the channel around it does not let the bot say is nothing that the post lacks."""
    role = peer.world.add_role("gamers")
    stage = Stage(peer, mention_roles={"stats": role.id})
    thread = peer.world.add_thread(stage.games, "post")
    stage.games.may.discard(Permission.SEND_MESSAGES)
    stage.games.may.add(Permission.MENTION_EVERYONE)
    stage.adapter = stage.build(str(thread.id))
    stage.channel = str(thread.id)
    assert await why_not(stage, thread.id) is None
    assert caplog.messages == []


# --- a thread for each night ----------------------------------------------------------------------


def thread_of(stage: Stage):
    return next((c for c in stage.peer.world.channels.values() if c.kind is Kind.THREAD), None)


def said(thread) -> list[str]:
    return [message.content for message in thread.messages.values()]


async def test_a_night_is_told_in_a_thread_of_its_first_message(peer):
    """The first line stands in the channel and opens the thread; the others are in it."""
    async with playing(Stage(peer, thread="night")) as stage:
        first = await stage.send("Game Night has started!", "start")
        await stage.send("Next up: *Fibbage* 4", "1/game")
        remote_id = await stage.send("It is over", "end")
        thread = thread_of(stage)
        assert (str(thread.id), thread.name) == (first, "Game Night has started!")
        assert stage.contents == ["Game Night has started!"]
        assert said(thread) == ["Next up: \\*Fibbage\\* 4", "It is over"]
        await stage.adapter.edit(stage.channel, remote_id, plain("It was over"))
        assert said(thread)[-1] == "It was over"


async def test_the_next_night_has_a_thread_of_its_own(peer):
    """Another night begins in the channel again."""
    async with playing(Stage(peer, thread="night")) as stage:
        await stage.send("one", "start")
        await stage.adapter.send(
            stage.channel, plain("two"), key=f"night/{stage.channel}|18-1762650000/start|0"
        )
        assert stage.contents == ["one", "two"]
        assert len([c for c in peer.world.channels.values() if c.kind is Kind.THREAD]) == 2


async def test_an_older_night_leaves_the_thread_alone(peer):
    """A line of an earlier night that is said again stands in the channel, and the night that
    runs goes on in its thread."""
    async with playing(Stage(peer, thread="night")) as stage:
        await stage.send("one", "start")
        older = f"night/{stage.channel}|16-1762477200/end|0"
        await stage.adapter.send(stage.channel, plain("again"), key=older)
        await stage.send("two", "end")
        assert stage.contents == ["one", "again"]
        assert said(thread_of(stage)) == ["two"]


async def test_threads_for_one_channel_alone(peer):
    """Of two channels the one that thread names has a thread, the other has none."""
    other = peer.world.add_channel("other")
    stage = Stage(peer)
    stage = Stage(peer, thread={stage.channel: "night"})
    stage.adapter = stage.build(stage.channel, str(other.id))
    async with playing(stage):
        for key in ("start", "end"):
            await stage.send(key, key)
            to = str(other.id)
            await stage.adapter.send(to, plain(key), key=f"night/{to}|{NIGHT}/{key}|0")
        thread = thread_of(stage)
        assert (thread.parent.name, said(thread)) == ("games", ["end"])
        assert [m.content for m in other.messages.values()] == ["start", "end"]


async def test_a_restart_goes_on_in_the_same_thread(peer):
    """The thread is remembered; what comes after a restart is told in it, and looked up in it."""
    stage = Stage(peer, thread="night")
    async with playing(stage):
        await stage.send("one", "start")
    again = Stage(peer, stage.memory, thread="night")
    async with playing(again):
        remote_id = await again.send("two", "end")
        assert said(thread_of(again)) == ["two"]
        since = peer.world.now()
        assert await again.adapter.find(again.channel, plain("two"), since) == remote_id


async def test_a_repeat_of_the_first_message_makes_one_thread(peer):
    """Cut between message and thread, the repeat gets the same message and one thread."""
    async with playing(Stage(peer, thread={}), gateway=False) as stage:
        pass
    stage = Stage(peer, thread={stage.channel: "night"})
    async with playing(stage):
        peer.weather.faults.append(Fault("POST .*/messages$", Act.STORE_THEN_RESET))
        with pytest.raises(Ambiguous):
            await stage.send("one", "start")
        await stage.send("one", "start")
        await stage.send("two", "end")
        assert (stage.contents, said(thread_of(stage))) == (["one"], ["two"])


@pytest.mark.parametrize("status", [403, 400])
async def test_a_thread_that_may_not_be_is_done_without(peer, status):
    """A refused thread is asked for once, and the night is told in the channel."""
    async with playing(Stage(peer, thread="night")) as stage:
        refusal = {"code": 50013, "message": "Missing Permissions"}
        peer.weather.faults.append(Fault(THREADS, status=status, body=refusal, times=9))
        for number in range(3):
            await stage.send(str(number), f"{number}/game")
        assert stage.contents == ["0", "1", "2"]
        assert len(stage.posts("/threads")) == 1


async def test_why_there_is_no_thread(peer, caplog):
    """What the bot lacks for a night's thread is told by name and with the channel, once."""
    async with playing(Stage(peer, thread="night")) as stage:
        stage.games.may.discard(Permission.CREATE_PUBLIC_THREADS)
        await stage.send("one", "start")
        await stage.send("two", "end")
    (told,) = [m for m in caplog.messages if "no thread for this night" in m]
    assert told.endswith("#games in Game nights: the bot lacks Create Public Threads")


async def test_a_thread_that_failed_is_started_by_the_next_line(peer):
    """A server's error at the thread harms no line; the next one starts the same thread."""
    async with playing(Stage(peer, thread="night")) as stage:
        peer.weather.faults.append(Fault(THREADS, Act.RESET))
        await stage.send("one", "start")
        await stage.send("two", "end")
        assert (stage.contents, said(thread_of(stage))) == (["one"], ["two"])


async def test_a_thread_that_was_deleted(peer):
    """The line is said where it can be: in the thread started anew, else in the channel."""
    async with playing(Stage(peer, thread="night")) as stage:
        await stage.send("one", "start")
        del peer.world.channels[thread_of(stage).id]
        await stage.send("two", "1/game")
        assert said(thread_of(stage)) == ["two"]
        del peer.world.channels[thread_of(stage).id]
        had = {"code": 160004, "message": "A thread has already been created for this message"}
        peer.weather.faults.append(Fault(THREADS, status=400, body=had, times=9))
        await stage.send("three", "2/game")
        assert stage.contents == ["one", "three"]


async def test_a_thread_in_which_the_bot_may_not_speak(peer, caplog):
    """Without Send Messages in Threads the channel hears the rest of the night, and the log why."""
    async with playing(Stage(peer, thread="night")) as stage:
        await stage.send("one", "start")
        stage.games.may.discard(Permission.SEND_MESSAGES_IN_THREADS)
        await stage.send("two", "1/game")
        await stage.send("three", "2/game")
        assert stage.contents == ["one", "two", "three"]
    (told,) = [m for m in caplog.messages if "no thread for this night" in m]
    assert told.endswith("#one in Game nights: the bot lacks Send Messages in Threads")


async def test_a_nights_thread_that_is_locked(peer, caplog):
    """The channel hears the rest of the night, and the log why."""
    async with playing(Stage(peer, thread="night")) as stage:
        await stage.send("one", "start")
        locked = {"code": 160005, "message": "Thread is locked"}
        thread_of(stage).locked = True
        peer.weather.faults.append(
            Fault(f"POST .*{thread_of(stage).id}/messages", status=403, body=locked)
        )
        await stage.send("two", "1/game")
        await stage.send("three", "2/game")
        assert stage.contents == ["one", "two", "three"]
    (told,) = [m for m in caplog.messages if "no thread for this night" in m]
    assert "the thread is locked; unlock it" in told


async def test_an_archived_thread_goes_on(peer):
    """A night that pauses for a day finds its thread archived, and an edit opens it."""
    async with playing(Stage(peer, thread="night")) as stage:
        await stage.send("one", "start")
        remote_id = await stage.send("two", "1/game")
        thread_of(stage).archived = True
        await stage.adapter.edit(stage.channel, remote_id, plain("two!"))
        assert said(thread_of(stage)) == ["two!"]
        assert not thread_of(stage).archived


async def test_a_line_without_a_night_is_told_in_the_channel(peer):
    """A key of another form (``nightcrier test``) opens no thread."""
    async with playing(Stage(peer, thread="night")) as stage:
        await stage.adapter.send(stage.channel, plain("a test"), key="test/1.5/x")
        assert thread_of(stage) is None
        assert str(NIGHT) not in str(stage.memory.values)

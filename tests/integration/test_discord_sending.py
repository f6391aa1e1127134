"""Announcements on the Discord look-alike: once, whole, and with each failure told rightly."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace

import pytest
from discord_faults import Act, Fault, rate_limited
from discord_stage import NIGHT, Stage, plain, playing, until
from discord_world import Permission

from bot.domain import Action, Card, Field, Kind, Proof
from bot.formatter import join
from bot.port import AdapterFatal, Ambiguous, Permanent, Transient

POST = "POST .*/messages$"
CARD = Card("Fibbage 4", (Field("Pack", "The Jackbox Party Pack 9"),), 0xFF8800)
VOTES = (Action(True, NIGHT, 3), Action(False, NIGHT, 3))


@pytest.fixture
def faults(peer):
    return peer.weather.faults


# --- once -----------------------------------------------------------------------------------


@pytest.mark.parametrize("act", [Act.STORE_THEN_RESET, Act.STORE_THEN_ANSWER])
async def test_a_repeat_after_a_lost_answer_is_one_message(peer, faults, act):
    """Stored and then cut, or answered by a 503: in doubt, and the repeat finds the first."""
    async with playing(Stage(peer)) as stage:
        faults.append(Fault(POST, act, status=503))
        with pytest.raises(Ambiguous):
            await stage.send("once")
        remote_id = await stage.send("once")
        assert stage.contents == ["once"]
        assert remote_id == str(stage.message().id)
        assert len(stage.posts()) == 2


async def test_one_nonce_for_a_key(peer):
    """A repeat has the same nonce, another part or key another, none above 25 characters."""
    async with playing(Stage(peer)) as stage:
        for key, part in (("start", 0), ("start", 0), ("start", 1), ("end", 0)):
            await stage.send("x", key, part)
        nonces = [post.json["nonce"] for post in stage.posts()]
        assert nonces[0] == nonces[1]
        assert len(set(nonces)) == 3
        assert all(len(nonce) <= 25 for nonce in nonces)
        assert all(post.json["enforce_nonce"] is True for post in stage.posts())


async def test_a_repeat_of_a_deleted_message_is_delivered(peer, faults):
    """The message had arrived; that somebody deleted it since is no reason to say it again."""
    async with playing(Stage(peer)) as stage:
        faults.append(Fault(POST, Act.STORE_THEN_RESET))
        with pytest.raises(Ambiguous):
            await stage.send("once")
        stage.games.messages.clear()
        receipt = await stage.adapter.send(
            stage.channel, plain("once"), key=f"night/{stage.channel}|{NIGHT}/start|0"
        )
        assert (receipt.proof, receipt.remote_id) == (Proof.CONFIRMED, None)
        assert stage.contents == []


async def test_a_doubt_is_settled_by_the_history(peer, faults):
    """Past the nonce's memory the channel is read: our own message with this text, since then."""
    async with playing(Stage(peer)) as stage:
        before = peer.world.now()
        peer.world.store(stage.games, peer.person("alice"), {"content": "wanted"})
        assert await stage.adapter.find(stage.channel, plain("wanted"), before) is None
        faults.append(Fault(POST, Act.STORE_THEN_RESET))
        with pytest.raises(Ambiguous):
            await stage.send("wanted", "end")
        found = await stage.adapter.find(stage.channel, plain("wanted"), before)
        assert found == str(stage.message().id)
        assert await stage.adapter.find(stage.channel, plain("wanted"), before + 3_600) is None


async def test_a_history_that_cannot_be_read_proves_nothing(peer):
    """Without Read Message History the list is empty, which is told as Permanent, not as no."""
    async with playing(Stage(peer)) as stage:
        stage.games.may.discard(Permission.READ_MESSAGE_HISTORY)
        with pytest.raises(Permanent, match="Read Message History"):
            await stage.adapter.find(stage.channel, plain("x"), peer.world.now())


# --- failures ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (Fault(POST, Act.RESET), Ambiguous),
        (Fault(POST, status=503), Ambiguous),
        (Fault(POST, status=503, body="<html>bad gateway</html>"), Ambiguous),
        (Fault(POST, status=200, body="<html>welcome</html>"), Ambiguous),
        (Fault(POST, status=200, body={"unexpected": True}), Ambiguous),
        (Fault(POST, status=403, body={"code": 50001, "message": "Missing Access"}), Permanent),
        (Fault(POST, status=400, body={"code": 20016, "message": "Slowmode"}), Transient),
        (rate_limited(120.0), Transient),
        (rate_limited(7.0, via=False), Transient),
    ],
)
async def test_a_failure_is_told_and_the_next_line_goes_on(peer, faults, fault, error):
    """Each failure is one of the three, at once, and the line after it arrives."""
    async with playing(Stage(peer)) as stage:
        faults.append(replace(fault))
        with pytest.raises(error) as caught:
            await stage.send("lost", "one")
        assert peer.token not in str(caught.value)
        await stage.send("next", "two")
        assert stage.contents == ["next"]


@pytest.mark.parametrize(("seconds", "via"), [(120.0, True), (7.0, False)])
async def test_a_long_rate_limit_is_told(peer, faults, seconds, via):
    """What is not waited out inside comes with the wait that Discord told."""
    async with playing(Stage(peer)) as stage:
        faults.append(rate_limited(seconds, via=via))
        with pytest.raises(Transient) as caught:
            await stage.send("later")
        assert seconds <= caught.value.retry_after <= seconds + 1


async def test_a_missing_permission_is_named(peer):
    """A refusal for want of a permission says which it is, and where."""
    async with playing(Stage(peer)) as stage:
        stage.games.may.discard(Permission.SEND_MESSAGES)
        with pytest.raises(Permanent) as caught:
            await stage.send("one")
        assert str(caught.value) == (
            "Discord answers 403: Missing Permissions (50013): "
            "#games in Game nights: the bot lacks Send Messages"
        )
        stage.games.may.discard(Permission.VIEW_CHANNEL)
        with pytest.raises(Permanent, match=r"\(50001\): the bot lacks View Channel there"):
            await stage.send("two", "end")


async def test_a_bucket_is_waited_out(peer):
    """More messages than a channel's bucket holds arrive in order and without a single 429."""
    peer.weather.limits[POST] = (3, 0.2)
    async with playing(Stage(peer)) as stage:
        for number in range(8):
            await stage.send(str(number), str(number))
        assert stage.contents == list("01234567")
        assert {post.status for post in stage.posts()} == {200}


async def test_a_global_limit_that_is_cut_short_locks_nobody_out(peer, faults):
    """A send given up while it waits out a global rate limit leaves the others free."""
    async with playing(Stage(peer)) as stage:
        limit = rate_limited(25.0)
        limit.body["global"] = True
        faults.append(limit)
        sending = asyncio.create_task(stage.send("given up", "one"))
        over = stage.adapter._client.http._global_over
        await until(lambda: not over.is_set(), "the global limit")
        sending.cancel()
        with pytest.raises(asyncio.CancelledError):
            await sending
        await asyncio.wait_for(stage.adapter.verify(stage.channel), 5)
        await asyncio.wait_for(stage.send("next", "two"), 5)
        assert stage.contents == ["next"]


@pytest.mark.parametrize("act", [Act.STORE_THEN_HANG, Act.STORE_THEN_STALL])
async def test_no_answer_ends_by_our_own_deadline(peer, faults, act):
    """A far side that takes the request and stays silent, or stops in the middle of its answer,
    is in doubt after our own time."""
    async with playing(Stage(peer, answer_within=0.2)) as stage:
        faults.append(Fault(POST, act))
        began = time.monotonic()
        with pytest.raises(Ambiguous, match="in time"):
            await stage.send("slow")
        assert time.monotonic() - began < 3
        peer.weather.clear()
        await stage.send("slow")
        assert stage.contents == ["slow"]


async def test_a_revoked_token_ends_the_adapter(peer):
    """After a 401 nothing is asked any more, and run ends with the reason."""
    stage = Stage(peer)
    running = asyncio.create_task(stage.adapter.run())
    await until(lambda: peer.gateway.connected, "the gateway")
    peer.rest.token = "another"
    with pytest.raises(Transient):
        await stage.send("too late")
    asked = len(peer.weather.log)
    with pytest.raises(Transient):
        await stage.send("too late")
    assert len(peer.weather.log) == asked
    with pytest.raises(AdapterFatal, match="refuses the token"):
        await asyncio.wait_for(running, 5)


async def test_a_deleted_channel_rests_until_something_changes(peer):
    """10003 is not asked for again, until Discord tells of a change to the channels."""
    async with playing(Stage(peer)) as stage:
        del peer.world.channels[stage.games.id]
        for _ in range(3):
            with pytest.raises(Permanent):
                await stage.send("gone")
        assert len(stage.posts()) == 1
        peer.world.channels[stage.games.id] = stage.games
        await peer.gateway.dispatch("CHANNEL_UPDATE", peer.world.channel_json(stage.games))

        async def sent() -> bool:
            try:
                return bool(await stage.send("back"))
            except Permanent:
                return False

        await until(sent, "the channel to be tried again")


# --- form ---------------------------------------------------------------------------------------


async def test_a_card_and_buttons(peer):
    """A card is an embed beside the whole text, and the actions are two buttons."""
    async with playing(Stage(peer)) as stage:
        await stage.send(plain("Next up: Fibbage 4", card=CARD, actions=VOTES))
        message = stage.message()
        assert message.content == "Next up: Fibbage 4"
        assert message.embeds[0]["title"] == "Fibbage 4"
        (row,) = message.components
        assert [(b["emoji"]["name"], b["custom_id"]) for b in row["components"]] == [
            ("👍", f"nc1:{NIGHT}:3:up"),
            ("👎", f"nc1:{NIGHT}:3:down"),
        ]


async def test_a_card_that_may_not_be_shown_is_plain_text(peer, caplog):
    """Without Embed Links the text alone is sent, which is told by name, and the next card is not
    tried at all."""
    async with playing(Stage(peer)) as stage:
        stage.games.may.discard(Permission.EMBED_LINKS)
        await stage.send(plain("one", card=CARD), "one")
        await stage.send(plain("two", card=CARD), "two")
        assert stage.contents == ["one", "two"]
        assert [bool(m.embeds) for m in stage.games.messages.values()] == [False, False]
        assert [post.status for post in stage.posts()] == [403, 200, 200]
    (told,) = [m for m in caplog.messages if "plain text" in m]
    assert told.endswith("#games in Game nights: the bot lacks Embed Links")


async def test_a_card_that_is_wrong_costs_no_other(peer, faults):
    """A card that Discord refuses as a form is left out once; the next one is shown."""
    async with playing(Stage(peer)) as stage:
        faults.append(Fault(POST, status=400, body={"code": 50035, "message": "Invalid Form"}))
        await stage.send(plain("one", card=CARD), "one")
        await stage.send(plain("two", card=CARD), "two")
        assert [bool(m.embeds) for m in stage.games.messages.values()] == [False, True]


async def test_a_channel_that_may_not_be_spoken_in_keeps_its_cards(peer):
    """Without Send Messages the card is not to blame, so it is shown once we may speak."""
    async with playing(Stage(peer)) as stage:
        stage.games.may.discard(Permission.SEND_MESSAGES)
        with pytest.raises(Permanent, match="50013"):
            await stage.send(plain("one", card=CARD), "one")
        stage.games.may.add(Permission.SEND_MESSAGES)
        await stage.send(plain("two", card=CARD), "two")
        assert stage.message().embeds


async def test_an_archived_thread_is_reopened(peer):
    """A configured thread that was archived and is refused is opened, and the line said."""
    stage = Stage(peer)
    thread = peer.world.add_thread(stage.games, "talk")
    adapter = stage.build(str(thread.id))
    stage.adapter, stage.channel = adapter, str(thread.id)
    async with playing(stage):
        thread.archived = True
        refusal = {"code": 50083, "message": "Thread is archived"}
        peer.weather.faults.append(Fault(POST, status=400, body=refusal))
        await stage.send("hello")
        assert not thread.archived
        assert stage.message(channel=thread).content == "hello"


async def test_roles_are_pinged_by_choice_alone(peer):
    """A configured role hears of its kind of line; whatever outside text names, hears nothing."""
    role = peer.world.add_role("players", mentionable=True)
    other = peer.world.add_role("others", mentionable=True)
    stage = Stage(peer, mention_roles={"session_started": [role.id]}, silent=("stats",))
    stage.games.may.add(Permission.MENTION_EVERYONE)
    text = f"@everyone <@&{other.id}> <@{peer.person('alice').id}>"
    async with playing(stage):
        await stage.send(plain(text, kind=Kind.SESSION_STARTED), "start")
        await stage.send(plain(f"{text} <@&{role.id}>", kind=Kind.STATS), "stats")
        assert [m.pings for m in stage.games.messages.values()] == [["role players"], []]
        assert [m.flags for m in stage.games.messages.values()] == [0, 1 << 12]


async def test_a_role_that_cannot_be_pinged_costs_no_line(peer):
    """A role that may not be mentioned, and one that is not there, hear nothing; all others do."""
    role = peer.world.add_role("players")
    stage = Stage(peer, mention_roles={"session_started": [role.id, 123456789012345678]})
    async with playing(stage):
        await stage.send(plain("Game Night has started!", kind=Kind.SESSION_STARTED))
        assert stage.contents == [f"<@&{role.id}> <@&123456789012345678> Game Night has started!"]
        assert stage.message().pings == []


async def test_a_joined_message_pings_for_each_of_its_lines(peer):
    """The end of a night, three lines in one, pings the roles of each, and is silent only if
    every one of them is."""
    role = peer.world.add_role("players", mentionable=True)
    ends = (Kind.FINAL_VOTES, Kind.SESSION_ENDED, Kind.STATS)
    joined = join([plain(kind.value, kind=kind) for kind in ends])
    loud = Stage(peer, mention_roles={"session_ended": [role.id]}, silent=ends[::2])
    async with playing(loud):
        await loud.send(joined, "one")
        await loud.send(plain("votes alone", kind=Kind.FINAL_VOTES), "two")
    async with playing(Stage(peer, silent=ends)) as quiet:
        await quiet.send(joined, "three")
        assert [m.pings for m in quiet.games.messages.values()] == [["role players"], [], []]
        assert [m.flags for m in quiet.games.messages.values()] == [0, 1 << 12, 1 << 12]


async def test_the_length_counts_the_mention(peer):
    """What is measured is what is sent, mentions of roles included."""
    stage = Stage(peer, mention_roles={"stats": [123456789012345678]})
    assert stage.adapter.measure(plain("x", kind=Kind.STATS)) == len("<@&123456789012345678> x")
    assert stage.adapter.measure(plain("a*b")) == 4


# --- edits --------------------------------------------------------------------------------------


async def test_an_edit_changes_all_and_takes_the_buttons(peer):
    """An edit shows the new state; one without card and actions shows neither."""
    async with playing(Stage(peer)) as stage:
        remote_id = await stage.send(plain("0👍 0👎", card=CARD, actions=VOTES))
        await stage.adapter.edit(
            stage.channel, remote_id, plain("1👍 0👎", card=CARD, actions=VOTES)
        )
        message = stage.message()
        assert (message.content, len(message.embeds), len(message.components)) == ("1👍 0👎", 1, 1)
        await stage.adapter.edit(stage.channel, remote_id, plain("5👍 1👎"))
        assert (message.content, message.embeds, message.components) == ("5👍 1👎", [], [])
        assert stage.contents == ["5👍 1👎"]


@pytest.mark.parametrize("body", [{}, {"retry_after": 0.0}])
async def test_too_many_edits_end_a_board(peer, faults, body):
    """30046 is Permanent although it comes as a 429, with or without a wait in it."""
    async with playing(Stage(peer)) as stage:
        remote_id = await stage.send("board")
        peer.world.shift += 3_700
        peer.world.old_edits_allowed = 0
        if body:
            told = {"code": 30046, "message": "Maximum number of edits"} | body
            faults.append(
                Fault("PATCH", status=429, body=told, headers={"Via": "1.1 google"}, times=9)
            )
        with pytest.raises(Permanent, match="30046"):
            await stage.adapter.edit(stage.channel, remote_id, plain("new"))


async def test_a_deleted_board_is_permanent(peer):
    """Neither a deleted message nor somebody else's can be edited."""
    async with playing(Stage(peer)) as stage:
        remote_id = await stage.send("board")
        stage.games.messages.clear()
        with pytest.raises(Permanent):
            await stage.adapter.edit(stage.channel, remote_id, plain("new"))


async def test_an_edit_waits_for_nobody(peer, faults):
    """A broken edit is told like a broken send, and is good for a repeat."""
    async with playing(Stage(peer)) as stage:
        remote_id = await stage.send("board")
        faults.append(Fault("PATCH", Act.STORE_THEN_RESET))
        with pytest.raises(Ambiguous):
            await stage.adapter.edit(stage.channel, remote_id, plain("new"))
        await stage.adapter.edit(stage.channel, remote_id, plain("new"))
        assert stage.contents == ["new"]


# --- the gateway --------------------------------------------------------------------------------


async def test_a_lost_gateway_holds_nothing_up(peer):
    """With the gateway refusing everybody, announcements go out all the same."""
    peer.gateway.refuses = True
    async with playing(Stage(peer), gateway=False) as stage:
        await stage.send("no gateway")
        assert stage.contents == ["no gateway"]
        assert not peer.gateway.connected


async def test_a_gateway_that_refuses_the_token_is_fatal(peer):
    """Close code 4004 ends run as a 401 does."""
    stage = Stage(peer)
    peer.gateway.token = "another"
    with pytest.raises(AdapterFatal, match="refuses the token"):
        await asyncio.wait_for(stage.adapter.run(), 5)

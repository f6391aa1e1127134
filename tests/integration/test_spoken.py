"""Questions and orders in lines of text: who is answered, where, how often, and who is obeyed."""

from __future__ import annotations

from dataclasses import replace

import pytest
from faults import HANG
from host import Host
from scene import ACTIVE, GAME, HERE, NEXT, TIME, Scene, until

from bot.app import Listening
from bot.chat import Rules
from bot.domain import OPERATOR, Author, Target
from bot.hosts import Hosts
from bot.store import read_deliveries

ANNIE = Author("account:annie", "ann", "annie")
BEN = Author("nick:annie", "annie")
OP = Author("nick:op", "op", roles=(OPERATOR,))
NO = "🙇 I take that order from the hosts alone."


@pytest.fixture
def scene(scene: Scene) -> Scene:
    """Its hosts are annie and the operators."""
    scene.listening = Listening(hosts=Hosts(frozenset({"chat/annie"}), operators=True))
    return scene


# --- questions -----------------------------------------------------------------------------


async def test_asked_for_all_to_hear(scene: Scene, host: Host) -> None:
    """A question in a line is answered in its channel, as the slash command is in private."""
    async with scene.running():
        await scene.begin(host)
        await host.vote("cid")
        for command in ("votes", "night", "top", "status"):
            private = (await scene.answer(scene.ask(command))).text
            asker = Author(f"id-{command}", command)
            assert await scene.answered(scene.say(f"!{command}", asker)) == private
        assert "thisgame++" in await scene.answered(scene.say("!help", BEN))


async def test_asked_by_name_and_in_private(scene: Scene, host: Host) -> None:
    """By our name in the channel; in private without a prefix, and answered in private."""
    async with scene.running():
        await scene.begin(host)
        assert "Drawful 2" in await scene.answered(scene.say("Nightcrier: votes"))
        assert "Drawful 2" in (await scene.answer(scene.say("votes", BEN, private=True))).text


async def test_a_prefix_of_ones_own(scene: Scene, host: Host) -> None:
    """The prefix is the host's choice, and the help names it."""
    scene.listening = Listening(rules=Rules(prefix="?"))
    async with scene.running():
        await scene.begin(host)
        unheard = scene.say("!help", BEN)
        said = await scene.answered(scene.say("?help"))
        assert "?votes" in said
        assert "!" not in said
    assert unheard not in [handle for handle, _ in scene.chat.replies]


async def test_what_was_asked_long_ago(scene: Scene, host: Host) -> None:
    """What a network plays back is not answered; a line of this minute is, though it comes late."""
    async with scene.running():
        await scene.begin(host)
        old = scene.say("!votes", at=TIME.now() - 310)
        await scene.answered(scene.say("!votes", BEN, at=TIME.now() - 60))
    assert old not in [handle for handle, _ in scene.chat.replies]


async def test_a_picker_that_is_silent(scene: Scene, host: Host) -> None:
    """The answer comes within the five seconds that the Picker has, as our own count."""
    async with scene.running():
        await scene.begin(host)
        scene.faults.put("(GET|POST) /.*", HANG)
        silent = TIME.monotonic()
        # What the Picker told in the two seconds before, perhaps for the board, still serves.
        await until(lambda: TIME.monotonic() > silent + 2.1)
        began = TIME.monotonic()
        said = await scene.answered(scene.say("!night"))
        assert TIME.monotonic() - began < 7
    assert "own count, since the Picker does not answer" in said


async def test_asking_too_often(scene: Scene, host: Host) -> None:
    """Three questions of one person are answered at once; another person is answered too, and
    nothing is made up for later."""
    async with scene.running():
        await scene.begin(host)
        handles = [scene.say("!status") for _ in range(9)]
        await scene.answered(scene.say("!status", BEN))
        answered = [handle for handle, _ in scene.chat.replies]
    assert [handle for handle in handles if handle in answered] == handles[:3]


async def test_a_channel_full_of_questions(scene: Scene, host: Host) -> None:
    """Of many people's questions a few are answered for all to see; in private each is."""
    async with scene.running():
        await scene.begin(host)
        people = [Author(f"id-{number}", f"p{number}") for number in range(40)]
        for each in people:
            scene.say("!status", each)
        private = [scene.say("status", each, private=True) for each in people]
        for handle in private:
            await scene.answer(handle)
        await until(lambda: len(scene.chat.replies) >= len(private) + 6)
        await scene.answer(scene.ask("status"))
    assert len(scene.chat.replies) == len(private) + 7


# --- orders --------------------------------------------------------------------------------


async def test_everybody_else(scene: Scene, host: Host) -> None:
    """A nick that is a host's account is nobody's; the no is said once, and nothing happens."""
    async with scene.running():
        await scene.begin(host)
        first = scene.say("!mute 30m", BEN)
        assert await scene.answered(first) == NO
        second = scene.say("!mute 30m", BEN)
        slash = scene.ask("mute", BEN, span="30m")
        assert (await scene.answer(slash)).text == NO
        assert (await scene.answer(scene.ask("unmute", BEN))).text == NO
        await host.add((await _active(host)), NEXT)
        await scene.board(NEXT)
        assert second not in [handle for handle, _ in scene.chat.replies]


async def _active(host: Host) -> int:
    answer = await host.ask("GET", "/api/sessions/active")
    return int((answer.get("session") or answer)["id"])


async def test_mute_and_unmute(scene: Scene, host: Host) -> None:
    """A mute lets lines expire as muted, in which only the host is answered for all to hear;
    after it everything is said again."""
    async with scene.running():
        session = await scene.begin(host)
        said = await scene.answered(scene.say("!mute 30m", ANNIE))
        assert said == "🔇 I announce nothing here for 30 min, or until the night ends."
        await host.add(session, NEXT)
        await until(lambda: _fate(scene, NEXT) == ("expired", "muted"))
        nobody = scene.say("!votes", BEN)
        assert NEXT in (await scene.answer(scene.say("votes", BEN, private=True))).text
        assert NEXT in await scene.answered(scene.say("!votes", ANNIE))
        assert await scene.answered(scene.say("!unmute", ANNIE)) == "🔔 I announce here again."
        again = await scene.answered(scene.say("!unmute", ANNIE))
        assert again == "🔔 Nothing was muted here."
        await host.add(session, "Tee K.O.")
        await scene.board("Tee K.O.")
    assert not [text for _, text in scene.chat.said if NEXT in text and "Next up" in text]
    assert nobody not in [handle for handle, _ in scene.chat.replies]


def _fate(scene: Scene, title: str) -> tuple[str, str | None]:
    return next(iter(_fates(scene, title)), ("", None))


def _fates(scene: Scene, title: str) -> list[tuple[str, str | None]]:
    """What became of a game's line, in each channel."""
    rows = [row for row in read_deliveries(scene.path) if f"Next up: {title}" in row.message.text]
    return [(str(row.status), row.reason) for row in rows]


async def test_a_mute_survives_and_ends_with_the_night(scene: Scene, host: Host) -> None:
    """It is on disk, and the end of the night lifts it."""
    async with scene.running():
        session = await scene.begin(host)
        await scene.answered(scene.say("!mute 2h", ANNIE))
    async with scene.running():
        await host.add(session, NEXT)
        await until(lambda: _fate(scene, NEXT) == ("expired", "muted"))
        await host.close(session)
        await until(lambda: any(row.key.endswith("/end") for row in read_deliveries(scene.path)))
        session = await host.start()
        await host.add(session, "Tee K.O.")
        await scene.board("Tee K.O.")


async def test_a_mute_without_a_span(scene: Scene, host: Host) -> None:
    """What is no span of time is asked for again, and not repeated to the channel."""
    async with scene.running():
        await scene.begin(host)
        for text in ("!mute", "!mute @everyone", "!mute 3 weeks"):
            said = await scene.answered(scene.say(text, ANNIE))
            assert said == "🤔 For how long? Up to a day, such as !mute 30m"
        short = await scene.answered(scene.say("!mute 45s", ANNIE))
        assert short.startswith("🔇 I announce nothing here for a moment,")


async def test_operators(scene: Scene, host: Host) -> None:
    """An operator is a host in the channel; in private nobody is one by that."""
    async with scene.running():
        await scene.begin(host)
        assert (await scene.answer(scene.say("mute 1m", OP, private=True))).text == NO
        assert "I announce nothing here" in await scene.answered(scene.say("!mute 1m", OP))


async def test_in_private(scene: Scene, host: Host) -> None:
    """An order in private is for all channels of the connection, and answered in private."""
    scene.channels = (HERE, Target("chat", "#there"))
    async with scene.running():
        session = await scene.begin(host)
        said = await scene.answer(scene.say("mute 1h", ANNIE, private=True))
        assert said.text.startswith("🔇 I announce nothing in any channel here for 1 h")
        await host.add(session, NEXT)
        await until(lambda: _fates(scene, NEXT) == [("expired", "muted")] * 2)
        said = await scene.answer(scene.say("unmute", ANNIE, private=True))
        assert said.text == "🔔 I announce in all channels here again."


async def test_the_status_of_a_muted_channel(scene: Scene, host: Host) -> None:
    """A mute is part of the status of its channel; in private no channel is meant."""
    mark = "🔇 Nothing is announced here for "
    async with scene.running():
        await scene.begin(host)
        assert mark not in await scene.answered(scene.say("!status", ANNIE))
        await scene.answered(scene.say("!mute 2h", ANNIE))
        assert mark in await scene.answered(scene.say("!status", ANNIE))
        assert mark in (await scene.answer(scene.ask("status"))).text
        assert mark not in (await scene.answer(scene.say("status", private=True))).text


async def test_say_again(scene: Scene, host: Host) -> None:
    """The last announcement comes once more, under a key of its own; never from a mute."""
    async with scene.running():
        nothing = await scene.answered(scene.say("!say-again", ANNIE))
        assert nothing == "🤷 There is nothing to say again here."
        await scene.begin(host)
        (line,) = [text for _, text in scene.chat.said if GAME in text]
        scene.say("!say-again", ANNIE)
        await until(lambda: scene.chat.said.count((HERE.channel, line)) == 2)
        slash = await scene.answer(scene.ask("say-again", ANNIE))
        assert slash.text == "🔁 It is being said again."
        await scene.answered(scene.say("!mute 1h", ANNIE))
        muted = await scene.answered(scene.say("!say-again", ANNIE))
        assert muted == "🔇 I was told to announce nothing here for now."
    keys = [row.key for row in read_deliveries(scene.path) if row.message.text == line]
    assert len(keys) == len(set(keys))
    assert [key.partition("/again/")[0] for key in keys] == [keys[0]] * len(keys)


async def test_say_again_what_went_out_in_parts(scene: Scene, host: Host) -> None:
    """Of a line that took several messages the running game is what is said again."""
    scene.chat.limits = replace(scene.chat.limits, length=24)
    async with scene.running():
        session = await host.start()
        await host.add(session, GAME)
        await until(lambda: len(scene.chat.said) >= 4)
        before = len(scene.chat.said)
        scene.say("!say-again", ANNIE)
        await until(lambda: len(scene.chat.said) > before)
        assert scene.chat.said[before][1].startswith("🎮 Next up: Drawful 2")


async def test_say_again_when_the_last_game_is_over(scene: Scene, host: Host) -> None:
    """A game whose line fell into a mute is what is said again, not the one before it."""
    async with scene.running():
        session = await scene.begin(host)
        await scene.answered(scene.say("!mute 1h", ANNIE))
        await host.add(session, NEXT, room_code="WXYZ")
        await until(lambda: _fate(scene, NEXT) == ("expired", "muted"))
        await scene.answered(scene.say("!unmute", ANNIE))
        before = len(scene.chat.said)
        scene.say("!say-again", ANNIE)
        await until(lambda: len(scene.chat.said) > before)
        again = scene.chat.said[before][1]
        assert (again.startswith(f"🎮 Next up: {NEXT}"), "WXYZ" in again) == (True, True)


async def test_many_who_are_no_hosts(scene: Scene, host: Host) -> None:
    """Nobody is denied in a muted channel; of many at once a few are."""
    async with scene.running():
        await scene.begin(host)
        await scene.answered(scene.say("!mute 1h", ANNIE))
        scene.say("!unmute", Author("nick:eve", "eve"))
        await scene.answered(scene.say("!unmute", ANNIE))
        assert NO not in [text for _, text in scene.chat.replies]
        for number in range(20):
            scene.say("!unmute", Author(f"nick:p{number}", f"p{number}"))
        await scene.answered(scene.say("!votes", ANNIE))
        await scene.answer(scene.ask("status"))
    assert [text for _, text in scene.chat.replies].count(NO) == 2


async def test_reconnect(scene: Scene, host: Host) -> None:
    """The link is made anew by a fresh login, and facts come as before."""
    async with scene.running():
        session = await scene.begin(host)
        before = scene.faults.asked.count("POST /api/auth/login"), scene.faults.asked.count(ACTIVE)
        said = await scene.answered(scene.say("!reconnect", ANNIE))
        assert said == "🔌 I log in to the Picker anew."
        await until(lambda: scene.faults.asked.count("POST /api/auth/login") > before[0])
        await until(lambda: scene.faults.asked.count(ACTIVE) > before[1] + 1)
        await host.add(session, NEXT)
        await scene.board(NEXT)


async def test_hostile_names(scene: Scene, host: Host) -> None:
    """Nothing of a name or of what was said comes back, whatever is asked or ordered."""
    evil = "@everyone\r\nQUIT\x03 {{ 7 * 7 }} **x**"
    async with scene.running():
        await scene.begin(host)
        for number, text in enumerate(("!votes", "!night", "!help", "!status", "!mute 1h")):
            author = Author(f"{evil}{number}", f"{evil}{number}", roles=(evil,))
            said = await scene.answered(scene.say(f"{text} {evil}", author))
            assert not any(part in said for part in ("everyone", "QUIT", "49", "**x**"))


async def test_orders_of_a_bot(scene: Scene, host: Host) -> None:
    """A bot is not obeyed, whatever account it has."""
    async with scene.running():
        session = await scene.begin(host)
        scene.say("!mute 1h", Author("account:annie", "ann", "annie", is_bot=True))
        await host.add(session, NEXT)
        await scene.board(NEXT)
    assert scene.chat.replies == []

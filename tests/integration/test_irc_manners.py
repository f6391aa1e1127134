"""The IRC adapter among people, on real daemons: doors, kicks, nicks, operators, history."""

from __future__ import annotations

import asyncio
import time

import pytest
from irc_bot import DEADLINE, Bot, message, needs_inspircd, needs_ngircd, until
from irc_daemons import Inspircd, Ngircd
from irc_person import Person

from adapters.irc.nick import GHOST_WAIT
from bot.domain import OPERATOR
from bot.port import deaf


async def heard(bot: Bot, text: str):
    """The line that was heard with this text."""
    await until(lambda: asyncio.sleep(0, any(line.text == text for line in bot.heard)))
    return next(line for line in bot.heard if line.text == text)


# --- doors --------------------------------------------------------------------------------


@needs_inspircd
@pytest.mark.parametrize(
    "words", ["K-Lined: flooding", "G-Lined: spam", "You are banned from Test", "Go away"]
)
async def test_banned_host_waits_long_and_says_so_once(tmp_path, caplog, words, present):
    """A ban is a wait of a quarter of an hour, then half an hour, told in one line with the
    server's own words: 465 says it, whatever the words."""
    daemon = await present.started(Inspircd(tmp_path, banned=words))
    bot = Bot(daemon.port)

    async def quick(seconds: float) -> None:
        bot.waits.append(seconds)
        await asyncio.sleep(0)

    bot.adapter._sleep = quick
    async with bot.running():
        await until(lambda: asyncio.sleep(0, len(bot.waits) >= 3), 3 * DEADLINE)
    assert [wait / 60 for wait in bot.waits[:3]] == [15, 30, 60]
    told = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
    assert len(told) == 1
    assert "trying again in 15 min" in told[0]


@needs_ngircd
async def test_full_server_waits_long(tmp_path, present):
    """A server without room for us is not hammered."""
    daemon = await present.started(Ngircd(tmp_path, most=1))
    await present.person("only", daemon.port)
    bot = Bot(daemon.port)
    async with bot.running():
        await until(lambda: asyncio.sleep(0, bot.waits))
    assert bot.waits == [900.0]


@needs_ngircd
async def test_ipv6_is_spoken(tmp_path, present):
    """A server that listens on IPv6 alone is reached."""
    daemon = await present.started(Ngircd(tmp_path, address="::1"))
    bot = Bot(daemon.port, host="::1")
    async with bot.running():
        await bot.ready()


# --- kicks and accounts --------------------------------------------------------------------


@needs_ngircd
async def test_second_kick_keeps_us_out(ngircd, caplog, present):
    """Kicked once we come back, at once if invited; kicked again within the hour we stay out and
    the host reads it, until somebody invites us."""
    op = await present.person("op", ngircd.port, "#night")
    bot = Bot(ngircd.port)
    async with bot.running():
        await bot.ready()
        op.send("KICK #night nightcrie :enough")
        assert "kicked us: enough" in await bot.reason("kicked")
        op.send("INVITE nightcrie #night")
        await bot.ready()
        op.send("KICK #night nightcrie :really")
        await bot.reason("really")
        channel = bot.adapter._channels.find("#night")
        assert channel.stand.value == "barred"
        op.send("INVITE nightcrie #night")
        await bot.ready()
    notes = [record.getMessage() for record in caplog.records if "kicked" in record.getMessage()]
    assert notes == [
        "net: #night: op kicked us: enough; we come back in a minute",
        "net: #night: op kicked us: really; we stay out until invited",
    ]


@needs_inspircd
@pytest.mark.long
async def test_registered_only_channel_opens_with_services(inspircd, present):
    """Refused by 477 while services are away, we sign in when they return and then join."""
    watcher = await present.person("watcher", inspircd.port, "#night")
    watcher.send("MODE #night +R")
    await watcher.expect("+R")
    inspircd.stop_services()
    settings = {"sasl": "off", "account": "crier", "account_password": "pass-of-crier"}
    bot = Bot(inspircd.port, **settings)
    async with bot.running():
        assert "identified" in await bot.reason("identified")
        await inspircd.start_services()
        await bot.ready(wait=45.0)


@needs_inspircd
async def test_ghost_of_ours_is_driven_out(inspircd, present):
    """A connection that still holds our nick, in no channel of ours, is ended by NickServ, and we
    take the nick a moment later."""
    watcher = await present.person("watcher", inspircd.port, "#night")
    ghost = await present.person("crier", inspircd.port)
    account = {"account": "crier", "account_password": "pass-of-crier"}
    bot = Bot(inspircd.port, nick="crier", **account)
    async with bot.running() as adapter:
        await watcher.expect("crier_!")
        await watcher.expect("NICK :crier", wait=15.0)
        assert adapter.names("#night") == ("crier",)
    assert any("GHOST" in line for line in ghost.lines)


@needs_inspircd
async def test_check_beside_the_running_bot_leaves_it_alone(inspircd, present):
    """A second connection of ours that only looks in comes under another nick, and goes."""
    await present.person("watcher", inspircd.port, "#night")
    account = {"account": "crier", "account_password": "pass-of-crier"}
    running, looking = Bot(inspircd.port, **account), Bot(inspircd.port, **account)
    looking.adapter._hear = deaf
    async with running.running():
        await running.ready()
        async with looking.running():
            await looking.ready()
            await asyncio.sleep(GHOST_WAIT)
            assert looking.adapter.names("#night") == ("nightcrie_",)
        assert running.waits == []


# --- bots, CTCP ----------------------------------------------------------------------------


async def is_marked(person: Person, nick: str) -> bool:
    """Whether WHOIS says that somebody is a bot."""
    since = len(person.lines)
    person.send(f"WHOIS {nick}")
    await person.expect(" 318 ", since)
    return any(" 335 " in line and "is a bot" in line for line in person.lines[since:])


@needs_inspircd
async def test_we_are_marked_as_a_bot(inspircd, present):
    """WHOIS says that we are one, and other bots are known by their tag."""
    watcher = await present.person("watcher", inspircd.port, "#night")
    bot = Bot(inspircd.port)
    async with bot.running():
        await bot.ready()
        await until(lambda: is_marked(watcher, "nightcrier"))
        watcher.send("MODE watcher +B")
        await watcher.expect("+B")
        watcher.send("PRIVMSG #night :I am one too")
        assert (await heard(bot, "I am one too")).author.is_bot


@needs_ngircd
async def test_ctcp_flood_gets_few_answers(ngircd, present):
    """Of thirty CTCP requests three are answered, by NOTICE, and what is said is still heard."""
    stranger = await present.person("stranger", ngircd.port, "#night")
    bot = Bot(ngircd.port)
    async with bot.running() as adapter:
        await bot.ready()
        stranger.send(*["PRIVMSG nightcrie :\x01VERSION\x01"] * 30)
        stranger.send("PRIVMSG #night :after")
        line = await heard(bot, "after")
        await adapter.reply(line.handle, message("heard you"), private=False)
        await stranger.expect("heard you")  # which waits its turn after the answers
    answers = [line for line in stranger.lines if "VERSION" in line]
    assert len(answers) == 3
    assert all(" NOTICE stranger :\x01VERSION Nightcrier" in line for line in answers)


# --- who speaks, and when ------------------------------------------------------------------


@pytest.mark.parametrize("kind", [pytest.param(Ngircd, marks=needs_ngircd), Inspircd])
@needs_inspircd
async def test_operators_of_a_channel_are_known(tmp_path, kind, present):
    """Who has @ when we come, who gets it and who loses it, under whatever nick."""
    daemon = await present.started(kind(tmp_path))
    jo = await present.person("jo", daemon.port, "#night")
    bob = await present.person("bob", daemon.port, "#night")
    bot = Bot(daemon.port)
    async with bot.running():
        await bot.ready()
        jo.send("PRIVMSG #night :one")
        bob.send("PRIVMSG #night :two")
        assert (await heard(bot, "one")).author.roles == (OPERATOR,)
        assert (await heard(bot, "two")).author.roles == ()
        jo.send("MODE #night +o bob", "MODE #night -o jo", "PRIVMSG #night :three")
        assert (await heard(bot, "three")).author.roles == ()
        bob.send("NICK rob", "PRIVMSG #night :four")
        assert (await heard(bot, "four")).author.roles == (OPERATOR,)
        bob.send("PART #night", "JOIN #night", "PRIVMSG #night :five")
        assert (await heard(bot, "five")).author.roles == ()


async def is_seen(person: Person, nick: str) -> bool:
    """Whether the network has somebody of this nick, asked of the person's server."""
    since = len(person.lines)
    person.send(f"ISON {nick}")
    return nick in (await person.expect(" 303 ", since)).rpartition(":")[2]


@needs_ngircd
async def test_netsplit_is_quiet(tmp_path, present):
    """A split takes half of the channel away and gives it back: we stay, say nothing, are heard by
    both halves again, and nobody is an operator by what they were before."""
    (near, far) = (tmp_path / "near", tmp_path / "far")
    near.mkdir()
    far.mkdir()
    hub = await present.started(Ngircd(near, other="far.test"))
    leaf = Ngircd(far, name="far.test", other="irc.test", other_port=hub.port)
    await present.started(leaf)
    watcher = await present.person("watcher", hub.port, "#night")
    jo = await present.person("jo", leaf.port)
    await until(lambda: is_seen(jo, "watcher"), 3 * DEADLINE)
    jo.send("JOIN #night")
    await watcher.expect(":jo!")
    watcher.send("MODE #night +o jo")
    bot = Bot(hub.port)
    async with bot.running() as adapter:
        await bot.ready()
        jo.send("PRIVMSG #night :before")
        assert (await heard(bot, "before")).author.roles == (OPERATOR,)
        leaf.kill()
        await watcher.expect(":jo!~jo@127.0.0.1 QUIT")
        assert not bot.adapter._channels.find("#night").operators._held.keys() & {"jo"}
        await leaf.start()
        again = await present.person("jo", leaf.port)
        await until(lambda: is_seen(again, "watcher"), 3 * DEADLINE)
        again.send("JOIN #night")
        again.send("PRIVMSG #night :after")
        assert (await heard(bot, "after")).author.roles == ()
        await adapter.send("#night", message("to both"), key="k")
        await again.expect("to both")
        assert bot.waits == []
    assert watcher.said("#night") == ["before", "after", "to both"]


@needs_inspircd
async def test_account_and_time_are_the_networks(inspircd, present):
    """A line carries the account that its author is signed in to, and the server's moment."""
    person = await present.person("jo", inspircd.port, "#night")
    person.send("PRIVMSG NickServ :IDENTIFY crier pass-of-crier")
    await person.expect("now identified")
    bot = Bot(inspircd.port)
    bot.adapter._now = lambda: 0.0
    async with bot.running():
        await bot.ready()
        person.send("PRIVMSG #night :hello")
        line = await heard(bot, "hello")
    assert (line.author.id, line.author.account) == ("account:crier", "crier")
    assert abs(line.at - time.time()) < 10


@needs_inspircd
async def test_channel_history_is_not_heard(inspircd, present):
    """What a channel with +H replays when we join was said before: no vote is counted of it."""
    person = await present.person("jo", inspircd.port, "#night")
    person.send("MODE #night +H 20:10m", "PRIVMSG #night :thisgame++", "PING :done")
    await person.expect("done")
    fresh = await present.person("fresh", inspircd.port, "#night")
    await fresh.expect("PRIVMSG #night :thisgame++")  # it is replayed to all
    bot = Bot(inspircd.port)
    async with bot.running():
        await bot.ready()
        person.send("PRIVMSG #night :now")
        await heard(bot, "now")
    assert [line.text for line in bot.heard] == ["now"]


# --- answers -------------------------------------------------------------------------------


@needs_ngircd
async def test_answers_follow_announcements(ngircd, present):
    """With the pace used up, what is announced goes before answers that waited longer."""
    asker = await present.person("asker", ngircd.port, "#night")
    bot = Bot(ngircd.port, burst=3, pace=0.3)
    async with bot.running() as adapter:
        await bot.ready()
        asker.send("PRIVMSG #night :!votes")
        line = await heard(bot, "!votes")
        for number in range(5):
            await adapter.reply(line.handle, message(f"answer {number}"), private=False)
        await adapter.send("#night", message("announcement"), key="k")
        await asker.expect("answer 4", wait=2 * DEADLINE)
    said = asker.said("#night")
    assert said.index("announcement") <= 2
    assert [text for text in said if "answer" in text] == [f"answer {n}" for n in range(5)]

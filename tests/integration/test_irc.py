"""The IRC adapter on real daemons: broken connections at every step, TLS, accounts, manners."""

from __future__ import annotations

import asyncio
import hashlib
import signal
import ssl
import subprocess
from contextlib import AsyncExitStack, suppress

import pytest
from fault_proxy import FaultProxy, Faults
from irc_bot import DEADLINE, Bot, message, needs_inspircd, needs_ngircd, until
from irc_daemons import Certificate, certificate, free_ports
from irc_person import Person

from adapters.irc.adapter import Irc
from bot.domain import Style
from bot.port import AdapterFatal, Ambiguous, Transient

# --- faults -------------------------------------------------------------------------------

STEPS = (0, 1, 40, 150, 300, 600, 900, 1_200)


@needs_ngircd
@pytest.mark.parametrize("to_client", [True, False], ids=["from-server", "to-server"])
async def test_cut_at_every_step_of_sign_on(ngircd, to_client, present):
    """Wherever the sign-on breaks, in the middle of a line too, it is done again, at most once
    for each break, and the next line arrives once."""
    watcher = await present.person("watcher", ngircd.port, "#night")
    steps = STEPS if to_client else (0, 5, 20, 45, 90, 110)
    for number, cut in enumerate(steps):
        proxy = await present.started(FaultProxy(ngircd.port))
        proxy.faults = Faults(to_client=to_client, cut_after=cut)
        bot = Bot(proxy.port, nick=f"crier{number}")
        async with bot.running() as adapter:
            await until(lambda p=proxy: asyncio.sleep(0, p.accepted >= 2))
            proxy.faults = Faults()
            await bot.ready()
            doubts = await insist(adapter, bot, proxy, f"after {cut}.")
            assert proxy.accepted <= 4
        await watcher.expect(f":after {cut}.")
        assert watcher.said("#night").count(f"after {cut}.") <= 1 + doubts


@needs_inspircd
@pytest.mark.parametrize("to_client", [True, False], ids=["from-server", "to-server"])
async def test_cut_at_every_step_of_sasl(inspircd, to_client, present):
    """Wherever capabilities and SASL break off, in the middle of a line too, they begin anew, and
    no half of them counts as a wrong password."""
    account = {"account": "crier", "account_password": "pass-of-crier"}
    for cut in (60, 200, 400, 520, 640, 700) if to_client else (12, 60, 110, 150, 190, 230):
        proxy = await present.started(FaultProxy(inspircd.port))
        proxy.faults = Faults(to_client=to_client, cut_after=cut)
        bot = Bot(proxy.port, **account)
        async with bot.running() as adapter:
            await until(lambda p=proxy: asyncio.sleep(0, p.accepted >= 2))
            proxy.faults = Faults()
            await bot.ready()
            await insist(adapter, bot, proxy, f"after {cut}.")
            assert proxy.accepted <= 4


@needs_inspircd
@pytest.mark.long
@pytest.mark.timeout(150)
@pytest.mark.parametrize("to_client", [True, False], ids=["from-server", "to-server"])
async def test_stall_at_every_step_of_sign_on(inspircd, to_client, present):
    """A sign-on that stands still anywhere is given up within 90 s and done again, once."""
    proxies = [await present.started(FaultProxy(inspircd.port)) for _ in range(6)]
    bots = []
    for number, proxy in enumerate(proxies):
        stall = (0, 100, 300, 600, 800, 1_000)[number] if to_client else number * 25
        proxy.faults = Faults(to_client=to_client, stall_after=stall)
        account = {"account": "crier", "account_password": "pass-of-crier"}
        bots.append(Bot(proxy.port, nick=f"crier{number}", **account))
    async with AsyncExitStack() as stack:
        for bot in bots:
            await stack.enter_async_context(bot.running())
        await until(lambda: asyncio.sleep(0, all(proxy.stalled for proxy in proxies)))
        for proxy in proxies:
            proxy.faults = Faults()
        await until(lambda: asyncio.sleep(0, all(bot.waits for bot in bots)), 90.0)
        for proxy in proxies:
            proxy.up()
        for bot in bots:
            await bot.ready()
        assert [proxy.accepted for proxy in proxies] == [2] * len(proxies)
    for proxy in proxies:
        await proxy.stop()


@needs_ngircd
async def test_nothing_is_lost_between_cuts(ngircd, present):
    """Twenty lines over a connection that is cut again and again: each arrives, in order, and
    a line comes twice only if its first sending was in doubt."""
    watcher = await present.person("watcher", ngircd.port, "#night")
    proxy = await present.started(FaultProxy(ngircd.port))
    bot, doubts = Bot(proxy.port), 0
    async with bot.running() as adapter:
        for number in range(20):
            await bot.ready()
            if number % 4 == 3:
                proxy.faults = Faults(to_client=number % 8 == 3, cut_after=0)
            doubts += await insist(adapter, bot, proxy, f"line {number}")
        assert proxy.accepted <= 12
    said = watcher.said("#night")
    first = list(dict.fromkeys(said))
    assert first == [f"line {number}" for number in range(20)]
    assert len(said) - len(first) <= doubts


async def insist(adapter: Irc, bot: Bot, proxy: FaultProxy, text: str) -> int:
    """Send as a lane does, until there is a receipt; how often it was in doubt."""
    doubts = 0
    while True:
        try:
            await asyncio.wait_for(adapter.send("#night", message(text), key=text), DEADLINE)
        except Ambiguous:
            doubts += 1
        except Transient:
            pass
        else:
            return doubts
        proxy.faults = Faults()
        await bot.ready()


@needs_ngircd
async def test_slices_and_delays_change_nothing(ngircd, present):
    """A connection that delivers single bytes, late, loses and reorders nothing."""
    watcher = await present.person("watcher", ngircd.port, "#night")
    proxy = await present.started(FaultProxy(ngircd.port))
    proxy.faults = Faults(slices=1)
    bot = Bot(proxy.port)
    async with bot.running() as adapter:
        await bot.ready()
        proxy.faults = Faults(slices=7, delay=0.002)
        for number in range(5):
            await adapter.send("#night", message(f"🎲 größer {number}"), key=str(number))
    await watcher.expect("größer 4")
    assert watcher.said("#night") == [f"🎲 größer {number}" for number in range(5)]


@needs_ngircd
async def test_no_storm_on_a_closed_door(ngircd, present):
    """A server that accepts and closes at once sees us more and more seldom."""
    proxy = await present.started(FaultProxy(ngircd.port))
    proxy.down()
    bot = Bot(proxy.port, dice=1.0)

    async def quick(seconds: float) -> None:
        bot.waits.append(seconds)
        await asyncio.sleep(0)

    bot.adapter._sleep = quick
    async with bot.running():
        await until(lambda: asyncio.sleep(0, len(bot.waits) >= 9))
    assert bot.waits[:8] == [2.25, 4.25, 8.25, 16.25, 32.25, 64.25, 128.25, 256.25]
    assert proxy.accepted <= len(bot.waits) + 1


@needs_ngircd
async def test_killed_server_is_noticed_and_found_again(ngircd):
    """A daemon that dies under us is told at once, and found again when it is back."""
    bot = Bot(ngircd.port)
    async with bot.running() as adapter:
        await bot.ready()
        ngircd.kill()
        assert "nobody listens" in await bot.reason("nobody listens")
        await ngircd.start()
        await bot.ready()
        await adapter.send("#night", message("back"), key="k")


@needs_ngircd
@pytest.mark.long
@pytest.mark.timeout(150)
async def test_frozen_server_is_dead_within_90_seconds(ngircd):
    """A server that stops without closing anything is given up within 90 s."""
    bot = Bot(ngircd.port)
    async with bot.running():
        await bot.ready()
        (process,) = ngircd._processes
        process.send_signal(signal.SIGSTOP)
        try:
            await until(lambda: asyncio.sleep(0, bot.waits), 90.0)
        finally:
            process.send_signal(signal.SIGCONT)


@needs_ngircd
async def test_any_bytes_of_a_stranger_are_survived(ngircd, present):
    """Latin-1, broken UTF-8, CTCP rubbish and a line of only blanks end nothing."""
    stranger = await present.person("stranger", ngircd.port, "#night")
    bot = Bot(ngircd.port)
    async with bot.running() as adapter:
        await bot.ready()
        for data in (
            b"Ol\xe9",
            b"\xf0\x9f\x8e",
            b"\x01",
            b"\x01\x01",
            b" ",
            b"\x03\xff\x02",
            b"end",
        ):
            stranger._streams[1].write(b"PRIVMSG #night :" + data + b"\r\n")
        await until(lambda: asyncio.sleep(0, [h for h in bot.heard if h.text == "end"]))
        assert bot.heard[0].text == "Olé"
        await adapter.send("#night", message("still here"), key="k")
        assert bot.waits == []


# --- TLS ----------------------------------------------------------------------------------


@needs_inspircd
async def test_tls_is_verified_or_pinned(inspircd):
    """An unknown certificate is refused with advice, a pinned one taken, another one not."""
    made = inspircd.certificate
    der = ssl.PEM_cert_to_DER_cert(made.certificate.read_text())
    pin = hashlib.sha256(der).hexdigest()
    for settings, word in (
        ({}, "set ca_file or tls_fingerprint"),
        ({"tls_fingerprint": "00" * 32}, "not the one of tls_fingerprint"),
    ):
        bot = Bot(inspircd.tls_port, tls=True, **settings)
        async with bot.running():
            await bot.reason(word)
        assert bot.waits == [900.0]
    for settings in ({"tls_fingerprint": pin}, {"ca_file": made.certificate, "host": "localhost"}):
        bot = Bot(inspircd.tls_port, tls=True, **settings)
        async with bot.running():
            await bot.ready()


async def test_certificate_of_another_host_is_refused(tmp_path):
    """A certificate that an authority of ours vouches for, but for another name, is none."""
    made = certificate(tmp_path, "other", hosts="DNS:other.test")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(made.certificate, made.key)
    got = b""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal got
        got += await reader.read(100)
        writer.close()

    server = await asyncio.start_server(talk, "127.0.0.1", 0, ssl=context)
    port = server.sockets[0].getsockname()[1]
    bot = Bot(port, tls=True, ca_file=made.certificate, password="hunter2")
    async with bot.running():
        assert "not trusted" in await bot.reason("mismatch")
    server.close()
    assert got == b""


async def test_wrong_addresses_are_explained():
    """Plain text taken for TLS, a web server, a closed port and an impossible host each have their
    sentence."""

    async def greet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b":irc.test NOTICE * :*** Looking up your hostname...\r\n")
        await reader.read(1)
        writer.close()

    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readline()
        writer.write(b"HTTP/1.1 400 Bad Request\r\nServer: Python/3.11 aiohttp\r\n\r\n")
        writer.close()

    server = await asyncio.start_server(greet, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    web = await asyncio.start_server(refuse, "127.0.0.1", 0)
    elsewhere = {"port": web.sockets[0].getsockname()[1]}
    cases = (({"tls": True}, "tls = false"), ({"host": "a..b"}, "key: host"))
    cases += ((elsewhere, "no IRC server"),)
    for settings, word in (*cases, ({"port": free_ports(1)[0]}, "nobody listens")):
        bot = Bot(**{"port": port} | settings)
        async with bot.running():
            await bot.reason(word)
    for listener in (server, web):
        listener.close()


async def test_broken_certificate_file_is_fatal(tmp_path):
    """A file that is no PEM cannot be mended by waiting."""
    junk = tmp_path / "junk.pem"
    junk.write_text("junk")
    with pytest.raises(AdapterFatal, match="cert_file"):
        await Bot(1, tls=True, cert_file=junk).adapter.run()


# --- accounts -----------------------------------------------------------------------------


async def account_of(person: Person, nick: str) -> str | None:
    """The account that WHOIS shows for ``nick``."""
    since = len(person.lines)
    person.send(f"WHOIS {nick}")
    await person.expect(" 318 ", since)
    found = [line.split()[4] for line in person.lines[since:] if " 330 " in line]
    return found[0] if found else None


@needs_inspircd
async def test_nickserv_where_sasl_is_off(inspircd, present):
    """Identified by NickServ before the JOIN, we get into a channel for registered nicks."""
    watcher = await present.person("watcher", inspircd.port, "#night")
    watcher.send("MODE #night +R")
    bot = Bot(inspircd.port, sasl="off", account="crier", account_password="pass-of-crier")
    async with bot.running():
        await bot.ready()
        assert await account_of(watcher, "nightcrier") == "crier"
    assert bot.waits == []


@needs_inspircd
async def test_nickserv_with_a_wrong_password_is_fatal(inspircd):
    """A password that NickServ refuses ends the adapter, without the password in the error."""
    bot = Bot(inspircd.port, sasl="off", account="crier", account_password="wrong-one")
    with pytest.raises(AdapterFatal) as caught:
        await asyncio.wait_for(bot.adapter.run(), 2 * DEADLINE)
    assert "account_password" in str(caught.value)
    assert "wrong-one" not in str(caught.value)


@needs_inspircd
async def test_external_by_client_certificate(inspircd, tmp_path, present):
    """SASL EXTERNAL signs us in by our certificate's fingerprint; an unknown one is fatal."""
    mine = certificate(tmp_path, "crier")
    owner = await present.person("owner", inspircd.port)
    owner.send("PRIVMSG NickServ :IDENTIFY crier pass-of-crier")
    await owner.expect("now identified")
    owner.send(f"PRIVMSG NickServ :CERT ADD {fingerprint(mine)}")
    await owner.expect("ingerprint")
    settings = {"tls": True, "ca_file": inspircd.certificate.certificate, "sasl": "external"}
    settings |= {"cert_file": mine.certificate, "key_file": mine.key}
    bot = Bot(inspircd.tls_port, account="crier", **settings)
    async with bot.running():
        await bot.ready()
        assert await account_of(owner, "nightcrier") == "crier"
    stranger = certificate(tmp_path, "stranger")
    settings |= {"cert_file": stranger.certificate, "key_file": stranger.key}
    with pytest.raises(AdapterFatal, match="cert_file"):
        await asyncio.wait_for(Bot(inspircd.tls_port, **settings).adapter.run(), 2 * DEADLINE)


def fingerprint(made: Certificate) -> str:
    command = ["openssl", "x509", "-in", made.certificate, "-outform", "DER"]
    der = subprocess.run(command, check=True, capture_output=True).stdout
    return hashlib.sha256(der).hexdigest()


@needs_inspircd
@pytest.mark.parametrize(
    "sasl", ["off", pytest.param("auto", marks=pytest.mark.long)], ids=["nickserv", "sasl"]
)
async def test_services_away(inspircd, sasl, present):
    """Without services we go on without an account, and speak."""
    inspircd.stop_services()
    watcher = await present.person("watcher", inspircd.port, "#night")
    account = {"account": "crier", "account_password": "pass-of-crier"}
    bot = Bot(inspircd.port, sasl=sasl, **account)
    async with bot.running() as adapter:
        await bot.ready(wait=25.0)
        await adapter.send("#night", message("hello"), key="k")
        assert await account_of(watcher, "nightcrier") is None
    assert bot.waits == []


@needs_ngircd
async def test_taken_nick_is_regained(ngircd, present):
    """With our nick taken we come as another, and take our own when its holder leaves."""
    watcher = await present.person("watcher", ngircd.port, "#night")
    holder = await present.person("crier", ngircd.port, "#night")
    bot = Bot(ngircd.port, nick="crier")
    async with bot.running() as adapter:
        await bot.ready()
        await adapter.send("#night", message("as another"), key="1")
        await watcher.expect("as another")
        holder.send("QUIT")
        await watcher.expect("NICK :crier")
        await adapter.send("#night", message("as myself"), key="2")
        assert (await watcher.expect("as myself")).startswith(":crier!")


# --- manners ------------------------------------------------------------------------------


@needs_inspircd
async def test_channel_without_formatting_gets_plain_text(inspircd, present):
    """In a +c channel, and as soon as a channel becomes one, a room code comes plain, and answers
    too."""
    watcher = await present.person("watcher", inspircd.port, "#night", "#plain")
    watcher.send("MODE #plain +c")
    await watcher.expect("+c")
    bot = Bot(inspircd.port, "#night", "#plain")
    code = message("ABCD", Style.CODE)
    async with bot.running() as adapter:
        await bot.ready("#night")
        await bot.ready("#plain")
        for channel in ("#night", "#plain"):
            with suppress(Transient):
                await adapter.send(channel, code, key=channel)
        with suppress(Transient):
            await adapter.send("#plain", code, key="again")
        await watcher.expect("PRIVMSG #plain :ABCD")
        for channel in ("#night", "#plain"):
            watcher.send(f"PRIVMSG {channel} :!votes")
        await until(lambda: asyncio.sleep(0, len(bot.heard) == 2))
        for line in bot.heard:
            await adapter.reply(line.handle, message("2👍", Style.BOLD), private=False)
            await adapter.reply(line.handle, message("alone", Style.BOLD), private=True)
        await watcher.expect("PRIVMSG #plain :2👍")
        await watcher.expect("NOTICE watcher :alone")
    assert watcher.said("#night") == ["\x02ABCD\x02", "\x022👍\x02"]


@needs_ngircd
async def test_invitation_is_followed(ngircd, present):
    """A channel that was closed to us is joined when its people invite us."""
    watcher = await present.person("watcher", ngircd.port, "#night")
    watcher.send("MODE #night +i")
    bot = Bot(ngircd.port)
    async with bot.running():
        await bot.reason("invite only")
        watcher.send("INVITE nightcrie #night")
        await bot.ready()


@needs_ngircd
async def test_keyed_channel_is_entered(ngircd, present):
    """A channel's key is given at the door, in whatever case its name is written."""
    watcher = await present.person("watcher", ngircd.port, "#night")
    watcher.send("MODE #night +k sesame")
    await watcher.expect("+k")
    bot = Bot(ngircd.port, keys={"#NIGHT": "sesame"})
    async with bot.running():
        await bot.ready()


@needs_ngircd
async def test_whois_says_whose_bot_it_is(ngircd, present):
    """WHOIS shows the realname with its owner, and leaving says goodbye."""
    watcher = await present.person("watcher", ngircd.port, "#night")
    bot = Bot(ngircd.port, owner="jo, jo@example.org")
    async with bot.running():
        await bot.ready()
        watcher.send("WHOIS nightcrie")
        assert "(run by jo, jo@example.org)" in await watcher.expect(" 311 ")
    assert "goes home" in await watcher.expect(" QUIT ")


@needs_ngircd
async def test_answers_go_where_the_question_was(ngircd, present):
    """A reply goes to the channel or, in private, to the person alone, as a NOTICE; it never waits
    for a link."""
    asker = await present.person("asker", ngircd.port, "#night")
    bot = Bot(ngircd.port)
    async with bot.running() as adapter:
        await bot.ready()
        asker.send("PRIVMSG #night :!votes", "PRIVMSG nightcrie :help")
        await until(lambda: asyncio.sleep(0, len(bot.heard) == 2))
        public, private = bot.heard
        assert (public.private, private.private) == (False, True)
        assert public.author.id == "nick:asker"
        await adapter.reply(public.handle, message("in public"), private=False)
        await adapter.reply(public.handle, message("to you"), private=True)
        await adapter.reply(private.handle, message("to you too"), private=False)
        assert " PRIVMSG #night :" in await asker.expect("in public")
        assert " NOTICE asker :" in await asker.expect(":to you")
        assert " NOTICE asker :" in await asker.expect("to you too")
    with pytest.raises(Transient):
        await adapter.reply(public.handle, message("late"), private=False)

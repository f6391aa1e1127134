"""The IRC adapter at servers that no daemon would be: odd bytes, endless lines, deaf sockets."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

import pytest
from irc_bot import DEADLINE, Bot, message, until

from bot.port import Ambiguous, Transient

Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]

SIGN_ON = (
    b":irc.test CAP * LS :echo-message \r\n"
    b":irc.test CAP * ACK :echo-message \r\n"
    b":irc.test 001 nightcrier :Welcome\r\n"
    b":irc.test 422 nightcrier :no MOTD\r\n"
    b":nightcrier!n@host.test JOIN #night\r\n"
)

GOODBYES = (463, 464, 465)  # no way in for us: these do end a connection

ODD = {
    "16 kB": b":bob!b@h PRIVMSG #night :" + b"x" * 16_384 + b"\r\n",
    "100 kB without an end": b"x" * 100_000 + b"\r\n",
    "tags of 8 kB": b"@a=" + b"b" * 8_187 + b" :bob!b@h PRIVMSG #night :tagged\r\n",
    "a thousand tags": b"@" + b";".join([b"k%d" % n for n in range(1_000)]) + b" PING :x\r\n",
    "lone CR": b":bob!b@h PRIVMSG #night :a\rQUIT\r\n\r\r\r\n",
    "NUL": b":bob!b@h PRIVMSG #night :a\0b\r\n",
    "blank lines": b"\r\n\n \r\n   \n:\r\n@\r\n: \r\n",
    "Latin-1": b":b\xe9b!b@h PRIVMSG #night :Ol\xe9\r\n",
    "broken UTF-8": b":bob!b@h PRIVMSG #night :\xf0\x9f\x8e\r\n",
    "QUIT without a reason": b":bob!b@h QUIT\r\n:bob!b@h PART\r\n:bob!b@h JOIN\r\n",
    "numerics without parameters": b"".join(
        b":s %03d\r\n" % number for number in range(1, 1_000) if number not in GOODBYES
    ),
    "commands without parameters": b"".join(
        word + b"\r\n"
        for word in b"CAP AUTHENTICATE PING PONG NICK KICK MODE INVITE BATCH ACK FAIL".split()
    ),
    "odd ISUPPORT": b":s 005 n PREFIX=(ov MAXLIST=b LINELEN= CHANMODES=, -X = - :are\r\n",
    "CTCP": b":bob!b@h PRIVMSG nightcrier :\x01\r\n:b!b@h PRIVMSG nightcrier :\x01\x01VERSION\r\n",
}


@asynccontextmanager
async def serving(talk: Talk) -> AsyncIterator[int]:
    """A server that does ``talk`` with each client; its port."""
    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()


@pytest.mark.parametrize("odd", ODD.values(), ids=list(ODD))
async def test_odd_lines_end_nothing(odd, caplog):
    """Whatever a line is like, the one after it is heard, on the same connection and without a
    traceback."""
    connections = 0

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        connections += 1
        writer.write(SIGN_ON + odd + b":al!a@h PRIVMSG #night :after\r\n")
        with suppress(OSError):
            await reader.read()
        writer.close()

    async with serving(talk) as port:
        bot = Bot(port)
        async with bot.running():
            await until(lambda: asyncio.sleep(0, any(h.text == "after" for h in bot.heard)))
        assert connections == 1
        assert bot.waits == []
    assert not [record for record in caplog.records if record.exc_info]


async def test_what_is_said_while_the_connection_goes():
    """A line for a connection that is closing is not written, so it is surely not delivered."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(SIGN_ON)
        with suppress(OSError):
            await reader.read()
        writer.close()

    async with serving(talk) as port:
        bot = Bot(port)
        async with bot.running() as adapter:
            await bot.ready()
            bot.adapter._connection._transport.abort()
            with pytest.raises(Transient, match="broke"):
                await asyncio.wait_for(adapter.send("#night", message("x"), key="1"), DEADLINE)


async def test_server_that_stops_reading():
    """A server that reads no more holds up nobody: what we say waits, other work goes on, and
    stopping takes a moment."""
    released = asyncio.Event()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.transport.pause_reading()
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1_024)
        writer.write(SIGN_ON)
        await released.wait()
        writer.transport.abort()

    async with serving(talk) as port:
        bot = Bot(port)
        async with bot.running() as adapter:
            await bot.ready()
            transport = bot.adapter._connection._transport
            transport.get_extra_info("socket").setsockopt(
                socket.SOL_SOCKET, socket.SO_SNDBUF, 4_096
            )
            sends = [
                asyncio.create_task(adapter.send("#night", message("x" * 300), key=str(number)))
                for number in range(2_000)
            ]
            for _ in range(100):
                await asyncio.sleep(0)
            assert transport.get_write_buffer_size() > 0, "the far side has taken it all"
            assert not any(task.done() for task in sends)
            began = asyncio.get_running_loop().time()
        assert asyncio.get_running_loop().time() - began < DEADLINE
        fates = await asyncio.gather(*sends, return_exceptions=True)
        assert {type(fate) for fate in fates} <= {Ambiguous, Transient}
        released.set()

"""The small IRC server of ``nightcrier demo --irc``, as the clients of people speak to it."""

from __future__ import annotations

import asyncio

from bot.cli.ircd import LOOPBACK, small_server

PATIENCE = 5.0


async def ask(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, end: str, *lines: str
) -> str:
    """Say ``lines``; what came until the ``end``."""
    writer.writelines(line.encode() + b"\r\n" for line in lines)
    async with asyncio.timeout(PATIENCE):
        return (await reader.readuntil(end.encode())).decode()


async def test_irssi_gets_in() -> None:
    """irssi says who it is only after an answer to CAP LS; it probes with an empty JOIN."""
    with small_server() as port:
        reader, writer = await asyncio.open_connection(LOOPBACK, port)
        begin = await ask(reader, writer, " 451 ", "CAP LS 302", "JOIN :")
        assert begin.startswith(":localhost CAP * LS :\r\n")
        await ask(reader, writer, " 001 guest ", "CAP END", "NICK guest", "USER g g 127.0.0.1 :g")
        await ask(reader, writer, " 366 guest #gamenight ", "JOIN #gamenight")
        writer.close()


async def test_what_clients_ask_of_a_channel() -> None:
    """Modes, bans and WHO have an answer, so that nobody reads of an unknown command."""
    with small_server() as port:
        reader, writer = await asyncio.open_connection(LOOPBACK, port)
        await ask(reader, writer, " 376 ", "CAP REQ :batch", "NICK guest", "MODE guest +i")
        told = await ask(
            reader, writer, " 315 guest #x ", "MODE #x", "MODE #x b", "WHO #x %tcuhnfdar,152"
        )
        assert " 324 guest #x +\r\n" in told
        assert " 368 guest #x :" in told
        assert " 421 " not in told
        writer.close()

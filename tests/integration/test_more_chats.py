"""The commands with a webhook, Apprise and Kosmi configured, as a host meets them."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from json_service import JsonService
from kosmi_site import KosmiSite
from webhook_receiver import Receiver

SECRET = "whsec_bmlnaHRjcmllci1uaWdodGNyaWVyLW5pZ2h0Y3JpZXI="
CONFIG = """
[picker]
url = "http://127.0.0.1:1"
admin_key = "sesame-open"
[adapters.hooks]
kind = "webhook"
[adapters.hooks.channels.website]
url = "http://127.0.0.1:{hooks}/website?key=s3cret-in-the-address"
secret = "{secret}"
[adapters.elsewhere]
kind = "apprise"
[adapters.elsewhere.channels.phone]
url = "json://crier:s3cret-login@127.0.0.1:{json}/phone"
[adapters.kosmi]
http_url = "http://127.0.0.1:{kosmi}/"
ws_url = "ws://127.0.0.1:{kosmi}/gql-ws"
channels = ["@night"]
"""


@dataclass
class Chats:
    config: Path
    receiver: Receiver
    service: JsonService
    site: KosmiSite

    async def nightcrier(self, *arguments: str) -> tuple[int, str]:
        """A command's exit status and all that it prints, which never holds a secret."""
        kept = {name: value for name, value in os.environ.items() if "NIGHTCRIER" not in name}
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "bot", *arguments, "-c", str(self.config)),
            env=kept | {"PYTHONPATH": str(Path(__file__).parents[2])},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        output, _ = await asyncio.wait_for(process.communicate(), 30)
        text = output.decode()
        assert "s3cret" not in text
        assert SECRET not in text
        return process.returncode or 0, text


@pytest.fixture
async def chats(tmp_path: Path) -> AsyncIterator[Chats]:
    receiver, service = Receiver(SECRET), JsonService("crier:s3cret-login")
    site = KosmiSite("@night")
    far_sides = (receiver, service, site)
    for far_side in far_sides:
        await far_side.start()
    config = tmp_path / "config.toml"
    ports = {"hooks": receiver.port, "json": service.port, "kosmi": site.port}
    config.write_text(CONFIG.format(secret=SECRET, **ports), "utf-8")
    yield Chats(config, receiver, service, site)
    for far_side in far_sides:
        await far_side.stop()


async def test_test_reaches_each(chats: Chats) -> None:
    """`test` says one line in each, with the receipt, and names no address."""
    status, output = await chats.nightcrier("test")
    assert status == 0, output
    assert "hooks/website: confirmed msg_" in output
    assert "elsewhere/phone: confirmed" in output
    assert "kosmi/@night: confirmed message-" in output
    (posted,) = chats.receiver.taken["website"]
    assert posted["type"] == "nightcrier.message"
    assert len(chats.service.taken["phone"]) == len(chats.site.rooms["@night"].said) == 1


async def test_check_and_preview_know_them(chats: Chats) -> None:
    """`check` finds nothing wrong, `preview` shows each channel, and nothing is said."""
    status, output = await chats.nightcrier("check")
    assert (status, "3 adapters, 3 channels" in output) == (0, True)
    status, output = await chats.nightcrier("preview")
    assert status == 0
    assert all(name in output for name in ("hooks/website", "elsewhere/phone", "kosmi/@night"))
    assert not chats.receiver.taken
    assert not chats.service.taken
    assert not chats.site.rooms["@night"].said


async def test_online_check_says_nothing(chats: Chats) -> None:
    """`check --online` looks at each, and says nothing in any; only the Picker is not there."""
    status, output = await chats.nightcrier("check", "--online")
    assert status == 1
    for channel in ("hooks/website", "elsewhere/phone", "kosmi/@night"):
        assert f"{channel}: fine" in output
    assert not chats.receiver.taken
    assert not chats.service.taken
    assert not chats.site.rooms["@night"].said

"""Where Discord's API is. discord.py keeps it in class attributes, so it is one for the process."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

import discord
import yarl
from discord.gateway import DiscordWebSocket
from discord.http import Route

from adapters.discord.settings import API_URL
from bot.port import AdapterFatal

_GATEWAY = DiscordWebSocket.DEFAULT_GATEWAY
_in_use: Counter[str] = Counter()


@contextmanager
def speaking_to(api_url: str) -> Iterator[None]:
    """Hold ``api_url`` for as long as an adapter runs. Raises AdapterFatal for a second one."""
    others = [url for url, users in _in_use.items() if users and url != api_url]
    if others:
        raise AdapterFatal(
            f"api_url must be the same in all Discord tables: {api_url} and {others[0]} are not"
        )
    _in_use[api_url] += 1
    Route.BASE = api_url
    try:
        yield
    finally:
        _in_use[api_url] -= 1


async def find_gateway(client: discord.Client, api_url: str) -> None:
    """Discord's own gateway is known; that of a compatible server is asked for."""
    gateway = _GATEWAY
    if api_url != API_URL:
        answer = await client.http.request(Route("GET", "/gateway"))
        gateway = yarl.URL(answer["url"])
    DiscordWebSocket.DEFAULT_GATEWAY = gateway

"""The Discord look-alike in a process of its own: ``python -m bench.discord_server CHANNELS
LATENCY``. Prints where it is, and then answers the questions that it reads: ``posted`` for when
messages arrived, by the machine's monotonic clock, since the last time; ``connected``."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "fakes"))

from discord_peer import Peer


async def main(channels: int, latency: float) -> None:
    async with Peer() as peer:
        made = [peer.world.add_channel(f"games-{number}") for number in range(channels)]
        ids = [str(channel.id) for channel in made]
        peer.weather.latency = latency
        say({"api_url": peer.api_url, "token": peer.token, "channels": ids})
        while question := await asyncio.to_thread(sys.stdin.readline):
            say(peer.gateway.connected if question == "connected\n" else posted(peer))


def posted(peer: Peer) -> list[float]:
    log = peer.weather.log
    moments = [asked.at for asked in log if asked.method == "POST" and "messages" in asked.path]
    log.clear()
    return moments


def say(what: object) -> None:
    print(json.dumps(what), flush=True)


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), float(sys.argv[2])))

"""The Discord look-alike in a process of its own: ``python -m bench.discord_server CHANNELS
LATENCY``. Prints where it is, and then answers the questions that it reads."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "fakes"))

from discord_faults import Asked
from discord_peer import Peer

EDITS = {"PATCH .*/messages/": (5, 5.0)}
"""A channel's usual bucket, of which every answer tells; what exceeds it gets a 429."""


async def main(channels: int, latency: float) -> None:
    async with Peer() as peer:
        made = [peer.world.add_channel(f"games-{number}") for number in range(channels)]
        ids = [str(channel.id) for channel in made]
        peer.weather.latency = latency
        peer.weather.limits |= EDITS
        say({"api_url": peer.api_url, "token": peer.token, "channels": ids})
        answers: dict[str, Callable[[], object]] = {
            "connected": lambda: peer.gateway.connected,
            "posted": lambda: len(asked(peer, "POST")),
            "edits": lambda: [(a.path, a.at, a.status) for a in asked(peer, "PATCH")],
        }
        while question := await asyncio.to_thread(sys.stdin.readline):
            say(answers[question.strip()]())


def asked(peer: Peer, method: str) -> list[Asked]:
    """The requests for messages since the last question of their kind."""
    log = peer.weather.log
    found = [each for each in log if each.method == method and "/messages" in each.path]
    log[:] = [each for each in log if each not in found]
    return found


def say(what: object) -> None:
    print(json.dumps(what), flush=True)


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), float(sys.argv[2])))

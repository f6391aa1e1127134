"""A host with a Picker's admin key, and the voters of their community, over REST."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import httpx

from bot.timing import Time


class Host:
    """What a host does in the Picker's own pages. ``client`` is there for everything else."""

    def __init__(self, client: httpx.AsyncClient, time: Time) -> None:
        self.client = client
        self._time = time
        self._ids: dict[str, int] = {}

    async def log_in(self, admin_key: str) -> str:
        answer = await self.ask("POST", "/api/auth/login", key=admin_key)
        self.client.headers["Authorization"] = f"Bearer {answer['token']}"
        token: str = answer["token"]
        return token

    async def start(self, notes: str | None = None) -> int:
        """Open a night; gives its id."""
        session = await self.ask("POST", "/api/sessions", notes=notes)
        return int(session["id"])

    async def add(self, session_id: int, title: str, **more: object) -> int:
        """Play a game of the catalogue; gives the id of its row."""
        path = f"/api/sessions/{session_id}/games"
        row = await self.ask("POST", path, game_id=await self.game_id(title), **more)
        return int(row["id"])

    async def take_back(self, session_id: int, row_id: int) -> None:
        await self.ask("DELETE", f"/api/sessions/{session_id}/games/{row_id}")

    async def change(self, session_id: int, row_id: int, what: str, **values: object) -> Any:
        """``what`` is status, room-code or player-count."""
        path = f"/api/sessions/{session_id}/games/{row_id}/{what}"
        return await self.ask("PATCH", path, **values)

    async def vote(self, username: str, vote: str = "up", **more: object) -> Any:
        stamp = datetime.fromtimestamp(self._time.now(), UTC).isoformat()
        values = {"username": username, "vote": vote, "timestamp": stamp, **more}
        return await self.ask("POST", "/api/votes/live", **values)

    async def votes(self, session_id: int) -> list[tuple[str, str, str]]:
        """Every vote that the Picker has: who, which way, for which game; sorted."""
        found = await self.ask("GET", f"/api/votes?session_id={session_id}&limit=1000")
        return sorted((v["username"], v["vote_type"], v["game_title"]) for v in found["votes"])

    async def close(self, session_id: int) -> Any:
        return await self.ask("POST", f"/api/sessions/{session_id}/close")

    async def game_id(self, title: str) -> int:
        if not self._ids:
            self._ids = {game["title"]: game["id"] for game in await self.ask("GET", "/api/games")}
        return self._ids[title]

    async def ask(self, method: str, path: str, **body: object) -> Any:
        """The answer's JSON; raises httpx.HTTPStatusError for anything but success."""
        response = await self.client.request(method, path, json=body or None)
        response.raise_for_status()
        return response.json()


@asynccontextmanager
async def hosting(base_url: str, admin_key: str, time: Time) -> AsyncIterator[Host]:
    """A host who has logged in."""
    async with httpx.AsyncClient(base_url=base_url, trust_env=False) as client:
        host = Host(client, time)
        await host.log_in(admin_key)
        yield host

"""A Picker that sends a storm of votes as fast as a client can take them: ready-made bytes,
so that the client is the limit. Run as ``python -m bench.storm_server PORT VOTES``."""

from __future__ import annotations

import asyncio
import json
import sys

from aiohttp import web

SESSION = {"id": 1, "is_active": 1, "created_at": "2026-03-20T00:58:00.000Z", "games_played": 1}
GAME = {"id": 17, "title": "Drawful 2", "pack_name": "Drawful 2"}
ROW = {"id": 1, "game_id": 17, "title": "Drawful 2", "status": "playing", "upvotes": 0}
CHUNK = 1 << 16


def vote(number: int) -> dict[str, object]:
    """The frame after ``number`` votes for, 316 bytes or so."""
    stamp = "2026-03-20T01:20:00.500Z"
    return {
        "type": "vote.received",
        "timestamp": stamp,
        "data": {
            "sessionId": 1,
            "game": GAME,
            "vote": {"username": f"voter{number}", "type": "up", "timestamp": stamp},
            "totals": {"upvotes": number, "downvotes": 0, "popularity_score": number},
        },
    }


def frame(message: object) -> bytes:
    """An unmasked text frame (RFC 6455, section 5.2)."""
    payload = json.dumps(message).encode()
    size = len(payload)
    head = bytes([0x81, size]) if size < 126 else bytes([0x81, 126]) + size.to_bytes(2, "big")
    return head + payload


async def live(request: web.Request) -> web.WebSocketResponse:
    socket = web.WebSocketResponse(compress=False)
    await socket.prepare(request)
    request.app["sockets"].append(request.transport)
    async for message in socket:
        match message.json()["type"]:
            case "auth":
                await socket.send_json({"type": "auth_success"})
            case "subscribe":
                await socket.send_json({"type": "subscribed", "sessionId": 1})
            case "ping":
                await socket.send_json({"type": "pong"})
    return socket


async def storm(request: web.Request) -> web.Response:
    """Let it begin on the live socket."""
    (transport,) = request.app["sockets"]
    request.app["tasks"].append(asyncio.create_task(send_all(transport, request.app["storm"])))
    return web.json_response({})


async def send_all(transport: asyncio.WriteTransport, storm: bytes) -> None:
    for at in range(0, len(storm), CHUNK):
        transport.write(storm[at : at + CHUNK])
        while transport.get_write_buffer_size() > CHUNK:  # noqa: ASYNC110 - as fast as can be
            await asyncio.sleep(0)


def app(votes: int) -> web.Application:
    answers: dict[str, object] = {
        "/api/auth/login": {"token": "t"},
        "/api/games": [],
        "/api/sessions/active": SESSION,
        "/api/sessions/1/games": [ROW],
        "/api/sessions/1/votes": {"session_id": 1, "votes": []},
    }

    async def answer(request: web.Request) -> web.Response:
        return web.json_response(answers[request.path])

    made = web.Application()
    made["storm"] = b"".join(frame(vote(number)) for number in range(1, votes + 1))
    made["sockets"], made["tasks"] = [], []
    made.router.add_get("/api/sessions/live", live)
    made.router.add_get("/api/storm", storm)
    made.router.add_route("*", "/api/{path:.*}", answer)
    return made


if __name__ == "__main__":
    web.run_app(app(int(sys.argv[2])), host="127.0.0.1", port=int(sys.argv[1]), print=None)

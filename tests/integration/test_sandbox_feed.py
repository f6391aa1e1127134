"""The embedded Picker over its WebSocket: who is told what, in which form, and for how long."""

from __future__ import annotations

import asyncio
import json
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest
import websockets
from clock import FakeTime
from host import Host, hosting

from bot.sandbox import NEWEST, SEED, Era, Sandbox

KEY = "correct horse"
NIGHT = 1_762_563_600.0  # 2025-11-08 01:00:00 UTC
WITHIN = 5.0

# The samples of the Picker contract, sections 1 and 2.
SAMPLES = {
    name: json.loads(text)
    for name, text in {
        "session.started": '{"type":"session.started","timestamp":"2025-11-08T01:00:00.120Z",'
        '"data":{"session":{"id":42,"is_active":1,"created_at":"2025-11-08 01:00:00",'
        '"notes":null}}}',
        "game.added": '{"type":"game.added","timestamp":"2025-11-08T01:05:00.000Z",'
        '"data":{"session":{"id":42,"is_active":true,"games_played":1},'
        '"game":{"id":17,"title":"Drawful 2","pack_name":"Drawful 2","min_players":3,'
        '"max_players":8,"manually_added":false,"room_code":"ABCD"}}}',
        "vote.received": '{"type":"vote.received","timestamp":"2026-03-20T01:20:00.500Z",'
        '"data":{"sessionId":42,"game":{"id":17,"title":"Drawful 2","pack_name":"Drawful 2"},'
        '"vote":{"username":"ann","type":"up","timestamp":"2026-03-20T01:19:58.000Z"},'
        '"totals":{"upvotes":12,"downvotes":2,"popularity_score":10}}}',
        "session.ended": '{"type":"session.ended","timestamp":"2025-11-08T04:00:00.000Z",'
        '"data":{"session":{"id":42,"is_active":0,"games_played":5}}}',
        "game.status": '{"type":"game.status","timestamp":"2026-03-21T01:30:00.000Z",'
        '"data":{"sessionId":42,"gameId":17,"roomCode":"ABCD","appTag":"drawful2international",'
        '"maxPlayers":8,"playerCount":2,"players":["Ann","Ben"],"lobbyState":"CanStart",'
        '"gameState":"Lobby","gameStarted":false,"gameFinished":false,"monitoring":true}}',
    }.items()
}


def shape(value: Any) -> Any:
    match value:
        case dict():
            return {key: shape(item) for key, item in value.items()}
        case list():
            return [shape(item) for item in value[:1]]
    return type(value).__name__


class Socket:
    """A client of the feed, as the contract lets one write it."""

    def __init__(self, connection: websockets.ClientConnection) -> None:
        self.connection = connection

    async def say(self, type: str, **fields: object) -> None:
        await self.connection.send(json.dumps({"type": type, **fields}))

    async def hear(self) -> Any:
        return json.loads(await asyncio.wait_for(self.connection.recv(), WITHIN))

    async def ask(self, type: str, **fields: object) -> Any:
        await self.say(type, **fields)
        return await self.hear()

    async def heard_so_far(self) -> list[Any]:
        """Everything up to now, and nothing else: a pong comes after what was sent before."""
        await self.say("ping")
        heard = []
        while (message := await self.hear())["type"] != "pong":
            heard.append(message)
        return heard


class Picker:
    """A sandbox that is being served, its host, and a token."""

    def __init__(self, sandbox: Sandbox, url: str, host: Host, token: str, time: FakeTime) -> None:
        self.sandbox, self.host, self.token, self.time = sandbox, host, token, time
        self._url = url.replace("http", "ws", 1) + "/api/sessions/live"

    @asynccontextmanager
    async def connect(self):
        async with websockets.connect(self._url, proxy=None, close_timeout=1) as connection:
            yield Socket(connection)

    @asynccontextmanager
    async def subscribe(self, session_id: int = 42):
        async with self.connect() as socket:
            await socket.ask("auth", token=self.token)
            await socket.ask("subscribe", sessionId=session_id)
            yield socket


@asynccontextmanager
async def picker_of(era: Era):
    time = FakeTime(NIGHT + 0.12)
    sandbox = Sandbox(KEY, time=time, era=era, first_session_id=42)
    async with sandbox.serve() as url, hosting(url, KEY, time) as host:
        yield Picker(sandbox, url, host, await host.log_in(KEY), time)


@pytest.fixture
async def picker():
    async with picker_of(NEWEST) as picker:
        yield picker


async def test_control_messages(picker: Picker) -> None:
    """Each answer as the contract has it; `subscribed` with both of its fields."""
    async with picker.connect() as socket:
        assert await socket.ask("ping") == {"type": "pong"}
        assert await socket.ask("auth", token=picker.token) == {
            "type": "auth_success",
            "message": "Authenticated successfully",
        }
        assert await socket.ask("subscribe", sessionId=42) == {
            "type": "subscribed",
            "sessionId": 42,
            "message": "Subscribed to session 42",
        }
        assert picker.sandbox.subscribers(42) == 1
        assert await socket.ask("unsubscribe", sessionId=42) == {
            "type": "unsubscribed",
            "sessionId": 42,
            "message": "Unsubscribed from session 42",
        }
        assert picker.sandbox.subscribers(42) == 0


async def test_a_bad_token_is_an_auth_error(picker: Picker) -> None:
    """One text without a token, one for a token that is bad, expired or forgotten."""
    expired = {"type": "auth_error", "message": "Invalid or expired token"}
    async with picker.connect() as socket:
        assert await socket.ask("auth") == {"type": "auth_error", "message": "Token required"}
        assert await socket.ask("auth", token="nonsense") == expired
        picker.sandbox.forget_tokens()
        assert await socket.ask("auth", token=picker.token) == expired
        token = await picker.host.log_in(KEY)
        assert (await socket.ask("auth", token=token))["type"] == "auth_success"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "Invalid message format"),
        ("[1]", "Invalid message format"),
        ('{"type":"subscribe","sessionId":42}', "Not authenticated"),
        ('{"type":"unsubscribe","sessionId":42}', "Not authenticated"),
        ('{"type":"poll.leading","sessionId":42}', "Not authenticated"),
        ('{"type":"dance"}', "Unknown message type: dance"),
    ],
)
async def test_nonsense_is_an_error_and_the_socket_stays_open(
    picker: Picker, text: str, message: str
) -> None:
    """An `error` with a message; then the socket serves as before."""
    async with picker.connect() as socket:
        await socket.connection.send(text)
        assert await socket.hear() == {"type": "error", "message": message}
        assert await socket.ask("ping") == {"type": "pong"}


async def test_a_subscription_needs_a_session(picker: Picker) -> None:
    """Without `sessionId` it is an error; an id written as text will do."""
    async with picker.connect() as socket:
        await socket.ask("auth", token=picker.token)
        for type in ("subscribe", "unsubscribe", "poll.leading"):
            assert await socket.ask(type) == {"type": "error", "message": "Session ID required"}
        await socket.connection.send(b"\x00binary")
        assert (await socket.ask("subscribe", sessionId="42"))["sessionId"] == 42


async def test_a_night_has_the_events_of_the_contract(picker: Picker) -> None:
    """The four events, and the newer ones between them, in order and in shape."""
    async with picker.subscribe() as socket:
        await picker.host.start()
        await picker.host.add(42, "Drawful 2", room_code="ABCD")
        await picker.host.vote("ann")
        await picker.time.advance(20)
        await picker.host.close(42)
        heard = await socket.heard_so_far()
    assert [message["type"] for message in heard] == [
        "session.started",
        "game.added",
        "room.connected",
        "vote.received",
        "lobby.player-joined",
        "lobby.updated",
        "game.status",
        "room.disconnected",
        "session.ended",
    ]
    for message in heard:
        if sample := SAMPLES.get(message["type"]):
            assert shape(message) == shape(sample)
    assert heard[0]["timestamp"] == "2025-11-08T01:00:00.120Z"
    assert heard[-1]["data"] == {"session": {"id": 42, "is_active": 0, "games_played": 1}}


async def test_totals_are_of_all_time(picker: Picker) -> None:
    """`vote.received` counts on from what the catalogue had, and echoes the voter's timestamp."""
    before = await picker.host.ask("GET", "/api/games/1")
    await picker.host.start()
    await picker.host.add(42, "Drawful 2")
    async with picker.subscribe() as socket:
        await picker.host.vote("ann", "down", timestamp="2025-11-08T01:19:58Z")
        data = (await socket.hear())["data"]
    assert data["totals"]["downvotes"] == before["downvotes"] + 1
    assert data["vote"] == {"username": "ann", "type": "down", "timestamp": "2025-11-08T01:19:58Z"}


async def test_a_ticker_votes_for_another_game_than_the_current_one(picker: Picker) -> None:
    """`vote.received` names the game voted for."""
    await picker.host.start()
    await picker.host.add(42, "Drawful 2")
    async with picker.subscribe() as socket:
        await picker.host.vote("ann", ticker="QPL3")
        assert (await socket.hear())["data"]["game"]["title"] == "Quiplash 3"


async def test_a_start_reaches_all_and_the_rest_subscribers_only(picker: Picker) -> None:
    """Who is not authenticated hears nothing; who is, of a start; subscribers of all else."""
    async with (
        picker.connect() as stranger,
        picker.connect() as listener,
        picker.subscribe(42) as subscriber,
        picker.subscribe(41) as elsewhere,
    ):
        await listener.ask("auth", token=picker.token)
        await picker.host.start()
        await picker.host.add(42, "Drawful 2")
        await picker.host.close(42)
        heard = [
            [message["type"] for message in await socket.heard_so_far()]
            for socket in (stranger, listener, elsewhere, subscriber)
        ]
    everything = ["session.started", "game.added", "session.ended"]
    assert heard == [[], ["session.started"], ["session.started"], everything]


async def test_nothing_is_told_to_who_unsubscribed(picker: Picker) -> None:
    """Unsubscribing ends it, for that session alone."""
    await picker.host.start()
    async with picker.subscribe() as socket:
        await socket.ask("unsubscribe", sessionId=42)
        await picker.host.close(42)
        assert await socket.heard_so_far() == []


async def test_nothing_is_replayed(picker: Picker) -> None:
    """Who subscribes late has missed what was said."""
    await picker.host.start()
    await picker.host.add(42, "Drawful 2")
    async with picker.subscribe() as socket:
        assert await socket.heard_so_far() == []


async def test_each_socket_has_its_own_copy(picker: Picker) -> None:
    """Two sockets of one client hear an end twice."""
    await picker.host.start()
    async with picker.subscribe() as one, picker.subscribe() as other:
        await picker.host.close(42)
        assert await one.hear() == await other.hear()


async def test_taking_back_and_a_late_code_have_no_event_of_their_own(picker: Picker) -> None:
    """Only the room monitor tells of a code, and of a room left."""
    await picker.host.start()
    row = await picker.host.add(42, "Drawful 2")
    async with picker.subscribe() as socket:
        await picker.host.change(42, row, "room-code", room_code="WXYZ")
        await picker.time.advance(20)
        await picker.host.take_back(42, row)
        heard = await socket.heard_so_far()
    types = [message["type"] for message in heard]
    assert types[0] == "room.connected"
    assert types[-2:] == ["game.status", "room.disconnected"]
    assert heard[-2]["data"]["roomCode"] == "WXYZ"


async def test_a_player_count_is_told(picker: Picker) -> None:
    """With the id of the session's row."""
    await picker.host.start()
    row = await picker.host.add(42, "Drawful 2")
    async with picker.subscribe() as socket:
        await picker.host.change(42, row, "player-count", player_count=6)
        message = await socket.hear()
    assert message["type"] == "player-count.updated"
    assert message["data"]["playerCount"] == 6


async def test_the_messages_of_a_poll(picker: Picker) -> None:
    """From start to winner, without timestamps; the leader is passed on as a vote app says it."""
    await picker.host.start()
    ask = picker.host.ask
    game_id = await picker.host.game_id("Quiplash 3")
    leader = {"sessionId": 42, "gameId": game_id, "label": "Quiplash 3", "votes": 4}
    async with picker.subscribe() as socket:
        await ask("POST", "/api/sessions/42/voting/start")
        await socket.say("poll.leading", **leader)
        heard = [await socket.hear(), await socket.hear()]
        await ask("POST", "/api/sessions/42/voting/countdown")
        await ask("DELETE", "/api/sessions/42/voting/countdown")
        await ask("POST", "/api/sessions/42/voting/end")
        await ask("POST", "/api/sessions/42/pick", game_id=game_id)
        await ask("POST", "/api/sessions/42/dismiss", game_id=game_id)
        heard += await socket.heard_so_far()
    assert [message["type"] for message in heard] == [
        "poll.start",
        "poll.leading",
        "poll.ending",
        "poll.ending.cancelled",
        "voting.ended",
        "game.picked",
        "game.dismissed",
    ]
    assert all("timestamp" not in message for message in heard)
    assert heard[1]["data"] == leader
    assert heard[4]["data"] == {
        "sessionId": 42,
        "winnerGameId": game_id,
        "winnerLabel": "Quiplash 3",
        "winnerVotes": 4,
    }


async def test_a_poll_may_end_without_a_winner(picker: Picker) -> None:
    """Nobody led: no winner, no votes; a picked game has to be named."""
    await picker.host.start()
    async with picker.subscribe() as socket:
        await picker.host.ask("POST", "/api/sessions/42/voting/end")
        assert (await socket.hear())["data"]["winnerGameId"] is None
    assert (await picker.host.client.post("/api/sessions/42/pick")).status_code == 400


async def test_a_silent_client_is_dropped_after_a_minute(picker: Picker) -> None:
    """Without a closing handshake; only `ping` counts, and it counts each time."""
    async with picker.subscribe() as socket:
        for _ in range(3):
            await picker.time.advance(59)
            assert await socket.ask("ping") == {"type": "pong"}
        await picker.time.advance(40)
        await socket.ask("subscribe", sessionId=42)
        await picker.time.advance(20)
        with pytest.raises(websockets.ConnectionClosedError):
            await socket.hear()
    assert picker.sandbox.subscribers(42) == 0


async def test_all_sockets_can_be_dropped(picker: Picker) -> None:
    """As a network that breaks; whoever returns has to subscribe again."""
    async with picker.subscribe() as socket:
        picker.sandbox.drop_clients()
        with pytest.raises(websockets.ConnectionClosedError):
            await socket.hear()
    async with picker.connect() as socket:
        await socket.ask("auth", token=picker.token)
        assert picker.sandbox.subscribers(42) == 0


async def test_a_picker_that_stops_says_no_goodbye() -> None:
    """Its sockets end at once and without a close frame, as those of a process that dies."""
    time = FakeTime()
    sandbox = Sandbox(KEY, time=time)
    async with AsyncExitStack() as serving:
        url = await serving.enter_async_context(sandbox.serve())
        address = url.replace("http", "ws", 1) + "/api/sessions/live"
        async with websockets.connect(address, proxy=None, ping_interval=None) as connection:
            async with asyncio.timeout(0.9):  # aiohttp would wait a second for its handlers
                await serving.aclose()
            with pytest.raises(websockets.ConnectionClosedError, match="no close frame received"):
                await connection.recv()


async def test_a_reader_that_hangs_holds_up_nobody(picker: Picker) -> None:
    """Others hear, and requests are answered, while one client reads nothing."""
    await picker.host.start()
    await picker.host.add(42, "Drawful 2")
    async with picker.subscribe() as hanging, picker.subscribe() as socket:
        hanging.connection.transport.pause_reading()
        for number in range(100):
            await picker.host.vote("x" * 200_000 + str(number))
            assert (await socket.hear())["type"] == "vote.received"
        hanging.connection.transport.abort()


async def test_november_2025_tells_of_three_things(picker: Picker) -> None:
    """No votes, no rooms, no polls, no code in `game.added`; dates as SQLite writes them."""
    async with picker_of(SEED) as old, old.subscribe() as socket:
        await old.host.start()
        row = await old.host.add(42, "Drawful 2", room_code="ABCD")
        await old.host.vote("ann")
        await old.host.change(42, row, "player-count", player_count=6)
        await old.time.advance(40)
        await old.host.close(42)
        started, added, ended = await socket.heard_so_far()
        assert (await old.host.client.post("/api/sessions/42/voting/start")).status_code == 404
        assert (await socket.ask("poll.leading", sessionId=42))["type"] == "error"
    assert started["data"]["session"]["created_at"] == "2025-11-08 01:00:00"
    assert added["data"]["session"] == {"id": 42, "is_active": True, "games_played": 1}
    assert "room_code" not in added["data"]["game"]
    assert ended["type"] == "session.ended"


async def test_a_start_may_reach_nobody() -> None:
    """By one reading of the oldest documents, only subscribers hear of a start."""
    async with picker_of(replace(SEED, start_told_to_all=False)) as picker:
        async with picker.subscribe(41) as socket:
            await picker.host.start()
            assert await socket.heard_so_far() == []

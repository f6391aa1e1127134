"""The embedded Picker over HTTP: every answer has the shape of the contract's sample."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from email.utils import parsedate_to_datetime
from typing import Any

import httpx
import pytest
from clock import FakeTime
from faults import CLOSE, HANG, HTML, UNAVAILABLE, Faults, slow
from host import Host, hosting

from bot.sandbox import ERAS, NEWEST, SEED, Era, Sandbox

KEY = "correct horse"
NIGHT = 1_762_563_600.0  # 2025-11-08 01:00:00 UTC

ISO = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
SQLITE = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d")

# The samples of the Picker contract, section 3, in its own wording.
SAMPLES = {
    name: json.loads(text)
    for name, text in {
        "login": '{"token":"<jwt>","message":"Authentication successful","expiresIn":"24h"}',
        "active": '{"id":42,"notes":"Friday","is_active":1,"created_at":"2026-03-20T00:58:00.000Z",'
        '"closed_at":null,"games_played":3}',
        "none active": '{"session":null,"message":"No active session"}',
        "started": '{"id":42,"notes":"Friday","is_active":1,'
        '"created_at":"2026-03-20T00:58:00.000Z","closed_at":null}',
        "games": '[{"id":91,"session_id":42,"game_id":17,"played_at":"2026-03-20 01:05:00",'
        '"manually_added":0,"status":"playing","room_code":"ABCD","player_count":null,'
        '"pack_name":"Drawful 2","title":"Drawful 2","min_players":3,"max_players":8,'
        '"popularity_score":10,"upvotes":12,"downvotes":2,"source":"dice"}]',
        "tallies": '{"session_id":42,"votes":[{"game_id":17,"title":"Drawful 2",'
        '"pack_name":"Drawful 2","upvotes":5,"downvotes":1,"net_score":4,"total_votes":6}]}',
        "voted": '{"success":true,"message":"Vote recorded successfully",'
        '"session":{"id":42,"games_played":1},'
        '"game":{"id":17,"title":"Drawful 2","upvotes":12,"downvotes":2,"popularity_score":10},'
        '"vote":{"username":"ann","type":"up","timestamp":"2025-11-08T01:19:58Z"}}',
        "votes": '{"votes":[{"id":1,"session_id":42,"game_id":17,"game_title":"Drawful 2",'
        '"pack_name":"Drawful 2","username":"ann","vote_type":"up",'
        '"timestamp":"2025-11-08T01:19:58Z","created_at":"2025-11-08 01:19:58"}],'
        '"pagination":{"page":1,"limit":50,"total":1,"total_pages":1}}',
        "game": '{"id":17,"pack_name":"Drawful 2","title":"Drawful 2","min_players":3,'
        '"max_players":8,"length_minutes":15,"has_audience":1,"family_friendly":0,'
        '"game_type":"Drawing","secondary_type":null,"play_count":4,"popularity_score":10,'
        '"upvotes":12,"downvotes":2,"enabled":1,"favor_bias":0,'
        '"created_at":"2024-01-15T12:00:00.000Z","ticker":"DRW2"}',
        "health": '{"status":"ok","message":"Jackbox Game Picker API is running"}',
    }.items()
}


def shape(value: Any) -> Any:
    """What a client can rely on: keys, JSON types, the way dates are written."""
    match value:
        case dict():
            return {key: shape(item) for key, item in value.items()}
        case list():
            return [shape(item) for item in value[:1]]
        case str() if ISO.fullmatch(value):
            return "ISO date"
        case str() if SQLITE.fullmatch(value):
            return "SQLite date"
    return type(value).__name__


@pytest.fixture
def time() -> FakeTime:
    return FakeTime(NIGHT + 0.25)


@pytest.fixture
async def host(time: FakeTime):
    """A host at the newest Picker, whose first session is number 42."""
    sandbox = Sandbox(KEY, time=time, first_session_id=42)
    async with sandbox.serve() as url, hosting(url, KEY, time) as host:
        yield host


@pytest.fixture
async def playing(host: Host) -> Host:
    """Session 42 with one game in it."""
    await host.start("Friday")
    await host.add(42, "Drawful 2", room_code="ABCD")
    return host


async def status_and_error(host: Host, method: str, path: str, **body: object) -> tuple[int, str]:
    response = await host.client.request(method, path, json=body or None)
    return response.status_code, response.json()["error"]


@pytest.mark.parametrize(
    ("name", "method", "path", "body"),
    [
        ("login", "POST", "/api/auth/login", {"key": KEY}),
        ("active", "GET", "/api/sessions/active", None),
        ("active", "GET", "/api/sessions/42", None),
        ("games", "GET", "/api/sessions/42/games", None),
        ("tallies", "GET", "/api/sessions/42/votes", None),
        ("votes", "GET", "/api/votes", None),
        ("game", "GET", "/api/games/1", None),
        ("health", "GET", "/health", None),
    ],
)
async def test_answers_have_the_shapes_of_the_contract(
    playing: Host, name: str, method: str, path: str, body: dict[str, str] | None
) -> None:
    """Keys, types and forms of dates agree with the samples, value by value."""
    await playing.vote("ann", timestamp="2025-11-08T01:19:58Z")
    response = await playing.client.request(method, path, json=body)
    assert response.status_code == 200
    assert response.headers["content-type"] == "application/json; charset=utf-8"
    assert shape(response.json()) == shape(SAMPLES[name])


async def test_starting_and_voting_have_the_shapes_of_the_contract(host: Host) -> None:
    """201 without a count of games for a start; the vote's own timestamp comes back as sent."""
    response = await host.client.post("/api/sessions", json={"notes": "Friday"})
    assert response.status_code == 201
    assert shape(response.json()) == shape(SAMPLES["started"])
    await host.add(42, "Drawful 2")
    voted = await host.vote("ann", timestamp="2025-11-08T01:19:58Z")
    assert shape(voted) == shape(SAMPLES["voted"])
    assert voted["vote"] == {"username": "ann", "type": "up", "timestamp": "2025-11-08T01:19:58Z"}


async def test_no_active_session_is_a_200_that_says_so(playing: Host) -> None:
    """The wrapper comes before the first night and after the last."""
    closed = await playing.close(42)
    assert (closed["is_active"], closed["games_played"]) == (0, 1)
    assert shape(closed["closed_at"]) == "ISO date"
    assert await playing.ask("GET", "/api/sessions/active") == SAMPLES["none active"]


STILL_ACTIVE = "Cannot delete an active session. Please close it first."


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "error"),
    [
        ("POST", "/api/auth/login", {}, 400, "Admin key is required"),
        ("POST", "/api/auth/login", {"key": "kéy"}, 401, "Invalid admin key"),
        ("GET", "/api/sessions/7", {}, 404, "Session not found"),
        ("GET", "/api/sessions/seven", {}, 404, "Session not found"),
        ("GET", "/api/sessions/live", {}, 404, "Session not found"),
        ("GET", "/api/sessions/7/games", {}, 404, "Session not found"),
        ("GET", "/api/sessions/7/votes", {}, 404, "Session not found"),
        ("POST", "/api/sessions/7/close", {}, 404, "Session not found"),
        ("GET", "/api/games/999", {}, 404, "Game not found"),
        ("POST", "/api/sessions/42/games", {"game_id": 999}, 404, "Game not found"),
        ("POST", "/api/sessions/42/games", {}, 400, "game_id is required"),
        ("DELETE", "/api/sessions/42/games/9", {}, 404, "Session game not found"),
        ("PATCH", "/api/sessions/42/games/1/room-code", {}, 400, "room_code is required"),
        ("PATCH", "/api/sessions/42/games/1/player-count", {}, 400, "Invalid player count"),
        ("GET", "/api/votes?vote_type=x", {}, 400, 'vote_type must be either "up" or "down"'),
        ("GET", "/api/votes?game_id=x", {}, 400, "Invalid game_id"),
        ("DELETE", "/api/sessions/42", {}, 400, STILL_ACTIVE),
    ],
)
async def test_refusals(
    playing: Host, method: str, path: str, body: dict[str, object], status: int, error: str
) -> None:
    """A request that makes no sense has the contract's status and text."""
    assert await status_and_error(playing, method, path, **body) == (status, error)


async def test_a_second_night_is_refused_with_the_number_of_the_first(playing: Host) -> None:
    """400, with `activeSessionId` beside the error."""
    response = await playing.client.post("/api/sessions", json={})
    assert response.status_code == 400
    assert response.json() == {
        "error": "An active session already exists. Please close it before creating a new one.",
        "activeSessionId": 42,
    }


NO_TIMESTAMP = "Invalid timestamp format. Use ISO 8601 format (e.g., 2025-11-01T20:30:00Z)"
NO_GAME_THEN = "Vote timestamp does not match any game in the active session"
VOTE = {"username": "ann", "vote": "up", "timestamp": "2025-11-08T01:19:58Z"}


@pytest.mark.parametrize(
    ("change", "status", "error"),
    [
        ({"username": None}, 400, "Missing required fields: username, vote, timestamp"),
        ({"vote": ""}, 400, "Missing required fields: username, vote, timestamp"),
        ({"vote": "sideways"}, 400, 'vote must be either "up" or "down"'),
        ({"timestamp": "yesterday"}, 400, NO_TIMESTAMP),
        ({"timestamp": "2025-11-08T00:59:59Z"}, 404, NO_GAME_THEN),
        ({"ticker": "NONE"}, 404, "No game found with ticker NONE"),
    ],
)
async def test_votes_refused(
    playing: Host, change: dict[str, object], status: int, error: str
) -> None:
    """Each row of the contract's table of errors, in its own words."""
    found = await status_and_error(playing, "POST", "/api/votes/live", **{**VOTE, **change})
    assert found == (status, error)


async def test_votes_refused_for_want_of_a_game(host: Host) -> None:
    """No session, or no game in it yet: 404, each with its text."""
    path = "/api/votes/live"
    assert await status_and_error(host, "POST", path, **VOTE) == (404, "No active session found")
    await host.start()
    none_yet = "No games have been played in the active session yet"
    assert await status_and_error(host, "POST", path, **VOTE) == (404, none_yet)


async def test_a_vote_that_fits_no_game_is_told_which_there_are(playing: Host) -> None:
    """The `debug` object has the vote's timestamp and the session's games."""
    early = {**VOTE, "timestamp": "2025-11-08T00:00:00Z"}
    response = await playing.client.post("/api/votes/live", json=early)
    assert response.json()["debug"] == {
        "voteTimestamp": "2025-11-08T00:00:00Z",
        "sessionGames": [{"title": "Drawful 2", "played_at": "2025-11-08 01:00:00"}],
    }


async def test_a_person_may_vote_again_after_a_second(playing: Host, time: FakeTime) -> None:
    """409 within a second of the vote before, 200 afterwards."""
    await playing.vote("ann")
    await time.advance(0.9)
    with pytest.raises(httpx.HTTPStatusError, match="409"):
        await playing.vote("ann", "down")
    await time.advance(0.2)
    voted = await playing.vote("ann", "down")
    assert voted["success"] is True


async def test_the_list_of_votes_is_paged_and_filtered(playing: Host) -> None:
    """Newest first; a page has 50 votes, 100 at most, and says how many pages there are."""
    for number in range(7):
        await playing.vote(f"voter{number}", "down" if number == 3 else "up")
    last = await playing.ask("GET", "/api/votes?page=3&limit=3")
    assert last["pagination"] == {"page": 3, "limit": 3, "total": 7, "total_pages": 3}
    assert [vote["username"] for vote in last["votes"]] == ["voter0"]
    downs = await playing.ask("GET", "/api/votes?vote_type=down&session_id=42&username=voter3")
    assert [vote["username"] for vote in downs["votes"]] == ["voter3"]
    capped = await playing.ask("GET", "/api/votes?limit=1000")
    assert capped["pagination"]["limit"] == 100


async def test_a_game_taken_back_lowers_the_count(playing: Host) -> None:
    """`games_played` falls, and the next game has the number of the one taken back."""
    wrong = await playing.add(42, "Quiplash 3")
    await playing.take_back(42, wrong)
    session = await playing.ask("GET", "/api/sessions/active")
    assert session["games_played"] == 1
    right = await playing.add(42, "Fibbage 4")
    rows = await playing.ask("GET", "/api/sessions/42/games")
    assert [row["id"] for row in rows] == [1, right]
    assert right > wrong


async def test_rows_change_by_patch(playing: Host) -> None:
    """Status, room code and player count, each by its own path."""
    await playing.change(42, 1, "room-code", room_code="WXYZ")
    await playing.change(42, 1, "player-count", player_count=5)
    await playing.change(42, 1, "status", status="skipped")
    [row] = await playing.ask("GET", "/api/sessions/42/games")
    assert (row["room_code"], row["player_count"], row["status"]) == ("WXYZ", 5, "skipped")


async def test_a_code_for_a_game_that_is_over_is_only_written_down(playing: Host) -> None:
    """The room that is watched stays that of the game being played."""
    running = await playing.add(42, "Quiplash 3", room_code="QQQQ")
    await playing.change(42, 1, "room-code", room_code="WXYZ")
    over = await playing.ask("GET", "/api/sessions/42/games/1/status-live")
    assert (over["roomCode"], over["monitoring"]) == ("WXYZ", False)
    live = await playing.ask("GET", f"/api/sessions/42/games/{running}/status-live")
    assert (live["roomCode"], live["monitoring"]) == ("QQQQ", True)
    await playing.change(42, running, "status", status="playing")
    await playing.change(42, running, "status", status="played")
    left = await playing.ask("GET", f"/api/sessions/42/games/{running}/status-live")
    assert left["monitoring"] is False


async def test_nights_are_listed_newest_first_by_pages(host: Host, time: FakeTime) -> None:
    """A later page has the date of the session before it in a header."""
    for _ in range(3):
        await host.close(await host.start())
        await time.advance(3600)
    everything = await host.ask("GET", "/api/sessions")
    assert [session["id"] for session in everything] == [44, 43, 42]
    page = await host.client.get("/api/sessions?limit=1&offset=1")
    assert [session["id"] for session in page.json()] == [43]
    assert page.headers["X-Prev-Last-Date"] == everything[0]["created_at"]
    assert "X-Prev-Last-Date" not in (await host.client.get("/api/sessions")).headers
    assert (await host.client.delete("/api/sessions/42")).status_code == 200
    assert (await host.client.get("/api/sessions/42")).status_code == 404


WRITES = [
    ("POST", "/api/auth/verify"),
    ("POST", "/api/sessions"),
    ("POST", "/api/sessions/42/games"),
    ("POST", "/api/sessions/42/close"),
    ("DELETE", "/api/sessions/42"),
    ("DELETE", "/api/sessions/42/games/1"),
    ("PATCH", "/api/sessions/42/games/1/status"),
    ("PATCH", "/api/sessions/42/games/1/room-code"),
    ("PATCH", "/api/sessions/42/games/1/player-count"),
    ("POST", "/api/votes/live"),
    ("POST", "/api/sessions/42/voting/start"),
]


@pytest.mark.parametrize(("method", "path"), WRITES)
async def test_writes_need_a_token(playing: Host, method: str, path: str) -> None:
    """401 without one, 403 with a bad one, and nothing has changed."""
    del playing.client.headers["Authorization"]
    assert await status_and_error(playing, method, path) == (401, "Access token required")
    playing.client.headers["Authorization"] = "Bearer nonsense"
    assert await status_and_error(playing, method, path) == (403, "Invalid or expired token")
    assert (await playing.ask("GET", "/api/sessions/active"))["games_played"] == 1


async def test_a_token_expires_after_a_day(playing: Host, time: FakeTime) -> None:
    """It verifies until then, and is a 403 from then on."""
    verified = await playing.ask("POST", "/api/auth/verify")
    assert (verified["valid"], verified["user"]["role"]) == (True, "admin")
    await time.advance(24 * 60 * 60)
    assert (await playing.client.post("/api/auth/verify")).status_code == 403


async def test_a_path_that_nothing_serves_is_html(host: Host) -> None:
    """404 in HTML, as Express gives it; a wrong method is one too."""
    for method, path in (("GET", "/api/nothing"), ("PUT", "/api/sessions")):
        response = await host.client.request(method, path)
        assert response.status_code == 404
        assert response.headers["content-type"] == "text/html; charset=utf-8"
        assert f"<pre>Cannot {method} {path}</pre>" in response.text


async def test_a_body_that_is_no_json_is_the_global_error(host: Host) -> None:
    """500 with `error` and `message`; JSON of the wrong type is a 400."""
    response = await host.client.post("/api/sessions", content=b'{"notes":')
    assert response.status_code == 500
    assert response.json()["error"] == "Something went wrong!"
    assert response.json()["message"]
    assert (await host.client.post("/api/sessions", json={"notes": 5})).status_code == 400


async def test_every_answer_carries_the_pickers_date(host: Host, time: FakeTime) -> None:
    """The `Date` header is by the sandbox's own time, so that a skewed Picker can be had."""
    for path in ("/health", "/api/nothing", "/api/sessions/active"):
        response = await host.client.get(path)
        told = parsedate_to_datetime(response.headers["Date"]).timestamp()
        assert told == int(time.now())
        assert response.headers["Access-Control-Allow-Origin"] == "*"


# --- eras


@pytest.fixture
async def seed_era(time: FakeTime):
    """A host at a Picker of November 2025, with a game on."""
    sandbox = Sandbox(KEY, time=time, era=SEED, first_session_id=42)
    async with sandbox.serve() as url, hosting(url, KEY, time) as host:
        await host.start()
        await host.add(42, "Drawful 2")
        yield host


@pytest.mark.parametrize(
    "path", ["/api/sessions/42/votes", "/api/votes", "/api/sessions/42/games/1/status-live"]
)
async def test_november_2025_cannot_be_asked_for_votes(seed_era: Host, path: str) -> None:
    """The newer paths are an HTML 404 there."""
    response = await seed_era.client.get(path)
    assert response.status_code == 404
    assert f"Cannot GET {path}" in response.text


async def test_november_2025_takes_votes_and_counts_them_in_the_catalogue(seed_era: Host) -> None:
    """The counters of `GET /api/games/:id` are all there is; the rows of a night have none."""
    before = await seed_era.ask("GET", "/api/games/1")
    await seed_era.vote("ann", ticker="QPL3")
    after = await seed_era.ask("GET", "/api/games/1")
    assert after["upvotes"] == before["upvotes"] + 1
    [row] = await seed_era.ask("GET", "/api/sessions/42/games")
    assert not {"upvotes", "downvotes", "popularity_score", "source"} & row.keys()
    assert "ticker" not in after


async def test_november_2025_writes_dates_as_sqlite_does(seed_era: Host) -> None:
    """UTC without saying so."""
    session = await seed_era.ask("GET", "/api/sessions/active")
    assert session["created_at"] == "2025-11-08 01:00:00"


@pytest.mark.parametrize(
    ("era", "absent"),
    [
        (replace(NEWEST, row_counters=False), "upvotes"),
        (replace(NEWEST, row_sources=False), "source"),
    ],
)
async def test_an_era_may_be_mixed(time: FakeTime, era: Era, absent: str) -> None:
    """One ability less leaves the rest as it was."""
    async with Sandbox(KEY, time=time, era=era).serve() as url, hosting(url, KEY, time) as host:
        await host.add(await host.start(), "Quiplash 3")
        [row] = await host.ask("GET", "/api/sessions/1/games")
        assert absent not in row
        assert (await host.client.get("/api/sessions/1/votes")).status_code == 200


async def test_reads_may_be_guarded(time: FakeTime) -> None:
    """By the oldest documents all reads need the token; with it they work as ever."""
    era = replace(ERAS["seed"], guarded_reads=True)
    async with Sandbox(KEY, time=time, era=era).serve() as url, hosting(url, KEY, time) as host:
        assert (await host.client.get("/api/sessions/active")).status_code == 200
        del host.client.headers["Authorization"]
        assert (await host.client.get("/api/sessions/active")).status_code == 401


# --- restarts and faults


async def test_a_restart_on_the_same_port_keeps_the_data(time: FakeTime) -> None:
    """Sessions and tokens are as they were; forgetting the tokens makes them a 403."""
    sandbox = Sandbox(KEY, time=time)
    async with sandbox.serve() as url, hosting(url, KEY, time) as host:
        token = await host.log_in(KEY)
        await host.start("Friday")
    async with httpx.AsyncClient(base_url=url, trust_env=False) as client:
        with pytest.raises(httpx.ConnectError):
            await client.get("/health")
        async with sandbox.serve(port=int(url.rpartition(":")[2])) as again:
            assert again == url
            assert (await client.get("/api/sessions/active")).json()["notes"] == "Friday"
            bearer = {"Authorization": f"Bearer {token}"}
            assert (await client.post("/api/auth/verify", headers=bearer)).status_code == 200
            sandbox.forget_tokens()
            assert (await client.post("/api/auth/verify", headers=bearer)).status_code == 403


async def test_faults_stand_before_the_picker(time: FakeTime) -> None:
    """Each for the requests it names, as often as it says; the Picker's data is untouched."""
    faults = Faults()
    sandbox = Sandbox(KEY, time=time, middlewares=[faults.middleware])
    async with sandbox.serve() as url, hosting(url, KEY, time) as host:
        faults.put("GET /api/sessions/active", UNAVAILABLE, times=2)
        statuses = [(await host.client.get("/api/sessions/active")).status_code for _ in range(3)]
        assert statuses == [503, 503, 200]
        faults.put("GET .*", HTML)
        assert "Please log in" in (await host.client.get("/api/sessions/active")).text
        faults.put("GET /health", slow(0.01))
        assert (await host.client.get("/health")).json()["status"] == "ok"
        faults.put("POST .*", CLOSE)
        with pytest.raises(httpx.RemoteProtocolError):
            await host.start()
        faults.put("POST .*", HANG)
        with pytest.raises(httpx.ReadTimeout):
            await host.client.post("/api/sessions", timeout=0.05)
        faults.clear()
        assert await host.start() == 1
    assert faults.asked.count("GET /api/sessions/active") == 4

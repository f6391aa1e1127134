"""A scripted game night, played on a Picker through its REST API as a host and a chat bot would:
five games with room codes, one of them late, a wrong game taken back, a storm of votes, the end."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from random import Random
from typing import Any

import httpx

from bot.sandbox.shapes import iso
from bot.timing import Time

NOTES = "Friday Game Night"
CODE_LETTERS = "BCDFGHJKLMNPQRSTVWXZ"

BEFORE_FIRST_GAME = 2.0
CODE_LATE_BY = 1.5
MISTAKE_SEEN_AFTER = 1.5
VOTES_BEGIN_AFTER = 0.8
AFTER_LAST_VOTE = 1.0

# Nobody votes twice in a night: played at great speed, all of it is within the one second in
# which a Picker takes a person's second vote for a repeat.
VOTERS = """
    Ada Ben Cleo Dario Edda Finn Gus Hana Ines Jonas Kaia Liam Mona Nico Olga Pim Quinn Rosa Sven
    Tilda Uma Viktor Wanda Xaver Yara Zoe ada_ benji C3PO dotty eel_fan frogger gr8gatsby hex ibis
    jelly kestrel lemur moss nori otter pixel quokka rook sable tofu umbra vex wombat xylo yeti zed
    anon42 bats CatNap dusk
""".split()


@dataclass(frozen=True, slots=True)
class Act:
    """A game of the script: how many like it and how many do not, and how long they take over
    it. `instead_of` is the game that the host hits first, by mistake."""

    title: str
    ups: int
    downs: int
    voting: float
    code_late: bool = False
    instead_of: str | None = None


SCRIPT = (
    Act("Fibbage 4", ups=7, downs=2, voting=2.5),
    Act("Tee K.O. 2", ups=4, downs=4, voting=2.0, code_late=True),
    Act("Trivia Murder Party 2", ups=24, downs=3, voting=1.5, instead_of="Push The Button"),
    Act("Monster Seeking Monster", ups=1, downs=3, voting=2.0),
    Act("Quiplash 3", ups=5, downs=1, voting=2.5),
)


@dataclass(frozen=True, slots=True)
class Played:
    """A game as it was really played, for comparing with what was said of it."""

    title: str
    room_code: str
    ups: int
    downs: int


@dataclass(frozen=True, slots=True)
class Night:
    session_id: int
    games: tuple[Played, ...]


def _quietly(_: str) -> None:
    pass


async def play(
    base_url: str,
    admin_key: str,
    *,
    time: Time,
    speed: float = 1.0,
    seed: int = 0,
    progress: Callable[[str], None] = _quietly,
) -> Night:
    """Play the whole night; about 25 seconds at speed 1, with no waits at all at infinity.

    `seed` fixes room codes, voters and their moments. `progress` is told what happens, a short
    sentence each time. Raises httpx.HTTPError where the Picker is away or refuses (as it does
    while a session is active)."""
    async with httpx.AsyncClient(base_url=base_url, trust_env=False) as client:
        stage = _Stage(client, time, speed, Random(seed), progress)
        await stage.log_in(admin_key)
        return await stage.play()


class _Stage:
    """The host and the voters, at one Picker."""

    def __init__(
        self,
        client: httpx.AsyncClient,
        time: Time,
        speed: float,
        random: Random,
        progress: Callable[[str], None],
    ) -> None:
        self._client = client
        self._time = time
        self._speed = speed
        self._random = random
        self._progress = progress
        self._voters = iter(random.sample(VOTERS, len(VOTERS)))

    async def log_in(self, admin_key: str) -> None:
        token = (await self._ask("POST", "/api/auth/login", key=admin_key))["token"]
        self._client.headers["Authorization"] = f"Bearer {token}"

    async def play(self) -> Night:
        ids = {game["title"]: game["id"] for game in await self._ask("GET", "/api/games")}
        session = await self._ask("POST", "/api/sessions", notes=NOTES)
        path = f"/api/sessions/{session['id']}"
        self._progress("The host opens the night")
        await self._wait(BEFORE_FIRST_GAME)
        played = [await self._perform(act, path + "/games", ids) for act in SCRIPT]
        await self._ask("POST", path + "/close")
        self._progress("The host closes the night")
        return Night(session["id"], tuple(played))

    async def _perform(self, act: Act, path: str, ids: dict[str, int]) -> Played:
        if act.instead_of is not None:
            await self._slip(act.instead_of, path, ids)
        code = self._room_code()
        known = None if act.code_late else code
        row = await self._ask("POST", path, game_id=ids[act.title], room_code=known)
        self._progress(f"{act.title} begins")
        if act.code_late:
            await self._wait(CODE_LATE_BY)
            await self._ask("PATCH", f"{path}/{row['id']}/room-code", room_code=code)
            self._progress(f"The host fills in the room code of {act.title}")
        await self._wait(VOTES_BEGIN_AFTER)
        await self._vote(act)
        await self._wait(AFTER_LAST_VOTE)
        return Played(act.title, code, act.ups, act.downs)

    async def _slip(self, title: str, path: str, ids: dict[str, int]) -> None:
        """Add a game by mistake, and take it back."""
        row = await self._ask("POST", path, game_id=ids[title], room_code=self._room_code())
        self._progress(f"The host picks {title} by mistake")
        await self._wait(MISTAKE_SEEN_AFTER)
        await self._ask("DELETE", f"{path}/{row['id']}")
        self._progress(f"{title} is taken back")

    async def _vote(self, act: Act) -> None:
        self._progress(f"{act.ups + act.downs} people vote on {act.title}")
        votes = ["up"] * act.ups + ["down"] * act.downs
        self._random.shuffle(votes)
        for vote, pause in zip(votes, self._pauses(len(votes), act.voting), strict=True):
            await self._wait(pause)
            stamp = iso(self._time.now())
            voter = next(self._voters)
            await self._ask("POST", "/api/votes/live", username=voter, vote=vote, timestamp=stamp)

    def _pauses(self, count: int, span: float) -> Iterator[float]:
        """Waits of uneven length that make up `span`."""
        weights = [self._random.expovariate(1) for _ in range(count)]
        return (span * weight / sum(weights) for weight in weights)

    def _room_code(self) -> str:
        return "".join(self._random.choices(CODE_LETTERS, k=4))

    async def _wait(self, seconds: float) -> None:
        await self._time.sleep(seconds / self._speed)

    async def _ask(self, method: str, path: str, **body: object) -> Any:
        response = await self._client.request(method, path, json=body or None)
        response.raise_for_status()
        return response.json()

"""bot.formatter: the message of a game as the game goes on."""

from __future__ import annotations

from bot import messages
from bot.domain import Action, Board, Card, Field, Game, Kind, SessionKey, Stage, Votes
from bot.formatter import Wording

WORDING = Wording(messages.load("en"))
NIGHT = SessionKey(17, 1_762_563_600)
FIBBAGE = Game("Fibbage 4", 4, "The Jackbox Party Pack 9", 2, 8)
BUTTONS = (Action(True, NIGHT, 3), Action(False, NIGHT, 3))


def test_running() -> None:
    """Title, pack, players and code; two numbers and a bar; card and buttons as at first."""
    said = WORDING.board(Board(NIGHT, 3, FIBBAGE, "ABCD", Votes(3, 1)))
    assert said.text == (
        "🎮 Now playing: Fibbage 4 (The Jackbox Party Pack 9) · 2–8 players · room ABCD\n"
        "3👍 1👎 ▰▰▰▰▰▰▱▱ +2"
    )
    assert (said.actions, said.kind) == (BUTTONS, Kind.GAME_ADDED)
    assert said.card is not None
    assert [field.name for field in said.card.fields] == ["Pack", "Players", "Room"]


def test_running_without_votes() -> None:
    """No votes yet are two zeros; votes that cannot be counted are too."""
    nobody = WORDING.board(Board(NIGHT, 3, Game("X"), votes=Votes()))
    assert nobody.text == "🎮 Now playing: X\n0👍 0👎 ▱▱▱▱▱▱▱▱ 0"
    assert WORDING.board(Board(NIGHT, 3, Game("X"))) == nobody
    assert nobody.card is None


def test_over() -> None:
    """The result, without buttons and without the room that is closed."""
    said = WORDING.board(Board(NIGHT, 3, FIBBAGE, "ABCD", Votes(1, 3), Stage.OVER))
    assert said.text == (
        "🎮 Fibbage 4 (The Jackbox Party Pack 9) · 2–8 players\n"
        "🗳️ Final votes: 1👍 3👎 ▰▰▱▱▱▱▱▱ (Score: -2)"
    )
    assert said.actions == ()
    assert said.card == Card(
        "Fibbage 4",
        (Field("Pack", "The Jackbox Party Pack 9"), Field("Players", "2–8 players")),
        said.card.colour if said.card else None,
    )


def test_over_without_votes() -> None:
    """Where nobody voted, or nothing could be counted, no result is shown."""
    for votes in (Votes(), None):
        said = WORDING.board(Board(NIGHT, 3, Game("X"), None, votes, Stage.OVER))
        assert said.text == "🎮 X"


def test_taken_back() -> None:
    """A game that was taken back says so, with nothing to press."""
    said = WORDING.board(Board(NIGHT, 3, FIBBAGE, "ABCD", Votes(1), Stage.TAKEN_BACK))
    assert said.text == "🎮 Fibbage 4 was taken back."
    assert (said.card, said.actions) == (None, ())


def test_a_hosts_own_board() -> None:
    """A board's lines may be replaced like any other."""
    own = Wording(messages.load("en"), {"board": "{{ title }} {{ up }}:{{ down }}"})
    assert own.board(Board(NIGHT, 3, FIBBAGE, None, Votes(2, 1))).text == "Fibbage 4 2:1"


def test_hostile_titles() -> None:
    """A title commands nothing on a board either."""
    said = WORDING.board(Board(NIGHT, 3, Game("a\r\nQUIT\u202e{{ x }}"), None, Votes()))
    assert said.text.splitlines()[0] == "🎮 Now playing: a QUIT{{ x }}"
    assert len(said.text.splitlines()) == 2


def test_titles_and_spans() -> None:
    """A game without a title has a name, and a span of less than a minute has none."""
    assert WORDING.title(Game(" ")) == "an untitled game"
    assert (WORDING.length(150), WORDING.length(3)) == ("2 min", None)

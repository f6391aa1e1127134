"""What `preview` shows for chats of different limits."""

from __future__ import annotations

from bot import messages
from bot.cli.preview import channel_lines
from bot.domain import Kind, Limits, Message, Unit
from bot.formatter import Wording


class Chat:
    """Limits, and the measure of plain text."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits

    def measure(self, message: Message) -> int:
        text = message.text
        return len(text if self.limits.unit is Unit.CHARACTERS else text.encode())


def shown(limits: Limits, *kinds: Kind) -> list[str]:
    return list(channel_lines(Wording(messages.load("en")), Chat(limits), kinds))  # type: ignore[arg-type]


def test_long_lines_are_shown_in_parts() -> None:
    """A narrow chat's parts are lines of their own, none longer than it takes."""
    limits = Limits(length=30, unit=Unit.BYTES, multiline=False)
    lines = [line for line in shown(limits, Kind.GAME_ADDED) if "not said" not in line]
    assert len(lines) > 2
    assert all(len(line.encode()) <= 30 for line in lines)


def test_cards_and_buttons_only_where_there_are() -> None:
    """What a rich chat shows beside the text is drawn for it alone."""
    plain = shown(Limits(length=2_000), *Kind)
    rich = shown(Limits(length=2_000, cards=True, buttons=True), *Kind)
    assert set(plain) < set(rich)
    assert "  [👍] [👎]" in rich
    assert any(line.startswith("  │ ") for line in rich)


def test_what_is_not_taken_is_told() -> None:
    """A channel with a list of its own is shown what it leaves out."""
    lines = shown(Limits(length=2_000), Kind.STATS)
    assert "(game_added is not said here)" in lines
    assert lines[-1] == "📊 Session Stats: 5 games played"

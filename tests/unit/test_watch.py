"""What `watch` makes of the frames that it sees."""

from __future__ import annotations

import json

import pytest

from bot.cli.watch import lines
from bot.picker import Received, Told
from bot.wire import parse_frame


def printed(frame: object) -> str:
    text = frame if isinstance(frame, bytes) else json.dumps(frame).encode()
    return "\n".join(lines(Received(text, parse_frame(text)), 17))


def test_the_users_own_example() -> None:
    """The event of the document that this is modelled on has the same details, line by line."""
    out = printed(
        {
            "type": "session.ended",
            "timestamp": "2025-11-01T02:30:45.123Z",
            "data": {"session": {"id": 17, "is_active": 0, "games_played": 5}},
        }
    )
    assert "🎉 SESSION.ENDED EVENT RECEIVED!" in out
    assert '      "games_played": 5\n' in out
    details = out[out.index("✨") :].splitlines()
    assert details[:5] == [
        "✨ Event Details:",
        "Session ID: 17",
        "Active: No",
        "Games Played: 5",
        "Timestamp: 2025-11-01T02:30:45.123Z",
    ]


def test_any_event_has_its_fields() -> None:
    """An event that nobody has heard of is shown like all others, truth as yes and no."""
    data = {"sessionId": 3, "vote": {"username": "ann"}, "monitoring": True, "notes": None}
    out = printed({"type": "brand.new", "data": data | {"players": ["Ann"]}})
    details = out[out.index("✨") :].splitlines()
    assert details[1:] == [
        "Session ID: 3",
        "Vote Username: ann",
        "Monitoring: Yes",
        "Notes: –",
        'Players: ["Ann"]',
        "Timestamp: –",
    ]


@pytest.mark.parametrize("frame", [b"<html>", b"[1, 2]", b"\xff\xfe"])
def test_what_is_no_event(frame: bytes) -> None:
    """What does not even look like one is shown as it came, with what is wrong with it."""
    out = printed(frame)
    assert "NO EVENT" in out
    assert "This is not as it should be" in out


def test_an_event_of_the_wrong_shape() -> None:
    """A known event with a wrong type in it is shown, and the fault named."""
    out = printed({"type": "session.ended", "data": {"session": {"id": "seventeen"}}})
    assert "Session ID: seventeen" in out
    assert "This is not as it should be" in out


def test_control_frames() -> None:
    """Answers to our own frames are told in words, and a pong not at all."""
    assert "❌ Authentication failed: Token required" in printed(
        {"type": "auth_error", "message": "Token required"}
    )
    assert "The Picker complains: no" in printed({"type": "error", "message": "no"})
    assert printed({"type": "pong"}) == ""


def test_sentences_about_the_link() -> None:
    """Troubles are told; that all is well is seen anyway."""
    assert list(lines(Told("The link was lost.", warning=True), 17)) == ["⚠️ The link was lost.\n"]
    assert list(lines(Told("The link is live.", warning=False), 17)) == []

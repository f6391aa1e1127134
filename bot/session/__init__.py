"""The session machine: what is worth saying, from what was pushed and what was polled."""

from bot.session.condense import condense
from bot.session.machine import step, wants
from bot.session.state import Ended, Phase, Play, Reason, Session, State, Step, Unsaid

__all__ = [
    "Ended",
    "Phase",
    "Play",
    "Reason",
    "Session",
    "State",
    "Step",
    "Unsaid",
    "condense",
    "step",
    "wants",
]

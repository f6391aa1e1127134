"""Announcements to messages: wording, cleaning of outside text, cards, and cutting to length.

Pure. ``Wording.render`` says a fact in a host's words, ``split`` cuts a message to what a
network carries, ``join`` puts several into one, ``clean`` makes outside text harmless.
"""

from bot.formatter.clean import clean, score, shorten
from bot.formatter.examples import examples
from bot.formatter.split import join, split
from bot.formatter.templates import Value
from bot.formatter.values import rank
from bot.formatter.wording import Wording, WordingError, vote_buttons

__all__ = [
    "Value",
    "Wording",
    "WordingError",
    "clean",
    "examples",
    "join",
    "rank",
    "score",
    "shorten",
    "split",
    "vote_buttons",
]

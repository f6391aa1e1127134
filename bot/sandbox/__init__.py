"""An embedded Jackbox Game Picker: the real REST and WebSocket protocol over data in memory.

For `nightcrier demo`, for trying things out, and for the tests. It is written to be read as well:
`database` is what a Picker knows, `sessions`, `votes`, `polls` and `login` are its REST routes,
`feed` its WebSocket, `shapes` every JSON it sends, `era` what older ones lack, and `night` what
a host and a chatty community do with it of an evening.
"""

from bot.sandbox.era import ERAS, NEWEST, SEED, Era
from bot.sandbox.server import Sandbox

__all__ = ["ERAS", "NEWEST", "SEED", "Era", "Sandbox"]

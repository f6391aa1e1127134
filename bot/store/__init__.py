"""What must survive a restart, in one SQLite file with one writer."""

from bot.store.beside import ALL, alive_at, mute, read_ballots, read_deliveries, retry, unmute
from bot.store.ledger import Ledger
from bot.store.schema import StoreError
from bot.store.writer import Store

__all__ = [
    "ALL",
    "Ledger",
    "Store",
    "StoreError",
    "alive_at",
    "mute",
    "read_ballots",
    "read_deliveries",
    "retry",
    "unmute",
]

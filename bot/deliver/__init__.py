"""From the ledger to the chats: one lane per target, one pacer per adapter."""

from bot.deliver.lane import Lane, open_lanes, watch
from bot.deliver.pacer import Pacer

__all__ = ["Lane", "Pacer", "open_lanes", "watch"]

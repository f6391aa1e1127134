"""From the ledger to the chats: one lane per target, one pacer per adapter."""

from bot.deliver.editor import Editor
from bot.deliver.lane import Lane, can_edit, open_lanes, watch
from bot.deliver.pacer import Pacer

__all__ = ["Editor", "Lane", "Pacer", "can_edit", "open_lanes", "watch"]

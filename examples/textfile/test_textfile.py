"""Nightcrier's contract, on files in a folder of the test's own."""

from __future__ import annotations

from typing import ClassVar

from bot.testing import Clause, Rig, Seen
from bot.testing.contract import *  # noqa: F403


class TextFileRig(Rig):
    kind = "textfile"
    name = "textfile"
    channels = ("night.txt", "quiet.txt")
    refused = "folder"
    cannot: ClassVar = {
        Clause.DROPPED: "a write to a file is over at once",
        Clause.STALLED: "a write to a file is over at once",
        Clause.ABSENT: "there is nothing to join in a folder",
        Clause.LIFTABLE: "a file that refuses us today is not told from a full disk",
        Clause.RATE_LIMIT: "a file takes whatever is written",
        Clause.DEDUPES: "a file keeps every line that it gets",
        Clause.CREDENTIALS: "there are no credentials to be wrong",
        Clause.SECRETS: "there are no secrets to be shown",
        Clause.HEARS: "a file hears nothing at all",
        Clause.DEAF_TO_SELF: "a file hears nothing at all",
    }

    async def open(self) -> None:
        self.files = self.folder / "files"
        (self.files / self.refused).mkdir(parents=True)
        self.settings = {"folder": self.files}

    async def seen(self, channel: str) -> list[Seen]:
        path = self.files / channel
        return (
            [Seen(line) for line in path.read_text("utf-8").splitlines()] if path.exists() else []
        )

    async def down(self) -> None:
        self.files.rename(self.folder / "away")

    async def up(self) -> None:
        (self.folder / "away").rename(self.files)


RIGS = (TextFileRig,)

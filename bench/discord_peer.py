"""The Discord look-alike in its own process, so that it takes no time of ours, seen from here."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


class Peer:
    """Where it is, and what it answers; each question starts its counting anew."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        told = self._read()
        self.api_url: str = told["api_url"]
        self.token: str = told["token"]
        self.channels: list[str] = told["channels"]

    def posted(self) -> int:
        """How many messages came."""
        return int(self._ask("posted"))

    def edits(self) -> list[tuple[str, float, int]]:
        """Each edit that was asked for: the message's address, when, and what was answered."""
        return [(path, at, status) for path, at, status in self._ask("edits")]

    def connected(self) -> bool:
        return bool(self._ask("connected"))

    def table(self, channels: int | None = None) -> str:
        """The configuration of a bot that speaks in so many of its channels, or in all."""
        ids = ", ".join(self.channels[:channels])
        return (
            f'[adapters.discord]\ntoken = "{self.token}"\napi_url = "{self.api_url}"\n'
            f"channels = [{ids}]\n"
        )

    def _ask(self, what: str) -> Any:
        assert self._process.stdin is not None
        self._process.stdin.write(f"{what}\n")
        self._process.stdin.flush()
        return self._read()

    def _read(self) -> Any:
        assert self._process.stdout is not None
        return json.loads(self._process.stdout.readline())


@contextmanager
def peer(channels: int, latency: float = 0.0) -> Iterator[Peer]:
    """One that takes ``latency`` seconds for each answer."""
    command = (sys.executable, "-m", "bench.discord_server", str(channels), str(latency))
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            yield Peer(process)
        finally:
            process.kill()

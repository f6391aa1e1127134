"""``python -m bench [--write] [NAME ...]``: measure, print, and keep in docs/benchmarks.md."""

from __future__ import annotations

import platform
import re
import sys
from importlib import import_module
from pathlib import Path

NAMES = ("storm", "latency", "footprint", "channels", "nights", "discord")
PAGE = Path(__file__).parents[1] / "docs" / "benchmarks.md"


def main(arguments: list[str]) -> None:
    write = "--write" in arguments
    names = [name for name in arguments if name != "--write"] or list(NAMES)
    print(f"Python {platform.python_version()}, {platform.machine()}\n")
    for name in names:
        made: str = import_module(f"bench.{name}").measure()
        print(f"{name}\n\n{made}\n", flush=True)
        if write:
            keep(name, made)


def keep(name: str, made: str) -> None:
    """Put the table between its two markers on the page."""
    page = PAGE.read_text(encoding="utf-8")
    between = re.compile(rf"(<!-- {name} -->\n).*?(<!-- end -->)", re.DOTALL)
    if not between.search(page):
        raise SystemExit(f"docs/benchmarks.md has no place for {name}")
    PAGE.write_text(between.sub(lambda m: f"{m[1]}{made}\n{m[2]}", page), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])

"""``nightcrier adapters``: which kinds of chat there are, and what the missing ones need."""

from __future__ import annotations

import click

import adapters


def show() -> int:
    """A line for each kind; what cannot be used says why."""
    kinds = adapters.available()
    width = max(map(len, kinds))
    for kind in kinds:
        click.echo(f"{kind:{width}}  {_state(kind)}")
    for entry in adapters.passed_over():
        what = "not used: another adapter has this name"
        click.echo(f"{entry.name:{width}}  from {adapters.provider(entry)}, {what}")
    return 0


def _state(kind: str) -> str:
    try:
        adapters.load(kind)
    except ImportError as error:
        return f"missing: {error}"
    entry = adapters.foreign().get(kind)
    return "built in" if entry is None else f"from {adapters.provider(entry)}"

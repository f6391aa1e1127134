"""What all JSON of a Picker has in common. The attributes of a shape are the JSON's own keys, and a
field that is UNSET is left out. Booleans and dates come in several forms on purpose: that is how
the backend sends them."""

from __future__ import annotations

from datetime import UTC, datetime

from msgspec import Struct, json

from bot.sandbox.era import Era


class Shape(Struct):
    """An object with keys in snake_case."""


class CamelShape(Struct, rename="camel"):
    """An object with keys in camelCase."""


def encode(shape: object) -> bytes:
    return json.encode(shape)


def iso(moment: float) -> str:
    """As JavaScript's `toISOString`: UTC, milliseconds, Z."""
    text = datetime.fromtimestamp(moment, UTC).isoformat(timespec="milliseconds")
    return text.replace("+00:00", "Z")


def sqlite(moment: float) -> str:
    """As SQLite's CURRENT_TIMESTAMP: UTC, whole seconds, no zone."""
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%d %H:%M:%S")


def date(moment: float, era: Era) -> str:
    return iso(moment) if era.iso_dates else sqlite(moment)

"""Our frozen values <-> JSON text, for the store.

The declared types of the fields drive both ways, so a value needs no code of its own:

- a dataclass is an object with all of its fields;
- where several dataclasses are possible (a union, and the outermost value) the object also
  says which, under ``$type``: renaming such a class needs a migration of the store;
- an enum is its value, a tuple or set a list, a mapping an object (text keys) or a list of pairs.

For old and new versions of a class: unknown fields are ignored, missing ones take their
defaults. Text is written in ASCII escapes, so that half of a surrogate pair, which a Picker
may send and UTF-8 cannot hold, comes back as it was.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import MISSING, Field, fields, is_dataclass
from enum import Enum
from functools import cache
from operator import attrgetter
from types import NoneType, UnionType
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints, overload

T = TypeVar("T")
Convert = Callable[[Any], Any]

TAG = "$type"
_SCALARS = (str, int, float, bool, NoneType)

_dump = json.JSONEncoder(separators=(",", ":")).encode
_load = json.JSONDecoder().decode


class CodecError(ValueError):
    """The text is not what the type asks for; says at which field."""


def encode(value: object) -> str:
    """The JSON text of a dataclass. Raises TypeError for a type that has no form here."""
    return _dump(_write_tagged(value))


@overload
def decode(form: type[T], text: str) -> T: ...
@overload
def decode(form: UnionType, text: str) -> Any: ...
def decode(form: Any, text: str) -> Any:
    """The value of type ``form``, a dataclass or a union of them. Raises CodecError."""
    try:
        raw = _load(text)
    except ValueError as error:
        raise CodecError(f"not JSON ({error})") from None
    return _reader(form)(raw)


# --- writing -----------------------------------------------------------------------------


@cache
def _writer(form: Any) -> Convert | None:
    """What turns a value of this type into JSON's own types; None where nothing is to do."""
    if form in _SCALARS:
        return None
    if _is_enum(form):
        return attrgetter("value")
    if _is_class(form):
        return lambda value: _object_writer(form, False)(value)  # late: a class may hold itself
    origin, parts = get_origin(form), get_args(form)
    if origin in (Union, UnionType):
        return _union_writer(parts)
    if origin is tuple:
        return _tuple_writer(parts)
    if _is_a(origin, AbstractSet):
        return lambda values: sorted(_each(_writer(parts[0]), values))
    if _is_a(origin, Mapping):
        return _mapping_writer(*parts)
    raise TypeError(f"no JSON form for {form}")


@cache
def _object_writer(cls: Any, tagged: bool) -> Convert:
    plan = [(field.name, _writer(hint)) for field, hint in _fields(cls)]
    tag = {TAG: cls.__name__} if tagged else {}

    def write(value: Any) -> dict[str, Any]:
        out: dict[str, Any] = tag.copy()
        for name, convert in plan:
            item = getattr(value, name)
            out[name] = item if convert is None else convert(item)
        return out

    return write


def _write_tagged(value: object) -> Any:
    cls: Any = type(value)
    return _object_writer(cls, True)(value)


def _union_writer(parts: tuple[Any, ...]) -> Convert | None:
    scalars, others = _members(parts)
    if not others:
        return None
    if len(others) == 1:
        convert = _writer(others[0])
        return lambda value: value if type(value) in scalars else _apply(convert, value)
    return lambda value: value if type(value) in scalars else _write_tagged(value)


def _tuple_writer(parts: tuple[Any, ...]) -> Convert:
    if parts[1:] == (...,):
        convert = _writer(parts[0])
        return lambda values: _each(convert, values)
    converts = [_writer(part) for part in parts]
    return lambda values: list(map(_apply, converts, values))


def _mapping_writer(key: Any, item: Any) -> Convert:
    write_key, write_item = _writer(key), _writer(item)
    if key is str:
        return lambda mapping: {k: _apply(write_item, v) for k, v in mapping.items()}
    return lambda mapping: [
        [_apply(write_key, k), _apply(write_item, v)] for k, v in mapping.items()
    ]


def _apply(convert: Convert | None, value: Any) -> Any:
    return value if convert is None else convert(value)


def _each(convert: Convert | None, values: Any) -> list[Any]:
    return list(values) if convert is None else [convert(value) for value in values]


# --- reading -----------------------------------------------------------------------------


@cache
def _reader(form: Any) -> Convert:
    """What turns JSON's own types into a value of this type, or raises CodecError."""
    if form in _SCALARS:
        return _scalar_reader(form)
    if _is_enum(form):
        return _enum_reader(form)
    if _is_class(form):
        return lambda raw: _object_reader(form)(raw)
    origin, parts = get_origin(form), get_args(form)
    if origin in (Union, UnionType):
        return _union_reader(parts)
    if origin is tuple:
        return _tuple_reader(parts)
    if _is_a(origin, AbstractSet):
        read = _reader(parts[0])
        return lambda raw: frozenset(map(read, _expect(list, raw)))
    if _is_a(origin, Mapping):
        return _mapping_reader(*parts)
    raise TypeError(f"no JSON form for {form}")


@cache
def _object_reader(cls: Any) -> Convert:
    plan = [(field.name, _reader(hint), _required(field)) for field, hint in _fields(cls)]

    def read(raw: Any) -> Any:
        values: dict[str, Any] = {}
        for name, convert, required in plan:
            if name in _expect(dict, raw):
                try:
                    values[name] = convert(raw[name])
                except CodecError as error:
                    raise CodecError(f"{cls.__name__}.{name}: {error}") from None
            elif required:
                raise CodecError(f"{cls.__name__}.{name} is missing")
        return cls(**values)

    return read


def _scalar_reader(form: Any) -> Convert:
    accepted = (float, int) if form is float else (form,)

    def read(raw: Any) -> Any:
        if type(raw) not in accepted:
            raise CodecError(f"expected {form.__name__}, found {type(raw).__name__}")
        return float(raw) if form is float else raw

    return read


def _enum_reader(form: type[Enum]) -> Convert:
    members = {member.value: member for member in form}

    def read(raw: Any) -> Any:
        if isinstance(raw, dict | list) or raw not in members:
            raise CodecError(f"unknown {form.__name__} {raw!r}")
        return members[raw]

    return read


def _union_reader(parts: tuple[Any, ...]) -> Convert:
    scalars, others = _members(parts)
    single = _reader(others[0]) if len(others) == 1 else None
    by_name = {part.__name__: _reader(part) for part in others} if not single else {}

    def read(raw: Any) -> Any:
        if type(raw) in scalars:
            return raw
        if type(raw) is int and float in scalars:
            return float(raw)
        if single is not None:
            return single(raw)
        name = raw.get(TAG) if isinstance(raw, dict) else None
        if name not in by_name:
            raise CodecError(f"expected one of {', '.join(by_name)}, found {name!r}")
        return by_name[name](raw)

    return read


def _tuple_reader(parts: tuple[Any, ...]) -> Convert:
    if parts[1:] == (...,):
        convert = _reader(parts[0])
        return lambda raw: tuple(map(convert, _expect(list, raw)))
    converts = [_reader(part) for part in parts]

    def read(raw: Any) -> Any:
        if len(_expect(list, raw)) != len(converts):
            raise CodecError(f"expected {len(converts)} items, found {len(raw)}")
        return tuple(convert(item) for convert, item in zip(converts, raw, strict=True))

    return read


def _mapping_reader(key: Any, item: Any) -> Convert:
    read_item = _reader(item)
    if key is str:
        return lambda raw: {k: read_item(v) for k, v in _expect(dict, raw).items()}
    read_pair = _tuple_reader((key, item))
    return lambda raw: dict(map(read_pair, _expect(list, raw)))


def _expect(form: type, raw: Any) -> Any:
    if not isinstance(raw, form):
        raise CodecError(f"expected a {form.__name__}, found {type(raw).__name__}")
    return raw


# --- types -------------------------------------------------------------------------------


def _fields(cls: Any) -> list[tuple[Field[Any], Any]]:
    hints = get_type_hints(cls)
    return [(field, hints[field.name]) for field in fields(cls) if field.init]


def _required(field: Field[Any]) -> bool:
    return field.default is MISSING and field.default_factory is MISSING


def _members(parts: tuple[Any, ...]) -> tuple[tuple[Any, ...], list[Any]]:
    """Of a union: the scalars, and the rest: several of these must be told apart by a tag."""
    others = [part for part in parts if part not in _SCALARS]
    if len(others) > 1 and not all(map(_is_class, others)):
        raise TypeError(f"no JSON form for the union of {parts}")
    return tuple(part for part in parts if part in _SCALARS), others


def _is_class(form: Any) -> bool:
    return is_dataclass(form)


def _is_enum(form: Any) -> bool:
    return isinstance(form, type) and issubclass(form, Enum)


def _is_a(origin: Any, base: type) -> bool:
    return isinstance(origin, type) and issubclass(origin, base)

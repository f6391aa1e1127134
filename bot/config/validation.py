"""Any pydantic model of settings, filled from a table, with every error as a sentence of ours.

An adapter's own ``Settings`` come through here as the fixed tables do, so all errors read alike.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, TypeVar, Union, get_args, get_origin

from pydantic import BaseModel, SecretStr, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from bot.config import problems as say
from bot.config.problems import Problem, Variable
from bot.config.sources import Table, as_list, secret_from

Model = TypeVar("Model", bound=BaseModel)


def validate(
    model: type[Model],
    table: Table,
    at: tuple[str, ...],
    folder: Path,
    also: Iterable[str] = (),
    context: object = None,
) -> tuple[Model | None, list[Problem]]:
    """``model`` filled from ``table``, which stands at ``at``, and all that is wrong with it.

    Where something is, the model lacks it, for what can be told of the rest; None if it cannot
    do without. ``also`` are keys that are good at this place and read elsewhere.
    """
    told: dict[say.Path, Problem] = {}
    filled = _prepared(model, table, at, folder, told)
    settings, errors = _filled(model, filled, context)
    if errors:
        # rules about a whole list or table are looked at only when each of its entries is good
        filled = _cut(filled, _entries(model, filled, errors))
        errors += _filled(model, filled, context)[1]
    for error in errors:
        place, problem = _sentence(model, error, at, table, also)
        told.setdefault(place, problem)
    if told:
        wrong = [place[len(at) :] for place in told if len(place) > len(at)]
        settings, _ = _filled(model, _cut(filled, wrong), context)
        if settings is None:
            settings, _ = _filled(model, _cut(filled, [path[:1] for path in wrong]), context)
    return settings, list(told.values())


def _filled(
    model: type[Model], table: Table, context: object
) -> tuple[Model | None, list[ErrorDetails]]:
    try:
        return model.model_validate(table, context=context), []
    except ValidationError as error:
        return None, error.errors(include_url=False)


def _entries(
    model: type[BaseModel], table: Table, errors: Iterable[ErrorDetails]
) -> Iterator[say.Path]:
    """The entries of lists and tables in ``table`` that are in error."""
    for error in errors:
        key, *inside = error["loc"] or ("",)
        annotation = _annotation(model, str(key))
        if inside and key in table and (_is_list(annotation) or _is_table(annotation)):
            yield (key, inside[0])


def _cut(value: Any, paths: Iterable[say.Path]) -> Any:
    """``value`` without what is at any of the ``paths``."""
    inside: dict[str | int, list[say.Path]] = {}
    for first, *rest in paths:
        inside.setdefault(first, []).append(tuple(rest))
    entries = value.items() if isinstance(value, dict) else enumerate(value)
    kept = {
        key: _cut(entry, inside[key]) if key in inside and isinstance(entry, dict | list) else entry
        for key, entry in entries
        if () not in inside.get(key, ())
    }
    return kept if isinstance(value, dict) else list(kept.values())


def _prepared(
    model: type[BaseModel],
    table: Table,
    at: tuple[str, ...],
    folder: Path,
    told: dict[say.Path, Problem],
) -> Table:
    """``table`` with secret files read and the environment's lists taken apart."""
    filled: Table = {}
    for given, entry in table.items():
        key = given.removesuffix("_file") if _names_file(model, given) else given
        try:
            value = _value(model, table, given, entry, folder)
        except ValueError as error:
            value = "unreadable"
            told[(*at, key)] = say.problem((*at, given), str(error), entry, secret=key != given)
        filled[key] = _prepared_inside(_annotation(model, key), value, (*at, key), folder, told)
    return filled


def _prepared_inside(
    annotation: Any,
    value: Any,
    at: tuple[str, ...],
    folder: Path,
    told: dict[say.Path, Problem],
) -> Any:
    if not isinstance(value, dict):
        return value
    each = _model_of_each(annotation)
    if each is not None:
        return {
            name: _prepared_inside(each, table, (*at, name), folder, told)
            for name, table in value.items()
        }
    nested = _model_in(annotation)
    return value if nested is None else _prepared(nested, value, at, folder, told)


def _value(model: type[BaseModel], table: Table, key: str, value: Any, folder: Path) -> Any:
    """The value to validate for an entry; paths are relative to ``folder``. Raises ValueError
    with a sentence."""
    if _names_file(model, key):
        secret = key.removesuffix("_file")
        if secret in table:
            raise ValueError(f"{secret} is given as well; keep one of the two")
        if not isinstance(value, str):
            raise ValueError("must be the path of a file, in quotes")
        return secret_from(value, folder)
    annotation = _annotation(model, key)
    if isinstance(value, Variable) and _is_list(annotation):
        return as_list(value)
    if isinstance(value, str) and Path in _options(annotation):
        return folder / value
    return value


def _names_file(model: type[BaseModel], key: str) -> bool:
    """Whether ``key`` gives the file of a secret."""
    return (
        key.endswith("_file")
        and key not in _fields(model)
        and SecretStr in _options(_annotation(model, key.removesuffix("_file")))
    )


# --- from pydantic's errors to sentences ---------------------------------------------------

_SENTENCES = {
    "string_type": "must be text, in quotes",
    "int_type": "must be a whole number",
    "int_parsing": "must be a whole number",
    "int_from_float": "must be a whole number",
    "float_type": "must be a number",
    "float_parsing": "must be a number",
    "finite_number": "must be a number",
    "bool_type": "must be true or false",
    "bool_parsing": "must be true or false",
    "greater_than": "must be more than {gt:g}",
    "greater_than_equal": "must be at least {ge:g}",
    "less_than": "must be less than {lt:g}",
    "less_than_equal": "must be at most {le:g}",
    "literal_error": "must be one of {expected}",
    "enum": "must be one of {expected}",
    "tuple_type": "must be a list, in brackets",
    "list_type": "must be a list, in brackets",
    "set_type": "must be a list, in brackets",
    "frozen_set_type": "must be a list, in brackets",
    "dict_type": "must be a table",
    "model_type": "must be a table",
    "string_too_short": "must have at least {min_length} characters",
    "string_too_long": "must have at most {max_length} characters",
    "too_short": "must have at least {min_length} entries",
    "too_long": "must have at most {max_length} entries",
}


def _sentence(
    model: type[BaseModel],
    error: ErrorDetails,
    at: tuple[str, ...],
    table: Table,
    also: Iterable[str],
) -> tuple[say.Path, Problem]:
    """The place of an error, and what to say of it."""
    loc = error["loc"]
    value = _value_at(table, loc)
    if loc[-1:] == ("[key]",):  # the name of an entry is wrong, and not what it holds
        loc, value = loc[:-1], None
    if error["type"] == "extra_forbidden":
        owner = _model_in(_locate(model, loc[:-1])[1]) or model
        known = [*_keys(owner), *(also if len(loc) == 1 else ())]
        return (*at, *loc), say.unknown((*at, *loc), known, value)
    good, annotation, field = _locate(model, loc)
    secret = _mentions(annotation, SecretStr)
    place = (*at, *good)
    return place, say.problem(place, _what(error, field), value, secret=secret)


def _what(error: ErrorDetails, field: FieldInfo | None) -> str:
    context = error.get("ctx", {})
    if error["type"] == "value_error":
        return str(context["error"])
    if error["type"] == "missing":
        return f"is missing{_hint(field)}"
    if error["type"] in ("string_too_short", "too_short") and context["min_length"] == 1:
        return "must not be empty"
    sentence = _SENTENCES.get(error["type"])
    return sentence.format(**context) if sentence else f"is not of the right form{_hint(field)}"


def _hint(field: FieldInfo | None) -> str:
    if field is None:
        return ""
    example = f"such as {say.shown(field.examples[0])}" if field.examples else None
    hint = ", ".join(part for part in (field.description, example) if part)
    return f"; {hint}" if hint else ""


def _locate(model: type[BaseModel], loc: say.Path) -> tuple[say.Path, Any, FieldInfo | None]:
    """The part of ``loc`` that exists in ``model``, with the annotation and field it has.

    pydantic adds the members of a union to its locations; these are left out."""
    annotation: Any = model
    field: FieldInfo | None = None
    good: list[str | int] = []
    for part in loc:
        each = _model_of_each(annotation)
        owner = _model_in(annotation)
        if each is not None:
            annotation = each
        elif owner is not None and isinstance(part, str) and part in _fields(owner):
            field = _fields(owner)[part]
            annotation = field.annotation
        elif not (isinstance(part, int) and _is_list(annotation)) and not _is_table(annotation):
            break
        good.append(part)
    return tuple(good), annotation, field


def _value_at(table: Any, loc: say.Path) -> Any:
    """What the configuration has at ``loc``; None for what it has not."""
    for part in loc:
        if isinstance(table, dict):
            table = table.get(part)
        elif isinstance(table, list) and isinstance(part, int) and part < len(table):
            table = table[part]
        elif isinstance(table, Variable) and isinstance(part, int):
            return table
    return table


def _keys(model: type[BaseModel]) -> Iterator[str]:
    for name, field in _fields(model).items():
        yield name
        if SecretStr in _options(field.annotation):
            yield f"{name}_file"


def _fields(model: type[BaseModel]) -> dict[str, FieldInfo]:
    """By the keys that a host writes: ``from`` cannot be a name in Python."""
    return {field.alias or name: field for name, field in model.model_fields.items()}


def _annotation(model: type[BaseModel], key: str) -> Any:
    field = _fields(model).get(key)
    return NoneType if field is None else field.annotation


def _members(annotation: Any) -> Iterator[Any]:
    yield annotation
    for argument in get_args(annotation):
        yield from _members(argument)


def _mentions(annotation: Any, kind: type) -> bool:
    return any(member is kind for member in _members(annotation))


def _options(annotation: Any) -> tuple[Any, ...]:
    """What a value may be, of a union or of one type."""
    return get_args(annotation) if get_origin(annotation) in (Union, UnionType) else (annotation,)


def _is_list(annotation: Any) -> bool:
    return any(
        (get_origin(member) or member) in (tuple, list, set, frozenset)
        for member in _members(annotation)
    )


def _is_table(annotation: Any) -> bool:
    return any((get_origin(member) or member) is dict for member in _members(annotation))


def _model_of_each(annotation: Any) -> type[BaseModel] | None:
    """The model of the tables in a mapping of tables."""
    return _model_in(get_args(annotation)[1]) if get_origin(annotation) is dict else None


def _model_in(annotation: Any) -> type[BaseModel] | None:
    for member in _members(annotation):
        if (
            get_origin(member) is None
            and isinstance(member, type)
            and issubclass(member, BaseModel)
        ):
            return member
    return None

"""The small language of wordings: Jinja2, sandboxed, and cut down until a template can
neither run for ever nor grow without bound.

There are values, filters, ``if``, and one level of ``for`` over a list. What builds up
(``set``, macros, recursion, a loop in a loop), calls, and repetition of text are refused
before anything runs, which is also why no time limit is needed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from difflib import get_close_matches
from functools import lru_cache
from typing import Any

import regex
from jinja2 import Template, Undefined, UndefinedError, meta, nodes
from jinja2.exceptions import SecurityError, TemplateSyntaxError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from bot.domain import Span, Style
from bot.formatter.clean import scrub
from bot.formatter.split import merged

Value = str | int | tuple[str, ...]
Values = Mapping[str, Value]

SOURCE_MOST = 2_000
OUTPUT_MOST = 20_000

# Private-use characters, which ``clean`` removes from every value, so that no title can
# open or close a span.
_END = "\ue000"
_MARKS = {"\ue001": Style.BOLD, "\ue002": Style.CODE, "\ue003": Style.SPOILER}
_MARK = regex.compile("([\ue000-\ue003])")
_ODD_BLANK = regex.compile(r"[^\S \n]")

_FILTERS = (
    *("abs", "capitalize", "count", "d", "default", "first", "float", "int", "join", "last"),
    *("length", "lower", "max", "min", "round", "string", "title", "trim", "truncate", "upper"),
)

_ALLOWED: tuple[type[nodes.Node], ...] = (
    *(nodes.Template, nodes.Output, nodes.TemplateData, nodes.Name, nodes.Const, nodes.Keyword),
    *(nodes.Filter, nodes.Test, nodes.If, nodes.CondExpr, nodes.For, nodes.List, nodes.Tuple),
    *(nodes.Compare, nodes.Operand, nodes.And, nodes.Or, nodes.Not, nodes.Neg, nodes.Pos),
    *(nodes.Add, nodes.Sub, nodes.Mul, nodes.Div, nodes.FloorDiv, nodes.Concat),
    *(nodes.Getattr, nodes.Getitem, nodes.Slice),
)

_REFUSED: dict[type[nodes.Node], str] = {
    nodes.Call: "a call",
    nodes.Assign: "{% set %}",
    nodes.Macro: "{% macro %}",
    nodes.Mod: "%",
    nodes.Pow: "**",
}


class Broken(Exception):
    """A template that cannot be used. The text continues "messages.KEY ..."."""


class _Absent(Undefined):
    """A value that a fact may lack: false in an ``if``, an error where it would be shown."""

    __slots__ = ()

    @property
    def _undefined_message(self) -> str:
        cause = super()._undefined_message
        return f"shows a value that may be missing ({cause}); put it in {{% if … %}}"

    def __str__(self) -> str:
        self._fail_with_undefined_error()


class _Environment(ImmutableSandboxedEnvironment):
    """Without a loader; multiplies numbers only."""

    intercepted_binops = frozenset({"*"})

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        if not (isinstance(left, int | float) and isinstance(right, int | float)):
            raise SecurityError("multiplies something that is not a number")
        return super().call_binop(context, operator, left, right)


def _marking(mark: str) -> Callable[[object], str]:
    return lambda value: f"{mark}{value}{_END}"


def _environment() -> _Environment:
    environment = _Environment(undefined=_Absent, trim_blocks=True, lstrip_blocks=True)
    kept = {name: environment.filters[name] for name in _FILTERS}
    environment.filters.clear()
    environment.filters.update(kept)
    environment.filters.update({style: _marking(mark) for mark, style in _MARKS.items()})
    return environment


_ENVIRONMENT = _environment()


@lru_cache(maxsize=256)
def _compiled(source: str) -> Template:
    return _ENVIRONMENT.from_string(source)


def fill(source: str, values: Values) -> tuple[Span, ...]:
    """``source`` with ``values`` in it. Raises Broken for whatever goes wrong."""
    size = 0
    chunks: list[str] = []
    try:
        for chunk in _compiled(source).generate(values):
            chunks.append(chunk)
            size += len(chunk)
            if size > OUTPUT_MOST:
                raise SecurityError(f"gives a text longer than {OUTPUT_MOST:,} characters")
    except (UndefinedError, SecurityError) as error:
        raise Broken(str(error)) from error
    except Exception as error:  # a template can fail in every way that Python can
        raise Broken(f"fails with {type(error).__name__}") from error
    spans = _parse("".join(chunks).strip())
    if not "".join(span.text for span in spans).strip():
        raise Broken("gives an empty text")
    return spans


def _parse(text: str) -> tuple[Span, ...]:
    """Marked text to spans. A mark within another has the say; marks that a filter has cut
    off are forgiven."""
    styles = [Style.PLAIN]
    spans: list[Span] = []
    for piece in _MARK.split(text):
        if piece in _MARKS:
            styles.append(_MARKS[piece])
        elif piece == _END:
            styles = styles[:-1] or styles
        else:
            spans.append(Span(scrub(_ODD_BLANK.sub(" ", piece)), styles[-1]))
    return merged(spans)


def check(source: str, names: Iterable[str]) -> None:
    """Raise Broken unless ``source`` keeps to the language and uses only ``names``."""
    if len(source) > SOURCE_MOST:
        raise Broken(f"is longer than {SOURCE_MOST:,} characters")
    try:
        tree = _ENVIRONMENT.parse(source)
        for node in tree.find_all(nodes.Node):
            _check_node(node)
        unknown = meta.find_undeclared_variables(tree) - set(names)
    except TemplateSyntaxError as error:
        raise Broken(f"is not a template that Jinja2 understands: {error.message}") from error
    except RecursionError as error:
        raise Broken("is nested too deeply") from error
    if unknown:
        name = min(unknown)
        raise Broken(f"uses {name!r}, which is not a value here{nearest(name, names)}")


def _check_node(node: nodes.Node) -> None:
    known = (*_FILTERS, *_MARKS.values())
    match node:
        case nodes.Filter(name=name) if name not in known:
            raise Broken(f"uses the filter {name!r}, which does not exist{nearest(name, known)}")
        case nodes.Test(name=name) if name not in _ENVIRONMENT.tests:
            tests = _ENVIRONMENT.tests
            raise Broken(f"uses the test {name!r}, which does not exist{nearest(name, tests)}")
        case nodes.For() if node.recursive or node.find(nodes.For):
            raise Broken("has a loop in a loop")
        case nodes.Getattr() if node.node != nodes.Name("loop", "load"):
            raise Broken(f"uses .{node.attr}, but values have no parts; filters change them")
        case _ if not isinstance(node, _ALLOWED):
            what = _REFUSED.get(type(node), type(node).__name__)
            raise Broken(
                f"uses {what}, which wordings cannot; "
                "they have {{ values }}, filters, {% if %} and {% for %}"
            )


def nearest(word: str, known: Iterable[str]) -> str:
    """The end of a sentence about an unknown word: the nearest known one, else all."""
    words = sorted(map(str, known))
    if near := get_close_matches(word, words, n=1):
        return f"; did you mean {near[0]!r}?"
    return f"; known: {', '.join(words) or 'none'}"

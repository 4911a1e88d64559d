"""What a run is asked for: times, parameters and costs given as text on the command line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal, InvalidOperation
from difflib import get_close_matches
from typing import TYPE_CHECKING

from ..dsl.ast import Expr, Number, Quantity, Unary
from ..dsl.diagnostics import Diagnostic, Diagnostics
from ..dsl.source import Source
from ..runtime.market_data.moments import parse_moment
from .problem import Problem

if TYPE_CHECKING:
    from ..compiler.ir.hir import Checked
    from ..dsl.document import Document, ParamDecl

_RATE_UNITS = (("bps", Decimal("1e-4")), ("pct", Decimal("1e-2")), ("%", Decimal("1e-2")))


def moment(option: str, text: str | None) -> int | None:
    """Epoch ns of `--from`, `--to` or `--at`; None if it was not given."""
    if text is None:
        return None
    found = parse_moment(text)
    if found is None:
        raise Problem(
            f"`{option} {text}` is not a time",
            helps=("write 2024-03-01, 2024-03-01T09:30 (UTC), or epoch seconds",),
        )
    return found


def rates(text: str | None) -> tuple[Decimal, Decimal] | None:
    """(maker, taker) of `--fees`: one rate for both, or `MAKER/TAKER`; None if it was not given."""
    if text is None:
        return None
    maker, slash, taker = text.partition("/")
    return _rate(maker, text), _rate(taker if slash else maker, text)


def _rate(part: str, whole: str) -> Decimal:
    number, scale = part.strip(), Decimal(1)
    for unit, size in _RATE_UNITS:
        if number.endswith(unit):
            number, scale = number.removesuffix(unit).strip(), size
            break
    try:
        value = Decimal(number) * scale
    except InvalidOperation:
        value = Decimal(-1)
    if not value.is_finite() or not 0 <= value <= Decimal("0.1"):
        raise Problem(
            f"`--fees {whole}` is not a fee between 0 and 10 %",
            helps=("write one rate such as `5bps` or `0.05%`, or maker and taker: `0/5bps`",),
        )
    return value


def values_with(document: Document, settings: Sequence[str]) -> dict[str, int | float]:
    """Parameter -> value for a run with `--set name=value`, in file order.

    The values are checked as if they stood in the file: type, range, constraints. Raises `Problem`.
    """
    from ..compiler.frontend.check import check

    given = dict(_setting(text) for text in settings)
    known = [param.name.value for param in document.params]
    for name in given:
        if name not in known:
            raise _unknown(document.strategy.value, name, known)
    params = tuple(_with_default(param, given.get(param.name.value)) for param in document.params)
    checked, found = check(replace(document, params=params))
    if found.errors or checked is None:
        raise _unusable(" ".join(settings), found.errors)
    return parameter_values(checked)


def _setting(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not value.strip():
        raise Problem(f"`--set {text}` is not NAME=VALUE", helps=("for example `--set fast=15`",), code="FC1102")
    return name.strip(), value.strip()


def _with_default(param: ParamDecl, text: str | None) -> ParamDecl:
    """The declaration with another default, whose spans point into the option."""
    if text is None:
        return param
    from ..dsl.expression_parser import parse_expression

    source, bag = Source(f"--set {param.name.value}", text), Diagnostics()
    value = parse_expression(source, source.span(0, len(text)), bag)
    if value is None or bag.errors:
        raise _unusable(f"{param.name.value}={text}", bag.errors)
    literal = isinstance(value, Number | Quantity | Unary)
    if literal and param.low is None and _sign(param.default) not in (0, _sign(value)):
        raise _other_sign(param, text)
    return replace(param, default=value)


def _sign(value: Expr) -> int:
    """-1, 0 or 1 of a literal; of `true` and of what is no literal, 0."""
    match value:
        case Unary(op="-", operand=operand):
            return -_sign(operand)
        case Number(value=size) | Quantity(value=size):
            return (size > 0) - (size < 0)
    return 0


def _other_sign(param: ParamDecl, text: str) -> Problem:
    name, kept = param.name.value, "above 0" if _sign(param.default) > 0 else "below 0"
    return Problem(
        f"`--set {name}={text}` cannot be used",
        notes=(f"`{name}` has no range, so the compiler takes it as {kept}, like its default",),
        helps=(f"give it a range that holds the value: `{name}: {{default: ..., in: ...}}`",),
        code="FC1102",
    )


def _unusable(what: str, errors: Sequence[Diagnostic]) -> Problem:
    notes = tuple(f"{error.code}: {error.message}" for error in errors)
    return Problem(f"`--set {what}` cannot be used", notes=notes, code="FC1102")


def _unknown(strategy: str, name: str, known: list[str]) -> Problem:
    near = get_close_matches(name, known, n=1)
    helps = [f"did you mean `{near[0]}`?"] if near else []
    helps.append(f"its parameters are {', '.join(known)}" if known else "it has no parameters")
    return Problem(f"`{strategy}` has no parameter `{name}`", helps=tuple(helps), code="FC1101")


def parameter_values(checked: Checked) -> dict[str, int | float]:
    """Parameter -> the value it runs with, in file order."""
    return {parameter.name: parameter.default for parameter in checked.parameters}


def parameter_texts(document: Document, settings: Sequence[str]) -> dict[str, str]:
    """Parameter -> its value as its author spelled it, with the unit: `3h`, `5 bps`."""
    given = dict(_setting(text) for text in settings)
    text = document.source.text
    return {
        param.name.value: given.get(param.name.value, text[param.default.span.start : param.default.span.end])
        for param in document.params
    }

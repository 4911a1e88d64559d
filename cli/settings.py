"""What a run is asked for: times, parameters and costs given as text on the command line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING

from ..dsl.diagnostics import Diagnostics
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
    if not 0 <= value <= Decimal("0.1"):
        raise Problem(
            f"`--fees {whole}` is not a fee between 0 and 10 %",
            helps=("write one rate such as `5bps` or `0.05%`, or maker and taker: `0/5bps`",),
        )
    return value


def with_settings(document: Document, settings: Sequence[str]) -> tuple[Document, dict[str, Source]]:
    """The document with the defaults that `--set name=value` gives, and the sources that its new spans point into.

    The values are then checked like any other default: type, range and constraints. Raises `FlashcError` for a value
    that does not parse, `Problem` for a name that is no parameter.
    """
    given: dict[str, str] = {}
    for setting in settings:
        name, equals, value = setting.partition("=")
        if not equals or not value.strip():
            raise Problem(f"`--set {setting}` is not NAME=VALUE", helps=("for example `--set fast=15`",))
        given[name.strip()] = value.strip()
    known = [param.name.value for param in document.params]
    for name in given:
        if name not in known:
            raise Problem(f"`{document.strategy.value}` has no parameter `{name}`", helps=_parameters(known))
    sources = {f"--set {name}": Source(f"--set {name}", value) for name, value in given.items()}
    params = tuple(_with_default(param, sources.get(f"--set {param.name.value}")) for param in document.params)
    return replace(document, params=params), sources


def _with_default(param: ParamDecl, source: Source | None) -> ParamDecl:
    if source is None:
        return param
    from ..dsl.expression_parser import parse_expression

    bag = Diagnostics()
    value = parse_expression(source, source.span(0, len(source.text)), bag)
    bag.raise_errors()
    assert value is not None, "an expression without errors has a tree"
    return replace(param, default=value)


def _parameters(known: list[str]) -> tuple[str, ...]:
    return (f"its parameters are {', '.join(known)}",) if known else ("it has no parameters",)


def parameter_values(checked: Checked) -> dict[str, int | float]:
    """Parameter -> the value it runs with, in file order."""
    return {parameter.name: parameter.default for parameter in checked.parameters}

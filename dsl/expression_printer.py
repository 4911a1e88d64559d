"""`dsl.ast` -> text with the fewest brackets. Parsing the text gives an equal tree."""

from __future__ import annotations

from decimal import Decimal
from enum import IntEnum

from .ast import At, Binary, Boolean, Call, ClockName, Compare, Expr, If, Index, Member, Name, Number, Quantity, Unary

#: Units written without a space behind the number.
JOINED_UNITS = frozenset({"ns", "us", "ms", "s", "m", "h", "d"})


class _Level(IntEnum):
    """How tightly a form binds, loosest first."""

    IF = 0
    OR = 1
    AND = 2
    NOT = 3
    COMPARE = 4
    ORELSE = 5
    SUM = 6
    PRODUCT = 7
    SIGN = 8
    POSTFIX = 9


_BINARY = {
    "or": _Level.OR, "and": _Level.AND, "??": _Level.ORELSE,
    "+": _Level.SUM, "-": _Level.SUM, "*": _Level.PRODUCT, "/": _Level.PRODUCT,
}  # fmt: skip


def print_expression(expr: Expr) -> str:
    """The canonical text of `expr`, on one line."""
    return _print(expr, _Level.IF)


def number_text(value: Decimal, is_int: bool) -> str:
    """`60`, `0.5`, `1e-7`: a number as it is written in a file."""
    if is_int:
        return format(value, "f")
    text = str(value).lower()
    return text if "." in text or "e" in text else f"{text}e0"


def quantity_text(value: Decimal, is_int: bool, unit: str) -> str:
    """`250ms`, `5 bps`."""
    return f"{number_text(value, is_int)}{'' if unit in JOINED_UNITS else ' '}{unit}"


def _print(expr: Expr, least: _Level) -> str:
    """The text of `expr` where only forms that bind at least as tightly as `least` may stand bare."""
    level, text = _form(expr)
    return f"({text})" if level < least else text


def _form(expr: Expr) -> tuple[_Level, str]:
    match expr:
        case If(condition=condition, then=then, orelse=orelse):
            parts = (_print(part, _Level.IF) for part in (condition, then, orelse))
            return _Level.IF, "if {} then {} else {}".format(*parts)
        case Binary(op=op, left=left, right=right):
            level = _BINARY[op]
            return level, f"{_print(left, level)} {op} {_print(right, _Level(level + 1))}"
        case Compare(operands=operands, ops=ops):
            first, *rest = (_print(operand, _Level.ORELSE) for operand in operands)
            return _Level.COMPARE, first + "".join(f" {op} {x}" for op, x in zip(ops, rest, strict=True))
        case Unary(op="not", operand=operand):
            return _Level.NOT, f"not {_print(operand, _Level.NOT)}"
        case Unary(operand=operand):
            return _Level.SIGN, f"-{_print(operand, _Level.SIGN)}"
        case _:
            return _Level.POSTFIX, _postfix(expr)


def _postfix(expr: Expr) -> str:
    match expr:
        case Number(value=value, is_int=is_int):
            return number_text(value, is_int)
        case Quantity(value=value, is_int=is_int, unit=unit):
            return quantity_text(value, is_int, unit)
        case Boolean(value=truth):
            return "true" if truth else "false"
        case Name(name=name):
            return name
        case Member(base=base, name=name):
            return f"{_print(base, _Level.POSTFIX)}.{name}"
        case Call(func=func, args=args):
            texts = (f"{a.name}=" * (a.name is not None) + _print(a.value, _Level.IF) for a in args)
            return f"{_print(func, _Level.POSTFIX)}({', '.join(texts)})"
        case Index(base=base, index=index):
            return f"{_print(base, _Level.POSTFIX)}[{_print(index, _Level.IF)}]"
        case At(base=base, clock=clock):
            return f"{_print(base, _Level.POSTFIX)}@{clock_text(clock)}"
        case _:
            raise AssertionError(f"not an expression: {expr!r}")


def clock_text(clock: ClockName) -> str:
    """What stands behind `@`: `1m`, `book`, `(eth.book)`."""
    if clock.value is not None:
        assert clock.unit is not None
        return quantity_text(clock.value, clock.value == clock.value.to_integral_value(), clock.unit)
    return f"({clock.instrument}.{clock.name})" if clock.instrument else f"{clock.name}"

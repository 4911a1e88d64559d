"""How types are named to a trader."""

from __future__ import annotations

from ..frontend.built import Built
from ..ir.types import Dim, Kind, Type
from .dims import closed


def role_of(dim: Dim, built: Built) -> str:
    """`price`, `quantity`, `notional`, `ratio`, or empty for anything else."""
    if not dim.exponents:
        return "ratio"
    for instrument in built.document.instruments:
        if dim == Dim.of(**{instrument.quote: 1, instrument.base: -1}):
            return "price"
        if dim == Dim.of(**{instrument.base: 1}):
            return "quantity"
        if dim == Dim.of(**{instrument.quote: 1}):
            return "notional"
    return ""


def noun(type_: Type, built: Built) -> str:
    """`a price`, `a ratio`, `a bool`."""
    word = _word(type_, built)
    return f"{'an' if word[0] in 'aeiou' else 'a'} {word}"


def _word(type_: Type, built: Built) -> str:
    if type_.kind is Kind.REAL or (type_.kind is Kind.INT and closed(type_.dim).exponents):
        return role_of(closed(type_.dim), built) or f"value in {closed(type_.dim)}"
    names = {Kind.INT: "whole number", Kind.BOOL: "bool", Kind.ENUM: "named choice"}
    return names.get(type_.kind, type_.kind.value)


def describe(type_: Type, built: Built) -> str:
    """`price, USDC per BTC`: for a label."""
    word = _word(type_, built)
    dim = closed(type_.dim)
    return f"{word}, {dim}" if dim.exponents and not word.startswith("value") else word

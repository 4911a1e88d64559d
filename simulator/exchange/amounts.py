"""Decimal text and whole numbers of any size: a ledger's sums need not fit the 64 bits of a price on the wire."""

from __future__ import annotations

import re

_DECIMAL = re.compile(r"[0-9]{1,30}(?:\.[0-9]{0,30})?|\.[0-9]{1,30}", re.ASCII)


def parse_amount(text: str, decimals: int, *, cut: bool = False) -> int:
    """`text` x 10^`decimals`. ValueError for what is no plain decimal and, unless `cut`, for digits beyond the grid."""
    if not _DECIMAL.fullmatch(text):
        raise ValueError(f"not a decimal: {text[:40]!r}")
    whole, _, part = text.partition(".")
    if not cut and part[decimals:].strip("0"):
        raise ValueError(f"more than {decimals} decimals: {text[:40]!r}")
    return int((whole or "0") + part[:decimals].ljust(decimals, "0"))


def amount_text(value: int, decimals: int, *, strip: bool = True) -> str:
    """`value` / 10^`decimals`, exactly; `strip` drops zeros at the end."""
    sign, digits = ("-", str(-value)) if value < 0 else ("", str(value))
    if not decimals:
        return sign + digits
    digits = digits.rjust(decimals + 1, "0")
    whole, part = digits[:-decimals], digits[-decimals:]
    if strip:
        part = part.rstrip("0")
    return f"{sign}{whole}.{part}" if part else sign + whole

"""Amounts of any asset as whole numbers: units of 1e-18, exact for every text that the exchange sends.

What the exchange says of orders and balances may be of symbols whose rules are not known yet, so it is kept on this one
grid; `SymbolRules` gives ticks and lots where they are needed. The numbers are Python's and have no greatest value.
"""

from __future__ import annotations

import re

DECIMALS = 18
ONE = 10**DECIMALS
_AMOUNT = re.compile(r"(-?)([0-9]{1,30})(?:\.([0-9]{0,30}))?", re.ASCII)


class UnitsFault(ValueError):
    """A text that is no exact amount. `reason` is `not_a_number`, `too_fine` or `negative`."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)


def units(text: str | None, *, signed: bool = False) -> int:
    """The amount in 1e-18; 0 for an absent or empty text. `UnitsFault` for anything that is not exact."""
    if text is None or text == "":
        return 0
    found = _AMOUNT.fullmatch(text)
    if found is None:
        raise UnitsFault("not_a_number")
    sign, whole, part = found.groups("")
    if part[DECIMALS:].strip("0"):
        raise UnitsFault("too_fine")
    value = int(whole + part[:DECIMALS].ljust(DECIMALS, "0"))
    if sign and value and not signed:
        raise UnitsFault("negative")
    return -value if sign else value


def units_text(value: int) -> str:
    """The shortest plain decimal text of an amount."""
    whole, part = divmod(abs(value), ONE)
    digits = str(part).rjust(DECIMALS, "0").rstrip("0") if part else ""
    return ("-" if value < 0 else "") + str(whole) + (f".{digits}" if digits else "")

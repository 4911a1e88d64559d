"""Decimal text to whole numbers and back, exactly: prices to ticks, quantities to lots, money to atoms.

No float and no `decimal` takes part. The text is `-? digits (. digits)?` in ASCII, nothing else: no blanks, no plus
sign, no point without digits on both sides. `include/flashc/wire/decimals.h` is the twin in C.
"""

from __future__ import annotations

import re

#: Longer texts are refused unread: no price needs them.
MAX_TEXT = 64
#: The largest magnitude that comes out.
LARGEST = 2**63 - 1
#: Decimals that a value may be given in: 10**18 fits into 64 bits.
MOST_DECIMALS = 18

EMPTY = "empty"
TOO_LONG = "too_long"
NEGATIVE = "negative"
NOT_A_NUMBER = "not_a_number"
EXPONENT = "exponent"
TOO_LARGE = "too_large"
OFF_GRID = "off_grid"

#: Every reason, in the order in which they are looked for; the number that C gives is the place, counted from 1.
REASONS = (EMPTY, TOO_LONG, NEGATIVE, NOT_A_NUMBER, EXPONENT, TOO_LARGE, OFF_GRID)

_NUMBER = re.compile(rb"(-?)([0-9]+)(?:\.([0-9]+))?")
_EXPONENT = re.compile(rb"-?[0-9]+(?:\.[0-9]+)?[eE]")


class DecimalFault(ValueError):
    """A text that is no exact whole number of units. `reason` is one of `REASONS`."""

    def __init__(self, reason: str, text: bytes) -> None:
        self.reason = reason
        self.text = text[: MAX_TEXT + 1]
        super().__init__(f"{reason}: {self.text!r}")


def parse_decimal(text: bytes | str, decimals: int, *, negative: bool = False) -> int:
    """The value of the text times 10**decimals, exactly; `decimals` is 0..18.

    Zeros behind the last decimal are fine (`"5.1200"` with two decimals is 512), other digits are off the grid. Texts
    with a minus sign are refused unless `negative` says that they may come. Raises `DecimalFault`.
    """
    assert 0 <= decimals <= MOST_DECIMALS, "a scale of 64 bits"
    raw = text.encode("utf-8", "surrogatepass") if isinstance(text, str) else bytes(text)
    if reason := _refused(raw, negative):
        raise DecimalFault(reason, raw)
    found = _NUMBER.fullmatch(raw)
    if found is None:
        raise DecimalFault(EXPONENT if _EXPONENT.match(raw) else NOT_A_NUMBER, raw)
    sign, whole, part = found.groups(b"")
    value = int(whole + part[:decimals].ljust(decimals, b"0"))
    if value > LARGEST:
        raise DecimalFault(TOO_LARGE, raw)
    if part[decimals:].strip(b"0"):
        raise DecimalFault(OFF_GRID, raw)
    return -value if sign else value


def _refused(raw: bytes, negative: bool) -> str | None:
    """What is wrong before a digit is read."""
    if not raw:
        return EMPTY
    if len(raw) > MAX_TEXT:
        return TOO_LONG
    return NEGATIVE if raw.startswith(b"-") and not negative else None


def decimal_text(value: int, decimals: int, *, strip: bool = False) -> str:
    """The decimal text of `value` units of 10**-decimals: `(1250, 2)` is `"12.50"`, with `strip` `"12.5"`.

    Never an exponent, never a point without digits behind it.
    """
    assert 0 <= decimals <= MOST_DECIMALS, "a scale of 64 bits"
    digits = str(abs(value)).rjust(decimals + 1, "0")
    whole, part = digits[: len(digits) - decimals], digits[len(digits) - decimals :]
    if strip:
        part = part.rstrip("0")
    return ("-" if value < 0 else "") + whole + (f".{part}" if part else "")

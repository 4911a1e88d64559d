"""Atoms and grid units as decimal text, and sums that cannot overflow."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ...cython_core.layout import ATOM_DECIMALS

Ints = NDArray[np.int64]


def decimal_text(units: int, decimals: int) -> str:
    """`units` of 10**-decimals as a decimal string with all its places: `decimal_text(-5, 2)` is `-0.05`."""
    assert decimals >= 0
    sign = "-" if units < 0 else ""
    digits = str(abs(units)).rjust(decimals + 1, "0")
    return sign + (digits[:-decimals] + "." + digits[-decimals:] if decimals else digits)


def atoms_text(atoms: int) -> str:
    """Money with all eight places."""
    return decimal_text(atoms, ATOM_DECIMALS)


def exact_sum(values: Ints) -> int:
    """The sum as a Python integer, exact also where int64 would wrap."""
    high = int(np.sum(values >> 32, dtype=np.int64))
    low = int(np.sum(values & 0xFFFFFFFF, dtype=np.int64))
    return (high << 32) + low

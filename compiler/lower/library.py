"""The library as FIR: one entry per function of `compiler/library/table.py` that runs on bars.

Formulas follow the source named in the function's row. A function that may be absent divides by a value that can be
zero and says so through `present`; its row says the same, and tests hold the two together.
"""

from __future__ import annotations

from .functions import averages, book, flow, logic, maths, momentum, statistics, volatility, volume
from .functions.common import Emitter

LIBRARY: dict[str, Emitter] = {
    **averages.ROWS,
    **momentum.ROWS,
    **volatility.ROWS,
    **volume.ROWS,
    **statistics.ROWS,
    **logic.ROWS,
    **book.ROWS,
    **flow.ROWS,
    **maths.ROWS,
}

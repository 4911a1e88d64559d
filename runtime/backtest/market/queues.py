# mypy: allow-untyped-decorators, allow-untyped-calls
"""Queue models, compiled: who of a level's lots was cancelled. Formulas: `reference_market.py`."""

from __future__ import annotations

from ..core import Words, compiled
from ..kernel_math import flog, fpow
from ..native_ops import bitsf, i2f
from .market_words import POWER, QUEUE_MODEL
from .model import FIFO_OPTIMISTIC, PROB_LOG, PROB_LOG2, PROB_POWER


@compiled
def cancelled_ahead(m: Words, front: float, lots: int, gone: float) -> float:
    """Lots ahead after `gone` of `lots` at the price went without a trade."""
    model = m[QUEUE_MODEL]
    if model == FIFO_OPTIMISTIC:
        return front - gone
    if (model != PROB_POWER and model != PROB_LOG and model != PROB_LOG2) or front <= 0.0:
        return front
    back = i2f(lots) - front
    back = back if back > 0.0 else 0.0
    if model == PROB_LOG2:
        behind = flog(1.0 + back) / flog(1.0 + (back + front))
    elif model == PROB_LOG:
        f_back, f_front = flog(1.0 + back), flog(1.0 + front)
        behind = f_back / (f_back + f_front)
    else:
        f_back, f_front = fpow(back, bitsf(m[POWER])), fpow(front, bitsf(m[POWER]))
        behind = f_back / (f_back + f_front)
    if behind != behind:
        behind = 0.0
    rest = back - behind * gone
    ahead: float = front - (1.0 - behind) * gone + (rest if rest < 0.0 else 0.0)
    return ahead

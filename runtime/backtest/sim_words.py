"""Word offsets of the simulator's block: shared by the compiled simulators and their Python entrances.

The block holds the scalars below, one report and one record that the driver makes itself, the open orders, the intents
that wait to be submitted, and after FIRST_INSTANCE one row of INSTANCE_WORDS words per traded instrument, then one of
TIMER_WORDS per timer.
"""

from __future__ import annotations

from ...cython_core.layout import INTENT_WORDS, WORDS_PER_RECORD
from .result import FILL_COLUMNS, MAX_OPEN, ORDER_COLUMNS

#: Intents that one event can bring about, with those of the reports that follow at once; further ones are dropped.
MAX_PENDING = 64

#: Wakes between two other events; one more waits until something else has happened.
MAX_WAKES = 256

#: Records that a kernel may take at once while no order is open: few enough to stay in the nearest cache.
STRETCH = 256

#: POINT_TIME before the first point of the equity curve, NOW before the first event.
NO_TIME = -(2**63)

# what changes
(CASH, N_OPEN, N_ORDERS, N_FILLS, N_DECISIONS, BAR, POINT_TIME, WAITS, N_PENDING) = range(9)
(NOW, DUE, WAKE_AT, WAKES, MET) = range(9, 14)  # MET: the record at which orders have met their bar, counted from 1
# what is given
(INSTANCES, TIMERS, SLIPPAGE) = range(14, 17)
# where things are
(EVENTS_FUNCTION, REPORT_FUNCTION, STATE_AT, OUT_AT, REPORT_OUT_AT, IO_AT, MARKET_AT) = range(17, 24)
(ORDERS_AT, FILLS_AT, EQUITY_AT, EQUITY_TIME_AT, DECISIONS_AT) = range(24, 29)
(ORDERS_LIMIT, FILLS_LIMIT, DECISIONS_LIMIT, EQUITY_LIMIT) = range(29, 33)  # the driver stops beyond so many rows
REPORT = 40
RECORD = REPORT + WORDS_PER_RECORD
OPEN_ORDERS = RECORD + WORDS_PER_RECORD
PENDING = OPEN_ORDERS + MAX_OPEN  # each: time, then the intent's words
PENDING_WORDS = 1 + INTENT_WORDS
FIRST_INSTANCE = PENDING + MAX_PENDING * PENDING_WORDS

# words of one instance; MARK is the price, in ticks, at which the position and orders without a price are valued
(POSITION, MARK, SCALE, TAKER, MAKER, MIN_NOTIONAL, MIN_QTY, STREAM, PERIOD) = range(9)
INSTANCE_WORDS = 16

# words of one timer; the timers stand after the instances, shortest period first
(TIMER_STREAM, TIMER_PERIOD, TIMER_NEXT) = range(3)
TIMER_WORDS = 3

ORDER_WORDS, FILL_WORDS = len(ORDER_COLUMNS), len(FILL_COLUMNS)


def sim_words(instances: int, timers: int = 0) -> int:
    """Length of the block."""
    return FIRST_INSTANCE + instances * INSTANCE_WORDS + timers * TIMER_WORDS

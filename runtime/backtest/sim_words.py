"""Word offsets of the simulator's block: shared by the compiled simulator and its Python entrance."""

from __future__ import annotations

from .result import FILL_COLUMNS, MAX_OPEN, ORDER_COLUMNS

# words of `sim`: what changes; what is given; where things are; the report under way; the open orders
(CASH, POSITION, LAST_CLOSE, N_OPEN, N_ORDERS, N_FILLS, N_DECISIONS, BAR, WAITS) = range(9)
(SCALE, TAKER, MAKER, SLIPPAGE, MIN_NOTIONAL, MIN_QTY, BASE_STREAM, PERIOD) = range(9, 17)
(EVENTS_FUNCTION, REPORT_FUNCTION, STATE_AT, OUT_AT, ORDERS_AT, FILLS_AT, EQUITY_AT, DECISIONS_AT) = range(17, 25)
(ORDERS_LIMIT, FILLS_LIMIT) = range(25, 27)  # the driver stops when more rows than this are taken
REPORT = 32
OPEN_ORDERS = 40
SIM_WORDS = OPEN_ORDERS + MAX_OPEN
ORDER_WORDS, FILL_WORDS = len(ORDER_COLUMNS), len(FILL_COLUMNS)

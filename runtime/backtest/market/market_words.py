"""Word offsets of the market's block (`sim[MARKET_AT]`): shared by the compiled market and its Python entrance."""

from __future__ import annotations

from ....cython_core.layout import WORDS_PER_RECORD
from ..result import MAX_OPEN

MAX_CONSUMED = 64  # levels of which we remember what we took
MAX_FLIGHT = 256  # requests on their way

# what changes
(AT_VENUE, AT_STRATEGY, WAKE, POINT, TO_VENUE, TO_STRATEGY, HEARD) = range(7)
(N_WAITING, N_CONSUMED, FIRST_REQUEST, N_REQUESTS, FIRST_RESPONSE, END_RESPONSE, NEXT_TIMER) = range(7, 14)
NEXT_TIME = 14  # of timer number NEXT_TIMER
(PLACE_USED, CANCEL_USED, RESPONSE_USED) = range(15, 18)
WAKES = 18  # in a row
# what is given
(RECORDS, BEGIN, END, STEP, N_TIMERS, QUEUE_MODEL, POWER, HALF_LIFE, IMPACT, BAND, N_STREAMS) = range(19, 30)
(PLACE, CANCEL, RESPONSE) = range(30, 33)  # how many samples
# where things are; responses are rows of a record's words, RESPONSES_LIMIT of them fit
(TAPE_AT, STREAMS_AT, BOOKS_AT, TIMERS_AT, PLACE_AT, CANCEL_AT, RESPONSE_AT) = range(33, 40)
(RESPONSES_AT, RESPONSES_LIMIT) = range(40, 42)

# waiting orders, better prices of a side first, then earlier ones: row, book, side, price, lots ahead (bits of a
# double), lots traded since the level changed
WAITING = 42
(W_ROW, W_BOOK, W_SIDE, W_PRICE, W_AHEAD, W_TRADED) = range(6)
WAITING_WORDS = 6

# what we took: book, side, tick, lots, lots that are back, since when
CONSUMED = WAITING + MAX_OPEN * WAITING_WORDS
(C_BOOK, C_SIDE, C_TICK, C_LOTS, C_BACK, C_SINCE) = range(6)
CONSUMED_WORDS = 6

# requests, a ring: arrival, row of `orders` (-1: a cancel), tag, instance, whether the time to live ended
REQUESTS = CONSUMED + MAX_CONSUMED * CONSUMED_WORDS
(R_TIME, R_ROW, R_TAG, R_INSTANCE, R_EXPIRED) = range(5)
REQUEST_WORDS = 5

RECORD = REQUESTS + MAX_FLIGHT * REQUEST_WORDS  # a timer or wake under way
MARKET_WORDS = RECORD + WORDS_PER_RECORD

# tables of their own. Per stream: number of the book it feeds (-1: none). Per book: its block at the venue, its block
# at the strategy. Per timer: next time, period, stream.
(B_VENUE, B_STRATEGY) = range(2)
BOOK_WORDS = 2
(T_TIME, T_PERIOD, T_STREAM) = range(3)
TIMER_WORDS = 3

# words of an instance behind those of `sim_words`: the number of its book, twice its mark
OWN_BOOK, TWICE_MARK = 12, 13

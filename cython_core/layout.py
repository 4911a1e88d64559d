"""Memory layouts shared by tape files, kernels and the order simulator: the one place that knows word offsets.

Everything is 8-byte little-endian words, so a tape file is mapped as it is and every executor reads the same bits.

A **record** (one event of a tape, or one report to the strategy) is eight words, one cache line:

| word | bar close              | book level               | trade                     | report (fill, done ...) |
|------|------------------------|--------------------------|---------------------------|-------------------------|
| 0    | receive time, ns       | receive time, ns         | receive time, ns          | time, ns                |
| 1    | head                   | head                     | head                      | head                    |
| 2    | open, ticks            | side: +1 bid, -1 ask     | taker: +1 bought, -1 sold | side: +1 buy, -1 sell   |
| 3    | high, ticks            | quantity there now, lots | quantity, lots            | quantity, lots          |
| 4    | low, ticks             | price, ticks             | price, ticks              | price, ticks            |
| 5    | close, ticks           | venue time, ns           | venue time, ns            | notional, atoms         |
| 6    | volume, lots           | update id                | trade id                  | fee, atoms              |
| 7    | notional, ticks x lots | 0                        | 0                         | order tag               |

A **reset** record (words as a level's, side, quantity and price 0) empties the book: a snapshot follows. A **timer**
and a **wake** record hold only time and head; drivers make them, tapes do not hold them. A wake's head is WAKE_HEAD. A
book message is a run of level records of one stream and one receive time; the last one carries FLAG_MESSAGE_END, and
after it the book is accepted: both sides are there and the best bid is below the best ask. Receive times never fall;
the venue times of all book and trade records never fall either and never lie after the receive time.

The head packs `kind` (bits 0-7), `flags` (8-15), `stream` (16-31; of a report: the instance) and `count` (32-63; trades
in the bar; of a DONE report its status, of a REJECT its reason).
An **atom** is 1e-8 of the quote currency: money is whole atoms everywhere, so sums are exact.
"""

from __future__ import annotations

WORDS_PER_RECORD = 8
WORD_BYTES = 8

ATOM_DECIMALS = 8
ATOMS_PER_UNIT = 10**ATOM_DECIMALS

# record words
TIME, HEAD = 0, 1
VENUE_TIME, UPDATE_ID = 5, 6  # of book and trade records; their side, quantity and price stand as in a report
OPEN, HIGH, LOW, CLOSE, VOLUME, NOTIONAL = 2, 3, 4, 5, 6, 7
SIDE, QTY, PRICE, VALUE, FEE, TAG = 2, 3, 4, 5, 6, 7

NO_STREAM = 0xFFFF  # of a wake: it belongs to no stream

# head
KIND_BAR, KIND_LEVEL, KIND_TRADE, KIND_RESET, KIND_TIMER, KIND_WAKE = 1, 2, 3, 4, 5, 6
KIND_FILL, KIND_REJECT, KIND_DONE = 16, 17, 18
FLAG_INSTANT_END = 1  # the last event of its instant: decide now
FLAG_CARRIED = 2  # no bar in the data: the close carried, zero volume (a named repair)
FLAG_MESSAGE_END = 4  # the last record of a book message: the book clock ticks
KIND_SHIFT, FLAG_SHIFT, STREAM_SHIFT, COUNT_SHIFT = 0, 8, 16, 32

# out block: what one call of a kernel leaves behind. OUT_REASON and OUT_MASK are words of the last decision row, 0 if
# there is none; OUT_WAKE is the earliest time at which the strategy asks for a wake record, NEVER if it asks for none.
OUT_INTENTS, OUT_DECIDED, OUT_REASON, OUT_MASK, OUT_WAKE = 0, 1, 2, 3, 4
OUT_FIRST_INTENT = 8
INTENT_WORDS = 8
NEVER = 2**63 - 1
# intent words
I_SIDE, I_STYLE, I_QTY, I_PRICE, I_TTL, I_RULE, I_TAG, I_INSTRUMENT = 0, 1, 2, 3, 4, 5, 6, 7
STYLE_MARKET, STYLE_LIMIT, STYLE_IOC, STYLE_FOK, STYLE_POST_ONLY = 0, 1, 2, 3, 4
STYLES = ("market", "limit", "ioc", "fok", "post_only")  # name of each style number
STYLE_CANCEL = 5  # not an order: cancel the one with this tag; I_RULE is 1 if its time to live ended (EXPIRED), else 0
MAX_INTENTS = 8
OUT_WORDS = OUT_FIRST_INTENT + MAX_INTENTS * INTENT_WORDS

# io block: addresses that the driver gives to a kernel
IO_TRACE = 0  # of the next row of traced values, 0 for none; the kernel moves it on with each decision row
IO_FIRST_BOOK = 8  # plus a stream's number: of that stream's order book
IO_WORDS = 64

# a decision row: time; reason word with the instance in its high 32 bits; clause mask
DECISION_WORDS = 3
INSTANCE_SHIFT = 32

# reason: low 16 bits a code of REASONS, high bits the rule's number
REASONS = (
    "not_armed",  # warm-up not over
    "no_entry",  # flat, no entry rule holds
    "no_exit",  # open, no exit rule holds
    "in_flight",  # an order is on its way
    "cooling_down",  # the entry holds, but its cooldown has not passed
    "entered",
    "exited",
    "below_minimum",  # the size is below the venue's minimum
    "position_limit",  # risk: position.max
    "day_loss",  # risk: day_loss, flattening now
    "halted",  # risk: halted for the day
    "added",  # an entry added to an open position
    "no_funds",  # capital: the free cash does not pay the size
    "losing_streak",  # risk: pausing after too many losing trades in a row
    "drawdown",  # risk: drawdown limit
    "profit_lock",  # risk: the day's profit fell back to what is locked
    "order_rate",  # risk: too many orders in the time
    "band",  # risk: the price is too far from the reference
    "stale",  # risk: an input is too old
    "invariant",  # risk: an invariant would not hold
    "max_open",  # risk: as many positions are open as may be
    "order_notional",  # risk: notional.max leaves less than the venue's minimum
)
REASON_SHIFT = 16


def head(kind: int, flags: int = 0, stream: int = 0, count: int = 0) -> int:
    """Pack a head word. Each part must fit its bits."""
    assert 0 <= kind < 256 and 0 <= flags < 256 and 0 <= stream < 65536 and 0 <= count < 2**31
    return kind | flags << FLAG_SHIFT | stream << STREAM_SHIFT | count << COUNT_SHIFT


WAKE_HEAD = head(KIND_WAKE, FLAG_INSTANT_END, NO_STREAM)  # of every wake record

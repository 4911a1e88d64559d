"""FIR on one screen: what the executors run.

A program is a list of slots (state), segments and tables. A segment is a straight line of SSA operations with
structured `when` regions; it runs when its trigger fires. Values never leave the region that defines them; what must
live longer goes through slots. There are no names, units or options left: presence is an `i1` beside a value. An
instance is one traded instrument with its own rules and position; instances are numbered in file order.

Text form (`printer.py` and `parser.py` are inverse):

    program ema_cross edition 1 gap 50000000
    instance btc
    trace "quick"
    param %p0 i64 = 12 in 2..50 "fast"
    stream %b0 bar btc "BTC/USDC" 60000000000 ns price 2 qty 6
    slot %s3 f64[1] = 0x0.0p+0 id 9b1c02d4 "quick.ema"
    clause 0 entries long "long" ; @210-240
    stream %k1 book btc "BTC/USDC" 0 ns price 2 qty 6 depth 10
    segment bar %b0 {
      %0: i64 = ev close  ; @120-125
      %1: f64 = i2f %0
      %2: f64 = fconst 0x1.9000000000000p+6
      %3: f64 = fdiv %1 %2
      when %9 {
        store.f %s3 %3
      }
    }

An operation is `%result: type = name attributes operands`; `; @start-end` is its origin in the strategy file. Floats
are `float.hex`, also for `in low..high` (either end may be missing). Free text is a JSON string, bare if it is an
identifier. Value numbers are unique within a segment; slots, parameters and streams are known by name.

Types: `i1`, `i64`, `f64`. A slot is a run of 8-byte words at a fixed offset of the state block; `f64` and `i64` words
may be read only as what they are. Segment triggers, in the order in which one event may run them:

    setup                    once, at init: parameters -> derived constants (alphas, warm-up counts)
    bar|trade|timer %b0      a record of the stream; `ev` reads it
    book %k1                 the last record of a message of the stream: the book is whole again
    manage                   before `decide`, at a wake and after `report`: looks after orders on their way
    decide %b0 instance 1    after the last event of an instant in which the instance's decision clock (%b0) ticked
    risk                     after manage and decide: sees the wanted intents, alone may `emit`
    report                   an order or fill report arrived; `ev` reads the report

At the end of an instant (a record with FLAG_INSTANT_END) those instances are due whose decision clock ticked since
their last decision. With a `gap`, instances wait until that many ns have passed since the last decision, and ask for a
wake record then. If some are due: `manage`, their `decide` in order, `risk`, one decision row for each that `decided`.
A wake record at which nothing is decided runs `manage` and `risk`. So does every report, after `report` itself. In a
program without `manage`, wakes and reports run neither: such a strategy acts on decisions only.
Bars made of trades wait `late` ns after their end for late ones, DEFAULT_LATENESS_NS if the program does not say; that
is for who makes the tape, executors do not read it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Union

I1, I64, F64 = "i1", "i64", "f64"

#: Kinds of streams, and the triggers of the segments that their records run.
STREAM_KINDS = ("bar", "book", "trade", "timer")
TRIGGERS = ("setup", *STREAM_KINDS, "manage", "decide", "risk", "report")

#: How long after its end a bar waits for late trades, where the file does not say.
DEFAULT_LATENESS_NS = 250_000_000

#: An attribute of an operation: a slot or stream name, a field name, or a literal.
Attr = Union[str, int, float]


@dataclass(frozen=True, slots=True)
class Op:
    """`%result = name attrs args`. `result` is None for effects. `origin` is (start, end) in the strategy file."""

    result: int | None
    name: str
    attrs: tuple[Attr, ...]
    args: tuple[int, ...]
    origin: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class When:
    """`when %condition { body }`: effects only; nothing defined inside is visible outside."""

    condition: int
    body: tuple[Item, ...]


Item = Union[Op, When]


@dataclass(frozen=True, slots=True)
class Slot:
    """State: `words` 8-byte words of one type. `id` is a hash of path and type: it survives edits elsewhere.

    `init` fills every word at start.
    """

    name: str  # "s3"
    type: str  # i64 | f64
    words: int
    id: str  # 8 hex digits
    label: str  # "quick.ema"
    init: int | float = 0


@dataclass(frozen=True, slots=True)
class Param:
    """`type` is i64 or f64; `default`, `low`, `high` are carrier values (None: no declared range)."""

    name: str  # "p0"
    label: str
    type: str
    default: int | float
    low: int | float | None = None
    high: int | float | None = None


@dataclass(frozen=True, slots=True)
class Stream:
    """`kind` is bar, book, trade or timer; the grid of its prices and quantities is a power of ten.

    `instrument` is the alias, empty for timers; only bars and timers have a period; `depth` counts the levels of a
    book that the program reads on each side. A run goes on without an optional stream.
    """

    name: str  # "b0"
    kind: str
    instrument: str
    symbol: str
    period_ns: int
    price_decimals: int
    qty_decimals: int
    depth: int = 0
    optional: bool = False


@dataclass(frozen=True, slots=True)
class Clause:
    """Bit `bit` of the clause mask of its rule set (`entries` or `exits`)."""

    bit: int
    set: str
    rule: str
    name: str
    origin: tuple[int, int]


@dataclass(frozen=True, slots=True)
class Segment:
    trigger: str  # setup | bar | book | trade | timer | manage | decide | risk | report
    stream: str | None  # of a bar, book, trade or timer segment; of `decide`: the decision clock
    body: tuple[Item, ...]
    instance: int = 0  # of `decide`


@dataclass(frozen=True, slots=True)
class Program:
    name: str
    edition: int
    params: tuple[Param, ...]
    streams: tuple[Stream, ...]
    slots: tuple[Slot, ...]
    clauses: tuple[Clause, ...]
    segments: tuple[Segment, ...]
    min_gap_ns: int = 0  # least time between two decisions
    instances: tuple[str, ...] = ()  # aliases of the traded instruments; none declared: one without a name
    traces: tuple[str, ...] = ()  # names of the words of a trace row
    lateness_ns: int = DEFAULT_LATENESS_NS  # how long after its end a bar waits for late trades

    @property
    def instance_count(self) -> int:
        return max(1, len(self.instances))

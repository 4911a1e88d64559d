"""The operator table: one row per FIR operation.

The rows are the only list of operations. The reference interpreter (`compiler/evaluate`), the Numba printer
(`compiler/backends/numba`) and `docs/operators.md` must know each of them; `tests/tidy/test_operator_table.py` proves it.

Integers are two's complement and wrap; floats are IEEE-754 binary64, nearest-even, no contraction; every operation is
defined for all inputs. `meaning` uses Python notation. Window operations read a ring or a tree that lives in a slot:
`tick` is the absolute tick number of the clock (epoch time // period), so a result depends on the window's content and
that number only, never on when the run began. The order of each float operation, the nodes of trees and the values of
empty windows are written down in `compiler/evaluate/windows.py`. NaN is one value: no operation shows its sign or
payload (`compiler/evaluate/numbers.py`).

Book operations read the book of a stream as it is after the last whole message: side > 0 is bids, else asks; level 0
is the best; a side has as many levels as there are. Prices are ticks, quantities lots.
"""

from __future__ import annotations

from dataclasses import dataclass

from .nodes import F64, I1, I64


@dataclass(frozen=True, slots=True)
class Row:
    """`attrs` are the kinds of the attributes (`slot`, `param`, `stream`, `instance`, `int`, `float`, `field`).

    `args` are the operand types.

    `effect` operations have no result. `reads` and `writes` say that the operation touches its slot. `cost` counts
    scalar operations for the work bound (`n`: times the window's greatest length).
    """

    name: str
    attrs: tuple[str, ...]
    args: tuple[str, ...]
    result: str | None
    meaning: str
    reads: bool = False
    writes: bool = False
    effect: bool = False
    cost: int = 1
    per_length: bool = False

    @property
    def pure(self) -> bool:
        """Whether the operation neither touches state nor leaves a trace: it may be moved, shared or dropped."""
        return not (self.reads or self.writes or self.effect)


def _row(signature: str, meaning: str, **flags: object) -> Row:
    """`"fadd f64 f64 -> f64"`, `"ring.put.f [slot] i64 f64"`: attributes in brackets, operands, result."""
    left, _, result = signature.partition(" -> ")
    words = left.split()
    attrs = tuple(w[1:-1] for w in words[1:] if w.startswith("["))
    args = tuple(w for w in words[1:] if not w.startswith("["))
    return Row(words[0], attrs, args, result or None, meaning, **flags)  # type: ignore[arg-type]


_ROWS = (
    # constants and inputs
    _row("bconst [int] -> i1", "the literal 0 or 1", cost=0),
    _row("iconst [int] -> i64", "the literal", cost=0),
    _row("fconst [float] -> f64", "the literal", cost=0),
    _row("param.i [param] -> i64", "the parameter's value (setup only)"),
    _row("param.f [param] -> f64", "the parameter's value (setup only)"),
    _row("ev [field] -> i64", "a word of the record that fired the segment; manage, decide and risk see its time only", reads=True),
    # order books
    _row("book.px [stream] i64 i64 -> i64", "price of level k of a side; 0 if there is none", reads=True, cost=4),
    _row("book.qty [stream] i64 i64 -> i64", "quantity at level k of a side; 0 if there is none", reads=True, cost=4),
    _row("book.depth [stream] i64 i64 -> i64", "wrap(sum of the quantities of the first k levels)", reads=True, cost=40),
    _row("book.value [stream] i64 i64 -> i64", "wrap(sum of price * quantity of the first k levels)", reads=True, cost=40),
    _row("book.cost [stream] i64 i64 -> i64", "wrap(sum of price * quantity to take so many lots; of what is there if less)", reads=True, cost=40),
    _row("book.at [stream] i64 i64 -> i64", "quantity at a price of a side, in ticks; 0 if there is none", reads=True, cost=4),
    _row("book.reach [stream] i64 i64 -> i64", "min(lots, all lots of the side)", reads=True, cost=40),
    # state
    _row("load.i [slot] -> i64", "the slot's first word", reads=True),
    _row("load.f [slot] -> f64", "the slot's first word", reads=True),
    _row("store.i [slot] i64", "the slot's first word becomes x", writes=True, effect=True),
    _row("store.f [slot] f64", "the slot's first word becomes x", writes=True, effect=True),
    # integers
    _row("iadd i64 i64 -> i64", "wrap(a + b)"),
    _row("isub i64 i64 -> i64", "wrap(a - b)"),
    _row("imul i64 i64 -> i64", "wrap(a * b)"),
    _row("idiv i64 i64 -> i64", "wrap(a // b), floor; 0 if b == 0", cost=4),
    _row("imod i64 i64 -> i64", "a % b, sign of b; 0 if b == 0", cost=4),
    _row("ineg i64 -> i64", "wrap(-a)"),
    _row("iabs i64 -> i64", "wrap(abs(a))"),
    _row("imin i64 i64 -> i64", "b if b < a else a"),
    _row("imax i64 i64 -> i64", "b if a < b else a"),
    _row("ilt i64 i64 -> i1", "a < b"),
    _row("ile i64 i64 -> i1", "a <= b"),
    _row("ieq i64 i64 -> i1", "a == b"),
    _row("ine i64 i64 -> i1", "a != b"),
    _row("iand i64 i64 -> i64", "a & b"),
    _row("ior i64 i64 -> i64", "a | b"),
    _row("ixor i64 i64 -> i64", "a ^ b"),
    _row("ishl i64 i64 -> i64", "wrap(a << (b & 63))"),
    _row("ishr i64 i64 -> i64", "a >> (b & 63), arithmetic"),
    # floats
    _row("fadd f64 f64 -> f64", "a + b"),
    _row("fsub f64 f64 -> f64", "a - b"),
    _row("fmul f64 f64 -> f64", "a * b"),
    _row("fdiv f64 f64 -> f64", "a / b, IEEE for b == 0", cost=4),
    _row("fneg f64 -> f64", "-a"),
    _row("fabs f64 -> f64", "abs(a)"),
    _row("fsqrt f64 -> f64", "sqrt(a), correctly rounded; NaN if a < 0", cost=4),
    _row("fmin f64 f64 -> f64", "b if b < a else a"),
    _row("fmax f64 f64 -> f64", "b if a < b else a"),
    _row("ffloor f64 -> f64", "floor(a)"),
    _row("fceil f64 -> f64", "ceil(a)"),
    _row("ftrunc f64 -> f64", "trunc(a)"),
    _row("fround f64 -> f64", "round half to even"),
    _row("flt f64 f64 -> i1", "a < b"),
    _row("fle f64 f64 -> i1", "a <= b"),
    _row("feq f64 f64 -> i1", "a == b"),
    _row("fne f64 f64 -> i1", "a != b"),
    # bools
    _row("band i1 i1 -> i1", "a and b"),
    _row("bor i1 i1 -> i1", "a or b"),
    _row("bxor i1 i1 -> i1", "a != b"),
    _row("bnot i1 -> i1", "not a"),
    # choice and conversion
    _row("select.b i1 i1 i1 -> i1", "a if c else b"),
    _row("select.i i1 i64 i64 -> i64", "a if c else b"),
    _row("select.f i1 f64 f64 -> f64", "a if c else b"),
    _row("b2i i1 -> i64", "1 if a else 0"),
    _row("i2f i64 -> f64", "nearest double"),
    _row("f2i f64 -> i64", "trunc(a), saturating; 0 for NaN"),
    _row("fbits f64 -> i64", "the bits of a"),
    _row("bitsf i64 -> f64", "the double with these bits"),
    # library functions, written in FIR (compiler/library/mathfir.py)
    _row("fexp f64 -> f64", "e**a, at most 1.5 ulp", cost=79),
    _row("flog f64 -> f64", "natural logarithm, at most 1.5 ulp; NaN if a < 0, -inf at 0", cost=70),
    _row("fpow f64 f64 -> f64", "a**b for a > 0, at most 1.5 ulp", cost=235),
    _row("ftanh f64 -> f64", "tanh(a), at most 1.5 ulp", cost=93),
    _row("fsigmoid f64 -> f64", "1 / (1 + e**-a), at most 1.5 ulp", cost=104),
    # rings: 2**k words; word (tick mod 2**k) holds the value of that tick
    _row("ring.put.i [slot] i64 i64", "ring[tick] = x", writes=True, effect=True, cost=2),
    _row("ring.put.f [slot] i64 f64", "ring[tick] = x", writes=True, effect=True, cost=2),
    _row("ring.ramp.i [slot] i64 i64 i64 i64", "ring[tick + j] = x + j * step, wrapping, for the k values j = 0 .. k-1", writes=True, effect=True, cost=2, per_length=True),
    _row("ring.get.i [slot] i64 i64 -> i64", "ring[tick - k]", reads=True, cost=2),
    _row("ring.get.f [slot] i64 i64 -> f64", "ring[tick - k]", reads=True, cost=2),
    # windows over a ring: the n values up to and including tick, taken oldest to newest
    _row("win.sum [slot] i64 i64 -> f64", "sum, added oldest to newest from 0.0", reads=True, cost=1, per_length=True),
    _row("win.wsum [slot] i64 i64 -> f64", "sum of (1..n) * x, oldest weight 1", reads=True, cost=2, per_length=True),
    _row("win.m2 [slot] i64 i64 f64 -> f64", "sum of (x - mean)**2", reads=True, cost=3, per_length=True),
    _row("win.absdev [slot] i64 i64 f64 -> f64", "sum of abs(x - mean)", reads=True, cost=3, per_length=True),
    _row("win.min [slot] i64 i64 -> f64", "least; the oldest of equals", reads=True, cost=2, per_length=True),
    _row("win.max [slot] i64 i64 -> f64", "greatest; the oldest of equals", reads=True, cost=2, per_length=True),
    _row("win.imin [slot] i64 i64 -> i64", "least", reads=True, cost=2, per_length=True),
    _row("win.imax [slot] i64 i64 -> i64", "greatest", reads=True, cost=2, per_length=True),
    _row("win.isum [slot] i64 i64 -> i64", "wrap(sum)", reads=True, cost=1, per_length=True),
    _row("win.argmin [slot] i64 i64 -> i64", "ticks since the least; the newest of equals", reads=True, cost=2, per_length=True),
    _row("win.argmax [slot] i64 i64 -> i64", "ticks since the greatest; the newest of equals", reads=True, cost=2, per_length=True),
    # profiles: amounts by level, over the n newest ticks (compiler/evaluate/profile.py)
    _row("profile.put.i [slot] i64 i64 i64", "level and amount of tick", writes=True, effect=True, cost=2),
    _row("profile.fill.i [slot] i64 i64 i64 i64 i64", "amounts of the n newest in equal bins of low..high; the fullest, its 70 % area", writes=True, effect=True, cost=4, per_length=True),
    _row("profile.get.i [slot] i64 -> i64", "of the last fill: 0 total, 1 fullest bin, 2 lowest, 3 highest bin of the area", reads=True, cost=2),
    _row("win.m3 [slot] i64 i64 f64 -> f64", "sum of (x - mean)**3", reads=True, cost=4, per_length=True),
    _row("win.below [slot] i64 i64 f64 -> i64", "how many are < y", reads=True, cost=2, per_length=True),
    # sorted rings: a ring of 2**k words, then the order of its words by value (-0.0 before 0.0, NaN last), then by place
    _row("sort.put [slot] i64 f64", "ring[tick] = x, the order is kept", writes=True, effect=True, cost=8, per_length=True),
    _row("sort.nth [slot] i64 i64 i64 -> f64", "the k-th least of the n newest, k = 0 the least", reads=True, cost=3, per_length=True),
    # pair rings: 2 words per tick
    _row("pair.put [slot] i64 f64 f64", "ring[tick] = (x, y)", writes=True, effect=True, cost=3),
    _row("pair.co [slot] i64 i64 f64 f64 -> f64", "sum of (x - a) * (y - b)", reads=True, cost=4, per_length=True),
    # trees: 2**k leaves in ring order; node p combines 2p and 2p+1 (older on the left); word 1 is the root.
    # A query combines the canonical nodes of the window oldest to newest, so its association is fixed by tick alone.
    _row("tree.put.sum [slot] i64 f64", "leaf[tick] = x, ancestors recombined by +", writes=True, effect=True, cost=12),
    _row("tree.put.min [slot] i64 f64", "leaf[tick] = x, ancestors by min", writes=True, effect=True, cost=12),
    _row("tree.put.max [slot] i64 f64", "leaf[tick] = x, ancestors by max", writes=True, effect=True, cost=12),
    _row("tree.sum [slot] i64 i64 -> f64", "sum of the n newest leaves", reads=True, cost=24),
    _row("tree.min [slot] i64 i64 -> f64", "least of the n newest leaves", reads=True, cost=24),
    _row("tree.max [slot] i64 i64 -> f64", "greatest of the n newest leaves", reads=True, cost=24),
    _row("tree.put.mom [slot] i64 f64", "leaf = (1, x, 0); ancestors by the pairwise (n, mean, M2) rule", writes=True, effect=True, cost=60),
    _row("tree.mean [slot] i64 i64 -> f64", "mean of the n newest leaves", reads=True, cost=90),
    _row("tree.m2 [slot] i64 i64 -> f64", "sum of squared deviations of the n newest leaves", reads=True, cost=90),
    # panes: the first N = 2**k words of the slot are values, the other N the numbers of the panes they belong to.
    # Word p & (N - 1) holds pane p. `put` into a pane that is not there starts it from the neutral value.
    _row("pane.put.isum [slot] i64 i64", "pane += x, wrapping", writes=True, effect=True, cost=4),
    _row("pane.put.imin [slot] i64 i64", "pane = min(pane, x)", writes=True, effect=True, cost=4),
    _row("pane.put.imax [slot] i64 i64", "pane = max(pane, x)", writes=True, effect=True, cost=4),
    _row("pane.put.sum [slot] i64 f64", "pane += x", writes=True, effect=True, cost=4),
    _row("pane.put.min [slot] i64 f64", "pane = min(pane, x)", writes=True, effect=True, cost=4),
    _row("pane.put.max [slot] i64 f64", "pane = max(pane, x)", writes=True, effect=True, cost=4),
    _row("pane.isum [slot] i64 i64 -> i64", "wrap(sum) of the panes p-n+1 .. p that are there", reads=True, cost=2, per_length=True),
    _row("pane.imin [slot] i64 i64 -> i64", "least of them", reads=True, cost=2, per_length=True),
    _row("pane.imax [slot] i64 i64 -> i64", "greatest of them", reads=True, cost=2, per_length=True),
    _row("pane.sum [slot] i64 i64 -> f64", "sum, added oldest to newest from 0.0", reads=True, cost=2, per_length=True),
    _row("pane.min [slot] i64 i64 -> f64", "least; the oldest of equals", reads=True, cost=2, per_length=True),
    _row("pane.max [slot] i64 i64 -> f64", "greatest; the oldest of equals", reads=True, cost=2, per_length=True),
    # what a decision leaves behind
    _row("clause [instance] [int] i1", "bit of the instance's clause mask", effect=True),
    _row("reason [instance] i64", "the reason word of the instance's decision", effect=True),
    _row("decided [instance]", "the instance decided in this event", effect=True),
    _row("emit [instance] i64 i64 i64 i64 i64 i64 i64", "an intent: side, style, quantity (lots), price (ticks), ttl (ns), rule, tag", effect=True, cost=8),
    _row("cancel [instance] i64 i64", "an intent: cancel the order with this tag; 1 if its time to live ended, else 0", effect=True, cost=8),
    _row("wake i64", "ask for a wake record at this time", effect=True),
    _row("trace.b [int] i1", "value number k of the trace row, as 0 or 1; executors that do not trace ignore it", effect=True),
    _row("trace.i [int] i64", "as trace.b", effect=True),
    _row("trace.f [int] f64", "as trace.b; the double's bits", effect=True),
    _row("probe.b [int] i1", "value number k of the explain table; executors that do not explain ignore it", effect=True, cost=0),
    _row("probe.i [int] i64", "as probe.b", effect=True, cost=0),
    _row("probe.f [int] f64", "as probe.b", effect=True, cost=0),
)  # fmt: skip

OPS: dict[str, Row] = {row.name: row for row in _ROWS}
assert len(OPS) == len(_ROWS), "an operation is listed twice"

TYPES = (I1, I64, F64)

#: Words of a record by the names that `ev` uses (`cython_core/layout.py` has the offsets).
BAR_FIELDS = {"time": 0, "head": 1, "open": 2, "high": 3, "low": 4, "close": 5, "volume": 6, "notional": 7}
BOOK_FIELDS = {"time": 0, "head": 1, "venue_time": 5, "update_id": 6}
TRADE_FIELDS = {"time": 0, "head": 1, "side": 2, "qty": 3, "price": 4, "venue_time": 5, "trade_id": 6}
TIMER_FIELDS = {"time": 0, "head": 1}
REPORT_FIELDS = {"time": 0, "head": 1, "side": 2, "qty": 3, "price": 4, "value": 5, "fee": 6, "tag": 7}
_TIME = {"time": 0}

#: The fields that `ev` may read in each segment.
FIELDS = {
    "bar": BAR_FIELDS,
    "book": BOOK_FIELDS,
    "trade": TRADE_FIELDS,
    "timer": TIMER_FIELDS,
    "report": REPORT_FIELDS,
    **dict.fromkeys(("manage", "decide", "risk"), _TIME),
}

"""A strategy file as typed values: what the front end hands to the compiler.

All structure is read and all expressions are parsed; nothing is resolved or type-checked. Short forms (LANGUAGE guide,
"short forms") have been replaced by their long forms. A value that was not written in the file carries
`written=False` and the span of the nearest text that implies it, so that a diagnostic can still point somewhere.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Generic, TypeVar

from .ast import ClockName, Expr
from .source import Source, Span

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Located(Generic[T]):
    """A value and the text it was read from."""

    value: T
    span: Span
    written: bool = True


@dataclass(frozen=True, slots=True)
class NamedExpr:
    """`name: expression`."""

    name: Located[str]
    expr: Expr


@dataclass(frozen=True, slots=True)
class Instrument:
    """`alias: BASE/QUOTE`."""

    alias: Located[str]
    symbol: Located[str]

    @property
    def base(self) -> str:
        return self.symbol.value.partition("/")[0]

    @property
    def quote(self) -> str:
        return self.symbol.value.partition("/")[2]


@dataclass(frozen=True, slots=True)
class Decide:
    """The decision clock. `min_gap` is a duration expression (a Quantity) or None."""

    clock: ClockName
    min_gap: Expr | None
    span: Span


@dataclass(frozen=True, slots=True)
class ParamDecl:
    """`type` is one of int, real, ratio, bool, duration, price, qty, notional. Values are literal expressions."""

    name: Located[str]
    type: Located[str]
    default: Expr
    low: Expr | None
    high: Expr | None
    sweep: bool
    only_if: Expr | None
    span: Span


@dataclass(frozen=True, slots=True)
class FunctionDecl:
    """A user function. Types are written as text: `qty<i>`, `ratio`, `real`, `price<btc>`, `bool`."""

    name: Located[str]
    args: tuple[tuple[Located[str], Located[str]], ...]
    returns: Located[str] | None
    body: Expr
    span: Span


@dataclass(frozen=True, slots=True)
class Scored:
    """One clause of a score: when it holds, its weight is added."""

    clause: NamedExpr
    weight: Expr


@dataclass(frozen=True, slots=True)
class Rule:
    """An entry or an exit. `clauses` is a conjunction; `side` is +1 (long) or -1 (short), meaningful for entries.

    A scored entry holds when all `clauses` (written under `require`) hold and the weights of the `scored` clauses that
    hold sum up to `at_least`. `add` entries may fire while a position is open, `at_most` so often. An exit with a
    `fraction` closes that share of the position; with `once` it fires at most once in a position.
    """

    name: Located[str]
    kind: str  # "entry" | "exit"
    side: Located[int]
    clauses: tuple[NamedExpr, ...]
    cooldown: Expr | None
    size: Expr | None
    execute: Located[str] | None
    below_min: Located[str] | None  # "skip" | "round_up"
    span: Span
    scored: tuple[Scored, ...] = ()
    at_least: Expr | None = None
    fraction: Expr | None = None
    once: bool = False
    add: bool = False
    at_most: Located[int] | None = None


@dataclass(frozen=True, slots=True)
class Requote:
    """Replace a resting order when `when` holds, `at_most` so often."""

    when: Expr
    at_most: Located[int]


@dataclass(frozen=True, slots=True)
class Execution:
    """A named way of turning an intent into orders. `style`: post_only, limit, ioc, fok, market."""

    name: Located[str]
    style: Located[str]
    price: Expr | None
    ttl: Expr | None
    requote: Requote | None
    then: Located[str] | None
    retries: Located[int] | None
    span: Span


@dataclass(frozen=True, slots=True)
class DayLoss:
    """`then`: block_entries, halt, flatten_and_halt."""

    limit: Expr
    then: Located[str]


@dataclass(frozen=True, slots=True)
class OrderRate:
    """At most `max` orders in the time `per`."""

    max: Located[int]
    per: Expr


@dataclass(frozen=True, slots=True)
class Band:
    """Prices at most `max` away from `reference`."""

    max: Expr
    reference: Located[str]


@dataclass(frozen=True, slots=True)
class Stale:
    """`inputs` pairs a stream name (`book`, `eth.book`, `trade`) with its greatest age."""

    inputs: tuple[tuple[Located[str], Expr], ...]
    then: Located[str]


@dataclass(frozen=True, slots=True)
class Drawdown:
    """The greatest fall of equity from its peak, as a share. `then`: block_entries, halt, flatten_and_halt."""

    limit: Expr
    then: Located[str]


@dataclass(frozen=True, slots=True)
class ProfitLock:
    """Once the day's profit has reached `start`, it may fall to the share `keep` of its peak. `then` as in DayLoss."""

    start: Expr
    keep: Expr
    then: Located[str]


@dataclass(frozen=True, slots=True)
class LosingStreak:
    """After `max` losing trades in a row. `then`: halt (for the day), or pause (no entries for `pause`)."""

    max: Located[int]
    then: Located[str]
    pause: Expr | None


@dataclass(frozen=True, slots=True)
class Capital:
    """Money. `allocate` pairs aliases with shares; `compound` is the share of profit that is put to work again."""

    start: Expr | None
    allocate: tuple[tuple[Located[str], Expr], ...]
    compound: Expr | None
    reserve: Expr | None
    reinvest_after: Expr | None
    span: Span


@dataclass(frozen=True, slots=True)
class Risk:
    """The limits that see every intent last."""

    position_max: Expr | None
    position_shared: bool
    day_loss: DayLoss | None
    order_rate: OrderRate | None
    band: Band | None
    stale: Stale | None
    invariants: tuple[NamedExpr, ...]
    span: Span
    drawdown: Drawdown | None = None
    profit_lock: ProfitLock | None = None
    losing_streak: LosingStreak | None = None
    max_open: Located[int] | None = None
    order_max: Expr | None = None  # `notional.max`: of one order of an entry


@dataclass(frozen=True, slots=True)
class Expectation:
    """One assertion. `kind`: at, always, never, eventually, count.

    `time` is the instant of `at` or the end of `within`; `low` and `high` are the range of a count. `index` is its
    place in the list, from 0.
    """

    kind: str
    index: int
    expr: Expr
    span: Span
    time: Expr | None = None
    low: Expr | None = None
    high: Expr | None = None


@dataclass(frozen=True, slots=True)
class TestRow:
    """The values that one step gives, by the names that the file or the market has for them."""

    __test__ = False
    time: Expr
    values: tuple[NamedExpr, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class WantedOrder:
    """One line of a golden table of orders. `time` is text: a length of time in rows, a UTC time on tapes."""

    time: Located[str]
    side: str
    style: str
    qty: Expr
    price: Expr | None
    rule: Located[str] | None
    span: Span


@dataclass(frozen=True, slots=True)
class Generated:
    """Data that a seed makes."""

    kind: Located[str]
    seed: Located[int] | None
    length: Expr | None
    begin: Located[str] | None
    price: Expr | None
    volatility: Expr | None


@dataclass(frozen=True, slots=True)
class TestDecl:
    """One test. Exactly one of `rows`, `tape` and `generate` is there; `options` are those of `backtest`, by name.

    `intents` is None where the file has no table; `body` is the mapping's text, for edits.
    """

    __test__ = False
    name: Located[str]
    span: Span
    start: tuple[NamedExpr, ...]
    rows: tuple[TestRow, ...]
    fills: str
    params: tuple[NamedExpr, ...]
    expect: tuple[Expectation, ...]
    intents: tuple[WantedOrder, ...] | None
    tape: Located[str] | None = None
    sha256: Located[str] | None = None
    generate: Generated | None = None
    instrument: Located[str] | None = None
    options: tuple[tuple[str, Located[str]], ...] = ()

    @property
    def kind(self) -> str:
        """`rows`, `tape` or `generate`."""
        return "tape" if self.tape is not None else "generate" if self.generate is not None else "rows"


@dataclass(frozen=True, slots=True)
class Document:
    """One whole strategy file.

    `unread` are names that the file defines with expressions that cannot be read; `complete` is false when reading
    found errors, so that what is missing here may stand in the file.
    """

    source: Source
    edition: Located[int]
    strategy: Located[str]
    doc: str | None
    venue: Located[str]
    instruments: tuple[Instrument, ...]
    trade: tuple[Located[str], ...]  # aliases
    decide: Decide
    settle: Located[Decimal | None]  # None: to the last bit (`settle: bits`)
    uses: tuple[Located[str], ...] = ()
    params: tuple[ParamDecl, ...] = ()
    constraints: tuple[NamedExpr, ...] = ()
    functions: tuple[FunctionDecl, ...] = ()
    lets: tuple[NamedExpr, ...] = ()
    labels: tuple[NamedExpr, ...] = ()
    entries: tuple[Rule, ...] = ()
    exits: tuple[Rule, ...] = ()
    size: Expr | None = None
    execution: tuple[Execution, ...] = ()
    risk: Risk | None = None
    capital_start: Expr | None = None  # a notional; None: 10 000 of the quote currency
    capital: Capital | None = None
    lateness: Expr | None = None  # a duration; None: 250ms
    tests: tuple[TestDecl, ...] = field(default=())
    unread: frozenset[str] = frozenset()
    complete: bool = True

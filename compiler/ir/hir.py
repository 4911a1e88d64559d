"""HIR: the typed graph of one strategy.

A `Graph` is a list of nodes; a node's id is its index and its arguments are ids. There is one node per occurrence in
the text, so every node has its own span; equal nodes are merged when FIR is built. User functions are already
inlined, names are resolved, bare bar fields know their clock. The only cycles run through `prev`, whose first argument
may refer to a later node.

| op         | args               | attrs                              | meaning |
|------------|--------------------|------------------------------------|---------|
| const      |                    | value (int, Fraction, bool), type  | a literal; units already scaled exactly |
| param      |                    | name                               | a parameter's value |
| field      | [k or quantity]    | instrument, source, name           | `close`, `bid`, `bid_depth(5)`, `trade.qty`, `forming(1m).high`, `pos.qty`, `now` |
| neg not    | x                  |                                    | |
| add sub mul div | x y           |                                    | `div` is optional when the divisor may be 0 |
| lt le eq ne | x y               |                                    | `a > b` is `lt b a` with `swapped=True` |
| and or     | x y                |                                    | strict in state, narrowing in presence |
| if         | c a b              |                                    | |
| orelse     | x d                |                                    | `x ?? d` |
| present    | x                  |                                    | |
| at         | x                  | clock                              | `x @ clock` |
| index      | x k                |                                    | `x[k]` |
| prev       | x init             |                                    | `prev(x, init)`; x may be a later node |
| call       | x...               | function, window, time, skip       | a library function; see below |
| member     | record             | name                               | `bb.upper` |

**Calls.** `function` is the row's name in `compiler/library/table.py`. The arguments stand in the order of the row's
signature, defaults filled in as nodes, then the row's implicit fields as field nodes. `min` and `max` of two values
have two arguments and no attribute; over a window they have `window=True`. The second argument makes a window when it
is a whole-number literal or `int` parameter (or arithmetic on such) that is not below 1, and the first is not static;
named arguments decide otherwise: `max(a=x, b=3)`, `max(x=y, n=3)`. `time=True`: a window over time, arguments x,
length, pane (durations). `skip=True`: absent inputs are skipped. `confirm(k, c...)` is read as `k <= (if c then 1
else 0) + ...`.

**Fields.** `source` is `bar`, `book`, `trade`, `forming`, `pos`, `working`, `order`, `day`, `account` or `now`;
`instrument` is the alias. Bar and forming fields have `period_ns`. `pos.gain` is a ratio; `pos.entry` is off the
grid.

**Constants.** Grid constants (`3 ticks`) hold a whole count, durations whole nanoseconds. The literal 0 fits every
unit: beside a grid value its type is that grid type, else it is an `int` with the other side's dimension.

**Clocks.** `facts.clocks` holds the clock of every live node; for `at` it may name another instrument than the
attribute `clock` (bars of one length: the last instrument in file order). `prev` that has no clock of its own counts
ticks of the bar clock under which it is written.

**Intervals** are in whole units: a price in quote per base, never in ticks; durations and times in ns. Records have
none. A parameter without a range keeps the sign of its default.

**Presence** is `Type.optional`. Exits read `pos.*` fields whose type is optional: a position exists there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from ...dsl.document import Document, Located, Rule
from ...dsl.source import Span
from .types import Clock, ClockSet, Interval, Type


@dataclass(frozen=True, slots=True)
class Node:
    """One operation. `label` is the name a user would call it by (a `let` name), for messages and `explain`."""

    id: int
    op: str
    args: tuple[int, ...]
    attrs: Mapping[str, object]
    span: Span
    label: str = ""


@dataclass(slots=True)
class Graph:
    """Nodes in creation order. Arguments precede their users except the first argument of `prev`."""

    nodes: list[Node] = field(default_factory=list)
    lets: dict[str, int] = field(default_factory=dict)

    def add(self, op: str, args: tuple[int, ...], span: Span, label: str = "", **attrs: object) -> int:
        node = Node(len(self.nodes), op, args, MappingProxyType(attrs), span, label)
        self.nodes.append(node)
        return node.id

    def __getitem__(self, node_id: int) -> Node:
        return self.nodes[node_id]


@dataclass(frozen=True, slots=True)
class WarmUp:
    """Ticks that must have passed before a value may be read: per clock, a small expression over parameters.

    `terms` is built by `compiler/analysis/warmup.py`: `("const", n)`, `("param", node)`, `("settle", alpha_kind,
    node)`, `("add", a, b)`, `("max", a, b)`, `("root", a)` (floor of the square root), `("scale", a, numerator,
    denominator)` (rounded up). A `param` or `settle` node is a constant, a parameter, or arithmetic on such.
    """

    per_clock: tuple[tuple[Clock, tuple[object, ...]], ...] = ()


@dataclass(slots=True)
class Facts:
    """What the analyses know, one entry per node id. A node that an earlier error poisoned has no entry."""

    types: dict[int, Type] = field(default_factory=dict)
    qualifiers: dict[int, str] = field(default_factory=dict)  # "const" < "param" < "series"
    clocks: dict[int, ClockSet] = field(default_factory=dict)
    intervals: dict[int, Interval] = field(default_factory=dict)
    warmups: dict[int, WarmUp] = field(default_factory=dict)
    poisoned: set[int] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class CheckedClause:
    """One clause of a rule: its name, its node, its place."""

    name: str
    node: int
    span: Span


@dataclass(frozen=True, slots=True)
class CheckedRule:
    """A rule whose expressions are nodes. Exits have no size; `size` is a quantity or a notional."""

    rule: Rule
    clauses: tuple[CheckedClause, ...]
    size: int | None
    cooldown: int | None
    style: str  # market, ioc, limit, fok, post_only
    price: int | None = None  # node: a price; None for market orders
    ttl: int | None = None  # node: a duration


@dataclass(frozen=True, slots=True)
class Stream:
    """An input a strategy needs: a base clock, the instrument's symbol, and for books the depth."""

    clock: Clock
    symbol: str
    depth: int = 0


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter after checking. Values are carrier values: int for int/duration/bool, float else (units scaled)."""

    name: str
    type: Type
    default: int | float
    low: int | float | None
    high: int | float | None
    sweep: bool
    span: Span


@dataclass(frozen=True, slots=True)
class Checked:
    """A strategy that passed every check: what lowering starts from."""

    document: Document
    graph: Graph
    facts: Facts
    parameters: tuple[Parameter, ...]
    constraints: tuple[tuple[str, int], ...]
    instruments: tuple[Located[str], ...]
    traded: tuple[str, ...]  # aliases
    decision: Clock
    entries: tuple[CheckedRule, ...]
    exits: tuple[CheckedRule, ...]
    position_max: int | None  # node: a notional
    day_loss: int | None  # node: a notional
    day_loss_then: str
    capital_start: int | None  # node: a notional, constant
    streams: tuple[Stream, ...]

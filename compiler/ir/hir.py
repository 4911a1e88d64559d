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

**Fields.** `source` is `bar`, `book`, `trade`, `forming`, `pos`, `working`, `order`, `day`, `account`, `entry` or `now`;
`instrument` is the alias. `entry.score` (only in `size` of a scored entry) has the attribute `rule`, the entry's name. Bar and forming fields have `period_ns`. `pos.gain` is a ratio; `pos.entry` is off the
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
from .nodes import DEFAULT_LATENESS_NS
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
    policy: int  # index into the instance's policies
    weights: tuple[int | None, ...] = ()  # per clause: node of its weight, None for a clause that must hold
    at_least: int | None = None  # node: the score that is needed
    fraction: int | None = None  # node: the share of the position that an exit closes; None: all of it


@dataclass(frozen=True, slots=True)
class CheckedPolicy:
    """One execution policy as one side uses it: `near_side` and `far_side` are already bid or ask.

    `then` is an index into the instance's policies. A policy lives as often as it has a side that uses it.
    """

    name: str
    side: int  # +1 buys, -1 sells
    style: str
    price: int | None = None  # node: a price; None for market orders
    ttl: int | None = None  # node: a duration
    requote_when: int | None = None  # node: a bool; may read `order.*`
    requote_at_most: int = 0
    then: int | None = None
    retries: int = 0


@dataclass(frozen=True, slots=True)
class CheckedLimit:
    """A limit of a risk block: its node, and what follows when it is reached."""

    node: int
    then: str  # block_entries, halt, flatten_and_halt
    keep: int | None = None  # profit_lock: node of the share that is kept


@dataclass(frozen=True, slots=True)
class CheckedStale:
    """An input that must not be older than `age` (node: a duration)."""

    clock: Clock
    age: int
    span: Span


@dataclass(frozen=True, slots=True)
class CheckedRisk:
    """The limits as one instance sees them; nodes. Limits on the account are the same in every instance."""

    position_max: int | None = None
    position_shared: bool = False
    order_max: int | None = None  # of one order of an entry
    day_loss: CheckedLimit | None = None
    drawdown: CheckedLimit | None = None
    profit_lock: CheckedLimit | None = None
    losing_streak: int = 0  # 0: no limit
    losing_pause: int | None = None  # node: a duration; None: halted for the day
    max_open: int = 0
    order_rate: int = 0
    order_per: int | None = None  # node: a duration
    band_max: int | None = None  # node: a ratio
    band_reference: int | None = None  # node: a price
    stale: tuple[CheckedStale, ...] = ()
    stale_then: str = "block_entries"
    invariants: tuple[CheckedClause, ...] = ()


@dataclass(frozen=True, slots=True)
class CheckedCapital:
    """Nodes of the capital block; None where the file does not say."""

    start: int | None = None
    compound: int | None = None
    reserve: int | None = None
    reinvest_after: int | None = None


@dataclass(frozen=True, slots=True)
class Instance:
    """The strategy for one traded instrument: bare fields mean this instrument. All instances share the graph.

    What does not depend on the instrument is one node for all; `lets` are the equations as this instance reads them.
    """

    alias: str
    decision: Clock
    entries: tuple[CheckedRule, ...]
    exits: tuple[CheckedRule, ...]
    policies: tuple[CheckedPolicy, ...]
    risk: CheckedRisk
    allocate: int | None = None  # node: a ratio
    lets: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True)
class Stream:
    """An input a strategy needs: a base clock, the instrument's symbol, and for books the depth.

    An `optional` stream makes matching better and is not read by the file: a run goes on without it.
    """

    clock: Clock
    symbol: str
    depth: int = 0
    optional: bool = False


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
    streams: tuple[Stream, ...]
    instances: tuple[Instance, ...]  # at least one, in the order of `trade`
    capital: CheckedCapital
    min_gap_ns: int = 0  # at most one decision in this time; 0: no such limit
    lateness_ns: int = DEFAULT_LATENESS_NS  # how long after its end a bar waits for late trades

    @property
    def traded(self) -> tuple[str, ...]:
        """Aliases of the traded instruments."""
        return tuple(instance.alias for instance in self.instances)

    @property
    def entries(self) -> tuple[CheckedRule, ...]:
        """The entries, which are the same rules in every instance; nodes are the first one's."""
        return self.instances[0].entries

    @property
    def exits(self) -> tuple[CheckedRule, ...]:
        """As `entries`."""
        return self.instances[0].exits

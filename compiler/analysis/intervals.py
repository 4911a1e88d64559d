"""Intervals: the values that every expression can take, in whole units (a price in quote per base, not in ticks).

Pure: graph and types in, intervals out. Bounds come from the venue profile (the runtime refuses events outside them),
from parameter ranges, and from forward propagation; `prev` widens. A parameter without a range keeps the sign of its
default. Whole numbers carried through `prev` are assumed within 2^53: `overflow` in `bounds.py` checks that they only
grow by steps.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import lru_cache

from ..frontend.built import Built
from ..ir.hir import Node
from ..ir.types import EVERYTHING, Interval, Kind, Type
from ..library.function import is_pair
from ..library.table import FUNCTIONS
from ..venues.profile import InstrumentProfile
from .transfer import MEMBERS, TRANSFER, add, divide, multiply, negate, number

_TINY = 5e-324
COUNTER = Interval(-(2.0**53), 2.0**53)
_BOOL = Interval(0, 1)
_DAYS_100_YEARS = 36525 * 86400 * 1e9


def infer(built: Built, live: frozenset[int], types: dict[int, Type]) -> dict[int, Interval]:
    """Intervals of the `live` nodes. Records have none."""
    delays = [n for n in built.graph.nodes if n.op == "prev" and n.id in live]
    plain = [n for n in delays if not is_recursive(built, n)]
    known = _round(built, live, types, {})
    for _ in plain:
        before = {
            n.id: known[n.args[0]].join(known[n.args[1]]) for n in plain if n.args[0] in known and n.args[1] in known
        }
        if all(known[i] == found for i, found in before.items()):
            break
        known = _round(built, live, types, before)
    return known


def is_recursive(built: Built, node: Node) -> bool:
    """The value that this `prev` delays is made of the delay itself."""
    todo, seen = [node.args[0]], set[int]()
    while todo:
        current = todo.pop()
        if current == node.id:
            return True
        if current not in seen:
            seen.add(current)
            todo += built.graph[current].args
    return False


def _round(
    built: Built, live: frozenset[int], types: dict[int, Type], delayed: dict[int, Interval]
) -> dict[int, Interval]:
    known: dict[int, Interval] = {}
    for node in built.graph.nodes:
        if node.id not in live or types[node.id].kind is Kind.RECORD:
            continue
        made = delayed.get(node.id) or _interval(built, node, known, types)
        if types[node.id].kind is Kind.BOOL:
            made = Interval(max(made.low, 0), min(made.high, 1)) if made.low <= 1 and made.high >= 0 else _BOOL
        known[node.id] = made
    return known


def _interval(built: Built, node: Node, known: dict[int, Interval], types: dict[int, Type]) -> Interval:
    args = [known.get(a, EVERYTHING) for a in node.args]
    match node.op:
        case "const":
            return _constant(built, node, types[node.id])
        case "param":
            return parameter_interval(built, str(node.attrs["name"]))
        case "field":
            return score_interval(built, known, node) if "rule" in node.attrs else field_interval(built, node)
        case "prev":
            return {Kind.INT: COUNTER, Kind.BOOL: _BOOL}.get(types[node.id].kind, EVERYTHING)
        case "call":
            return _call(built, node, args)
        case "member":
            return _member(built, node, known)
        case "if":
            return args[1].join(args[2])
        case "orelse":
            return args[0].join(args[1])
        case "at" | "index":
            return args[0]
    return _POINTWISE[node.op](args)


def _compare(args: list[Interval], strict: bool) -> Interval:
    a, b = args
    if a.high < b.low or (not strict and a.high <= b.low):
        return Interval(1, 1)
    if a.low > b.high or (strict and a.low >= b.high):
        return Interval(0, 0)
    return _BOOL


def _equal(args: list[Interval]) -> Interval:
    a, b = args
    if a.is_point and a == b:
        return Interval(1, 1)
    return Interval(0, 0) if a.high < b.low or b.high < a.low else _BOOL


def _not(a: Interval) -> Interval:
    return Interval(1 - min(a.high, 1), 1 - max(a.low, 0))


_POINTWISE: dict[str, Callable[[list[Interval]], Interval]] = {
    "neg": lambda a: negate(a[0]),
    "not": lambda a: _not(a[0]),
    "add": lambda a: add(a[0], a[1]),
    "sub": lambda a: add(a[0], negate(a[1])),
    "mul": lambda a: multiply(a[0], a[1]),
    "div": lambda a: divide(a[0], a[1]),
    "lt": lambda a: _compare(a, True),
    "le": lambda a: _compare(a, False),
    "eq": _equal,
    "ne": lambda a: _not(_equal(a)),
    "and": lambda a: Interval(min(a[0].low, a[1].low), min(a[0].high, a[1].high)),
    "or": lambda a: Interval(max(a[0].low, a[1].low), max(a[0].high, a[1].high)),
    "present": lambda a: _BOOL,
}


def _constant(built: Built, node: Node, type_: Type) -> Interval:
    value = number(node.attrs["value"])
    if type_.grid is not None:
        instrument = built.instrument(type_.grid.instrument)
        decimals = instrument.price_decimals if type_.grid.unit == "tick" else instrument.qty_decimals
        value = value / 10**decimals
    return Interval(value, value)


def parameter_interval(built: Built, name: str) -> Interval:
    """The declared range; without one, every value of the default's sign."""
    from .params import literal_value

    decl = next(p for p in built.document.params if p.name.value == name)
    low, high = literal_value(decl.low, built), literal_value(decl.high, built)
    if low is not None and high is not None and low <= high:
        return Interval(low, high)
    default = literal_value(decl.default, built) or 0.0
    smallest = 1.0 if decl.type.value in ("int", "duration") else _TINY
    if decl.type.value == "bool":
        return _BOOL
    return (
        Interval(smallest, math.inf) if default > 0 else Interval(-math.inf, -smallest) if default < 0 else EVERYTHING
    )


def field_interval(built: Built, node: Node) -> Interval:
    """What the venue profile promises about a field."""
    alias, name, source = (str(node.attrs[k]) for k in ("instrument", "name", "source"))
    return promised(built.instrument(alias), source, name)


def score_interval(built: Built, known: dict[int, Interval], node: Node) -> Interval:
    """The scores with which an entry fires: from what it needs to the sum of its weights."""
    mine = [r for r in built.roots if r.rule is not None and r.rule.name.value == node.attrs["rule"]]
    weights = [known.get(r.node, EVERYTHING) for r in mine if r.role == "weight"]
    least, most = reachable_score(weights)
    needed = next((known.get(r.node, EVERYTHING) for r in mine if r.role == "at_least"), EVERYTHING)
    return Interval(min(max(least, needed.low), most), most)


def reachable_score(weights: list[Interval]) -> tuple[float, float]:
    """The least and the greatest sum of the weights of clauses that hold, added in file order."""
    least = most = 0.0
    for weight in weights:
        least, most = least + min(0.0, weight.low), most + max(0.0, weight.high)
    return least, most


@lru_cache(maxsize=1024)
def promised(facts: InstrumentProfile, source: str, name: str) -> Interval:
    """Where a field lies, by the venue's own bounds."""
    tick, cap, lot, most = (float(v) for v in (facts.tick, facts.max_price, facts.lot, facts.max_qty))
    money = cap * most
    price, held = Interval(tick, cap), Interval(0, most)
    table = {
        "spread": Interval(tick, cap),
        "bid_qty": Interval(lot, most),
        "ask_qty": Interval(lot, most),
        "bid_depth": Interval(lot, most * 1e3),
        "ask_depth": Interval(lot, most * 1e3),
        "imbalance": Interval(-1, 1),
        "depth_ratio": Interval(0, math.inf),
        "book_slope": EVERYTHING,
        "volume": Interval(0, most),
        "n_trades": Interval(0, 2**31),
        "signed_qty": Interval(-most, most),
        "notional": Interval(0, money),
        "age": Interval(0, _DAYS_100_YEARS),
        "gain": Interval(-1, math.inf),
        "net_gain": Interval(-2, math.inf),
        "phase": Interval(0, 3),
        "side": Interval(-1, 1),
        "count": Interval(0, 256),
        "filled": held,
        "queue_ahead": held,
        "pnl": EVERYTHING,
        "equity": Interval(0, math.inf),
        "free": Interval(0, math.inf),
        "drawdown": Interval(0, 1),
        "trades": Interval(0, 2**53),
        "adds": Interval(0, 2**53),
    }
    if source == "now":
        return Interval(0, 2.0**63)
    if source == "fired":
        return _BOOL
    if name == "qty":
        return Interval(lot, most) if source == "trade" else held
    return table.get(name, price)


def _call(built: Built, node: Node, args: list[Interval]) -> Interval:
    name = str(node.attrs["function"])
    if is_pair(name, node.attrs):
        pick = min if name == "min" else max
        return Interval(pick(args[0].low, args[1].low), pick(args[0].high, args[1].high))
    row = FUNCTIONS[name]
    if node.attrs.get("time"):
        return {"x": args[0], "count": Interval(0, 2.0**53)}.get(row.interval, _time_sum(args[0]))
    rule = TRANSFER.get(row.interval)
    if rule is not None:
        length = next(
            (args[i] for i, p in enumerate(row.signature.params) if p.type == "length"), Interval(1, math.inf)
        )
        return rule(args, length, number_facts(built, node))
    low, _, high = row.interval.partition("..")
    return Interval(float(low), float(high) if high else COUNTER.high if row.signature.result == "int?" else math.inf)


def _time_sum(x: Interval) -> Interval:
    return Interval(-math.inf if x.low < 0 else min(0.0, x.low), math.inf if x.high > 0 else 0.0)


def number_facts(built: Built, node: Node) -> Interval:
    """The price range of the instrument a call reads."""
    alias = built.instance
    for a in node.args:
        found = built.graph[a].attrs.get("instrument")
        alias = str(found) if found else alias
    facts = built.instrument(alias)
    return Interval(float(facts.tick), float(facts.max_price))


def _member(built: Built, node: Node, known: dict[int, Interval]) -> Interval:
    record = built.graph[node.args[0]]
    rule = MEMBERS.get((str(record.attrs.get("function", "")), str(node.attrs["name"])))
    return rule([known.get(a, EVERYTHING) for a in record.args]) if rule else EVERYTHING

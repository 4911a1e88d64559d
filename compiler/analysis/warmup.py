"""Warm-up: how many ticks of each clock must pass before a value may be read.

Pure: graph and clocks in, `WarmUp` per node out. Terms (see `hir.WarmUp`) stay symbolic in parameters;
`evaluate_term` gives numbers. Rules: a field 1; pointwise the maximum; a window of n adds n - 1; a lag adds its
ticks; a recurrence adds its settling time minus 1; `e @ c` keeps what e needs and asks for as many ticks of c as
cover it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from decimal import ROUND_CEILING, Decimal, localcontext
from fractions import Fraction
from functools import lru_cache
from typing import cast

from ..frontend.built import Built
from ..ir.hir import Graph, Node, WarmUp
from ..ir.types import Clock, ClockSet
from ..library.function import Addend, is_pair
from ..library.table import FUNCTIONS
from .clocks import clock_rank

Term = tuple[object, ...]
Needs = dict[Clock, Term]
NS_PER_DAY = 86_400_000_000_000
_ONE: Term = ("const", 1)

#: `settle: bits`: the seed weighs less than a hundredth of the last bit (measured merge bound ln(0.01 * 2^53)).
BITS = Decimal(100) / Decimal(2**53)


def infer(built: Built, live: frozenset[int], clocks: dict[int, ClockSet]) -> dict[int, WarmUp]:
    """Warm-up of the `live` nodes; recursion through `prev` adds nothing to what its value needs otherwise."""
    order = [i.alias.value for i in built.document.instruments]
    needs: dict[int, Needs] = {}
    recursive = any(n.op == "prev" and n.id in live for n in built.graph.nodes)
    for _ in range(3 if recursive else 1):
        before = {n.id: needs.get(n.args[0], {}) for n in built.graph.nodes if n.op == "prev" and n.id in live}
        _round(built, live, clocks, needs, before)
    return {i: WarmUp(_ranked(n, order)) for i, n in needs.items()}


def _ranked(needs: Needs, order: list[str]) -> tuple[tuple[Clock, Term], ...]:
    found = tuple(needs.items())
    return tuple(sorted(found, key=lambda p: clock_rank(p[0], order))) if len(found) > 1 else found


def _round(
    built: Built, live: frozenset[int], clocks: dict[int, ClockSet], needs: dict[int, Needs], before: dict[int, Needs]
) -> None:
    for node in built.graph.nodes:
        if node.id not in live:
            continue
        if node.op == "field":
            needs[node.id] = {c: _ONE for c in clocks[node.id] if c.kind != "account"}
        elif node.op == "prev":
            needs[node.id] = _join([before[node.id], needs.get(node.args[1], {})])
        else:
            joined = _join([needs.get(a, {}) for a in node.args])
            needs[node.id] = (
                _at(joined, next(iter(clocks[node.id]))) if node.op == "at" else _more(built, node, joined, clocks)
            )


def _join(parts: list[Needs]) -> Needs:
    total: Needs = {}
    for part in parts:
        for clock, term in part.items():
            total[clock] = larger(total[clock], term) if clock in total else term
    return total


def _at(needs: Needs, clock: Clock) -> Needs:
    """Whole ticks of `clock` that cover every need on another clock with a period.

    A slower clock's first whole period may start up to one period late (the data begin inside it), and its tick is
    visible from the next tick of `clock` on: hence one period more.
    """
    total = dict(needs)
    own = total.get(clock, _ONE)
    for other, term in needs.items():
        if other != clock and other.period_ns and clock.period_ns:
            common = math.gcd(other.period_ns, clock.period_ns)
            term = plus(term, _ONE) if other.period_ns > clock.period_ns else term
            own = larger(own, scale(term, other.period_ns // common, clock.period_ns // common))
    total[clock] = own
    return total


def _more(built: Built, node: Node, needs: Needs, clocks: dict[int, ClockSet]) -> Needs:
    """What a stateful node adds on its own clock."""
    mine = clocks[node.id]
    if len(mine) != 1:
        return needs
    (clock,) = mine
    if node.op == "index":
        return {**needs, clock: plus(needs.get(clock, _ONE), _length(built.graph, node.args[1]))}
    if node.op != "call" or is_pair(str(node.attrs["function"]), node.attrs):
        return needs
    if node.attrs.get("time"):
        return _time_window(built, node, needs)
    row = FUNCTIONS[str(node.attrs["function"])]
    names = [p.name for p in row.signature.params]
    term = needs.get(clock, _ONE)
    for addend in row.warmup:
        if addend == ("day",):
            addend = ("ticks", max(0, -(-NS_PER_DAY // max(clock.period_ns, 1)) - 1))
        term = plus(term, _addend(built, addend, lambda name: node.args[names.index(name)]))
    return {**needs, clock: term} if row.warmup else needs


def _time_window(built: Built, node: Node, needs: Needs) -> Needs:
    """A window over time needs its length, counted in panes."""
    pane = built.graph[node.args[2]].attrs.get("value", 10**9)
    length = built.graph[node.args[1]].attrs.get("value", 10**9)
    assert isinstance(pane, int) and isinstance(length, int)
    clock = Clock("timer", "", max(pane, 1))
    return _join([needs, {clock: ("const", -(-length // max(pane, 1)))}])


def _length(graph: Graph, node_id: int) -> Term:
    node = graph[node_id]
    return ("const", int(cast(int, node.attrs["value"]))) if node.op == "const" else ("param", node_id)


def _addend(built: Built, addend: Addend, argument: Callable[[str], int]) -> Term:
    graph = built.graph
    match addend:
        case ("ticks", int(k)):
            return ("const", k)
        case ("lag", str(n)):
            return _length(graph, argument(n))
        case ("window", str(n)):
            return plus(_length(graph, argument(n)), ("const", -1))
        case ("root", str(n)):
            return plus(("root", _length(graph, argument(n))), ("const", -1))
        case ("settle", str(kind), str(n)):
            return plus(("settle", kind, argument(n)), ("const", -1))
        case ("kalman", str(q), str(r)):
            return plus(("kalman", argument(q), argument(r)), ("const", -1))
        case ("settled", str(kind), int(length)):
            return ("const", settle_ticks(kind, length, built.document.settle.value) - 1)
        case ("longer", tuple() as a, tuple() as b):
            return larger(_addend(built, a, argument), _addend(built, b, argument))
    raise AssertionError(f"unknown warm-up {addend!r}")


# terms


def plus(a: Term, b: Term) -> Term:
    """a + b, with constants gathered."""
    if a[0] == b[0] == "const":
        return ("const", cast(int, a[1]) + cast(int, b[1]))
    if b == ("const", 0):
        return a
    if a == ("const", 0):
        return b
    if a[0] == "add" and b[0] == "const" and cast(Term, a[2])[0] == "const":
        return plus(cast(Term, a[1]), plus(cast(Term, a[2]), b))
    if a[0] == "const":
        return plus(b, a)
    if b[0] == "add" and cast(Term, b[2])[0] == "const":
        return plus(plus(a, cast(Term, b[1])), cast(Term, b[2]))
    return ("add", a, b)


def larger(a: Term, b: Term) -> Term:
    if a == b:
        return a
    if a[0] == b[0] == "const":
        return max(a, b, key=lambda t: cast(int, t[1]))
    if a == _ONE or b == _ONE:  # every term is at least 1
        return b if a == _ONE else a
    return ("max", a, b)


def scale(term: Term, numerator: int, denominator: int) -> Term:
    if term[0] == "const":
        return ("const", -(-cast(int, term[1]) * numerator // denominator))
    return term if numerator == denominator else ("scale", term, numerator, denominator)


def evaluate_term(term: Term, value: Callable[[int], int | float], settle: Decimal | None) -> int:
    """Ticks, for the lengths that `value(node)` gives. `settle` is the tolerance, None for `bits`."""

    def sub(part: object) -> int:
        return evaluate_term(cast(Term, part), value, settle)

    match term:
        case ("const", int(n)):
            return n
        case ("param", int(node)):
            return int(value(node))
        case ("settle", str(kind), int(node)):
            return settle_ticks(kind, int(value(node)), settle)
        case ("kalman", int(q), int(r)):
            return kalman_ticks(float(value(q)), float(value(r)), settle)
        case ("root", part):
            return math.isqrt(sub(part))
        case ("add", a, b):
            return sub(a) + sub(b)
        case ("max", a, b):
            return max(sub(a), sub(b))
        case ("scale", part, int(numerator), int(denominator)):
            return -(-sub(part) * numerator // denominator)
    raise AssertionError(f"unknown term {term!r}")


@lru_cache(maxsize=4096)
def settle_ticks(kind: str, length: int, settle: Decimal | None) -> int:
    """`ceil(ln(settle) / ln(1 - alpha))`, at least 1: after so many ticks the seed weighs less than `settle`."""
    with localcontext() as context:
        context.prec = 40
        n = Decimal(max(length, 1))
        weight = {"ema": 2 / (n + 1), "rma": 1 / n, "kama": (2 / (n + 1)) ** 2}[kind]
        if weight >= 1:
            return 1
        ticks = (settle or BITS).ln() / (1 - weight).ln()
        return max(1, int(ticks.to_integral_value(ROUND_CEILING)))


def kalman_ticks(q: float, r: float, settle: Decimal | None) -> int:
    """As `settle_ticks`, for the steady gain of a local level filter (`lower/warmups.py` computes the same)."""
    q, r = max(q, r * 1e-12), max(r, 0.0)
    ahead = (q + math.sqrt(q * q + 4.0 * q * r)) / 2.0
    rest = r / (ahead + r) if ahead + r > 0.0 else 0.0
    return 1 if rest <= 0.0 else max(1, math.ceil(math.log(float(settle or BITS)) / math.log(rest)))


def static_value(graph: Graph, node_id: int, params: Mapping[str, int | float]) -> int | float:
    """A number made of constants and parameters; lengths are whole."""
    node = graph[node_id]
    if node.op in ("const", "param"):
        known = node.attrs["value"] if node.op == "const" else params[str(node.attrs["name"])]
        exact = Fraction(cast(int, known))
        return int(exact) if exact.denominator == 1 else float(exact)
    parts = [static_value(graph, a, params) for a in node.args]
    match node.op:
        case "add":
            return parts[0] + parts[1]
        case "sub":
            return parts[0] - parts[1]
        case "mul":
            return parts[0] * parts[1]
        case "neg":
            return -parts[0]
        case "div":
            return parts[0] / parts[1] if parts[1] else 0
    if node.op == "call" and is_pair(str(node.attrs["function"]), node.attrs):
        return min(parts) if node.attrs["function"] == "min" else max(parts)
    return parts[-1] if parts else 1


def ticks_needed(built: Built, warmup: WarmUp, params: Mapping[str, int | float]) -> dict[Clock, int]:
    """The warm-up in ticks per clock for given parameter values."""
    settle = built.document.settle.value
    return {c: evaluate_term(t, lambda i: static_value(built.graph, i, params), settle) for c, t in warmup.per_clock}

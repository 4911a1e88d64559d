"""Bounds: lengths, state, work, clauses, warm-up; FC0217, FC0218 and FC0450 to FC0455.

Everything here is a static number. State and work are estimates from the library table, above what lowering needs; the
compiler's last pass recounts them on the final program. Pure: graph and facts in, findings out.
"""

from __future__ import annotations

import ast as python
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from ...dsl.diagnostics import Diagnostic, Label
from ...dsl.source import Span
from ..frontend.built import Built
from ..ir.hir import Facts, Node
from ..ir.types import Interval, Kind, duration_text
from ..library.function import Function, is_pair
from ..library.table import FUNCTIONS
from .intervals import COUNTER, is_recursive
from .params import parameters
from .qualifiers import depth_arguments, static_arguments
from .warmup import ticks_needed

MAX_STATE_BYTES = 1 << 20
MAX_WORK = 20_000
MAX_CLAUSES = 64
MAX_EVENT_WINDOW = 64
_I64 = 2.0**63
_DAY = 86_400 * 10**9


@dataclass(slots=True)
class Bounds:
    """Totals and their parts. `state` is in bytes; both map node ids to their share."""

    state: dict[int, int] = field(default_factory=dict)
    work: dict[int, int] = field(default_factory=dict)
    found: list[Diagnostic] = field(default_factory=list)

    @property
    def state_bytes(self) -> int:
        return sum(self.state.values())

    @property
    def work_ops(self) -> int:
        return sum(self.work.values())


def analyse(built: Built, facts: Facts, live: frozenset[int], unbounded: frozenset[str] = frozenset()) -> Bounds:
    """Findings and totals. Parameters in `unbounded` were rejected elsewhere and are left out."""
    result = Bounds()
    for node in built.graph.nodes:
        if node.id in live and _lengths(built, node, facts, result, unbounded):
            _measure(node, facts, result)
            _event_window(built, node, facts, result)
            _overflow(built, node, facts, result)
    _clauses(built, result)
    _history(built, facts, live, result)
    return result


def _lengths(built: Built, node: Node, facts: Facts, result: Bounds, unbounded: frozenset[str]) -> bool:
    """FC0450, FC0218 on every argument that decides how much is kept; False when one is rejected."""
    fine = True
    if (node.op == "field" and node.args and node.attrs["name"] != "vwap_to") or depth_arguments(node):
        result.found += _depth(built, node, facts)
    for index in static_arguments(node):
        arg = node.args[index]
        known = facts.intervals[arg]
        names = {str(built.graph[a].attrs.get("name")) for a in _below(built, arg) if built.graph[a].op == "param"}
        if names & unbounded:
            fine = False
        elif math.isinf(known.high) and _keeps(node, index):
            result.found.append(_no_bound(built, node, index))
            fine = False
        elif known.low < 1 and node.op != "index" and not _is_number(node, index):
            span = built.arg_span(node.id, index)
            label = "not a length" if known.is_point else f"can be {known.low:g}"
            result.found.append(Diagnostic("FC0218", "a length is at least 1", Label(span, label)))
            fine = False
        elif known.high > _most(node, index):
            result.found.append(_too_large(built, node, index, known))
            fine = False
    return fine


def _too_large(built: Built, node: Node, index: int, known: Interval) -> Diagnostic:
    row = FUNCTIONS[str(node.attrs["function"])]
    message = f"`{row.signature.params[index].name}` of `{row.name}` is at most {_most(node, index):g}"
    label = Label(built.arg_span(node.id, index), f"{'is' if known.is_point else 'can be'} {known.high:g}")
    return Diagnostic("FC0218", message, label)


def _most(node: Node, index: int) -> float:
    """The greatest value that a call's static argument may have."""
    if node.op not in ("call", "field") or node.attrs.get("time"):
        return math.inf
    row = FUNCTIONS[str(node.attrs.get("function", node.attrs.get("name")))]
    return dict(row.most).get(row.signature.params[index].name, math.inf)


def _is_number(node: Node, index: int) -> bool:
    """Known before the run, but not a length."""
    return node.op == "call" and FUNCTIONS[str(node.attrs["function"])].signature.params[index].type == "static"


def _depth(built: Built, node: Node, facts: Facts) -> list[Diagnostic]:
    """FC0218 for more levels than the venue shows."""
    known, most = facts.intervals[node.args[0]], built.profile.depth_levels
    if math.isinf(known.high) or known.high <= most:
        return []
    label = Label(built.arg_span(node.id, 0), f"up to {known.high:.0f}")
    helps = (f"write at most {most}",)
    return [Diagnostic("FC0218", f"{built.profile.name} shows {most} levels of a book", label, helps=helps)]


def _below(built: Built, node: int) -> list[int]:
    return [node, *(b for a in built.graph[node].args for b in _below(built, a))]


def _keeps(node: Node, index: int) -> bool:
    """The argument decides about memory or work (an `ema` length does not)."""
    if node.op != "call" or node.attrs.get("time"):
        return True
    row = FUNCTIONS[str(node.attrs["function"])]
    name = row.signature.params[index].name
    return f"({name})" in row.words or f"({name}+1)" in row.words or name in _names(row.cost)


def _no_bound(built: Built, node: Node, index: int) -> Diagnostic:
    arg = built.graph[node.args[index]]
    span = built.arg_span(node.id, index)
    name = str(arg.attrs.get("name", built.text(span)))
    decl = next((p for p in built.document.params if p.name.value == name), None)
    default = built.text(decl.default.span) if decl else "20"
    other = (Label(decl.name.span, "declared without a range"),) if decl else ()
    return Diagnostic(
        "FC0450",
        "this length has no upper bound",
        Label(span, "how much memory?"),
        secondary=other,
        notes=("memory is reserved for the greatest length, so there must be one",),
        helps=(f"give the parameter a range: `{name}: {{type: int, default: {default}, in: 2..200}}`",),
    )


# state and work


@lru_cache(maxsize=256)
def _formula(text: str) -> python.expr:
    return python.parse(text, mode="eval").body


def _names(text: str) -> set[str]:
    return {n.id for n in python.walk(_formula(text)) if isinstance(n, python.Name)}


def evaluate(text: str, lengths: Mapping[str, float]) -> int:
    """A `words` or `cost` formula of the table for the greatest lengths."""
    return int(_evaluate(_formula(text), lengths))


def _evaluate(e: python.expr, lengths: Mapping[str, float]) -> float:
    match e:
        case python.Constant(value=int() as value):
            return value
        case python.Name(id=name):
            return lengths[name]
        case python.BinOp(left=left, op=op, right=right):
            a, b = _evaluate(left, lengths), _evaluate(right, lengths)
            return a * b if isinstance(op, python.Mult) else a + b
        case python.Call(func=python.Name(id=name), args=[arg]):
            exponent = max(1, math.ceil(math.log2(max(_evaluate(arg, lengths), 2))))
            return float(2**exponent) if name == "ring" else float(exponent)
    raise AssertionError(f"cannot read the formula {python.dump(e)}")


def _measure(node: Node, facts: Facts, result: Bounds) -> None:
    words, cost = 0, 1
    if node.op == "index":
        words = 1 << max(1, int(max(facts.intervals[node.args[1]].high, 1)).bit_length())
    elif node.op == "prev":
        words = 1
    elif node.op == "call" and node.attrs.get("time"):
        words, cost = 4 * _panes(node, facts), 40
    elif node.op == "call" and not is_pair(str(node.attrs["function"]), node.attrs):
        row = FUNCTIONS[str(node.attrs["function"])]
        lengths = _greatest(node, row, facts)
        words, cost = evaluate(row.words, lengths), evaluate(row.cost, lengths)
    elif node.op in ("const", "param"):
        cost = 0
    elif node.op == "field" and node.args:
        row = FUNCTIONS[str(node.attrs["name"])]
        cost = evaluate(row.cost, _greatest(node, row, facts))
    if words:
        result.state[node.id] = 8 * words
    result.work[node.id] = cost


def _panes(node: Node, facts: Facts) -> int:
    length, pane = (facts.intervals[a] for a in node.args[1:])
    return int(min(length.high, 1e18) // max(pane.low, 1)) + 1


def _greatest(node: Node, row: Function, facts: Facts) -> dict[str, float]:
    found: dict[str, float] = {}
    for param, arg in zip(row.signature.params, node.args, strict=False):
        high = facts.intervals[arg].high if arg in facts.intervals else 1.0
        found[param.name] = min(max(high, 1.0), 1e15) if param.is_static else 1.0
    return found


#: An instance, what was measured in it, and the nodes that count.
Measured = tuple[Built, Bounds, frozenset[int]]


def caps(measured: list[Measured]) -> list[Diagnostic]:
    """FC0451 and FC0452 over all instances."""
    found: list[Diagnostic] = []
    state = [(n, built, i) for built, bounds, new in measured for i, n in bounds.state.items() if i in new]
    work = [(n, built, i) for built, bounds, new in measured for i, n in bounds.work.items() if i in new]
    if (total := sum(n for n, _, _ in state)) > MAX_STATE_BYTES:
        message = f"the strategy needs {total:_} bytes of state, the limit is {MAX_STATE_BYTES:_}"
        found.append(_over("FC0451", message, state, "bytes", "shorten it, or sample on a slower clock"))
    if (total := sum(n for n, _, _ in work)) > MAX_WORK:
        message = f"one event may cost {total:_} operations, the limit is {MAX_WORK:_}"
        advice = "shorten it, or compute it on a slower clock"
        found.append(_over("FC0452", message, work, "operations per event", advice))
    return found


def _over(code: str, message: str, parts: list[tuple[int, Built, int]], unit: str, advice: str) -> Diagnostic:
    """The cap with the parts that cost most, summed up over instances and inlined copies."""
    places: dict[Span, int] = {}
    for n, built, i in parts:
        span = built.graph[i].span
        places[span] = places.get(span, 0) + n
    largest = sorted(places, key=lambda s: (-places[s], s))[:3]
    labels = [Label(span, f"{places[span]:_} {unit}".replace("_", " ")) for span in largest]
    text = parts[0][1].text(largest[0])
    return Diagnostic(
        code,
        message.replace("_", " "),
        labels[0],
        secondary=tuple(labels[1:]),
        helps=(f"the largest part is `{text}`: {advice}",),
    )


# the rest


def _event_window(built: Built, node: Node, facts: Facts, result: Bounds) -> None:
    """FC0455: a float window by count needs absolute tick numbers, which event clocks lack."""
    clock = next(iter(facts.clocks[node.id]), None)
    if node.op != "call" or clock is None or clock.kind not in ("book", "trade") or node.attrs.get("time"):
        return
    row = FUNCTIONS[str(node.attrs["function"])]
    if not row.float_window or (row.exact_on_grid and facts.types[node.args[0]].carrier == "i64"):
        return
    length = _greatest(node, row, facts)[row.float_window]
    if length > MAX_EVENT_WINDOW:
        text = built.text(built.arg_span(node.id, 0))
        inner = f"({text})" if " " in text else text
        result.found.append(
            Diagnostic(
                "FC0455",
                "a long window over decimal numbers on an event clock",
                Label(node.span, f"up to {length:.0f} ticks of {clock}"),
                notes=(
                    "after a restart such a window cannot be rebuilt to the last digit; sums of prices and amounts can",
                ),
                helps=(
                    f"sample first: `{row.name}({inner}@100ms, {length:.0f})`",
                    "or use a window over time: `sum(x, 10s, pane=1s)`",
                ),
            )
        )


def _overflow(built: Built, node: Node, facts: Facts, result: Bounds) -> None:
    """FC0217: whole numbers stay inside 64 bits; recursive ones may only grow by steps."""
    if facts.types[node.id].kind is not Kind.INT or node.op not in ("add", "sub", "mul", "neg", "prev"):
        return
    if node.op == "prev" and not is_recursive(built, node):
        return
    if node.op == "prev":
        known = facts.intervals.get(node.args[0], COUNTER)
        limit = COUNTER.high + 2.0**40
    else:
        known, limit = facts.intervals[node.id], _I64
    if (-limit <= known.low and known.high < limit) or any(
        _outside(facts.intervals.get(a)) for a in node.args if node.op != "prev"
    ):
        return
    parts = tuple(
        Label(built.arg_span(node.id, i), _range(facts.intervals[a]))
        for i, a in enumerate(node.args)
        if a in facts.intervals
    )
    result.found.append(
        Diagnostic(
            "FC0217",
            "this whole number may overflow",
            Label(node.span, f"can reach {_range(known)}"),
            secondary=parts[:2],
            helps=("narrow the ranges, or calculate with reals: multiply by `1.0`",),
        )
    )


def _outside(known: Interval | None) -> bool:
    return known is not None and (known.low < -_I64 or known.high >= _I64)


def _range(known: Interval) -> str:
    return f"{known.low:g}" if known.is_point else f"{known.low:g} to {known.high:g}"


def _clauses(built: Built, result: Bounds) -> None:
    for kind, rules in (("entries", built.document.entries), ("exits", built.document.exits)):
        clauses = [c for r in rules for c in (*r.clauses, *(s.clause for s in r.scored))]
        if len(clauses) > MAX_CLAUSES:
            result.found.append(
                Diagnostic(
                    "FC0453",
                    f"{len(clauses)} clauses in `{kind}`, the limit is {MAX_CLAUSES}",
                    Label(clauses[MAX_CLAUSES].name.span, "one too many"),
                    notes=("every decision records its clauses in one 64-bit word",),
                    helps=("join clauses that belong together with `and`",),
                )
            )


def _history(built: Built, facts: Facts, live: frozenset[int], result: Bounds) -> None:
    """FC0454, at the defaults: no more history than the venue has."""
    values = {p.name: p.default for p in parameters(built)}
    limit = built.profile.history_days * _DAY
    worst: tuple[int, int] = (0, -1)
    for node in built.graph.nodes:
        if node.id in live and node.op in ("call", "index"):
            for clock, ticks in ticks_needed(built, facts.warmups[node.id], values).items():
                worst = max(worst, (ticks * clock.period_ns, node.id), key=lambda w: w[0])
    if worst[0] > limit:
        node = built.graph[worst[1]]
        days = worst[0] // _DAY
        result.found.append(
            Diagnostic(
                "FC0454",
                f"warm-up would take {days} days of history",
                Label(node.span, f"needs {duration_text(days * _DAY)}"),
                notes=(f"{built.profile.name} has at most {built.profile.history_days} days",),
                helps=("shorten the window, or relax `warmup: {settle: 1e-6}`",),
            )
        )

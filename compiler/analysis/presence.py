"""Presence: which values may be absent, why, and where that is not allowed; FC0401, FC0402, FC0403, FC0405.

Every node has a set of *causes*: the nodes that can lack a value (a division by something that may be 0, `pos.entry`
while flat ...). A value may be absent when the set is not empty. `??` empties it; `present(x) and y` takes the causes
of x out of y. Pure: graph, types, intervals in; causes and findings out.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from ...dsl.diagnostics import Diagnostic, Edit, Fix, Label, Safety
from ...dsl.source import Span
from ..frontend.built import Built, Root
from ..frontend.names import OPEN_ONLY
from ..ir.hir import Node
from ..ir.types import EVERYTHING, REAL, Interval, Kind, Type
from ..library.table import FUNCTIONS
from .clocks import is_stateful

Causes = frozenset[int]
_NONE: Causes = frozenset()
#: Argument that decides whether a conditionally total function has a value, and the range in which it has.
_DOMAINS = {"sqrt": "not negative", "log": "positive", "pow": "positive", "ret": "not zero", "roc": "not zero"}


@dataclass(slots=True)
class Presence:
    """`idle` are the fallbacks that can never be used, by node."""

    causes: dict[int, Causes] = field(default_factory=dict)
    found: list[Diagnostic] = field(default_factory=list)
    idle: set[int] = field(default_factory=set)

    def optional(self, node: int) -> bool:
        return bool(self.causes.get(node))


def infer(built: Built, live: frozenset[int], intervals: dict[int, Interval], types: dict[int, Type]) -> Presence:
    """Causes of absence of the `live` nodes."""
    result = Presence()
    analysis = _Analysis(built, intervals, types, result)
    for node in built.graph.nodes:
        if node.id in live:
            result.causes[node.id] = analysis.causes(node)
            analysis.follow(node)
    for node in built.graph.nodes:
        if node.id in live:
            analysis.check(node)
    for root in built.roots:
        if root.node in live:
            analysis.check_root(root)
    return result


class _Analysis:
    def __init__(self, built: Built, intervals: dict[int, Interval], types: dict[int, Type], result: Presence) -> None:
        self.built, self.intervals, self.types, self.result = built, intervals, types, result
        self.silent: set[int] = set()
        self._excluded: dict[tuple[int, bool], Causes] = {}  # shared conditions are looked into once

    def follow(self, node: Node) -> None:
        """What is built on a refused node (FC0402) stays silent."""
        if any(a in self.silent for a in node.args) or (self.refuses(node) and any(self.get(a) for a in node.args)):
            self.silent.add(node.id)

    def get(self, node_id: int) -> Causes:
        return self.result.causes.get(node_id, _NONE)

    def interval(self, node_id: int) -> Interval:
        return self.intervals.get(node_id, EVERYTHING)

    def causes(self, node: Node) -> Causes:
        match node.op:
            case "const" | "param" | "present":
                return _NONE
            case "field":
                return frozenset({node.id}) if field_may_lack(node) else _NONE
            case "orelse":
                x, d = (self.get(a) for a in node.args)
                return d if x else _NONE
            case "and":
                left, right = (self.get(a) for a in node.args)
                return left | (right - self.when_true(node.args[0]))
            case "or":
                left, right = (self.get(a) for a in node.args)
                return left | (right - self.when_false(node.args[0]))
            case "if":
                c, a, b = node.args
                return self.get(c) | (self.get(a) - self.when_true(c)) | (self.get(b) - self.when_false(c))
            case "prev":
                return _NONE
        if self.refuses(node):
            return self.own(node)  # FC0402 has said it; what is built on it stays silent
        return self.own(node).union(*(self.get(a) for a in node.args))

    def refuses(self, node: Node) -> bool:
        """A stateful operator that takes no absent input."""
        return is_stateful(node) and not node.attrs.get("skip") and node.attrs.get("function") not in ("since", "age")

    def own(self, node: Node) -> Causes:
        """A cause that arises at this node."""
        if node.op == "div" and 0 in self.interval(node.args[1]):
            return frozenset({node.id})
        if node.op == "call" and not node.attrs.get("time"):
            row = FUNCTIONS[str(node.attrs["function"])]
            if row.absent and (row.name not in _DOMAINS or not self.in_domain(row.name, self.interval(node.args[0]))):
                return frozenset({node.id})
        return _NONE

    def in_domain(self, name: str, x: Interval) -> bool:
        need = _DOMAINS[name]
        return x.low >= 0 if need == "not negative" else x.low > 0 if need == "positive" else 0 not in x

    def when_true(self, node_id: int) -> Causes:
        """Causes that cannot apply when this condition holds."""
        return self._remembered(node_id, True)

    def when_false(self, node_id: int) -> Causes:
        return self._remembered(node_id, False)

    def _remembered(self, node_id: int, holds: bool) -> Causes:
        key = node_id, holds
        if key not in self._excluded:
            self._excluded[key] = self._when_true(node_id) if holds else self._when_false(node_id)
        return self._excluded[key]

    def _when_true(self, node_id: int) -> Causes:
        node = self.built.graph[node_id]
        if node.op == "present":
            return self.get(node.args[0])
        if node.op == "and":
            return self.when_true(node.args[0]) | self.when_true(node.args[1])
        return self.when_false(node.args[0]) if node.op == "not" else _NONE

    def _when_false(self, node_id: int) -> Causes:
        node = self.built.graph[node_id]
        if node.op == "or":
            return self.when_false(node.args[0]) | self.when_false(node.args[1])
        return self.when_true(node.args[0]) if node.op == "not" else _NONE

    # findings

    def check(self, node: Node) -> None:
        if node.op == "orelse" and not self.get(node.args[0]) and node.id not in self.silent:
            self.unused_fallback(node)
        if self.refuses(node):
            missing = next((i for i, a in enumerate(node.args) if self.get(a)), None)
            if missing is not None:
                self.optional_input(node, missing)

    def unused_fallback(self, node: Node) -> None:
        self.result.idle.add(node.id)
        if self.built.is_inlined(node.id):
            return
        value, fallback = self.built.arg_span(node.id, 0), self.built.arg_span(node.id, 1)
        fix = Fix("remove `??` and the fallback", Safety.SAFE, (Edit(Span(value.path, value.end, fallback.end), ""),))
        self.result.found.append(
            Diagnostic(
                "FC0405",
                "this fallback is never used",
                Label(fallback, "cannot be reached"),
                secondary=(Label(value, "always has a value"),),
                fixes=(fix,),
            )
        )

    def optional_input(self, node: Node, index: int) -> None:
        name = str(node.attrs.get("function", "history" if node.op == "index" else "prev"))
        span = self.built.arg_span(node.id, index)
        causes = self.get(node.args[index])
        text = self.built.text(span)
        self.result.found.append(
            Diagnostic(
                "FC0402",
                f"`{name}` cannot count ticks that have no value",
                Label(span, "may be absent"),
                secondary=self.reasons(causes, span),
                notes=("a window with holes has no single meaning",),
                helps=("or skip absent ticks: add `skip=true`",),
                fixes=(self.fallback(span, text, node.args[index]),),
            )
        )

    def fallback(self, span: Span, text: str, node: int) -> Fix:
        """`... ?? 0.0`; a bare 0 where the value has a unit, which only 0 fits."""
        made = self.types.get(node, REAL)
        zero = "0.0" if made.kind is Kind.REAL and not made.dim.exponents else "0"
        title = f"give a fallback where the value is made: `{text} ?? {zero}`"
        return Fix(title, Safety.PLACEHOLDER, (Edit(Span(span.path, span.end, span.end), f" ?? {zero}"),))

    def reasons(self, causes: Causes, span: Span) -> tuple[Label, ...]:
        """Where absence comes from; at most three places, none twice."""
        labels = [Label(*reason(self.built, self.built.graph[c])) for c in sorted(causes)]
        return tuple(label for label in labels if label.span != span)[:3]

    def check_root(self, root: Root) -> None:
        causes = self.get(root.node)
        position = frozenset(c for c in causes if self.built.graph[c].attrs.get("source") == "pos")
        order = frozenset(c for c in causes if self.built.graph[c].attrs.get("source") == "order")
        if root.holder == "exit" or (root.holder == "order" and root.side < 0):
            causes -= position
        if root.role == "requote":
            causes -= order
        if not causes:
            return
        adds = root.rule is not None and root.rule.add
        if root.holder == "entry" and position and not adds:
            self.no_position(root, position)
            return
        if order:
            self.no_order(root, order)
            return
        self.may_lack(root, causes)

    def no_position(self, root: Root, causes: Causes) -> None:
        node = self.built.graph[min(causes)]
        name = f"pos.{node.attrs['name']}"
        inside = root.span.start <= node.span.start < root.span.end
        self.result.found.append(
            Diagnostic(
                "FC0403",
                f"`{name}` has no value in an entry",
                Label(node.span, "no position is open when entries are tried"),
                secondary=() if inside else (Label(root.span, "read by this entry"),),
                notes=("entries are evaluated while flat; `pos.qty` and `pos.notional` are 0 then",),
                helps=("use it in an exit", f"or say what holds without a position: `{name} ?? ...`"),
            )
        )

    def no_order(self, root: Root, causes: Causes) -> None:
        node = self.built.graph[min(causes)]
        self.result.found.append(
            Diagnostic(
                "FC0403",
                f"`order.{node.attrs['name']}` has no value here",
                Label(node.span, "no order exists where this is read"),
                notes=("an order exists where it may be replaced: `order.*` is for `requote` of an execution policy",),
            )
        )

    def may_lack(self, root: Root, causes: Causes) -> None:
        what = {"clause": "this clause", "size": "this size", "price": "this price"}.get(root.role, f"this {root.role}")
        span = self.culprit(root, causes)
        text = self.built.text(root.span)
        first = self.built.graph[min(causes)]
        at, why = reason(self.built, first)
        made_in_let = not (root.span.start <= first.span.start < root.span.end)
        name = self.built.text(span)
        narrow = root.role == "clause" and made_in_let
        helps = (f"or require presence in the rule: `present({name}) and {text}`",) if narrow else ()
        self.result.found.append(
            Diagnostic(
                "FC0401",
                f"{what} may have no value",
                Label(span, "optional: may be absent"),
                secondary=self.reasons(causes, span),
                notes=() if made_in_let or at != span else (why,),
                helps=helps,
                fixes=(self.fallback(first.span, self.built.text(first.span), first.id),),
            )
        )

    def culprit(self, root: Root, causes: Causes) -> Span:
        """The smallest part of the root's own text that carries the absence."""
        best, span, node_id = root.span, root.span, root.node
        while True:
            node = self.built.graph[node_id]
            carriers = [i for i, a in enumerate(node.args) if self.get(a) & causes]
            if not carriers or node_id in causes:
                return best
            span = self.built.arg_span(node_id, carriers[0])
            if not (root.span.start <= span.start and span.end <= root.span.end and span.path == root.span.path):
                return best
            best, node_id = span, node.args[carriers[0]]


def field_may_lack(node: Node) -> bool:
    source, name = node.attrs["source"], str(node.attrs["name"])
    return (source == "pos" and name in OPEN_ONLY) or source == "order" or name == "vwap_to"


def reason(built: Built, node: Node) -> tuple[Span, str]:
    """The place where a value can be missing, and when."""
    if node.op == "div":
        span = built.arg_span(node.id, 1)
        return span, f"absent when {built.text(span)} is 0"
    if node.op == "call":
        return node.span, f"absent when {FUNCTIONS[str(node.attrs['function'])].absent}"
    if node.attrs.get("source") == "pos":
        return node.span, "absent while no position is open"
    if node.attrs.get("source") == "order":
        return node.span, "absent while no order exists"
    return node.span, "absent when the book is too thin"

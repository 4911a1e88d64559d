"""Two runs at one instant: both strategies stepped by the reference interpreter, their values compared in the order in
which they are computed.

Every value of a strategy becomes a traced one. A compiled kernel of that program runs up to the instant; from the state
it reached, the reference interpreter takes the last step and writes down the values.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

from ..compiler.artifact import write_artifact
from ..compiler.evaluate.evaluator import Machine
from ..compiler.evaluate.numbers import bits_float
from ..compiler.ir.hir import Checked
from ..compiler.ir.layout import offsets
from ..compiler.ir.types import Kind
from ..compiler.pipeline import Compiled, compile_checked
from ..cython_core.layout import INSTANCE_SHIFT, REASON_SHIFT, REASONS
from ..runtime.cache_root import cache_root
from ..runtime.market_data.moments import moment_text
from .again import Again, moment_of, take_again
from .history import History
from .inquiry import history_of
from .near import unit_of
from .problem import Problem
from .runs import PastRun
from .strategy_diff.forms import Forms
from .strategy_diff.matching import forms_of, instances, parameters

_KINDS = (Kind.BOOL, Kind.INT, Kind.REAL, Kind.DURATION)
#: Fields that exist only while an order is priced or sized.
_ELSEWHERE = ("entry", "order")
#: Values listed after the first.
_MOST = 12


@dataclass(frozen=True, slots=True)
class Value:
    """One value that differs. `kind`: input, parameter, let, clause, or value (a part of an expression)."""

    name: str
    kind: str
    a: str
    b: str
    unit: str
    same_meaning: bool  # in both strategies
    from_first: bool  # computed from the first value that differs


@dataclass(frozen=True, slots=True)
class ValueDifference:
    """The decisions compared (times in epoch ns, what they came to) and the values that differ, in the order in which
    they are computed. `state` are words of the account before the decision that differ: name, both values."""

    time_a: int
    time_b: int
    reason_a: str
    reason_b: str
    instrument: str
    first: Value | None
    follows: tuple[Value, ...]
    more: int
    state: tuple[tuple[str, int, int], ...]


def values_at(
    a: PastRun, b: PastRun, at: int, data: Sequence[str] | None, on_compile: Callable[[], None]
) -> ValueDifference:
    """Compare the last decisions at or before `at`. Raises `Problem` if a run has none or cannot be taken again."""
    left, right = (take_again(run, data) for run in (a, b))
    params = parameters(left.prepared.compiled.checked, right.prepared.compiled.checked)
    pairs = instances(left.prepared.compiled.checked, right.prepared.compiled.checked)
    aliases = _pair(left, right, at, pairs)
    forms = forms_of(left.prepared.compiled.checked, right.prepared.compiled.checked, aliases, params)
    sides = [_Step(again, one, at, on_compile) for again, one in ((left, forms[0]), (right, forms[1]))]
    symbol = str(a.manifest["instruments"][sides[0].number])
    return _compared(sides[0], sides[1], symbol)


def _pair(left: Again, right: Again, at: int, pairs: Sequence[tuple[str, str]]) -> tuple[str, str]:
    """The instrument that decided last up to `at` in the first run, and its counterpart in the second."""
    history = history_of(left.past, left.prepared)
    row = _row(history, left.past, at, None)
    alias = left.prepared.compiled.checked.traded[history.reason_word(row) >> INSTANCE_SHIFT]
    found = next((pair for pair in pairs if pair[0] == alias), None)
    if found is None:
        raise Problem(f"the second run does not trade what `{alias}` is in the first", code="FC1112")
    return found


def _row(history: History, run: PastRun, at: int, instance: int | None) -> int:
    row = history.last_until(at, instance)
    if row is None:
        helps = (f"it decided from {moment_text(history.time(0))} on",) if len(history) else ()
        said = f"`{run.folder.name}` has no decision at or before {moment_text(at)}"
        raise Problem(said, where=str(run.folder), helps=helps, code="FC1104")
    return row


class _Step:
    """One run's decision, taken again with every value written down."""

    def __init__(self, again: Again, forms: Forms, at: int, on_compile: Callable[[], None]) -> None:
        self.again, self.forms = again, forms
        self.checked: Checked = again.prepared.compiled.checked
        self.number = self.checked.traded.index(forms.instance.alias)
        history = history_of(again.past, again.prepared)
        row = _row(history, again.past, at, self.number)
        self.time, self.reason = history.time(row), self._reason(history.reason_word(row))
        self.values, self.account = self._values(row, on_compile)

    def _reason(self, word: int) -> str:
        name = REASONS[word & (1 << REASON_SHIFT) - 1]
        rules = self.again.past.manifest["rules"]
        number = word >> REASON_SHIFT & 0xFFFF
        about = "" if name in ("not_armed", "no_entry", "no_exit", "in_flight") else f" {rules[number]}"
        return f"{name.replace('_', ' ')}{about}"

    def nodes(self) -> list[int]:
        """Nodes that can be written down at a decision."""
        graph, types = self.checked.graph, self.checked.facts.types
        barred: set[int] = set()
        for node in graph.nodes:
            fresh = node.op == "field" and node.attrs["source"] in _ELSEWHERE
            if fresh or any(arg in barred for arg in node.args if arg < node.id):
                barred.add(node.id)
        roots = [c.node for r in (*self.forms.instance.entries, *self.forms.instance.exits) for c in r.clauses]
        live = {n for root in (*roots, *self.forms.instance.lets.values()) for n in self.forms.reads(root)}
        return [n for n in sorted(live) if n not in barred and types[n].kind in _KINDS]

    def _values(self, row: int, on_compile: Callable[[], None]) -> tuple[dict[int, float], dict[str, int]]:
        """Node -> value, by the reference interpreter; account slot -> word before the decision."""
        named = {f"~{node}": node for node in self.nodes()}
        own = tuple(
            replace(one, lets=MappingProxyType(named)) if k == self.number else one
            for k, one in enumerate(self.checked.instances)
        )
        compiled = compile_checked(replace(self.checked, instances=own), verify=False, trace=list(named))
        folder = write_artifact(compiled, cache_root())
        again = replace(self.again, prepared=replace(self.again.prepared, compiled=compiled, artifact=folder))
        moment = moment_of(again, row, self.time, on_compile)
        machine = Machine(compiled.program, moment.books)
        machine.init(self.again.over.params)
        machine.load_state(moment.state.tolist())
        out = machine.event(moment.record)
        words = out.traces[moment.row]
        values = {named[name]: bits_float(word) for name, word in zip(compiled.program.traces, words, strict=True)}
        return values, _account(compiled, moment.state.tolist())


def _account(compiled: Compiled, state: Sequence[int]) -> dict[str, int]:
    """The words of the account and of this instrument's orders."""
    places = offsets(compiled.program)
    slots = [slot for slot in compiled.program.slots if slot.label.startswith("account") and slot.words == 1]
    return {slot.label: state[places[slot.name]] for slot in slots}


def _compared(a: _Step, b: _Step, symbol: str) -> ValueDifference:
    """Nodes of the first strategy in their order, each with the node of the second that is meant by it."""
    values: list[Value] = []
    first: int | None = None
    partners, names = _partners(a, b), _Names(a)
    for node, (other, same) in partners.items():
        left, right = a.values[node], b.values[other]
        if left == right or (math.isnan(left) and math.isnan(right)):
            continue
        below = first is not None and first in a.forms.reads(node)
        name, kind = names.of(node)
        if first is None:
            first = node
        elif kind == "value":
            continue  # parts of expressions: the first tells enough
        type_ = a.checked.facts.types[node]
        texts = [_text(value, type_.kind) for value in (left, right)]
        values.append(Value(name, kind, texts[0], texts[1], unit_of(type_, ""), same, below))
    slots = tuple((k, v, b.account[k]) for k, v in a.account.items() if k in b.account and b.account[k] != v)
    follows, more = tuple(values[1 : 1 + _MOST]), max(0, len(values) - 1 - _MOST)
    known = (a.time, b.time, a.reason, b.reason, symbol)
    return ValueDifference(*known, values[0] if values else None, follows, more, slots)


def _partners(a: _Step, b: _Step) -> dict[int, tuple[int, bool]]:
    """Node of the first -> (node of the second, whether both mean the same), in the order of the first.

    Equations and clauses by their names, whatever they mean; everything else by its meaning.
    """
    by_meaning = {b.forms.whole[node]: node for node in sorted(b.values, reverse=True)}
    by_name = {name: node for node, name in _named(b).items()}
    found: dict[int, tuple[int, bool]] = {}
    own = _named(a)
    for node in sorted(a.values):
        whole = a.forms.whole[node]
        other = by_name.get(own.get(node, ""), by_meaning.get(whole))
        if other is not None:
            found[node] = (other, b.forms.whole[other] == whole)
    return found


def _named(step: _Step) -> dict[int, str]:
    """Node -> name of the equation or clause, of those that were written down."""
    instance, found = step.forms.instance, dict[int, str]()
    for group, rules in (("entries", instance.entries), ("exits", instance.exits)):
        for rule in rules:
            for clause in rule.clauses:
                found.setdefault(clause.node, f"{group}.{rule.rule.name.value}.{clause.name}")
    found.update({node: name for name, node in instance.lets.items()})
    return {node: name for node, name in found.items() if node in step.values}


class _Names:
    """What a node is called: its equation, its clause, the field or parameter, or its text."""

    def __init__(self, step: _Step) -> None:
        self._step, self._named = step, _named(step)

    def of(self, node_id: int) -> tuple[str, str]:
        node = self._step.checked.graph[node_id]
        name = self._named.get(node_id)
        if node.op == "field":
            return self._source(node_id) or str(node.attrs["name"]), "input"
        if node.op == "param":
            return str(node.attrs["name"]), "parameter"
        if name is not None:
            return name, "clause" if "." in name else "let"
        return self._source(node_id) or node.op, "value"

    def _source(self, node_id: int) -> str:
        source, span = self._step.checked.document.source, self._step.checked.graph[node_id].span
        return " ".join(source.slice(span).split()) if span.path == source.path else ""


def _text(value: float, kind: Kind) -> str:
    if math.isnan(value):
        return "absent"
    if kind is Kind.BOOL:
        return "true" if value else "false"
    return str(int(value)) if kind is Kind.INT and value == int(value) else repr(value)

"""Near misses: of every clause that compares two numbers, the decision in which it failed by the least.

A clause counts where it was its rule's only one that did not hold: there a little more would have been a trade.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..compiler.ir.hir import Checked, Instance
from ..compiler.ir.types import Kind, Type
from ..cython_core.layout import INSTANCE_SHIFT
from .again import Again, traced_nodes
from .history import Bools
from .rule_sets import BOTH, ENTRIES, EXITS

_SIGN = {("lt", False): "<", ("le", False): "<=", ("lt", True): ">", ("le", True): ">="}
_SIDES = ("left", "right")


@dataclass(frozen=True, slots=True)
class NearMiss:
    """`short` is how much was missing, with its unit; `text` the comparison in its values; `time` epoch ns."""

    time: int
    short: str
    text: str


@dataclass(frozen=True, slots=True)
class _Comparison:
    """A clause `left < right` of an instance; the nodes of both sides, and their type."""

    instance: int
    rule: str
    clause: str
    bit: int
    others: int  # mask of the rule's other clauses that must hold
    sides: tuple[int, int]
    sign: str
    type: Type
    ratio: str  # bps or pct, if its author wrote one so

    @property
    def name(self) -> str:
        return f"{self.rule}/{self.clause}"


def near_misses(
    again: Again, sets: NDArray[np.int8], chosen: Bools, on_compile: Callable[[], None]
) -> dict[tuple[int, str, str], NearMiss]:
    """By (instance, rule, clause); clauses without a measure or a miss are left out."""
    checked = again.prepared.compiled.checked
    known = [c for k, one in enumerate(checked.instances) for c in _comparisons(again, checked, k, one)]
    if not known:
        return {}
    nodes: list[dict[str, int]] = [{} for _ in checked.instances]
    for one in known:
        nodes[one.instance] |= {f"{one.name}/{side}": node for side, node in zip(_SIDES, one.sides, strict=True)}
    columns, values = traced_nodes(again, nodes, on_compile)
    found, rows = {}, again.decisions()
    for one in known:
        places = [columns.index(name) for side in _SIDES if (name := f"{one.name}/{side}") in columns]
        if len(places) == 2:
            miss = _nearest(one, rows, values[:, places], sets, chosen)
            if miss is not None:
                found[one.instance, one.rule, one.clause] = miss
    return found


def _comparisons(again: Again, checked: Checked, number: int, instance: Instance) -> Iterator[_Comparison]:
    bits = {(c.set, c.rule, c.name): c.bit for c in again.prepared.compiled.program.clauses}
    for group, rules in (("entries", instance.entries), ("exits", instance.exits)):
        for rule in rules:
            name = rule.rule.name.value
            must = rule.clauses[: len(rule.rule.clauses)]
            whole = sum(1 << bits[group, name, c.name] for c in must)
            for clause in must:
                node = checked.graph[clause.node]
                if node.op not in ("lt", "le"):
                    continue
                type_ = checked.facts.types[node.args[0]]
                bit = bits[group, name, clause.name]
                sign = _SIGN[node.op, bool(node.attrs.get("swapped"))]
                scale = _ratio(again, clause.span.start, clause.span.end)
                sides = (node.args[0], node.args[1])
                yield _Comparison(
                    number, f"{group}.{name}", clause.name, bit, whole & ~(1 << bit), sides, sign, type_, scale
                )


def _ratio(again: Again, start: int, end: int) -> str:
    """`bps` or `pct` where the clause, or a default of a parameter it names, says so."""
    text = again.prepared.source.text[start:end]
    words = text.replace("(", " ").replace(")", " ").split()
    shown = " ".join(again.prepared.shown_params.get(word.strip("-"), "") for word in words)
    return next((unit for unit in ("bps", "pct") if unit in words or unit in shown.split()), "")


def _nearest(
    one: _Comparison, rows: NDArray[np.int64], values: NDArray[np.float64], sets: NDArray[np.int8], chosen: Bools
) -> NearMiss | None:
    mask, group = rows[:, 2], one.rule.partition(".")[0]
    codes = (ENTRIES, BOTH) if group == "entries" else (EXITS, BOTH)
    others = np.int64(one.others - (1 << 64) if one.others >> 63 else one.others)
    fits = chosen & (rows[:, 1] >> INSTANCE_SHIFT == one.instance) & np.isin(sets, codes)
    fits &= (mask >> one.bit & 1 == 0) & (mask & others == others)
    if group == "entries" and one.others == 0:
        fits &= sets == ENTRIES  # an entry that was not asked leaves no bit, which looks like a miss
    short = values[:, 0] - values[:, 1]
    fits &= np.isfinite(short)
    if not fits.any():
        return None
    row = int(np.flatnonzero(fits)[np.argmin(short[fits])])
    left, right = values[row].tolist()
    swapped = one.sign.startswith(">")
    shown = [amount(v, one.type, one.ratio) for v in ((right, left) if swapped else (left, right))]
    unit = unit_of(one.type, one.ratio)
    return NearMiss(
        int(rows[row, 0]),
        f"{amount(abs(left - right), one.type, one.ratio)} {unit}".rstrip(),
        f"{shown[0]} {one.sign} {shown[1]}",
    )


def unit_of(type_: Type, ratio: str) -> str:
    """`USDC/BTC`, `bps`, or nothing for a pure number; durations carry theirs."""
    if type_.kind is Kind.DURATION:
        return "s"
    if type_.kind is not Kind.REAL or not type_.dim.exponents:
        return ratio if type_.kind is Kind.REAL else ""
    return str(type_.dim).replace(" per ", "/")


def amount(value: float, type_: Type, ratio: str) -> str:
    """A number as one reads it, without its unit."""
    if type_.kind is Kind.REAL and not type_.dim.exponents and ratio:
        value *= 1e4 if ratio == "bps" else 100.0
    return f"{value:,.6g}" if abs(value) < 1e6 else f"{value:,.2f}"

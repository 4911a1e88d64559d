"""Turns the probes of one decision into readable clauses: what each was, its values, how far from flipping."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .evaluate.evaluator import Machine
from .ir.nodes import Program
from .ir.types import duration_text

Number = int | float | bool
Table = Sequence[Mapping[str, Any]]

_SIGN = {"lt": "<", "le": "<=", "eq": "==", "ne": "!="}
_SWAPPED = {"lt": ">", "le": ">=", "eq": "==", "ne": "!="}


@dataclass(frozen=True, slots=True)
class Reading:
    """One clause in one decision. `distance` is how far a comparison is from flipping; None without a measure."""

    set: str
    rule: str
    name: str
    bit: int
    holds: bool
    text: str
    shortfall: str
    distance: float | None
    relative: float  # distance as a share of the larger side, to compare clauses of different units


@dataclass(frozen=True, slots=True)
class Decision:
    """The outcome of stepping the reference interpreter once, and the clauses it evaluated."""

    decided: bool
    reason: int
    mask: int
    readings: tuple[Reading, ...]


def explain_step(
    program: Program, table: Table, params: Sequence[int | float], state: Sequence[int], record: Sequence[int]
) -> Decision:
    """Run one event from `state` (the words just before it) and read every clause that was evaluated."""
    machine = Machine(program)
    machine.init(params)
    machine.load_state(state)
    out = machine.event(record)
    probes = dict(machine.probes)
    found = [_reading(row, probes) for row in table if _first_probe(row["tree"]) in probes]
    return Decision(out.decided, out.reason, out.mask, tuple(found))


def _first_probe(tree: Mapping[str, Any]) -> int:
    if tree["holds"] >= 0:
        return int(tree["holds"])
    return int(tree["value"]["probe"])


def _reading(row: Mapping[str, Any], probes: Mapping[int, Number]) -> Reading:
    tree = row["tree"]
    holds = bool(probes[tree["holds"]])
    distance, unit, size = _distance(tree, probes)
    shortfall = "" if distance is None else _amount(distance, unit, tree["text"])
    text = _text(tree, probes)
    relative = 0.0 if distance is None else distance / (size or 1.0)
    return Reading(row["set"], row["rule"], row["name"], row["bit"], holds, text, shortfall, distance, relative)


def _text(tree: Mapping[str, Any], probes: Mapping[int, Number]) -> str:
    match tree["op"]:
        case "and" | "or" as op:
            return f" {op} ".join(_text(child, probes) for child in tree["children"])
        case "not":
            return f"not ({_text(tree['children'][0], probes)})"
        case "value":
            return _operand(tree, probes, tree["text"])
    left, right = (_operand(child, probes, tree["text"]) for child in tree["children"])
    if tree["swapped"]:
        return f"{right} {_SWAPPED[tree['op']]} {left}"
    return f"{left} {_SIGN[tree['op']]} {right}"


def _operand(tree: Mapping[str, Any], probes: Mapping[int, Number], context: str) -> str:
    """`edge + 0.5 * lead = 1.05 bps (edge 0.9 bps, lead 0.3 bps)`; a literal stands for itself."""
    if tree["op"] != "value":
        return f"({_text(tree, probes)})"
    shown = tree["value"]
    value = _shown(shown, probes, context)
    parts = ", ".join(f"{p['text']} {_shown(p, probes, context)}" for p in tree["parts"])
    if _is_literal(shown["text"]):
        return str(shown["text"])
    if tree["holds"] >= 0:
        return f"{shown['text']} is {value}{f' ({parts})' if parts else ''}"
    joint = " = " if tree["parts"] else " "
    return f"{shown['text']}{joint}{value}{f' ({parts})' if parts and len(tree['parts']) > 0 else ''}"


_LITERAL = re.compile(r"-?\d[\d_.]*(e-?\d+)?\s*[A-Za-z]*(/[A-Za-z]+)?")


def _is_literal(text: str) -> bool:
    return _LITERAL.fullmatch(text) is not None


def _shown(shown: Mapping[str, Any], probes: Mapping[int, Number], context: str) -> str:
    if shown["present"] >= 0 and not probes[shown["present"]]:
        return "absent"
    return value_text(probes[shown["probe"]], shown["unit"], shown["decimals"], shown["tick_decimals"], context)


def value_text(value: Number, unit: str, decimals: int, tick_decimals: int, context: str) -> str:
    """A value as a trader reads it: prices on their decimals, small numbers in bps where the clause speaks of bps."""
    if unit == "bool":
        return "true" if value else "false"
    if unit == "duration":
        return duration_text(int(value))
    if unit in ("int", "time"):
        return str(int(value))
    if decimals >= 0:
        return f"{value / 10**decimals:,.{decimals}f}"
    if " per " in unit:
        return f"{value:,.{tick_decimals}f}"
    return _amount(float(value), unit, context)


def _amount(value: float, unit: str, context: str) -> str:
    if unit == "" and " bps" in context:
        return f"{value * 1e4:.4g} bps"
    if unit == "" and " pct" in context:
        return f"{value * 100:.4g} pct"
    if unit == "ns":
        return duration_text(int(value))
    text = f"{value:,.6g}" if abs(value) < 1e6 else f"{value:,.2f}"
    return f"{text} {unit}".rstrip()


def _distance(tree: Mapping[str, Any], probes: Mapping[int, Number]) -> tuple[float | None, str, float]:
    """How far a plain inequality is from flipping, its unit, and the larger side; None for what has no measure."""
    if tree["op"] not in ("lt", "le") or any(c["op"] != "value" for c in tree["children"]):
        return None, "", 0.0
    sides = [c["value"] for c in tree["children"]]
    if any(s["present"] >= 0 and not probes[s["present"]] for s in sides):
        return None, "", 0.0
    left, right = (_scaled(s, probes) for s in sides)
    unit = sides[0]["unit"] or sides[1]["unit"]
    unit = "ns" if unit == "duration" else "" if unit == "int" else unit
    return abs(left - right), unit, max(abs(left), abs(right))


def _scaled(shown: Mapping[str, Any], probes: Mapping[int, Number]) -> float:
    value = probes[shown["probe"]]
    return value / 10 ** shown["decimals"] if shown["decimals"] >= 0 else float(value)

"""Turns the probes of one decision into readable clauses: what each was, its values, how far from flipping."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..cython_core.layout import INSTANCE_SHIFT
from .evaluate.evaluator import Book, Machine
from .ir.nodes import Program
from .ir.types import duration_text

Number = int | float | bool
Table = Sequence[Mapping[str, Any]]

_SIGN = {"lt": "<", "le": "<=", "eq": "==", "ne": "!="}
_SWAPPED = {"lt": ">", "le": ">=", "eq": "==", "ne": "!="}


@dataclass(frozen=True, slots=True)
class Part:
    """A condition inside a clause. `name` is its name in `let`, or empty; `text` as the clause's own."""

    name: str
    holds: bool
    text: str
    shortfall: str
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Reading:
    """One clause in one decision. `distance` is how far a comparison is from flipping; None without a measure.

    `text` is a comparison with its values; of `and` and `or` it is what the author wrote, and `parts` have the values.
    """

    set: str
    rule: str
    name: str
    bit: int
    holds: bool
    text: str
    shortfall: str
    distance: float | None
    parts: tuple[Part, ...]
    relative: float  # distance as a share of the larger side, to compare clauses of different units


@dataclass(frozen=True, slots=True)
class Decision:
    """The outcome of stepping the reference interpreter once, and the clauses it evaluated."""

    decided: bool
    reason: int
    mask: int
    readings: tuple[Reading, ...]


def explain_step(
    program: Program,
    table: Table,
    params: Sequence[int | float],
    state: Sequence[int],
    record: Sequence[int],
    books: Mapping[int, Book] | None = None,
    row: int = 0,
) -> Decision:
    """Run one event from `state` (the words just before it) and read every clause that decision `row` evaluated.

    `books` are the books at that moment, by stream number; an event can bring a decision per instance.
    """
    machine = Machine(program, books)
    machine.init(params)
    machine.load_state(state)
    out = machine.event(record)
    probes = dict(machine.probes)
    if not out.decisions:
        return Decision(False, 0, 0, ())
    _, reason, mask = out.decisions[row]
    own = [line for line in table if line.get("instance", 0) == reason >> INSTANCE_SHIFT]
    found = [read_line(line, probes) for line in own if _first_probe(line["tree"]) in probes]
    return Decision(True, reason, mask, tuple(found))


def _first_probe(tree: Mapping[str, Any]) -> int:
    if tree["holds"] >= 0:
        return int(tree["holds"])
    return int(tree["value"]["probe"])


def read_line(row: Mapping[str, Any], probes: Mapping[int, Number]) -> Reading:
    """One line of the explain table with the values that one decision probed."""
    tree = row["tree"]
    holds = bool(probes[tree["holds"]])
    distance, _, size = _distance(tree, probes)
    relative = 0.0 if distance is None else distance / (size or 1.0)
    known = (row["set"], row["rule"], row["name"], row["bit"], holds)
    return Reading(*known, _text(tree, probes), _shortfall(tree, probes), distance, _parts(tree, probes), relative)


def _parts(tree: Mapping[str, Any], probes: Mapping[int, Number]) -> tuple[Part, ...]:
    if tree["op"] not in ("and", "or", "not"):
        return ()
    found: list[Part] = []
    for child in tree["children"]:
        if child["op"] == tree["op"] != "not" and not child["label"]:  # `a and b and c` is one list of three
            found += _parts(child, probes)
            continue
        name, holds = child["label"], bool(probes[child["holds"]])
        found.append(Part(name, holds, _text(child, probes), _shortfall(child, probes), _parts(child, probes)))
    return tuple(found)


def _text(tree: Mapping[str, Any], probes: Mapping[int, Number]) -> str:
    match tree["op"]:
        case "and" | "or" | "not":
            return str(tree["text"])
        case "value":
            return _operand(tree, probes, tree["scale"])
    left, right = (_operand(child, probes, tree["scale"]) for child in tree["children"])
    if tree["swapped"]:
        return f"{right} {_SWAPPED[tree['op']]} {left}"
    return f"{left} {_SIGN[tree['op']]} {right}"


def _operand(tree: Mapping[str, Any], probes: Mapping[int, Number], scale: str) -> str:
    """`edge + 0.5 * lead = 1.05 bps (edge 0.9 bps, lead 0.3 bps)`; a literal stands for itself."""
    if tree["op"] != "value":
        return f"({_text(tree, probes)})"
    shown = tree["value"]
    value = _shown(shown, probes, scale)
    parts = ", ".join(f"{p['text']} {_shown(p, probes, scale)}" for p in tree["parts"])
    if _is_literal(shown["text"]):
        return str(shown["text"])
    if tree["holds"] >= 0:
        return f"{shown['text']} is {value}{f' ({parts})' if parts else ''}"
    joint = " = " if tree["parts"] else " "
    return f"{shown['text']}{joint}{value}{f' ({parts})' if parts and len(tree['parts']) > 0 else ''}"


_LITERAL = re.compile(r"-?\d[\d_.]*(e-?\d+)?\s*[A-Za-z]*(/[A-Za-z]+)?")


def _is_literal(text: str) -> bool:
    return _LITERAL.fullmatch(text) is not None


def _shown(shown: Mapping[str, Any], probes: Mapping[int, Number], scale: str) -> str:
    if shown["present"] >= 0 and not probes[shown["present"]]:
        return "absent"
    return value_text(probes[shown["probe"]], shown["unit"], shown["decimals"], shown["tick_decimals"], scale)


def value_text(value: Number, unit: str, decimals: int, tick_decimals: int, scale: str) -> str:
    """A value as a trader reads it: prices on their decimals, ratios in bps where the clause speaks of bps."""
    if unit == "bool":
        return "true" if value else "false"
    if unit == "duration":
        return _span_text(int(value))
    if unit in ("int", "time"):
        return str(int(value))
    if decimals >= 0:
        return f"{value / 10**decimals:,.{decimals}f}"
    if " per " in unit:
        return f"{value:,.{tick_decimals}f}"
    return _amount(float(value), unit, scale)


def _shortfall(tree: Mapping[str, Any], probes: Mapping[int, Number]) -> str:
    """`11.97 USDC/BTC`, `0.45 bps`: prices on their decimals unless nothing would be left of them."""
    distance, unit, _ = _distance(tree, probes)
    if distance is None:
        return ""
    if unit == "ns":
        return _span_text(int(distance))
    decimals = max(child["value"]["tick_decimals"] for child in tree["children"])
    if " per " in unit and round(distance, decimals):
        return f"{distance:,.{decimals}f} {unit.replace(' per ', '/')}"
    return _amount(distance, unit, tree["scale"]).replace(" per ", "/")


def _span_text(ns: int) -> str:
    """A length of time as one reads it: `2h 50m`, `5.289s`, `3m 54.711s`; above a second no less than a ms."""
    if ns < 0:
        return f"-{_span_text(-ns)}"
    if ns < 1_000_000:
        return duration_text(ns)
    if ns < 1_000_000_000:
        return f"{ns / 1e6:.3f}".rstrip("0").rstrip(".") + "ms"
    parts, rest = [], round(ns, -6)
    for unit, size in (("d", 86_400_000_000_000), ("h", 3_600_000_000_000), ("m", 60_000_000_000)):
        count, rest = divmod(rest, size)
        if count:
            parts.append(f"{count}{unit}")
    return " ".join(parts if parts and not rest else [*parts, f"{rest / 1e9:.3f}".rstrip("0").rstrip(".") + "s"])


def _amount(value: float, unit: str, scale: str) -> str:
    if unit == "" and scale:
        return f"{value * (1e4 if scale == 'bps' else 100):.4g} {scale}"
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

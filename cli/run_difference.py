"""Two runs compared: what went in, where their results part, and which value parts first."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..cython_core.layout import INSTANCE_SHIFT, REASON_SHIFT, REASONS, STYLES
from ..runtime.backtest.money import Ints, atoms_text, decimal_text
from ..runtime.errors import RuntimeFault
from .blockers import clause_name
from .problem import Problem
from .runs import PastRun
from .value_difference import ValueDifference, values_at

_CODE, _RULE = (1 << REASON_SHIFT) - 1, 0xFFFF
TABLES = ("decisions", "orders", "fills", "equity")


@dataclass(frozen=True, slots=True)
class InputDifference:
    """Something that went into the runs, as text on both sides."""

    name: str
    a: str
    b: str


@dataclass(frozen=True, slots=True)
class TableDifference:
    """The first row in which a table differs: its time (epoch ns), and the row of each run as text."""

    table: str
    time: int
    row: int
    a: str
    b: str


@dataclass(frozen=True, slots=True)
class RunDifference:
    """`tables` are in the order of their first differences; `at` is the instant whose values are compared.

    `values` is None where no decision was made up to `at` by both runs, or nothing differs.
    """

    a: str
    b: str
    same: bool
    inputs: tuple[InputDifference, ...]
    tables: tuple[TableDifference, ...]
    at: int | None
    values: ValueDifference | None
    note: str = ""


def difference(
    a: PastRun, b: PastRun, at: int | None, data: Sequence[str] | None, on_compile: Callable[[], None]
) -> RunDifference:
    """Compare two runs; their values at `at` (epoch ns), or where their results first part.

    Raises `Problem` if a run cannot be taken again and its values are asked for by `at`.
    """
    inputs = tuple(_inputs(a.manifest, b.manifest))
    found = [one for name in TABLES if (one := _table(name, a, b)) is not None]
    found.sort(key=lambda one: (one.time, TABLES.index(one.table)))
    acting = [one for one in inputs if one.name != "flashc"]
    same = not found and not acting
    instant = at if at is not None else found[0].time if found else None
    values, note = None, ""
    if instant is not None:
        try:
            values = values_at(a, b, instant, data, on_compile)
        except (Problem, RuntimeFault) as problem:
            if at is not None:
                raise
            note = f"values cannot be compared: {_said(problem)}"
    return RunDifference(a.folder.name, b.folder.name, same, inputs, tuple(found), instant, values, note)


def _said(error: Problem | RuntimeFault) -> str:
    return error.message if isinstance(error, Problem) else error.first.message


# what went in


def _inputs(a: Mapping[str, Any], b: Mapping[str, Any]) -> list[InputDifference]:
    """In the order in which they act."""
    pairs: list[tuple[str, object, object]] = [
        ("strategy", a["strategy"], b["strategy"]),
        ("meaning of the strategy", a["hashes"]["ir"][:12], b["hashes"]["ir"][:12]),
        ("instruments", a["instruments"], b["instruments"]),
        ("data", _data(a), _data(b)),
        ("venue", _venue(a), _venue(b)),
    ]
    shown = a.get("shown_params", {}), b.get("shown_params", {})
    for name in dict.fromkeys((*a["params"], *b["params"])):
        if a["params"].get(name) != b["params"].get(name):
            pairs.append((f"parameter {name}", shown[0].get(name, "none"), shown[1].get(name, "none")))
    account = a["account"], b["account"]
    words = {
        "start": "money at the start",
        "maker": "maker fee",
        "taker": "taker fee",
        "slippage_ticks": "slippage in ticks",
    }
    pairs += [(word, account[0][key], account[1][key]) for key, word in words.items()]
    market = a.get("market") or {}, b.get("market") or {}
    pairs += [(f"market model: {key}", market[0].get(key), market[1].get(key)) for key in {**market[0], **market[1]}]
    pairs.append(("flashc", a["flashc"], b["flashc"]))
    return [InputDifference(name, _text(left), _text(right)) for name, left, right in pairs if left != right]


def _data(manifest: Mapping[str, Any]) -> str:
    from ..runtime.market_data.moments import moment_text

    known = manifest["data"]
    names = (re.sub(r"@[0-9]+$", "", str(name)).rpartition("/")[2] for name in manifest["sources"])
    sources = ", ".join(names)  # without versions: the hash tells whether the data is the same
    return f"{sources} {moment_text(known['from'])} to {moment_text(known['to'])}, hash {str(known['hash'])[:12]}"


def _venue(manifest: Mapping[str, Any]) -> str:
    return f"{manifest['venue']['name']} {str(manifest['venue']['hash'])[:12]}"


def _text(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(map(str, dict.fromkeys(value)))
    return "none" if value is None else str(value)


# tables


def _table(name: str, a: PastRun, b: PastRun) -> TableDifference | None:
    sides = [_Side(name, run, a, b) for run in (a, b)]
    left, right = sides[0].keys, sides[1].keys
    count = min(len(left), len(right))
    unequal = np.flatnonzero((left[:count] != right[:count]).any(axis=1))
    if not len(unequal) and len(left) == len(right):
        return None
    row = int(unequal[0]) if len(unequal) else count
    times = [int(side.keys[row, 0]) if row < len(side.keys) else None for side in sides]
    time = min(t for t in times if t is not None)
    texts = [
        side.row(row) if t == time else f"no {name.removesuffix('s')} then"
        for side, t in zip(sides, times, strict=True)
    ]
    return TableDifference(name, time, row, *texts)


class _Side:
    """One table of one run: comparable keys, and a row as text."""

    def __init__(self, name: str, run: PastRun, a: PastRun, b: PastRun) -> None:
        self.name, self.run = name, run
        self.table = run.table(name)
        rules = list(dict.fromkeys((*a.manifest["rules"], *b.manifest["rules"])))
        self.numbers = np.array([rules.index(rule) for rule in run.manifest["rules"]] or [0], dtype=np.int64)
        self.masks = a.manifest["clauses"] == b.manifest["clauses"]
        self.keys = self._keys()

    def _keys(self) -> Ints:
        table = self.table
        if self.name == "equity":
            columns = [table["time"], table["equity"]]
        elif self.name == "decisions":
            reason = table["reason"]
            mask = table["mask"] if self.masks else np.zeros_like(reason)
            rule = self._rules(reason >> REASON_SHIFT & _RULE)
            columns = [table["time"], reason >> INSTANCE_SHIFT, reason & _CODE, rule, mask]
        else:
            names = ("side", "qty", "price") + (("style", "status") if self.name == "orders" else ("value", "fee"))
            columns = [table["time"], table["instrument"], self._rules(table["rule"]), *(table[n] for n in names)]
        return np.column_stack(columns).astype(np.int64)

    def _rules(self, numbers: Ints) -> Ints:
        found: Ints = self.numbers[np.clip(numbers, 0, len(self.numbers) - 1)]
        return found

    def row(self, row: int) -> str:
        """What the row says."""
        at = {name: int(column[row]) for name, column in self.table.items()}
        if self.name == "equity":
            return f"{atoms_text(at['equity'])}"
        if self.name == "decisions":
            return self._decision(at["reason"], at["mask"])
        grid = self.run.manifest["grids"][at["instrument"]]
        base = str(grid["symbol"]).partition("/")[0]
        lots = f"{'buy' if at['side'] > 0 else 'sell'} {decimal_text(at['qty'], grid['qty_decimals'])} {base}"
        price = decimal_text(at["price"], grid["price_decimals"])
        rule = self.run.manifest["rules"][at["rule"]] if 0 <= at["rule"] < len(self.run.manifest["rules"]) else ""
        if self.name == "orders":
            limit = f" at {price}" if at["price"] else ""
            return f"{lots} {STYLES[at['style']]}{limit} ({rule})"
        return f"{lots} at {price}, fee {atoms_text(at['fee'])} ({rule})"

    def _decision(self, word: int, mask: int) -> str:
        reason, number = REASONS[word & _CODE], word >> REASON_SHIFT & _RULE
        plain = reason in ("not_armed", "no_entry", "no_exit", "in_flight")
        about = "" if plain else f" {self.run.manifest['rules'][number]}"
        several = len(self.run.manifest["instruments"]) > 1
        whose = f"{self.run.manifest['instruments'][word >> INSTANCE_SHIFT]}: " if several else ""
        return f"{whose}{reason.replace('_', ' ')}{about}{self._held(reason, number, mask)}"

    def _held(self, reason: str, rule: int, mask: int) -> str:
        """Which clauses held, where the reason says whose they are."""
        rules = self.run.manifest["rules"]
        by_reason = {"no_entry": "entries", "entered": "entries", "no_exit": "exits", "exited": "exits"}
        group = by_reason.get(reason, "" if reason in ("not_armed", "in_flight") else rules[rule].partition(".")[0])
        own = [c for c in self.run.manifest["clauses"] if c["set"] == group]
        held = [clause_name(c["rule"], c["name"]) for c in own if mask >> c["bit"] & 1]
        return f"; held: {', '.join(held) or 'no clause'}" if own else ""

"""The value of one expression at each bar of random bars: what the tests of library functions compare."""

from __future__ import annotations

import random
from dataclasses import dataclass

from flashc.compiler.evaluate.evaluator import Machine
from flashc.compiler.frontend.check import check
from flashc.compiler.pipeline import Compiled, compile_checked
from flashc.cython_core.layout import FLAG_INSTANT_END, KIND_BAR, head
from flashc.dsl.document_reader import read_document
from flashc.dsl.source import Source

MINUTE = 60_000_000_000
START = 1_700_000_000 // 60 * MINUTE


@dataclass(frozen=True)
class Bars:
    """Columns in whole units: prices in quote, volume in base, close times in ns."""

    time: list[int]
    open: list[float]
    high: list[float]
    low: list[float]
    close: list[float]
    volume: list[float]
    records: list[list[int]]


def random_bars(count: int, seed: int, flat: bool = False) -> Bars:
    rng = random.Random(seed)
    price, records = 6_000_000, []
    for k in range(count):
        start = price
        price = max(100, price + (0 if flat and k % 7 else rng.randint(-3000, 3000)))
        high, low = max(start, price) + rng.randint(0, 900), min(start, price) - rng.randint(0, 900)
        if flat and k % 7:
            high = low = start
        volume = 0 if rng.random() < 0.1 else rng.randint(1, 5_000_000)
        time = START + (k + 1) * MINUTE
        records.append(
            [
                time,
                head(KIND_BAR, FLAG_INSTANT_END, 0, rng.randint(0, 50)),
                start,
                high,
                low,
                price,
                volume,
                price * volume,
            ]
        )
    columns = [[r[w] / 100 for r in records] for w in (2, 3, 4, 5)]
    return Bars([r[0] for r in records], *columns, [r[6] / 1e6 for r in records], records)


def strategy(expression: str) -> str:
    return f"""flash: 1
strategy: probe
trade: BTC/USDC
decide: 1m
{"params: {len: {type: int, default: 10, in: 2..40}}" if "len" in expression else ""}
let:
  value: {expression}
entries:
  long:
    when:
      shown: {"value or not value" if is_condition(expression) else "value <= value"}
      never: close < 0.01 USDC/BTC
    size: 1 BTC
exits:
  out: pos.age > 1m
"""


BOOLEAN = (
    "cross_",
    "rising",
    "falling",
    "session",
    "near",
    "same_tick",
    "debounce",
    "hysteresis",
    "hold_for",
    "confirm",
)


def is_condition(expression: str) -> bool:
    return expression.startswith(BOOLEAN) or (expression.startswith("supertrend") and expression.endswith(".up"))


def compile_text(text: str) -> Compiled:
    document, found = read_document(Source("probe.yaml", text))
    assert not found.errors, [d.message for d in found]
    assert document is not None
    checked, found = check(document)
    assert checked is not None, [(d.code, d.message) for d in found]
    return compile_checked(checked)


def series(expression: str, bars: Bars, records: list[list[int]] | None = None) -> list[float | None]:
    """The value of an expression at each bar (or each of `records`, of several streams); see `shown_value`."""
    compiled = compile_text(strategy(expression))
    machine = Machine(compiled.program)
    machine.init([p.default for p in compiled.program.params])
    out: list[float | None] = []
    for record in records or bars.records:
        machine.probes.clear()
        machine.event(record)
        out.append(shown_value(compiled, machine))
    return out


def shown_value(compiled: Compiled, machine: Machine) -> float | None:
    """What the clause `shown` says of `value` after an event; None until the program is armed, or where it is absent."""
    row = next(r for r in compiled.explain if r["name"] == "shown")
    shown, found = _named(row["tree"], "value"), dict(machine.probes)
    absent = shown["present"] >= 0 and not found.get(shown["present"])
    value = None if absent else found.get(shown["probe"])
    return value / 10 ** shown["decimals"] if value is not None and shown["decimals"] >= 0 else value


def _named(tree: dict, name: str) -> dict:  # type: ignore[type-arg]
    candidates = [tree["value"], *tree["parts"]] if tree["value"] else []
    for child in tree["children"]:
        candidates += [child["value"], *child["parts"]]
    return next(c for c in candidates if c is not None and c["text"] == name)

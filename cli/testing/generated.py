"""Data that a seed makes, for tests: the generators of `flashc data synth`, kept by what they are made of.

The same file, seed and release give the same data, on every machine. A test names a kind and little else: prices, grids
and periods are those that the strategy needs.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, replace
from fractions import Fraction
from math import gcd
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from ...compiler.frontend.assertions import CheckedTest
from ...compiler.ir.nodes import Program
from ...dsl.diagnostics import Diagnostic, Label
from ...runtime.cache_root import cache_root
from ...runtime.market_data.moments import parse_moment

if TYPE_CHECKING:
    from ...runtime.market_data.synth.bars import SynthParameters
    from ...runtime.market_data.synth.book import BookParameters

#: Raise it when a generator changes, so that data made before is not found.
VERSION = 1
_NS = 10**9
_MINUTE = 60 * _NS

#: What each kind means for bars.
BARS: Mapping[str, Mapping[str, Any]] = MappingProxyType(
    {
        "walk": {"regime": "walk"},
        "trend": {"regime": "trend", "trend_strength": 0.1},
        "range": {"regime": "range"},
        "mixed": {"regime": "mixed", "regime_bars": 240},
        "jumps": {"regime": "walk", "jump_rate": 0.02, "jump_size": 0.02},
        "gaps": {"regime": "walk", "missing_rate": 0.05, "outage_rate": 0.005, "outage_bars": 30},
        "still": {"regime": "walk", "still_rate": 0.3},
    }
)

#: What each kind means for a book and its trades.
BOOKS: Mapping[str, Mapping[str, Any]] = MappingProxyType(
    {
        "walk": {},
        "jumps": {"volatility": 0.0005},
        "gaps": {"defects": ("sequence_gap", "duplicate_update")},
        "empty_book": {"defects": ("one_sided_book",)},
        "crossed_book": {"defects": ("crossed_book",)},
    }
)


def generated_data(test: CheckedTest, program: Program) -> list[str] | Diagnostic:
    """The paths of data sets for every instrument that the program reads; made when they are asked for first."""
    made = test.decl.generate
    assert made is not None
    books = any(s.kind in ("book", "trade") for s in program.streams)
    kinds = BOOKS if books else BARS
    if made.kind.value not in kinds:
        what = "a book" if books else "bars"
        helps = (f"for {what} there are {', '.join(kinds)}",)
        message = f"`{made.kind.value}` is no kind of {what}"
        return Diagnostic("FC0809", message, Label(made.kind.span, f"this strategy reads {what}"), helps=helps)
    if made.begin is not None and parse_moment(made.begin.value) is None:
        helps = ("write 2024-03-01 or 2024-03-01T09:30 (UTC)",)
        return Diagnostic("FC0809", f"`{made.begin.value}` is not a time", Label(made.begin.span), helps=helps)
    symbols = dict.fromkeys(s.symbol for s in program.streams if s.symbol)
    found: list[str] = []
    for symbol in symbols:
        parameters = (_book if books else _bars)(test, program, symbol, dict(kinds[made.kind.value]))
        problems = parameters.problems()
        if problems:
            return Diagnostic("FC0809", "these settings give no data", Label(made.kind.span), notes=tuple(problems))
        found.append(str(_kept(parameters, books)))
    return found


def _common(
    test: CheckedTest, program: Program, symbol: str, given: dict[str, Any]
) -> tuple[dict[str, Any], float | None]:
    """What both generators are told, and the price if the test says one."""
    made = test.decl.generate
    assert made is not None
    given |= {"seed": made.seed.value if made.seed is not None else 1, "instrument": symbol}
    begin = None if made.begin is None else parse_moment(made.begin.value)
    if begin is not None:
        given["start_ns"] = begin
    if "volatility" in test.generate:
        given["volatility"] = float(Fraction(test.generate["volatility"].value))
    own = any(s.symbol == symbol and s.instrument == test.aliases[0] for s in program.streams)
    price = float(Fraction(test.generate["price"].value)) if own and "price" in test.generate else None
    return given, price


def _length_ns(test: CheckedTest, default: int) -> int:
    return int(test.generate["length"].value) if "length" in test.generate else default


def _bars(test: CheckedTest, program: Program, symbol: str, kind: dict[str, Any]) -> SynthParameters:
    from ...runtime.market_data.synth.bars import SynthParameters, for_instrument

    given, price = _common(test, program, symbol, kind)
    period = gcd(*(s.period_ns for s in program.streams if s.kind == "bar")) or _MINUTE
    base = for_instrument(SynthParameters(instrument=symbol), price)
    noise = base.volatility * (period / _MINUTE) ** 0.5
    bars = max(1, _length_ns(test, 1_000 * period) // period)
    return replace(base, **{"volatility": noise, **given, "bars": bars, "period_ns": period})


def _book(test: CheckedTest, program: Program, symbol: str, kind: dict[str, Any]) -> BookParameters:
    from ...runtime.market_data.synth.book import BookParameters, book_for_instrument

    given, price = _common(test, program, symbol, kind)
    depth = max((s.depth for s in program.streams if s.kind == "book"), default=1)
    base = book_for_instrument(BookParameters(instrument=symbol, levels=max(20, depth), events_per_s=50.0), price)
    return replace(base, **given, duration_s=max(1, _length_ns(test, 60 * _NS) // _NS))


def _kept(parameters: SynthParameters | BookParameters, books: bool) -> Path:
    """The folder of the data set; it is named by everything that it is made of."""
    from ...runtime.market_data.store.places import table_at
    from ...runtime.market_data.store.sets import save
    from ...runtime.market_data.store.table_log import exists

    text = json.dumps([VERSION, books, asdict(parameters)], sort_keys=True, default=list)
    name = f"{'book' if books else 'bars'}_{hashlib.sha256(text.encode()).hexdigest()[:24]}"
    root = cache_root() / "generated"
    if exists(table_at(root, name)):
        return root / name
    if books:
        from ...runtime.market_data.synth.book import generate_book

        save(generate_book(parameters, name), root, True)  # type: ignore[arg-type]
        return root / name
    from ...runtime.market_data.synth.bars import generate

    save(generate(parameters, name), root, True)  # type: ignore[arg-type]
    return root / name

"""The facts of an artefact as plain values: what it needs, what it may cost, what it was made from.

Everything is a function of the strategy, the venue profile and the compiler: no times, no paths, no host.
"""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from typing import get_args

from ..cython_core.artifact_format import MANIFEST_VERSION, digest
from ..cython_core.kernel_stamp import kernel_name
from ..dsl.ast import Expr
from ..dsl.document import Located
from ..dsl.expression_printer import print_expression
from ..dsl.source import Span
from .backends.work import work_bound
from .frontend.report import armed, warm_up
from .ir.layout import layout_hash, offsets, state_words
from .ir.nodes import Program, Stream
from .ir.types import Clock
from .library.edition import LIBRARY_HASH
from .lower.machine.slots import FLATTENERS
from .pipeline import Compiled
from .venues.profile import VenueProfile, profile

_EXPRESSIONS = get_args(Expr)


def manifest(compiled: Compiled) -> dict[str, object]:
    """What is known without the folder's files; `artifact.py` adds their hashes and the C object's facts."""
    program, checked = compiled.program, compiled.checked
    venue = profile(checked.document.venue.value)
    return {
        "manifest": MANIFEST_VERSION,
        "edition": {"number": program.edition, "library": LIBRARY_HASH},
        "strategy": program.name,
        "hashes": _hashes(compiled, venue.hash),
        "kernel": kernel_file(compiled),
        "venue": {"name": venue.name, "hash": venue.hash, "taken": venue.taken},
        "instrument": _instrument(compiled, venue, checked.traded[0]),
        "instances": _instances(compiled, venue),
        "min_gap_ns": program.min_gap_ns,
        "lateness_ns": program.lateness_ns,
        "needs": _needs(compiled),
        "armed": armed(checked),
        "params": [
            {"name": p.label, "type": p.type, "default": p.default, "low": p.low, "high": p.high}
            for p in program.params
        ],
        "capital": {"start": capital_start(compiled)},
        "risk": _plain(checked.document.risk) or {},
        "state": {"words": state_words(program), "slots": _slots(program)},
        "clauses": [{"set": c.set, "rule": c.rule, "name": c.name, "bit": c.bit} for c in program.clauses],
        "rules": rule_names(compiled),
        "bounds": bounds(program),
    }


def kernel_file(compiled: Compiled) -> str:
    return f"{kernel_name(compiled.kernel)}.py"


def rule_names(compiled: Compiled) -> list[str]:
    """By rule number: entries, exits, then the limits that sell everything."""
    checked = compiled.checked
    names = [f"entries.{r.rule.name.value}" for r in checked.entries] + [
        f"exits.{r.rule.name.value}" for r in checked.exits
    ]
    return [*names, *(f"risk.{name}" for name in FLATTENERS)]


def capital_start(compiled: Compiled) -> str:
    """Starting cash in whole quote units, as decimal text."""
    node = compiled.checked.capital.start
    return "10000" if node is None else str(compiled.checked.graph[node].attrs["value"])


def bounds(program: Program) -> dict[str, int]:
    """State in bytes and the greatest work of one event in FIR operations."""
    return {"state_bytes": 8 * state_words(program), "ops_per_event": work_bound(program)}


def _hashes(compiled: Compiled, venue_hash: str) -> dict[str, str]:
    return {
        "ir": compiled.ir_hash,
        "kernel": compiled.kernel_hash,
        "slots": layout_hash(compiled.program),
        "source": digest(compiled.checked.document.source.text),
        "venue": venue_hash,
    }


def _instances(compiled: Compiled, venue: VenueProfile) -> list[dict[str, object]]:
    program = compiled.program
    return [
        {
            **_instrument(compiled, venue, instance.alias),
            "decides": next(str(s.stream) for s in program.segments if s.trigger == "decide" and s.instance == number),
            "rules": len(instance.entries) + len(instance.exits),
        }
        for number, instance in enumerate(compiled.checked.instances)
    ]


def _instrument(compiled: Compiled, venue: VenueProfile, alias: str) -> dict[str, object]:
    declared = compiled.checked.document.instruments
    facts = venue.instruments[next(i.symbol.value for i in declared if i.alias.value == alias)]
    return {
        "alias": alias,
        "symbol": facts.symbol,
        "price_decimals": facts.price_decimals,
        "qty_decimals": facts.qty_decimals,
        "min_notional": str(facts.min_notional),
        "min_qty": str(facts.min_qty),
        "maker_fee": str(facts.maker_fee),
        "taker_fee": str(facts.taker_fee),
    }


def _needs(compiled: Compiled) -> list[dict[str, object]]:
    """The streams in the program's order, each with the ticks that must pass before rules may fire."""
    ticks = warm_up(compiled.checked)
    return [_stream(stream, compiled.program, ticks) for stream in compiled.program.streams]


def _stream(stream: Stream, program: Program, ticks: dict[Clock, tuple[int, int]]) -> dict[str, object]:
    usual, most = ticks.get(Clock(stream.kind, stream.instrument, stream.period_ns), (0, 0))
    return {
        "name": stream.name,
        "kind": stream.kind,
        "instrument": stream.instrument,
        "symbol": stream.symbol,
        "period_ns": stream.period_ns,
        "price_decimals": stream.price_decimals,
        "qty_decimals": stream.qty_decimals,
        "depth": stream.depth,
        "optional": stream.optional,
        "decides": any(s.trigger == "decide" and s.stream == stream.name for s in program.segments),
        "warm_up": {"default": usual, "most": most},
    }


def _slots(program: Program) -> list[dict[str, object]]:
    at = offsets(program)
    return [
        {"id": s.id, "type": s.type, "words": s.words, "offset": at[s.name], "label": s.label} for s in program.slots
    ]


def _plain(value: object) -> object:
    """A block of the document without places: expressions as the formatter writes them, nothing that is not said."""
    if isinstance(value, Located):
        return _plain(value.value)
    if isinstance(value, (str, int, bool)) or value is None:
        return value
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    if isinstance(value, _EXPRESSIONS):
        return print_expression(value)
    assert is_dataclass(value) and not isinstance(value, type), f"no plain form of {value!r}"
    parts = ((f.name, getattr(value, f.name)) for f in fields(value))
    kept = ((name, _plain(part)) for name, part in parts if not isinstance(part, Span))
    return {name: part for name, part in kept if part not in (None, [], False)}

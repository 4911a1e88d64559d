"""The values of names and expressions at the decisions of a run."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches

import numpy as np

from ..compiler.frontend.check import check
from ..compiler.ir.hir import Checked
from ..compiler.ir.types import Kind, Type
from ..cython_core.layout import INSTANCE_SHIFT, REASON_SHIFT, REASONS
from ..dsl.diagnostics import Diagnostics
from ..dsl.document import Document, Located, NamedExpr
from ..dsl.expression_parser import parse_expression
from ..dsl.source import Source
from ..runtime.backtest.money import Ints
from ..runtime.report.series import Floats
from .again import Again, take_again, traced_nodes
from .history import Bools
from .near import unit_of
from .problem import Problem
from .runs import PastRun
from .stretch import rows_between

_KINDS = (Kind.BOOL, Kind.INT, Kind.REAL, Kind.DURATION, Kind.TIME)
_REASON = (1 << REASON_SHIFT) - 1
_UNITS = {"ms": 10**6, "s": 10**9, "m": 60 * 10**9, "h": 3600 * 10**9, "d": 86_400 * 10**9}
#: Most numbers in memory.
_MOST = 1 << 27


@dataclass(frozen=True, slots=True)
class Wanted:
    """Names of `let` and expressions; a stretch (epoch ns); a period (ns) of which the last decision counts."""

    names: tuple[str, ...]
    expressions: tuple[str, ...]
    between: tuple[int | None, int | None]
    every_ns: int | None
    instrument: str | None


@dataclass(frozen=True, slots=True)
class Column:
    """`kind` decides how values are written; `unit` is empty for pure numbers."""

    name: str
    unit: str
    kind: Kind

    @property
    def header(self) -> str:
        return f"{self.name} [{self.unit}]" if self.unit else self.name


@dataclass(frozen=True, slots=True)
class Traced:
    """Rows in time order: times in epoch ns, instrument numbers, one column of doubles per value (NaN: absent)."""

    run: str
    strategy: str
    symbols: tuple[str, ...]
    time: Ints
    instrument: Ints
    columns: tuple[Column, ...]
    values: Floats


def period(text: str) -> int:
    """`1s`, `250ms`, `4h` in ns. Raises `Problem`."""
    number = text.rstrip("abcdefghijklmnopqrstuvwxyz")
    unit = _UNITS.get(text[len(number) :])
    if unit is None or not number.isdigit() or int(number) == 0 or len(number) > 9:
        raise Problem(f"`--every {text}` is not a length of time", helps=("write 250ms, 1s, 5m, 4h or 1d",))
    return int(number) * unit


def traced(past: PastRun, wanted: Wanted, data: Sequence[str] | None, on_compile: Callable[[], None]) -> Traced:
    """The table. Raises `Problem` for unknown names, what the run has no events for, an empty stretch."""
    again = take_again(past, data)
    checked, names = _with_expressions(again, wanted)
    rows = again.decisions()
    chosen = rows_between(rows[:, 0], *wanted.between, str(past.folder))
    if len(rows) * max(1, len(names)) > _MOST:
        raise Problem("too many values for the memory", helps=("trace fewer names, or a run over a shorter time",))
    nodes = [{name: one.lets[name] for name in names} for one in checked.instances]
    made, values = traced_nodes(again, nodes, on_compile, checked)
    columns = _columns(checked, made, names, wanted)
    places = [made.index(label) for label, _ in columns]
    values = np.where((rows[:, 1] & _REASON == REASONS.index("not_armed"))[:, None], np.nan, values[:, places])
    keep = _kept(again, rows, chosen, wanted)
    symbols = tuple(past.manifest["instruments"])
    shown = tuple(column for _, column in columns)
    strategy = str(past.manifest["strategy"])
    return Traced(
        past.folder.name, strategy, symbols, rows[keep, 0], rows[keep, 1] >> INSTANCE_SHIFT, shown, values[keep]
    )


def _kept(again: Again, rows: Ints, chosen: Bools, wanted: Wanted) -> Ints:
    """Row numbers: of the instrument, and of each period the last one of each instrument."""
    own = rows[:, 1] >> INSTANCE_SHIFT
    if wanted.instrument is not None:
        chosen = chosen & (own == _number(again, wanted.instrument))
    kept: Ints = np.flatnonzero(chosen)
    if wanted.every_ns is None or not len(kept):
        return kept
    bucket = rows[kept, 0] // wanted.every_ns * np.int64(len(again.past.manifest["instruments"])) + own[kept]
    _, last = np.unique(bucket[::-1], return_index=True)
    return np.sort(kept[len(kept) - 1 - last])


def _number(again: Again, name: str) -> int:
    symbols, aliases = list(again.past.manifest["instruments"]), list(again.prepared.compiled.checked.traded)
    for names in (aliases, symbols):
        if name in names:
            return names.index(name)
    raise Problem(f"the run does not trade `{name}`", helps=(f"it trades {', '.join(aliases)}",))


# names and expressions


def _with_expressions(again: Again, wanted: Wanted) -> tuple[Checked, list[str]]:
    """The strategy with every expression as one more equation, and the names to trace."""
    checked = again.prepared.compiled.checked
    lets = checked.instances[0].lets
    names = [_let(name, checked) for name in wanted.names]
    if not wanted.names and not wanted.expressions:
        names = [name for name, node in lets.items() if _shows(checked.facts.types[node])]
        if not names:
            raise Problem("the strategy names no values", helps=("`--expr close` traces an expression",), code="FC1111")
    names = list(dict.fromkeys(names))
    document, own = checked.document, list[str]()
    for number, text in enumerate(wanted.expressions):
        name = f"trace_{number}"
        document, own = _one_more(document, name, text), [*own, name]
    if not own:
        return checked, names
    found, bag = check(document)
    if found is None or bag.errors:
        raise _unusable(" ".join(wanted.expressions), bag)
    _same_inputs(checked, found)
    for name in own:
        if not _shows(found.facts.types[found.instances[0].lets[name]]):
            raise Problem(f"`--expr {wanted.expressions[own.index(name)]}` has no value to print", code="FC1111")
    return found, [*names, *own]


def _let(name: str, checked: Checked) -> str:
    """The equation that a name stands for: `bands`, or `bands.upper`."""
    lets = checked.instances[0].lets
    bare, dot, part = name.partition(".")
    if bare not in lets:
        near = get_close_matches(bare, list(lets), n=1)
        helps = [f"did you mean `{near[0]}`?"] if near else []
        helps.append(f"it has {', '.join(lets)}" if lets else "it has none; `--expr` traces an expression")
        raise Problem(f"the strategy has no `let` called `{bare}`", helps=tuple(helps), code="FC1111")
    type_ = checked.facts.types[lets[bare]]
    fields = [field for field, _ in type_.fields]
    if dot and part not in fields:
        said = f"it has {', '.join(fields)}" if fields else "it is one value"
        raise Problem(f"`{bare}` has no part `{part}`", helps=(said,), code="FC1111")
    if not _shows(type_):
        raise Problem(f"`{bare}` is not a number or a condition", code="FC1111")
    return bare


def _shows(type_: Type) -> bool:
    parts = [part for _, part in type_.fields] if type_.kind is Kind.RECORD else [type_]
    return all(part.kind in _KINDS for part in parts)


def _one_more(document: Document, name: str, text: str) -> Document:
    source, bag = Source("--expr", text), Diagnostics()
    value = parse_expression(source, source.span(0, len(text)), bag)
    if value is None or bag.errors:
        raise _unusable(text, bag)
    made = NamedExpr(Located(name, source.span(0, len(text)), written=False), value)
    return replace(document, lets=(*document.lets, made))


def _unusable(text: str, bag: Diagnostics) -> Problem:
    notes = tuple(f"{error.code}: {error.message}" for error in bag.errors)
    helps = tuple(line for error in bag.errors for line in error.helps)
    return Problem(f"`--expr {text}` cannot be traced", notes=notes, helps=helps[:2], code="FC1111")


def _same_inputs(before: Checked, after: Checked) -> None:
    """An expression must do with the events of the run."""
    streams = [{(s.clock, s.depth) for s in c.streams} for c in (before, after)]
    timers = [{c for own in one.facts.clocks.values() for c in own if c.kind == "timer"} for one in (before, after)]
    extra = [str(clock) for clock, _ in sorted(streams[1] - streams[0], key=str)] + [
        str(c) for c in sorted(timers[1] - timers[0], key=str)
    ]
    if extra:
        said = f"an expression needs {', '.join(extra)}, which the run did not have"
        raise Problem(said, helps=("use what the strategy reads itself",), code="FC1111")


def _type(checked: Checked, node: int, part: str) -> Type:
    type_ = checked.facts.types[node]
    return dict(type_.fields)[part] if part else type_


def _columns(checked: Checked, made: Sequence[str], names: Sequence[str], wanted: Wanted) -> list[tuple[str, Column]]:
    """(label of the trace, column) in the order in which they were asked for."""
    asked = list(wanted.names) or [name for name in names if not name.startswith("trace_")]
    asked += [f"trace_{k}" for k in range(len(wanted.expressions))]
    found: list[tuple[str, Column]] = []
    for name in dict.fromkeys(asked):
        bare, dot, _ = name.partition(".")
        labels = [name] if dot else [m for m in made if m == bare or m.startswith(f"{bare}.")]
        missing = not labels or any(label not in made for label in labels)
        if missing:
            what = wanted.expressions[int(bare[6:])] if bare.startswith("trace_") else bare
            helps = ("use what the strategy's rules read",)
            raise Problem(f"`{what}` needs events which the run did not have", helps=helps, code="FC1111")
        for label in labels:
            types = [_type(checked, one.lets[bare], label.partition(".")[2]) for one in checked.instances]
            unit = " or ".join(dict.fromkeys(unit_of(type_, "") for type_ in types))
            shown = label
            if bare.startswith("trace_") and bare not in wanted.names:
                shown = wanted.expressions[int(bare.removeprefix("trace_"))] + label.removeprefix(bare)
            found.append((label, Column(shown, unit, types[0].kind)))
    return found

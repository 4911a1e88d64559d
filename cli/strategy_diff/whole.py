"""What belongs to the whole file: parameters, clocks, inputs, warm-up, state, and the hash of the compiled program."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from ...compiler.ir.hir import Checked
from ...compiler.ir.types import duration_text
from ...compiler.pipeline import STAGES, compile_checked
from ...dsl.ast import Expr
from ...dsl.diagnostics import FlashcError
from ...dsl.document import ParamDecl
from ...dsl.meaning import meaning
from ...dsl.source import Span
from .change import Change, Kind, Place
from .spelling import renaming
from .warmth import growth, streams, ticks

#: Slots of these paths are computed anew at every start: nothing is lost with them.
_COMPUTED = ("setup/",)
#: Items that act beside the compiled program: the cash that a run starts with.
_BESIDE = frozenset({"capital.start"})


@dataclass(frozen=True, slots=True)
class Built:
    """The compiled program as far as it matters here. Without a hash when the strategy cannot be run yet."""

    ir_hash: str = ""
    slots: Mapping[str, tuple[str, int]] = field(default_factory=dict)  # id -> (label, words)

    @staticmethod
    def of(checked: Checked) -> Built:
        try:
            made = compile_checked(checked, stop_after=STAGES[-2], verify=False)
        except FlashcError:
            return Built()
        kept = (s for s in made.program.slots if not s.label.startswith(_COMPUTED))
        return Built(made.ir_hash, {s.id: (s.label, s.words) for s in kept})


def changes(a: Checked, b: Checked, params: Mapping[str, str], built: tuple[Built, Built]) -> list[Change]:
    """All of them."""
    found = [*_parameters(a, b, params), *_constraints(a, b, params), *_clock(a, b), *_trade(a, b), *_inputs(a, b)]
    return [*found, *_state(*built)]


def without_effect(built: tuple[Built, Built], known: Sequence[Change]) -> list[Change]:
    """Where the programs are equal, what rules, orders and limits seem to change has no effect in this file."""
    if not built[0].ir_hash or built[0].ir_hash != built[1].ir_hash:
        return list(known)
    acting = (Kind.SIGNAL, Kind.EXECUTION, Kind.RISK_LOOSENED, Kind.RISK_TIGHTENED)
    return [
        replace(c, kind=Kind.COSMETIC, said=f"{c.said}, without effect: the compiled programs are equal")
        if c.kind in acting and c.item not in _BESIDE
        else c
        for c in known
    ]


def unexplained(built: tuple[Built, Built], known: Sequence[Change]) -> list[Change]:
    """A last line of defence: programs that differ although every change found is one of names and layout.

    Naming a value, or writing it out, may lay out the program differently; what it decides is proved equal by forms.
    """
    silent = all(c.kind in (Kind.COSMETIC, Kind.STATE) for c in known)
    told = any(REHASHED in c.consequences or c.rewritten for c in known)
    if built[0].ir_hash == built[1].ir_hash or not silent or told:
        return []
    said = "the compiled programs differ in a way that none of the above explains"
    return [Change(Kind.SIGNAL, "program", said)]


#: Of cosmetic changes that nevertheless change the hash: parameters, instruments and clauses are numbered in it.
REHASHED = "the program's hash changes: the order and names of these are part of it"


def _written(checked: Checked, expr: Expr | None) -> Place | None:
    return None if expr is None else _place(checked, expr.span)


def _place(checked: Checked, span: Span) -> Place:
    return Place(span, " ".join(checked.document.source.slice(span).split()))


# parameters


def _parameters(a: Checked, b: Checked, names: Mapping[str, str]) -> Iterator[Change]:
    before = {p.name.value: p for p in a.document.params}
    after = {names.get(p.name.value, p.name.value): p for p in b.document.params}
    for name in dict.fromkeys((*before, *after)):
        old, new, item = before.get(name), after.get(name), f"params.{name}"
        if old is None or new is None:
            said = "new parameter" if old is None else "parameter removed"
            yield Change(Kind.DEFAULT, item, said, _declared(a, old), _declared(b, new))
            continue
        if old.name.value != new.name.value:
            said = f"renamed to {new.name.value}"
            places = (_place(a, old.name.span), _place(b, new.name.span))
            yield Change(Kind.DEFAULT, item, said, *places, ("`--set`, sweeps and run folders use its name",))
        yield from _declaration(a, b, item, old, new)


def _declared(checked: Checked, decl: ParamDecl | None) -> Place | None:
    if decl is None:
        return None
    return Place(decl.name.span, f"{decl.name.value}: {_place(checked, decl.default.span).text}")


def _declaration(a: Checked, b: Checked, item: str, old: ParamDecl, new: ParamDecl) -> Iterator[Change]:
    known = [next(p for p in c.parameters if p.name == d.name.value) for c, d in ((a, old), (b, new))]
    if known[0].default != known[1].default or known[0].type != known[1].type:
        yield Change(
            Kind.DEFAULT,
            item,
            "another default" if known[0].type == known[1].type else "another type",
            _place(a, old.default.span),
            _place(b, new.default.span),
            tuple(_read_by(b, new.name.value)),
        )
    ranges = [(p.low, p.high) for p in known]
    if ranges[0] != ranges[1]:
        yield Change(Kind.DEFAULT, f"{item}.in", "another range", _range(a, old), _range(b, new))
    if known[0].sweep != known[1].sweep:
        said = "searches vary it now" if known[1].sweep else "searches no longer vary it"
        yield Change(Kind.DEFAULT, f"{item}.sweep", said, _declared(a, old), _declared(b, new))
    if meaning(old.only_if) != meaning(new.only_if):
        yield Change(Kind.DEFAULT, f"{item}.only_if", "changed", _declared(a, old), _declared(b, new))


def _range(checked: Checked, decl: ParamDecl) -> Place | None:
    if decl.low is None or decl.high is None:
        return None
    return _place(checked, decl.low.span.to(decl.high.span))


def _read_by(checked: Checked, name: str) -> Iterator[str]:
    """Which equations and clauses read a parameter themselves."""
    graph = checked.graph
    readers = {n.id for n in graph.nodes if n.op == "param" and n.attrs["name"] == name}
    found: dict[str, None] = {}
    for node in graph.nodes:
        if any(arg in readers for arg in node.args) or node.id in readers:
            if node.label and node.op != "param":
                found[f"let.{node.label}" if node.label in graph.lets else node.label] = None
            else:
                readers.add(node.id)
    rules = ((g, r) for g in ("entries", "exits") for r in getattr(checked, g))
    for group, rule in rules:
        if any(c.node in readers for c in rule.clauses):
            found[f"{group}.{rule.rule.name.value}"] = None
    if found:
        yield f"read by {', '.join(found)}"


def _constraints(a: Checked, b: Checked, names: Mapping[str, str]) -> Iterator[Change]:
    before, after = ({c.name.value: c.expr for c in checked.document.constraints} for checked in (a, b))
    for name in dict.fromkeys((*before, *after)):
        old, new = before.get(name), after.get(name)
        if meaning(old) != renaming(meaning(new), names):
            said = "new constraint" if old is None else "constraint removed" if new is None else "changed"
            places = (_written(a, old), _written(b, new))
            yield Change(Kind.DEFAULT, f"constraints.{name}", said, *places)


# clocks, instruments, inputs


def _clock(a: Checked, b: Checked) -> Iterator[Change]:
    clocks = [c.instances[0].decision for c in (a, b)]
    if (clocks[0].kind, clocks[0].period_ns) != (clocks[1].kind, clocks[1].period_ns):
        places = (_place(a, a.document.decide.clock.span), _place(b, b.document.decide.clock.span))
        yield Change(Kind.SIGNAL, "decide", "another decision clock", *places, ("rules are evaluated at other times",))
    if a.min_gap_ns != b.min_gap_ns:
        said = f"least time between decisions {duration_text(a.min_gap_ns)}, now {duration_text(b.min_gap_ns)}"
        yield Change(
            Kind.SIGNAL,
            "decide.min_gap",
            said,
            _written(a, a.document.decide.min_gap),
            _written(b, b.document.decide.min_gap),
        )
    if a.document.edition.value != b.document.edition.value:
        places = (_place(a, a.document.edition.span), _place(b, b.document.edition.span))
        yield Change(Kind.SIGNAL, "flash", "another edition of the language", *places)


def _trade(a: Checked, b: Checked) -> Iterator[Change]:
    """Instruments that are traded: one more is more at risk."""
    symbols = [{i.alias.value: i.symbol for i in c.document.instruments} for c in (a, b)]
    traded = [[own[alias].value for alias in c.traded] for own, c in zip(symbols, (a, b), strict=True)]
    places = [
        [Place(t.span, symbol) for t, symbol in zip(c.document.trade, own, strict=False)]
        for c, own in zip((a, b), traded, strict=True)
    ]
    for symbol, place in zip(traded[1], places[1], strict=True):
        if symbol not in traded[0]:
            yield Change(Kind.RISK_LOOSENED, f"trade.{symbol}", "one more instrument is traded", None, place)
    for symbol, place in zip(traded[0], places[0], strict=True):
        if symbol not in traded[1]:
            yield Change(Kind.RISK_TIGHTENED, f"trade.{symbol}", "no longer traded", place, None)
    kept = [[s for s in side if s in other] for side, other in (traded, traded[::-1])]
    if kept[0] != kept[1]:
        follows = ("the first one decides first, and uses the cash first",)
        said = "instruments in another order"
        yield Change(Kind.SIGNAL, "trade", said, places[0][0], places[1][0], follows)


def _inputs(a: Checked, b: Checked) -> Iterator[Change]:
    if a.document.venue.value != b.document.venue.value:
        places = (_place(a, a.document.venue.span), _place(b, b.document.venue.span))
        yield Change(Kind.INPUTS, "venue", "another venue", *places, ("fees, minima and price steps are the venue's",))
    if a.lateness_ns != b.lateness_ns:
        said = f"bars wait {duration_text(a.lateness_ns)} for late trades, now {duration_text(b.lateness_ns)}"
        yield Change(Kind.INPUTS, "lateness", said, _written(a, a.document.lateness), _written(b, b.document.lateness))
    if a.document.settle.value != b.document.settle.value:
        places = (_place(a, a.document.settle.span), _place(b, b.document.settle.span))
        yield Change(Kind.INPUTS, "warmup.settle", "another tolerance of warm-up", *places)
    before, after = streams(a), streams(b)
    for name in dict.fromkeys((*before, *after)):
        if name not in before or name not in after:
            said = "a stream that was not needed before" if name in after else "no longer needed"
            yield Change(Kind.INPUTS, f"inputs.{name}", said)
        elif before[name] != after[name]:
            said = f"depth {before[name]} before, {after[name]} now"
            yield Change(Kind.INPUTS, f"inputs.{name}", said)
    lines = growth(ticks(a), ticks(b))
    if lines:
        yield Change(Kind.INPUTS, "inputs.warm-up", lines[0].removeprefix("warm-up "), None, None, tuple(lines[1:]))


# state


def _state(before: Built, after: Built) -> Iterator[Change]:
    """Slots by identity: what a running strategy would lose, and what would have to warm up."""
    lost = {i: slot for i, slot in before.slots.items() if i not in after.slots}
    gained = {i: slot for i, slot in after.slots.items() if i not in before.slots}
    if not (before.ir_hash and after.ir_hash) or not (lost or gained):
        return
    lines = [f"{word} {_slots(own)}" for word, own in (("lost:", lost), ("new:", gained)) if own]
    counts = [f"{len(own)} {word}" for own, word in ((lost, "lost"), (gained, "new")) if own]
    yield Change(Kind.STATE, "state", f"slots of a running strategy: {', '.join(counts)}", None, None, tuple(lines))


def _slots(slots: Mapping[str, tuple[str, int]]) -> str:
    """`quick/ema (9b1c02d4), ...`: the largest first, as far as one reads."""
    order = sorted(slots.items(), key=lambda item: (-item[1][1], item[1][0]))
    shown = [f"{label} ({words} words, id {i})" if words > 1 else f"{label} (id {i})" for i, (label, words) in order]
    return ", ".join(shown[:6]) + (f" and {len(shown) - 6} more" if len(shown) > 6 else "")

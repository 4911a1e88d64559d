"""The constant tables of a compiled strategy: what it needs, its slots, its sizes and hashes."""

from __future__ import annotations

from ....cython_core import layout as memory
from ...ir.layout import layout_hash, offsets, state_words
from ...ir.nodes import F64, Program, Slot, Stream
from ...ir.walk import operations
from ..work import work_bound

_KINDS = {"bar": memory.KIND_BAR, "book": memory.KIND_LEVEL, "trade": memory.KIND_TRADE, "timer": memory.KIND_TIMER}
_GROUPS = ("FS_DERIVED", "FS_MARKET", "FS_ACCOUNT")

#: Where the functions of operations are, by the first word of the operation's name.
_HEADERS = {
    "maths.h": {"fexp", "flog", "fpow", "ftanh", "fsigmoid"},
    "windows.h": {"ring", "win", "tree"},
    "ordered.h": {"sort", "pair"},
    "panes.h": {"pane"},
    "profile.h": {"profile"},
    "book.h": {"book"},
}

#: Labels of slots that hold the account and its orders begin so (`compiler/lower/machine`).
ACCOUNT = "account/"


def rows(program: Program, ir_hash: str) -> dict[str, object]:
    """What the template writes into the table, by name."""
    derived = _derived(program)
    return {
        "headers": headers(program),
        "ir": _bytes(ir_hash),
        "layout": _bytes(layout_hash(program)),
        "edition": program.edition,
        "state_words": state_words(program),
        "params": len(program.params),
        "instances": program.instance_count,
        "clauses": len(program.clauses),
        "traces": len(program.traces),
        "work": work_bound(program),
        "n_needs": len(program.streams),
        "n_slots": len(program.slots),
        "needs": [_need(s, program) for s in program.streams] or ["{0}"],
        "slots": [_slot(s, program, derived) for s in program.slots] or ["{0}"],
    }


def headers(program: Program) -> list[str]:
    """The headers whose functions the program calls, in order, and those that every strategy needs."""
    families = {op.name.partition(".")[0] for s in program.segments for op in operations(s.body)}
    return [*(name for name, used in _HEADERS.items() if families & used), "outcomes.h", "step.h"]


def _derived(program: Program) -> frozenset[str]:
    """Slots that only `setup` writes."""
    written: dict[str, set[str]] = {}
    for segment in program.segments:
        for op in operations(segment.body):
            if op.name in ("store.i", "store.f"):
                written.setdefault(str(op.attrs[0]), set()).add(segment.trigger)
    return frozenset(name for name, triggers in written.items() if triggers == {"setup"})


def _slot(slot: Slot, program: Program, derived: frozenset[str]) -> str:
    group = 0 if slot.name in derived else 2 if slot.label.startswith(ACCOUNT) else 1
    return f"{{0x{slot.id}u, {slot.words}, {int(slot.type == F64)}, {_GROUPS[group]}, {offsets(program)[slot.name]}}}"


def _need(stream: Stream, program: Program) -> str:
    names = list(dict.fromkeys(s.instrument for s in program.streams if s.instrument))
    instrument = names.index(stream.instrument) if stream.instrument else 0
    numbers = (_KINDS[stream.kind], instrument, stream.depth, int(stream.optional))
    grid = (stream.price_decimals, stream.qty_decimals)
    return f"{{{', '.join(map(str, numbers))}, INT64_C({stream.period_ns}), {', '.join(map(str, grid))}}}"


def _bytes(digest: str) -> str:
    return ", ".join(f"0x{b:02x}" for b in bytes.fromhex(digest or "00" * 32))

"""One computation for equal expressions; one read for reads of a slot without a write between.

    %2: f64 = fadd %0 %1                 %2: f64 = fadd %0 %1
    %3: f64 = fadd %1 %0           ->    store.f %s0 %2
    store.f %s0 %3                       (uses of %3 and %4 become %2)
    %4: f64 = load.f %s0

Addition, multiplication and equality commute bit for bit; `fmin` and `fmax` do not (they keep the first of two zeros).
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from ..ir.nodes import Item, Op, Program, When
from ..ir.ops import OPS
from ..ir.walk import map_segments, slot_name

COMMUTATIVE = frozenset(
    "iadd imul imin imax iand ior ixor ieq ine fadd fmul feq fne band bor bxor".split()  # noqa: SIM905
)
Key = tuple[object, ...]


@dataclass(slots=True)
class _Region:
    """What is available here.

    `version` of a slot counts the writes so far, in all regions of the segment. So after a region that may not have
    run, neither the value before it nor the value stored in it is found for the slots that it writes.
    """

    alias: dict[int, int]
    version: dict[str, int]
    available: dict[Key, int] = field(default_factory=dict)

    def inner(self) -> _Region:
        return _Region(self.alias, self.version, dict(self.available))


def run(program: Program) -> Program:
    return map_segments(program, lambda segment: _body(segment.body, _Region({}, {})))


def _body(body: tuple[Item, ...], region: _Region) -> tuple[Item, ...]:
    result: list[Item] = []
    for item in body:
        if isinstance(item, When):
            condition = region.alias.get(item.condition, item.condition)
            result.append(When(condition, _body(item.body, region.inner())))
        else:
            op = replace(item, args=tuple(region.alias.get(a, a) for a in item.args))
            if not _reused(op, region):
                result.append(op)
    return tuple(result)


def _reused(op: Op, region: _Region) -> bool:
    """Whether an earlier value takes the place of this operation; notes what the operation makes available."""
    if op.result is None:
        _note_write(op, region)
        return False
    key = _key(op, region)
    if key in region.available:
        region.alias[op.result] = region.available[key]
        return True
    region.available[key] = op.result
    return False


def _key(op: Op, region: _Region) -> Key:
    args = tuple(sorted(op.args)) if op.name in COMMUTATIVE else op.args
    slot = slot_name(op)
    version = None if slot is None else region.version.get(slot, 0)
    return op.name, tuple(map(repr, op.attrs)), args, version


def _note_write(op: Op, region: _Region) -> None:
    slot = slot_name(op)
    if slot is None or not OPS[op.name].writes:
        return
    region.version[slot] = region.version.get(slot, 0) + 1
    if op.name in ("store.i", "store.f"):
        load = Op(None, op.name.replace("store", "load"), op.attrs, ())
        region.available[_key(load, region)] = op.args[0]

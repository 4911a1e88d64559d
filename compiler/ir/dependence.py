"""What the items of a segment use and touch, and so which of them may not change places."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from .nodes import Item, Op, When
from .ops import OPS
from .walk import operations, slot_name

#: Outcomes that must keep their order among themselves are treated as writes to one place.
_PLACES = {"emit": "emit", "cancel": "emit", "reason": "reason"}
_PLACES |= {f"{name}.{kind}": name for name in ("probe", "trace") for kind in "bif"}


@dataclass(frozen=True, slots=True)
class Facts:
    """An item with what it uses and touches; a region counts as one item."""

    item: Item
    defines: frozenset[int]
    uses: frozenset[int]
    reads: frozenset[str]
    writes: frozenset[str]
    outcomes: frozenset[str]

    def must_precede(self, later: Facts) -> bool:
        return bool(self.defines & later.uses or self.touches(later))

    def touches(self, other: Facts) -> bool:
        """Whether one of both writes a slot or place that the other reads or writes."""
        return bool(self.writes & (other.reads | other.writes) or self.reads & other.writes)


def facts_of(item: Item) -> Facts:
    ops = [item] if isinstance(item, Op) else list(operations(item.body))
    uses = {a for op in ops for a in op.args} | _conditions(item)
    reads = {str(slot_name(op)) for op in ops if OPS[op.name].reads and slot_name(op) is not None}
    writes = {str(slot_name(op)) for op in ops if OPS[op.name].writes}
    outcomes = {op.name for op in ops if OPS[op.name].effect and not OPS[op.name].writes}
    places = {"#" + _PLACES[name] for name in outcomes if name in _PLACES}
    defines = {item.result} if isinstance(item, Op) and item.result is not None else set()
    return Facts(item, frozenset(defines), frozenset(uses), frozenset(reads), frozenset(writes | places),
                 frozenset(outcomes))  # fmt: skip


def _conditions(item: Item) -> set[int]:
    if isinstance(item, Op):
        return set()
    return {item.condition}.union(*(_conditions(i) for i in item.body if isinstance(i, When)))


def cone(body: Sequence[Facts], is_root: Callable[[Facts], bool]) -> list[Facts]:
    """The roots and everything that must run before them, in order."""
    kept: list[Facts] = []
    for item in reversed(body):
        if is_root(item) or any(item.must_precede(later) for later in kept):
            kept.append(item)
    return kept[::-1]

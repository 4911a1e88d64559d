"""Limits and sizes: whether a change of one lets the strategy risk more.

What cannot be told counts as loosened. A new limit tightens, a limit that is gone loosens.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from .change import Kind
from .direction import Way, Weigher, of_numbers, opposite, static
from .items import Item

#: Roles of items whose growth means more risk.
GROWS = frozenset({"limit", "size", "money", "share", "at_most", "start"})
#: Roles of items whose growth means less.
SHRINKS = frozenset({"floor", "aside", "fraction"})
#: Other roles that are about risk.
OTHERS = frozenset({"severity", "pause", "shared", "add", "below_min", "invariant", "reference"})
RISK = GROWS | SHRINKS | OTHERS

_SEVERITY = {"block_entries": 0, "halt": 1, "flatten_and_halt": 2}
#: What holds where the file does not say.
_UNWRITTEN = {
    "capital.start": Fraction(10_000),
    "capital.allocate": Fraction(1),
    "capital.compound": Fraction(1),
    "capital.reserve": Fraction(0),
    "capital.reinvest_after": Fraction(0),
}
#: Items that, written, permit something.
_PERMITS = frozenset({"add", "below_min"})


@dataclass(frozen=True, slots=True)
class Verdict:
    """`kind` is loosened or tightened; `unclear` when the direction could not be told."""

    kind: Kind
    said: str
    unclear: bool = False


def judge(before: Item | None, after: Item | None, weigher: Weigher) -> Verdict | None:
    """What a change of a risk item means; None if its value is the same."""
    if before is None or after is None:
        return _appeared(before, after, weigher)
    way = _way(before, after, weigher)
    if way is Way.SAME:
        return None
    return _verdict(way, before, after)


def _way(before: Item, after: Item, weigher: Weigher) -> Way:
    """UP: more risk."""
    role = after.role
    if role in ("severity", "pause"):
        return _reaction(before, after, weigher)
    if role == "reference":
        assert before.node is not None and after.node is not None, "a reference is a node"
        return Way.SAME if weigher.a.whole[before.node] == weigher.b.whole[after.node] else Way.UNKNOWN
    if before.node is None or after.node is None:
        if before.node is not after.node or not isinstance(before.value, int) or not isinstance(after.value, int):
            return Way.SAME if before.value == after.value else Way.UNKNOWN
        found = of_numbers(float(before.value), float(after.value))
    else:
        found = weigher.compare(before.node, after.node)
    return opposite(found) if role in SHRINKS else found


def _reaction(before: Item, after: Item, weigher: Weigher) -> Way:
    """Of what follows at a limit: the weaker reaction is more risk; a shorter pause, too."""
    if before.node is not None and after.node is not None:
        return opposite(weigher.compare(before.node, after.node))
    if before.node is None and after.node is None:
        return opposite(of_numbers(_SEVERITY.get(str(before.value), 1), _SEVERITY.get(str(after.value), 1)))
    return Way.UNKNOWN  # a halt ends at midnight: a pause may be longer


def _appeared(before: Item | None, after: Item | None, weigher: Weigher) -> Verdict | None:
    item = after or before
    assert item is not None, "one of the two is there"
    gone = after is None
    usual = _UNWRITTEN.get(".".join(item.path.split(".")[:2]))
    if usual is not None and item.node is not None:
        checked = (weigher.a if gone else weigher.b).checked
        value = static(checked, item.node)
        way = Way.UNKNOWN if value is None else of_numbers(value, usual) if gone else of_numbers(usual, value)
        way = opposite(way) if item.role in SHRINKS else way
        return None if way is Way.SAME else _verdict(way, before, after)
    looser = gone is not (item.role in _PERMITS)
    what = "permission" if item.role in _PERMITS else "limit"
    said = f"{what} removed" if gone else f"new {what}"
    return Verdict(Kind.RISK_LOOSENED if looser else Kind.RISK_TIGHTENED, said)


_WORDS = {
    "size": ("larger size", "smaller size"),
    "money": ("more money", "less money"),
    "share": ("larger share", "smaller share"),
    "floor": ("weaker limit", "stronger limit"),
    "aside": ("less kept aside", "more kept aside"),
    "fraction": ("a smaller share is closed", "a larger share is closed"),
    "severity": ("weaker reaction", "stronger reaction"),
    "pause": ("shorter pause", "longer pause"),
    "invariant": ("holds more often", "holds less often"),
    "at_most": ("more additions", "fewer additions"),
    "start": ("guards later", "guards sooner"),
}


def _verdict(way: Way, before: Item | None, after: Item | None) -> Verdict:
    item = after or before
    assert item is not None, "one of the two is there"
    if way is Way.UNKNOWN:
        return Verdict(Kind.RISK_LOOSENED, "changed; whether it allows more cannot be told", unclear=True)
    looser, tighter = _WORDS.get(item.role, ("limit raised", "limit lowered"))
    return Verdict(Kind.RISK_LOOSENED, looser) if way is Way.UP else Verdict(Kind.RISK_TIGHTENED, tighter)

"""What a comparison finds, as values."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from ...dsl.source import Source, Span


class Kind(StrEnum):
    """The class of a change, the gravest first: the order in which they are shown."""

    RISK_LOOSENED = "risk-loosened"
    SIGNAL = "signal"
    EXECUTION = "execution"
    INPUTS = "inputs"
    STATE = "state"
    RISK_TIGHTENED = "risk-tightened"
    DEFAULT = "default"
    COSMETIC = "cosmetic"


#: What is allowed where neither the command line nor a policy file says.
ALLOWED = frozenset({Kind.COSMETIC})

MIRRORED = {Kind.RISK_LOOSENED: Kind.RISK_TIGHTENED, Kind.RISK_TIGHTENED: Kind.RISK_LOOSENED}


@dataclass(frozen=True, slots=True)
class Place:
    """A span of one of the two files, and the author's words there on one line."""

    span: Span
    text: str


@dataclass(frozen=True, slots=True)
class Change:
    """One change. `item` is its place in the file (`entries.long.size`); `before` or `after` is None for what is new or
    gone. `said` names it in a few words; `consequences` say what follows.

    `unclear`: a limit or a size changed, and it cannot be told in which direction; it counts as loosened.
    `rewritten`: an expression is written otherwise and means the same.
    """

    kind: Kind
    item: str
    said: str
    before: Place | None = None
    after: Place | None = None
    consequences: tuple[str, ...] = ()
    unclear: bool = False
    rewritten: bool = False


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two files and what differs. `name_a` and `name_b` are what the user called them; hashes are empty for a strategy
    that checks but cannot be run yet."""

    name_a: str
    name_b: str
    source_a: Source
    source_b: Source
    changes: tuple[Change, ...]
    ir_a: str = ""
    ir_b: str = ""
    warm_up: tuple[str, ...] = field(default=())

    def counts(self) -> dict[Kind, int]:
        """How many changes of each class there are, without the classes that have none."""
        found = {kind: sum(c.kind is kind for c in self.changes) for kind in Kind}
        return {kind: count for kind, count in found.items() if count}

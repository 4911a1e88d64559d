"""What happens in a storm: which faults, with which values, when and for how long, and what the client does meanwhile."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass, field

from flashc.simulator.faults.catalogue import CATALOGUE
from flashc.simulator.faults.spec import Parameter

#: A storm rages so long, in virtual ms.
LASTS_MS = 12_000
#: Values that keep a storm short; numbers are drawn from 1 to the most given here.
_MOST = {
    "to_server": 1_500, "to_client": 1_500, "jitter": 400, "gap": 40, "stall": 2_500, "flow": 2_000, "step": 1_500,
    "hold": 900, "life": 5_000, "unsubscribed": 3_000, "quiet": 4_000, "later": 2_000, "pause": 2_500, "messages": 7,
    "keep": 6, "time": 3_000, "versions": 400, "times": 20, "lag": 3_000, "late": 2_500, "fills": 30, "percent": 100,
    "window": 900, "down": 2_000, "retry_after": 6, "age": 3_000, "cap": 6, "ticks": 40, "every": 3,
}  # fmt: skip
#: What is not drawn but set.
_SET: Mapping[str, Mapping[str, str]] = {
    "N-06": {"bytes": "400"},
    "R-05": {"reuse": "refused"},
    "X-06": {"how": "balance"},
    "X-10": {"weight": "120", "orders": "4"},
    "X-13": {"orders": "8"},
}
#: Not in storms: what needs TLS, what is about answers that are not asked for here, and what only a person mends.
_LEFT_OUT = frozenset({"N-03", "N-04", "R-16", "R-12", "X-12"})
#: These say false things in a form that nobody can tell from true ones; a book that holds them is not compared.
_FORGERS = frozenset({"B-04", "B-06", "B-09"})
#: These leave something that no reading mends: the client halts, names it, and is not asked to agree.
_LASTING = frozenset({"B-07", "P-09", "X-05"})
#: After these the exchange itself refuses the client for too many requests.
LIMITS = frozenset({"X-01", "X-10"})

ACTIONS = ("rest", "rest", "take", "make", "immediate", "cancel", "cancel", "cancel_all", "ask")


@dataclass(frozen=True)
class Planned:
    """One fault: its number, its values, when it begins, how long it lasts, and how often it acts at most."""

    number: str
    values: Mapping[str, str]
    after_ms: int
    for_ms: int
    count: int | None
    chance: int


@dataclass(frozen=True)
class Plan:
    """A storm. `acts`: at which ms the client does what, with a number to choose by."""

    seed: int
    faults: tuple[Planned, ...]
    acts: tuple[tuple[int, str, int], ...]
    numbers: frozenset[str] = field(default_factory=frozenset)

    @property
    def forges(self) -> bool:
        """Whether a book may be wrong and nobody can know."""
        zero = any(one.number == "B-05" and one.values["kind"] == "zero" for one in self.faults)
        return zero or bool(self.numbers & _FORGERS)

    @property
    def may_halt(self) -> bool:
        """Whether the account may stay halted, with a named reason."""
        return bool(self.numbers & _LASTING)

    def text(self) -> str:
        """One line for each fault."""
        return "\n".join(
            f"  {one.number} {CATALOGUE[one.number].name} {dict(one.values)} after {one.after_ms} ms for {one.for_ms} ms"
            f" count {one.count} chance {one.chance}"
            for one in self.faults
        )


def plan(seed: int, only: tuple[str, ...] = ()) -> Plan:
    """The storm of a seed. `only`: of its faults, those with these numbers."""
    draw = random.Random(seed)
    numbers = draw.sample(sorted(set(CATALOGUE) - _LEFT_OUT), draw.randint(2, 4))
    faults = tuple(_planned(number, draw) for number in numbers)
    acts = [
        (draw.randrange(LASTS_MS), draw.choice(ACTIONS), draw.randrange(1 << 20)) for _ in range(draw.randint(4, 12))
    ]
    if only:
        faults = tuple(one for one in faults if one.number in only)
    return Plan(seed, faults, tuple(sorted(acts)), frozenset(one.number for one in faults))


def _planned(number: str, draw: random.Random) -> Planned:
    spec = CATALOGUE[number]
    values = {one.name: _value(one, draw) for one in spec.parameters}
    values.update(_SET.get(number, {}))
    after, lasts = draw.randrange(LASTS_MS // 2), draw.choice((300, 1_000, 2_500, 6_000))
    return Planned(
        number, {name: text for name, text in values.items() if text}, after, lasts,
        draw.choice((None, None, 1, 3)), draw.choice((100, 100, 60, 20)),
    )  # fmt: skip


def _value(one: Parameter, draw: random.Random) -> str:
    if one.choices:
        return draw.choice(sorted(one.choices))
    if one.unit and one.name in _MOST:
        return str(max(draw.randint(1, _MOST[one.name]), one.least))
    return str(one.default)

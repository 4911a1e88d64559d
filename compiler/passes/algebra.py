"""Identities that hold for every input, bit for bit.

    %2: f64 = fmul %0 %one               (uses of %2 become %0)
    %3: i1 = bnot %1
    %4: i1 = bnot %3               ->    (uses of %4 become %1)
    %5: f64 = select.f %3 %0 %9          %5: f64 = select.f %1 %9 %0

Not here, because they change bits: x + 0.0 (x may be -0.0), x - x and x == x (x may be NaN or infinite), division as
multiplication by the reciprocal, any reassociation or distribution of floats.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from ..ir.nodes import Attr, Item, Op, Program, When
from ..ir.walk import map_segments


@dataclass(slots=True)
class _Facts:
    """Definitions of the segment's values and what has already been replaced by another value."""

    definition: dict[int, Op] = field(default_factory=dict)
    alias: dict[int, int] = field(default_factory=dict)

    def is_constant(self, value: int, wanted: int | float) -> bool:
        op = self.definition.get(value)
        if op is None or op.name not in ("bconst", "iconst", "fconst"):
            return False
        found = op.attrs[0]
        assert not isinstance(found, str)
        return found == wanted and math.copysign(1.0, found) == math.copysign(1.0, wanted)

    def inner(self, value: int, name: str) -> int | None:
        """x if `value` is `name x`."""
        op = self.definition.get(value)
        return op.args[0] if op is not None and op.name == name else None


@dataclass(frozen=True, slots=True)
class Same:
    """The operation gives this value."""

    value: int


@dataclass(frozen=True, slots=True)
class Becomes:
    """The operation may be written so."""

    name: str
    args: tuple[int, ...] = ()
    attrs: tuple[Attr, ...] = ()


Change = Same | Becomes | None
Rule = Callable[[_Facts, tuple[int, ...]], Change]


def run(program: Program) -> Program:
    return map_segments(program, lambda segment: _body(segment.body, _Facts()))


def _body(body: tuple[Item, ...], facts: _Facts) -> tuple[Item, ...]:
    result: list[Item] = []
    for item in body:
        if isinstance(item, When):
            condition = facts.alias.get(item.condition, item.condition)
            result.append(When(condition, _body(item.body, facts)))
            continue
        op = _simplified(replace(item, args=tuple(facts.alias.get(a, a) for a in item.args)), facts)
        if op is not None:
            result.append(op)
    return tuple(result)


def _simplified(op: Op, facts: _Facts) -> Op | None:
    """The operation after all rules; None if another value took its place."""
    while op.result is not None and op.name in _RULES:
        change = _RULES[op.name](facts, op.args)
        if isinstance(change, Same):
            facts.alias[op.result] = change.value
            return None
        if change is None:
            break
        op = replace(op, name=change.name, args=change.args, attrs=change.attrs)
    if op.result is not None:
        facts.definition[op.result] = op
    return op


_FALSE, _TRUE = Becomes("bconst", (), (0,)), Becomes("bconst", (), (1,))
_ZERO = Becomes("iconst", (), (0,))


def _neutral(neutral: int | float, *, both: bool, equal: Change = None) -> Rule:
    """x op neutral is x (and neutral op x, if `both`); x op x is x if `equal` is Same(0), else `equal`."""

    def rule(facts: _Facts, args: tuple[int, ...]) -> Change:
        a, b = args
        if facts.is_constant(b, neutral):
            return Same(a)
        if both and facts.is_constant(a, neutral):
            return Same(b)
        if a == b and equal is not None:
            return Same(a) if isinstance(equal, Same) else equal
        return None

    return rule


_EQUAL = Same(-1)


def _first(*rules: Rule) -> Rule:
    def rule(facts: _Facts, args: tuple[int, ...]) -> Change:
        return next((change for r in rules if (change := r(facts, args)) is not None), None)

    return rule


def _absorbing(element: int, result: Becomes) -> Rule:
    """x op element and element op x are `result`."""

    def rule(facts: _Facts, args: tuple[int, ...]) -> Change:
        return result if any(facts.is_constant(a, element) for a in args) else None

    return rule


def _idempotent(facts: _Facts, args: tuple[int, ...]) -> Change:
    return Same(args[0]) if args[0] == args[1] else None


def _when_equal(change: Change) -> Rule:
    return lambda facts, args: change if args[0] == args[1] else None


def _inverse_of(name: str) -> Rule:
    """f(g(x)) is x."""

    def rule(facts: _Facts, args: tuple[int, ...]) -> Change:
        x = facts.inner(args[0], name)
        return None if x is None else Same(x)

    return rule


def _minus_one(facts: _Facts, args: tuple[int, ...]) -> Change:
    a, b = args
    if facts.is_constant(b, -1.0):
        return Becomes("fneg", (a,))
    return Becomes("fneg", (b,)) if facts.is_constant(a, -1.0) else None


def _fabs(facts: _Facts, args: tuple[int, ...]) -> Change:
    x = facts.inner(args[0], "fneg")
    if x is not None:
        return Becomes("fabs", (x,))
    return Same(args[0]) if facts.inner(args[0], "fabs") is not None else None


def _bnot(facts: _Facts, args: tuple[int, ...]) -> Change:
    x = facts.inner(args[0], "bnot")
    if x is not None:
        return Same(x)
    compare = facts.definition.get(args[0])
    if compare is None:
        return None
    match compare.name, compare.args:
        case "ilt", (a, b):
            return Becomes("ile", (b, a))
        case "ile", (a, b):
            return Becomes("ilt", (b, a))
        case "ieq", pair:
            return Becomes("ine", pair)
        case "ine", pair:
            return Becomes("ieq", pair)
        case "feq", pair:
            return Becomes("fne", pair)
        case "fne", pair:
            return Becomes("feq", pair)
    return None  # not (a < b) is not b <= a when one is NaN


def _xor_true(facts: _Facts, args: tuple[int, ...]) -> Change:
    a, b = args
    if facts.is_constant(b, 1):
        return Becomes("bnot", (a,))
    return Becomes("bnot", (b,)) if facts.is_constant(a, 1) else None


def _select(name: str) -> Rule:
    def rule(facts: _Facts, args: tuple[int, ...]) -> Change:
        c, a, b = args
        if a == b or facts.is_constant(c, 1):
            return Same(a)
        if facts.is_constant(c, 0):
            return Same(b)
        opposite = facts.inner(c, "bnot")
        return None if opposite is None else Becomes(name, (opposite, b, a))

    return rule


def _select_bool(facts: _Facts, args: tuple[int, ...]) -> Change:
    c, a, b = args
    if facts.is_constant(a, 1):
        return Same(c) if facts.is_constant(b, 0) else Becomes("bor", (c, b))
    if facts.is_constant(b, 0):
        return Becomes("band", (c, a))
    return Becomes("bnot", (c,)) if facts.is_constant(a, 0) and facts.is_constant(b, 1) else None


_RULES: dict[str, Rule] = {
    "iadd": _neutral(0, both=True),
    "isub": _neutral(0, both=False, equal=_ZERO),
    "imul": _first(_neutral(1, both=True), _absorbing(0, _ZERO)),
    "idiv": _neutral(1, both=False),
    "imod": lambda facts, args: _ZERO if facts.is_constant(args[1], 1) else None,
    "ineg": _inverse_of("ineg"),
    "imin": _idempotent,
    "imax": _idempotent,
    "ilt": _when_equal(_FALSE),
    "ile": _when_equal(_TRUE),
    "ieq": _when_equal(_TRUE),
    "ine": _when_equal(_FALSE),
    "iand": _first(_neutral(-1, both=True, equal=_EQUAL), _absorbing(0, _ZERO)),
    "ior": _neutral(0, both=True, equal=_EQUAL),
    "ixor": _neutral(0, both=True, equal=_ZERO),
    "ishl": _neutral(0, both=False),
    "ishr": _neutral(0, both=False),
    "fmul": _first(_neutral(1.0, both=True), _minus_one),
    "fdiv": _neutral(1.0, both=False),
    "fneg": _inverse_of("fneg"),
    "fabs": _fabs,
    "fmin": _idempotent,
    "fmax": _idempotent,
    "flt": _when_equal(_FALSE),
    "band": _first(_neutral(1, both=True, equal=_EQUAL), _absorbing(0, _FALSE)),
    "bor": _first(_neutral(0, both=True, equal=_EQUAL), _absorbing(1, _TRUE)),
    "bxor": _first(_neutral(0, both=True, equal=_FALSE), _xor_true),
    "bnot": _bnot,
    "select.b": _first(_select("select.b"), _select_bool),
    "select.i": _select("select.i"),
    "select.f": _select("select.f"),
    "bitsf": _inverse_of("fbits"),
}

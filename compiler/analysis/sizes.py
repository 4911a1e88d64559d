"""Sizes of entries against the venue's minimum and the position limit: FC0503, FC0504.

A size is money, a quantity, or a share of the stake. What a share is worth is known for the money at the start only;
that is what it is measured with. Pure: graph and facts in, findings out.
"""

from __future__ import annotations

from ...dsl.diagnostics import Diagnostic, Label
from ...dsl.document import Rule
from ..frontend.built import Built, Root
from ..ir.hir import Facts
from ..ir.types import Interval
from .parameters import value_at_defaults


def analyse(built: Built, facts: Facts, live: frozenset[int]) -> list[Diagnostic]:
    """Findings on the sizes of all entries."""
    found: list[Diagnostic] = []
    limit, most = (_limit(built, live, name) for name in ("risk.position", "risk.notional"))
    for root in built.roots:
        if root.role == "size" and root.node in live and root.rule is not None and root.node in facts.intervals:
            found += _too_small(built, facts, root, root.rule)
            found += _above_stake(built, facts, root)
            if limit is not None:
                found += _too_large(built, facts, root, root.rule, limit)
            if most is not None:
                found += _order_too_large(built, facts, root, most)
    return found


def _limit(built: Built, live: frozenset[int], name: str) -> Root | None:
    return next((r for r in built.roots if r.name == name and r.node in live), None)


def _is_money(built: Built, facts: Facts, node: int) -> bool:
    return dict(facts.types[node].dim.exponents) == {built.currencies(built.instance)[1]: 1}


def _is_share(facts: Facts, node: int) -> bool:
    return not facts.types[node].dim.exponents


def stake(built: Built, facts: Facts) -> float | None:
    """The money that a share is taken of at the start: `allocate * (start - reserve)`, at the defaults."""
    found: dict[str, float | None] = {
        r.name: value_at_defaults(built, facts, r.node) for r in built.roots if r.name.startswith("capital.")
    }
    start = found.get("capital.start")
    share = found.get(f"capital.allocate.{built.instance}", 1.0)
    reserve = found.get("capital.reserve", 0.0)
    return share * (start - reserve) if start is not None and share is not None and reserve is not None else None


def _worth(built: Built, facts: Facts, root: Root) -> tuple[Interval, bool] | None:
    """The size as money (True) or as a quantity (False); shares of the stake as money."""
    known = facts.intervals[root.node]
    if not _is_share(facts, root.node):
        return known, _is_money(built, facts, root.node)
    worth = stake(built, facts)
    return (Interval(known.low * worth, known.high * worth), True) if worth is not None and worth > 0 else None


def _too_small(built: Built, facts: Facts, root: Root, rule: Rule) -> list[Diagnostic]:
    worth = _worth(built, facts, root)
    if rule.below_min is not None or worth is None:
        return []
    known, money = worth
    instrument = built.instrument(built.instance)
    base, quote = built.currencies(built.instance)
    least, unit = (float(instrument.min_notional), quote) if money else (float(instrument.min_qty), base)
    if known.low >= least:
        return []
    what = f"is {known.low:g} {unit}" if known.is_point else f"lies in {_range(known, unit)}"
    kind = "notional" if money else "quantity"
    advice = "make it" if known.is_point else "bound it from below: make it"
    at_start = ", with the money at the start" if _is_share(facts, root.node) else ""
    return [
        Diagnostic(
            "FC0503",
            "this order can be too small for the venue"
            if known.high >= least
            else "this order is too small for the venue",
            Label(root.span, f"the result {what}{at_start}"),
            notes=(f"{built.profile.name} pins the minimum {kind} of {instrument.symbol} at {least:g} {unit}",),
            helps=(
                f"{advice} at least {least * 1.1:g} {unit}",
                "or add `below_min: skip` to send no order then, or `below_min: round_up` to send the least one",
            ),
        )
    ]


def _above_stake(built: Built, facts: Facts, root: Root) -> list[Diagnostic]:
    known = facts.intervals[root.node]
    if not _is_share(facts, root.node) or known.high <= 1:
        return []
    text = built.text(root.span)
    return [
        Diagnostic(
            "FC0504",
            "one order can exceed the stake",
            Label(root.span, f"up to {_number(known.high)} times the stake"),
            notes=("a pure number is a share of the instrument's part of the capital",),
            helps=(f"bound it: `min({text}, 1.0)`" if not known.is_point else "write at most `100 pct`",),
        )
    ]


def _too_large(built: Built, facts: Facts, root: Root, rule: Rule, limit: Root) -> list[Diagnostic]:
    worth = _worth(built, facts, root)
    if worth is None or not worth[1]:
        return []
    orders = 1 + (rule.at_most.value if rule.add and rule.at_most else 0)
    high, least = worth[0].high, _certain(facts, limit)
    if high * orders <= least:
        return []
    quote = built.currencies(built.instance)[1]
    single = high > least
    advice = _advice(built, facts, root, limit) if single else "lower the size"
    return [
        Diagnostic(
            "FC0504",
            "one order can exceed the position limit"
            if single
            else "what this entry adds can exceed the position limit",
            Label(root.span, f"up to {_number(high)} {quote}{'' if single else f', {orders} times'}"),
            secondary=(Label(limit.span, "the position limit"),),
            helps=(f"{advice}, or raise the limit",),
        )
    ]


def _order_too_large(built: Built, facts: Facts, root: Root, limit: Root) -> list[Diagnostic]:
    """One order against `risk: notional`; what adds to a position is an order of its own."""
    worth = _worth(built, facts, root)
    if worth is None or not worth[1] or worth[0].high <= _certain(facts, limit):
        return []
    return [
        Diagnostic(
            "FC0504",
            "one order can exceed the order limit",
            Label(root.span, f"up to {_number(worth[0].high)} {built.currencies(built.instance)[1]}"),
            secondary=(Label(limit.span, "the largest order"),),
            helps=(f"{_advice(built, facts, root, limit)}, or raise the limit",),
        )
    ]


def _advice(built: Built, facts: Facts, root: Root, limit: Root) -> str:
    bound = built.text(limit.span)
    if _is_share(facts, root.node):
        return "lower the size"
    if facts.intervals[root.node].is_point:
        return f"write at most {bound}"
    return f"bound it: `min({built.text(root.span)}, {bound})`"


def _certain(facts: Facts, limit: Root) -> float:
    """The least limit there can be; of one that follows the account, the greatest."""
    known = facts.intervals[limit.node]
    return known.high if facts.qualifiers.get(limit.node) == "series" else known.low


def _number(x: float) -> str:
    return "any amount of" if x == float("inf") else f"{x:g}"


def _range(known: Interval, unit: str) -> str:
    low = "-inf" if known.low == -float("inf") else f"{known.low:g} {unit}"
    high = "inf" if known.high == float("inf") else f"{known.high:g} {unit}"
    return f"[{low}, {high}]"

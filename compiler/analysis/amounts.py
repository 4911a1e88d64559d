"""Shares, counts and what must be known before the run: FC0207, FC0218, and FC0009 for shares that are missing.

Pure: graph and facts in, findings out.
"""

from __future__ import annotations

from collections.abc import Iterator

from ...dsl.diagnostics import Diagnostic, Label
from ...dsl.document import Document, Located
from ..frontend.built import Built, Root
from ..ir.hir import Facts
from .parameters import value_at_defaults

#: role -> (the number itself is allowed, least, greatest, in words)
_RANGES = {
    "fraction": (False, 0.0, 1.0, "above 0 and at most 1"),
    "drawdown": (False, 0.0, 1.0, "above 0 and at most 1"),
    "share": (True, 0.0, 1.0, "from 0 to 1"),
    "keep": (True, 0.0, 1.0, "from 0 to 1"),
    "compound": (True, 0.0, 1.0, "from 0 to 1"),
}
#: Places whose value is compiled in.
_CONSTANT = ("decide.min_gap", "capital.start", "lateness")
_FIXED = ("capital.", "risk.order_rate", "risk.losing_streak", "risk.stale.")
_LONGEST_LATENESS = 10 * 10**9  # ns
_ROUNDING = 1e-9
#: Of the quote currency; money is 64-bit atoms of 1e-8, and the account must have room to grow.
_MOST_MONEY = 20_000_000_000.0
_ABOVE_ZERO = ("capital.start", "risk.day_loss", "risk.profit_lock", "risk.notional", "risk.position")


def analyse(built: Built, facts: Facts, live: frozenset[int]) -> list[Diagnostic]:
    """Everything that a rule, `capital` or `risk` says in numbers, against what it can mean."""
    found: list[Diagnostic] = []
    for root in built.roots:
        if root.node in live:
            found += list(_known_before(facts, root)) or list(_range(built, facts, root))
            found += _money(facts, root)
    return [*found, *_counts(built.document), *_shares(built, facts, live), *_reserve(built, facts, live)]


def _range(built: Built, facts: Facts, root: Root) -> Iterator[Diagnostic]:
    if root.name == "lateness":
        known = facts.intervals[root.node]
        if not 0 <= known.low <= known.high <= _LONGEST_LATENESS:
            yield Diagnostic(
                "FC0218",
                "`lateness` lies from 0s to 10s",
                Label(root.span, "how long a bar waits for late trades"),
                helps=("the default is `250ms`",),
            )
    if root.role not in _RANGES:
        return
    inclusive, low, high, words = _RANGES[root.role]
    known = facts.intervals[root.node]
    if (known.low > low or (inclusive and known.low == low)) and known.high <= high:
        return
    text = built.text(root.span)
    shown = {"share": root.name.rpartition(".")[2], "keep": "keep"}.get(root.role, root.role)
    percent = known.is_point and 1 < known.low <= 100 and text.replace(".", "").isdigit()
    label = f"is {known.low:g}" if known.is_point else f"can be {known.low if known.low < low else known.high:g}"
    helps = (f"a share is written as `{text} pct` or `{known.low / 100:g}`",) if percent else ()
    yield Diagnostic("FC0218", f"`{shown}` lies {words}", Label(root.span, label), helps=helps)


def _money(facts: Facts, root: Root) -> Iterator[Diagnostic]:
    """Amounts that no account can have, and limits that nothing can keep."""
    if root.role != "money":
        return
    known, name = facts.intervals[root.node], root.name.removeprefix("risk.")
    if (name == "capital.start" and known.high > _MOST_MONEY) or known.low > _MOST_MONEY:
        what = f"`{name}` is at most {_MOST_MONEY:,.0f}".replace(",", " ")
        yield Diagnostic("FC0218", what, Label(root.span, "more than an account can hold"))
    elif root.name in _ABOVE_ZERO and known.high <= 0:
        yield Diagnostic("FC0218", f"`{name}` is above 0", Label(root.span, "never lets anything happen"))


def _known_before(facts: Facts, root: Root) -> Iterator[Diagnostic]:
    """FC0207 where the machine needs a number that does not change while it runs."""
    qualifier = facts.qualifiers.get(root.node, "const")
    if root.name in _CONSTANT and qualifier != "const":
        message, label = f"`{root.name}` is a constant", "depends on a parameter"
    elif root.name.startswith(_FIXED) and qualifier == "series":
        message, label = f"`{root.name}` must be known before the run", "changes while the strategy runs"
    else:
        return
    if qualifier == "series":
        label = "changes while the strategy runs"
    yield Diagnostic("FC0207", message, Label(root.span, label), helps=("write a number with its unit",))


def _counts(document: Document) -> Iterator[Diagnostic]:
    risk = document.risk
    counts: list[Located[int] | None] = [rule.at_most for rule in document.entries]
    counts += [e.requote.at_most for e in document.execution if e.requote]
    if risk is not None:
        counts += [risk.max_open, risk.losing_streak.max if risk.losing_streak else None]
        counts.append(risk.order_rate.max if risk.order_rate else None)
    for count in counts:
        if count is not None and count.value < 1:
            yield Diagnostic("FC0218", "this number is at least 1", Label(count.span, "never lets anything happen"))


def _shares(built: Built, facts: Facts, live: frozenset[int]) -> Iterator[Diagnostic]:
    """The shares of `capital.allocate` name every traded instrument, and are not more than the whole."""
    capital = built.document.capital
    roots = [r for r in built.roots if r.role == "share"]
    if capital is None or not capital.allocate or any(r.node not in live for r in roots):
        return
    named = {alias.value for alias, _ in capital.allocate}
    traded = {alias.value for alias in built.document.trade}
    for alias in built.document.trade if named <= traded else ():
        if alias.value not in named:
            label = Label(capital.allocate[0][0].span, f"`{alias.value}` has no share")
            helps = (f"give it one: `{alias.value}: 10 pct`; `0 pct` if it is not to be used",)
            yield Diagnostic("FC0009", f"`allocate` lacks the key `{alias.value}`", label, helps=helps)
    values = [value_at_defaults(built, facts, r.node) for r in roots]
    total = sum(v for v in values if v is not None)
    if roots and total > 1 + _ROUNDING:
        yield Diagnostic(
            "FC0218",
            f"the shares sum up to {total:g}",
            Label(roots[-1].span, "more than the whole"),
            secondary=tuple(Label(r.span, "") for r in roots[:-1]),
            helps=("all shares of `allocate` together are at most 1",),
        )


def _reserve(built: Built, facts: Facts, live: frozenset[int]) -> Iterator[Diagnostic]:
    places = {r.name: r for r in built.roots if r.role == "money" and r.node in live}
    start, reserve = places.get("capital.start"), places.get("capital.reserve")
    if start and reserve and facts.intervals[reserve.node].high >= facts.intervals[start.node].low:
        other = (Label(start.span, "the money at the start"),) if start.span != reserve.span else ()
        yield Diagnostic(
            "FC0218", "the reserve leaves nothing to trade with", Label(reserve.span, "never touched"), secondary=other
        )
    for name in ("capital.reserve", "capital.reinvest_after"):
        root = places.get(name)
        if root is not None and facts.intervals[root.node].low < 0:
            yield Diagnostic("FC0218", f"`{name}` is not negative", Label(root.span, "an amount that is kept aside"))

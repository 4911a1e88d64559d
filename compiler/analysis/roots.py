"""What is required of the values that leave the dataflow: clauses are bools, sizes money or quantities, and so on.

Pure: graph and types in, findings out, and the roots that are broken.
"""

from __future__ import annotations

from ...dsl.diagnostics import Diagnostic, Edit, Fix, Label, Safety
from ..frontend.built import Built, Root
from ..frontend.literals import money_type, tick_type
from ..ir.types import Dim, Kind, Type
from .wording import describe, noun

_BOOLS = frozenset({"clause", "scored", "requote", "constraint", "only_if", "invariant"})
_NUMBERS = frozenset({"weight", "at_least", "fraction", "drawdown", "keep", "share", "compound"})
_DURATIONS = frozenset({"cooldown", "ttl", "duration"})


def analyse(built: Built, types: dict[int, Type]) -> tuple[list[Diagnostic], set[int]]:
    """Findings on all roots that have a type."""
    found: list[Diagnostic] = []
    broken: set[int] = set()
    for index, root in enumerate(built.roots):
        made = types.get(root.node)
        wrong = None if made is None else _check(built, root, made)
        if wrong is not None:
            found.append(wrong)
            broken.add(index)
    return found, broken


def _check(built: Built, root: Root, made: Type) -> Diagnostic | None:
    if root.role in _BOOLS:
        return None if made.kind is Kind.BOOL else _not_bool(built, root, made)
    if root.role in _DURATIONS:
        return None if made.kind is Kind.DURATION else _wrong(built, root, made, "a duration", "s")
    if root.role in _NUMBERS:
        fits = made.is_number and not made.dim.exponents
        return None if fits else _wrong(built, root, made, "a pure number", "")
    money, price = money_type(built, built.instance), tick_type(built, built.instance)
    base = Type(Kind.REAL, Dim.of(**{built.currencies(built.instance)[0]: 1}))
    if root.role == "money":
        return None if _is(made, money) else _wrong(built, root, made, "an amount of money", f" {_quote(built)}")
    if root.role == "size":
        fits = _is(made, money) or _is(made, base) or _is_share(built, root, made)
        what = "an amount of money, a quantity or a share"
        return None if fits else _wrong(built, root, made, what, f" {_quote(built)}")
    if root.role == "price":
        return (
            None
            if _is(made, price)
            else _wrong(built, root, made, "a price", f" {_quote(built)} / {built.currencies(built.instance)[0]}")
        )
    if root.role == "band":
        return (
            None
            if _is(made, Type(Kind.REAL)) or _is(made, price)
            else _wrong(built, root, made, "a ratio or a price", " bps")
        )
    return None


def _is(made: Type, wanted: Type) -> bool:
    return made.kind is wanted.kind and made.dim == wanted.dim


def _is_share(built: Built, root: Root, made: Type) -> bool:
    """A pure number with a unit such as `pct`, or a computed one: a bare number may be an amount without its unit."""
    bare = built.graph[root.node].op == "const" and not any(c.isalpha() for c in built.text(root.span))
    return made == Type(Kind.REAL) and not bare


def _quote(built: Built) -> str:
    return built.currencies(built.instance)[1]


def _not_bool(built: Built, root: Root, made: Type) -> Diagnostic:
    text = built.text(root.span)
    helps = (f"compare it with something: `{text} > ...`",) if made.is_number else ()
    return Diagnostic(
        "FC0203",
        f"expected a condition, found {noun(made, built)}",
        Label(root.span, describe(made, built)),
        helps=helps,
    )


def _wrong(built: Built, root: Root, made: Type, wanted: str, unit: str) -> Diagnostic:
    what = {
        "size": "the size",
        "weight": f"the weight of `{root.name}`",
        "cooldown": "the cooldown",
        "price": f"the price of `{root.name}`",
        "ttl": f"the ttl of `{root.name}`",
    }.get(root.role, f"`{root.name}`")
    bare = made.is_number and not made.dim.exponents and built.graph[root.node].op == "const"
    if bare and not any(c.isalpha() for c in built.text(root.span)):
        shown = f"{built.text(root.span)}{unit}"
        fix = Fix(f"write `{shown}` if that is what you mean", Safety.PLACEHOLDER, (Edit(root.span, shown),))
        return Diagnostic(
            "FC0206",
            "this number needs a unit",
            Label(root.span, f"{what} is {wanted}"),
            fixes=(fix,),
        )
    return Diagnostic("FC0201", f"{what} is {wanted}, not {noun(made, built)}", Label(root.span, describe(made, built)))

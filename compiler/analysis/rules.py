"""Group 05: rules, execution and risk against the pinned venue profile (sizes: `sizes.py`).

Pure: graph and facts in, findings out.
"""

from __future__ import annotations

from ...dsl.diagnostics import Diagnostic, Edit, Fix, Label, Safety
from ...dsl.document import Execution, Located, Rule
from ...dsl.source import Span
from ..frontend.built import Built, Root
from ..frontend.suggest import nearest
from ..ir.hir import Facts
from ..ir.types import EVERYTHING, Kind, duration_text
from .implication import Implications

_STANDARD = ("market", "cross")
_RESTING = ("limit", "post_only")
_SECOND = 10**9


def analyse(built: Built, facts: Facts, live: frozenset[int], logic: Implications) -> list[Diagnostic]:
    """FC0501, FC0502, FC0505 to FC0509 and FC0511."""
    found = [
        *_sides(built),
        *_executions(built),
        *_chains(built),
        *_exits(built, facts, live, logic),
    ]
    return found + _crossing(built, facts, live) + _limits(built, facts, live)


def _sides(built: Built) -> list[Diagnostic]:
    if built.profile.allows_short:
        return []
    return [
        Diagnostic(
            "FC0501",
            f"{built.profile.name} cannot sell what the account does not hold",
            Label(rule.side.span, "a short entry"),
            helps=("leave positions with a rule under `exits`",),
        )
        for rule in built.document.entries
        if rule.side.value < 0
    ]


def _executions(built: Built) -> list[Diagnostic]:
    """FC0502 for styles, FC0009 for a price that is missing, FC0102 for names of policies that do not exist."""
    found: list[Diagnostic] = []
    names = [e.name.value for e in built.document.execution]
    for execution in built.document.execution:
        style = execution.style
        if style.value not in built.profile.styles:
            guess = nearest(style.value, built.profile.styles)
            found.append(
                Diagnostic(
                    "FC0502",
                    f"{built.profile.name} has no order style `{style.value}`",
                    Label(style.span, "not offered"),
                    notes=(f"it offers {', '.join(built.profile.styles)}",),
                    helps=(f"did you mean `{guess}`?",) if guess else (),
                )
            )
        elif execution.requote is not None and style.value not in _RESTING:
            found.append(
                Diagnostic(
                    "FC0502",
                    f"{style.value} orders never rest, so they cannot be moved",
                    Label(execution.requote.at_most.span, "a `requote`"),
                    secondary=(Label(style.span, "ends at once"),),
                    helps=("drop `requote`; `retries` sends such an order again",),
                )
            )
        elif style.value == "market" and execution.price is not None:
            found.append(
                Diagnostic(
                    "FC0502",
                    f"market orders of {built.profile.name} take no price",
                    Label(execution.price.span, "a price"),
                    secondary=(Label(style.span, "a market order"),),
                    helps=("use `style: ioc` for an order with a worst price", "or drop the price"),
                )
            )
        elif style.value != "market" and execution.price is None:
            found.append(
                Diagnostic(
                    "FC0009",
                    f"`{execution.name.value}` lacks the key `price`",
                    Label(style.span, f"a {style.value} order needs one"),
                    helps=("say how far you go, such as `price: close`", "or use `style: market`"),
                )
            )
    uses = [(r.execute, "execute") for r in (*built.document.entries, *built.document.exits)]
    uses += [(e.then, "then") for e in built.document.execution]
    for use, key in uses:
        if use is not None and use.written and use.value not in names and use.value not in _STANDARD:
            found.append(_no_policy(use, key, names))
    return found


def _no_policy(use: Located[str], key: str, names: list[str]) -> Diagnostic:
    known = (*names, *_STANDARD)
    guess = nearest(use.value, known)
    fixes = (Fix(f"did you mean `{guess}`?", Safety.SAFE, (Edit(use.span, guess),)),) if guess else ()
    helps = () if guess else (f"there are {', '.join(known)}",)
    return Diagnostic(
        "FC0102",
        f"no execution policy called `{use.value}`",
        Label(use.span, f"named by `{key}`"),
        helps=helps,
        fixes=fixes,
    )


def _quote(built: Built) -> str:
    return built.currencies(built.instance)[1]


# execution


def _chains(built: Built) -> list[Diagnostic]:
    """FC0506: following `then` comes back."""
    policies = {e.name.value: e for e in built.document.execution}
    found: list[Diagnostic] = []
    done: set[str] = set()
    for name in policies:
        path: list[str] = []
        while name in policies and name not in path and name not in done:
            path.append(name)
            then = policies[name].then
            name = then.value if then else ""
        if name in path:
            ring = path[path.index(name) :]
            last = policies[ring[-1]].then
            assert last is not None
            found.append(
                Diagnostic(
                    "FC0506",
                    "an order could go round for ever",
                    Label(last.span, f"leads back to `{ring[0]}`"),
                    notes=(f"the cycle: {' -> '.join((*ring, ring[0]))}",),
                    helps=("end the chain with a policy that takes what is left, such as `style: ioc`",),
                )
            )
        done |= set(path)
    return found


def _crossing(built: Built, facts: Facts, live: frozenset[int]) -> list[Diagnostic]:
    """FC0505: a post-only price at or beyond the other side of the book."""
    found: list[Diagnostic] = []
    policies = {e.name.value: e for e in built.document.execution}
    for execution in policies.values():
        if execution.style.value != "post_only" or execution.price is None:
            continue
        for side, rule in _users(built, execution):
            anchor = _anchor(built, facts, execution, side, live)
            if anchor is not None and _crosses(anchor, side):
                found.append(_post_only(execution, execution.price.span, anchor[0], side, rule))
                break
    return found


def _users(built: Built, execution: Execution) -> list[tuple[int, Rule]]:
    """(direction of the order, rule): entries of a long buy, its exits sell."""
    rules = [(r.side.value, r) for r in built.document.entries] + [(-1, r) for r in built.document.exits]
    return [(side, r) for side, r in rules if r.execute and r.execute.value == execution.name.value]


def _anchor(
    built: Built, facts: Facts, execution: Execution, side: int, live: frozenset[int]
) -> tuple[str, float] | None:
    """The price as (book field, offset), if it has that form."""
    name = execution.name.value
    root = next((r for r in built.roots if r.role == "price" and r.name == name and r.side == side), None)
    if root is None or root.node not in live:
        return None
    return _linear(built, facts, root.node)


def _linear(built: Built, facts: Facts, node_id: int) -> tuple[str, float] | None:
    node = built.graph[node_id]
    if node.op == "field" and node.attrs["source"] == "book":
        return str(node.attrs["name"]), 0.0
    if node.op in ("add", "sub"):
        inner, offset = _linear(built, facts, node.args[0]), facts.intervals[node.args[1]]
        if inner is not None and offset.is_point:
            return inner[0], inner[1] + (offset.low if node.op == "add" else -offset.low)
    return None


def _crosses(anchor: tuple[str, float], side: int) -> bool:
    name, offset = anchor
    return (side > 0 and name == "ask" and offset >= 0) or (side < 0 and name == "bid" and offset <= 0)


def _post_only(execution: Execution, span: Span, name: str, side: int, rule: Rule) -> Diagnostic:
    act, own = ("buy", "bid") if side > 0 else ("sell", "ask")
    return Diagnostic(
        "FC0505",
        f"a post-only {act} at the {name} is always rejected",
        Label(span, "would trade at once"),
        secondary=(Label(rule.name.span, f"used by this {rule.kind}"),),
        notes=("a post-only order that would trade is refused by the venue",),
        helps=(f"or at `{own}`; to take use `style: ioc`",),
        fixes=(Fix("price it at your own side: `near_side`", Safety.UNSAFE, (Edit(span, "near_side"),)),),
    )


# exits


def _uncovered(built: Built, facts: Facts) -> list[Diagnostic]:
    """FC0508: no exit at all, or only exits that leave a part."""
    document = built.document
    parts = {id(r.rule): facts.intervals.get(r.node, EVERYTHING).high for r in built.roots if r.role == "fraction"}
    helps = ("add an exit, for instance `exits: {out: pos.age > 4h}`",)
    if document.entries and not document.exits:
        label = Label(document.entries[0].name.span, "can enter, and nothing leaves")
        return [Diagnostic("FC0508", "no exit covers an open position", label, helps=helps)]
    if document.exits and all(rule.fraction is not None and parts.get(id(rule), 1) < 1 for rule in document.exits):
        label = Label(document.exits[-1].name.span, "closes a part, as all exits do")
        helps = ("add an exit without `fraction` for what is left",)
        return [Diagnostic("FC0508", "no exit closes the whole position", label, helps=helps)]
    return []


def _exits(built: Built, facts: Facts, live: frozenset[int], logic: Implications) -> list[Diagnostic]:
    document = built.document
    if uncovered := _uncovered(built, facts):
        return uncovered
    clauses = {
        id(rule): [r.node for r in built.roots if r.rule is rule and r.role == "clause"] for rule in document.exits
    }
    found: list[Diagnostic] = []
    for i, late in enumerate(document.exits):
        mine = clauses[id(late)]
        if len(mine) != len(late.clauses) or not all(n in live for n in mine):
            continue
        for early in (e for e in document.exits[:i] if not e.once):
            theirs = clauses[id(early)]
            whole = len(theirs) == len(early.clauses) and all(n in live for n in theirs)
            if whole and all(logic.implies(mine, wanted) for wanted in theirs):
                found.append(
                    Diagnostic(
                        "FC0507",
                        f"the exit `{late.name.value}` is never reached",
                        Label(late.name.span, "whenever it holds, an earlier exit holds too"),
                        secondary=(Label(early.name.span, "this one wins"),),
                        notes=("exits are tried in file order; the first that holds wins",),
                        helps=("remove it, or move it above the other",),
                    )
                )
                break
    return found


# limits


def _limits(built: Built, facts: Facts, live: frozenset[int]) -> list[Diagnostic]:
    """FC0509 and FC0511."""
    found: list[Diagnostic] = []
    profile = built.profile
    caps = {
        "risk.position": (profile.runtime_max_position, "position"),
        "risk.notional": (profile.runtime_max_position, "order"),
        "risk.day_loss": (profile.runtime_max_day_loss, "day loss"),
    }
    for root in built.roots:
        if root.name in caps and root.node in live and _least(facts, root) > float(caps[root.name][0]):
            cap, what = caps[root.name]
            found.append(
                Diagnostic(
                    "FC0509",
                    f"this {what} limit is looser than the runtime's",
                    Label(root.span, "has no effect"),
                    notes=(f"the runtime allows at most {cap} {_quote(built)}; no file can raise that",),
                    helps=("lower it",),
                )
            )
    return found + _rate(built, facts, live)


def _least(facts: Facts, limit: Root) -> float:
    """What a limit allows: of one that follows the account or the market the least, else the most."""
    known = facts.intervals[limit.node]
    return known.low if facts.qualifiers.get(limit.node) == "series" else known.high


def _rate(built: Built, facts: Facts, live: frozenset[int]) -> list[Diagnostic]:
    risk = built.document.risk
    if risk is None or risk.order_rate is None:
        return []
    root = next((r for r in built.roots if r.name == "risk.order_rate" and r.node in live), None)
    if root is None or facts.types[root.node].kind is not Kind.DURATION:
        return []
    per = max(facts.intervals[root.node].low, 1.0)
    allowed = built.profile.orders_per_s
    if risk.order_rate.max.value * _SECOND <= allowed * per:
        return []
    return [
        Diagnostic(
            "FC0511",
            "more orders than the venue accepts",
            Label(risk.order_rate.max.span, f"per {duration_text(int(per))}"),
            notes=(f"{built.profile.name} accepts {allowed} orders per second and account",),
            helps=(f"write at most `max: {int(allowed * per / _SECOND)}`",),
        )
    ]

"""Which name of one file is which name of the other: renamed things are found by what they mean."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field

from ...compiler.ir.hir import Checked, CheckedPolicy, CheckedRule
from ...dsl.meaning import meaning
from .forms import Forms, Table


@dataclass(frozen=True, slots=True)
class Names:
    """Name in the second file -> name in the first, of what was renamed."""

    params: Mapping[str, str] = field(default_factory=dict)
    lets: Mapping[str, str] = field(default_factory=dict)
    rules: Mapping[str, str] = field(default_factory=dict)  # with the set: `entries.long`
    clauses: Mapping[str, str] = field(default_factory=dict)  # whole path, in names of the first file
    policies: Mapping[str, str] = field(default_factory=dict)


def pairs(a: Mapping[str, Hashable], b: Mapping[str, Hashable]) -> dict[str, str]:
    """Names only `b` has -> names only `a` has, where the meanings are equal; in file order, each used once."""
    left = {name: what for name, what in a.items() if name not in b}
    found = {}
    for name, what in b.items():
        if name not in a:
            old = next((o for o, other in left.items() if other == what), None)
            if old is not None:
                found[name] = old
                del left[old]
    return found


def parameters(a: Checked, b: Checked) -> dict[str, str]:
    """Renamed parameters: a declaration that is equal but for its name."""
    return pairs(*({p.name: (p.type, p.default, p.low, p.high, p.sweep) for p in c.parameters} for c in (a, b)))


def instances(a: Checked, b: Checked) -> list[tuple[str, str]]:
    """Pairs of aliases of traded instruments: the same symbol, then what is left in order."""
    left, right = ({_symbol(c, alias): alias for alias in c.traded} for c in (a, b))
    same = [(left[symbol], right[symbol]) for symbol in left if symbol in right]
    rest = zip([left[s] for s in left if s not in right], [right[s] for s in right if s not in left], strict=False)
    return [*same, *rest]


def _symbol(checked: Checked, alias: str) -> str:
    return next(i.symbol.value for i in checked.document.instruments if i.alias.value == alias)


def forms_of(a: Checked, b: Checked, one: tuple[str, str], params: Mapping[str, str]) -> tuple[Forms, Forms, Names]:
    """Both strategies' forms for one pair of instances, and what was renamed."""
    recursive = sum(n.op == "prev" for c in (a, b) for n in c.graph.nodes)
    table, rounds = Table(), min(recursive + 1, 24)
    left, right = Forms(a, one[0], table, {}, rounds), Forms(b, one[1], table, params, rounds)
    lets = pairs(*({name: f.whole[node] for name, node in f.instance.lets.items()} for f in (left, right)))
    left.name_lets({})
    right.name_lets(lets)
    policies = pairs(_policies(left), _policies(right))
    rules = {
        **_renamed(left, right, "entries", lambda f: f.instance.entries),
        **_renamed(left, right, "exits", lambda f: f.instance.exits),
    }
    return left, right, Names(params, lets, rules, _clauses(left, right, rules), policies)


def _policies(forms: Forms) -> dict[str, Hashable]:
    found: dict[str, Hashable] = {}
    for policy in forms.instance.policies:
        found[policy.name] = (found.get(policy.name), _policy(forms, policy, 4))
    return found


def _policy(forms: Forms, policy: CheckedPolicy, depth: int) -> Hashable:
    """A policy without its name; what it hands over to, so deep."""
    then = None
    if policy.then is not None:
        then = _policy(forms, forms.instance.policies[policy.then], depth - 1) if depth else "more"
    nodes = tuple(None if n is None else forms.whole[n] for n in (policy.price, policy.ttl, policy.requote_when))
    return (policy.side, policy.style, nodes, policy.requote_at_most, then, policy.retries)


def _renamed(left: Forms, right: Forms, group: str, rules: Callable[[Forms], Sequence[CheckedRule]]) -> dict[str, str]:
    found = pairs(*({r.rule.name.value: _rule(f, r) for r in rules(f)} for f in (left, right)))
    return {f"{group}.{new}": f"{group}.{old}" for new, old in found.items()}


def _rule(forms: Forms, rule: CheckedRule) -> Hashable:
    """A rule without its name and those of its clauses."""
    whole = forms.whole
    clauses = tuple(sorted(whole[c.node] for c in rule.clauses))
    values = tuple(None if n is None else whole[n] for n in (rule.size, rule.cooldown, rule.at_least, rule.fraction))
    written = rule.rule
    flags = meaning((written.side, written.below_min, written.once, written.add, written.at_most))
    return (clauses, values, flags, _policy(forms, forms.instance.policies[rule.policy], 4))


def _clauses(left: Forms, right: Forms, rules: Mapping[str, str]) -> dict[str, str]:
    """Renamed clauses of rules that both have; whole paths, those of the second file in the first one's rule names."""
    found = {}
    for group in ("entries", "exits"):
        old = {r.rule.name.value: r for r in getattr(left.instance, group)}
        for new in getattr(right.instance, group):
            path = rules.get(f"{group}.{new.rule.name.value}", f"{group}.{new.rule.name.value}")
            rule = old.get(path.partition(".")[2])
            if rule is None:
                continue
            sides = ((left, rule), (right, new))
            names = pairs(*({c.name: f.whole[c.node] for c in r.clauses} for f, r in sides))
            found.update({f"{path}/{name}": name_before for name, name_before in names.items()})
    return found

"""Changes that mean nothing: names, order, spelling, comments."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ...compiler.ir.hir import Checked
from ...dsl.ast import Expr
from ...dsl.document import Document
from ...dsl.meaning import meaning
from .change import Change, Kind, Place
from .forms import Forms
from .matching import Names
from .spelling import renaming
from .whole import REHASHED

Renames = Sequence[tuple[Forms, Forms, Names]]


def changes(renames: Renames, known: Sequence[Change]) -> list[Change]:
    """What differs in the text beside the changes that are `known` already."""
    left, right, names = renames[0]
    a, b = left.checked, right.checked
    found = [*_renamed(a, b, names), *_aliases(a, b), *_orders(a, b, names), *_words(a, b)]
    taken = {change.item for change in known}
    found += [c for c in _spelling(left, right, names) if c.item not in taken]
    texts = a.document.source.text, b.document.source.text
    if not known and not found and texts[0] != texts[1]:
        found.append(Change(Kind.COSMETIC, "text", "comments, spacing or the order of keys"))
    return found


def _place(document: Document, expr: Expr) -> Place:
    return Place(expr.span, " ".join(document.source.slice(expr.span).split()))


def _renamed(a: Checked, b: Checked, names: Names) -> Iterator[Change]:
    spans = [
        {
            **{f"let.{d.name.value}": d.name for d in c.document.lets},
            **{f"entries.{r.name.value}": r.name for r in c.document.entries},
            **{f"exits.{r.name.value}": r.name for r in c.document.exits},
            **{f"execution.{e.name.value}": e.name for e in c.document.execution},
        }
        for c in (a, b)
    ]
    lets = {f"let.{new}": f"let.{old}" for new, old in names.lets.items()}
    policies = {f"execution.{new}": f"execution.{old}" for new, old in names.policies.items()}
    for new, old in {**lets, **names.rules, **policies}.items():
        before, after = (Place(own[name].span, own[name].value) for own, name in zip(spans, (old, new), strict=True))
        yield Change(Kind.COSMETIC, old, f"renamed to {new.partition('.')[2]}", before, after)
    for path, old in names.clauses.items():
        rule, _, new = path.rpartition("/")
        yield Change(Kind.COSMETIC, f"{rule}.{old}", f"clause renamed to {new}")


def _aliases(a: Checked, b: Checked) -> Iterator[Change]:
    before, after = ({i.symbol.value: i.alias for i in c.document.instruments} for c in (a, b))
    for symbol in before.keys() & after.keys():
        old, new = before[symbol], after[symbol]
        if old.value != new.value:
            places = (Place(old.span, old.value), Place(new.span, new.value))
            yield Change(Kind.COSMETIC, f"instruments.{old.value}", f"renamed to {new.value}", *places, (REHASHED,))
    kept = [[s for s in side if s in other] for side, other in ((before, after), (after, before))]
    if kept[0] != kept[1]:
        yield Change(Kind.COSMETIC, "instruments", "in another order", None, None, (REHASHED,))


def _orders(a: Checked, b: Checked, names: Names) -> Iterator[Change]:
    """Order of what has no order."""
    params = [[p.name for p in a.parameters], [names.params.get(p.name, p.name) for p in b.parameters]]
    yield from _order("params", params, (REHASHED,))
    now = [names.lets.get(d.name.value, d.name.value) for d in b.document.lets]
    lets = [[d.name.value for d in a.document.lets], now]
    yield from _order("let", lets)
    policies = [[e.name.value for e in c.document.execution if e.name.written] for c in (a, b)]
    yield from _order("execution", [policies[0], [names.policies.get(n, n) for n in policies[1]]])
    for group in ("entries", "exits"):
        old = {r.rule.name.value: r for r in getattr(a, group)}
        for rule in getattr(b, group):
            path = names.rules.get(f"{group}.{rule.rule.name.value}", f"{group}.{rule.rule.name.value}")
            before = old.get(path.partition(".")[2])
            if before is not None:
                now = [names.clauses.get(f"{path}/{c.name}", c.name) for c in rule.clauses]
                yield from _order(path, [[c.name for c in before.clauses], now], (REHASHED,))


def _order(item: str, sides: Sequence[Sequence[str]], consequences: tuple[str, ...] = ()) -> Iterator[Change]:
    """Whether what both have stands in another order."""
    kept = [[name for name in side if name in other] for side, other in (sides, sides[::-1])]
    if kept[0] != kept[1]:
        what = "clauses" if "." in item else "entries of this block" if item != "params" else "parameters"
        yield Change(Kind.COSMETIC, item, f"{what} in another order", None, None, consequences)


def _words(a: Checked, b: Checked) -> Iterator[Change]:
    if a.document.strategy.value != b.document.strategy.value:
        old, new = (Place(c.document.strategy.span, c.document.strategy.value) for c in (a, b))
        yield Change(Kind.COSMETIC, "strategy", "another name", old, new)
    if a.document.doc != b.document.doc:
        yield Change(Kind.COSMETIC, "doc", "another description")
    if meaning(a.document.tests) != meaning(b.document.tests):
        yield Change(Kind.COSMETIC, "tests", "other tests")


def _spelling(left: Forms, right: Forms, names: Names) -> Iterator[Change]:
    """Equations and clauses that are written differently and mean the same; equations that only name something."""
    before = {f"let.{d.name.value}": d.expr for d in left.checked.document.lets}
    renamed = names.lets
    after = {f"let.{renamed.get(d.name.value, d.name.value)}": d.expr for d in right.checked.document.lets}
    before |= _clauses(left.checked.document, {})
    after |= _clauses(right.checked.document, names.rules)
    words = {**names.params, **names.lets}
    for item in dict.fromkeys((*before, *after)):
        old, new = before.get(item), after.get(item)
        if old is not None and new is not None:
            if meaning(old) != renaming(meaning(new), words) and _same(left, right, names, item):
                places = (_place(left.checked.document, old), _place(right.checked.document, new))
                yield Change(Kind.COSMETIC, item, "written differently", *places, rewritten=True)
        elif item.startswith("let."):
            said = _named(left, right, item, names)
            before_one, after_one = (
                None if expr is None else _place(f.checked.document, expr) for f, expr in ((left, old), (right, new))
            )
            yield Change(Kind.COSMETIC, item, said, before_one, after_one, rewritten=True)


def _same(left: Forms, right: Forms, names: Names, item: str) -> bool:
    """Whether an equation means the same but for the equations it reads; what else differs is reported elsewhere."""
    name = item.removeprefix("let.")
    if name not in left.instance.lets or not item.startswith("let."):
        return True
    new = next((new for new, old in names.lets.items() if old == name), name)
    return left.own(left.instance.lets[name], name) == right.own(right.instance.lets[new], name)


def _named(left: Forms, right: Forms, item: str, names: Names) -> str:
    """Of an equation that one file has alone: whether the other file has its value without a name."""
    name = item.removeprefix("let.")
    new = next((new for new, old in names.lets.items() if old == name), name)
    gone = name in left.instance.lets
    mine, other, key = (left, right, name) if gone else (right, left, new)
    if mine.whole[mine.instance.lets[key]] in set(other.whole):
        return "no longer named" if gone else "only names what the other file writes out"
    return "equation removed; no clause or policy read it" if gone else "new equation; no clause or policy reads it"


def _clauses(document: Document, rules: object) -> dict[str, Expr]:
    known = rules if isinstance(rules, dict) else {}
    found: dict[str, Expr] = {}
    for group in ("entries", "exits"):
        for rule in getattr(document, group):
            path = known.get(f"{group}.{rule.name.value}", f"{group}.{rule.name.value}")
            kind = "require" if rule.scored else "when"
            found |= {f"{path}.{kind}.{c.name.value}": c.expr for c in rule.clauses}
            found |= {f"{path}.score.{s.clause.name.value}": s.clause.expr for s in rule.scored}
    return found

"""Two checked strategies to a list of changes, each with its class, its places and what follows from it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace

from ...compiler.ir.hir import Checked
from . import cosmetic, whole
from .change import Change, Comparison, Kind, Place
from .direction import Weigher
from .forms import Forms
from .items import Item, Items
from .matching import Names, forms_of, instances, parameters
from .risk import RISK, judge
from .warmth import growth, ticks

#: Roles that decide when to act; the others, beside risk, are about orders.
SIGNAL = frozenset({"let", "rule", "clause", "weight", "at_least", "cooldown", "side", "once"})


def compare(a: Checked, b: Checked, name_a: str, name_b: str) -> Comparison:
    """Everything that differs, the gravest first."""
    params = parameters(a, b)
    found: dict[tuple[Kind, str], Change] = {}
    renames: list[tuple[Forms, Forms, Names]] = []
    for one in instances(a, b):
        left, right, names = forms_of(a, b, one, params)
        renames.append((left, right, names))
        for change in Pair(left, right, names).changes():
            found.setdefault((change.kind, change.item), change)
    built = whole.Built.of(a), whole.Built.of(b)
    others = whole.changes(a, b, params, built)
    changes = [*_told_once(list(found.values()), others), *others]
    changes = [*whole.without_effect(built, changes), *cosmetic.changes(renames, changes)]
    changes += whole.unexplained(built, changes)
    changes.sort(key=lambda c: (list(Kind).index(c.kind), _offset(c)))
    names_ir = (built[0].ir_hash, built[1].ir_hash)
    return Comparison(name_a, name_b, a.document.source, b.document.source, tuple(changes), *names_ir)


def _told_once(found: list[Change], others: list[Change]) -> list[Change]:
    """Without what follows from another decision clock alone; a policy that buys and sells alike is one change."""
    if any(change.item == "decide" for change in others):
        found = [c for c in found if c.unclear or c.before is None or c.after is None or c.before.text != c.after.text]
    kept: dict[tuple[object, ...], Change] = {}
    for change in found:
        bare = re.sub(r"\[(buy|sell)\]", "", change.item)
        key = (change.kind, bare, change.said, change.before, change.after)
        kept[key] = replace(change, item=bare) if key in kept else change
    return list(kept.values())


def _offset(change: Change) -> int:
    place = change.after or change.before
    return place.span.start if place is not None else 0


class Pair:
    """Compares the items of one instance."""

    def __init__(self, left: Forms, right: Forms, names: Names) -> None:
        self.left, self.right, self.names = left, right, names
        self.weigher = Weigher(left, right)
        items = [Items(f.checked, f.instance).all() for f in (left, right)]
        self.before = {item.path: item for item in items[0]}
        self.after = {self.path(item): item for item in items[1]}
        self.readers = [_readers(f, own.values()) for f, own in ((left, self.before), (right, self.after))]

    def path(self, item: Item) -> str:
        """The path of an item of the second file in the names of the first."""
        head, _, rest = item.path.partition(".")
        name, dot, rest = rest.partition(".")
        if head == "let":
            return f"let.{self.names.lets.get(name, name)}"
        if head == "execution":
            bare, bracket, side = name.partition("[")
            return f"execution.{self.names.policies.get(bare, bare)}{bracket}{side}{dot}{rest}"
        rule = self.names.rules.get(f"{head}.{name}", f"{head}.{name}")
        group, _, clause = rest.partition(".")
        if head not in ("entries", "exits") or not clause:
            return f"{rule}{dot}{rest}"
        bare, mark, weight = clause.partition(".weight")
        return f"{rule}.{group}.{self.names.clauses.get(f'{rule}/{bare}', bare)}{mark}{weight}"

    def changes(self) -> list[Change]:
        """Items that mean something else, once each: where it is written, not where it is read."""
        found: list[Change] = []
        for path in dict.fromkeys((*self.before, *self.after)):
            change = self._one(path, self.before.get(path), self.after.get(path))
            found += [change] if change is not None else []
        return [*found, *self._order(), *self._unseen(found)]

    def _one(self, path: str, before: Item | None, after: Item | None) -> Change | None:
        item = after or before
        assert item is not None, "one of the two is there"
        if self._part_of_new_rule(path):
            return None
        if item.role in RISK:
            return self._risk(path, before, after)
        if before is None or after is None:
            return self._appeared(path, before, after)
        if not self._differs(before, after):
            return None
        kind = self._kind(path, item)
        said = "changed; nothing reads it" if kind is Kind.COSMETIC else "changed"
        return None if kind is None else self._change(kind, path, said, before, after)

    def _part_of_new_rule(self, path: str) -> bool:
        """A rule that is new or gone is one change, whatever it has inside."""
        parts = path.split(".")
        rule = ".".join(parts[:2])
        return parts[0] in ("entries", "exits") and len(parts) > 2 and (rule in self.before) != (rule in self.after)

    def _risk(self, path: str, before: Item | None, after: Item | None) -> Change | None:
        verdict = judge(before, after, self.weigher)
        if verdict is None:
            return None
        made = self._change(verdict.kind, path, verdict.said, before, after)
        return replace(made, unclear=verdict.unclear)

    def _differs(self, before: Item, after: Item) -> bool:
        """Whether something else is written here and means something else."""
        if before.node is None or after.node is None:
            if before.role in ("execute", "then"):
                return before.value != self.names.policies.get(str(after.value), after.value)
            return before.role != "rule" and before.value != after.value
        if self.left.whole[before.node] == self.right.whole[after.node]:
            return False
        return self._rewritten(before, after)

    def _rewritten(self, before: Item, after: Item) -> bool:
        """Whether what stands here itself, not what it reads, means something else."""
        assert before.node is not None and after.node is not None, "both are nodes"
        name = before.path.partition(".")[2] if before.role == "let" else ""
        return self.left.own(before.node, name) != self.right.own(after.node, name)

    def _kind(self, path: str, item: Item) -> Kind | None:
        """The class; of an equation that of what reads it. None: only limits and sizes do, and they are reported."""
        if item.role != "let":
            return Kind.SIGNAL if item.role in SIGNAL else Kind.EXECUTION
        readers = {role for own in self.readers for role in own.get(path, ())}
        if readers & SIGNAL:
            return Kind.SIGNAL
        if readers - RISK:
            return Kind.EXECUTION
        return None if readers else Kind.COSMETIC

    def _appeared(self, path: str, before: Item | None, after: Item | None) -> Change | None:
        item = after or before
        assert item is not None, "one of the two is there"
        word = "new" if before is None else "removed"
        if item.role != "let":
            kind = Kind.SIGNAL if item.role in SIGNAL else Kind.EXECUTION
            return self._change(kind, path, f"{word} {_NOUN.get(item.role, item.role)}", before, after)
        assert item.node is not None, "an equation is a node"
        mine, others = (self.right, self.left) if before is None else (self.left, self.right)
        if mine.whole[item.node] in set(others.whole):
            return None  # a name for what the other file has without one: cosmetic
        kind_of = self._kind(path, item)
        return (
            None if kind_of in (None, Kind.COSMETIC) else self._change(kind_of, path, f"{word} equation", before, after)
        )

    def _order(self) -> Iterable[Change]:
        """Rules are tried in file order: the first that holds wins."""
        for group in ("entries", "exits"):
            sides = [[p for p, item in own.items() if item.role == "rule" and p.startswith(group)]
                     for own in (self.before, self.after)]  # fmt: skip
            kept = [[p for p in side if p in other] for side, other in (sides, sides[::-1])]
            moved = next((p for p, q in zip(*kept, strict=True) if p != q), None)
            if moved is not None:
                where = self._change(
                    Kind.SIGNAL, group, "rules in another order", self.before[moved], self.after[moved]
                )
                names = ", ".join(p.partition(".")[2] for p in kept[1])
                yield replace(where, consequences=(f"the first that holds wins; now: {names}",))

    def _unseen(self, found: list[Change]) -> Iterable[Change]:
        """Items whose meaning changed although nothing they read was reported: never silently dropped."""
        named = {change.item for change in found}
        for path, before in self.before.items():
            after = self.after.get(path)
            if after is None or before.node is None or after.node is None or before.role == "let" or path in named:
                continue
            if before.role in RISK or self.left.whole[before.node] == self.right.whole[after.node]:
                continue
            causes = self._causes(self.left, before.node) | self._causes(self.right, after.node)
            if not any(f"let.{name}" in named for name in causes):
                kind = Kind.SIGNAL if before.role in SIGNAL else Kind.EXECUTION
                yield self._change(kind, path, "changed", before, after)

    def _causes(self, forms: Forms, node: int) -> set[str]:
        below = forms.reads(node)
        renamed = self.names.lets if forms is self.right else {}
        return {renamed.get(name, name) for name, root in forms.instance.lets.items() if root in below}

    # words

    def _change(self, kind: Kind, path: str, said: str, before: Item | None, after: Item | None) -> Change:
        return Change(kind, path, said, _place(before), _place(after), tuple(self._consequences(path, before, after)))

    def _consequences(self, path: str, before: Item | None, after: Item | None) -> Iterable[str]:
        item = after or before
        assert item is not None, "one of the two is there"
        if item.role == "let":
            readers = dict.fromkeys(p for own in self.readers for p in own.get(f"{path}/paths", ()))
            if readers:
                yield f"read by {_listed(list(readers))}"
        if before is not None and after is not None and before.node is not None and after.node is not None:
            needs = [
                ticks(f.checked, [i.node]) for f, i in ((self.left, before), (self.right, after)) if i.node is not None
            ]
            yield from growth(*needs)
            if before.text == after.text:
                yield from self._behind(before, after)
        if item.role == "rule":
            verb = "may now" if before is None else "no longer"
            yield f"it {verb} {'open' if item.value == 'entry' else 'close'}{'s' if before else ''} positions"

    def _behind(self, before: Item, after: Item) -> Iterable[str]:
        """What changed where the text of an item did not: the equations and parameters that it reads."""
        assert before.node is not None and after.node is not None, "both are nodes"
        if self._rewritten(before, after):
            yield "the text is the same: a function that it calls, or its clock, changed"
            return
        for name in sorted(self._causes(self.left, before.node)):
            old, new = (own.get(f"let.{name}") for own in (self.before, self.after))
            if old is not None and new is not None and self._differs(old, new):
                yield f"the text is the same: it reads let.{name}, {old.text} → {new.text}"


_NOUN = {"at_least": "score", "execute": "policy", "requote": "requote rule", "requote_count": "number of requotes",
         "ttl": "time to live", "then": "next policy"}  # fmt: skip


def _place(item: Item | None) -> Place | None:
    return None if item is None else Place(item.span, item.text)


def _listed(names: list[str]) -> str:
    return ", ".join(names[:4]) + (f" and {len(names) - 4} more" if len(names) > 4 else "")


def _readers(forms: Forms, items: Iterable[Item]) -> dict[str, list[str]]:
    """`let.x` -> roles of the items that read it; `let.x/paths` -> their paths."""
    found: dict[str, list[str]] = {}
    lets = {node: name for name, node in forms.instance.lets.items()}
    for item in items:
        if item.node is None or item.role == "let":
            continue
        for node in forms.reads(item.node) & lets.keys():
            found.setdefault(f"let.{lets[node]}", []).append(item.role)
            found.setdefault(f"let.{lets[node]}/paths", []).append(item.path)
    return found

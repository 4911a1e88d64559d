"""`fired(exits.stop)`: the one word that assertions of tests have and rules have not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...dsl import ast
from ...dsl.diagnostics import Edit, Fix, Safety
from .environment import Environment
from .suggest import nearest

if TYPE_CHECKING:
    from .elaborate import Elaborator


def fired(el: Elaborator, e: ast.Call, env: Environment) -> int | None:
    """`fired(exits.stop)`: the rule wants its order at this decision. Only tests may ask."""
    document = el.built.document
    sets = {"entries": document.entries, "exits": document.exits}
    rule = e.args[0].value if len(e.args) == 1 else None
    if isinstance(rule, ast.Member) and isinstance(rule.base, ast.Name) and rule.base.name in sets:
        names = [r.name.value for r in sets[rule.base.name]]
        if rule.name in names:
            name = f"{rule.base.name}.{rule.name}"
            return el.graph.add("field", (), e.span, instrument=env.instrument, source="fired", name=name)
        guess = nearest(rule.name, names)
        fixes = (Fix(f"did you mean `{guess}`?", Safety.SAFE, (Edit(rule.name_span, guess),)),) if guess else ()
        helps = () if guess else (f"there are {', '.join(names) or 'none'}",)
        el.error(
            "FC0102",
            f"no rule called `{rule.name}`",
            rule.name_span,
            f"not under `{rule.base.name}`",
            helps=helps,
            fixes=fixes,
        )
        return None
    known = [f"`fired({key}.{r.name.value})`" for key, rules in sets.items() for r in rules]
    helps = (f"there are {', '.join(known[:8])}",)
    el.error("FC0104", "`fired` takes one rule", e.span, "which rule?", helps=helps)
    return None

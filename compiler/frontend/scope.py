"""File-level names: parameters, `let` equations (read on demand, cycles drawn), labels, instruments, functions."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ...dsl import ast
from ...dsl.diagnostics import Diagnostic, Diagnostics, Edit, Fix, Label, Safety
from ...dsl.document import FunctionDecl, NamedExpr
from ...dsl.expression_parser import walk
from ..library.table import FUNCTIONS, SPECIAL_FORMS
from . import fields, literals
from .built import Built
from .environment import Environment
from .modules import Module
from .names import GROUPS
from .suggest import nearest

if TYPE_CHECKING:
    from .elaborate import Elaborator

#: Unknown names that get a suggestion: more than a screen shows, and few enough for a file full of them.
MOST_ADVISED = 25


class Scope:
    """What a name means in this file. A `let` is read when it is first used; while it is being read it is open."""

    def __init__(self, built: Built, bag: Diagnostics) -> None:
        self.built = built
        self.bag = bag
        self.aliases = tuple(i.alias.value for i in built.document.instruments)
        self.functions: dict[str, FunctionDecl] = {}
        self.lets: dict[str, NamedExpr] = {}
        self.labels: dict[str, NamedExpr] = {}
        self.modules: dict[str, Module] = {}
        self.uses: dict[str, str] = {}
        self.unread: frozenset[str] = frozenset()
        self.ambiguous: set[str] = set()
        self.open: list[str] = []
        self.done: dict[str, int | None] = {}
        self.elaborator: Elaborator

    # lookup

    def module(self, name: str, inside: str) -> Module | None:
        """The module that a short name means in the file, or inside another module."""
        uses = self.modules[inside].uses if inside else self.uses
        return self.modules[uses[name]] if name in uses else None

    def is_value(self, name: str) -> bool:
        return name in self.lets or name in self.labels or name in self.built.params

    def lookup(self, e: ast.Name, env: Environment) -> Any:
        """A node id, None when poisoned, NotImplemented when the file defines no such name."""
        if env.module:
            return NotImplemented
        if e.name in self.ambiguous:
            self.built.read_params.add(e.name)
            self.built.read_lets.add(e.name)
            return None
        if e.name in self.built.params:
            self.built.read_params.add(e.name)
            return self.built.params[e.name]
        if e.name in self.lets:
            self.built.read_lets.add(e.name)
            return self.equation(self.lets[e.name], e)
        if e.name in self.labels:
            return self.equation(self.labels[e.name], e)
        return None if e.name in self.built.document.unread else NotImplemented

    def is_doubtful(self, name: str) -> bool:
        """The file defines the name twice, or in words that cannot be read: uses of it say nothing."""
        return name in self.ambiguous or name in self.built.document.unread

    def equation(self, decl: NamedExpr, use: ast.Name | None = None) -> int | None:
        """The node of a `let` or a label, read once under the file's ambient clock."""
        name = decl.name.value
        if name in self.done:
            return self.done[name]
        if name in self.open:
            self.cycle(name, use)
            return None
        self.open.append(name)
        is_label = name in self.labels
        first = len(self.built.graph.nodes)
        env = Environment(self.built.ambient, self.built.instance, in_label=is_label)
        node = self.elaborator.expr(decl.expr, env)
        self.open.pop()
        if name not in self.done:
            self.done[name] = node
        self.record(name, self.done[name], first, is_label)
        return self.done[name]

    def record(self, name: str, node: int | None, first: int, is_label: bool) -> None:
        if is_label:
            self.built.label_nodes.update(range(first, len(self.built.graph.nodes)))
        if node is None:
            return
        (self.built.labels if is_label else self.built.graph.lets)[name] = node
        if node >= first and not self.built.graph[node].label:
            self.built.graph.nodes[node] = replace(self.built.graph[node], label=name)

    def cycle(self, name: str, use: ast.Name | None) -> None:
        """FC0303, once, with the cycle drawn. Every equation on it is poisoned."""
        ring = self.open[self.open.index(name) :]
        if all(step in self.done for step in ring):
            return
        decls = {**self.labels, **self.lets}
        for step in ring:
            self.done.setdefault(step, None)
        if any(_has_bare_delay(decls[step].expr) for step in ring):
            return  # FC0312 tells how a value reads its own past
        first = decls[ring[0]]
        drawn = " -> ".join((*ring, ring[0]))
        span = use.span if use else first.name.span
        others = tuple(
            Label(decls[step].name.span, f"`{step}` needs `{after}`")
            for step, after in zip(ring, (*ring[1:], ring[0]), strict=True)
        )
        self.bag.add(
            Diagnostic(
                "FC0303",
                f"`{name}` needs its own value of the same instant"
                if len(ring) == 1
                else "these values need each other in the same instant",
                Label(span, f"`{name}` is needed here to compute `{name}`"),
                secondary=others,
                notes=(f"the cycle: {drawn}",),
                helps=(f"read the value of one tick ago, with a value for the first tick: `prev({name}, 0)`",),
            )
        )

    def poison(self, node: int) -> None:
        self.built.poisoned.add(node)

    # unknown names

    def known(self, env: Environment) -> Iterable[str]:
        yield from env.locals
        yield from self.built.params
        yield from self.lets
        yield from fields.BARE
        yield from GROUPS
        yield from self.aliases
        yield from literals.known_currencies(self.built)
        yield "now"

    def unknown(self, e: ast.Name, env: Environment) -> None:
        """FC0102 with the nearest name, or what else the name is."""
        self.built.unresolved.add(e.name)
        many = len(self.built.unresolved) > MOST_ADVISED
        help_, fixes = ((), ()) if many else self.advice(e, env)
        where = f"not defined in this file, in std, or by {env.instrument}"
        self.bag.add(
            Diagnostic("FC0102", f"no value called `{e.name}`", Label(e.span, where), helps=help_, fixes=fixes)
        )

    def advice(self, e: ast.Name, env: Environment) -> tuple[tuple[str, ...], tuple[Fix, ...]]:
        if e.name in self.aliases:
            return (f"`{e.name}` is an instrument; take one of its fields: `{e.name}.mid`, `{e.name}.close`",), ()
        if e.name in GROUPS:
            return (f"`{e.name}` has the fields {', '.join(GROUPS[e.name])}: `{e.name}.{GROUPS[e.name][0]}`",), ()
        if e.name in self.functions or e.name in FUNCTIONS or e.name in SPECIAL_FORMS:
            row = FUNCTIONS.get(e.name)
            shown = row.signature_text if row else SPECIAL_FORMS.get(e.name, f"{e.name}(...)")
            return (f"`{e.name}` is a function: `{shown}`",), ()
        guess = nearest(e.name, self.known(env))
        if guess is None:
            return (), ()
        line = (
            f", defined at line {self.built.document.source.position(self.lets[guess].name.span.start).line}"
            if guess in self.lets
            else ""
        )
        return (), (Fix(f"did you mean `{guess}`{line}?", Safety.SAFE, (Edit(e.span, guess),)),)


def _has_bare_delay(e: ast.Expr) -> bool:
    """`prev` without its initial value stands in the expression."""
    return any(isinstance(x, ast.Call) and x.func.name == "prev" and len(x.args) == 1 for x in walk(e))

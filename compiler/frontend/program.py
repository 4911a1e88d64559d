"""A document to a `Built`: declarations first, then every equation, rule and limit."""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType

from ...dsl import ast
from ...dsl.diagnostics import Diagnostics
from ...dsl.document import Capital, Document, Execution, Risk, Rule
from ..ir.types import Clock
from ..venues.profile import VenueProfile
from .assertion_roots import read_tests
from .built import Built, Root
from .declarations import declare_functions, declare_names, declare_params
from .elaborate import Elaborator
from .environment import Environment
from .instances import stale_clock
from .modules import Loader, short_name
from .policies import EXIT_SIDE, uses
from .scope import Scope
from .venue import no_stream, not_traded


def build(
    document: Document, profile: VenueProfile, instance: str, bag: Diagnostics, *, with_tests: bool = False
) -> Built | None:
    """The graph of the instance `instance`; None when the decision clock itself cannot be read.

    `with_tests`: the expressions of the `tests:` block are read into it too. Such a graph is not what is traded.
    """
    built = Built(document, profile, instance, None, Clock("book", instance))
    scope = Scope(built, bag)
    elaborator = Elaborator(built, bag, scope)
    scope.elaborator = elaborator
    env = Environment(None, instance)
    clock = elaborator.clock(document.decide.clock, env)
    if clock is None:
        return None
    built.decision, built.ambient = clock, clock
    declare_names(document, scope, bag)
    declare_params(document, scope, elaborator)
    declare_functions(document, scope, bag)
    loader = Loader(document, bag)
    scope.uses = loader.use(document.uses)
    scope.modules = loader.modules
    scope.unread = frozenset(short_name(u.value) for u in document.uses) - frozenset(scope.uses)
    built.sources = {m.source.path: m.source for m in loader.modules.values()}
    Reader(built, elaborator, scope, document).read(with_tests)
    return built


#: What can be said about a function's body without a call.
_NAME_CODES = frozenset({"FC0102", "FC0103", "FC0105"})


class Reader:
    """Walks the document in file order and records the roots."""

    def __init__(self, built: Built, elaborator: Elaborator, scope: Scope, document: Document) -> None:
        self.built, self.elaborator, self.scope, self.document = built, elaborator, scope, document
        self.env = Environment(built.ambient, built.instance)

    def read(self, with_tests: bool = False) -> None:
        document = self.document
        for decl in (*document.lets, *document.labels):
            if decl.name.value in self.scope.lets or decl.name.value in self.scope.labels:
                self.scope.equation(decl)
        self.elaborator.finish()
        self.built.read_lets.clear()
        self.constraints()
        for rule in (*document.entries, *document.exits):
            self.rule(rule)
        for execution, side in uses(document):
            self.execution(execution, side)
        self.limits()
        if with_tests:
            read_tests(self)
        self.elaborator.finish()
        self.mark_read()
        self.uncalled()

    def uncalled(self) -> None:
        """Functions that nothing calls are read for their names; units and clocks need a call."""
        called = {name for _, _, name in self.built.inlined}
        for f in self.document.functions:
            if f.name.value not in called and self.scope.functions.get(f.name.value) is f:
                bag, self.elaborator.bag = self.elaborator.bag, Diagnostics()
                unknown, self.scope.bag = self.scope.bag, self.elaborator.bag
                nothing = MappingProxyType(dict.fromkeys((arg.value for arg, _ in f.args), None))
                self.elaborator.expr(f.body, replace(self.env, locals=nothing, functions=(f.name.value,)))
                found, self.elaborator.bag, self.scope.bag = self.elaborator.bag, bag, unknown
                bag.extend(d for d in found if d.code in _NAME_CODES)

    def mark_read(self) -> None:
        """Equations that other equations read count as read, as do those that labels read."""
        wanted = set(self.built.read_lets)
        names = _names_in_lets(self.document)
        for name, used in names.items():
            wanted |= used - {name}
        self.built.read_lets |= wanted

    def root(
        self,
        expr: ast.Expr | None,
        role: str,
        name: str,
        holder: str = "file",
        rule: Rule | None = None,
        side: int = 0,
        scored: str = "",
    ) -> None:
        """Read an expression that leaves the dataflow. `side` is the direction that it is read for."""
        if expr is None:
            return
        node = self.elaborator.expr(expr, replace(self.env, side=side, scored=scored))
        if node is not None:
            self.built.roots.append(Root(node, role, expr.span, name, holder, rule, side))

    def constraints(self) -> None:
        read = set(self.built.read_params)
        for item in self.document.constraints:
            self.root(item.expr, "constraint", item.name.value)
        for param in self.document.params:
            self.root(param.only_if, "only_if", param.name.value)
        self.built.read_params = read

    def rule(self, rule: Rule) -> None:
        side = rule.side.value if rule.kind == "entry" else EXIT_SIDE
        for clause in rule.clauses:
            self.root(clause.expr, "clause", clause.name.value, rule.kind, rule, side)
        for part in rule.scored:
            name = part.clause.name.value
            self.root(part.clause.expr, "scored", name, rule.kind, rule, side)
            self.root(part.weight, "weight", name, rule.kind, rule, side)
        self.root(rule.at_least, "at_least", "at_least", rule.kind, rule, side)
        size = rule.size if rule.size is not None else self.document.size if rule.kind == "entry" else None
        self.root(size, "size", "size", rule.kind, rule, side, rule.name.value if rule.scored else "")
        self.root(rule.fraction, "fraction", "fraction", rule.kind, rule, side)
        self.root(rule.cooldown, "cooldown", "cooldown", rule.kind, rule, side)

    def execution(self, execution: Execution, side: int) -> None:
        name = execution.name.value
        self.root(execution.price, "price", name, "order", None, side)
        self.root(execution.ttl, "ttl", name, "order", None, side)
        if execution.requote is not None:
            self.root(execution.requote.when, "requote", name, "order", None, side)

    def limits(self) -> None:
        risk = self.document.risk
        self.root(self.document.decide.min_gap, "duration", "decide.min_gap")
        lateness = self.document.lateness
        if not (isinstance(lateness, ast.Quantity) and lateness.implied):
            self.root(lateness, "duration", "lateness")
        self.root(self.document.capital_start, "money", "capital.start")
        if self.document.capital is not None:
            self.capital(self.document.capital)
        if risk is None:
            return
        self.root(risk.position_max, "money", "risk.position")
        self.root(risk.order_max, "money", "risk.notional")
        self.account_limits(risk)
        self.order_limits(risk)
        for invariant in risk.invariants:
            self.root(invariant.expr, "invariant", invariant.name.value)

    def capital(self, capital: Capital) -> None:
        for alias, share in capital.allocate:
            if alias.value in (t.value for t in self.document.trade):
                self.root(share, "share", f"capital.allocate.{alias.value}")
            else:
                self.elaborator.bag.add(not_traded(alias, self.document))
        self.root(capital.compound, "compound", "capital.compound")
        self.root(capital.reserve, "money", "capital.reserve")
        self.root(capital.reinvest_after, "money", "capital.reinvest_after")

    def account_limits(self, risk: Risk) -> None:
        if risk.day_loss:
            self.root(risk.day_loss.limit, "money", "risk.day_loss")
        if risk.drawdown:
            self.root(risk.drawdown.limit, "drawdown", "risk.drawdown")
        if risk.profit_lock:
            self.root(risk.profit_lock.start, "money", "risk.profit_lock")
            self.root(risk.profit_lock.keep, "keep", "risk.profit_lock.keep")
        if risk.losing_streak:
            self.root(risk.losing_streak.pause, "duration", "risk.losing_streak")

    def order_limits(self, risk: Risk) -> None:
        if risk.order_rate:
            self.root(risk.order_rate.per, "duration", "risk.order_rate")
        if risk.band:
            self.root(risk.band.max, "band", "risk.band")
            reference = risk.band.reference
            self.root(ast.Name(reference.span, reference.value), "price", "risk.band.from")
        for name, age in risk.stale.inputs if risk.stale else ():
            if stale_clock(self.built, name.value) is None:
                self.elaborator.bag.add(no_stream(name, self.built))
                continue
            self.root(age, "duration", f"risk.stale.{name.value}")


def _names_in_lets(document: Document) -> dict[str, set[str]]:
    return {d.name.value: set(_names(d.expr)) for d in (*document.lets, *document.labels)}


def _names(e: object) -> list[str]:
    """Every name below an expression."""
    if isinstance(e, ast.Name):
        return [e.name]
    found: list[str] = []
    for part in _parts(e):
        found += _names(part)
    return found


def _parts(e: object) -> tuple[object, ...]:
    match e:
        case ast.Member() | ast.At():
            return (e.base,)
        case ast.Call():
            return (*((e.func.base,) if isinstance(e.func, ast.Member) else ()), *(a.value for a in e.args))
        case ast.Index():
            return (e.base, e.index)
        case ast.Unary():
            return (e.operand,)
        case ast.Binary():
            return (e.left, e.right)
        case ast.Compare():
            return e.operands
        case ast.If():
            return (e.condition, e.then, e.orelse)
    return ()

"""Expressions to graph nodes: names are resolved, literals scaled, clocks made explicit, user functions inlined.

Every method returns a node id, or None when the expression is poisoned: its error has been reported, and whoever uses
it stays silent. All parts of an expression are read even when one fails, so that independent errors are all found.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from typing import TYPE_CHECKING

from ...dsl import ast
from ...dsl.diagnostics import Diagnostic, Diagnostics, Edit, Fix, Label, Safety
from ...dsl.source import Span
from ..ir.types import Clock, Kind, Type
from . import fields, literals
from .built import Built
from .environment import Environment
from .names import DIRECTED, DURATIONS, FORMING_FIELDS, GROUPS, SECOND
from .suggest import nearest

if TYPE_CHECKING:
    from .scope import Scope

_ARITHMETIC = {"+": "add", "-": "sub", "*": "mul", "/": "div", "??": "orelse", "and": "and", "or": "or"}
_COMPARE = {
    "<": ("lt", False),
    "<=": ("le", False),
    ">": ("lt", True),
    ">=": ("le", True),
    "==": ("eq", False),
    "!=": ("ne", False),
}


@dataclass(frozen=True, slots=True)
class Deferred:
    """The first argument of a `prev`, read after every definition is known."""

    node: int
    expr: ast.Expr
    env: Environment


class Elaborator:
    """Builds one graph. `scope` resolves file-level names and elaborates `let`s on demand."""

    def __init__(self, built: Built, bag: Diagnostics, scope: Scope) -> None:
        self.built = built
        self.graph = built.graph
        self.bag = bag
        self.scope = scope
        self.deferred: list[Deferred] = []

    # expressions

    def expr(self, e: ast.Expr, env: Environment) -> int | None:
        """The node of an expression, or None when it is poisoned."""
        match e:
            case ast.Number() | ast.Quantity() | ast.Boolean():
                return self.literal(e, env)
            case ast.Name():
                return self.name(e, env)
            case ast.Member():
                return self.member(e, env)
            case ast.Call():
                from .calls import call

                return call(self, e, env)
            case ast.Unary():
                return self.unary(e, env)
            case ast.Binary():
                return self.node(_ARITHMETIC[e.op], (e.left, e.right), e.span, env)
            case ast.Compare():
                return self.compare(e, env)
            case ast.If():
                return self.node("if", (e.condition, e.then, e.orelse), e.span, env)
            case ast.At():
                return self.at(e, env)
            case ast.Index():
                return self.node("index", (e.base, e.index), e.span, env)
        raise AssertionError(f"unknown expression {e!r}")

    def node(self, op: str, parts: tuple[ast.Expr, ...], span: Span, env: Environment, **attrs: object) -> int | None:
        ids = [self.expr(part, env) for part in parts]
        return self.join(op, ids, [part.span for part in parts], span, **attrs)

    def join(self, op: str, ids: list[int | None], spans: list[Span], span: Span, **attrs: object) -> int | None:
        """A node over arguments that are written at `spans`; None when one of them is poisoned."""
        known = [i for i in ids if i is not None]
        if len(known) < len(ids):
            return None
        made = self.graph.add(op, tuple(known), span, "", **attrs)
        for index, (i, at) in enumerate(zip(known, spans, strict=True)):
            if self.graph[i].span != at:
                self.built.use_spans[made, index] = at
        return made

    def error(self, code: str, message: str, span: Span, label: str = "", **more: object) -> None:
        self.bag.add(Diagnostic(code, message, Label(span, label), **more))  # type: ignore[arg-type]

    # literals

    def literal(self, e: ast.Number | ast.Quantity | ast.Boolean, env: Environment) -> int | None:
        found = literals.literal(e, self.built, env.instrument)
        if isinstance(found, Diagnostic):
            self.bag.add(found)
            return None
        return self.graph.add("const", (), e.span, value=found.value, type=found.type)

    def constant(self, value: int | Fraction | bool, type_: Type, span: Span) -> int:
        return self.graph.add("const", (), span, value=value, type=type_)

    def unary(self, e: ast.Unary, env: Environment) -> int | None:
        inner = self.expr(e.operand, env)
        if inner is None:
            return None
        node = self.graph[inner]
        if e.op == "-" and node.op == "const" and node.span == e.operand.span and node.attrs["type"] != Type(Kind.BOOL):
            return self.constant(-node.attrs["value"], node.attrs["type"], e.span)  # type: ignore[operator, arg-type]
        return self.join("neg" if e.op == "-" else "not", [inner], [e.operand.span], e.span)

    def compare(self, e: ast.Compare, env: Environment) -> int | None:
        ids = [self.expr(part, env) for part in e.operands]
        spans = [part.span for part in e.operands]
        links: list[int | None] = []
        for i, op in enumerate(e.ops):
            name, swapped = _COMPARE[op]
            pair, at = [ids[i], ids[i + 1]], [spans[i], spans[i + 1]]
            if swapped:
                pair, at = pair[::-1], at[::-1]
            links.append(self.join(name, pair, at, spans[i].to(spans[i + 1]), swapped=swapped))
        result = links[0]
        for i, link in enumerate(links[1:], 1):
            span = spans[0].to(spans[i + 1])
            result = self.join("and", [result, link], [spans[0].to(spans[i]), spans[i].to(spans[i + 1])], span)
        return result

    # names

    def name(self, e: ast.Name, env: Environment) -> int | None:
        if e.name in env.locals:
            return env.locals[e.name]
        found = self.scope.lookup(e, env)
        if found is not NotImplemented:
            return found  # type: ignore[no-any-return]
        field = fields.bare(e.name)
        if field is not None:
            return self.field(field, e.name, env.instrument, e.span, env)
        found_constant = literals.named(e.name, self.built, env.instrument)
        if found_constant is not None:
            return self.constant(found_constant.value, found_constant.type, e.span)
        self.scope.unknown(e, env)
        return None

    def member(self, e: ast.Member, env: Environment) -> int | None:
        base = e.base
        if isinstance(base, ast.Name) and base.name not in env.locals and not self.scope.is_value(base.name):
            if base.name in GROUPS:
                return self.group_field(base.name, env.instrument, e, env)
            if base.name in self.scope.aliases:
                return self.instrument_field(base.name, e, env)
        if isinstance(base, ast.Member) and isinstance(base.base, ast.Name) and base.base.name in self.scope.aliases:
            return self.group_field(base.name, base.base.name, e, env)
        if isinstance(base, ast.Call) and self.is_forming(base, env):
            return self.forming(base, e, env)
        if isinstance(base, ast.At) and base.clock.name in self.scope.aliases and e.name in ("book", "trade"):
            self.bare_clock(base, e)
            return None
        record = self.expr(base, env)
        made = self.join("member", [record], [base.span], e.span, name=e.name)
        if made is not None:
            self.built.name_spans[made] = e.name_span
        return made

    def group_field(self, group: str, alias: str, e: ast.Member, env: Environment) -> int | None:
        names = GROUPS.get(group)
        if names is None:
            self.error("FC0102", f"no value called `{alias}.{group}`", e.base.span, "not a field of an instrument")
            return None
        if e.name not in names:
            self.no_field(e, f"`{group}`", names)
            return None
        return self.field(group, e.name, alias, e.span, env)

    def instrument_field(self, alias: str, e: ast.Member, env: Environment) -> int | None:
        source = fields.bare(e.name)
        if source is None or source == "now":
            self.no_field(e, f"the instrument `{alias}`", (*fields.BARE, *GROUPS))
            return None
        return self.field(source, e.name, alias, e.span, env.on(alias))

    def no_field(self, e: ast.Member, what: str, names: tuple[str, ...]) -> None:
        guess = nearest(e.name, names)
        fixes = (Fix(f"did you mean `{guess}`?", Safety.SAFE, (Edit(e.name_span, guess),)),) if guess else ()
        helps = () if guess else (f"there are {', '.join(names)}",)
        self.error("FC0208", f"{what} has no field `{e.name}`", e.name_span, "no such field", helps=helps, fixes=fixes)

    def field(
        self, source: str, name: str, alias: str, span: Span, env: Environment, args: tuple[int, ...] = ()
    ) -> int | None:
        """A field node; bar fields take their period from the ambient clock, sides their price from the direction."""
        if name in DIRECTED:
            if not env.side:
                self.bag.add(fields.no_direction(name, span))
                return None
            name = "bid" if (name == "near_side") == (env.side > 0) else "ask"
        if source == "entry":
            return self.score(span, env)
        if source != "bar":
            return self.graph.add("field", args, span, instrument=alias, source=source, name=name)
        clock = env.ambient
        if clock is None or clock.kind != "bar":
            self.bag.add(fields.no_bar_clock(name, span, clock))
            return None
        return self.graph.add("field", args, span, instrument=alias, source="bar", name=name, period_ns=clock.period_ns)

    def score(self, span: Span, env: Environment) -> int | None:
        """`entry.score`, in the size of a scored entry."""
        if not env.scored:
            self.error(
                "FC0403",
                "`entry.score` has no value here",
                span,
                "no entry with a score",
                notes=("it is the sum of the weights of the clauses that hold: the `size` of that entry may read it",),
            )
            return None
        where = {"instrument": env.instrument, "source": "entry", "name": "score", "rule": env.scored}
        return self.graph.add("field", (), span, **where)

    # the forming bar

    def is_forming(self, e: ast.Call, env: Environment) -> bool:
        func = e.func
        return (func.name == "forming") and (isinstance(func, ast.Name) or isinstance(func.base, ast.Name))

    def forming(self, call: ast.Call, e: ast.Member, env: Environment) -> int | None:
        alias = env.instrument
        if isinstance(call.func, ast.Member) and isinstance(call.func.base, ast.Name):
            alias = call.func.base.name
        names = FORMING_FIELDS
        if e.name not in names:
            self.no_field(e, "the forming bar", names)
            return None
        period = self.static_duration(call, env)
        if period is None:
            return None
        if period < SECOND:
            self.bag.add(fields.no_short_bars(call.span, period))
            return None
        return self.graph.add("field", (), e.span, instrument=alias, source="forming", name=e.name, period_ns=period)

    def static_duration(self, call: ast.Call, env: Environment) -> int | None:
        if len(call.args) == 1:
            node = self.expr(call.args[0].value, env)
            if node is None:
                return None
            made = self.graph[node]
            if made.op == "const" and made.attrs["type"] == Type(Kind.DURATION):
                value = made.attrs["value"]
                assert isinstance(value, int)
                return value
        self.error("FC0104", "`forming` takes one length of time", call.span, "write it as `forming(1m).close`")
        return None

    # clocks

    def at(self, e: ast.At, env: Environment) -> int | None:
        clock = self.clock(e.clock, env)
        if clock is None:
            self.expr(e.base, replace(env, ambient=Clock("bar", env.instrument, 60 * SECOND)))
            return None
        return self.join("at", [self.expr(e.base, env.at(clock))], [e.base.span], e.span, clock=clock)

    def bare_clock(self, at: ast.At, e: ast.Member) -> None:
        """`x@eth.book` reads as the member `book` of `x@eth`."""
        span, wanted = at.clock.span.to(e.name_span), f"({at.clock.name}.{e.name})"
        fix = Fix(f"write `@{wanted}`", Safety.SAFE, (Edit(span, wanted),))
        message = f"the clock `{at.clock.name}.{e.name}` needs brackets"
        self.error("FC0102", message, span, "two words", fixes=(fix,))

    def clock(self, c: ast.ClockName, env: Environment) -> Clock | None:
        """The clock that is written after `@` or under `decide`."""
        if c.value is not None:
            return self.period_clock(c, env)
        alias = c.instrument or env.instrument
        if c.instrument and c.instrument not in self.scope.aliases:
            self.scope.unknown(ast.Name(c.span, c.instrument), env)
            return None
        if c.name in ("book", "trade"):
            return Clock(str(c.name), alias)
        self.error(
            "FC0102",
            f"no clock called `{c.name}`",
            c.span,
            "not a clock",
            helps=("clocks are `book`, `trade` and lengths of time such as `1m` or `100ms`",),
        )
        return None

    def period_clock(self, c: ast.ClockName, env: Environment) -> Clock | None:
        unit = DURATIONS.get(c.unit or "")
        if unit is None or c.value is None:
            self.bag.add(literals.unknown_unit(c.unit or "", c.span, tuple(DURATIONS), "a clock is a length of time"))
            return None
        period = c.value * unit
        if period <= 0:
            self.error("FC0307", "this clock never ticks", c.span, "a period of zero")
            return None
        if period != int(period):
            self.error("FC0218", "a clock's period is a whole number of nanoseconds", c.span, "no such period")
            return None
        if period >= SECOND:
            return Clock("bar", env.instrument, int(period))
        return Clock("timer", "", int(period))

    # deferred parts of `prev`

    def finish(self) -> None:
        """Read what `prev` refers to. A part that fails poisons its `prev`."""
        while self.deferred:
            item = self.deferred.pop(0)
            target = self.expr(item.expr, item.env)
            node = self.graph[item.node]
            if target is None:
                self.scope.poison(item.node)
                continue
            self.graph.nodes[item.node] = replace(node, args=(target, node.args[1]))
            if self.graph[target].span != item.expr.span:
                self.built.use_spans[item.node, 0] = item.expr.span

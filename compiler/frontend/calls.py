"""Calls: user functions are inlined, library functions bound to their row, the few special forms read one by one."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from itertools import count
from types import MappingProxyType
from typing import TYPE_CHECKING

from ...dsl import ast
from ...dsl.diagnostics import Diagnostic, Edit, Fix, Label, Safety
from ...dsl.document import FunctionDecl
from ...dsl.source import Span
from ..ir.types import DURATION, INT, REAL
from ..library.flow import WINDOWS
from ..library.function import Function
from ..library.signature import Param
from ..library.table import FOREIGN_IDIOMS, FOREIGN_NAMES, FUNCTIONS, SPECIAL_FORMS
from . import fields, flow
from .built import Ascription
from .environment import Environment
from .fired import fired
from .modules import Module, short_name
from .names import DURATIONS, GROUPS
from .suggest import nearest

if TYPE_CHECKING:
    from .elaborate import Elaborator

_CALLS = count()

#: Words of other tools' namespaces: `ta.rsi` means `rsi`.
_NAMESPACES = ("ta", "math", "np", "pd", "talib", "qtpylib", "request", "strategy")


def call(el: Elaborator, e: ast.Call, env: Environment) -> int | None:
    """The node of a call, or None when it is poisoned."""
    if isinstance(e.func, ast.Name):
        return _named(el, e.func.name, e, env)
    base = e.func.base
    if isinstance(base, ast.Name):
        if base.name in el.scope.aliases:
            return _named(el, e.func.name, e, env.on(base.name))
        if base.name in el.scope.unread and not env.module:
            return _poison(el, e, env)
        module = el.scope.module(base.name, env.module)
        if module is not None:
            return _module_call(el, module, e.func, e, env)
        if base.name in _NAMESPACES:
            name = e.func.name.lower()  # TA-Lib writes `talib.EMA`
            known = name if name in FUNCTIONS or name in SPECIAL_FORMS else FOREIGN_NAMES.get(name)
            _unknown(el, f"{base.name}.{e.func.name}", e.func.span, known, ())
            return _poison(el, e, env)
    el.error(
        "FC0103",
        f"no function called `{e.func.name}` here",
        e.func.name_span,
        "functions are not members of values",
        helps=(_as_function(e.func.name),),
    )
    return _poison(el, e, env)


def _as_function(name: str) -> str:
    """What to write for a method of a value, as pandas has them."""
    if name == "shift":
        return "the value some bars ago is written `x[1]`; the future has no name"
    own = name if name in FUNCTIONS or name in SPECIAL_FORMS else FOREIGN_NAMES.get(name, name)
    return f"write `{own}(...)` with the value as its first argument"


def _poison(el: Elaborator, e: ast.Call, env: Environment) -> int | None:
    """Read the arguments for their own errors; the call has no node."""
    for argument in e.args:
        el.expr(argument.value, env)
    return None


def _named(el: Elaborator, name: str, e: ast.Call, env: Environment) -> int | None:
    own = el.scope.functions if not env.module else el.scope.modules[env.module].functions
    if not env.module and el.scope.is_doubtful(name):
        return _poison(el, e, env)
    if name in own:
        return inline(el, own[name], e, env, env.module)
    form = {"prev": _prev, "present": _present, "confirm": _confirm, "fired": fired if env.in_test else None}.get(name)
    if form is not None:
        return form(el, e, env)
    if name == "vwap" and _of_session(e) and not el.scope.is_value("session"):
        return _library(el, FUNCTIONS["vwap_session"], replace(e, args=()), env)
    if name in FUNCTIONS:
        return _library(el, FUNCTIONS[name], e, env)
    if name == "forming":
        el.error(
            "FC0104",
            "`forming` needs a field",
            e.span,
            "which value of the bar so far?",
            helps=("write `forming(1m).close`",),
        )
        return None
    span = e.func.span if isinstance(e.func, ast.Name) else e.func.name_span
    _unknown(el, name, span, FOREIGN_NAMES.get(name), (*FUNCTIONS, *el.scope.functions, *SPECIAL_FORMS))
    return _poison(el, e, env)


def _unknown(el: Elaborator, name: str, span: Span, foreign: str | None, known: tuple[str, ...]) -> None:
    guess = foreign or nearest(name, known)
    help_ = f"flashc calls it `{guess}`" if foreign else f"did you mean `{guess}`?"
    fixes = (Fix(help_, Safety.SAFE, (Edit(span, guess),)),) if guess else ()
    helps = (f"it is `{_shown(guess)}`",) if guess else ()
    if name in FOREIGN_IDIOMS or el.scope.is_value(name) or fields.bare(name):
        ago = f"`{name}` is a value; for the value some ticks ago write `{name}[1]`"
        helps, fixes = (FOREIGN_IDIOMS.get(name, ago),), ()
    el.error(
        "FC0103",
        f"no function called `{name}`",
        span,
        "not a function of this file or of std",
        helps=helps,
        fixes=fixes,
    )


def _shown(name: str) -> str:
    return FUNCTIONS[name].signature_text if name in FUNCTIONS else SPECIAL_FORMS.get(name, f"{name}(...)")


# special forms


def _prev(el: Elaborator, e: ast.Call, env: Environment) -> int | None:
    from .elaborate import Deferred

    if len(e.args) == 1:
        fix = Fix(
            "start from 0: `prev(x, 0)`",
            Safety.PLACEHOLDER,
            (Edit(Span(e.span.path, e.span.end - 1, e.span.end - 1), ", 0"),),
        )
        el.error(
            "FC0312",
            "`prev` needs a value for the first tick",
            e.span,
            "what is it before anything came?",
            notes=("at the first bar there is no earlier value",),
            helps=("or write `x[1]`, for a value that is not its own past",),
            fixes=(fix,),
        )
        return None
    if len(e.args) != 2:
        _wrong(el, e, "`prev` takes a value and its initial value", SPECIAL_FORMS["prev"])
        return _poison(el, e, env)
    init = el.expr(e.args[1].value, env)
    if init is None:
        return None
    made = el.graph.add("prev", (init, init), e.span)
    if env.ambient is not None:
        el.built.ambients[made] = env.ambient
    el.deferred.append(Deferred(made, e.args[0].value, env))
    return made


def _present(el: Elaborator, e: ast.Call, env: Environment) -> int | None:
    if len(e.args) != 1:
        _wrong(el, e, "`present` takes one value", SPECIAL_FORMS["present"])
        return _poison(el, e, env)
    return el.node("present", (e.args[0].value,), e.span, env)


def _confirm(el: Elaborator, e: ast.Call, env: Environment) -> int | None:
    """`confirm(k, c1, c2, ...)`: at least k of the conditions hold. Read as `k <= (if c1 then 1 else 0) + ...`."""
    if len(e.args) < 2 or any(a.name for a in e.args):
        _wrong(el, e, "`confirm` takes a number and conditions", SPECIAL_FORMS["confirm"])
        return _poison(el, e, env)
    least, *conditions = [el.expr(a.value, env) for a in e.args]
    total: int | None = None
    for condition, argument in zip(conditions, e.args[1:], strict=True):
        at = argument.value.span
        sides = [el.constant(1, INT, at), el.constant(0, INT, at)]
        one = el.join("if", [condition, *sides], [at, at, at], at)
        total = one if argument is e.args[1] else el.join("add", [total, one], [e.span, at], e.span)
    return el.join("le", [least, total], [e.args[0].value.span, e.span], e.span, swapped=False)


def _wrong(el: Elaborator, e: ast.Call, message: str, shown: str, span: Span | None = None, label: str = "") -> None:
    el.error("FC0104", message, span or e.span, label, notes=(f"it is {shown}",))


# library functions


def _of_session(e: ast.Call) -> bool:
    """`vwap(session)`: since the day began, instead of over a number of bars."""
    return len(e.args) == 1 and isinstance(e.args[0].value, ast.Name) and e.args[0].value.name == "session"


def _library(el: Elaborator, row: Function, e: ast.Call, env: Environment) -> int | None:
    params = row.signature.params
    args = [a for a in e.args if a.name != "skip"]
    skip = len(args) != len(e.args)
    ids = [el.expr(a.value, env) for a in args]
    if row.name in WINDOWS:
        rest = [(a, i) for a, i in zip(args, ids, strict=True) if a.name != "pane"]
        sent = _place(el, row, e, [a for a, _ in rest], [i for _, i in rest], params)
        return None if sent is None or None in ids else flow.windows(el, row, e, sent, (args, ids), env)
    if row.name == "slope" and len(ids) == 1 and _is_static_int(el, ids[0]):
        row = FUNCTIONS["book_slope"]  # `slope(k)` of one argument is the book's
        params = row.signature.params
    if any(p.type == "length" for p in params) and _is_time_window(el, args, ids):
        return _time_window(el, row, e, args, ids)
    if row.name in ("min", "max") and _is_pointwise(el, args, ids):
        return _pair(el, row, e, args, ids)
    placed = _place(el, row, e, args, ids, params)
    if placed is None or any(i is None for i in ids):
        return None
    filled = _fill(el, placed, params, e, env)
    implicit = [_default(el, name, e.func.span, env) for name in row.implicit]
    nodes = [node for node, _ in filled] + implicit
    spans = [span for _, span in filled] + [e.func.span] * len(implicit)
    if row.reads:
        return _field(el, row, e, nodes, env)
    extra: dict[str, object] = {"skip": True} if skip else {}
    if row.name in ("min", "max"):
        extra["window"] = True
    return el.join("call", nodes, spans, e.span, function=row.name, **extra)


def _field(el: Elaborator, row: Function, e: ast.Call, nodes: list[int | None], env: Environment) -> int | None:
    known = tuple(n for n in nodes if n is not None)
    return el.field(row.reads, row.name, env.instrument, e.span, env, known) if len(known) == len(nodes) else None


def _is_static_int(el: Elaborator, node: int | None) -> bool:
    """A whole number known before the run, at least 1 as far as is known: it can only be a length."""
    if node is None:
        return False
    made = el.graph[node]
    if made.op == "const":
        return made.attrs["type"] == INT and int(made.attrs["value"]) >= 1  # type: ignore[call-overload]
    if made.op == "param":
        return made.attrs["type"] == INT
    if made.op in ("add", "sub", "mul"):
        return all(_is_whole(el, a) for a in made.args)
    return False


def _is_whole(el: Elaborator, node: int) -> bool:
    made = el.graph[node]
    if made.op in ("const", "param"):
        return made.attrs["type"] == INT
    return made.op in ("add", "sub", "mul") and all(_is_whole(el, a) for a in made.args)


def _is_static(el: Elaborator, node: int | None) -> bool:
    return node is not None and el.graph[node].op in ("const", "param")


def _is_pointwise(el: Elaborator, args: list[ast.Argument], ids: list[int | None]) -> bool:
    """`min(a, b)` of two values. `min(x, n)` with a whole-number literal or int parameter n >= 1 is a window."""
    if len(args) != 2 or {a.name for a in args} - {None, "a", "b"}:
        return False
    if any(a.name for a in args):
        return True
    return not _is_static_int(el, ids[1]) or _is_static(el, ids[0])


def _pair(el: Elaborator, row: Function, e: ast.Call, args: list[ast.Argument], ids: list[int | None]) -> int | None:
    order = sorted(range(2), key=lambda i: {"a": 0, "b": 1}.get(args[i].name or "ab"[i], i))
    return el.join("call", [ids[i] for i in order], [args[i].value.span for i in order], e.span, function=row.name)


def _is_time_window(el: Elaborator, args: list[ast.Argument], ids: list[int | None]) -> bool:
    if any(a.name == "pane" for a in args):
        return True
    return len(args) >= 2 and ids[1] is not None and flow.is_duration(el, ids[1])


def _time_window(
    el: Elaborator, row: Function, e: ast.Call, args: list[ast.Argument], ids: list[int | None]
) -> int | None:
    """`sum(x, 10s, pane=1s)`: arguments x, length, pane. Without `pane` the window has ten."""
    shown = f"{row.name}(x, 10s, pane=1s)"
    if any(i is None for i in ids):
        return None
    if not row.over_time:
        el.error(
            "FC0309",
            f"`{row.name}` has no window over time",
            e.span,
            "needs all single values at once",
            notes=("windows over time exist for `sum`, `count`, `mean`, `min` and `max`",),
            helps=(f"sample first, then count ticks: `{row.name}(x@1s, 10)`",),
        )
        return None
    if not 2 <= len(args) <= 3 or not all(flow.is_duration(el, i) for i in ids[1:] if i is not None):
        _wrong(el, e, f"a window over time is `{shown}`", "two lengths of time after the value")
        return None
    spans = [a.value.span for a in args]
    if len(args) == 2:
        assert ids[1] is not None
        length = el.graph[ids[1]].attrs.get("value", 10**9)
        ids.append(el.constant(max(1, int(length) // 10), DURATION, spans[1]))  # type: ignore[call-overload]
        spans.append(spans[1])
    return el.join("call", list(ids), spans, e.span, function=row.name, time=True)


def _place(
    el: Elaborator,
    row: Function,
    e: ast.Call,
    args: list[ast.Argument],
    ids: list[int | None],
    params: tuple[Param, ...],
) -> dict[str, tuple[int | None, Span]] | None:
    """Arguments by parameter name; None after FC0104."""
    names = [p.name for p in params]
    positional = [i for i, a in enumerate(args) if a.name is None]
    free = names[1:] if _shifts(el, params, positional, ids) else names
    placed: dict[str, tuple[int | None, Span]] = {}
    for i, argument in enumerate(args):
        name = argument.name or (free[positional.index(i)] if positional.index(i) < len(free) else None)
        if name is None:
            _wrong(
                el,
                e,
                f"`{row.name}` takes at most {len(names)} argument{'s' * (len(names) != 1)}",
                f"`{row.signature_text}`",
                argument.span,
                "one too many",
            )
            return None
        if name not in names:
            guess = nearest(name, names)
            help_ = f"; did you mean `{guess}`?" if guess else ""
            _wrong(
                el,
                e,
                f"`{row.name}` has no argument `{name}`{help_}",
                f"`{row.signature_text}`",
                argument.span,
                "no such argument",
            )
            return None
        if name in placed:
            _wrong(el, e, f"`{name}` is given twice", f"`{row.signature_text}`", argument.span, "again here")
            return None
        placed[name] = (ids[i], argument.value.span)
    missing = [p.name for p in params if p.default is None and p.name not in placed]
    if missing:
        _wrong(
            el,
            e,
            f"`{row.name}` needs {' and '.join(f'`{m}`' for m in missing)}",
            f"`{row.signature_text}`",
            e.span,
            "not enough arguments",
        )
        return None
    return placed


def _shifts(el: Elaborator, params: tuple[Param, ...], positional: list[int], ids: list[int | None]) -> bool:
    """`rsi(14)`: the first argument defaults to a field and a number was given, so numbers start at the second."""
    return bool(params and positional and params[0].default in fields.BARE and _is_static_int(el, ids[positional[0]]))


def _fill(
    el: Elaborator, placed: dict[str, tuple[int | None, Span]], params: tuple[Param, ...], e: ast.Call, env: Environment
) -> list[tuple[int | None, Span]]:
    at = e.func.span
    return [placed[p.name] if p.name in placed else (_default(el, p.default or "", at, env), at) for p in params]


def _default(el: Elaborator, text: str, span: Span, env: Environment) -> int | None:
    """The node of a default: a field, a number, a length of time."""
    source = fields.bare(text) or ("bar" if text == "notional" else None)
    if source:
        return el.field(source, text, env.instrument, span, env)
    group, _, member = text.partition(".")
    if group in GROUPS:
        return el.field(group, member, env.instrument, span, env)
    if text[-1].isalpha():
        digits = text.rstrip("abcdefghijklmnopqrstuvwxyz")
        return el.constant(int(digits) * DURATIONS[text[len(digits) :]], DURATION, span)
    if "." in text:
        return el.constant(Fraction(text), REAL, span)
    return el.constant(int(text), INT, span)


# user functions


#: No call is inlined into a graph of more nodes. Functions that call others twice would otherwise grow without end.
MOST_INLINED_NODES = 5_000


def inline(el: Elaborator, f: FunctionDecl, e: ast.Call, env: Environment, module: str = "") -> int | None:
    """The body of `f` with its arguments bound; every call has its own nodes and so its own state."""
    name = f.name.value
    if name in env.functions:
        drawn = " -> ".join((*env.functions[env.functions.index(name) :], name))
        el.error(
            "FC0303",
            f"the function `{name}` calls itself",
            e.span,
            "functions are inlined, so they cannot be recursive",
            notes=(f"the cycle: {drawn}",),
            helps=("for state that depends on its own past use `prev(x, init)` in `let`",),
        )
        return None
    if len(el.graph.nodes) > MOST_INLINED_NODES:
        if not any(found.code == "FC0452" for found in el.bag):
            helps = ("call the function once in `let`, and use the value",)
            el.error(
                "FC0452", "inlined functions make the strategy too large", e.span, "one call too many", helps=helps
            )
        return None
    ids = [el.expr(a.value, env) for a in e.args]
    bound = _bind(el, f, e, ids)
    if bound is None or any(i is None for i, _ in bound.values()):
        return None
    first = len(el.graph.nodes)
    locals_ = MappingProxyType({arg: node for arg, (node, _) in bound.items()})
    body = el.expr(f.body, replace(env, locals=locals_, functions=(*env.functions, name), module=module))
    el.built.inlined.append((first, len(el.graph.nodes), name))
    if body is not None:
        _ascribe(el, f, bound, body)
    return body


def _ascribe(el: Elaborator, f: FunctionDecl, bound: dict[str, tuple[int | None, Span]], body: int) -> None:
    """Remember the written types of one call, to be compared with what units analysis infers."""
    number, name = next(_CALLS), f.name.value
    for (arg, type_), (node, span) in zip(f.args, bound.values(), strict=True):
        assert node is not None
        el.built.ascriptions.append(
            Ascription(node, type_.value, type_.span, span, f"argument `{arg.value}` of `{name}`", number, body)
        )
    if f.returns is not None:
        el.built.ascriptions.append(
            Ascription(body, f.returns.value, f.returns.span, f.body.span, f"result of `{name}`", number, body, True)
        )


def _bind(
    el: Elaborator, f: FunctionDecl, e: ast.Call, ids: list[int | None]
) -> dict[str, tuple[int | None, Span]] | None:
    names = [arg.value for arg, _ in f.args]
    shown = f"`{f.name.value}({', '.join(f'{a.value}: {t.value}' for a, t in f.args)})`"
    given: dict[str, tuple[int | None, Span]] = {}
    for i, argument in enumerate(e.args):
        name = argument.name or (names[i] if i < len(names) else None)
        if name is None or name not in names or name in given:
            _wrong(el, e, f"`{f.name.value}` does not take this argument", shown, argument.span, "not expected here")
            return None
        given[name] = (ids[i], argument.value.span)
    missing = [n for n in names if n not in given]
    if missing:
        _wrong(
            el,
            e,
            f"`{f.name.value}` needs {' and '.join(f'`{m}`' for m in missing)}",
            shown,
            e.span,
            "not enough arguments",
        )
        return None
    return {n: given[n] for n in names}


def _module_call(el: Elaborator, module: Module, func: ast.Member, e: ast.Call, env: Environment) -> int | None:
    found = module.functions.get(func.name)
    shown = short_name(module.name)
    if found is None:
        public = sorted(set(module.functions) - module.private)
        guess = nearest(func.name, public)
        helps = (f"did you mean `{shown}.{guess}`?",) if guess else (f"it has {', '.join(public) or 'no functions'}",)
        el.error(
            "FC0103",
            f"the module `{module.name}` has no function `{func.name}`",
            func.name_span,
            "not defined there",
            helps=helps,
        )
        return _poison(el, e, env)
    if func.name in module.private:
        el.bag.add(
            Diagnostic(
                "FC0113",
                f"`{func.name}` is private to `{module.name}`",
                Label(func.name_span, "not for use outside"),
                notes=("functions under `private:` serve the module's own functions",),
            )
        )
        return _poison(el, e, env)
    return inline(el, found, e, env, module.name)

"""Declarations: names defined once, nothing shadowed, parameters and functions known before any expression is read."""

from __future__ import annotations

from ...dsl.diagnostics import Diagnostic, Diagnostics, Label
from ...dsl.document import Document, Located, ParamDecl
from ..ir.types import Dim, Kind, Type
from . import fields, literals
from .built import Built
from .elaborate import Elaborator
from .names import PARAM_KINDS, RESERVED
from .scope import Scope


def declare_names(document: Document, scope: Scope, bag: Diagnostics) -> None:
    """Fill the scope with `let`s and labels; FC0106, FC0107 and FC0110 for the names that cannot be."""
    seen: dict[str, tuple[Located[str], str]] = {}
    for name, what in _declared(document):
        if _usable(name, what, seen, scope, bag):
            seen[name.value] = (name, what)
    scope.lets = {
        d.name.value: d for d in reversed(document.lets) if d.name.value in seen and seen[d.name.value][1] == "let"
    }
    scope.labels = {
        d.name.value: d for d in document.labels if d.name.value in seen and seen[d.name.value][1] == "label"
    }
    scope.built.let_decls = {**scope.labels, **scope.lets}


def _declared(document: Document) -> list[tuple[Located[str], str]]:
    found = [(p.name, "parameter") for p in document.params]
    found += [(f.name, "function") for f in document.functions]
    found += [(d.name, "let") for d in document.lets]
    return found + [(d.name, "label") for d in document.labels]


def _usable(
    name: Located[str], what: str, seen: dict[str, tuple[Located[str], str]], scope: Scope, bag: Diagnostics
) -> bool:
    text = name.value
    if text in RESERVED:
        bag.add(Diagnostic("FC0110", f"`{text}` is a name of the language", Label(name.span, "choose another name")))
        return True
    if text in seen:
        first, kind = seen[text]
        bag.add(
            Diagnostic(
                "FC0106",
                f"`{text}` is defined twice",
                Label(name.span, "defined again here"),
                secondary=(Label(first.span, f"first defined here, as a {kind}"),),
                notes=("every name of a file is defined once; the order of definitions does not matter",),
            )
        )
        scope.ambiguous.add(text)
        scope.built.read_params.add(text)  # what its uses mean is not known
        return False
    meaning = _already(text, scope, what)
    if meaning:
        bag.add(
            Diagnostic(
                "FC0107",
                f"`{text}` would hide {meaning}",
                Label(name.span, "hides a name that has a meaning here"),
                helps=(f"choose another name, such as `my_{text}`",),
            )
        )
    return True


def _already(name: str, scope: Scope, what: str) -> str:
    """What a name means before the file says anything; empty when it is free."""
    from ..library.table import FUNCTIONS

    if fields.bare(name) and what != "function":
        return f"the field `{name}`"
    if name in scope.aliases:
        return f"the instrument `{name}`"
    if literals.named(name, scope.built, scope.built.instance) is not None:
        return f"the constant `{name}`"
    if what == "function" and name in FUNCTIONS:
        return f"the library function `{name}`"
    return ""


def declare_params(document: Document, scope: Scope, elaborator: Elaborator) -> None:
    """One `param` node each; the type says what it counts or measures."""
    for decl in document.params:
        if decl.name.value not in scope.built.params:
            node = elaborator.graph.add(
                "param", (), decl.name.span, decl.name.value, name=decl.name.value, type=param_type(decl, scope.built)
            )
            scope.built.params[decl.name.value] = node


def param_type(decl: ParamDecl, built: Built) -> Type:
    """The declared type; `price`, `qty` and `notional` are of the traded instrument, or of `price<alias>`."""
    name, _, alias = decl.type.value.rstrip(">").partition("<")
    alias = alias if any(i.alias.value == alias for i in built.document.instruments) else built.instance
    return Type(PARAM_KINDS.get(name, Kind.REAL), unit_of(name, alias, built))


def unit_of(name: str, alias: str, built: Built) -> Dim:
    base, quote = built.currencies(alias)
    if name == "price":
        return Dim.of(**{quote: 1, base: -1})
    return Dim.of(**{base: 1}) if name == "qty" else Dim.of(**{quote: 1}) if name == "notional" else Dim()


def declare_functions(document: Document, scope: Scope, bag: Diagnostics) -> None:
    """User functions by name; argument names may not hide anything."""
    for f in document.functions:
        scope.functions.setdefault(f.name.value, f)
        for arg, _ in f.args:
            hidden = _already(arg.value, scope, "argument")
            if scope.is_value(arg.value):
                hidden = f"`{arg.value}` of this file"
            if hidden:
                bag.add(
                    Diagnostic(
                        "FC0107",
                        f"the argument `{arg.value}` would hide {hidden}",
                        Label(arg.span, "hides a name that has a meaning here"),
                        helps=("choose another name",),
                    )
                )

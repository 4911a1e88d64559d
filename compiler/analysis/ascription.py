"""The written types of user functions against what calls give them: `qty<i>`, `ratio`, `price<btc>`, `bool`."""

from __future__ import annotations

from ...dsl.diagnostics import Label
from ..frontend.built import Ascription
from ..frontend.declarations import unit_of
from ..ir.types import Kind, Type
from .typing_state import TypingState
from .wording import describe, noun

_KINDS = {
    "bool": Kind.BOOL,
    "int": Kind.INT,
    "real": Kind.REAL,
    "ratio": Kind.REAL,
    "duration": Kind.DURATION,
    "time": Kind.TIME,
    "price": Kind.REAL,
    "qty": Kind.REAL,
    "notional": Kind.REAL,
}


def check_ascription(inference: TypingState, item: Ascription, letters: dict[str, str]) -> None:
    """Compare one argument or result with its type; `letters` maps instrument letters of this call to aliases."""
    name, _, letter = item.type_text.rstrip(">").partition("<")
    built, solver = inference.built, inference.solver
    given = inference.types[item.node]
    kind = _KINDS.get(name)
    if kind is None:
        inference.report(
            "FC0102",
            f"no type called `{item.type_text}`",
            item.type_span,
            "not a type",
            helps=(f"types are {', '.join(_KINDS)}; of an instrument: `qty<i>`",),
        )
        return
    aliases = [i.alias.value for i in built.document.instruments]
    wanted_aliases = [letter] if letter in aliases else [letters[letter]] if letter in letters else aliases
    if item.is_result and letter and letter not in aliases and letter not in letters:
        inference.report(
            "FC0205",
            f"cannot tell which instrument `{letter}` is",
            item.type_span,
            "no argument mentions it",
            helps=("use a letter that an argument has, or name the instrument: `price<btc>`",),
        )
        return
    if not letter:
        wanted_aliases = [built.instance]
    number = given.is_number if kind is Kind.REAL else given.kind is kind
    for alias in wanted_aliases:
        if number and (not given.is_number or solver.unify(given.dim, unit_of(name, alias, built))):
            if letter:
                letters.setdefault(letter, alias)
            return
    wanted = Type(kind, unit_of(name, wanted_aliases[0], built))
    code = "FC0202" if number and inference.is_other_instrument(given, wanted) else "FC0201"
    inference.report(
        code,
        f"{item.what} is {noun(wanted, built)}, not {noun(given, built)}",
        item.span,
        describe(given, built),
        secondary=(Label(item.type_span, "declared here"),),
    )

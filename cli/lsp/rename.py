"""Rename a name of the file everywhere it is written, or refuse because the strategy would mean something else."""

from __future__ import annotations

import re

from ...compiler.frontend.names import RESERVED
from ...dsl.diagnostics import Diagnostic, Edit
from ...dsl.edits import apply_edits
from ...dsl.expression_scanner import KEYWORDS
from ...dsl.language_server.symbols import Occurrence, Symbol
from ...dsl.source import Source
from .analysis import Analysis, analysis_of

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*\Z")

#: Keys that YAML 1.1 programs read as booleans.
_BOOLEANS = frozenset({"on", "off", "yes", "no", "y", "n"})


class Refused(Exception):
    """Why a name cannot be changed, in one line for the user."""


def renameable(analysis: Analysis, offset: int) -> Occurrence:
    """The name at an offset. Raises `Refused` where there is none, or none of this file."""
    found = analysis.names.at(offset)
    if found is None:
        raise Refused("there is no name of this file here")
    if found.symbol.kind in ("module", "member"):
        raise Refused(f"`{found.symbol.name}` is defined in another file")
    if analysis.document is None or not analysis.document.complete:
        raise Refused("the file has errors that may hide a use of the name; mend those first")
    if analysis.names.definition(found.symbol) is None:
        raise Refused(f"`{found.symbol.name}` is not defined by a name of its own; declare it first")
    return found


def rename(analysis: Analysis, offset: int, new: str) -> list[Edit]:
    """The edits that put `new` in place of the name at `offset`. Raises `Refused`."""
    found = renameable(analysis, offset)
    if new == found.symbol.name:
        return []
    _check_word(analysis, found.symbol, new)
    places = analysis.names.of(found.symbol)
    edits = [Edit(place.span, new) for place in places]
    _check_meaning(analysis, found.symbol, new, edits)
    return edits


def _check_word(analysis: Analysis, symbol: Symbol, new: str) -> None:
    if not _NAME.match(new):
        raise Refused(f"`{new}` is no name: a letter, then letters, digits and `_`")
    if new in KEYWORDS or new in RESERVED:
        raise Refused(f"`{new}` is a name of the language")
    if new.lower() in _BOOLEANS:
        raise Refused(f"YAML 1.1 programs read the key `{new}` as true or false")
    taken = next((o for o in analysis.names.found if o.symbol.name == new and _clash(o.symbol, symbol)), None)
    if taken is not None:
        raise Refused(f"`{new}` is already the name of {_WORDS[taken.symbol.kind]} of this file")


_WORDS = {
    "param": "a parameter", "let": "a value", "label": "a label", "fn": "a function", "arg": "an argument",
    "instrument": "an instrument", "policy": "an execution policy", "entry": "an entry", "exit": "an exit",
    "module": "a module", "member": "a function of a module",
}  # fmt: skip
_EXPRESSION = frozenset({"param", "let", "label", "fn", "arg", "instrument", "module"})


def _clash(a: Symbol, b: Symbol) -> bool:
    """Whether two names live in one space: names in expressions share one, policies and rules have their own."""
    return a.kind == b.kind if b.kind not in _EXPRESSION else a.kind in _EXPRESSION


def _check_meaning(analysis: Analysis, symbol: Symbol, new: str, edits: list[Edit]) -> None:
    """The new text has the same findings, and each name in it means what it meant before."""
    after = analysis_of(Source(analysis.source.path, apply_edits(analysis.source.text, edits)), 0)
    assert after is not None, "nothing makes it stale"
    worse = _new_error(analysis, after)
    if worse is not None:
        raise Refused(f"`{new}` does not work: {worse.message} ({worse.code})")
    if _shape(after, symbol, new) != _shape(analysis, symbol, new) or _sides(after) != _sides(analysis):
        raise Refused(f"`{new}` would change what a name of this file means")


def _new_error(before: Analysis, after: Analysis) -> Diagnostic | None:
    old = [d.code for d in before.found if d.code.startswith("FC")]
    for d in after.found:
        if d.code in old:
            old.remove(d.code)
        elif d.code.startswith("FC"):
            return d
    return None


def _shape(analysis: Analysis, symbol: Symbol, new: str) -> list[tuple[Symbol, bool]]:
    """The names in file order, the renamed one under its new name."""

    def renamed(s: Symbol) -> Symbol:
        if s == symbol:
            return Symbol(s.kind, new, s.scope)
        return Symbol(s.kind, s.name, new) if s.kind == "arg" and symbol.kind == "fn" and s.scope == symbol.name else s

    return [(renamed(o.symbol), o.is_definition) for o in analysis.names.found]


def _sides(analysis: Analysis) -> list[int]:
    """The directions of the entries: a rule called `short` sells unless it says otherwise."""
    assert analysis.document is not None, "checked before"
    return [rule.side.value for rule in analysis.document.entries]

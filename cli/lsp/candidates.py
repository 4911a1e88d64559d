"""What may be written in an expression: values, fields, functions, units, clocks and words, filtered by what fits."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ...compiler.frontend.built import Built
from ...compiler.frontend.fields import BARE
from ...compiler.frontend.literals import known_currencies
from ...compiler.frontend.names import BAR_FIELDS, DURATIONS, FORMING_FIELDS, GROUPS, RATIOS
from ...compiler.ir.types import Kind
from ...compiler.library.function import Function
from ...compiler.library.table import FUNCTIONS, SPECIAL_FORMS
from ...dsl.language_server.outline import Place, keys
from . import facts
from .analysis import Analysis
from .expressions import Writing, writing
from .probe import Probe
from .wanted import ROLES, Wanted, result_role, role, wanted
from .words import FIELDS

_TIMES = ("1m", "5m", "15m", "1h", "4h", "1d", "100ms", "1s")
_BOOK_FUNCTIONS = tuple(row.name for row in FUNCTIONS.values() if row.group == "book")
_JOINING = ("and", "or", "then", "else")
_OPENING = ("not", "if", "true", "false")


@dataclass(frozen=True, slots=True)
class Item:
    """One thing that may be written. `insert` is its text if it differs from the label; `snippet` has `${1:...}`."""

    label: str
    kind: str
    detail: str = ""
    doc: str = ""
    insert: str = ""
    snippet: str = ""
    sort: str = "5"


def expression_items(text: str, place: Place, offset: int, good: Analysis | None) -> tuple[int, list[Item]]:
    """Where the text to replace begins, and what may stand there."""
    start = place.start
    if text[start : start + 1] in ("|", ">"):
        start = text.find("\n", start, offset) + 1 or offset
    elif text[start : start + 1] in ("'", '"'):
        start += 1
    w = writing(text, start, offset)
    document = good.document if good is not None else None
    built = good.built if good is not None else None
    probe = Probe(document) if document is not None else None
    need = wanted(text, w, place.path, probe, built)
    return w.word_start, list(_items(_Context(text, place, w, need, good, built, probe)))


@dataclass(frozen=True, slots=True)
class _Context:
    text: str
    place: Place
    w: Writing
    need: Wanted
    good: Analysis | None
    built: Built | None
    probe: Probe | None


def _items(c: _Context) -> Iterator[Item]:
    if c.w.after_at:
        yield from _clocks(c)
    elif c.w.base:
        yield from _members(c)
    elif c.w.after_number:
        yield from _units(c)
        yield from (Item(word, "keyword", sort="7") for word in _JOINING)
    elif c.w.operator and (c.w.operator in (")", "]") or c.w.operator[0].isalnum()) and c.w.operator not in _WORDS:
        yield from (Item(word, "keyword", sort="1") for word in _JOINING)
    else:
        yield from _values(c)
        if not c.need.static:
            yield from _fields(c)
            yield from _functions(c)
            yield from (Item(word, "keyword", sort="8") for word in _OPENING)


_WORDS = frozenset({*_JOINING, *_OPENING})


# values of the file


def _values(c: _Context) -> Iterator[Item]:
    """Parameters, named values, arguments; as the text names them now, with facts of the last good version."""
    inside = c.place.path[1] if c.place.path[:1] == ("fn",) and len(c.place.path) > 1 else ""
    found = {key.name: key.path[0] for key in keys(c.text) if len(key.path) == 2 and key.path[0] in ("params", "let")}
    for key in keys(c.text):
        if inside and key.path[:3] == ("fn", inside, "args") and len(key.path) == 4:
            yield Item(key.name, "parameter", f"argument of {inside}", sort="0")
    if c.place.path[:1] == ("params",):
        return
    for name, block in found.items():
        if (block == "let" and (c.need.static or c.place.path[:1] == ("constraints",))) or c.place.path == (
            "let",
            name,
        ):
            continue
        item = _value(c, name, block)
        if item is not None:
            yield item


def _value(c: _Context, name: str, block: str) -> Item | None:
    analysed = c.good.analysed if c.good is not None else None
    node = facts.named_node(analysed, name) if analysed is not None else None
    kind = "constant" if block == "params" else "variable"
    if analysed is None or node is None or node not in analysed.facts.types:
        return Item(name, kind, sort="2")
    type_ = analysed.facts.types[node].present()
    if c.need.static and type_.kind is not Kind.INT:
        return None
    role_ = role(type_, analysed.built)
    if not c.need.fits(role_) or not c.need.ticks(analysed.facts.clocks.get(node)):
        return None
    return Item(name, kind, facts.headline(analysed, node), "\n".join(facts.lines(analysed, node)), sort="2")


# fields


def _fields(c: _Context) -> Iterator[Item]:
    on_bars = c.built is None or (c.built.ambient is not None and c.built.ambient.kind == "bar")
    for name in BARE:
        if name in ("near_side", "far_side") and c.place.path[:1] == ("let",):
            continue
        if c.need.fits(ROLES.get(name, "ratio")):
            bars = "" if name not in BAR_FIELDS else "3" if on_bars else "7"
            yield Item(
                name, "field", ROLES.get(name, "number"), FIELDS.get(name, ""), sort=bars or ("4" if on_bars else "3")
            )
    for group in GROUPS:
        if _has_group(group, c.place.path) and any(
            c.need.fits(ROLES.get(f"{group}.{n}", "ratio")) for n in GROUPS[group]
        ):
            yield Item(group, "module", f"{group}.{', '.join(GROUPS[group])}", "", f"{group}.", sort="4")
    for alias in _aliases(c):
        yield Item(alias, "module", "instrument of this file", "", f"{alias}.", sort="4")
    if c.need.fits("time"):
        yield Item("now", "field", "time", FIELDS["now"], sort="5")


def _has_group(group: str, path: tuple[str, ...]) -> bool:
    """Orders exist in execution policies and where tests ask about them, scores in the size of an entry."""
    if group == "order":
        return path[:1] in (("execution",), ("tests",))
    return path[-1:] == ("size",) and path[:1] == ("entries",) if group == "entry" else True


def _aliases(c: _Context) -> list[str]:
    document = c.good.document if c.good is not None else None
    return [i.alias.value for i in document.instruments] if document is not None else []


def _members(c: _Context) -> Iterator[Item]:
    """What may follow a dot."""
    *above, last = c.w.base
    if last in ("entries", "exits") and not above and c.place.path[:1] == ("tests",):
        names = dict.fromkeys(key.name for key in keys(c.text) if len(key.path) == 2 and key.path[0] == last)
        yield from (Item(name, "value", f"rule of {last}") for name in names)
    elif last in GROUPS and (not above or above[-1] in _aliases(c)):
        for name in GROUPS[last]:
            if c.need.fits(ROLES.get(f"{last}.{name}", "ratio")):
                yield Item(name, "field", ROLES.get(f"{last}.{name}", "number"), FIELDS.get(f"{last}.{name}", ""))
    elif last in _aliases(c):
        yield from (
            Item(n, "field", ROLES.get(n, "number"), FIELDS.get(n, "")) for n in BARE if c.need.fits(ROLES.get(n, ""))
        )
        yield from (Item(group, "module", "", "", f"{group}.") for group in ("trade", "pos", "working"))
        yield from (_function(FUNCTIONS[name]) for name in _BOOK_FUNCTIONS)
    elif last == "forming()":
        yield from (Item(name, "field", ROLES.get(name, "number"), FIELDS.get(name, "")) for name in FORMING_FIELDS)
    elif last.endswith("()") and last[:-2] in FUNCTIONS:
        yield from (Item(n, "field", type_) for n, type_ in FUNCTIONS[last[:-2]].signature.fields)
    else:
        yield from _record(c, last)


def _record(c: _Context, name: str) -> Iterator[Item]:
    """Fields of a value of the file, or functions of a module."""
    analysed = c.good.analysed if c.good is not None else None
    node = facts.named_node(analysed, name) if analysed is not None else None
    if analysed is not None and node is not None and node in analysed.facts.types:
        for field, type_ in analysed.facts.types[node].fields:
            yield Item(field, "field", role(type_.present(), analysed.built))
        return
    document = c.good.document if c.good is not None else None
    if document is not None:
        from .modules import functions_of

        for function in functions_of(document, name):
            yield Item(function, "function", f"function of {name}", "", f"{function}(", f"{function}($1)$0")


# functions, units, clocks


def _functions(c: _Context) -> Iterator[Item]:
    for row in FUNCTIONS.values():
        if c.need.fits(result_role(row.signature.result)):
            yield _function(row)
    for key in keys(c.text):
        if len(key.path) == 2 and key.path[0] == "fn":
            yield Item(key.name, "function", "function of this file", "", f"{key.name}(", f"{key.name}($1)$0", "2")
    for name, doc in SPECIAL_FORMS.items():
        if name not in FUNCTIONS:
            yield Item(name, "function", doc, "", f"{name}(", f"{name}($1)$0", "6")
    for use in c.good.document.uses if c.good is not None and c.good.document is not None else ():
        short = use.value.rpartition(".")[2]
        yield Item(short, "module", use.value, "", f"{short}.", sort="4")


def _function(row: Function) -> Item:
    given = [p for p in row.signature.params if p.default is None]
    holes = ", ".join(f"${{{i}:{p.name}}}" for i, p in enumerate(given, 1))
    doc = f"```flashc\n{row.signature_text}\n```\n{row.doc}"
    return Item(row.name, "function", row.signature_text, doc, f"{row.name}(", f"{row.name}({holes})$0", "6")


def _units(c: _Context) -> Iterator[Item]:
    """Units after a number; what is not wanted is left out where the place says so."""
    space = "" if c.text[c.w.word_start - 1 : c.w.word_start].isspace() else " "
    roles = c.need.roles
    if not roles or "duration" in roles:
        yield from (
            Item(u, "unit", f"{DURATIONS[u]:_} ns", sort="2") for u in ("ms", "s", "m", "h", "d", "us", "ns", "w")
        )
    if not roles or "ratio" in roles:
        yield from (Item(u, "unit", f"1 {u} = {float(RATIOS[u]):g}", "", f"{space}{u}", sort="3") for u in RATIOS)
    if not roles or "price" in roles:
        yield Item("ticks", "unit", "steps of the price", "", f"{space}ticks", sort="3")
    if not roles or "quantity" in roles:
        yield Item("lots", "unit", "steps of the amount", "", f"{space}lots", sort="4")
    yield from _currencies(c, space)


def _currencies(c: _Context, space: str) -> Iterator[Item]:
    if c.built is None:
        return
    base, quote = c.built.currencies(c.built.instance)
    roles = c.need.roles
    for currency in known_currencies(c.built):
        kind = "notional" if currency == quote else "quantity"
        if not roles or kind in roles:
            yield Item(
                currency, "unit", "money" if kind == "notional" else "amount", "", f"{space}{currency}", sort="1"
            )
    if not roles or "price" in roles:
        yield Item(f"{quote}/{base}", "unit", "price", "", f"{space}{quote}/{base}", sort="3")


def _clocks(c: _Context) -> Iterator[Item]:
    number = c.text[c.w.word_start - 1 : c.w.word_start].isdigit()
    if number:
        yield from (Item(unit, "unit", f"{DURATIONS[unit]:_} ns") for unit in ("ms", "s", "m", "h", "d"))
        return
    yield from (Item(time, "value", "timer" if time.endswith("ms") else "closed bars", sort="2") for time in _TIMES)
    yield from (Item(event, "value", "clock of events", sort="1") for event in ("book", "trade"))
    for alias in _aliases(c):
        yield from (Item(f"({alias}.{e})", "value", f"{e} of {alias}", sort="3") for e in ("book", "trade"))

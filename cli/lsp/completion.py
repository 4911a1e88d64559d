"""What may be written at a place: keys by the schema, names and functions by unit and clock.

It works on the text as it is, broken or not; facts come from the last version that could be analysed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from ...compiler.frontend.fields import BARE
from ...compiler.frontend.names import PARAM_KINDS
from ...compiler.venues.profile import names as profile_names
from ...dsl.language_server.outline import ITEM, Place, keys, place_at
from ...dsl.language_server.schema_keys import SchemaKey, schema_at
from .analysis import Analysis
from .candidates import Item, expression_items
from .modules import standard_modules
from .words import FIELDS

_WORD_BEFORE = re.compile(r"[A-Za-z0-9_./]*\Z")

#: Block of the user's own names -> (label, what it is, snippet).
_SNIPPETS: dict[tuple[str, ...], tuple[tuple[str, str, str], ...]] = {
    ("entries",): (
        ("long", "an entry with named clauses", "long:\n  when:\n    ${1:name}: ${2:condition}\n  size: ${3:100 USDC}"),
        ("rule", "an entry of one line", "${1:name}: ${2:condition}"),
    ),
    ("exits",): (
        ("stop", "a stop below the entry price", "stop: close < pos.entry - ${1:2} * atr(14)"),
        ("rule", "an exit with named clauses", "${1:name}:\n  when:\n    ${2:clause}: ${3:condition}"),
    ),
    ("params",): (
        ("param", "a parameter with a range", "${1:name}: {type: ${2:int}, default: ${3:20}, in: ${4:5}..${5:60}}"),
    ),
    ("let",): (("value", "a named value", "${1:name}: ${2:expression}"),),
    ("execution",): (
        (
            "policy",
            "an execution policy",
            "${1:name}:\n  style: ${2:post_only}\n  price: ${3:near_side}\n  ttl: ${4:2s}",
        ),
    ),
    ("fn",): (
        ("function", "a function", "${1:name}:\n  args: {${2:x}: ${3:ratio}}\n  returns: ${4:ratio}\n  is: ${5:x}"),
    ),
}


@dataclass(frozen=True, slots=True)
class Completion:
    """The items, and the offset where the text that they replace begins."""

    start: int
    items: tuple[Item, ...]


def complete(text: str, offset: int, good: Analysis | None) -> Completion:
    """Everything that may stand at an offset. `good` is the last analysis that got as far as types."""
    if _in_comment(text, offset):
        return Completion(offset, ())
    place = place_at(text, offset)
    if place.in_key:
        word = _WORD_BEFORE.search(text, place.start, offset)
        return Completion(word.start() if word else offset, tuple(_keys(text, place)))
    fixed = list(_fixed(text, place, good))
    known = schema_at(place.path)
    if known is not None and known.is_expression:
        start, items = expression_items(text, place, offset, good)
        return Completion(start, (*fixed, *items))
    word = _WORD_BEFORE.search(text, max(place.start, text.rfind("\n", 0, offset) + 1), offset)
    return Completion(word.start() if word else offset, tuple(fixed))


def _in_comment(text: str, offset: int) -> bool:
    line = text[text.rfind("\n", 0, offset) + 1 : offset]
    return line.lstrip().startswith("#") or " #" in line


# keys


def _keys(text: str, place: Place) -> Iterator[Item]:
    known = schema_at(place.path)
    for number, key in enumerate(known.keys if known is not None else ()):
        if key.name not in place.siblings:
            yield _key(key, number, place.in_flow)
    if len(place.path) == 4 and place.path[0] == "tests" and place.path[2] == "rows":
        yield from (_given(name, "named value") for name in _below(text, ("let",)) if name not in place.siblings)
        yield from (_given(name, "field") for name in BARE if name not in place.siblings)
    if not place.in_flow:
        for label, detail, snippet in _SNIPPETS.get(place.path, ()):
            yield Item(label, "snippet", detail, "", "", snippet, "0")


def _given(name: str, what: str) -> Item:
    """A name to which a row of a test gives a value."""
    return Item(name, "key", what, FIELDS.get(name, ""), f"{name}: ", "", "2" if what == "field" else "15")


def _key(key: SchemaKey, number: int, in_flow: bool) -> Item:
    insert = f"{key.name}: "
    if key.shape == "block" and not in_flow:
        return Item(key.name, "key", _needed(key), key.doc, f"{key.name}:", f"{key.name}:\n  $0", f"1{number:02}")
    if key.values:
        choices = ",".join(key.values)
        return Item(key.name, "key", _needed(key), key.doc, insert, f"{key.name}: ${{1|{choices}|}}", f"1{number:02}")
    return Item(key.name, "key", _needed(key), key.doc, insert, "", f"1{number:02}")


def _needed(key: SchemaKey) -> str:
    return "required" if key.required else ""


# values that are no expressions


def _fixed(text: str, place: Place, good: Analysis | None) -> Iterator[Item]:
    known = schema_at(place.path)
    last = place.path[-1] if place.path else ""
    for value in known.values if known is not None else ():
        yield Item(value, "value", "", FIELDS.get(f"{last}={value}", ""))
    if last == "execute" or (place.path[:1] == ("execution",) and last == "then"):
        yield from (Item(name, "value", "execution policy") for name in _below(text, ("execution",)))
    if place.path in (("decide",), ("decide", "clock")):
        yield from (Item(c, "value", "decide at each closed bar") for c in ("1m", "5m", "15m", "1h", "4h", "1d"))
        yield from (
            Item(c, "value", f"decide at each {what}")
            for c, what in (("book", "change of the book"), ("trade", "trade"))
        )
    if place.path == ("venue",):
        yield from (Item(name, "value", "exchange profile") for name in profile_names())
    if place.path in (("trade",), ("trade", ITEM)) or place.path[:1] == ("instruments",):
        yield from _instruments(text, place, good)
    if place.path == ("use", ITEM):
        yield from (Item(name, "value", "module of the compiler") for name in standard_modules())
    if (len(place.path) == 4 and place.path[0] == "fn" and place.path[2] == "args") or last == "returns":
        yield from (Item(name, "value", "type") for name in (*PARAM_KINDS, "price<i>", "qty<i>", "time"))


def _below(text: str, path: tuple[str, ...]) -> Iterable[str]:
    """The user's names in a block, as the text has them now."""
    return dict.fromkeys(key.name for key in keys(text) if key.path[:-1] == path)


def _instruments(text: str, place: Place, good: Analysis | None) -> Iterator[Item]:
    if place.path[0] == "trade":
        yield from (Item(alias, "value", "instrument of this file") for alias in _below(text, ("instruments",)))
    from ...compiler.venues.profile import profile

    name = good.document.venue.value if good is not None and good.document is not None else profile_names()[0]
    if name in profile_names():
        yield from (Item(symbol, "value", f"instrument of {name}") for symbol in profile(name).instruments)

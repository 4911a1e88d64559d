"""Check a CST against the schema and say what is wrong in our own words, at the exact place.

Pydantic finds the errors; its `loc` is walked down the CST for the span and its error type is mapped to our code and
wording. No text of pydantic's reaches a user.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from difflib import get_close_matches
from typing import Any, get_args

from pydantic import BaseModel, ValidationError

from .cst import Entry, Mapping, Node, Scalar, Sequence
from .diagnostics import Diagnostic, Diagnostics, Edit, Fix, Label, Safety
from .schema import LATER_KEYS, StrategyFile
from .source import Source, Span
from .yaml_reader import MAX_FINDINGS

_BLANK = object()  # a key without a value: no shape accepts it
_SHAPES = {
    "string_type": "takes one value",
    "dict_type": "takes `key: value` lines",
    "model_type": "takes `key: value` lines",
    "model_attributes_type": "takes `key: value` lines",
    "list_type": "takes a list",
    "too_short": "is empty",
}


def check_shape(source: Source, root: Mapping, bag: Diagnostics) -> Mapping:
    """Report every unknown key, missing key and wrong shape in the file.

    Returns the file with each mistyped key read as the key it resembles, so that the mistake is reported once and not
    again as everything that lacks the key.
    """
    findings = _findings(source, root)
    renames = {
        finding.key_span: near for finding in findings if finding.is_unknown_key and (near := finding.nearest_key())
    }
    if renames:
        bag.extend(finding.diagnostic() for finding in findings if finding.key_span in renames)
        root = _renamed_mapping(root, renames)
        findings = _findings(source, root)
    bag.extend(finding.diagnostic() for finding in findings)
    return root


def _findings(source: Source, root: Mapping) -> list[_Finding]:
    try:
        StrategyFile.model_validate(_plain(root))
    except ValidationError as error:
        return [_Finding(source, root, found) for found in error.errors(include_url=False)[:MAX_FINDINGS]]
    return []


def _renamed_mapping(node: Mapping, renames: dict[Span | None, str]) -> Mapping:
    entries = (
        Entry(replace(entry.key, value=renames.get(entry.key.span, entry.key.value)), _renamed(entry.value, renames))
        for entry in node.entries
    )
    return Mapping(node.span, tuple(entries), node.in_flow)


def _renamed(node: Node, renames: dict[Span | None, str]) -> Node:
    if isinstance(node, Mapping):
        return _renamed_mapping(node, renames)
    if isinstance(node, Sequence):
        return Sequence(node.span, tuple(_renamed(item, renames) for item in node.items), node.in_flow)
    return node


def _plain(node: Node) -> Any:
    if isinstance(node, Mapping):
        return {entry.key.value: _plain(entry.value) for entry in node.unique()}
    if isinstance(node, Sequence):
        return [_plain(item) for item in node.items]
    return node.value if node.value.strip() else _BLANK


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a `loc` leads: the last node and entry that exist, and the keys passed on the way."""

    node: Node
    entry: Entry | None
    item: int | None
    model: type[BaseModel]


def _locate(root: Mapping, loc: tuple[Any, ...]) -> _Place:
    place = _Place(root, None, None, StrategyFile)
    for step in loc:
        node = place.node
        if isinstance(node, Mapping) and (entry := node.entry(str(step))) is not None:
            place = _Place(entry.value, entry, None, _model_below(place.model, str(step)))
        elif isinstance(node, Sequence) and isinstance(step, int) and step < len(node.items):
            place = _Place(node.items[step], place.entry, step, place.model)
    return place


def _model_below(model: type[BaseModel], key: str) -> type[BaseModel]:
    """The block that the values under `key` are made of; `model` itself where `key` is a user's own name."""
    for name, field in model.model_fields.items():
        if (field.alias or name) == key:
            return next(_models_in(field.annotation), model)
    return model


def _models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for part in get_args(annotation):
        yield from _models_in(part)


class _Finding:
    """One pydantic error on its way to a diagnostic."""

    def __init__(self, source: Source, root: Mapping, error: Any) -> None:
        self.source = source
        self.root = root
        self.type: str = error["type"]
        self.loc: tuple[Any, ...] = error["loc"]
        self.input: Any = error.get("input")
        self.context: dict[str, Any] = error.get("ctx", {})
        self.message: str = error["msg"]
        self.place = _locate(root, self.loc)

    @property
    def is_unknown_key(self) -> bool:
        return self.type == "extra_forbidden" and not self._is_later_key()

    @property
    def key_span(self) -> Span | None:
        return self.place.entry.key.span if self.is_unknown_key and self.place.entry else None

    def diagnostic(self) -> Diagnostic:
        if self.type == "missing":
            return self._missing(str(self.loc[-1]))
        if self.type == "extra_forbidden":
            return self._unknown_key(str(self.loc[-1]))
        if self.loc and self.loc[-1] == "[key]":
            return self._bad_name()
        if self.input is _BLANK:
            return self._blank()
        if self.type == "literal_error":
            return self._wrong_word()
        takes = _SHAPES.get(self.type)
        if takes is None:
            takes = f"takes {self.message}" if self.type in ("wrong_text", "wrong_shape") else "has the wrong shape"
        return Diagnostic("FC0010", f"{self._subject()} {takes}", Label(self._span(), self._is_now()))

    # --- parts ---

    def _subject(self) -> str:
        key = self.place.entry.key.value if self.place.entry else self.source.path
        return f"item {self.place.item + 1} of `{key}`" if self.place.item is not None else f"`{key}`"

    def _span(self) -> Span:
        node = self.place.node
        if isinstance(node, Scalar):
            return node.content if node.content.start < node.content.end else node.span
        if self.place.item is None and self.place.entry is not None:
            return self.place.entry.key.span
        return self.source.span(node.span.start, min(node.span.end, self._line_end(node.span.start)))

    def _line_end(self, start: int) -> int:
        newline = self.source.text.find("\n", start)
        return len(self.source.text) if newline < 0 else newline

    def _is_now(self) -> str:
        node = self.place.node
        if isinstance(node, Mapping):
            return "this is a mapping"
        return "this is a list" if isinstance(node, Sequence) else ""

    # --- kinds ---

    def _missing(self, key: str) -> Diagnostic:
        owner = self.place.entry
        field = next((f for n, f in self.place.model.model_fields.items() if (f.alias or n) == key), None)
        help_text = f"`{key}`: {field.description}" if field and field.description else f"add `{key}`"
        if owner is None:
            first = self.root.entries[0].key.span if self.root.entries else self.root.span
            return Diagnostic("FC0009", f"missing key `{key}`", Label(first, "not in this file"), helps=(help_text,))
        message = f"`{owner.key.value}` lacks the key `{key}`"
        span = owner.key.span
        if self.place.item is not None:
            message, span = f"{self._subject()} lacks the key `{key}`", self._span()
        return Diagnostic("FC0009", message, Label(span, f"needs `{key}`"), helps=(help_text,))

    def _unknown_key(self, key: str) -> Diagnostic:
        assert self.place.entry is not None
        span = self.place.entry.key.span
        if self._is_later_key():
            note = "the language has this key, but this release does not compile it"
            return Diagnostic("FC0907", f"`{key}` is not supported by this release", Label(span), notes=(note,))
        message, near = f"unknown key `{_short(key)}`", self.nearest_key()
        if near is None:
            helps = (f"the keys here are {_listed(self._known_keys())}",)
            return Diagnostic("FC0004", message, Label(span), helps=helps)
        fix = Fix(f"write `{near}`", Safety.SAFE, (Edit(self.place.entry.key.content, near),))
        return Diagnostic("FC0004", message, Label(span, f"did you mean `{near}`?"), fixes=(fix,))

    def nearest_key(self) -> str | None:
        """The key of this mapping that an unknown one resembles and that is not there yet."""
        node = _locate(self.root, self.loc[:-1]).node
        present = {entry.key.value for entry in node.entries} if isinstance(node, Mapping) else set()
        free = [key for key in self._known_keys() if key not in present]
        return next(iter(get_close_matches(str(self.loc[-1]), free, 1, 0.7)), None)

    def _known_keys(self) -> list[str]:
        fields = _locate(self.root, self.loc[:-1]).model.model_fields
        return [field.alias or name for name, field in fields.items()]

    def _is_later_key(self) -> bool:
        model = _locate(self.root, self.loc[:-1]).model
        return self.loc[-1] in LATER_KEYS.get(model.__name__, ())

    def _bad_name(self) -> Diagnostic:
        assert self.place.entry is not None
        key = self.place.entry.key
        message = f"`{_short(key.value)}` cannot be a key here"
        return Diagnostic("FC0010", message, Label(key.span, f"not {self.message}"))

    def _blank(self) -> Diagnostic:
        entry = self.place.entry
        if entry is None or self.place.item is not None:
            return Diagnostic("FC0010", f"{self._subject()} is empty", Label(self._span()))
        takes = _SHAPES.get(self.type, f"takes {self.message}" if self.type.startswith("wrong") else "")
        helps = (f"`{entry.key.value}` {takes}",) if takes else ()
        return Diagnostic("FC0010", f"`{entry.key.value}` has no value", Label(entry.key.span), helps=helps)

    def _wrong_word(self) -> Diagnostic:
        words = [word.strip().strip("'") for word in self.context["expected"].replace(" or ", ", ").split(", ")]
        near = get_close_matches(str(self.input), words, 1, 0.6)
        fixes: tuple[Fix, ...] = ()
        if near and isinstance(self.place.node, Scalar):
            fixes = (Fix(f"write `{near[0]}`", Safety.SAFE, (Edit(self.place.node.content, near[0]),)),)
        label = Label(self._span(), f"did you mean `{near[0]}`?" if near else "")
        return Diagnostic("FC0010", f"{self._subject()} takes one of {_listed(words)}", label, fixes=fixes)


def _listed(words: list[str]) -> str:
    return ", ".join(f"`{word}`" for word in words)


def _short(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= 40 else text[:37] + "..."

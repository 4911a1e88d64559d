"""What the schema says about a place of the file: which keys may stand there, and what a key's value is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from ..schema import json_schema
from .outline import ITEM


@dataclass(frozen=True, slots=True)
class SchemaKey:
    """A key that may stand in a block. `shape` is how its value is written: `text`, `block` or `list`."""

    name: str
    doc: str
    required: bool
    shape: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SchemaPlace:
    """The value at a path: its known keys, whether keys are the user's own, its fixed values, and what it holds."""

    keys: tuple[SchemaKey, ...]
    own_names: bool
    values: tuple[str, ...]
    is_expression: bool
    is_block: bool
    doc: str


@lru_cache(maxsize=1)
def _schema() -> dict[str, Any]:
    return json_schema()


@lru_cache(maxsize=1024)
def schema_at(path: tuple[str, ...]) -> SchemaPlace | None:
    """What may stand at a path such as `("entries", "long", "when")`; None where the schema knows nothing."""
    nodes = [_schema()]
    doc = ""
    for step in path:
        nodes = [inner for node in _choices(nodes) for inner in _step(node, step)]
        if not nodes:
            return None
        doc = next((str(n["description"]) for n in nodes if n.get("description")), doc)
    choices = list(_choices(nodes))
    found = {name: _key(name, node, block) for block in choices for name, node in block.get("properties", {}).items()}
    return SchemaPlace(
        tuple(found.values()),
        any(True for c in choices for _ in _own_keys(c)),
        tuple(dict.fromkeys(str(v) for c in choices for v in _values(c))),
        any(_is_expression(c) for c in choices),
        any(c.get("type") == "object" for c in choices),
        doc,
    )


def _is_expression(node: dict[str, Any]) -> bool:
    return node.get("type") == ["string", "number", "boolean"]


def _values(node: dict[str, Any]) -> list[object]:
    if "const" in node:
        return [node["const"]]
    return ["true", "false"] if node.get("type") == "boolean" else list(node.get("enum", ()))


def _key(name: str, node: dict[str, Any], block: dict[str, Any]) -> SchemaKey:
    choices = list(_choices([node]))
    shapes = {"object": "block", "array": "list"}
    shape = shapes.get(str(choices[0].get("type")), "text") if choices else "text"
    values = tuple(str(v) for c in choices for v in _values(c))
    doc = node.get("description") or next((c["description"] for c in choices if c.get("description")), "")
    return SchemaKey(name, str(doc), name in block.get("required", ()), shape, values)


def _choices(nodes: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """The alternatives of some nodes, references followed."""
    for node in nodes:
        if "$ref" in node:
            yield from _choices([_schema()["$defs"][node["$ref"].rpartition("/")[2]]])
        elif "anyOf" in node:
            yield from _choices(node["anyOf"])
        else:
            yield node


def _step(node: dict[str, Any], step: str) -> Iterator[dict[str, Any]]:
    if step == ITEM:
        if isinstance(node.get("items"), dict):
            yield node["items"]
        return
    if step in node.get("properties", {}):
        yield node["properties"][step]
    else:
        yield from _own_keys(node)


def _own_keys(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The values of keys that are the user's own names."""
    yield from node.get("patternProperties", {}).values()
    if isinstance(node.get("additionalProperties"), dict):
        yield node["additionalProperties"]

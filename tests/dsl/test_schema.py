from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator

from flashc.dsl.schema import LATER_KEYS, StrategyFile, json_schema


def objects(node: object) -> Iterator[dict[str, object]]:
    if isinstance(node, dict):
        if "properties" in node:
            yield node
        for value in node.values():
            yield from objects(value)
    elif isinstance(node, list):
        for value in node:
            yield from objects(value)


def test_every_key_has_a_description() -> None:
    for block in objects(json_schema()):
        properties = block["properties"]
        assert isinstance(properties, dict)
        for key, value in properties.items():
            assert value.get("description"), key


def test_every_object_is_closed_or_says_what_else_it_takes() -> None:
    for block in objects(json_schema()):
        assert "additionalProperties" in block


def test_there_is_no_one_of() -> None:
    assert "oneOf" not in repr(json_schema())


def test_later_keys_are_not_offered() -> None:
    schema = json_schema()
    blocks = {"StrategyFile": schema, **schema["$defs"]}
    for name, keys in LATER_KEYS.items():
        assert not keys & set(blocks[name]["properties"])


def test_keys_that_are_python_words_keep_their_names() -> None:
    defs = json_schema()["$defs"]
    assert "in" in defs["ParamBlock"]["properties"]
    assert "is" in defs["FunctionBlock"]["properties"]
    assert "from" in defs["BandBlock"]["properties"]


def test_the_schema_names_the_required_keys() -> None:
    assert json_schema()["required"] == ["flash", "strategy", "trade", "decide", "entries"]
    assert StrategyFile.model_config["extra"] == "forbid"


def test_reading_a_file_imports_no_numeric_library() -> None:
    script = (
        "import sys, flashc.dsl.document_reader, flashc.dsl.defaults\n"
        "print([m for m in ('numpy', 'numba', 'polars', 'llvmlite') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"

"""The outline of texts that may be broken, against the real YAML reader where they are not."""

from __future__ import annotations

from pathlib import Path

import pytest
from flashc.dsl.cst import Entry, Mapping, Node, Sequence
from flashc.dsl.language_server.outline import ITEM, is_strategy, keys, place_at
from flashc.dsl.language_server.schema_keys import schema_at
from flashc.dsl.language_server.semantic import KINDS, words
from flashc.dsl.source import Source
from flashc.dsl.yaml_reader import read
from hypothesis import given
from hypothesis import strategies as st
from support.strategies import EMA_CROSS

ROOT = Path(__file__).resolve().parents[3]
FILES = sorted((ROOT / "strategies").glob("*.yaml"))
FRAGMENTS = st.lists(
    st.sampled_from(
        [
            "flash: 1",
            "\n",
            "let:",
            "  a: b",
            "    ",
            "- ",
            "{",
            "}",
            "[",
            "]",
            ",",
            ": ",
            "|",
            "#",
            '"',
            "'",
            "x",
            "\t",
            "é",
        ]
    ),
    max_size=40,
)


def paths(source: Source, node: Node, above: tuple[str, ...] = ()) -> list[tuple[tuple[str, ...], int]]:
    """The keys of a read tree with their places."""
    if isinstance(node, Mapping):
        return [found for entry in node.entries for found in _entry(source, entry, above)]
    if isinstance(node, Sequence):
        return [found for item in node.items for found in paths(source, item, (*above, ITEM))]
    return []


def _entry(source: Source, entry: Entry, above: tuple[str, ...]) -> list[tuple[tuple[str, ...], int]]:
    own = (*above, entry.key.value)
    return [(own, entry.key.span.start), *paths(source, entry.value, own)]


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.stem)
def test_the_outline_of_a_good_file_is_its_tree(path: Path) -> None:
    source = Source(str(path), path.read_text())
    root, _ = read(source)
    assert root is not None
    assert [(key.path, key.start) for key in keys(source.text)] == sorted(paths(source, root), key=lambda p: p[1])


def test_lists_and_json_have_one_as_well() -> None:
    text = "entries:\n  long:\n    - a > b\n    - when: x\n      weight: 2\n"
    assert [key.path[-1] for key in keys(text)] == ["entries", "long", "when", "weight"]
    json = '{\n "flash": 1,\n "let": {"a": "b, c", "d": [1, {"e": 2}]}\n}'
    assert [key.path for key in keys(json)] == [
        ("flash",), ("let",), ("let", "a"), ("let", "d"), ("let", "d", ITEM, "e"),
    ]  # fmt: skip


@given(FRAGMENTS, st.integers(0, 200))
def test_no_text_breaks_it(parts: list[str], offset: int) -> None:
    text = "".join(parts)
    place = place_at(text, offset)
    assert 0 <= place.start <= len(text) + 1
    assert all(0 <= key.start <= key.stop <= len(text) and key.start <= key.end <= len(text) for key in keys(text))
    assert all(start < end and kind in KINDS for start, end, kind in words(text, {}))


@pytest.mark.parametrize(
    ("text", "path", "in_key"),
    [
        ("flash: 1\n¦", (), True),
        ("let:\n  a: b\n  ¦", ("let",), True),
        ("let:\n  a: b + ¦", ("let", "a"), False),
        ("let:\n  a: b +\n     ¦c", ("let", "a"), False),
        ("let:\n  a: |\n    b +\n    ¦", ("let", "a"), False),
        ("entries:\n  long:\n    wh¦", ("entries", "long"), True),
        ("params: {fast: 12, slow: {de¦}}", ("params", "slow"), True),
        ("params: {fast: 12, slow: {type: i¦}}", ("params", "slow", "type"), False),
        ("params:\n  fast: {type: int, ¦\n  slow: 2\n", ("params", "fast"), True),
        ("use: [std.¦", ("use", ITEM), False),
        ("tests:\n  t:\n    rows:\n      - {t: 0s, ¦}", ("tests", "t", "rows", ITEM), True),
        ('{"flash": 1, "let": {"a": "clo¦', ("let", "a"), False),
        ('{\n "flash": 1,\n "let": {\n "a": 2,\n ¦', ("let",), True),
    ],
)
def test_the_place_of_a_cursor(text: str, path: tuple[str, ...], in_key: bool) -> None:
    found = place_at(text.replace("¦", ""), text.index("¦"))
    assert (found.path, found.in_key) == (path, in_key)


@pytest.mark.parametrize(
    ("name", "text", "is_one"),
    [
        ("a.yaml", EMA_CROSS, True),
        ("a.yml", "# x\nflash: 1\n", True),
        ("a.json", '{"strategy": "x", "flash": 1}', True),
        ("a.yaml", "strategy: x\ntrade: BTC/USDC\n", True),
        ("a.flash.yaml", "", True),
        ("a.flash.yaml", "fn:\n  f: {}\n", False),
        ("a.yaml", "services: {}\n", False),
        ("a.yaml", "x:\n  flash: 1\n", False),
        ("a.yaml", "strategy: {type: Recreate}\n", False),
        ("a.md", "flash: 1\n", False),
    ],
)
def test_what_counts_as_a_strategy(name: str, text: str, is_one: bool) -> None:
    assert is_strategy(name, text) is is_one


def test_the_schema_knows_every_key_of_the_strategies() -> None:
    unknown = [key.path for path in FILES for key in keys(path.read_text()) if schema_at(key.path) is None]
    assert unknown == []
    assert schema_at(("no", "such", "key")) is None
    style = schema_at(("execution", "mine", "style"))
    assert style is not None
    assert "post_only" in style.values

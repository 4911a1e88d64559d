from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from flashc.dsl import yaml_reader
from flashc.dsl.cst import Mapping, Node, Scalar, Sequence, Style
from flashc.dsl.diagnostics import Diagnostic
from flashc.dsl.source import Source
from flashc.dsl.yaml_reader import load, read


def parse(text: str) -> Mapping:
    root, bag = read(Source("f", text))
    assert not list(bag)
    assert root is not None
    return root


def only(text: str) -> tuple[Diagnostic, str]:
    """The one diagnostic of a text, and the text it points at."""
    source = Source("f", text)
    _, bag = read(source)
    (found,) = bag
    assert found.primary is not None
    return found, source.slice(found.primary.span)


def scalars(node: Node) -> Iterator[Scalar]:
    if isinstance(node, Mapping):
        for entry in node.entries:
            yield entry.key
            yield from scalars(entry.value)
    elif isinstance(node, Sequence):
        for item in node.items:
            yield from scalars(item)
    else:
        yield node


STYLES = """\
plain: a + b   # comment
folded_plain: a
  + b
single: 'a + b'
double: "a + b"
literal: |   # comment
  a   # first
    + b

folded: >-
  a
  + b
flow: {x: 1, z: [2, "three"]}
empty:
größe: 'ü😀' # wide characters
last: ü😀
"""


@pytest.mark.parametrize(
    ("key", "style", "content"),
    [
        ("plain", Style.PLAIN, "a + b"),
        ("folded_plain", Style.PLAIN, "a\n  + b"),
        ("single", Style.SINGLE, "a + b"),
        ("double", Style.DOUBLE, "a + b"),
        ("literal", Style.LITERAL, "  a   # first\n    + b"),
        ("folded", Style.FOLDED, "  a\n  + b"),
        ("empty", Style.PLAIN, ""),
        ("größe", Style.SINGLE, "ü😀"),
        ("last", Style.PLAIN, "ü😀"),
    ],
)
def test_the_content_of_each_scalar_style_is_where_it_stands(key: str, style: Style, content: str) -> None:
    source = Source("f", STYLES)
    value = parse(STYLES).get(key)
    assert isinstance(value, Scalar)
    assert value.style is style
    assert source.slice(value.content).rstrip() == content


def test_scalars_in_flow_collections_are_marked() -> None:
    root = parse(STYLES)
    marked = [scalar.value for scalar in scalars(root) if scalar.in_flow]
    assert marked == ["x", "1", "z", "2", "three"]


def test_a_block_mapping_ends_with_its_last_value_and_not_with_the_comment_after_it() -> None:
    source = Source("f", "a:\n  b: 1\n  c: 2   # note\n# more\nd: 3\n")
    root = parse(source.text)
    inner = root.get("a")
    assert isinstance(inner, Mapping)
    assert source.slice(inner.span) == "b: 1\n  c: 2"


@pytest.mark.parametrize(
    "text", [STYLES, STYLES.replace("\n", "\r\n"), '{"a": {"b": [1, "x"]}}', "- a\n", "a: [", "a: *b"]
)
def test_libyaml_and_pure_python_read_equal_trees(text: str) -> None:
    source = Source("f", text)
    fast, slow = read(source), read(source, pure=True)
    assert fast[0] == slow[0]
    assert [d.code for d in fast[1]] == [d.code for d in slow[1]]


def test_libyaml_is_optional(monkeypatch: pytest.MonkeyPatch) -> None:
    before = parse(STYLES)
    monkeypatch.setattr(yaml_reader, "_LIBYAML", None)
    assert parse(STYLES) == before


def test_crlf_line_ends_give_the_same_values() -> None:
    unix, dos = parse(STYLES), parse(STYLES.replace("\n", "\r\n"))
    assert [s.value for s in scalars(unix)] == [s.value for s in scalars(dos)]


def test_json_indented_with_tabs_is_read() -> None:
    data = {"a": {"b": ["x", "y"]}, "c": "d"}
    root = parse(json.dumps(data, indent="\t"))
    assert [s.value for s in scalars(root)] == ["a", "b", "x", "y", "c", "d"]


def test_a_tab_between_words_is_a_blank() -> None:
    assert [s.value for s in scalars(parse("a:\tb\t# note\n"))] == ["a", "b"]


def test_one_document_start_marker_is_allowed() -> None:
    assert [s.value for s in scalars(parse("---\na: b\n"))] == ["a", "b"]


# --- refusals -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "code", "at"),
    [
        ("a: &x 1\nb: *x\n", "FC0002", "&x"),
        ("a: 1\nb: *x\n", "FC0002", "*x"),
        ("a: !!int 1\n", "FC0002", "!!int"),
        ("a: !mine {b: 1}\n", "FC0002", "!mine"),
        ("%YAML 1.1\n---\na: b\n", "FC0002", "%YAML 1.1"),
        ("# note\n%FOO x\n---\na: b\n", "FC0002", "%FOO x"),
        ("a: b\n---\nc: d\n", "FC0002", "---"),
        ("<<: {a: b}\n", "FC0002", "<<"),
        ("? [a]\n: b\n", "FC0010", "["),
        ("on: 1\n", "FC0011", "on"),
        ("let:\n  NO: 1\n", "FC0011", "NO"),
        ('{"y": 1}', "FC0011", '"y"'),
        ("- a\n- b\n", "FC0010", "- a\n- b"),
        ("just text\n", "FC0010", "just text"),
        ("a: b: c\n", "FC0001", ":"),
        ("a: [1, 2\nb: 3\n", "FC0001", ":"),
        ('a: "open\n', "FC0001", ""),
        ("a: @x\n", "FC0001", "@"),
        ("a:\n  b: 1\n c: 2\n", "FC0001", "c"),
        ("a:\n\tb: 1\n", "FC0001", "\t"),
        ("a: b\0\n", "FC0001", "\0"),
        ("a: b\x07\n", "FC0001", "\x07"),
        ("a: b\rc: d\n", "FC0001", "\r"),
        ("a: b\u2028c: d\n", "FC0001", "\u2028"),
        ("a: b\ufeff\n", "FC0001", "\ufeff"),
        ("", "FC0001", ""),
        ("\n\n  \n", "FC0001", ""),
        ("# nothing\n", "FC0001", ""),
    ],
)
def test_what_flash_yaml_refuses_has_one_diagnostic_at_its_place(text: str, code: str, at: str) -> None:
    found, where = only(text)
    assert (found.code, where) == (code, at)


def test_a_duplicate_key_names_both_places() -> None:
    source = Source("f", "let:\n  a: 1\n  b: 2\n  a: 3\n")
    root, bag = read(source)
    assert root is not None, "the file is still read"
    (found,) = bag
    assert found.primary is not None
    assert found.code == "FC0003"
    assert source.position(found.primary.span.start).line == 4
    assert source.position(found.secondary[0].span.start).line == 2


def test_each_duplicate_is_reported_at_its_own_place() -> None:
    _, bag = read(Source("f", "a: 1\na: 2\na: 3\n"))
    assert [d.primary.span.start for d in bag if d.primary] == [5, 10]


def test_indenting_tabs_are_reported_once_with_a_fix_for_all_lines() -> None:
    found, _ = only("a:\n\tb: 1\n\tc: 2\n")
    assert len(found.fixes[0].edits) == 2


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_line_without_a_colon_is_blamed_itself_and_not_the_line_after_it(end: str) -> None:
    found, at = only(f"let:{end}  a = 1{end}{end}  # note{end}  b: 2{end}")
    assert (found.message, at) == ("this line is not `key: value`", "a = 1")


def test_a_line_indented_too_far_is_shown_whole() -> None:
    found, at = only("let:\n  a: 1\n   b: 2\n  c: 3\n")
    assert "indented more" in found.message
    assert at == "b: 2"


def test_a_file_of_too_many_values_is_refused() -> None:
    found, _ = only("a: [" + "x, " * 20_000 + "]")
    assert found.code == "FC0012"


def test_no_text_of_the_yaml_library_is_shown() -> None:
    for text in (
        "a: b: c\n",
        "a: [1\n",
        "a: {b\n",
        'a: "\\q"\n',
        "a: |x\n  b\n",
        "a: - b\n",
        "}\n",
        "a: b\n  - c: d\n e\n",
    ):
        found, _ = only(text)
        assert "while" not in found.message
        assert "block mapping" not in found.message
        assert "token" not in found.message


# --- bytes --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "code", "word"),
    [
        ("flash: 1\n".encode("utf-16"), "FC0001", "UTF-16"),
        ("flash: 1\n".encode("utf-16-le"), "FC0001", "UTF-16"),
        ("flash: 1\n".encode("utf-16-be"), "FC0001", "UTF-16"),
        ("flash: 1\n".encode("utf-32"), "FC0001", "UTF-32"),
        (b"a: 1\nb: \xff\n", "FC0001", "UTF-8"),
        (b"x" * (10 * 1024 * 1024), "FC0012", "large"),
        (b"\xed\xa0\x80", "FC0001", "UTF-8"),
    ],
)
def test_bytes_that_are_not_a_small_utf8_text_are_refused(data: bytes, code: str, word: str) -> None:
    source, bag = load("bad.yaml", data)
    (found,) = bag
    assert source is None
    assert found.code == code
    assert word in found.message
    assert found.where.startswith("bad.yaml")


def test_a_bad_byte_is_located() -> None:
    _, bag = load("bad.yaml", b"a: 1\nb: \xff\n")
    assert [d.where for d in bag] == ["bad.yaml, byte 9 (line 2)"]


def test_a_byte_order_mark_at_the_start_is_skipped() -> None:
    source, bag = load("f", b"\xef\xbb\xbfflash: 1\n")
    assert not list(bag)
    assert source is not None
    assert source.text == "flash: 1\n"


def test_a_file_of_exactly_the_limit_is_read() -> None:
    source, bag = load("f", b"a: b #" + b"x" * (yaml_reader.MAX_BYTES - 6))
    assert not list(bag)
    assert source is not None
    assert read(source)[0] is not None

"""Expressions are parsed where they stand; what YAML could change behind our back is refused."""

from __future__ import annotations

import pytest
from flashc.dsl import scalar_expressions
from flashc.dsl.diagnostics import Diagnostic, Safety
from flashc.dsl.document import Document
from flashc.dsl.document_reader import read_document
from flashc.dsl.source import Source

FRAME = "flash: 1\nstrategy: s\ntrade: BTC/USDC\ndecide: 1m\nsize: 100 USDC\nentries: {long: a}\n"


def read_let(value: str) -> tuple[Source, Document | None, list[Diagnostic]]:
    source = Source("f", FRAME + f"let:\n  x: {value}\n")
    document, bag = read_document(source)
    return source, document, list(bag)


def fixed(source: Source, found: Diagnostic) -> str:
    (fix,) = found.fixes
    assert fix.safety is Safety.SAFE
    text = source.text
    for edit in sorted(fix.edits, key=lambda edit: edit.span.start, reverse=True):
        text = text[: edit.span.start] + edit.text + text[edit.span.end :]
    return text


@pytest.mark.parametrize(
    "value",
    [
        "ema(close, 3) + b   # note",
        "ema(close, 3)\n    + b",
        "'ema(close, 3) + b'",
        '"ema(close, 3) + b"',
        "|\n    ema(close, 3)   # note\n      + b",
        ">-\n    ema(close, 3)\n      + b\n",
        '"ema(close, 3)\n    + b"',
    ],
)
def test_every_style_is_parsed_in_place(value: str) -> None:
    source, document, found = read_let(value)
    assert not found
    assert document is not None
    expr = document.lets[0].expr
    text = source.slice(expr.span)
    assert text.startswith("ema(")
    assert text.endswith("+ b")


def test_an_escape_is_refused_with_a_fix() -> None:
    source, _, found = read_let('"a \\u002b b"')
    assert [(d.code, source.slice(d.primary.span)) for d in found if d.primary] == [("FC0006", "\\u")]
    assert 'x: "a + b"' in fixed(source, found[0])


def test_an_escaped_line_break_in_json_becomes_a_blank() -> None:
    source, _, found = read_let('"a\\n + b"')
    assert read_document(Source("f", fixed(source, found[0])))[1].errors == ()


def test_a_doubled_quote_is_an_escape_too() -> None:
    _, _, found = read_let("'a ''b'''")
    assert [d.code for d in found] == ["FC0006"]


@pytest.mark.parametrize(
    "text",
    [
        FRAME.replace("1m", '"1\\u006d"'),
        FRAME + 'params: {p: {default: 2, in: "1\\x2e.3"}}\n',
        FRAME + 'params: {p: {default: 2, in: "1\\x2e\\x2e3"}}\n',
    ],
)
def test_clocks_and_ranges_have_no_escapes_either(text: str) -> None:
    _, bag = read_document(Source("f", text))
    assert [d.code for d in bag] == ["FC0006"]


def test_a_comment_in_a_folded_scalar_is_refused_and_the_fix_makes_it_literal() -> None:
    source, _, found = read_let(">\n    a   # note\n      + b")
    assert [(d.code, source.slice(d.primary.span)) for d in found if d.primary] == [("FC0008", "#")]
    assert read_document(Source("f", fixed(source, found[0])))[1].errors == ()


def test_a_comment_in_a_quoted_scalar_of_two_lines_is_refused() -> None:
    _, _, found = read_let('"a # note\n    + b"')
    assert [d.code for d in found] == ["FC0008"]


@pytest.mark.parametrize(
    "value",
    [
        "12",
        "-3",
        "1.5",
        "name",
        "pos.entry",
        "60 USDC",
        "64_000 USDC/BTC",
        "20ms",
        "1.5 bps",
        "true",
        "64_000 USDC / BTC",
        "a + b",
        "not a",
        "f(x) < -2 ticks and b > 3",
        "x@1m",
    ],
)
def test_what_yaml_leaves_whole_may_stand_in_a_flow_collection(value: str) -> None:
    _, bag = read_document(Source("f", FRAME + f"let: {{x: {value}}}\n"))
    assert not list(bag)


@pytest.mark.parametrize("value", ["ema(close, 3)", "f(g(a, 1), h(b, 2), c)", "max(a, b) > c"])
def test_an_expression_in_a_flow_collection_is_reported_once_and_whole(value: str) -> None:
    source = Source("f", FRAME + f"let: {{x: {value}, z: 1}}\n")
    document, bag = read_document(source)
    (found,) = bag
    assert found.primary is not None
    assert (found.code, source.slice(found.primary.span)) == ("FC0005", value)
    assert document is not None
    assert [let.name.value for let in document.lets] == ["x", "z"]
    assert not list(read_document(Source("f", fixed(source, found)))[1])


def test_an_expression_in_a_flow_list_is_put_together_again() -> None:
    source = Source("f", FRAME + "exits: {out: [ema(close, 3) > a, b]}\n")
    document, bag = read_document(source)
    assert [d.code for d in bag] == ["FC0005"]
    assert document is not None
    assert [source.slice(clause.expr.span) for clause in document.exits[0].clauses] == ["ema(close, 3) > a", "b"]


def test_quotes_make_any_expression_safe_in_a_flow_collection() -> None:
    _, bag = read_document(Source("f", FRAME + 'let: {x: "ema(close, 3) + b"}\n'))
    assert not list(bag)


def test_a_text_whose_value_has_other_tokens_is_an_internal_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scalar_expressions, "tokens", lambda text: [text])
    _, _, found = read_let("a\n    + b")
    assert [d.code for d in found] == ["FC0007"]


def test_an_expression_of_unreasonable_length_is_refused() -> None:
    _, _, found = read_let("a" + " + a" * 5000)
    assert [d.code for d in found] == ["FC0012"]

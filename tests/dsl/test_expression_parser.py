"""Expressions that parse: shape of the tree, and the exact place of every node."""

from __future__ import annotations

from decimal import Decimal

import pytest
from flashc.dsl.ast import At, Binary, Call, Compare, Expr, If, Index, Member, Name, Number, Quantity, Unary
from flashc.dsl.diagnostics import Diagnostics
from flashc.dsl.expression_parser import MAX_DEPTH, parse_expression, tokens, walk
from flashc.dsl.expression_printer import print_expression
from flashc.dsl.source import Source

BEFORE = "flash: 1\nlet:\n  x: "


def parsed(text: str) -> tuple[Source, Expr]:
    source = Source("f.yaml", BEFORE + text + "\nexits: ]")
    bag = Diagnostics()
    expr = parse_expression(source, source.span(len(BEFORE), len(BEFORE) + len(text)), bag)
    assert not bag.errors, [d.message for d in bag]
    assert expr is not None
    return source, expr


def bracketed(expr: Expr) -> str:
    """The tree as text with every bracket written."""
    match expr:
        case Binary(op=op, left=left, right=right):
            return f"({bracketed(left)} {op} {bracketed(right)})"
        case Unary(op=op, operand=operand):
            return f"({op} {bracketed(operand)})"
        case Compare(operands=operands, ops=ops):
            rest = "".join(f" {op} {bracketed(x)}" for op, x in zip(ops, operands[1:], strict=True))
            return f"({bracketed(operands[0])}{rest})"
        case If(condition=condition, then=then, orelse=orelse):
            return f"(if {bracketed(condition)} {bracketed(then)} {bracketed(orelse)})"
        case _:
            return print_expression(expr)


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("a + b * c", "(a + (b * c))"),
        ("a - b - c", "((a - b) - c)"),
        ("a / b * c", "((a / b) * c)"),
        ("(a + b) * c", "((a + b) * c)"),
        ("-a * b", "((- a) * b)"),
        ("a - -b", "(a - (- b))"),
        ("p ?? 0.5 > 0.56", "((p ?? 0.5) > 0.56)"),
        ("a / b ?? 0.0", "((a / b) ?? 0.0)"),
        ("a ?? b ?? c", "((a ?? b) ?? c)"),
        ("not a > b", "(not (a > b))"),
        ("not a and not b or c", "(((not a) and (not b)) or c)"),
        ("a or b and c", "(a or (b and c))"),
        ("0.2 < x <= 0.8", "(0.2 < x <= 0.8)"),
        ("if a then b else c + 1", "(if a b (c + 1))"),
        ("if a then b else if c then d else e", "(if a b (if c d e))"),
        ("60 USDC * p / 0.56", "((60 USDC * p) / 0.56)"),
        ("64_000 USDC / BTC", "(64000 USDC / BTC)"),
        ("-close@1m[3].hist", "(- close@1m[3].hist)"),
        ("f(a, n=3)@(eth.book)", "f(a, n=3)@(eth.book)"),
        ("a == b", "(a == b)"),
        ("notx and iffy", "(notx and iffy)"),
        ("f()", "f()"),
    ],
)
def test_operators_bind_as_the_language_says(text: str, tree: str) -> None:
    assert bracketed(parsed(text)[1]) == tree


def test_every_node_knows_its_own_text_in_the_file() -> None:
    source, expr = parsed("if ema(close, 12)@1m[2] > 60 USDC / BTC\n      then (a + b) * pos.gain else -5 bps")
    texts = {(type(node).__name__, source.slice(node.span)) for node in walk(expr)}
    assert texts == {
        ("If", source.text[len(BEFORE) : source.text.index("\nexits")]),
        ("Compare", "ema(close, 12)@1m[2] > 60 USDC / BTC"),
        ("Index", "ema(close, 12)@1m[2]"),
        ("At", "ema(close, 12)@1m"),
        ("Call", "ema(close, 12)"),
        ("Name", "ema"),
        ("Name", "close"),
        ("Number", "12"),
        ("Number", "2"),
        ("Binary", "60 USDC / BTC"),
        ("Quantity", "60 USDC"),
        ("Name", "BTC"),
        ("Binary", "(a + b) * pos.gain"),
        ("Binary", "(a + b)"),
        ("Name", "a"),
        ("Name", "b"),
        ("Member", "pos.gain"),
        ("Name", "pos"),
        ("Unary", "-5 bps"),
        ("Quantity", "5 bps"),
    }


def test_operators_units_and_members_have_spans_of_their_own() -> None:
    source, expr = parsed("a <= pos.gain - 3 ticks")
    assert isinstance(expr, Compare)
    assert [source.slice(span) for span in expr.op_spans] == ["<="]
    minus = expr.operands[1]
    assert isinstance(minus, Binary)
    assert isinstance(minus.left, Member)
    assert isinstance(minus.right, Quantity)
    assert [source.slice(s) for s in (minus.op_span, minus.left.name_span, minus.right.unit_span)] == [
        "-",
        "gain",
        "ticks",
    ]


@pytest.mark.parametrize(
    ("text", "value", "is_int"),
    [("64_000", "64000", True), ("0.5", "0.5", False), ("1e-6", "0.000001", False), ("1.5E+2", "150", False)],
)
def test_numbers_are_exact_decimals(text: str, value: str, is_int: bool) -> None:
    expr = parsed(text)[1]
    assert isinstance(expr, Number)
    assert (expr.value, expr.is_int) == (Decimal(value), is_int)


def test_clocks_come_in_three_forms() -> None:
    clocks = []
    for text in ("x@250ms", "x@book", "x@(eth.book)"):
        expr = parsed(text)[1]
        assert isinstance(expr, At)
        clocks.append((expr.clock.value, expr.clock.unit, expr.clock.name, expr.clock.instrument))
    assert clocks == [(Decimal(250), "ms", None, None), (None, None, "book", None), (None, None, "book", "eth")]


def test_arguments_are_positional_or_named() -> None:
    expr = parsed("sum(x, 1s, pane=100ms)")[1]
    assert isinstance(expr, Call)
    assert isinstance(expr.func, Name)
    assert [a.name for a in expr.args] == [None, None, "pane"]


def test_comments_and_line_ends_are_spaces() -> None:
    assert (
        bracketed(parsed("|\n    a   # the first\n    # a line of its own\n    + b".removeprefix("|"))[1]) == "(a + b)"
    )


def test_brackets_at_the_limit_parse_and_one_more_does_not() -> None:
    room = MAX_DEPTH - 2  # the name and the root take one level each
    parsed("(" * room + "a" + ")" * room)
    source = Source("f", "(" * (room + 1) + "a" + ")" * (room + 1))
    bag = Diagnostics()
    assert parse_expression(source, source.span(0, len(source.text)), bag) is None
    assert [d.code for d in bag] == ["FC0012"]


@pytest.mark.parametrize(
    "text",
    [
        "(" * 5000 + "a" + ")" * 5000,
        "not " * 5000 + "a",
        "-" * 5000 + "a",
        "a" + "[0]" * 5000,
        "a" + " + a" * 5000,
        "a" + ".b" * 5000,
        "a" + "@1m" * 5000,
        "if a then b else " * 5000 + "a",
    ],
    ids=lambda text: text[:9],
)
def test_deep_nesting_is_a_finding_not_a_crash(text: str) -> None:
    source, bag = Source("f", text), Diagnostics()
    assert parse_expression(source, source.span(0, len(text)), bag) is None
    assert [d.code for d in bag] == ["FC0012"]


def test_tokens_leave_out_spaces_and_comments() -> None:
    assert tokens("a+ b  # why\n @1m") == ["a", "+", "b", "@", "1", "m"]
    assert tokens("é $ \x00") == ["é", "$", "\x00"]


def test_index_and_call_end_at_their_brackets() -> None:
    source, expr = parsed("close[ 1 ]")
    assert isinstance(expr, Index)
    assert source.slice(expr.span) == "close[ 1 ]"

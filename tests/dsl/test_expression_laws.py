"""Laws of the expression language: printing and parsing are inverse, and no text crashes the parser."""

from __future__ import annotations

from decimal import Decimal

from flashc.dsl import ast
from flashc.dsl.diagnostics import Diagnostics
from flashc.dsl.edits import apply_edits
from flashc.dsl.expression_parser import parse_expression, tokens
from flashc.dsl.expression_printer import print_expression
from flashc.dsl.expression_scanner import KEYWORDS
from flashc.dsl.expression_tables import parser
from flashc.dsl.format_expressions import spacing_edits
from flashc.dsl.meaning import meaning
from flashc.dsl.source import Source, Span
from hypothesis import given
from hypothesis import strategies as st
from lark import Token, UnexpectedInput

AT = Span("f", 0, 0)

names = st.from_regex(r"[A-Za-z][A-Za-z0-9_]{0,6}", fullmatch=True).filter(lambda n: n not in KEYWORDS)
whole = st.integers(0, 10**12).map(Decimal)
broken = st.decimals(0, 10**6, places=4) | st.sampled_from([Decimal("1E-7"), Decimal("5E+20"), Decimal("0.0")])
numbers = st.tuples(whole, st.just(True)) | st.tuples(broken, st.just(False))
clocks = st.one_of(
    st.builds(lambda v, u: ast.ClockName(AT, v, u, None, None), whole, names),
    st.builds(lambda n: ast.ClockName(AT, None, None, n, None), names),
    st.builds(lambda n, i: ast.ClockName(AT, None, None, n, i), names, names),
)
name_nodes = st.builds(ast.Name, st.just(AT), names)
leaves = st.one_of(
    name_nodes,
    numbers.map(lambda n: ast.Number(AT, *n)),
    st.builds(lambda n, u: ast.Quantity(AT, *n, u, AT), numbers, names),
    st.booleans().map(lambda b: ast.Boolean(AT, b)),
)


def compound(inner: st.SearchStrategy[ast.Expr]) -> st.SearchStrategy[ast.Expr]:
    func = name_nodes | st.builds(lambda b, n: ast.Member(AT, b, n, AT), name_nodes, names)
    args = st.lists(st.builds(lambda n, v: ast.Argument(AT, n, v), st.none() | names, inner), max_size=3).map(tuple)
    chain = st.sampled_from([("<", "<="), (">", ">="), ("==",), ("!=",), ("<",), ("<", "<", "<")])
    compares = chain.flatmap(
        lambda ops: st.tuples(*[inner] * (len(ops) + 1)).map(lambda xs: ast.Compare(AT, xs, ops, (AT,) * len(ops)))
    )
    return st.one_of(
        st.builds(
            lambda op, a, b: ast.Binary(AT, op, AT, a, b),
            st.sampled_from(["+", "-", "*", "/", "??", "and", "or"]),
            inner,
            inner,
        ),
        st.builds(lambda op, a: ast.Unary(AT, op, AT, a), st.sampled_from(["-", "not"]), inner),
        st.builds(lambda a, n: ast.Member(AT, a, n, AT), inner, names),
        st.builds(lambda a, i: ast.Index(AT, a, i), inner, inner),
        st.builds(lambda a, c: ast.At(AT, a, c), inner, clocks),
        st.builds(lambda f, a: ast.Call(AT, f, a), func, args),
        st.builds(lambda c, a, b: ast.If(AT, c, a, b), inner, inner, inner),
        compares,
    )


expressions = st.recursive(leaves, compound, max_leaves=12)


@given(expressions)
def test_parsing_the_printed_text_gives_the_same_tree(expr: ast.Expr) -> None:
    text = print_expression(expr)
    source, bag = Source("f", text), Diagnostics()
    again = parse_expression(source, source.span(0, len(text)), bag)
    assert not bag.errors, text
    assert meaning(expr) == meaning(again), text


@given(expressions)
def test_printed_text_is_already_formatted_and_safe_in_yaml(expr: ast.Expr) -> None:
    text = print_expression(expr)
    source = Source("f", text)
    spaced = apply_edits(text, spacing_edits(source, source.span(0, len(text))))
    assert tokens(spaced) == tokens(text)
    assert ": " not in text
    assert " #" not in text


VOCABULARY = """a b close 1 2.5 m ( ) [ ] . , @ = == < > ?? + - * / if then else and or not true
    && || ! % ^ ? : ; $ # é"""
PIECES = [*VOCABULARY.split(), "\n"]


@given(st.lists(st.sampled_from(PIECES), max_size=25).map(" ".join) | st.lists(st.sampled_from(PIECES)).map("".join))
def test_no_mixture_of_tokens_crashes_the_parser(text: str) -> None:
    source, bag = Source("f", text), Diagnostics()
    expr = parse_expression(source, source.span(0, len(text)), bag)
    assert expr is not None or bag.errors
    assert all(d.primary is not None and d.primary.span.end <= len(text) for d in bag)


@given(st.text(max_size=40), st.text(max_size=8), st.text(max_size=8))
def test_no_text_crashes_the_parser_and_nothing_outside_the_span_is_read(text: str, before: str, after: str) -> None:
    source, bag = Source("f", before + text + after), Diagnostics()
    expr = parse_expression(source, source.span(len(before), len(before) + len(text)), bag)
    assert expr is not None or bag.errors
    for found in bag:
        assert found.primary is not None
        assert len(before) <= found.primary.span.start <= found.primary.span.end <= len(before) + len(text)


@given(st.lists(st.sampled_from(PIECES), max_size=12).map(" ".join) | st.lists(st.sampled_from(PIECES)).map("".join))
def test_both_scanners_see_the_same_tokens(text: str) -> None:
    try:
        tree = parser().parse(text)
    except UnexpectedInput:
        return
    assert tokens(text) == [str(token) for token in tree.scan_values(lambda value: isinstance(value, Token))]


@given(expressions)
def test_both_scanners_agree_on_correct_text(expr: ast.Expr) -> None:
    text = print_expression(expr)
    tree = parser().parse(text)
    assert tokens(text) == [str(token) for token in tree.scan_values(lambda value: isinstance(value, Token))]

"""Expressions that do not parse: the code, the place, and what the safe fixes make of them."""

from __future__ import annotations

import pytest
from flashc.dsl.ast import Expr
from flashc.dsl.diagnostics import Diagnostics
from flashc.dsl.edits import apply_edits
from flashc.dsl.expression_errors import expected
from flashc.dsl.expression_parser import parse_expression
from flashc.dsl.fixer import apply_fixes
from flashc.dsl.source import Source


def parse(text: str) -> tuple[Source, Diagnostics, Expr | None]:
    source, bag = Source("f.yaml", text), Diagnostics()
    return source, bag, parse_expression(source, source.span(0, len(text)), bag)


@pytest.mark.parametrize(
    ("wrong", "right"),
    [
        ("a && b", "a and b"),
        ("a&&b", "a and b"),
        ("a || b", "a or b"),
        ("(a > 1) & (b > 1)", "(a > 1) and (b > 1)"),
        ("a | b", "a or b"),
        ("!a && b", "not a and b"),
        ("a&&!b", "a and  not b"),
        ("~a", "not a"),
        ("a = b", "a == b"),
        ("a === b", "a == b"),
        ("a !== b", "a != b"),
        ("a <> b", "a != b"),
        ("a => b", "a >= b"),
        ("a =< b", "a <= b"),
        ("a ≤ b", "a <= b"),
        ("a ≥ b", "a >= b"),
        ("a ≠ b", "a != b"),
        ("a × b ÷ c − d", "a * b / c - d"),
        ("a ?: b", "a ?? b"),
        ("a ? b : c", "if a then b else c"),
        ("a > 1 ? b : c ? d : e", "if a > 1 then b else if c then d else e"),
        ("f(x, a?1:2)", "f(x, if a then 1 else 2)"),
        ("a AND NOT b OR True", "a and not b or true"),
        ("True", "true"),
        ("not FALSE", "not false"),
        ("close is open and a above b", "close == open and a > b"),
        ("if a then b elif c then d else e", "if a then b else if c then d else e"),
        ("if a b else c", "if a then b else c"),
        ("5% + 2", "5 pct + 2"),
        (".5 * a", "0.5 * a"),
        ("5. * a", "5.0 * a"),
        ("a * +b", "a * b"),
        ("ema(close 12)", "ema(close, 12)"),
        ("ema(close; 12)", "ema(close, 12)"),
        ("f(a b c)", "f(a, b, c)"),
        ("close[1", "close[1]"),
        ("ema(close, 12", "ema(close, 12)"),
        ("max(ema(close, 12), 3", "max(ema(close, 12), 3)"),
        ("$close + 1", "close + 1"),
        ("a\u00a0+ b +", None),
        ("a\u00a0+ b", "a + b"),
        ("2 (a + b)", "2 * (a + b)"),
    ],
)
def test_a_plain_slip_has_a_safe_fix(wrong: str, right: str | None) -> None:
    source, bag, _ = parse(wrong)
    assert {d.code for d in bag} <= {"FC0101", "FC0108"}
    fixed = apply_fixes(source, bag)
    if right is None:
        assert fixed == wrong
        return
    assert fixed.replace("*  (", "* (") == right
    assert not parse(right)[1].errors


@pytest.mark.parametrize(
    ("wrong", "code", "at", "message"),
    [
        ("a b", "FC0101", "b", "unexpected `b`"),
        ("a +", "FC0101", "", "the expression stops after `+`"),
        ("(a + b", "FC0101", "(", "this `(` is never closed"),
        ("a )", "FC0101", ")", "this `)` closes nothing"),
        ("close[1)", "FC0101", ")", "this `)` closes a `[`"),
        ("", "FC0101", "", "an expression is missing"),
        ("  # only a comment", "FC0101", "  # only a comment", "an expression is missing"),
        ("a == not b", "FC0101", "not", "unexpected `not`"),
        ("a if b else c", "FC0101", "if", "unexpected `if`"),
        ("if a then b", "FC0101", "", "the expression stops after `b`"),
        ("1,000 > a", "FC0101", ",", "unexpected `,`"),
        ("(a + b)(c)", "FC0101", "(", "only a name can be called"),
        ("größe + 1", "FC0101", "öße", "unexpected letters `öße`"),
        ("a \x01 b", "FC0101", "\x01", "unexpected character `U+0001`"),
        ("a ** b", "FC0108", "**", "there is no operator `**`"),
        ("a ^ 2", "FC0108", "^", "there is no operator `^`"),
        ("a % b", "FC0108", "%", "there is no operator `%`"),
        ("a // b", "FC0108", "//", "there is no operator `//`"),
        ("a := b", "FC0108", ":=", "there is no operator `:=`"),
        ("a += b", "FC0108", "+=", "there is no operator `+=`"),
        ("a ? b", "FC0108", "?", "there is no operator `?`"),
        ("{a}", "FC0108", "{", "there is no operator `{`"),
        ("f('x')", "FC0108", "'x'", "expressions hold no text in quotes"),
        ("a#b", "FC0108", "#", "there is no operator `#`"),
        ("pos.and", "FC0110", "and", "`and` is a word of the language, not a name"),
        ("x@if", "FC0110", "if", "`if` is a word of the language, not a name"),
        ("a < b > c", "FC0109", ">", "this chain of comparisons changes direction"),
        ("a >= b == c <= d", "FC0109", "<=", "this chain of comparisons changes direction"),
        ("a != b != c", "FC0109", "!=", "this chain of comparisons changes direction"),
        ("1e999", "FC0218", "1e999", "this number is out of range"),
        ("1e-99999999999999999999", "FC0218", "1e-99999999999999999999", "this number is out of range"),
    ],
)
def test_a_wrong_expression_is_explained_where_it_goes_wrong(wrong: str, code: str, at: str, message: str) -> None:
    source, bag, _ = parse(wrong)
    (found,) = bag
    assert found.primary is not None
    assert (found.code, source.slice(found.primary.span), found.message) == (code, at, message)


def test_independent_slips_are_reported_together() -> None:
    source, bag, expr = parse("a && b || ema(close 12) = c")
    assert [source.slice(d.primary.span) for d in bag if d.primary] == ["&&", "||", "12", "="]
    assert expr is not None
    assert apply_fixes(source, bag) == "a and b or ema(close, 12) == c"


def test_no_fix_is_safe_when_the_rest_cannot_be_read() -> None:
    source, bag, expr = parse("a && b +")
    assert expr is None
    assert apply_fixes(source, bag) == source.text


def test_a_negation_that_binds_differently_is_not_rewritten_safely() -> None:
    source, bag, expr = parse("!a > b")
    (found,) = bag
    assert (found.fixes[0].safety.value, expr) == ("unsafe", None)
    assert apply_edits(source.text, found.fixes[0].edits) == "not a > b"


def test_what_fits_is_said_in_words() -> None:
    assert expected({"NUMBER", "NAME", "LPAR", "TRUE", "MINUS", "NOT", "IF"}) == "a value"
    assert expected({"PLUS", "MINUS", "TIMES", "RPAR", "COMMA"}) == "an operator, `)` or `,`"
    assert expected({"NAME"}) == "a name"
    assert expected({"NUMBER", "NAME", "LPAR"}) == "a clock such as `1m` or `book`"
    assert expected({"PLUS", "$END"}) == "an operator or the end of the expression"


@pytest.mark.parametrize("text", ["(" * 5000, "f(" * 5000, "!" * 3000 + "a", "a ? " * 2000, "f(" + "a " * 3000])
def test_a_long_wrong_text_ends_in_findings(text: str) -> None:
    _, bag, expr = parse(text)
    assert expr is None
    assert bag.errors

"""Fixes: which are applied, and which are taken back."""

from __future__ import annotations

from flashc.dsl.diagnostics import Diagnostic, Diagnostics, Edit, Fix, Label, Safety
from flashc.dsl.document_reader import read_document
from flashc.dsl.fixer import apply_fixes, fix
from flashc.dsl.source import Source, Span

FILE = "flash: 1\nstrategy: x\ntrade: BTC/USDC\ndecide: 1m\nentries:\n  long: {}\nsize: 60 USDC\n"


def finding(code: str, start: int, end: int, new: str, safety: Safety = Safety.SAFE, name: str = "m") -> Diagnostic:
    span = Span("f", start, end)
    return Diagnostic(code, name, Label(span), fixes=(Fix("fix it", safety, (Edit(span, new),)),))


def read(source: Source) -> Diagnostics:
    return read_document(source)[1]


def test_safe_fixes_are_applied_and_others_are_not() -> None:
    source = Source("f", "abc")
    found = [finding("FC0101", 0, 1, "A"), finding("FC0102", 1, 2, "B", Safety.UNSAFE)]
    assert apply_fixes(source, found) == "Abc"
    assert apply_fixes(source, found, {Safety.SAFE, Safety.UNSAFE}) == "ABc"


def test_of_two_fixes_for_the_same_text_the_first_is_applied() -> None:
    source = Source("f", "abc")
    assert apply_fixes(source, [finding("FC0101", 0, 2, "X"), finding("FC0102", 1, 3, "Y")]) == "Xc"
    assert apply_fixes(source, [finding("FC0101", 1, 1, "X"), finding("FC0102", 1, 1, "Y")]) == "aXbc"


def test_the_same_edit_of_two_findings_is_made_once() -> None:
    source = Source("f", "abc")
    assert apply_fixes(source, [finding("FC0101", 1, 1, "X"), finding("FC0102", 1, 1, "X")]) == "aXbc"


def test_an_edit_in_another_file_is_not_made_here() -> None:
    assert apply_fixes(Source("g", "abc"), [finding("FC0101", 0, 1, "A")]) == "abc"


def test_slips_of_a_real_file_are_fixed_until_nothing_is_left() -> None:
    text = FILE.format("ema(close 12) > open && !(close = open)")
    result = fix(Source("f", text), read)
    assert result.text == FILE.format("ema(close, 12) > open and not (close == open)")
    assert len(result.applied) == 4
    assert not result.withdrawn
    assert not read(Source("f", result.text)).errors


def test_a_fix_that_uncovers_the_next_finding_is_followed() -> None:
    def check(source: Source) -> Diagnostics:
        bag = Diagnostics()
        if source.text == "a":
            bag.add(finding("FC0101", 0, 1, "b"))
        if source.text == "b":
            bag.add(finding("FC0102", 0, 1, "c"))
        return bag

    result = fix(Source("f", "a"), check)
    assert (result.text, [d.code for d in result.applied]) == ("c", ["FC0101", "FC0102"])


def test_a_fix_that_adds_errors_is_withdrawn_and_the_others_are_kept() -> None:
    def check(source: Source) -> Diagnostics:
        bag = Diagnostics()
        if "a" in source.text:
            at = source.text.index("a")
            bag.add(finding("FC0101", at, at + 1, "A", name="good"))
        if "b" in source.text:
            at = source.text.index("b")
            bag.add(finding("FC0102", at, at + 1, "!!!", name="bad"))
        for at, char in enumerate(source.text):
            if char == "!":
                bag.add(Diagnostic("FC0103", "worse", Label(source.span(at, at + 1))))
        return bag

    result = fix(Source("f", "ba"), check)
    assert result.text == "bA"
    assert [d.message for d in result.applied] == ["good"]
    assert [d.message for d in result.withdrawn] == ["bad"]


def test_a_fix_that_changes_nothing_ends_the_work() -> None:
    def check(source: Source) -> Diagnostics:
        bag = Diagnostics()
        bag.add(finding("FC0101", 0, 1, source.text[0]))
        return bag

    assert fix(Source("f", "abc"), check).text == "abc"

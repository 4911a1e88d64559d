"""Laws on the data of tests: all engines, and what is said when one is broken."""

from __future__ import annotations

from typing import Any

import pytest
from flashc.cli.laws import LawResult
from flashc.cli.testing import lawful
from flashc.dsl.diagnostics import Diagnostic, FlashcError
from suite import CROSS, messages, one, run

TEST = """    generate: {kind: walk, seed: 4, length: 4h}
    expect:
      - never: pos.notional > 200 USDC
"""


def test_a_broken_law_fails_the_test_and_says_where(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*given: Any) -> tuple[LawResult, ...]:
        return (LawResult("prefix", False, 3, "cut at 01:00", "at 00:59: qty is 3 and 4"),)

    monkeypatch.setattr("flashc.cli.laws.run_laws", broken)
    found = one(TEST, laws=True)
    assert messages(found) == ["FC0806 the law `prefix` is broken: at 00:59: qty is 3 and 4"]
    assert found.findings[0].notes == ("cut at 01:00",)


def test_a_law_that_compared_nothing_is_not_told(monkeypatch: pytest.MonkeyPatch) -> None:
    nothing = (LawResult("idle", True, 0, "no timer"), LawResult("chunk", True, 2, "sizes"))
    monkeypatch.setattr("flashc.cli.laws.run_laws", lambda *given: nothing)
    assert one(TEST, laws=True).held_laws == ("chunk",)


def test_without_a_c_compiler_the_other_engines_are_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing() -> None:
        raise FlashcError([Diagnostic("FC0909", "there is no C compiler", None, where="PATH")])

    monkeypatch.setattr("flashc.compiler.backends.c.toolchain.find_toolchain", missing)
    assert lawful.engines() == ("ref", "numba")


def test_rows_have_no_laws() -> None:
    rows = "    start: {qty: 1 BTC, entry: 9 USDC/BTC}\n    rows:\n      - {t: 0s, quick: 2 USDC/BTC, calm: 1 USDC/BTC, close: 9 USDC/BTC}\n"
    found = run(f"  t:\n{rows}    intents: []\n", CROSS, laws=True)
    assert [each.held_laws for each in found.runs] == [()]
    assert found.runs[0].passed

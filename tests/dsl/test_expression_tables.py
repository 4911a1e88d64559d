"""The stored parser tables fit the grammar, and the grammar has no conflicts."""

from __future__ import annotations

from pathlib import Path

import pytest
from flashc.dsl import expression_tables

SAMPLES = ("a + b * c", "if a then b[1] else f(x, n=3)@(eth.book)", "not 0.2 < p ?? 0.5 <= 1e-6", "5 bps - -3 ticks")


def test_the_stored_tables_are_those_of_the_grammar() -> None:
    assert expression_tables.TABLES.read_bytes().startswith(expression_tables.header()), (
        "run `python -m flashc.dsl.expression_tables`"
    )


def test_the_grammar_has_no_conflicts_and_no_colliding_tokens() -> None:
    pytest.importorskip("interegular")
    strict = expression_tables.build(strict=True)
    stored = expression_tables.parser()
    assert [strict.parse(text) for text in SAMPLES] == [stored.parse(text) for text in SAMPLES]


def test_tables_of_another_release_are_not_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stale = tmp_path / "expression.tables"
    stale.write_bytes(b"expression tables, lark 0.0, grammar 00\nnot a pickle")
    monkeypatch.setattr(expression_tables, "TABLES", stale)
    fresh = expression_tables.parser.__wrapped__()
    assert fresh.parse(SAMPLES[0]) == expression_tables.parser().parse(SAMPLES[0])

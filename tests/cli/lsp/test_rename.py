"""Renaming any name of any strategy changes nothing of what it means: the compiled program has the same hash."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from flashc.cli.lsp.analysis import Analysis, analysis_of
from flashc.cli.lsp.rename import Refused, rename
from flashc.compiler.frontend.check import check
from flashc.compiler.frontend.names import GROUPS
from flashc.compiler.pipeline import compile_checked, meaning_hash
from flashc.dsl.document_reader import read_document
from flashc.dsl.edits import apply_edits
from flashc.dsl.source import Source
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

ROOT = Path(__file__).resolve().parents[3]
FILES = sorted((ROOT / "strategies").glob("*.yaml"))


def analysed(text: str) -> Analysis:
    found = analysis_of(Source("s.yaml", text), 1)
    assert found is not None
    return found


def meaning(text: str, old: str = "", new: str = "") -> str:
    """The hash of the program. Parameters are called by name from outside, so names are part of it: `new` counts as
    `old` there."""
    document, found = read_document(Source("s.yaml", text))
    assert document is not None, list(found)
    checked, found = check(document)
    assert checked is not None, list(found)
    program = compile_checked(checked, stop_after="lower").program
    params = tuple(replace(p, label=old if p.label == new else p.label) for p in program.params)
    return meaning_hash(replace(program, params=params))


HASHES: dict[Path, str] = {}


@settings(max_examples=15, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from(FILES), st.data())
def test_a_rename_keeps_the_hash_of_the_program(path: Path, data: st.DataObject) -> None:
    text = path.read_text()
    before = analysed(text)
    place = data.draw(st.sampled_from(before.names.found))
    others = sorted({o.symbol.name for o in before.names.found} | {"close", "bid", "x", "long", "short", "ema", "BTC"})
    new = data.draw(st.sampled_from([*others, "renamed", "a1_"]))
    try:
        edits = rename(before, data.draw(st.integers(place.span.start, place.span.end - 1)), new)
    except Refused:
        return
    after = apply_edits(text, edits)
    called = (place.symbol.name, new) if place.symbol.kind == "param" else ("", "")
    assert meaning(after, *called) == HASHES.setdefault(path, meaning(text))
    assert [d.code for d in analysed(after).found] == [d.code for d in before.found]


@pytest.mark.parametrize("new", ["aaa", "zzz"])
def test_an_instrument_may_have_any_name(new: str) -> None:
    text = (ROOT / "strategies" / "lead_lag.yaml").read_text()
    after = apply_edits(text, rename(analysed(text), text.index("btc: BTC/USDC"), new))
    assert f"{new}: BTC/USDC" in after
    assert meaning(after) == meaning(text)


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.stem)
def test_a_rename_there_and_back_is_the_old_text(path: Path) -> None:
    text = path.read_text()
    before = analysed(text)
    place = next(o for o in before.names.found if o.is_definition and o.symbol.kind in ("let", "param"))
    there = apply_edits(text, rename(before, place.span.start, "some_new_name"))
    assert there != text
    back = apply_edits(there, rename(analysed(there), there.index("some_new_name"), place.symbol.name))
    assert back == text


TESTED = """flash: 1
strategy: s
trade: BTC/USDC
decide: 1m
params: {fast: 3}
let:
  quick: ema(close, fast)
entries:
  long: close > quick
exits:
  out: close < quick
size: 100 USDC
tests:
  t:
    params: {fast: 2}
    rows:
      - {t: 0m, quick: 10 USDC/BTC, close: 11 USDC/BTC}
    expect:
      - {always: fired(entries.long) or close < quick}
"""


@pytest.mark.parametrize(("name", "count"), [("quick", 5), ("fast", 3), ("long", 2)])
def test_names_in_tests_are_renamed_too(name: str, count: int) -> None:
    before = analysed(TESTED)
    edits = rename(before, TESTED.index(name), "other")
    assert len(edits) == count
    assert apply_edits(TESTED, edits) == TESTED.replace(name, "other")


def test_a_captured_argument_is_refused() -> None:
    text = TESTED.replace("let:\n", "fn:\n  f: {args: {x: price}, is: x - close}\nlet:\n  d: f(quick)\n", 1)
    found = analysed(text)
    with pytest.raises(Refused, match="already the name"):
        rename(found, text.index("quick"), "x")


def test_every_field_of_the_language_has_a_word() -> None:
    from flashc.cli.lsp.words import FIELDS
    from flashc.compiler.frontend.fields import BARE
    from flashc.compiler.frontend.names import ENUMS
    from flashc.dsl.schema import STYLES

    wanted = [
        *BARE,
        "now",
        *ENUMS,
        *(f"style={s}" for s in STYLES),
        *(f"{g}.{n}" for g, names in GROUPS.items() for n in names),
    ]
    assert [name for name in wanted if name not in FIELDS] == []

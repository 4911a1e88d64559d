"""Laws of comparing, on generated strategies and on generated mixtures of edits."""

from __future__ import annotations

import re

from flashc.cli.front import front_of
from flashc.cli.strategy_diff.change import MIRRORED, Change, Comparison, Kind
from flashc.cli.strategy_diff.compare import compare
from flashc.compiler.ir.hir import Checked
from flashc.dsl.formatter import format_source
from flashc.dsl.source import Source
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from support.source_programs import random_source

RICH = """\
flash: 1
strategy: mixed
trade: BTC/USDC
decide: 1m
params: {fast: 12, slow: 26, stake: {default: 80 USDC, in: 50 USDC..100 USDC}}
let:
  quick: ema(close, fast)
  calm:  ema(close, slow)
entries:
  long:
    when:
      up:   quick > calm
      high: close > calm
    cooldown: 5m
    size: stake
    execute: wait
exits:
  stop: pos.gain < -1 pct
  out:  quick < calm
execution:
  wait: {style: limit, price: close, ttl: 10m}
risk:
  position: {max: 300 USDC}
  day_loss: {limit: 50 USDC, then: halt}
  drawdown: {limit: 10 pct, then: halt}
"""

#: old text, new text, class of the change; each edit is about another item.
EDITS = (
    ("strategy: mixed", "strategy: mixture", Kind.COSMETIC),
    ("close > calm", "calm < close", Kind.COSMETIC),
    ("fast: 12", "fast: 9", Kind.DEFAULT),
    ("quick > calm", "quick > calm + 1 USDC/BTC", Kind.SIGNAL),
    ("cooldown: 5m", "cooldown: 7m", Kind.SIGNAL),
    ("size: stake", "size: 2 * stake", Kind.RISK_LOOSENED),
    ("ttl: 10m", "ttl: 20m", Kind.EXECUTION),
    ("max: 300 USDC", "max: 250 USDC", Kind.RISK_TIGHTENED),
    ("limit: 50 USDC", "limit: 60 USDC", Kind.RISK_LOOSENED),
    ("10 pct, then: halt", "10 pct, then: flatten_and_halt", Kind.RISK_TIGHTENED),
)


def checked(text: str) -> Checked:
    front = front_of(Source("x.yaml", text))
    assert front.checked is not None, [d.message for d in front.diagnostics]
    return front.checked


def generated(seed: int) -> str:
    """A random file; one that does not check is skipped."""
    text = random_source(seed)
    assume(front_of(Source("x.yaml", text)).checked is not None)
    return text


def compared(a: str, b: str) -> Comparison:
    return compare(checked(a), checked(b), "a", "b")


def classes(changes: tuple[Change, ...], mirror: bool = False) -> list[tuple[Kind, bool]]:
    """Class and certainty of each change; of the other direction with `mirror`."""
    return sorted((MIRRORED.get(c.kind, c.kind) if mirror and not c.unclear else c.kind, c.unclear) for c in changes)


@given(st.integers(0, 10_000))
@settings(max_examples=12, deadline=None)
def test_a_generated_file_equals_itself_and_its_formatted_text(seed: int) -> None:
    text = generated(seed)
    assert compared(text, text).changes == ()
    again = compared(text, format_source(Source("x.yaml", text)).text)
    assert {c.kind for c in again.changes} <= {Kind.COSMETIC}
    assert again.ir_a == again.ir_b


@given(st.integers(0, 10_000))
@settings(max_examples=10, deadline=None)
def test_renamed_equations_are_cosmetic_and_cost_state(seed: int) -> None:
    text = generated(seed)
    names = re.findall(r"(?m)^  (\w+): ", text.partition("let:\n")[2].partition("entries:")[0])
    renamed = text
    for name in names:
        renamed = re.sub(rf"\b{name}\b", f"{name}_renamed", renamed)
    found = compared(text, renamed)
    assert {c.kind for c in found.changes} <= {Kind.COSMETIC, Kind.STATE}
    assert found.ir_a == found.ir_b


@given(st.integers(0, 10_000), st.integers(0, 10_000))
@settings(max_examples=10, deadline=None)
def test_two_generated_files_mirror_each_other(first: int, second: int) -> None:
    a, b = generated(first), generated(second)
    forth, back = compared(a, b), compared(b, a)
    assert classes(forth.changes) == classes(back.changes, mirror=True)
    if any(c.kind not in (Kind.COSMETIC, Kind.STATE, Kind.DEFAULT, Kind.INPUTS) for c in forth.changes):
        assert forth.ir_a != forth.ir_b


@given(st.sets(st.integers(0, len(EDITS) - 1), max_size=5))
@settings(max_examples=25, deadline=None)
def test_a_mixture_of_edits_has_the_class_of_each(chosen: set[int]) -> None:
    text = RICH
    for number in chosen:
        old, new, _ = EDITS[number]
        assert old in text
        text = text.replace(old, new)
    found = compared(RICH, text)
    kinds = [c.kind for c in found.changes if c.kind is not Kind.STATE and c.item != "inputs.warm-up"]
    assert sorted(kinds) == sorted(EDITS[number][2] for number in chosen)
    assert classes(found.changes) == classes(compared(text, RICH).changes, mirror=True)
    meaningless = all(EDITS[number][2] is Kind.COSMETIC for number in chosen)
    assert (found.ir_a == found.ir_b) == meaningless

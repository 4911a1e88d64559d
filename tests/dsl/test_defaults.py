from __future__ import annotations

from pathlib import Path

import pytest
from flashc.dsl.defaults import explain_defaults
from flashc.dsl.diagnostics import FlashcError
from flashc.dsl.document_reader import read_document
from flashc.dsl.meaning import same_meaning
from flashc.dsl.source import Source
from flashc.dsl.templates import TEMPLATES, starter

STRATEGIES = Path(__file__).parent.parent / "data" / "strategies"

SHORT = """\
flash: 1
strategy: s
doc: "odd:  # text\\twith \\u00fc"
trade: [BTC/USDC, ETH/USDC]
decide: {clock: book, min_gap: 20ms}
capital: {}
params: {a: -1, b: {default: 2 bps, in: 1 bps..3 bps, only_if: c}}
fn: {f: {args: {}, is: "1 + 1"}}
entries:
  short: [x, "- y > 1"]
  up: {when: "z < 1", size: 5 USDC, side: long, below_min: skip}
exits:
  out: |
    a   # one
      + b   # two
size: 10 USDC
risk:
  band: {max: 5 bps}
  day_loss: {limit: 5 USDC}
  stale: {book: 1s}
tests:
  empty: {rows: [{t: 0s}], expect: [{always: x}], start: {}}
  t: {tape: "a: b", expect: [{always: "x > 1"}, {count: y, in: 1..2}]}
"""


def texts() -> list[str]:
    files = [path.read_text(encoding="utf-8") for path in sorted(STRATEGIES.glob("*.yaml"))]
    return [*files, *(starter("mine", template) for template in TEMPLATES), SHORT]


@pytest.mark.parametrize("text", texts())
def test_the_long_form_has_the_same_meaning(text: str) -> None:
    source = Source("f", text)
    before, _ = read_document(source)
    after, bag = read_document(Source("long", explain_defaults(source)))
    assert not list(bag)
    assert before is not None
    assert after is not None
    assert same_meaning(before, after)


@pytest.mark.parametrize("text", texts())
def test_the_long_form_of_the_long_form_has_the_same_lines(text: str) -> None:
    def lines(of: str) -> list[str]:
        return [line.partition("  #")[0].rstrip() for line in of.splitlines()]

    once = explain_defaults(Source("f", text))
    assert lines(explain_defaults(Source("f", once))) == lines(once)


def test_defaults_are_marked() -> None:
    text = explain_defaults(Source("f", starter("mine")))
    for line in (
        "venue: mexc.spot  # default",
        "side: long  # default",
        "settle: 1e-6  # default",
        "lateness: 250ms  # default",
    ):
        assert line in text
    assert "execute: market  # default" in text
    assert "start: 10_000 USDC  # default" in text
    assert "# no `risk` block" in text


def test_what_is_written_is_not_marked() -> None:
    written = "venue: mexc.spot\nlateness: 1s\ndecide:"
    text = explain_defaults(Source("f", starter("mine").replace("decide:", written)))
    assert "venue: mexc.spot\n" in text
    assert "lateness: 1s\n" in text


def test_a_file_with_errors_has_no_long_form() -> None:
    with pytest.raises(FlashcError) as caught:
        explain_defaults(Source("f", "flash: 1\n"))
    assert {d.code for d in caught.value.diagnostics} == {"FC0009"}

"""Short files whose meaning could grow without end are answered at once."""

from __future__ import annotations

from flashc.compiler.frontend.check import check
from flashc.dsl.document_reader import read_document
from flashc.dsl.source import Source

FILE = """\
flash: 1
strategy: growing
trade: BTC/USDC
decide: 1m
{more}
entries:
  long: {rule}
exits:
  out: close < open
size: 100 USDC
"""


def codes(more: list[str], rule: str) -> list[str]:
    document, found = read_document(Source("growing.yaml", FILE.format(more="\n".join(more), rule=rule)))
    assert document is not None, [d.message for d in found]
    return [d.code for d in check(document)[1].errors]


def test_conditions_that_share_conditions_are_looked_into_once() -> None:
    lets = ["let:", "  a0: close > open", *(f"  a{k}: a{k - 1} and a{k - 1}" for k in range(1, 60))]
    assert codes(lets, "a59") == []


def test_functions_that_call_each_other_twice_are_refused_once() -> None:
    functions = ["fn:"]
    for k in range(40):
        body = f"f{k - 1}(x) + f{k - 1}(x)" if k else "x"
        functions += [f"  f{k}:", "    args: {x: real}", "    returns: real", f"    is: {body}"]
    assert codes(functions, "f39(1.0) > 2.0") == ["FC0452"]

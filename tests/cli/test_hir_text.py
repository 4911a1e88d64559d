"""`compile --emit hir`: one line per node, in words a reader knows."""

from __future__ import annotations

import pytest
from flashc.cli.hir_text import clock_text, hir_text, type_text
from flashc.compiler.ir.types import BOOL, Clock, Dim, Grid, Kind, Type
from support.checking import checked, strategy

PRICE = Type(Kind.REAL, Dim.of(USDC=1, BTC=-1))


@pytest.mark.parametrize(
    ("type_", "text"),
    [
        (BOOL, "bool"),
        (BOOL.maybe(), "bool?"),
        (PRICE.maybe(), "real USDC per BTC?"),
        (Type(Kind.REAL, PRICE.dim, Grid("tick", "btc")), "ticks of btc"),
        (Type(Kind.RECORD, fields=(("up", PRICE), ("n", Type(Kind.INT)))), "{up: real USDC per BTC, n: int}"),
    ],
)
def test_a_type_is_spelled_in_words(type_: Type, text: str) -> None:
    assert type_text(type_) == text


def test_clocks_stand_in_the_order_in_which_they_fire() -> None:
    hour, minute = Clock("bar", "btc", 3_600_000_000_000), Clock("bar", "eth", 60_000_000_000)
    assert clock_text(frozenset({hour, minute})) == "eth.1m | btc.1h"


def test_a_graph_shows_no_internals() -> None:
    text = hir_text(checked(strategy(let="slow: bbands(close@1h).upper - 3 ticks", long="close > slow")))
    assert "ticks of btc  btc.1m" in text
    assert "; slow" in text
    assert not {mark for mark in ("Type(", "frozenset", "<", "Kind.") if mark in text}

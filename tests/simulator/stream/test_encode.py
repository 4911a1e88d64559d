"""Frames written by hand, compared with those of the official library."""

from __future__ import annotations

import pytest
from flashc.cython_core.wire.official import message_class
from flashc.cython_core.wire.schema import BODIES, MESSAGES, WRAPPER, Field
from flashc.simulator.stream import encode
from hypothesis import given
from hypothesis import strategies as st

TEXT = st.text(max_size=12)
INTS = {"int32": st.integers(-(2**31), 2**31 - 1), "int64": st.integers(-(2**63), 2**63 - 1), "bool": st.booleans()}


def values_of(name: str) -> st.SearchStrategy[dict[str, object]]:
    """Values for some fields of a message."""
    return st.fixed_dictionaries({}, optional={field.name: value_of(field) for field in MESSAGES[name].fields})


def value_of(field: Field) -> st.SearchStrategy[object]:
    if field.repeated:
        return st.lists(values_of(field.type), max_size=3)
    return TEXT if field.type == "string" else INTS[field.type]


def fill(target: object, values: dict[str, object]) -> object:
    for name, value in values.items():
        if isinstance(value, list):
            for item in value:
                fill(getattr(target, name).add(), item)
        else:
            setattr(target, name, value)
    return target


@given(st.sampled_from([name for _, name in BODIES.values()]).flatmap(lambda n: st.tuples(st.just(n), values_of(n))))
def test_any_message_has_the_bytes_of_the_official_library(case: tuple[str, dict[str, object]]) -> None:
    name, values = case
    assert encode.message(name, values) == fill(message_class(name)(), values).SerializeToString(deterministic=True)


@given(st.integers(-(2**63), 2**63 - 1))
def test_a_time_survives_the_way_through_a_frame(time_ms: int) -> None:
    push = message_class(WRAPPER).FromString(encode.frame("c", "S", 0, b"", time_ms))
    assert (push.channel, push.symbol, push.sendTime) == ("c", "S", time_ms)
    assert push.WhichOneof("body") is None


LEVELS = st.lists(
    st.tuples(st.sampled_from(["1", "2.50", "99999.01"]), st.sampled_from(["0", "1.5", "100"])), max_size=4
)


@given(LEVELS, LEVELS, st.integers(1, 2**60), st.integers(0, 2**40))
def test_depth_bodies_read_back(asks, bids, version: int, created_ms: int) -> None:
    body = encode.aggre_depth(asks, bids, "e", (version, version + 3), created_ms)
    push = message_class(WRAPPER).FromString(encode.frame("c", "S", 313, body, 1))
    depth = push.publicAggreDepths
    assert [(level.price, level.quantity) for level in depth.asks] == asks
    assert [(level.price, level.quantity) for level in depth.bids] == bids
    assert (depth.fromVersion, depth.toVersion) == (str(version), str(version + 3))
    assert depth.lastOrderCreateTime == created_ms
    top = message_class("PublicLimitDepthsV3Api").FromString(encode.plain_depth(asks, bids, "e", version, created_ms))
    assert (len(top.asks), len(top.bids), top.version) == (len(asks), len(bids), str(version))


@pytest.mark.parametrize("version", [0, 7])
def test_best_prices_and_trades_read_back(version: int) -> None:
    best = message_class("PublicAggreBookTickerV3Api").FromString(encode.book_ticker(("1", "2"), ("", ""), version, 0))
    assert (best.bidPrice, best.bidQuantity, best.askPrice) == ("1", "2", "")
    assert best.version == ("7" if version else "")
    trades = encode.deals([encode.deal("1.5", "2", 2, 1_790_000_000_123, "10X0_11X0")], "e")
    read = message_class("PublicAggreDealsV3Api").FromString(trades)
    assert (read.deals[0].tradeType, read.deals[0].time, read.deals[0].tradeId) == (2, 1_790_000_000_123, "10X0_11X0")
    assert read.eventType == "e"

"""Market data frames as Hypothesis draws them: mostly right, some with one thing wrong."""

from __future__ import annotations

from typing import Any

from flashc.cython_core.wire.official import message_class
from flashc.cython_core.wire.rows import SymbolScale
from flashc.cython_core.wire.schema import WRAPPER
from hypothesis import strategies as st
from support.wire_bytes import mutated

SYMBOLS = (SymbolScale("BTCUSDT", 2, 6), SymbolScale("MXUSDT", 2, 2))
SENT_MS = 1_790_000_000_130

_prices = st.sampled_from(["2.50", "2.51", "2.5", "2.49", "3", "2.60", "2.40000000", "2.53000000", "1.00", "9999.99"])
_quantities = st.sampled_from(["0", "0.00000000", "1", "12.5", "7.1", "100.00", "0.01", "5.12000000", "60123.07000000"])
_wrong = st.sampled_from(["", "-1", "1e5", "0.000", "1.005", "9" * 25, "x", "9" * 70, "注"])


def _mostly(right: st.SearchStrategy[Any], wrong: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.integers(0, 39).flatmap(lambda k: wrong if k == 0 else right)


_level = st.fixed_dictionaries({"price": _mostly(_prices, _wrong), "quantity": _mostly(_quantities, _wrong)})
_levels = st.lists(_level, max_size=5)
_versions = st.integers(0, 30).map(str)
_deal = st.fixed_dictionaries(
    {
        "price": _mostly(_prices, _wrong),
        "quantity": _mostly(st.sampled_from(["1", "12.5"]), _wrong | st.just("0.0")),
        "tradeType": _mostly(st.sampled_from([1, 2]), st.sampled_from([0, 3, -1])),
        "time": _mostly(st.just(SENT_MS), st.sampled_from([0, -1, 2**62])),
    }
)
_trade_ids = st.sampled_from(["", "10X0_11X0", "5X12", "5X", "X5", "1" * 19 + "X1", "5X1x", "5X1_", "5X1\n", "007X3"])
_ticker = {
    "bidPrice": _mostly(_prices, _wrong),
    "bidQuantity": _quantities,
    "askPrice": _mostly(_prices, _wrong),
    "askQuantity": _mostly(_quantities, _wrong),
}
_version = _mostly(_versions, _wrong)
_BODIES: dict[str, dict[str, st.SearchStrategy[Any]]] = {
    "publicAggreDepths": {
        "asks": _levels,
        "bids": _levels,
        "eventType": st.sampled_from(["", "spot@public.aggre.depth.v3.api.pb@100ms", "注"]),
        "fromVersion": _version,
        "toVersion": _version,
        "lastOrderCreateTime": st.sampled_from([0, SENT_MS]),
    },
    "publicIncreaseDepths": {"asks": _levels, "bids": _levels, "version": _version},
    "publicLimitDepths": {"asks": _levels, "bids": _levels, "version": _version},
    "publicDeals": {"deals": st.lists(_deal, max_size=4)},
    "publicAggreDeals": {
        "deals": st.lists(st.builds(lambda deal, id_: {**deal, "tradeId": id_}, _deal, _trade_ids), max_size=4)
    },
    "publicBookTicker": _ticker,
    "publicAggreBookTicker": {**_ticker, "version": _mostly(_versions | st.just(""), _wrong)},
    "publicSpotKline": {"interval": st.just("Min1")},
}


def build(body: str, values: dict[str, Any], symbol: str | None = "MXUSDT", sent_ms: int | None = SENT_MS) -> bytes:
    """A frame; lists hold the fields of items as dictionaries."""
    push: Any = message_class(WRAPPER)(channel="spot@public.x", symbol=symbol, sendTime=sent_ms)
    target = getattr(push, body)
    target.SetInParent()
    for name, value in values.items():
        if isinstance(value, list):
            for item in value:
                getattr(target, name).add(**item)
        else:
            setattr(target, name, value)
    data: bytes = push.SerializeToString()
    return data


def depth(first: int, last: int, asks: dict[str, str], bids: dict[str, str], symbol: str = "MXUSDT") -> bytes:
    """A frame of changes."""
    sides = {
        name: [{"price": price, "quantity": quantity} for price, quantity in levels.items()]
        for name, levels in (("asks", asks), ("bids", bids))
    }
    return build("publicAggreDepths", {**sides, "fromVersion": str(first), "toVersion": str(last)}, symbol)


_symbols = _mostly(st.just("MXUSDT"), st.sampled_from(["BTCUSDT", "XUSDT", "", None]))
_times = _mostly(st.just(SENT_MS), st.sampled_from([None, 0, -5, 2**62]))


def market_frames() -> st.SearchStrategy[bytes]:
    """Frames of every kind of market data, right, with one thing wrong, and with bytes changed."""
    kinds = [
        st.builds(build, st.just(body), st.fixed_dictionaries({}, optional=values), _symbols, _times)
        for body, values in _BODIES.items()
    ]
    whole = [
        st.builds(build, st.just(body), st.fixed_dictionaries(values), _symbols, _times)
        for body, values in _BODIES.items()
    ]
    right = st.one_of(*whole, *kinds)
    return right | mutated(right) | st.lists(right, min_size=2, max_size=2).map(b"".join)


def depth_frames() -> st.SearchStrategy[bytes]:
    """Frames of changes, as a book gets them."""
    values = st.fixed_dictionaries(_BODIES["publicAggreDepths"])
    right = st.builds(build, st.just("publicAggreDepths"), values, _symbols)
    return right | mutated(right) | market_frames()

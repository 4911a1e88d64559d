"""The layouts of files of books and trades, as tables. Nothing else knows a column's spelling."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

#: Canonical column -> the names files give it, after `formats.plain_name`; earlier names win.
EVENT_COLUMNS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "receive": ("local_ts", "local_timestamp", "receive", "receive_time", "received_at", "recv_ts"),
        "venue": (
            "ts", "exch_ts", "exchange_timestamp", "transact_time", "transaction_time", "timestamp", "event_time",
            "time", "venue", "datetime", "date",
        ),
        "price": ("price", "px", "p"),
        "qty": ("qty", "quantity", "amount", "size", "q"),
        "side": ("side", "taker_side", "taker", "direction"),
        "maker": ("is_buyer_maker", "isbuyermaker", "buyer_is_maker", "m"),
        "trade_id": ("trade_id", "agg_trade_id", "tradeid", "id", "a"),
        "snapshot": ("is_snapshot", "snapshot", "update_type"),
        "first_id": ("first_id", "first_update_id"),
        "last_id": ("last_id", "last_update_id", "update_id", "sequence", "seq"),
        "bid": ("bid", "best_bid_price", "bid_price", "best_bid"),
        "bid_qty": ("bid_qty", "best_bid_qty", "bid_amount", "bid_size", "bid_quantity"),
        "ask": ("ask", "best_ask_price", "ask_price", "best_ask"),
        "ask_qty": ("ask_qty", "best_ask_qty", "ask_amount", "ask_size", "ask_quantity"),
        "symbol": ("symbol", "pair", "instrument", "market"),
        "exchange": ("exchange",),
    }
)  # fmt: skip

#: Words for sides, in lower case. Of a book: bids are +1. Of a trade: what the taker did, bought is +1.
SIDES: Mapping[str, int] = MappingProxyType(
    {
        "1": 1, "+1": 1, "bid": 1, "bids": 1, "buy": 1, "b": 1, "buyer": 1, "true": 1,
        "-1": -1, "ask": -1, "asks": -1, "sell": -1, "a": -1, "s": -1, "seller": -1, "false": -1,
    }
)  # fmt: skip
#: Words for a flag that is set.
SET = ("true", "1", "snap", "snapshot", "partial")


@dataclass(frozen=True, slots=True)
class EventLayout:
    """`needs` are canonical columns of which all must be there; `marks` plain names of the file itself."""

    title: str
    kind: str
    needs: frozenset[str] = frozenset()
    marks: frozenset[str] = frozenset()


#: In the order in which they are tried.
LAYOUTS = (
    EventLayout("Tardis book snapshots", "snapshots", marks=frozenset({"asks_0_price", "bids_0_price"})),
    EventLayout("Binance depth by percentage", "percent", marks=frozenset({"percentage", "depth"})),
    EventLayout("Binance depth history", "depth", frozenset({"price", "qty", "side"}), frozenset({"update_type"})),
    EventLayout(
        "Tardis incremental book", "depth", frozenset({"price", "qty", "side", "snapshot", "exchange"})
    ),
    EventLayout("depth with update ids", "depth", frozenset({"price", "qty", "side", "last_id"})),
    EventLayout("depth", "depth", frozenset({"price", "qty", "side", "snapshot"})),
    EventLayout("Tardis quotes", "best", frozenset({"bid", "bid_qty", "ask", "ask_qty", "exchange"})),
    EventLayout("best bid and ask", "best", frozenset({"bid", "bid_qty", "ask", "ask_qty"})),
    EventLayout("Tardis trades", "trades", frozenset({"price", "qty", "side", "exchange"})),
    EventLayout("Binance trades", "trades", frozenset({"price", "qty", "maker", "trade_id"})),
    EventLayout("trades", "trades", frozenset({"price", "qty", "maker"})),
    EventLayout("trades", "trades", frozenset({"price", "qty", "side"})),
)  # fmt: skip

#: (number of columns, index of the first column of true and false) -> columns of Binance files without a header.
HEADERLESS_TRADES: Mapping[tuple[int, int], tuple[str, ...]] = MappingProxyType(
    {
        (7, 5): ("trade_id", "price", "qty", "", "venue", "maker", ""),
        (6, 5): ("trade_id", "price", "qty", "", "venue", "maker"),
        (8, 6): ("trade_id", "price", "qty", "", "", "venue", "maker", ""),
        (7, 6): ("trade_id", "price", "qty", "", "", "venue", "maker"),
    }
)

#: Names that only bars have: a table with one of them is none of events.
BAR_MARKS = frozenset({"open", "high", "low", "close", "bid_open", "ask_open", "o", "h", "l", "c"})

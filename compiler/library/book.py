"""Book functions and look-ahead for labels. `reads` names the field they become."""

from __future__ import annotations

from .function import Function

_G = "book"

ROWS = (
    Function(
        "bid_depth(k: depth) -> qty",
        _G,
        "Quantity on the best k bid levels.",
        "sum(bid_qty of level 1..k)",
        interval="lots",
        grid="keep",
        reads="book",
        cost="k",
    ),
    Function(
        "ask_depth(k: depth) -> qty",
        _G,
        "Quantity on the best k ask levels.",
        "sum(ask_qty of level 1..k)",
        interval="lots",
        grid="keep",
        reads="book",
        cost="k",
    ),
    Function(
        "microprice(k: depth = 1) -> price",
        _G,
        "Mid price weighted by the opposite depth of the best k levels.",
        "(bid * ask_depth(k) + ask * bid_depth(k)) / (bid_depth(k) + ask_depth(k))",
        interval="price",
        reads="book",
        cost="6+2*k",
    ),
    Function(
        "imbalance(k: depth = 1) -> real",
        _G,
        "Lean of the book, -1 (all asks) to 1 (all bids).",
        "(bid_depth(k) - ask_depth(k)) / (bid_depth(k) + ask_depth(k))",
        interval="-1..1",
        reads="book",
        cost="4+2*k",
    ),
    Function(
        "vwap_to(qty: qty) -> price?",
        _G,
        "Average price of buying qty from the book now.",
        "cost of the asks up to qty / qty",
        interval="price",
        absent="the visible book is thinner than that",
        reads="book",
        cost="40",
    ),
    Function(
        "lead(x: any, n: length) -> any",
        "labels",
        "The value n ticks later. Only in labels.",
        "x[-n]",
        True,
        interval="x",
        grid="keep",
    ),
)

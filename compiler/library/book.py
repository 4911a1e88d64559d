"""Book functions and look-ahead for labels. `reads` names the field they become."""

from __future__ import annotations

from .function import Function, ticks

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
        "Price between the averages of the best k levels of both sides, nearer to the thinner side.",
        "(bid_depth(k) * ask_vwap + ask_depth(k) * bid_vwap) / (bid_depth(k) + ask_depth(k)), vwap of best k levels",
        interval="price",
        reads="book",
        cost="6+4*k",
        source="for k = 1 the weighted mid price of Gatheral and Oomen 2010, which Stoikov 2018 starts from",
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
        "depth_ratio(k: depth = 1) -> real",
        _G,
        "Quantity of the best k bid levels for one of the best k ask levels: above 1, more bids.",
        "bid_depth(k) / ask_depth(k)",
        interval="0..",
        reads="book",
        cost="4+2*k",
    ),
    Function(
        "book_slope(k: depth = 5) -> real",
        _G,
        "How fast quantity grows with the distance from the mid price: steep books resist. `slope(k)` means it too.",
        "mean of both sides: (v_1 / abs(p_1 / mid - 1) + sum((v_j / v_(j-1) - 1) / abs(p_j / p_(j-1) - 1), j = 2..k))"
        " / levels there, v_j = log(lots on levels 1..j)",
        interval="any",
        reads="book",
        cost="20+90*k+4*k*k",
        source="Naes and Skjeltorp 2006, over k levels; terms that would divide by log(1) = 0 are left out",
        most=(("k", 32),),
    ),
    Function(
        "ofi(k: depth = 1) -> qty",
        _G,
        "Order flow of one change of the book, over the best k levels: what came to the bids or left the asks, less"
        " the reverse. Sum it: `sum(ofi(1), 10s)`.",
        "sum over levels: (P >= P[1]) Q - (P <= P[1]) Q[1] of bids - (p <= p[1]) q + (p >= p[1]) q[1] of asks",
        True,
        implicit=("bid",),
        warmup=ticks(1),
        interval="any",
        grid="keep",
        words="4*k",
        cost="4+24*k+4*k*k",
        source="Cont, Kukanov and Stoikov 2014; several levels as Xu, Gould and Howison 2019, summed",
        most=(("k", 32),),
    ),
    Function(
        "vwap_to(qty: qty) -> price?",
        _G,
        "Average price of buying qty from the book now.",
        "cost of the asks up to qty / qty; qty in whole lots, rounded up",
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

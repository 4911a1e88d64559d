"""Faults X: how the exchange behaves."""

from __future__ import annotations

from .spec import FaultSpec, Seam, choice, millis, number, words

_R, _E = (Seam.REST,), (Seam.ENGINE,)
_RE = (Seam.REST, Seam.ENGINE)

ROWS = (
    FaultSpec(
        "X-01",
        "rate-limited",
        "HTTP 429, then 418 for who goes on",
        _R,
        "nothing is sent before Retry-After is over; orders stay known by the stream",
        (
            choice("status", "which", _429="too many requests", _418="banned"),
            number("retry_after", 10, "s", "the header Retry-After", most=259_200),
            choice("header", "the header", present="is sent", absent="is not sent"),
            choice("ban", "a call before the time is over", _418="gets 418 from then on", none="gets 429 again"),
        ),
        starred=True,
    ),
    FaultSpec(
        "X-02",
        "firewall",
        "HTTP 403 with a page, for everything",
        _R,
        "all calls stop for a while; alarm",
    ),
    FaultSpec(
        "X-03",
        "symbol-paused",
        "a symbol is paused, trading is off, or cancels are refused",
        _RE,
        "the symbol halts; its orders stay known; cancels are tried again",
        (
            choice(
                "how",
                "what is off",
                paused="the symbol has status 2 and refuses with 30000",
                disabled="orders are refused with 30016",
                no_cancel="cancels are refused with 30016",
            ),
        ),
    ),
    FaultSpec(
        "X-04",
        "half-down",
        "REST is down and the streams are up, or the reverse",
        (Seam.REST, Seam.TRANSPORT),
        "the link that is down shows as down; not ready while one is",
        (
            choice(
                "down",
                "what is down",
                rest="REST",
                public="public stream",
                private="private stream",
                streams="both streams",
            ),
            choice("how", "how REST is down", _503="HTTP 503", silent="no answer"),
        ),
    ),
    FaultSpec(
        "X-05",
        "after-maintenance",
        "after maintenance all open orders are gone, or old ones are back",
        _E,
        "the exchange's list is taken as truth; each order is asked for",
        (choice("how", "what happened", wiped="open orders are gone", revived="cancelled orders are open again"),),
    ),
    FaultSpec(
        "X-06",
        "silent-balance",
        "a trade is taken back, or a balance changes without an event",
        _E,
        "the account does not add up: halt within 5 s",
        (
            choice("how", "what happens", balance="a balance changes", bust="the account's last trade is taken back"),
            words("asset", "", "which asset; empty for the first of the account"),
            words("amount", "-1", "by how much it changes"),
        ),
    ),
    FaultSpec(
        "X-07",
        "account-restricted",
        "the account or key may not trade any more",
        _R,
        "all halts; nothing is sent again",
        (
            choice(
                "code",
                "the code",
                _10098="risk control",
                _60005="account abnormal",
                _70011="pair banned",
                _26="operation not allowed",
            ),
        ),
    ),
    FaultSpec(
        "X-08",
        "engine-lag",
        "orders are acknowledged at once and fills reported late",
        (Seam.STREAM, Seam.REST),
        "exposure stays reserved until the report",
        (millis("late", 30_000, "how late private messages and fills in queries come", least=1, most=600_000),),
    ),
    FaultSpec(
        "X-09",
        "open-order-cap",
        "an account may have few open orders",
        _R,
        "code 30029 is a refusal; no loop of repeats",
        (number("cap", 5, "orders", "how many may be open (500 by the text)", most=500),),
    ),
    FaultSpec(
        "X-10",
        "lower-limits",
        "the rate limits are lowered without notice",
        _RE,
        "after a 429 the client's own budget shrinks",
        (
            number("weight", 50, "weight", "weight in 10 s", least=1, most=10_000),
            number("orders", 2, "orders", "order calls a second", least=1, most=1_000),
        ),
    ),
    FaultSpec(
        "X-11",
        "stale-reads",
        "account and order lists are answered from a cache",
        _R,
        "what was read counts as of the earliest time it can be of",
        (millis("age", 5_000, "how old answers may be", least=1, most=600_000),),
    ),
    FaultSpec(
        "X-12",
        "not-tradable",
        "a symbol is closed to the API, or delisted",
        _RE,
        "the symbol counts as not tradable, with the reason",
        (choice("how", "what happens", api="not open to the API: code 10007", delisted="status 3"),),
    ),
    FaultSpec(
        "X-13",
        "order-to-trade",
        "the account is flagged for placing and cancelling too often",
        _R,
        "code 10098: all halts",
        (number("orders", 20, "orders", "orders and cancels in a minute without a fill that are allowed", least=1),),
    ),
)

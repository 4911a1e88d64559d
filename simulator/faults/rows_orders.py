"""Faults R: REST and order entry."""

from __future__ import annotations

from .spec import FaultSpec, Seam, choice, millis, number, words

_R = (Seam.REST,)
_RE = (Seam.REST, Seam.ENGINE)
_LOST = choice(
    "answer",
    "what the client gets",
    timeout="nothing, the connection stays open",
    reset="a reset",
    _500="HTTP 500",
    _503="HTTP 503",
    _504="HTTP 504",
)
_REQUEST = words("request", "POST /api/v3/order", "method and beginning of the path of the requests that are meant")

ROWS = (
    FaultSpec(
        "R-01",
        "accepted-answer-lost",
        "an order is accepted, and the answer is lost",
        _R,
        "unknown outcome; the order is found by its client id and adopted; nothing is sent again",
        (_LOST, _REQUEST),
        starred=True,
    ),
    FaultSpec(
        "R-02",
        "refused-answer-lost",
        "an order is refused, and the answer is lost",
        _R,
        "unknown outcome; absent only when that is proved",
        (_LOST, _REQUEST),
    ),
    FaultSpec(
        "R-03",
        "not-found-lag",
        "a query says that an order does not exist although it lives",
        _R,
        "one not-found decides nothing; the order is found in the end",
        (
            millis("lag", 2_000, "how long after placing the order is not found", least=1, most=600_000),
            choice("lists", "openOrders and allOrders", without="do not show it either", with_order="show it"),
        ),
        starred=True,
    ),
    FaultSpec(
        "R-04",
        "request-again",
        "a used connection dies under a request, or a proxy sends a request twice",
        _R,
        "the client never sends twice; two orders under one client id are noticed",
        (
            choice(
                "how",
                "what happens",
                cut="a connection that was used before is cut after the request, which is not carried out",
                replay="the request is carried out twice",
            ),
            _REQUEST,
        ),
        starred=True,
    ),
    FaultSpec(
        "R-05",
        "client-id-reuse",
        "a client id that was used is accepted again, or refused",
        (Seam.ENGINE,),
        "the same result under both",
        (choice("reuse", "what the exchange does", accepted="a second order", refused="code 30026"),),
    ),
    FaultSpec(
        "R-06",
        "late-admission",
        "an order is admitted long after its request, also after its time window",
        _RE,
        "the late order is noticed, adopted and cancelled",
        (
            millis("late", 5_000, "how much later it is admitted", least=1, most=600_000),
            _LOST,
            _REQUEST,
        ),
        starred=True,
    ),
    FaultSpec(
        "R-07",
        "altered-ack",
        "the answer to an order is about another price, quantity, symbol, side or type",
        _R,
        "the answer is refused as not matching; the symbol halts",
        (
            choice(
                "field",
                "which field is altered",
                price="price",
                origQty="quantity",
                symbol="symbol",
                side="side",
                type="order type",
                orderId="the order id is left out",
            ),
        ),
    ),
    FaultSpec(
        "R-08",
        "late-ack",
        "the answer comes after fill and cancel; order ids have another form",
        _RE,
        "the order's state is the same as if the answer had come first",
        (
            millis("late", 1_000, "how late the answer to POST order comes", most=60_000),
            choice("ids", "form of order ids", same="as they are", hex="32 hexadecimal digits"),
        ),
    ),
    FaultSpec(
        "R-09",
        "cancel-race",
        "a cancel meets a fill, is answered with -2011, or its answer is lost",
        _RE,
        "the order counts as open until its last state and its last executed quantity are known",
        (
            choice(
                "how",
                "what happens",
                fill="the order fills just before the cancel",
                part="half of the order fills just before the cancel",
                unknown="-2011 although the order lives on",
                lost="cancelled, and the answer is lost",
            ),
        ),
        starred=True,
    ),
    FaultSpec(
        "R-10",
        "cancel-all-keeps",
        "cancelling all says success, and some orders stay",
        _RE,
        "open orders are read after it, and what stayed is cancelled singly",
        (number("keep", 1, "orders", "how many stay", least=1, most=500),),
    ),
    FaultSpec(
        "R-11",
        "order-refused",
        "orders are refused for good",
        _R,
        "rejected, with the code; no loop of repeats",
        (
            choice(
                "code",
                "the code",
                _30004="not enough balance",
                _30002="under the minimum",
                _30003="over the maximum",
                _30005="oversold",
                _10101="balance too small",
                _30029="over the maximum order limit",
                _30010="no valid trade price",
                _30041="order type not possible",
            ),
        ),
    ),
    FaultSpec(
        "R-12",
        "rules-change",
        "tick, step or minimum of a symbol change while it trades",
        (Seam.ENGINE,),
        "the new rules are taken over as a whole at the next refresh",
        (
            number("price_decimals", -1, "decimals", "change of the decimals of prices", least=-8, most=8),
            number("qty_decimals", 0, "decimals", "change of the decimals of quantities", least=-8, most=8),
            words("min_notional", "", "the new least amount of an order in quote currency; empty leaves it"),
        ),
    ),
    FaultSpec(
        "R-13",
        "maker-crosses",
        "every LIMIT_MAKER would trade at once",
        _RE,
        "refused or cancelled, both final; no endless chase",
        (
            choice(
                "how",
                "what the exchange does",
                _30041="refuses with code 30041",
                _30010="refuses with code 30010",
                cancelled="accepts and cancels at once",
            ),
        ),
    ),
    FaultSpec(
        "R-14",
        "part-filled",
        "a MARKET or IOC order fills in part and the rest is cancelled",
        _RE,
        "final, with the executed quantity of the exchange",
        (
            number("percent", 50, "percent", "how much of it fills", least=1, most=99),
            choice("status", "last status", partially_canceled="PARTIALLY_CANCELED", filled="FILLED"),
        ),
    ),
    FaultSpec(
        "R-15",
        "auth-refused",
        "signature, address or key are refused",
        _R,
        "a latch: no further signed call until someone looks",
        (
            choice(
                "code",
                "the code",
                _700002="signature invalid",
                _602="signature check failed",
                _700006="address not on the list",
                _10072="key invalid, as after its 90 days",
                _700007="no permission",
                _401="no authority, HTTP 401",
            ),
        ),
    ),
    FaultSpec(
        "R-16",
        "batch-mixed",
        "some orders of a batch are refused",
        _RE,
        "each order of the batch has its own outcome",
        (
            number("every", 2, "orders", "every how-manyth order is refused", least=1, most=20),
            number("code", 30004, "code", "the code of those"),
        ),
    ),
    FaultSpec(
        "R-17",
        "broken-json",
        "the answer is cut, huge, ambiguous, or a success that is none",
        _R,
        "a typed error; an order call is an unknown outcome",
        (
            choice(
                "kind",
                "what is wrong",
                truncated="the end is missing",
                huge="8 MB of a text",
                duplicate_key="a key stands twice",
                error_in_200="HTTP 200 with an error in it",
                text_numbers="numbers as texts",
                number_texts="texts as numbers",
                deep="10,000 brackets",
                nan="NaN and Infinity",
                empty="nothing at all",
                utf8="bytes that are not UTF-8",
            ),
            _REQUEST,
        ),
    ),
    FaultSpec(
        "R-18",
        "many-fills",
        "more fills than a page of myTrades holds come at once",
        (Seam.ENGINE,),
        "all trade ids are read, page by page",
        (
            number("fills", 1_000, "fills", "how many", least=1, most=100_000),
            choice("side", "side of the account's order", BUY="buys", SELL="sells"),
        ),
    ),
)

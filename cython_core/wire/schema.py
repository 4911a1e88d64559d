"""The protobuf messages that MEXC pushes: the one table of fields, from which decoders, encoders and docs are made.

Names and numbers are those of the exchange's published definitions (proto3, no package). A frame is one
`PushDataV3ApiWrapper`; its `body` is a oneof of the messages in `BODIES`. Fields may come in any order, and fields that
this table lacks must be skipped: the exchange adds some without warning.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

#: Scalar types in use; every other type names a message of the table.
SCALARS = frozenset({"string", "int32", "int64", "bool"})

WRAPPER = "PushDataV3ApiWrapper"


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a message. `optional`: presence is explicit, so a default value is sent too."""

    number: int
    name: str
    type: str
    optional: bool = False
    repeated: bool = False


@dataclass(frozen=True, slots=True)
class Message:
    """A message; `oneof` holds the fields of which at most one is there."""

    name: str
    fields: tuple[Field, ...]
    oneof: tuple[Field, ...] = ()


def _fields(text: str) -> tuple[Field, ...]:
    """Fields from lines `number name type`; `type?` is optional, `type*` repeated, no type a string."""
    found = []
    for line in text.strip().splitlines():
        number, name, *rest = line.split()
        kind = rest[0] if rest else "string"
        found.append(Field(int(number), name, kind.rstrip("?*"), kind.endswith("?"), kind.endswith("*")))
    return tuple(found)


def _numbered(first: int, names: str, kind: str = "string") -> str:
    return "\n".join(f"{first + k} {name} {kind}" for k, name in enumerate(names.split()))


#: Field number of the wrapper's oneof -> (name, message).
BODIES: Mapping[int, tuple[str, str]] = MappingProxyType(
    {
        301: ("publicDeals", "PublicDealsV3Api"),
        302: ("publicIncreaseDepths", "PublicIncreaseDepthsV3Api"),
        303: ("publicLimitDepths", "PublicLimitDepthsV3Api"),
        304: ("privateOrders", "PrivateOrdersV3Api"),
        305: ("publicBookTicker", "PublicBookTickerV3Api"),
        306: ("privateDeals", "PrivateDealsV3Api"),
        307: ("privateAccount", "PrivateAccountV3Api"),
        308: ("publicSpotKline", "PublicSpotKlineV3Api"),
        309: ("publicMiniTicker", "PublicMiniTickerV3Api"),
        310: ("publicMiniTickers", "PublicMiniTickersV3Api"),
        311: ("publicBookTickerBatch", "PublicBookTickerBatchV3Api"),
        312: ("publicIncreaseDepthsBatch", "PublicIncreaseDepthsBatchV3Api"),
        313: ("publicAggreDepths", "PublicAggreDepthsV3Api"),
        314: ("publicAggreDeals", "PublicAggreDealsV3Api"),
        315: ("publicAggreBookTicker", "PublicAggreBookTickerV3Api"),
    }
)

_LEVEL = "1 price\n2 quantity"
_PRICES = "1 bidPrice\n2 bidQuantity\n3 askPrice\n4 askQuantity"
_DEAL = "1 price\n2 quantity\n3 tradeType int32\n4 time int64"

_TEXTS: Mapping[str, str] = MappingProxyType(
    {
        WRAPPER: "1 channel\n3 symbol string?\n4 symbolId string?\n5 createTime int64?\n6 sendTime int64?",
        "PublicDealsV3Api": "1 deals PublicDealsV3ApiItem*\n2 eventType",
        "PublicDealsV3ApiItem": _DEAL,
        "PublicIncreaseDepthsV3Api": (
            "1 asks PublicIncreaseDepthV3ApiItem*\n2 bids PublicIncreaseDepthV3ApiItem*\n3 eventType\n4 version"
        ),
        "PublicIncreaseDepthV3ApiItem": _LEVEL,
        "PublicLimitDepthsV3Api": (
            "1 asks PublicLimitDepthV3ApiItem*\n2 bids PublicLimitDepthV3ApiItem*\n3 eventType\n4 version\n"
            "5 lastOrderCreateTime int64"
        ),
        "PublicLimitDepthV3ApiItem": _LEVEL,
        "PrivateOrdersV3Api": "\n".join(
            (
                _numbered(1, "id clientId price quantity amount avgPrice"),
                "7 orderType int32\n8 tradeType int32\n9 isMaker bool",
                "10 remainAmount\n11 remainQuantity\n12 lastDealQuantity string?",
                "13 cumulativeQuantity\n14 cumulativeAmount\n15 status int32\n16 createTime int64",
                "17 market string?\n18 triggerType int32?\n19 triggerPrice string?\n20 state int32?",
                _numbered(21, "ocoId routeFactor symbolId marketId marketCurrencyId currencyId", "string?"),
            )
        ),
        "PublicBookTickerV3Api": _PRICES,
        "PrivateDealsV3Api": (
            "1 price\n2 quantity\n3 amount\n4 tradeType int32\n5 isMaker bool\n6 isSelfTrade bool\n"
            + _numbered(7, "tradeId clientOrderId orderId feeAmount feeCurrency")
            + "\n12 time int64"
        ),
        "PrivateAccountV3Api": (
            _numbered(1, "vcoinName coinId balanceAmount balanceAmountChange frozenAmount frozenAmountChange type")
            + "\n8 time int64"
        ),
        "PublicSpotKlineV3Api": (
            "1 interval\n2 windowStart int64\n"
            + _numbered(3, "openingPrice closingPrice highestPrice lowestPrice volume amount")
            + "\n9 windowEnd int64"
        ),
        "PublicMiniTickerV3Api": _numbered(
            1,
            "symbol price rate zonedRate high low volume quantity lastCloseRate lastCloseZonedRate lastCloseHigh"
            " lastCloseLow",
        ),
        "PublicMiniTickersV3Api": "1 items PublicMiniTickerV3Api*",
        "PublicBookTickerBatchV3Api": "1 items PublicBookTickerV3Api*\n2 version\n3 lastOrderCreateTime int64",
        "PublicIncreaseDepthsBatchV3Api": "1 items PublicIncreaseDepthsV3Api*\n2 eventType",
        "PublicAggreDepthsV3Api": (
            "1 asks PublicAggreDepthV3ApiItem*\n2 bids PublicAggreDepthV3ApiItem*\n3 eventType\n4 fromVersion\n"
            "5 toVersion\n6 lastOrderCreateTime int64"
        ),
        "PublicAggreDepthV3ApiItem": _LEVEL,
        "PublicAggreDealsV3Api": "1 deals PublicAggreDealsV3ApiItem*\n2 eventType",
        "PublicAggreDealsV3ApiItem": f"{_DEAL}\n5 tradeId",
        "PublicAggreBookTickerV3Api": f"{_PRICES}\n5 version\n6 lastOrderCreateTime int64",
    }
)


def _table() -> Mapping[str, Message]:
    found = {name: Message(name, _fields(text)) for name, text in _TEXTS.items()}
    bodies = tuple(Field(number, name, message) for number, (name, message) in BODIES.items())
    found[WRAPPER] = Message(WRAPPER, found[WRAPPER].fields, bodies)
    return MappingProxyType(found)


#: Name -> message, the wrapper first.
MESSAGES: Mapping[str, Message] = _table()

"""The push messages as frozen dataclasses: what `push.decode_push` gives.

Fields stand in the order of `schema.py`; an absent field has its default, an absent `optional` one None. Numbers that
matter are decimal text, as sent: `decimals.parse_decimal` makes them whole. Times end in `_ms` or `_s`, epoch.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Level:
    """A price and the quantity that is there now; zero in any spelling: nothing is."""

    price: str = ""
    quantity: str = ""


@dataclass(frozen=True, slots=True)
class Deal:
    """A public trade. `trade_type`: 1 the taker bought, 2 sold. `trade_id` comes in gathered trades (314) only."""

    price: str = ""
    quantity: str = ""
    trade_type: int = 0
    time_ms: int = 0
    trade_id: str = ""


@dataclass(frozen=True, slots=True)
class Deals:
    """301 and 314: public trades."""

    deals: tuple[Deal, ...] = ()
    event_type: str = ""


@dataclass(frozen=True, slots=True)
class IncreaseDepths:
    """302: changes of the book, of the older channel."""

    asks: tuple[Level, ...] = ()
    bids: tuple[Level, ...] = ()
    event_type: str = ""
    version: str = ""


@dataclass(frozen=True, slots=True)
class LimitDepths:
    """303: the best 5, 10 or 20 levels of each side, all of them each time."""

    asks: tuple[Level, ...] = ()
    bids: tuple[Level, ...] = ()
    event_type: str = ""
    version: str = ""
    last_order_create_time_ms: int = 0


@dataclass(frozen=True, slots=True)
class PrivateOrder:
    """304: how one of our orders stands now."""

    id: str = ""
    client_id: str = ""
    price: str = ""
    quantity: str = ""
    amount: str = ""
    avg_price: str = ""
    order_type: int = 0
    trade_type: int = 0
    is_maker: bool = False
    remain_amount: str = ""
    remain_quantity: str = ""
    last_deal_quantity: str | None = None
    cumulative_quantity: str = ""
    cumulative_amount: str = ""
    status: int = 0
    create_time_ms: int = 0
    market: str | None = None
    trigger_type: int | None = None
    trigger_price: str | None = None
    state: int | None = None
    oco_id: str | None = None
    route_factor: str | None = None
    symbol_id: str | None = None
    market_id: str | None = None
    market_currency_id: str | None = None
    currency_id: str | None = None


@dataclass(frozen=True, slots=True)
class BookTicker:
    """305: the best bid and ask, of the older channel."""

    bid_price: str = ""
    bid_quantity: str = ""
    ask_price: str = ""
    ask_quantity: str = ""


@dataclass(frozen=True, slots=True)
class PrivateDeal:
    """306: a fill of ours. `trade_type`: our side, 1 bought, 2 sold."""

    price: str = ""
    quantity: str = ""
    amount: str = ""
    trade_type: int = 0
    is_maker: bool = False
    is_self_trade: bool = False
    trade_id: str = ""
    client_order_id: str = ""
    order_id: str = ""
    fee_amount: str = ""
    fee_currency: str = ""
    time_ms: int = 0


@dataclass(frozen=True, slots=True)
class PrivateAccount:
    """307: what one asset of ours is after a change, and the change."""

    vcoin_name: str = ""
    coin_id: str = ""
    balance_amount: str = ""
    balance_amount_change: str = ""
    frozen_amount: str = ""
    frozen_amount_change: str = ""
    type: str = ""
    time_ms: int = 0


@dataclass(frozen=True, slots=True)
class SpotKline:
    """308: the candle that is open now."""

    interval: str = ""
    window_start_s: int = 0
    opening_price: str = ""
    closing_price: str = ""
    highest_price: str = ""
    lowest_price: str = ""
    volume: str = ""
    amount: str = ""
    window_end_s: int = 0


@dataclass(frozen=True, slots=True)
class MiniTicker:
    """309: a day of one symbol. `volume` is of the quote currency, `quantity` of the base."""

    symbol: str = ""
    price: str = ""
    rate: str = ""
    zoned_rate: str = ""
    high: str = ""
    low: str = ""
    volume: str = ""
    quantity: str = ""
    last_close_rate: str = ""
    last_close_zoned_rate: str = ""
    last_close_high: str = ""
    last_close_low: str = ""


@dataclass(frozen=True, slots=True)
class MiniTickers:
    """310: a day of every symbol."""

    items: tuple[MiniTicker, ...] = ()


@dataclass(frozen=True, slots=True)
class BookTickerBatch:
    """311: changes of the best bid and ask."""

    items: tuple[BookTicker, ...] = ()
    version: str = ""
    last_order_create_time_ms: int = 0


@dataclass(frozen=True, slots=True)
class IncreaseDepthsBatch:
    """312: several changes of the book."""

    items: tuple[IncreaseDepths, ...] = ()
    event_type: str = ""


@dataclass(frozen=True, slots=True)
class AggreDepths:
    """313: changes of the book since `from_version`, up to `to_version`."""

    asks: tuple[Level, ...] = ()
    bids: tuple[Level, ...] = ()
    event_type: str = ""
    from_version: str = ""
    to_version: str = ""
    last_order_create_time_ms: int = 0


@dataclass(frozen=True, slots=True)
class AggreBookTicker:
    """315: the best bid and ask, gathered for an interval."""

    bid_price: str = ""
    bid_quantity: str = ""
    ask_price: str = ""
    ask_quantity: str = ""
    version: str = ""
    last_order_create_time_ms: int = 0


Body: TypeAlias = (
    Deals
    | IncreaseDepths
    | LimitDepths
    | PrivateOrder
    | BookTicker
    | PrivateDeal
    | PrivateAccount
    | SpotKline
    | MiniTicker
    | MiniTickers
    | BookTickerBatch
    | IncreaseDepthsBatch
    | AggreDepths
    | AggreBookTicker
)

#: Message of the schema -> the class of its values.
CLASSES: Mapping[str, type] = MappingProxyType(
    {
        "PublicDealsV3Api": Deals,
        "PublicDealsV3ApiItem": Deal,
        "PublicIncreaseDepthsV3Api": IncreaseDepths,
        "PublicIncreaseDepthV3ApiItem": Level,
        "PublicLimitDepthsV3Api": LimitDepths,
        "PublicLimitDepthV3ApiItem": Level,
        "PrivateOrdersV3Api": PrivateOrder,
        "PublicBookTickerV3Api": BookTicker,
        "PrivateDealsV3Api": PrivateDeal,
        "PrivateAccountV3Api": PrivateAccount,
        "PublicSpotKlineV3Api": SpotKline,
        "PublicMiniTickerV3Api": MiniTicker,
        "PublicMiniTickersV3Api": MiniTickers,
        "PublicBookTickerBatchV3Api": BookTickerBatch,
        "PublicIncreaseDepthsBatchV3Api": IncreaseDepthsBatch,
        "PublicAggreDepthsV3Api": AggreDepths,
        "PublicAggreDepthV3ApiItem": Level,
        "PublicAggreDealsV3Api": Deals,
        "PublicAggreDealsV3ApiItem": Deal,
        "PublicAggreBookTickerV3Api": AggreBookTicker,
    }
)


@dataclass(frozen=True, slots=True)
class Push:
    """One frame. `body_number` is the oneof's field (301..315), 0 with `body` None if there is no body."""

    channel: str
    symbol: str | None
    symbol_id: str | None
    create_time_ms: int | None
    send_time_ms: int | None
    body_number: int
    body: Body | None

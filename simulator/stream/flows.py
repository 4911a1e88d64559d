"""What one public channel gathers between two pushes, and the body that it then pushes.

A flow takes the events of its symbol and says, when it is due, the body of one message, or nothing. It knows neither
connections nor time: the hub decides when it is due.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import NamedTuple, Protocol

from ..exchange.amounts import amount_text
from ..exchange.config import SymbolSpec
from ..exchange.events import LevelChanged, Traded
from . import encode
from .channels import MS, NS, Channel
from .encode import Level

#: A side of a book from the best level: (ticks, lots).
Levels = list[tuple[int, int]]


class Candle(NamedTuple):
    """The running candle of an interval. Times are epoch seconds; all else is decimal text."""

    start_s: int
    end_s: int
    open: str
    close: str
    high: str
    low: str
    volume: str
    amount: str


class Ticker(NamedTuple):
    """A symbol's day in the asked zone, decimal text; rates are fractions."""

    symbol: str
    price: str
    rate: str
    zoned_rate: str
    high: str
    low: str
    quote_volume: str
    base_volume: str


class Market(Protocol):
    """What flows ask of the exchange besides events."""

    def top(self, symbol: str, count: int) -> tuple[Levels, Levels]:
        """The best `count` levels of bids and of asks."""

    def version(self, symbol: str) -> int:
        """The version of the newest change."""

    def removal(self) -> str:
        """The quantity of a level that is gone."""

    def candle(self, symbol: str, interval: str, now_ns: int) -> Candle | None:
        """The candle of now; None before the first trade."""

    def ticker(self, symbol: str, zone: str, now_ns: int) -> Ticker | None:
        """The day so far; None before the first trade."""


class Flow(ABC):
    """One channel of one symbol."""

    body: str  # the name of the wrapper's field
    speaks_first = False  # due at the next multiple of its speed also before any event
    repeats = False  # due again after the push, whatever happened
    looks = False  # asks the market when it is pushed; otherwise events tell it all
    is_full = False  # what was gathered goes out at once

    def __init__(self, channel: Channel, spec: SymbolSpec, market: Market) -> None:
        self.channel, self.spec, self.market = channel, spec, market

    def level(self, event: LevelChanged) -> bool:
        """Take a change of the book; True if there is something to push now."""
        return False

    def trade(self, event: Traded) -> bool:
        """Take a trade; True if there is something to push now."""
        return False

    @abstractmethod
    def push(self, now_ns: int) -> bytes | None:
        """The body of what was gathered, which is then forgotten."""

    def text(self, ticks: int, lots: int) -> Level:
        """A level as the wire has it."""
        price = price_text(ticks, self.spec.price_decimals)
        return price, quantity_text(lots, self.spec.qty_decimals) if lots else self.market.removal()


@lru_cache(maxsize=65_536)
def price_text(ticks: int, decimals: int) -> str:
    """A price with all its decimals."""
    return amount_text(ticks, decimals, strip=False)


@lru_cache(maxsize=65_536)
def quantity_text(lots: int, decimals: int) -> str:
    """A quantity with all its decimals."""
    return amount_text(lots, decimals, strip=False)


class DepthFlow(Flow):
    """`aggre.depth`: the last state of each level that changed, and the versions from the first to the last change."""

    body = "publicAggreDepths"

    def __init__(self, channel: Channel, spec: SymbolSpec, market: Market) -> None:
        super().__init__(channel, spec, market)
        self._lots: dict[tuple[int, int], int] = {}
        self._first = self._last = 0
        self._created_ns = 0

    def level(self, event: LevelChanged) -> bool:
        if not self._lots:
            self._first = event.version
        self._lots[event.side, event.price_ticks] = event.lots
        self._last, self._created_ns = event.version, event.order_created_ns
        return True

    def push(self, now_ns: int) -> bytes | None:
        if not self._lots:
            return None
        changed, self._lots = self._lots, {}
        asks = [self.text(ticks, lots) for (side, ticks), lots in changed.items() if side < 0]
        bids = [self.text(ticks, lots) for (side, ticks), lots in changed.items() if side > 0]
        versions = self._first, self._last
        return encode.aggre_depth(asks, bids, self.channel.event_type, versions, self._created_ns // MS)


class IncreaseBatchFlow(Flow):
    """`increase.depth.batch`: every change with its version; five at once, or what there is after 5 ms."""

    body = "publicIncreaseDepthsBatch"
    most = 5

    def __init__(self, channel: Channel, spec: SymbolSpec, market: Market) -> None:
        super().__init__(channel, spec, market)
        self._items: list[bytes] = []

    def level(self, event: LevelChanged) -> bool:
        self._items.append(encode.block(1, self._one(event)))
        self.is_full = len(self._items) >= self.most
        return True

    def push(self, now_ns: int) -> bytes | None:
        items, self._items, self.is_full = self._items, [], False
        return b"".join(items) + encode.text_field(2, self.channel.event_type) if items else None

    def _one(self, event: LevelChanged) -> bytes:
        level = [self.text(event.price_ticks, event.lots)]
        asks, bids = ([], level) if event.side > 0 else (level, [])
        return encode.plain_depth(asks, bids, self.channel.event_type, event.version, 0)


class IncreaseFlow(Flow):
    """The older `increase.depth`: what changed, and the last version."""

    body = "publicIncreaseDepths"

    def __init__(self, channel: Channel, spec: SymbolSpec, market: Market) -> None:
        super().__init__(channel, spec, market)
        self._changes: list[LevelChanged] = []

    def level(self, event: LevelChanged) -> bool:
        self._changes.append(event)
        return True

    def push(self, now_ns: int) -> bytes | None:
        changes, self._changes = self._changes, []
        if not changes:
            return None
        asks = [self.text(event.price_ticks, event.lots) for event in changes if event.side < 0]
        bids = [self.text(event.price_ticks, event.lots) for event in changes if event.side > 0]
        return encode.plain_depth(asks, bids, self.channel.event_type, changes[-1].version, 0)


class TopFlow(Flow):
    """`limit.depth`: the best levels of both sides, whole, when they changed."""

    body = "publicLimitDepths"
    speaks_first = looks = True

    def __init__(self, channel: Channel, spec: SymbolSpec, market: Market) -> None:
        super().__init__(channel, spec, market)
        self._said: tuple[Levels, Levels] | None = None
        self._created_ns = 0

    @property
    def count(self) -> int:
        """Levels of a side."""
        return int(self.channel.detail)

    def joined(self) -> None:
        """Somebody new listens: what was said before counts as not said."""
        self._said = None

    def level(self, event: LevelChanged) -> bool:
        self._created_ns = event.order_created_ns
        return True

    def changed_top(self) -> tuple[list[Level], list[Level]] | None:
        """Bids and asks as text, or None if they are as they were said last."""
        top = self.market.top(self.spec.name, self.count)
        if top == self._said:
            return None
        self._said = top
        bids, asks = ([self.text(*level) for level in side] for side in top)
        return bids, asks

    def push(self, now_ns: int) -> bytes | None:
        top = self.changed_top()
        if top is None:
            return None
        bids, asks = top
        version = self.market.version(self.spec.name)
        return encode.plain_depth(asks, bids, self.channel.event_type, version, self._created_ns // MS)


class BestFlow(TopFlow):
    """`aggre.bookTicker`: the best bid and ask, when they changed."""

    body = "publicAggreBookTicker"

    @property
    def count(self) -> int:
        return 1

    def push(self, now_ns: int) -> bytes | None:
        top = self.changed_top()
        return None if top is None else self.message(*(side[0] if side else ("", "") for side in top))

    def message(self, bid: Level, ask: Level) -> bytes:
        return encode.book_ticker(bid, ask, self.market.version(self.spec.name), self._created_ns // MS)


class OldBestFlow(BestFlow):
    """The older `bookTicker`: no version."""

    body = "publicBookTicker"

    def message(self, bid: Level, ask: Level) -> bytes:
        return encode.book_ticker(bid, ask, 0, 0)


class BestBatchFlow(BestFlow):
    """`bookTicker.batch`: the best prices as a list of one."""

    body = "publicBookTickerBatch"

    def message(self, bid: Level, ask: Level) -> bytes:
        version = self.market.version(self.spec.name)
        tail = encode.text_field(2, str(version)) + encode.int_field(3, self._created_ns // MS)
        return encode.block(1, encode.book_ticker(bid, ask, 0, 0)) + tail


class DealsFlow(Flow):
    """`aggre.deals`: the trades since the last push."""

    body = "publicAggreDeals"
    with_ids = True

    def __init__(self, channel: Channel, spec: SymbolSpec, market: Market) -> None:
        super().__init__(channel, spec, market)
        self._items: list[bytes] = []

    def trade(self, event: Traded) -> bool:
        price, quantity = self.text(event.price_ticks, event.lots)
        side, trade_id = 1 if event.taker_side > 0 else 2, event.trade_id if self.with_ids else ""
        self._items.append(encode.deal(price, quantity, side, event.time_ns // MS, trade_id))
        return True

    def push(self, now_ns: int) -> bytes | None:
        items, self._items = self._items, []
        return encode.deals(items, self.channel.event_type) if items else None


class OldDealsFlow(DealsFlow):
    """The older `deals`: no ids."""

    body = "publicDeals"
    with_ids = False


class KlineFlow(Flow):
    """`kline`: the candle of the last trades, about once a second while there are any; so also its final state."""

    body = "publicSpotKline"
    looks = True
    _first_ns = _last_ns = 0  # trades that were not told yet

    def trade(self, event: Traded) -> bool:
        self._first_ns, self._last_ns = self._first_ns or event.time_ns, event.time_ns
        return True

    def push(self, now_ns: int) -> bytes | None:
        candle = self.market.candle(self.spec.name, self.channel.detail, self._first_ns)
        if candle is None:
            return None
        self.repeats = self._last_ns >= candle.end_s * NS  # the next candle has begun: it is told next
        self._first_ns = self._last_ns if self.repeats else 0
        return encode.message(
            "PublicSpotKlineV3Api",
            {
                "interval": self.channel.detail,
                "windowStart": candle.start_s,
                "openingPrice": candle.open,
                "closingPrice": candle.close,
                "highestPrice": candle.high,
                "lowestPrice": candle.low,
                "volume": candle.volume,
                "amount": candle.amount,
                "windowEnd": candle.end_s,
            },
        )


class MiniTickerFlow(Flow):
    """`miniTicker`: the day so far. Volume is the quote's, quantity the base's: the exchange's own naming."""

    body = "publicMiniTicker"
    speaks_first = repeats = looks = True

    def push(self, now_ns: int) -> bytes | None:
        return mini_ticker(self.market.ticker(self.spec.name, self.channel.detail, now_ns))


def mini_ticker(ticker: Ticker | None) -> bytes | None:
    """A ticker as a message."""
    if ticker is None:
        return None
    return encode.message(
        "PublicMiniTickerV3Api",
        {
            "symbol": ticker.symbol,
            "price": ticker.price,
            "rate": ticker.rate,
            "zonedRate": ticker.zoned_rate,
            "high": ticker.high,
            "low": ticker.low,
            "volume": ticker.quote_volume,
            "quantity": ticker.base_volume,
            "lastCloseRate": ticker.rate,
            "lastCloseZonedRate": ticker.zoned_rate,
            "lastCloseHigh": ticker.high,
            "lastCloseLow": ticker.low,
        },
    )


#: kind of channel -> its flow. `public.miniTickers` is of all symbols and has none.
FLOWS: Mapping[str, Callable[[Channel, SymbolSpec, Market], Flow]] = MappingProxyType(
    {
        "public.aggre.depth": DepthFlow,
        "public.aggre.deals": DealsFlow,
        "public.limit.depth": TopFlow,
        "public.aggre.bookTicker": BestFlow,
        "public.bookTicker.batch": BestBatchFlow,
        "public.kline": KlineFlow,
        "public.miniTicker": MiniTickerFlow,
        "public.increase.depth.batch": IncreaseBatchFlow,
        "public.deals": OldDealsFlow,
        "public.increase.depth": IncreaseFlow,
        "public.bookTicker": OldBestFlow,
    }
)

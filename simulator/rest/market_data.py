"""Public endpoints: what is listed, books, trades, candles, tickers."""

from __future__ import annotations

from collections.abc import Callable

from ..exchange.amounts import amount_text
from ..exchange.config import CLOSED, ONLINE, SymbolSpec
from .errors import ApiError, missing, wrong
from .intervals import INTERVALS, Interval
from .request import Request
from .rows import depth_price, depth_qty, price_text, qty_text, value_text
from .statistics import LOTS, TAKER, TICKS, TIME, Candle, Day, Ints

HOUR_MS = 3_600_000
AVERAGE_MINUTES = 5
RATIO_DECIMALS = 4


def ping(_: Request) -> object:
    return {}


def time(request: Request) -> object:
    return {"serverTime": request.now_ms}


def exchange_info(request: Request) -> object:
    return {
        "timezone": "CST",
        "serverTime": request.now_ms,
        "rateLimits": [],
        "exchangeFilters": [],
        "symbols": [_listing(spec, request.switches.status_words == "words") for spec in _asked(request)],
    }


def _asked(request: Request) -> list[SymbolSpec]:
    sent = request.sent
    if symbol := sent.text("symbol"):
        return [request.spec(symbol)]
    if names := sent.text("symbols"):
        return [request.spec(name) for name in names.split(",")]
    return request.specs()


def _listing(spec: SymbolSpec, words: bool) -> dict[str, object]:
    return {
        "symbol": spec.name,
        "status": ("ENABLED" if spec.status == ONLINE else "DISABLED") if words else spec.status,
        "baseAsset": spec.base,
        "baseAssetPrecision": spec.base_precision,
        "quoteAsset": spec.quote,
        "quotePrecision": spec.quote_precision,
        "quoteAssetPrecision": spec.quote_precision,
        "baseCommissionPrecision": spec.base_fee_decimals,
        "quoteCommissionPrecision": spec.quote_fee_decimals,
        "orderTypes": list(spec.order_types),
        "isSpotTradingAllowed": spec.trading_allowed,
        "isMarginTradingAllowed": False,
        "quoteAmountPrecision": spec.min_notional,
        "baseSizePrecision": spec.min_qty,
        "permissions": ["SPOT"],
        "filters": _filters(spec),
        "maxQuoteAmount": spec.max_notional,
        "makerCommission": spec.maker_fee,
        "takerCommission": spec.taker_fee,
        "quoteAmountPrecisionMarket": spec.min_notional_market,
        "maxQuoteAmountMarket": spec.max_notional_market,
        "fullName": spec.full_name or spec.base,
        "tradeSideType": spec.trade_side,
        "contractAddress": spec.contract,
        "st": False,
        "firstOpenTime": spec.first_open_ms,
    }


def _filters(spec: SymbolSpec) -> list[dict[str, str]]:
    if spec.band is None:
        return []
    up, down = spec.band
    return [{"filterType": "PERCENT_PRICE_BY_SIDE", "bidMultiplierUp": up, "askMultiplierDown": down}]


def is_open_to_api(spec: SymbolSpec) -> bool:
    """Whether orders of the symbol can be placed through the API."""
    return spec.status == ONLINE and spec.trading_allowed and spec.trade_side != CLOSED


def default_symbols(request: Request) -> object:
    return request.wrapped([spec.name for spec in request.specs() if is_open_to_api(spec)])


def offline_symbols(request: Request) -> object:
    rows = [{"symbol": spec.name, "state": int(spec.status)} for spec in request.specs() if spec.status != ONLINE]
    return request.wrapped(rows)


def contracts(_: Request) -> object:
    """Of the exchange's futures side, which is not simulated: there are none. Clients ask when they load markets."""
    return {"success": True, "code": 0, "data": []}


def depth(request: Request) -> object:
    spec = request.symbol()
    version, bids, asks = request.exchange.depth(spec.name, request.sent.limit(100, 5000))
    return {
        "lastUpdateId": version,
        "bids": [[depth_price(spec, ticks), depth_qty(spec, lots)] for ticks, lots in bids],
        "asks": [[depth_price(spec, ticks), depth_qty(spec, lots)] for ticks, lots in asks],
        "timestamp": request.now_ms,
    }


def trades(request: Request) -> object:
    spec = request.symbol()
    columns = request.parts.statistics[spec.name].trades(None, None, request.sent.limit(500, 1000))
    return [
        {
            "id": None,
            "price": price_text(spec, ticks),
            "qty": qty_text(spec, lots),
            "quoteQty": value_text(spec, ticks * lots),
            "time": time_ms,
            "isBuyerMaker": taker < 0,
            "isBestMatch": True,
            "tradeType": "BID" if taker > 0 else "ASK",
        }
        for time_ms, ticks, lots, taker in zip(*_lists(columns), strict=True)
    ]


def agg_trades(request: Request) -> object:
    spec, sent = request.symbol(), request.sent
    limit = sent.limit(500, 1000)
    start, end = sent.whole("startTime"), sent.whole("endTime")
    if (start is None) != (end is None):
        raise missing("startTime" if start is None else "endTime")
    if start is not None and end is not None:
        if end - start > HOUR_MS:
            raise ApiError(-1127)
        start, end = start - start % 1000, end - end % 1000 + 1000  # bounds act to the second, as the times do
    columns = request.parts.statistics[spec.name].trades(start, end, limit)
    return [
        {
            "a": None,
            "f": None,
            "l": None,
            "p": price_text(spec, ticks),
            "q": qty_text(spec, lots),
            "T": time_ms - time_ms % 1000,
            "m": taker < 0,
            "M": True,
        }
        for time_ms, ticks, lots, taker in zip(*_lists(columns), strict=True)
    ]


def _lists(columns: Ints) -> list[list[int]]:
    return [columns[index].tolist() for index in (TIME, TICKS, LOTS, TAKER)]


def klines(request: Request) -> object:
    spec, switches = request.symbol(), request.switches
    interval = INTERVALS.get(request.sent.need("interval"))
    if interval is None or (interval.name == "8h" and switches.klines_8h == "refused"):
        raise wrong("interval")
    statistics = request.parts.statistics[spec.name]
    first, stop = _window(request, interval, statistics.first_ms)
    found = statistics.candles(interval, first, stop, request.market_ms)
    return [_kline(spec, candle, interval) for candle in found]


def _window(request: Request, interval: Interval, oldest_ms: int | None) -> tuple[int, int]:
    """Numbers of the first candle and of the one after the last that are asked for, from the oldest one on."""
    sent, switches = request.sent, request.switches
    most = int(switches.klines_limit)
    limit = sent.limit(500, most)
    start, end = sent.whole("startTime"), sent.whole("endTime")
    stop = interval.number(request.market_ms) + 1
    if end is not None:
        inclusive = 1 if switches.klines_end == "inclusive" else 0
        stop = min(stop, interval.first_from(min(end, request.market_ms) + inclusive))
    if start is None:
        return stop - limit, stop
    first = interval.first_from(min(start, request.market_ms + 1))
    if oldest_ms is not None:
        first = max(first, interval.number(oldest_ms))
    if stop - first > limit:
        return (first, first + limit) if switches.klines_wide == "first" else (stop - limit, stop)
    if end is not None and sent.text("limit") and switches.klines_narrow == "older":
        return stop - limit, stop
    return first, stop


def _kline(spec: SymbolSpec, candle: Candle, interval: Interval) -> list[object]:
    return [
        candle.open_ms,
        price_text(spec, candle.open),
        price_text(spec, candle.high),
        price_text(spec, candle.low),
        price_text(spec, candle.close),
        qty_text(spec, candle.lots),
        interval.open_ms(interval.number(candle.open_ms) + 1),
        value_text(spec, candle.value),
    ]


def average_price(request: Request) -> object:
    spec = request.symbol()
    from_ms = request.market_ms - AVERAGE_MINUTES * 60_000
    lots, value = request.parts.statistics[spec.name].average(from_ms)
    ticks = (2 * value + lots) // (2 * lots) if lots else request.exchange.last_ticks(spec.name)
    return {"mins": AVERAGE_MINUTES, "price": price_text(spec, ticks)}


def ticker_24h(request: Request) -> object:
    return _one_or_all(request, _day_row)


def ticker_price(request: Request) -> object:
    return _one_or_all(request, _price_row)


def ticker_book(request: Request) -> object:
    return _one_or_all(request, _book_row)


def _one_or_all(request: Request, row: Callable[[Request, SymbolSpec], dict[str, object]]) -> object:
    """One object with `symbol`, else an array of all. A parameter `symbols` is ignored, as recorded."""
    if request.sent.text("symbol"):
        return row(request, request.symbol())
    return [row(request, spec) for spec in request.specs()]


def _price_row(request: Request, spec: SymbolSpec) -> dict[str, object]:
    return {"symbol": spec.name, "price": price_text(spec, _last(request, spec))}


def _last(request: Request, spec: SymbolSpec) -> int:
    return request.exchange.last_ticks(spec.name) or request.parts.statistics[spec.name].last_ticks


def _book_row(request: Request, spec: SymbolSpec) -> dict[str, object]:
    _, bids, asks = request.exchange.depth(spec.name, 1)
    return {"symbol": spec.name, **_top("bid", spec, bids), **_top("ask", spec, asks)}


def _top(side: str, spec: SymbolSpec, levels: list[tuple[int, int]]) -> dict[str, object]:
    """The best level; an empty side has no quantity, which the exchange spells as an empty text."""
    ticks, lots = levels[0] if levels else (0, 0)
    return {f"{side}Price": price_text(spec, ticks), f"{side}Qty": qty_text(spec, lots) if lots else ""}


def _day_row(request: Request, spec: SymbolSpec) -> dict[str, object]:
    now_ms = request.market_ms
    day = request.parts.statistics[spec.name].day(now_ms)
    if day is None:
        last = _last(request, spec)
        day = Day(now_ms, now_ms, last, last, last, last, last, 0, 0)
    change = day.last - day.open
    return {
        "symbol": spec.name,
        "priceChange": price_text(spec, change),
        "priceChangePercent": price_ratio(change, day.open),
        "prevClosePrice": price_text(spec, day.previous),
        "lastPrice": price_text(spec, day.last),
        **_top_of(request, spec),
        "openPrice": price_text(spec, day.open),
        "highPrice": price_text(spec, day.high),
        "lowPrice": price_text(spec, day.low),
        "volume": qty_text(spec, day.lots),
        "quoteVolume": value_text(spec, day.value),
        "openTime": day.open_ms,
        "closeTime": day.close_ms,
        "count": None,
    }


def _top_of(request: Request, spec: SymbolSpec) -> dict[str, object]:
    row = _book_row(request, spec)
    del row["symbol"]
    return row


def price_ratio(change: int, base: int) -> str:
    """`change` / `base` as a fraction with 4 decimals, half away from zero."""
    if not base:
        return "0"
    unit = 10**RATIO_DECIMALS
    size = (2 * abs(change) * unit + base) // (2 * base)
    return amount_text(-size if change < 0 else size, RATIO_DECIMALS, strip=False)

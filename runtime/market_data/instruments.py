"""Instrument symbols: `BASE/QUOTE`, read from the many ways files and venues spell them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

#: Quote currencies, longest first, for symbols without a separator (BTCUSDT).
QUOTES = ("FDUSD", "USDT", "USDC", "BUSD", "TUSD", "USD", "EUR", "GBP", "TRY", "DAI", "BTC", "ETH", "BNB")

#: Other names of an asset.
SYNONYMS: Mapping[str, str] = MappingProxyType({"XBT": "BTC", "XXBT": "BTC", "ZUSD": "USD"})

#: Quote currencies that stand for one US dollar. They differ at times: USDC fell to 0.88 in March 2023.
DOLLARS = frozenset({"USD", "USDT", "USDC", "BUSD", "FDUSD", "TUSD", "DAI"})

_SEPARATED = re.compile(r"([A-Za-z0-9]{2,12})[/_:-]([A-Za-z0-9]{2,12})")
_JOINED = re.compile(r"[A-Za-z0-9]{5,16}")


@dataclass(frozen=True, slots=True)
class Instrument:
    base: str
    quote: str

    @property
    def symbol(self) -> str:
        return f"{self.base}/{self.quote}"


def parse_instrument(text: str) -> Instrument | None:
    """`BTC/USDT`, `btc-usdt`, `BTC_USDT`, `BTCUSDT`; None if `text` is none of these."""
    text = text.strip()
    if match := _SEPARATED.fullmatch(text):
        return Instrument(_asset(match[1]), _asset(match[2]))
    if _JOINED.fullmatch(text):
        upper = text.upper()
        for shortest in (3, 2):  # XBTUSD is XBT and USD, not XB and TUSD
            for quote in QUOTES:
                if upper.endswith(quote) and len(upper) >= len(quote) + shortest:
                    return Instrument(_asset(upper[: -len(quote)]), quote)
    return None


def _asset(text: str) -> str:
    return SYNONYMS.get(text.upper(), text.upper())


def may_stand_for(data: Instrument, wanted: Instrument) -> bool:
    """Same base, and the same quote or both quotes dollars."""
    if data.base != wanted.base:
        return False
    return data.quote == wanted.quote or {data.quote, wanted.quote} <= DOLLARS


@dataclass(frozen=True, slots=True)
class NameFacts:
    """What a file's name says about its content; None where it says nothing."""

    instrument: Instrument | None = None
    venue: str | None = None
    period: str | None = None


_PERIOD_PART = re.compile(r"[1-9][0-9]{0,3}(?:s|m|min|h|d)", re.IGNORECASE)
VENUES = frozenset(
    [
        "binance",
        "binanceus",
        "bitfinex",
        "bitget",
        "bitmex",
        "bitstamp",
        "bybit",
        "coinbase",
        "cryptocom",
        "deribit",
        "gateio",
        "gemini",
        "huobi",
        "kraken",
        "kucoin",
        "mexc",
        "okx",
        "poloniex",
        "synth",
    ]
)


def facts_from_name(stem: str) -> NameFacts:
    """Read `btc-usdt_binance_1m_2024-01`, `BTCUSDT-1m-2024-01`, `BTC_USDT-5m`, `BINANCE_BTCUSDT, 60`."""
    parts = [part for part in re.split(r"[_ ,.]+", stem) if part]
    period = next((part.lower() for part in _pieces(parts) if _PERIOD_PART.fullmatch(part)), None)
    venue = next((part.lower() for part in _pieces(parts) if part.lower() in VENUES), None)
    return NameFacts(_instrument_in(stem, parts), venue, period)


def _pieces(parts: list[str]) -> list[str]:
    return [piece for part in parts for piece in part.split("-")]


def _instrument_in(stem: str, parts: list[str]) -> Instrument | None:
    for part in (*parts, *_pieces(parts)):
        if part.lower() in VENUES or _PERIOD_PART.fullmatch(part):
            continue
        found = parse_instrument(part)
        if found is not None and found.quote in QUOTES:
            return found
    pairs = re.findall(r"(?=(?:^|[^A-Za-z0-9])([A-Za-z0-9]{2,8})[_-]([A-Za-z]{3,5})(?:[^A-Za-z]|$))", stem)
    known = [(QUOTES.index(quote.upper()), base, quote) for base, quote in pairs if quote.upper() in QUOTES]
    if not known:
        return None
    _, base, quote = min(known)  # currencies before assets: my-btc-usdt is BTC/USDT, not MY/BTC
    return Instrument(_asset(base), _asset(quote))

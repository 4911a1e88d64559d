"""A market for tests of streams: events are made by hand, and one dictionary is the book."""

from __future__ import annotations

from collections.abc import Mapping

from flashc.simulator.exchange.config import SymbolSpec
from flashc.simulator.exchange.events import LevelChanged, Traded
from flashc.simulator.stream.flows import Candle, Levels, Ticker

SPECS = {
    "BTCUSDC": SymbolSpec("BTCUSDC", "BTC", "USDC", 2, 6),
    "ETHUSDC": SymbolSpec("ETHUSDC", "ETH", "USDC", 2, 5),
}


class HandMarket:
    """Keeps levels and versions, and makes the events that say how they changed."""

    def __init__(self) -> None:
        self.specs: Mapping[str, SymbolSpec] = SPECS
        self.asset_decimals: Mapping[str, int] = {"BTC": 8, "ETH": 8, "USDC": 8}
        self.levels: dict[str, dict[tuple[int, int], int]] = {name: {} for name in SPECS}
        self.versions = dict.fromkeys(SPECS, 1000)

    def change(self, time_ns: int, side: int, ticks: int, lots: int, symbol: str = "BTCUSDC") -> LevelChanged:
        self.versions[symbol] += 1
        self.levels[symbol][side, ticks] = lots
        if not lots:
            del self.levels[symbol][side, ticks]
        return LevelChanged(time_ns, symbol, side, ticks, lots, self.versions[symbol], time_ns)

    def trade(self, time_ns: int, ticks: int, lots: int, taker_side: int = 1, symbol: str = "BTCUSDC") -> Traded:
        return Traded(time_ns, symbol, ticks, lots, taker_side, f"{time_ns}X1")

    def top(self, symbol: str, count: int) -> tuple[Levels, Levels]:
        sides = {sign: [(t, q) for (s, t), q in self.levels[symbol].items() if s == sign] for sign in (1, -1)}
        return sorted(sides[1], reverse=True)[:count], sorted(sides[-1])[:count]

    def version(self, symbol: str) -> int:
        return self.versions[symbol]

    def removal(self) -> str:
        return "0"

    def candle(self, symbol: str, interval: str, now_ns: int) -> Candle | None:
        return Candle(60, 120, "1", "2", "3", "0.5", "10", "20")

    def ticker(self, symbol: str, zone: str, now_ns: int) -> Ticker | None:
        return Ticker(symbol, "2", "0.01", "0.02", "3", "1", "200", "100")

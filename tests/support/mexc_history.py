"""A loopback server that knows MEXC's calls for history, and can be told to misbehave.

It is much simpler than the local exchange of `simulator/`: prices are functions of the time, so a test can say what must
come out, and a process that is killed between two pages meets the same server again.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

PERIODS_MS = {
    "1m": 60_000, "5m": 300_000, "15m": 900_000, "30m": 1_800_000, "60m": 3_600_000, "4h": 14_400_000, "1d": 86_400_000
}  # fmt: skip


def symbol_info(base: str, quote: str) -> dict[str, Any]:
    """A row of exchangeInfo."""
    return {
        "symbol": base + quote, "status": "1", "baseAsset": base, "quoteAsset": quote, "baseAssetPrecision": 6,
        "quotePrecision": 2, "quoteAssetPrecision": 2, "baseCommissionPrecision": 6, "quoteCommissionPrecision": 2,
        "orderTypes": ["LIMIT", "MARKET", "LIMIT_MAKER"], "isSpotTradingAllowed": True,
        "isMarginTradingAllowed": False, "quoteAmountPrecision": "1", "baseSizePrecision": "0.000001",
        "maxQuoteAmount": "2000000", "quoteAmountPrecisionMarket": "1", "maxQuoteAmountMarket": "100000",
        "permissions": ["SPOT"], "filters": [], "makerCommission": "0", "takerCommission": "0.0005",
        "tradeSideType": 1,
    }  # fmt: skip


@dataclass
class HistoryServer:
    """What the server knows. `odd` may answer a request itself: (status, headers, body), None to go on as usual."""

    server_ms: int
    first_ms: int = 0
    missing: Callable[[int], bool] = lambda open_ms: False
    trades_of: Callable[[int], int] = lambda second: 0
    odd: Callable[[str, dict[str, str], int], tuple[int, dict[str, str], bytes] | None] = lambda path, query, n: None
    requests: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    url: str = ""

    def answer(self, target: str) -> tuple[int, dict[str, str], bytes]:
        """Status, headers and body."""
        parts = urlsplit(target)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        self.requests.append((parts.path, query))
        if (odd := self.odd(parts.path, query, len(self.requests))) is not None:
            return odd
        calls: dict[str, Callable[[dict[str, str]], Any]] = {
            "/api/v3/time": lambda _: {"serverTime": self.server_ms},
            "/api/v3/exchangeInfo": lambda _: {"symbols": [symbol_info("BTC", "USDC"), symbol_info("ETH", "USDC")]},
            "/api/v3/klines": self.klines,
            "/api/v3/aggTrades": self.agg_trades,
        }
        if parts.path not in calls:
            return 404, {}, b"<html>not here</html>"
        return 200, {}, json.dumps(calls[parts.path](query)).encode()

    def klines(self, query: dict[str, str]) -> list[list[Any]]:
        """The newest `limit` bars up to the end, as recorded: bars before the start are in it."""
        period, limit = PERIODS_MS[query["interval"]], int(query["limit"])
        last = min(int(query["endTime"]), self.server_ms) // period * period
        opens = [last - k * period for k in range(limit)]
        return [kline(at, period) for at in reversed(opens) if at >= self.first_ms and not self.missing(at)]

    def agg_trades(self, query: dict[str, str]) -> list[dict[str, Any]]:
        """The newest `limit` trades of the window, newest first."""
        start, end, limit = int(query["startTime"]) // 1000, int(query["endTime"]) // 1000, int(query["limit"])
        found: list[dict[str, Any]] = []
        for second in range(min(end, self.server_ms // 1000), start - 1, -1):
            if count := self.trades_of(second):
                found += [trade(second, k) for k in range(count - 1, max(count - limit, 0) - 1, -1)]
            if len(found) >= limit:
                break
        return found[:limit]


def kline(open_ms: int, period_ms: int) -> list[Any]:
    """A bar that is a function of its time."""
    k = open_ms // period_ms
    low, high = 100_00 + k % 97, 100_00 + k % 97 + 50 + k % 13
    shown = [f"{ticks // 100}.{ticks % 100:02d}" for ticks in (low + 10, high, low, high - 20)]
    volume = 1 + k % 9
    return [open_ms, *shown, f"{volume}.5", open_ms + period_ms, f"{(volume + 0.5) * 100:.2f}"]


def trade(second: int, k: int) -> dict[str, Any]:
    """The k-th trade of a second; some are alike."""
    side = (second + k // 2) % 2 == 0
    return {
        "a": None, "f": None, "l": None, "p": f"{100 + second % 7}.{k % 3}", "q": f"0.{1 + k % 2}",
        "T": second * 1000, "m": side, "M": True,
    }  # fmt: skip


@contextmanager
def serving(history: HistoryServer) -> Iterator[HistoryServer]:
    """The server on a free port of this machine, while the block runs."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            status, headers, body = history.answer(self.path)
            self.send_response(status)
            for name, value in {"Content-Length": str(len(body)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    history.url = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield history
    finally:
        server.shutdown()
        thread.join()
        server.server_close()

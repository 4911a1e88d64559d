"""A source of market data on this machine, for `bench_record.py`: MEXC's streams and snapshots of a book that moves.

    python benchmarks/record_source.py --rate 5000 --seconds 600

It prints its port, sends `--rate` messages a second to the first client that subscribes, and when all are sent one JSON
line with what they were: versions and trades of each symbol. Its book is always accepted. Other than the local exchange
it is very fast, and has faults of its own: `--gap-every` leaves a message out, `--cut-every` ends the connection after
so many messages.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import time
from dataclasses import dataclass, field
from typing import Any

from flashc.cython_core.wire import ws_frames
from flashc.runtime.mexc.stream.handshake import accept_value
from flashc.simulator.stream.encode import aggre_depth, deal, deals, frame

TICK_SECONDS = 0.005
DEPTH, DEALS = 313, 314
SYMBOLS = ("BTCUSDC", "ETHUSDC")
WIDTH = 60


@dataclass
class Market:
    """One symbol: levels by price in ticks, and what was sent. The two sides never meet."""

    symbol: str
    chance: random.Random
    mid: int = 10_000_00
    version: int = 1_000
    sent_version: int = 1_000
    trades: int = 0
    messages: int = 0
    levels: dict[tuple[int, int], int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for k in range(1, WIDTH):
            self.levels[1, self.mid - k] = self.levels[-1, self.mid + k] = 1_000_000 + k

    def depth(self, now_ms: int, speed: str) -> bytes:
        """The next update: some levels change; now and then the middle moves and takes what it meets away."""
        changes: dict[tuple[int, int], int] = {}
        if self.chance.random() < 0.05:
            step = self.chance.choice((-1, 1))
            self.mid += step
            for side in (1, -1):
                if (side, self.mid) in self.levels:
                    changes[side, self.mid] = 0
                edge = (side, self.mid - side)
                if edge not in self.levels:
                    changes[edge] = 1_000_000
        for _ in range(self.chance.randint(1, 3)):
            side = self.chance.choice((1, -1))
            offset = self.chance.randint(2, WIDTH)
            changes[side, self.mid - side * offset] = self.chance.choice((0, 500_000, 1_250_000, 7_000_001))
        first = self.version + 1
        self.version += len(changes)
        for place, lots in changes.items():
            if lots:
                self.levels[place] = lots
            else:
                self.levels.pop(place, None)
        sides = {side: [_level(ticks, lots) for (s, ticks), lots in changes.items() if s == side] for side in (1, -1)}
        channel = f"spot@public.aggre.depth.v3.api.pb@{speed}"
        body = aggre_depth(sides[-1], sides[1], channel, (first, self.version), now_ms)
        return frame(f"{channel}@{self.symbol}", self.symbol, DEPTH, body, now_ms)

    def trade(self, now_ms: int, speed: str) -> bytes:
        """One or two trades at the best prices."""
        items = []
        for _ in range(self.chance.randint(1, 2)):
            self.trades += 1
            side = self.chance.choice((1, 2))
            ticks = self.mid + (1 if side == 1 else -1)
            items.append(deal(*_level(ticks, 10_000), side, now_ms, f"{self.trades}X0_{self.trades}X1"))
        channel = f"spot@public.aggre.deals.v3.api.pb@{speed}"
        return frame(f"{channel}@{self.symbol}", self.symbol, DEALS, deals(items, channel), now_ms)

    def book(self) -> dict[str, Any]:
        """The answer to a request for the whole book."""
        sides = {side: sorted((t, q) for (s, t), q in self.levels.items() if s == side) for side in (1, -1)}
        return {
            "lastUpdateId": self.version, "timestamp": time.time_ns() // 10**6,
            "bids": [_level(*level) for level in reversed(sides[1])], "asks": [_level(*level) for level in sides[-1]],
        }  # fmt: skip


def _level(ticks: int, lots: int) -> tuple[str, str]:
    return f"{ticks // 100}.{ticks % 100:02d}", f"{lots // 10**6}.{lots % 10**6:06d}"


class Source:
    """The server. `rate` is of messages a second over all symbols; every fifth message is one of trades."""

    def __init__(self, options: argparse.Namespace) -> None:
        self.options = options
        self.chance = random.Random(options.seed)
        self.markets = {name: Market(name, random.Random(f"{name}{options.seed}")) for name in SYMBOLS}
        self.messages = self.skipped = self.cuts = 0
        self.began = 0.0
        self.over = asyncio.Event()

    async def client(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection: calls answered one by one, or a stream after its handshake."""
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                lines = head.decode().split("\r\n")
                names = dict(line.lower().split(": ", 1) for line in lines[1:] if ": " in line)
                if "upgrade" in names:
                    key = next(line.split(": ", 1)[1] for line in lines if line.lower().startswith("sec-websocket-key"))
                    await self.stream(reader, writer, key)
                    return
                self.call(lines[0].split()[1], writer)
        except (asyncio.IncompleteReadError, asyncio.CancelledError, ConnectionError):
            return
        finally:
            writer.close()

    def call(self, target: str, writer: asyncio.StreamWriter) -> None:
        """An answer over HTTP."""
        path, _, query = target.partition("?")
        if path.endswith("depth"):
            body: Any = next(market.book() for name, market in self.markets.items() if name in query)
        elif path.endswith("exchangeInfo"):
            body = {"symbols": [symbol_info(name) for name in self.markets]}
        else:
            body = {"serverTime": time.time_ns() // 10**6}
        data = json.dumps(body).encode()
        writer.write(
            b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(data) + data
        )

    async def stream(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, key: str) -> None:
        """A WebSocket: what is asked for is acknowledged, then frames follow at the rate until the time is over."""
        head = (
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: "
        )
        writer.write(head + accept_value(key.encode()) + b"\r\n\r\n")
        wanted = asyncio.Event()
        listening = asyncio.create_task(self.listen(reader, writer, wanted))
        await wanted.wait()
        await asyncio.sleep(0.3)  # other channels of the same client
        try:
            await self.send(writer)
            await listening
        finally:
            listening.cancel()

    async def listen(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, wanted: asyncio.Event) -> None:
        """Requests of the client."""
        frames = ws_frames.FrameReader(1 << 20, from_client=True)
        while data := await reader.read(65_536):
            for found in frames.feed(data):
                if found.opcode == ws_frames.PING:
                    writer.write(ws_frames.encode_frame(ws_frames.PONG, found.payload, None))
                elif found.opcode == ws_frames.TEXT:
                    asked = json.loads(found.payload)
                    text = "PONG" if asked["method"] == "PING" else ",".join(asked["params"])
                    answer = json.dumps({"id": asked.get("id", 0), "code": 0, "msg": text}, separators=(",", ":"))
                    writer.write(ws_frames.encode_frame(ws_frames.TEXT, answer.encode(), None))
                    if asked["method"] == "SUBSCRIPTION":
                        wanted.set()

    async def send(self, writer: asyncio.StreamWriter) -> None:
        """Messages at the rate, counted from the first connection on, until the time is over."""
        self.began = self.began or time.monotonic()
        markets, options = list(self.markets.values()), self.options
        cut_at = self.messages + options.cut_every if options.cut_every else None
        while (spent := time.monotonic() - self.began) < options.seconds:
            if self.messages / options.rate > spent:
                await asyncio.sleep(TICK_SECONDS)
                continue
            due = min(int(spent * options.rate) - self.messages + 1, 2_000)
            writer.write(b"".join(self.message(markets) for _ in range(due)))
            await writer.drain()
            await asyncio.sleep(0)  # requests are answered also by a source that is late
            if cut_at is not None and self.messages >= cut_at:
                self.cuts += 1
                writer.transport.abort()
                return
        self.over.set()

    def message(self, markets: list[Market]) -> bytes:
        """The next message as a frame, empty if it is left out."""
        self.messages += 1
        market, now_ms = markets[self.messages % len(markets)], time.time_ns() // 10**6
        if self.messages % 10 in (4, 5):
            payload = market.trade(now_ms, self.options.speed)
        else:
            payload = market.depth(now_ms, self.options.speed)
            if self.options.gap_every and self.messages % self.options.gap_every < 2:
                self.skipped += 1
                return b""
        market.messages += 1
        market.sent_version = market.version
        return ws_frames.encode_frame(ws_frames.BINARY, payload, None)

    def summary(self) -> dict[str, Any]:
        """What was sent."""
        return {
            "messages": self.messages - self.skipped, "skipped": self.skipped, "cuts": self.cuts,
            "seconds": round(time.monotonic() - self.began, 3),
            "symbols": {
                name: {"version": market.version, "trades": market.trades, "messages": market.messages}
                for name, market in self.markets.items()
            },
        }  # fmt: skip


def symbol_info(name: str) -> dict[str, Any]:
    """A row of exchangeInfo."""
    return {
        "symbol": name, "status": "1", "baseAsset": name[:3], "quoteAsset": name[3:], "baseAssetPrecision": 6,
        "quotePrecision": 2, "isSpotTradingAllowed": True, "permissions": ["SPOT"], "filters": [],
        "orderTypes": ["LIMIT"], "baseSizePrecision": "0.000001", "quoteAmountPrecision": "1",
        "maxQuoteAmount": "2000000", "makerCommission": "0", "takerCommission": "0.0005", "tradeSideType": 1,
    }  # fmt: skip


async def main(options: argparse.Namespace) -> None:
    source = Source(options)
    server = await asyncio.start_server(source.client, "127.0.0.1", options.port)
    print(server.sockets[0].getsockname()[1], flush=True)
    try:
        async with asyncio.timeout(options.seconds + 60):
            await source.over.wait()
    except TimeoutError:
        pass
    print(json.dumps(source.summary()), flush=True)
    await asyncio.sleep(options.linger)


def parsed(arguments: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--rate", type=int, default=5_000)
    parser.add_argument("--seconds", type=float, default=600.0)
    parser.add_argument("--linger", type=float, default=3.0, help="how long connections stay open at the end")
    parser.add_argument("--speed", default="10ms")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--gap-every", type=int, default=0)
    parser.add_argument("--cut-every", type=int, default=0)
    return parser.parse_args(arguments)


if __name__ == "__main__":
    asyncio.run(main(parsed()))

"""The local exchange under load: depth messages to one client, and orders beside them, on one core.

python benchmarks/bench_simulator.py                      # 20,000 messages and 1,000 orders a second for 10 s
python benchmarks/bench_simulator.py --messages 30000 --orders 0

The exchange runs in a process of its own that is bound to one core; the client is bound to another. Both see the same
wall clock, so the age of a message is when it came less than when it was sent. What is printed: the rates that came
through, ages, the share of its core that the exchange needed, and by how much its time fell behind the wall's.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import hmac
import json
import os
import resource
import struct
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path

from flashc.simulator.accounts_file import default_accounts, parse_accounts
from flashc.simulator.rest.keys import ApiKey
from flashc.simulator.rest.listen_keys import seeded_digits

SYMBOLS = 8
LINES = 32
EXCHANGE_CORE, CLIENT_CORE = 0, 1
LINGER_S = 2.0  # the client begins a little later, and is not to be cut off


def serve(folder: Path, seconds: float, per_symbol: float) -> None:
    """The exchange: run in a process of its own; says where it listens, and at the end what it needed."""
    from flashc.cli.sim_exchange import _loop_factory
    from flashc.simulator.server.build import WorldOptions, make_world, synthetic
    from flashc.simulator.server.clock import Clock
    from flashc.simulator.server.folder import Folder
    from flashc.simulator.server.local import LocalExchange

    accounts = parse_accounts(default_accounts(seeded_digits(1)).encode(), "accounts")
    markets = tuple(synthetic(f"A{k}/USDC", seed=k, events_per_s=per_symbol, round_s=20) for k in range(SYMBOLS))
    options = WorldOptions(markets, accounts, limits=False)

    async def main() -> None:
        clock = Clock(time.time_ns())
        async with LocalExchange(lambda app, now: make_world(options, app, now), clock, Folder(folder)) as local:
            print(json.dumps({"http": local.http.number}), flush=True)
            await asyncio.sleep(1.0)
            local.driver.worst_lag_ns = 0
            used = _cpu_s()
            began = time.monotonic()
            await asyncio.sleep(seconds)
            share = (_cpu_s() - used) / (time.monotonic() - began)
            facts = {"core": share, "worst_lag_ms": local.driver.worst_lag_ns / 1e6, **local.world.counts}
            print(json.dumps(facts), flush=True)
            await asyncio.sleep(LINGER_S)

    with asyncio.Runner(loop_factory=_loop_factory()) as runner:
        runner.run(main())


def _cpu_s() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


class Reader(asyncio.Protocol):
    """Counts frames, and notes the age of every hundredth."""

    def __init__(self) -> None:
        self.frames = self.bytes = 0
        self.ages_ms: list[float] = []
        self._left = b""
        self._greeted = False

    def data_received(self, data: bytes) -> None:
        data = self._left + data
        at = 0
        if not self._greeted:
            at = data.index(b"\r\n\r\n") + 4
            self._greeted = True
        end, frames, now_ms = len(data), self.frames, time.time() * 1000
        while end - at >= 2:
            size, head = data[at + 1], 2
            if size == 126:
                if end - at < 4:
                    break
                size, head = struct.unpack_from("!H", data, at + 2)[0], 4
            if end - at < head + size:
                break
            frames += 1
            if frames % 100 == 0 and data[at] == 0x82:
                self._note(data[at + head : at + head + size], now_ms)
            at += head + size
        self.bytes += at
        self.frames, self._left = frames, data[at:]

    def _note(self, payload: bytes, now_ms: float) -> None:
        symbol = payload.index(b"\x1a")
        place = symbol + 3 + payload[symbol + 1]  # the key of the send time follows the symbol
        sent_ms = shift = 0
        for byte in payload[place : place + 9]:
            sent_ms |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                break
        self.ages_ms.append(now_ms - sent_ms)


async def listen(port: int) -> tuple[asyncio.Transport, Reader]:
    """A stream of the depth of every symbol."""
    transport, reader = await asyncio.get_running_loop().create_connection(Reader, "127.0.0.1", port)
    head = "GET /ws HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    transport.write(
        (head + "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n").encode()
    )
    channels = [f"spot@public.increase.depth.v3.api.pb@A{k}USDC" for k in range(SYMBOLS)]
    text = json.dumps({"method": "SUBSCRIPTION", "params": channels, "id": 1}).encode()
    transport.write(b"\x81\xfe" + struct.pack("!H", len(text)) + bytes(4) + text)
    return transport, reader


async def order(port: int, key: ApiKey, per_s: float, until_s: float, took_ms: list[float]) -> int:
    """Orders on one connection, one after another, at most `per_s` of them; how many were refused."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    begun, sent, refused = time.monotonic(), 0, 0
    while (now := time.monotonic()) < until_s:
        wait_s = begun + sent / per_s - now
        if wait_s > 0.0005:
            await asyncio.sleep(wait_s)
        query = (
            f"symbol=A0USDC&side=BUY&type=IMMEDIATE_OR_CANCEL&quantity=1&price=9&timestamp={int(time.time() * 1000)}"
        )
        signature = hmac.new(key.secret, query.encode(), hashlib.sha256).hexdigest()
        head = f"POST /api/v3/order?{query}&signature={signature} HTTP/1.1\r\nHost: x\r\nX-MEXC-APIKEY: {key.key}\r\n"
        writer.write((head + "Content-Type: application/json\r\nContent-Length: 0\r\n\r\n").encode())
        at = time.monotonic()
        answer = await reader.readuntil(b"\r\n\r\n")
        size = int(answer.lower().partition(b"content-length: ")[2].partition(b"\r")[0])
        await reader.readexactly(size)
        took_ms.append((time.monotonic() - at) * 1000)
        sent, refused = sent + 1, refused + (b" 200 " not in answer[:16])
    writer.close()
    return refused


async def load(port: int, orders: float, seconds: float) -> dict[str, object]:
    """Both loads; what the client saw."""
    accounts = parse_accounts(default_accounts(seeded_digits(1)).encode(), "accounts")
    transport, reader = await listen(port)
    await asyncio.sleep(1.0)
    frames, began, took_ms = reader.frames, time.monotonic(), list[float]()
    reader.ages_ms.clear()
    lines = [
        order(port, accounts.keys[k % 2], orders / LINES, began + seconds, took_ms)
        for k in range(LINES if orders else 0)
    ]
    refused = await asyncio.gather(asyncio.sleep(seconds), *lines)
    spent = time.monotonic() - began
    transport.close()
    return {
        "messages_per_s": (reader.frames - frames) / spent,
        "orders_per_s": len(took_ms) / spent,
        "orders_refused": sum(refused[1:]),
        "order_ms": _spread(took_ms),
        "age_ms": _spread(reader.ages_ms),
    }


def _spread(values: list[float]) -> dict[str, float]:
    ordered = sorted(values)
    return (
        {f"p{p}": round(ordered[min(len(ordered) - 1, len(ordered) * p // 100)], 2) for p in (50, 99)}
        if ordered
        else {}
    )


def main() -> None:
    """Run both, print what came."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--messages", type=float, default=20_000.0, help="depth messages a second")
    parser.add_argument("--orders", type=float, default=1_000.0, help="orders a second")
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--serve", metavar="DIR", help=argparse.SUPPRESS)
    given = parser.parse_args()
    # A synthetic event changes about 0.92 levels.
    per_symbol = given.messages / SYMBOLS / 0.92
    if given.serve:
        serve(Path(given.serve), given.seconds, per_symbol)
        return
    with tempfile.TemporaryDirectory() as folder:
        options = ["--serve", folder, "--seconds", str(given.seconds), "--messages", str(given.messages)]
        line = ["taskset", "-c", str(EXCHANGE_CORE), sys.executable, __file__, *options]
        with suppress(OSError):
            os.sched_setaffinity(0, {CLIENT_CORE})
        with subprocess.Popen(line, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            port = json.loads(process.stdout.readline())["http"]
            seen = asyncio.run(load(port, given.orders, given.seconds))
            found = json.loads(process.stdout.readline())
    print(
        json.dumps({**seen, "core": round(found["core"], 3), "worst_lag_ms": round(found["worst_lag_ms"], 1)}, indent=2)
    )


if __name__ == "__main__":
    main()

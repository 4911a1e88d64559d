"""Requests with little sense against a whole exchange, under switches and faults by chance: `make fuzz-exchange`.

    PYTHONPATH=tests python tests/fuzz/exchange.py [--seconds 60] [--seed 1]

A round is an exchange without sockets that follows from its seed. Nothing may raise; no answer may be a 500 unless a
fault gives it; at the end all is healed, and the ledger, the orders and the fills must agree to the last unit.
"""

from __future__ import annotations

import argparse
import json
import random
import time
from collections import Counter
from urllib.parse import quote

from flashc.simulator.exchange.switches import SWITCHES, Switches
from flashc.simulator.faults.catalogue import CATALOGUE
from flashc.simulator.faults.schedule import Schedule, Target
from flashc.simulator.faults.seams import Reply
from flashc.simulator.rest.endpoints import ENDPOINTS, PREFIX
from flashc.simulator.server.build import make_world
from support.local_exchange import START_NS, NoSockets, options, signed
from support.world_play import Side

MS = 1_000_000
STEPS = 300
ODD = ("", "null", "[]", "{}", "%", "a" * 5000, "é", "\x00", '"', "-1", "0", "1e5", "9" * 30, "9" * 400, "+1", "1.", ".5", "NaN", "٣", "1_000", "🙂")  # fmt: skip
USUAL = {
    "symbol": ("BTCUSDC", "BTCUSDC", "BTCUSDC", "ETHUSDC", "BTCUSDC,ETHUSDC", "NONE"),
    "interval": ("1m", "60m", "1d", "1W", "1M", "8h", "1h"),
    "side": ("BUY", "SELL"),
    "type": ("LIMIT", "LIMIT_MAKER", "IMMEDIATE_OR_CANCEL", "FILL_OR_KILL", "MARKET", "STOP"),
    "quantity": ("0.01", "0.5", "0.002", "0.000001"),
    "price": ("39990", "40000", "40001", "40010", "40000.5"),
    "quoteOrderQty": ("10", "500.123456"),
    "limit": ("1", "500", "1000", "5000"),
    "startTime": (str(START_NS // MS), "0", "999999999999999999"),
    "endTime": (str(START_NS // MS + 60_000), "0", "999999999999999999"),
    "newClientOrderId": ("a", "b", "c", "x y"),
    "origClientOrderId": ("a", "b", "c"),
    "stpMode": ("", "cancel_maker", "cancel_taker", "cancel_both"),
    "tradeGroupName": ("desk",),
    "tradeGroupId": ("1", "2"),
    "mxDeductEnable": ("true", "false"),
    "recvWindow": ("5000", "60000", "60001"),
}
NAMES = (*USUAL, "symbols", "orderId", "listenKey", "uid", "batchOrders")
ORDER = ("symbol", "side", "type", "quantity", "price")
CHANNELS = [
    *(f"spot@public.{name}" for name in (
        "aggre.depth.v3.api.pb@10ms@BTCUSDC", "aggre.deals.v3.api.pb@10ms@BTCUSDC", "limit.depth.v3.api.pb@BTCUSDC@20",
        "kline.v3.api.pb@BTCUSDC@Min1", "aggre.bookTicker.v3.api.pb@100ms@ETHUSDC", "miniTickers.v3.api.pb@24H")),
    *(f"spot@private.{name}.v3.api.pb" for name in ("orders", "deals", "account")),
]  # fmt: skip


class Round:
    """One exchange, and everything that happens to it."""

    def __init__(self, seed: int) -> None:
        self.draws, self.counts = random.Random(seed), Counter[str]()
        self.world = make_world(options(limits=self.draws.random() < 0.1), NoSockets(), START_NS)
        self.world.exchange.switches = self._switches()
        self.world.step(START_NS + 100 * MS)
        now_ns = self.world.now_ns
        self.known = [self.world.rest.listen_keys.create("alice", now_ns)]  # listen keys and order ids
        assert self.world.hub.open(1, self.known[0], now_ns)
        request = json.dumps({"method": "SUBSCRIPTION", "params": CHANNELS})
        self.world.heard(Side(1, "private", "alice"), request, now_ns)

    def _switches(self) -> Switches:
        found = Switches()
        for name, row in SWITCHES.items():
            if self.draws.random() < 0.2:
                setting = self.draws.choice(list(row.choices)) if row.choices else self.draws.randrange(row.most)
                found = found.set(f"{name}={setting}")
        return found

    def play(self, steps: int) -> Counter[str]:
        """All of it; how often which code came."""
        for _ in range(steps):
            now_ns = self.world.now_ns + self.draws.choice((1, MS // 10, MS, 10 * MS, 300 * MS))
            if self.draws.random() < 0.02:
                self.fault(now_ns)
            self.call(now_ns)
            self.world.step(now_ns)
        self.world.board.heal("", self.world.now_ns)
        self.world.step(self.world.now_ns + 1_000 * MS)
        assert self.world.exchange.audit().problems == ()
        return self.counts

    def fault(self, now_ns: int) -> None:
        """Any fault of the catalogue, for a while."""
        row = self.draws.choice(list(CATALOGUE.values()))
        given = {p.name: self.draws.choice(list(p.choices)) for p in row.parameters if p.choices}
        schedule = Schedule(self.draws.choice((0, 10 * MS)), self.draws.choice((None, 10 * MS, 900 * MS)))
        target = Target(symbol=self.draws.choice(("", "BTCUSDC")), account=self.draws.choice(("", "alice")))
        self.world.board.inject(row.id, given, now_ns, schedule, target)

    def call(self, now_ns: int) -> None:
        """Any request, signed whether that is asked for or not."""
        rows = [row for row in ENDPOINTS.values() if row.prefix == PREFIX]
        row = self.draws.choice([row for row in rows if "rder" in row.name] if self.draws.random() < 0.5 else rows)
        names = {*ORDER, *(name for name in NAMES if self.draws.random() < 0.1)}
        query = "&".join(f"{name}={quote(self.value(name))}" for name in sorted(names) if self.draws.random() < 0.98)
        made = signed(row.method, row.name, query, now_ns, self.draws.randrange(2))
        reply = self.world.answer(made, Side(0, "rest"), self._answered, now_ns)
        self._answered(reply)

    def _answered(self, reply: Reply) -> None:
        if reply.answer is None:
            self.counts["none"] += 1
            return
        assert reply.answer.status != 500 or self.world.board.active or self.world.board.history, reply.answer.body
        self.counts[str(reply.answer.status)] += 1
        try:
            body = reply.answer.json()
        except (ValueError, RecursionError):  # a fault replaced it
            return
        for found in body if isinstance(body, list) else [body]:
            if isinstance(found, dict) and isinstance(found.get("orderId"), str):
                self.known.append(found["orderId"])

    def value(self, name: str) -> str:
        """Mostly what could be meant."""
        if self.draws.random() < 0.03:
            return self.draws.choice(ODD)
        if name == "batchOrders":
            rows = [{key: self.value(key) for key in ORDER} for _ in range(self.draws.randrange(1, 22))]
            return json.dumps(rows)
        return self.draws.choice(USUAL.get(name, self.known))


def main() -> None:
    """Rounds until the time is over. A failing one says its seed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    counts, seed, end_s = Counter[str](), given.seed, time.monotonic() + given.seconds
    while time.monotonic() < end_s:
        try:
            counts += Round(seed).play(STEPS)
        except Exception:
            print(f"seed {seed} fails")
            raise
        seed += 1
    print(json.dumps({"rounds": seed - given.seed, "next_seed": seed, "answers": dict(sorted(counts.items()))}))


if __name__ == "__main__":
    main()

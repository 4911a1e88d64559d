"""Random strategy files that read books, trades and timers: whole-source input of the differential tests."""

from __future__ import annotations

import random

DECIDE = ("book", "trade", "100ms", "{clock: book, min_gap: 30ms}", "{clock: trade, min_gap: 200ms}")
EXECUTION = """\
execution:
  join:
    style: post_only
    price: near_side
    ttl: 400ms
    requote: {when: abs(near_side - order.price) >= 1 tick, at_most: 3}
    then: cross
  cross: {style: ioc, price: far_side, retries: 2}
"""


class MarketWriter:
    """Grows prices, numbers and conditions."""

    def __init__(self, rng: random.Random) -> None:
        self.rng = rng

    def pick(self, *options: str) -> str:
        return self.rng.choice(options)

    def clocked(self) -> str:
        return self.pick("mid@100ms", "trade.price", "mid", "bid@1s", "forming(1s).close@100ms")

    def price(self) -> str:
        n = self.rng.randint(2, 9)
        return self.pick(
            "mid",
            "microprice(2)",
            "trade.price",
            f"forming({self.pick('1s', '5s')}).{self.pick('open', 'high', 'low', 'vwap')}",
            f"ema({self.clocked()}, {n})",
            f"max({self.clocked()}, {n})",
            f"sma({self.clocked()}, {n})",
            f"{self.pick('mean', 'min', 'max')}(trade.price, 2s, pane={self.pick('100ms', '500ms')})",
            "(vwap_to(20 lots) ?? ask)",
            f"({self.clocked()})[{n}]",
        )

    def number(self) -> str:
        n = self.rng.randint(2, 9)
        return self.pick(
            f"imbalance({n})",
            f"sum(trade.signed_qty, {self.pick('1s', '3s')}, pane=100ms) / (1 BTC)",
            f"ret({self.clocked()}, {n}) * 100.0",
            f"(zscore(sum(trade.signed_qty, 1s, pane=100ms)@100ms, {n + 3}) ?? 0.1)",
            f"(depth_ratio({n}) - 1.0)",
            f"sum(ofi(2), {n}) / (1 BTC)",
            f"ema(imbalance(1), {n})",
            "(spread / (3 ticks) - 0.5)",
        )

    def condition(self) -> str:
        return self.pick(
            f"{self.price()} {self.pick('<', '>')} {self.price()}",
            f"{self.number()} {self.pick('<', '>')} {self.rng.uniform(-0.5, 0.5):.2f}",
            f"count(trade.qty > 40000 lots, 2s, pane=500ms) > {self.rng.randint(0, 4)}",
        )


def random_market_source(seed: int) -> str:
    """One strategy file for one instrument on a book with trades."""
    rng = random.Random(seed)
    w = MarketWriter(rng)
    lines = ["flash: 1", f"strategy: market_{seed}", "trade: BTC/USDC", f"decide: {rng.choice(DECIDE)}"]
    lines += ["warmup: {settle: 1e-1}", "let:", f"  a: {w.price()}", f"  b: {w.number()}"]
    lines += [
        "entries:",
        "  buy:",
        "    when:",
        f"      x: {w.condition()}",
        f"      y: a > 0 USDC/BTC or b > {w.number()}",
    ]
    lines += ["    size: 2 USDC"]
    resting = rng.random() < 0.6
    lines += ["    execute: join"] if resting else []
    lines += ["    cooldown: 300ms"] if rng.random() < 0.3 else []
    lines += ["exits:", "  out:", "    when:", f"      z: {w.condition()}"]
    lines += [f"    execute: {rng.choice(('join', 'cross'))}"] if resting else []
    lines += ["  old:", "    when:", f"      t: pos.age > {rng.randint(1, 9)}s"]
    if rng.random() < 0.5:
        lines += ["risk:", "  position: {max: 5 USDC}", "  order_rate: {max: 6, per: 1s}"]
    execution = EXECUTION.replace("tick,", "tick or order.queue_ahead > 40000 lots,") if seed % 2 else EXECUTION
    return "\n".join(lines) + "\n" + (execution if resting else "")

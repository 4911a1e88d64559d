"""Random strategy files that check cleanly, and random bars for them: whole-source input of the differential tests.

Expressions are grown from a small typed grammar: prices, pure numbers, conditions. Every stateful function that runs on
bars can appear, on the decision clock or on slower ones, with constant and parameter lengths.
"""

from __future__ import annotations

import random
import re
from dataclasses import dataclass, field

from flashc.cython_core.layout import FLAG_CARRIED, FLAG_INSTANT_END, KIND_BAR, head

MINUTE = 60_000_000_000
FRAMES = {"1m": 1, "5m": 5, "15m": 15}


@dataclass
class Writer:
    rng: random.Random
    lets: dict[str, tuple[str, str]] = field(default_factory=dict)  # name -> (kind, text)

    def pick(self, *options: str) -> str:
        return self.rng.choice(options)

    def length(self, most: int = 30) -> str:
        return self.pick("len", str(self.rng.randint(2, most)), str(self.rng.randint(2, most)))

    def price(self, depth: int) -> str:
        known = [n for n, (kind, _) in self.lets.items() if kind == "price"]
        if depth <= 0 or self.rng.random() < 0.25:
            return self.pick("close", "open", "high", "low", *known, *known)
        inner = self.price(depth - 1)
        return self.pick(
            f"ema({inner}, {self.length()})",
            f"sma({inner}, {self.length()})",
            f"rma({inner}, {self.length(8)})",
            f"wma({inner}, {self.length(12)})",
            f"dema({inner}, {self.length(10)})",
            f"linreg({inner}, {self.length(16)})",
            f"max({inner}, {self.length(80)})",
            f"min({inner}, {self.length(80)})",
            f"min({inner}, {self.price(depth - 1)})",
            f"({inner} + {self.price(depth - 1)}) / 2.0",
            f"{inner} + 3 ticks",
            f"bbands({inner}, {self.length(24)}).{self.pick('upper', 'mid', 'lower')}",
            f"({inner})[{self.rng.randint(1, 9)}]",
            f"vwap({self.length(20)})",
            f"median({inner}, {self.length(70)})",
            f"quantile({inner}, {self.length(20)}, {self.rng.uniform(0, 1):.2f})",
            f"kalman({inner}, 0.{self.rng.randint(1, 9)}, 1.0)",
            f"(if {self.condition(depth - 1)} then {inner} else {self.price(depth - 1)})",
            f"clamp({inner}, low, high)",
            "atr(14) + close",
            f"kama({inner}, {self.length(12)})",
            f"hma({inner}, {self.length(16)})",
            f"vwma({inner}, {self.length(70)})",
            f"keltner({self.length()}, 1.5, {self.length(9)}).{self.pick('upper', 'mid', 'lower')}",
            f"donchian({self.length(70)}).{self.pick('upper', 'mid', 'lower')}",
            f"supertrend({self.length(12)}, 2.0).line",
            f"volume_profile({self.length(70)}, {self.pick('len', '1', '24', '64')}).{self.pick('poc', 'vah', 'val')}",
            "vwap(session)" if self.rng.random() < 0.1 else "vwap",
        )

    def number(self, depth: int) -> str:
        known = [n for n, (kind, _) in self.lets.items() if kind == "number"]
        if depth <= 0 or self.rng.random() < 0.2:
            return self.pick("level", f"{self.rng.uniform(-3, 3):.3f}", *known, *known)
        return self.pick(
            f"rsi({self.price(depth - 1)}, {self.length(20)}) / 50.0 - 1.0",
            f"(zscore({self.price(depth - 1)}, {self.length(90)}) ?? 0.0)",
            f"ret({self.price(0)}, {self.length(12)}) * 100.0",
            f"({self.price(depth - 1)} / {self.pick('open', 'high', 'vwap')})",
            f"tanh({self.number(depth - 1)})",
            f"sigmoid({self.number(depth - 1)})",
            f"exp(clamp({self.number(depth - 1)}, -2.0, 2.0))",
            f"(log(abs({self.number(depth - 1)})) ?? 0.5)",
            f"cci({self.length(18)}) / 100.0",
            f"macd(close, 5, 13, 4).{self.pick('line', 'hist')} / (1 USDC/BTC)",
            f"stoch({self.length(16)}, 3, 3).{self.pick('k', 'd')} / 100.0",
            f"rank({self.price(depth - 1)}, {self.length(20)}) / 10.0",
            f"percentile_rank({self.price(0)}, {self.length(20)})",
            f"(argmin(low, {self.length(20)}) - argmax({self.price(0)}, {self.length(80)})) / 10.0",
            f"(corr({self.price(0)}, {self.price(depth - 1)}, {self.length(70)}) ?? 0.1)",
            f"(skew({self.price(0)}, {self.length(70)}) ?? 0.2)",
            f"entropy({self.price(0)}, {self.length(20)}, {self.rng.randint(1, 6)})",
            f"((age({self.price(0)}) ?? 1m) / 1h)",
            f"efficiency({self.price(0)}, {self.length(14)})",
            f"{self.number(depth - 1)} * {self.number(depth - 1)}",
            f"{self.number(depth - 1)} - {self.number(depth - 1)}",
            f"std({self.price(0)}, {self.length(90)}) / (10 USDC/BTC)",
            "count(close > open, 12) / 6.0",
            "(obv() / (3 BTC))",
            "(ad() / (3 BTC))",
            f"willr({self.length(70)}) / 50.0",
            f"mfi({self.length(70)}) / 50.0",
            f"dmi({self.length(9)}).{self.pick('plus', 'minus', 'dx')} / 30.0",
            f"adx({self.length(9)}) / 30.0",
            f"aroon({self.length(70)}).{self.pick('up', 'down', 'osc')} / 50.0",
            f"tsi({self.price(0)}, {self.length(12)}, 5) / 20.0",
            f"cmf({self.length(70)}) * 3.0",
            f"(parkinson({self.length(70)}) * 100.0)",
            f"(realized_vol({self.length(70)}) * 30.0)",
            f"var({self.price(0)}, {self.length(90)}) / (1000 USDC/BTC * 1 USDC/BTC)",
        )

    def condition(self, depth: int) -> str:
        if depth <= 0:
            return self.pick(
                "close > open", "close >= prev(close, close)", "volume > 2 BTC", "now - bucket(now, 1h) < 30m"
            )
        slow = [n for n, (kind, _) in self.lets.items() if kind == "slow price"]
        if slow and self.rng.random() < 0.4:
            return f"{self.price(depth - 1)} {self.pick('<', '>')} {self.rng.choice(slow)}"
        slow = [n for n, (kind, _) in self.lets.items() if kind == "slow number"]
        if slow and self.rng.random() < 0.4:
            return f"{self.rng.choice(slow)} {self.pick('<', '>')} {self.number(depth - 1)}"
        return self.pick(
            f"{self.price(depth - 1)} {self.pick('<', '<=', '>', '>=')} {self.price(depth - 1)}",
            f"{self.number(depth - 1)} {self.pick('<', '>')} {self.number(depth - 1)}",
            f"cross_up({self.price(depth - 1)}, {self.price(depth - 1)})",
            f"cross_dn({self.price(depth - 1)}, {self.price(depth - 1)})",
            f"rising({self.price(0)}, {self.rng.randint(1, 3)})",
            f"falling({self.price(0)}, {self.rng.randint(1, 3)})",
            f"({self.condition(depth - 1)} or {self.condition(depth - 1)})",
            f"({self.condition(depth - 1)} and {self.condition(depth - 1)})",
            f"not ({self.condition(depth - 1)})",
            "session(3h, 17h)",
            "hour(now) != 7",
            f"supertrend({self.length(9)}).up",
            f"(since({self.condition(0)}) ?? 99) < 4",
        )


def random_source(seed: int) -> str:
    """One strategy file. Most check cleanly; the caller skips those whose random expression breaks a rule."""
    rng = random.Random(seed)
    w = Writer(rng)
    decide = rng.choice(["1m", "1m", "5m"])
    for number in range(rng.randint(1, 4)):
        kind = rng.choice(["price", "number"])
        text = w.price(2) if kind == "price" else w.number(2)
        slower = [f for f in FRAMES if FRAMES[f] > FRAMES[decide]]
        if rng.random() < 0.35 and slower:
            kind, text = f"slow {kind}", f"({text})@{rng.choice(slower)}"
        w.lets[f"v{number}"] = (kind, text)
    rules = _rules(rng, w)
    body = "\n".join(["let:", *(f"  {name}: {text}" for name, (_, text) in w.lets.items()), *rules])
    params = {
        "len": f"  len: {{type: int, default: {rng.randint(2, 20)}, in: 2..20}}",
        "level": "  level: {type: real, default: 0.4, in: 0.1..0.9}",
    }
    used = [line for name, line in params.items() if re.search(rf"\b{name}\b", body)]
    head_lines = [
        "flash: 1",
        f"strategy: random_{seed}",
        "trade: BTC/USDC",
        f"decide: {decide}",
        "warmup: {settle: 1e-2}",
    ]
    return "\n".join([*head_lines, *(["params:", *used] if used else []), body]) + "\n"


def _rules(rng: random.Random, w: Writer) -> list[str]:
    sizes = ["150 USDC", "clamp(80 USDC * (1.0 + abs(ret(close, 3))), 2 USDC, 200 USDC)"]
    limited = rng.random() < 0.5
    lines = ["entries:", "  buy:", "    when:", f"      a: {w.condition(2)}"]
    lines += [f"      b: {w.condition(1)}"] if rng.random() < 0.4 else []
    lines += [f"    size: {rng.choice(sizes if limited else [*sizes, '0.004 BTC'])}"]
    lines += ["    cooldown: 7m"] if rng.random() < 0.4 else []
    lines += ["exits:", "  out:", "    when:", f"      c: {w.condition(2)}"]
    lines += ["  old:", "    when:", f"      d: pos.age > {rng.randint(2, 40)}m"]
    if rng.random() < 0.5:
        lines += ["  hurt:", "    when:", "      e: pos.gain < -0.001 or close < pos.best - 0.01 * close"]
    if limited:
        loss = f"  day_loss: {{limit: {rng.randint(1, 5)} USDC, then: flatten_and_halt}}"
        lines += ["risk:", "  position: {max: 210 USDC}", loss]
    return lines


def random_tape(seed: int, periods: list[int], minutes: int) -> list[list[int]]:
    """Records of the streams (period ns each, shortest first) built from random one-minute bars; some carry no volume."""
    rng = random.Random(seed)
    start = 1_700_000_100 * 10**9 // (15 * MINUTE) * (15 * MINUTE)
    base = _minutes(rng, start, minutes)
    rows: list[tuple[int, int, list[int]]] = []
    for stream, period in enumerate(periods):
        count = period // MINUTE
        for at in range(0, minutes - count + 1, count):
            rows.append((base[at + count - 1][0], period, _merged(base[at : at + count], stream)))
    rows.sort(key=lambda row: row[:2])
    records = [row[2] for row in rows]
    for number, record in enumerate(records):
        last = number + 1 == len(records) or records[number + 1][0] != record[0]
        record[1] |= (FLAG_INSTANT_END if last else 0) << 8
    return records


def _minutes(rng: random.Random, start: int, count: int) -> list[list[int]]:
    price, bars = 6_000_000, []
    swing = rng.choice([300, 3000, 20000])
    for k in range(count):
        opened = price
        idle = rng.random() < 0.08
        price = opened if idle else max(1000, opened + rng.randint(-swing, swing))
        high, low = max(opened, price), min(opened, price)
        volume = 0 if idle else rng.randint(1, 8_000_000)
        flags = FLAG_CARRIED if idle else 0
        bars.append([start + (k + 1) * MINUTE, head(KIND_BAR, flags), opened, high, low, price, volume, price * volume])
    return bars


def _merged(bars: list[list[int]], stream: int) -> list[int]:
    columns = list(zip(*bars, strict=True))
    return [bars[-1][0], head(KIND_BAR, 0, stream), bars[0][2], max(columns[3]), min(columns[4]), bars[-1][5], sum(columns[6]), sum(columns[7])]  # fmt: skip

"""The engine of the local exchange: its share of a core, and 24 simulated hours whose ledger adds up.

    python benchmarks/bench_exchange.py [--seconds 20] [--hours 24] [--traders 20] [--seed 1]

First a generated book of 20,000 level changes a second with 1,000 orders a second on it; the share of a core is CPU
time over simulated time, and the events are taken as a server takes them. Then `--hours` of simulated time as fast as
it goes: 20 random traders on a generated book of an hour that is played again and again, one of them paying fees in
MX, half of them kept from trading with each other when their orders ask for it. The ledger is audited every simulated
hour; the run ends with an error if a unit is missing.
"""

from __future__ import annotations

import argparse
import hashlib
import resource
import sys
import time
from dataclasses import dataclass

from flashc.runtime.market_data.synth.book import BookParameters, generate_book
from flashc.simulator.exchange.config import AccountSpec, ExchangeConfig, SymbolSpec
from flashc.simulator.exchange.events import Filled, LevelChanged, OrderChanged
from flashc.simulator.exchange.exchange import Exchange
from flashc.simulator.exchange.tape import Tape, tape_of
from flashc.simulator.exchange.traders import RandomTraders

NS = 1_000_000_000
BTC = SymbolSpec("BTCUSDC", "BTC", "USDC", 2, 6, min_qty="0.000001", taker_fee="0.0005")
MX = SymbolSpec("MXUSDC", "MX", "USDC", 4, 2, maker_fee="0.0002", taker_fee="0.0007")


def tape(spec: SymbolSpec, seconds: int, rate: float, seed: int, price: float = 40_000.0, push_ms: int = 0) -> Tape:
    """A generated book on the symbol's grid."""
    parameters = BookParameters(
        seed=seed, duration_s=seconds, instrument=f"{spec.base}/{spec.quote}", price=price, push_ms=push_ms,
        price_decimals=spec.price_decimals, qty_decimals=spec.qty_decimals, events_per_s=rate,
        order_qty=4_000.0 / price, trade_qty=2_000.0 / price, spacing=max(0.00005, 2 / price / 10**spec.price_decimals),
    )  # fmt: skip
    return tape_of(generate_book(parameters), spec.price_decimals, spec.qty_decimals)


def venue(specs: tuple[SymbolSpec, ...], traders: int, seed: int) -> tuple[Exchange, list[str]]:
    names = [f"trader{number:02}" for number in range(traders)]
    funds = {"BTC": "5", "USDC": "200000", "MX": "10000"}
    accounts = [AccountSpec(name, funds, mx_deduct=number == 0) for number, name in enumerate(names)]
    exchange = Exchange(ExchangeConfig(specs, tuple(accounts), history=5_000), seed, 0)
    for master in names[: traders // 2]:  # the others trade with themselves where it happens
        group = exchange.groups.create(master, "all")
        assert group is not None
        group.members.update(names)
    return exchange, names


# --- the share of a core


@dataclass(frozen=True, slots=True)
class Load:
    """What ran, in how much CPU time."""

    simulated_s: float
    cpu_s: float
    levels: int
    orders: int
    fills: int
    events: int


def load(seconds: int, seed: int) -> Load:
    """Level changes and orders at the target's rate."""
    exchange, names = venue((BTC,), 20, seed)
    recorded = tape(BTC, seconds, 5_000.0, seed)
    rate = len(recorded) / seconds
    exchange.add_tape(BTC.name, recorded)
    exchange.markets[BTC.name].set_speed(max(1, round(20_000 / rate)), 0)
    span = int(min(seconds, len(recorded) / 20_000) * NS)
    traders = RandomTraders(exchange, names, seed, 20 * NS // 1_000)
    levels = fills = events = 0
    start = time.process_time()
    for step in range(0, span, 10_000_000):
        traders.play(step)
        exchange.advance(step)
        for event in exchange.take_events():
            events += 1
            levels += isinstance(event, LevelChanged)
            fills += isinstance(event, Filled)
    cpu = time.process_time() - start
    assert exchange.audit().is_right, exchange.audit().problems
    return Load(span / NS, cpu, levels, traders.placed + traders.refused + traders.cancelled, fills, events)


# --- simulated hours


@dataclass(frozen=True, slots=True)
class Soak:
    """A long run and what it ended with. `trace` is the hash of all orders and fills."""

    hours: int
    wall_s: float
    placed: int
    refused: int
    cancelled: int
    fills: int
    levels: int
    postings: int
    audits: int
    problems: tuple[str, ...]
    minted: dict[str, int]
    rounds: int
    trace: str


def soak(hours: int, traders: int, seed: int, tape_s: int = 3_600, step_s: int = 60) -> Soak:
    """`hours` on two symbols, audited every hour; stops at the first thing that is wrong."""
    exchange, names = venue((BTC, MX), traders, seed)
    exchange.add_tape(BTC.name, tape(BTC, tape_s, 40.0, seed, push_ms=100))
    exchange.add_tape(MX.name, tape(MX, tape_s, 10.0, seed, 2.5, push_ms=100))
    crowd = RandomTraders(exchange, names, seed, 10 * NS)
    digest, fills, levels, audits = hashlib.sha256(), 0, 0, 0
    start, problems = time.perf_counter(), ()
    for second in range(step_s, hours * 3_600 + 1, step_s):
        crowd.play(second * NS)
        exchange.advance(second * NS)
        for event in exchange.take_events():
            levels += isinstance(event, LevelChanged)
            if isinstance(event, Filled | OrderChanged):
                fills += isinstance(event, Filled)
                digest.update(repr(event).encode())
        if second % 3_600 == 0:
            audits += 1
            if problems := exchange.audit().problems:
                break
    final = exchange.audit()
    return Soak(
        hours, time.perf_counter() - start, crowd.placed, crowd.refused, crowd.cancelled, fills, levels,
        final.postings, audits, problems or final.problems, final.minted, exchange.markets[BTC.name].rounds,
        digest.hexdigest()[:16],
    )  # fmt: skip


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--seconds", type=int, default=20)
    parser.add_argument("--hours", type=int, default=24)
    parser.add_argument("--traders", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    if options.seconds:
        done = load(options.seconds, options.seed)
        share = done.cpu_s / done.simulated_s
        levels, orders, fills = (count / done.simulated_s for count in (done.levels, done.orders, done.fills))
        print(
            f"{levels:,.0f} level changes, {orders:,.0f} order calls and {fills:,.0f} fills a simulated second", end=" "
        )
        print(f"take {share:.1%} of a core")
    if not options.hours:
        return 0
    run = soak(options.hours, options.traders, options.seed)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{run.hours} h with {options.traders} traders in {run.wall_s:.1f} s: {run.placed:,} orders placed, "
          f"{run.refused:,} refused, {run.cancelled:,} cancelled, {run.fills:,} fills")  # fmt: skip
    print(
        f"{run.levels:,} level changes, tape played {run.rounds + 1} times, {run.postings:,} postings, {peak:.0f} MiB"
    )
    print(f"minted, in atoms: {run.minted}; trace {run.trace}")
    print(f"{run.audits} audits: " + ("; ".join(run.problems[:5]) if run.problems else "nothing missing, to the unit"))
    return 1 if run.problems else 0


if __name__ == "__main__":
    sys.exit(main())

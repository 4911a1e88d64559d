"""Random traders on a generated market: repeatable to the byte, and the ledger adds up. The long run is a benchmark."""

from __future__ import annotations

import hashlib
import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest
from flashc.runtime.market_data.synth.book import BookParameters, generate_book
from flashc.simulator.exchange.config import AccountSpec, ExchangeConfig, SymbolSpec
from flashc.simulator.exchange.events import LevelChanged
from flashc.simulator.exchange.exchange import Exchange
from flashc.simulator.exchange.tape import Tape, tape_of
from flashc.simulator.exchange.traders import Draws, RandomTraders

NS = 1_000_000_000
SPEC = SymbolSpec("BTCUSDC", "BTC", "USDC", 2, 6)
BENCH = Path(__file__).parents[3] / "benchmarks" / "bench_exchange.py"


@pytest.fixture(scope="module")
def tape() -> Tape:
    return tape_of(generate_book(BookParameters(duration_s=30, events_per_s=60, push_ms=0)), 2, 6)


@pytest.fixture(scope="module")
def bench() -> ModuleType:
    spec = importlib.util.spec_from_file_location("bench_exchange", BENCH)
    assert spec is not None and spec.loader is not None
    module = sys.modules["bench_exchange"] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def run(tape: Tape, seed: int, step_ns: int) -> tuple[str, Exchange]:
    """45 simulated seconds, so that the tape starts again; the hash of every event."""
    names = [f"t{number}" for number in range(6)]
    accounts = tuple(AccountSpec(name, {"BTC": "1", "USDC": "50000"}) for name in names)
    exchange = Exchange(ExchangeConfig((SPEC,), accounts), seed, 0)
    exchange.add_tape("BTCUSDC", tape)
    crowd = RandomTraders(exchange, names, seed, NS // 10)
    digest = hashlib.sha256()
    crossed = False
    for now_ns in range(step_ns, 45 * NS + 1, step_ns):
        crowd.play(now_ns)
        exchange.advance(now_ns)
        for event in exchange.take_events():
            digest.update(repr(event).encode())
            crossed |= isinstance(event, LevelChanged) and event.lots < 0
    assert not crossed and crowd.placed > 500
    return digest.hexdigest(), exchange


def test_the_same_seed_gives_the_same_events_however_often_one_looks(tape: Tape) -> None:
    first, exchange = run(tape, 3, NS)
    assert run(tape, 3, NS // 4)[0] == first
    assert run(tape, 4, NS)[0] != first
    assert exchange.markets["BTCUSDC"].rounds == 1


def test_after_random_trading_the_ledger_adds_up_to_the_last_unit(tape: Tape) -> None:
    _, exchange = run(tape, 5, NS)
    found = exchange.audit()
    assert found.problems == () and found.open_orders > 0
    assert sum(len(exchange.fills(f"t{number}", "BTCUSDC")) for number in range(6)) > 100
    for number in range(6):
        exchange.cancel_all(f"t{number}", exchange.now_ns)
    assert all(locked == 0 for number in range(6) for _, locked in exchange.balances(f"t{number}").values())
    assert exchange.audit().problems == ()


def test_a_short_soak_ends_well(bench: ModuleType) -> None:
    done = bench.soak(hours=1, traders=4, seed=2, tape_s=600)
    assert done.problems == () and done.fills > 100 and done.rounds >= 5


def test_draws_are_the_same_in_any_portion() -> None:
    one, other = Draws(1, "x"), Draws(1, "x")
    assert [one.below(1000) for _ in range(5000)] == [other.below(1000) for _ in range(5000)]
    assert [Draws(2, "x").below(1000) for _ in range(3)] != [Draws(1, "x").below(1000) for _ in range(3)]

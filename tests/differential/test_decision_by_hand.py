"""Generated C decides as the same strategy does that was written by hand for the benchmark of one decision."""

from __future__ import annotations

import runpy
from pathlib import Path

import pytest
from flashc.compiler.backends.c.toolchain import find_toolchain

SCRIPT = Path(__file__).resolve().parents[2] / "benchmarks" / "bench_decision.py"


@pytest.mark.parametrize("market", [0, 1])
def test_both_strategies_of_the_benchmark_give_the_same_intents_and_reasons(market: int, tmp_path: Path) -> None:
    bench, toolchain = runpy.run_path(str(SCRIPT)), find_toolchain()
    price, move = bench["MARKETS"][market]
    clock = bench["Clock"](tmp_path, toolchain)
    strategy, params, foreign = bench["generated"](tmp_path, toolchain)
    tape = bench["make_tape"](5000, price, move)
    generated, by_hand = (bench["run"](clock, tape, s, params, round(price * 100)) for s in (strategy, None))
    told = bench["compared"](generated, by_hand)
    assert "entered" in told and "exited" in told, told
    assert not set(foreign) - {"memcpy", "memmove", "memset"}

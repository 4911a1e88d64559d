"""The state before an event: stepping the event from it gives the state after it."""

from __future__ import annotations

import numpy as np
import pytest
from flashc.cli.running import account_of, costs_of, kernel_facts, make_tape, prepare, run
from flashc.runtime.backtest import kernel_loader
from flashc.runtime.backtest.rewind import state_before

STRATEGY = """\
flash: 1
strategy: flips
trade: BTC/USDC
decide: 1m
let:
  change: close - close[1]
entries:
  long: change > 0
exits:
  out: change < 0 and pos.age > 1m
size: 100 USDC
"""


def test_one_event_from_the_state_before_it_is_the_state_after_it(tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("FLASHC_DATA", str(tmp_path / "data"))
    from flashc.cli.app import run as command
    from flashc.compiler.evaluate.evaluator import Machine

    assert command(["data", "synth", "--bars", "300", "--name", "few"]) == 0
    (tmp_path / "flips.yaml").write_text(STRATEGY)
    prepared = prepare(tmp_path / "flips.yaml", [])
    tape = make_tape(prepared, ["few"], None, None)
    account = account_of(prepared, costs_of(prepared, None, 0))
    facts = kernel_facts(prepared.compiled)
    kernel = kernel_loader.load(prepared.artifact / str(prepared.facts["kernel"]))
    machine = Machine(prepared.compiled.program)
    machine.init()
    decisions = run(prepared, tape, account, "numba").result.decisions
    assert len(decisions) == len(tape)
    for index in (0, 1, 5, 50, 51, 52, 299):
        state = state_before(kernel.addresses, facts, tape.records, [], account, index)
        machine.load_state(state.tolist())
        out = machine.event(tape.records[index].tolist())
        assert (out.reason, out.mask) == tuple(decisions[index, 1:])


def test_an_index_outside_the_tape_is_a_bug() -> None:
    with pytest.raises(AssertionError):
        state_before(None, None, np.zeros((3, 8), np.int64), [], None, 3)  # type: ignore[arg-type]

"""The state before an event: stepping the event from it gives the state after it."""

from __future__ import annotations

import numpy as np
import pytest
from flashc.cli.inputs import kernel_facts
from flashc.cli.prepared import prepare
from flashc.cli.running import account_of, costs_of, make_tape, run
from flashc.runtime.backtest import kernel_loader, rewind
from flashc.runtime.backtest.driver import KernelAddresses, Run
from flashc.runtime.backtest.result import Account, Feed, KernelFacts, Terms

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
    for number in (0, 1, 5, 50, 51, 52, 299):
        work = Run(kernel.addresses, facts, tape.records, account)
        work.start([])
        moment = rewind.on_bars(work, tape.records, number, int(decisions[number, 0]))
        assert moment.record == tape.records[number].tolist()
        machine.load_state(moment.state.tolist())
        out = machine.event(moment.record)
        assert (out.reason, out.mask) == tuple(decisions[number, 1:])


def test_a_decision_that_the_run_does_not_have_is_a_bug() -> None:
    records = np.zeros((3, 8), np.int64)
    run_without = Run(
        KernelAddresses(0, 0, 0), KernelFacts(1, (Feed(0, 1),)), records[:0], Account(1, (Terms(1, 0, 0),))
    )
    with pytest.raises(AssertionError, match="no decision 7"):
        rewind.on_bars(run_without, records[:0], 7, 0)

"""Which rules a decision evaluated: what is told from a run's tables is what the interpreter really did."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from flashc.cli.again import sets_of
from flashc.cli.app import run
from flashc.cli.exit_codes import Exit
from flashc.cli.inputs import kernel_facts, market_tape
from flashc.cli.prepared import prepare
from flashc.cli.rule_sets import BOTH, ENTRIES, EXITS, NONE, UNKNOWN
from flashc.cli.runs import open_run
from flashc.compiler.evaluate.evaluator import Machine, Out
from flashc.compiler.pipeline import Compiled
from flashc.cython_core.layout import INSTANCE_SHIFT

BARS = """\
flash: 1
strategy: sets
trade: BTC/USDC
decide: 1m
capital: {start: 150 USDC}
entries:
  dip:
    when:
      low: close < close[3]
      falling: close < open
    cooldown: 4m
    size: 40 USDC
    execute: rest
  more:
    when: {lower: close < (pos.entry ?? 0)}
    add: true
    at_most: 2
    size: 40 USDC
    execute: rest
exits:
  half:
    when: pos.gain > 0.05 pct
    fraction: 50 pct
    once: true
    execute: rest
  out:
    when: {old: pos.age > 7m, up: close > open}
    execute: rest
execution:
  rest: {style: limit, price: close, ttl: 2m, retries: 1}
risk:
  position: {max: 130 USDC}
  order_rate: {max: 3, per: 12m}
  day_loss: {limit: 1.5 USDC, then: flatten_and_halt}
"""
PLAIN = BARS.replace("    execute: rest\n", "").partition("execution:")[0] + "risk:" + BARS.partition("\nrisk:")[2]
WITHOUT_ADDS = "\n".join(
    [*BARS.split("\n  more:\n")[0].split("\n"), "exits:", *BARS.partition("exits:\n")[2].split("\n")]
)


class Watched(Machine):
    """Notes which rule sets each decision row evaluated: those whose probes were seen."""

    seen: list[int]
    probes_of: dict[tuple[int, str], set[int]]

    def event(self, record: object) -> Out:
        out = super().event(record)  # type: ignore[arg-type]
        probed = {number for number, _ in self.probes}
        for _, reason, _ in out.decisions:
            own = {
                name for (one, name), ids in self.probes_of.items() if one == reason >> INSTANCE_SHIFT and ids & probed
            }
            code = NONE if not own else BOTH if len(own) == 2 else ENTRIES if own == {"entries"} else EXITS
            self.seen.append(code)
        return out


def watched(compiled: Compiled) -> Watched:
    machine = Watched(compiled.program)
    machine.seen, machine.probes_of = [], {}
    for row in compiled.explain:
        tree = row["tree"]
        assert isinstance(tree, dict)
        ids = {tree["holds"]} if tree["holds"] >= 0 else {tree["value"]["probe"]}
        machine.probes_of.setdefault((row["instance"], row["set"]), set()).update(ids)  # type: ignore[index, arg-type]
    return machine


def truth(folder: Path, data: str) -> tuple[list[int], list[int]]:
    """(what was evaluated, what is told) of the latest run."""
    past = open_run("latest")
    prepared = prepare(past.strategy_file, [])
    from flashc.cli.again import take_again

    over = take_again(past, None, prepared).over
    machine, facts = watched(prepared.compiled), kernel_facts(prepared.compiled)
    if over.options is None:
        from flashc.runtime.backtest import reference

        reference.run(machine, facts, over.tape.records.tolist(), list(over.params), over.account)
    else:
        from flashc.runtime.backtest.market.reference_market import run_market_reference

        tape = market_tape(prepared.compiled, over.tape)
        run_market_reference(machine, facts, tape, list(over.params), over.account, over.options.model)
    return machine.seen, sets_of(past, prepared).tolist()


def judged(seen: list[int], told: list[int]) -> Counter[tuple[int, int]]:
    """Pairs of (evaluated, told), counted."""
    assert len(seen) == len(told)
    return Counter(zip(seen, told, strict=True))


@pytest.mark.parametrize("text", [BARS, PLAIN, WITHOUT_ADDS], ids=["chains and adds", "adds", "chains"])
def test_nothing_is_told_that_was_not_so_on_bars(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv("FLASHC_DATA", str(tmp_path / "data"))
    monkeypatch.chdir(tmp_path)
    assert run(["data", "synth", "--seed", "11", "--bars", "3000", "--name", "demo"]) == Exit.OK
    (tmp_path / "s.yaml").write_text(text)
    assert run(["backtest", "s.yaml", "--data", "demo", "--engine", "ref"]) == Exit.OK
    pairs = judged(*truth(tmp_path, "demo"))
    assert {seen for seen, _ in pairs} >= {NONE, ENTRIES, EXITS if "more" not in text else BOTH}
    wrong = {pair: count for pair, count in pairs.items() if pair[1] not in (pair[0], UNKNOWN)}
    # Less than was evaluated may be told (an order on its way, and no clause held), never more.
    assert set(wrong) <= {(EXITS, NONE), (BOTH, EXITS)}, wrong
    unknown = sum(count for pair, count in pairs.items() if pair[1] == UNKNOWN)
    assert unknown < 0.05 * np.sum(list(pairs.values()))

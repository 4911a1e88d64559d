"""More intents in one event than the out block holds: the first ones stand, and nothing is written behind it."""

from __future__ import annotations

from pathlib import Path

import pytest
from flashc.compiler.evaluate.evaluator import Machine
from flashc.compiler.ir.parser import parse_program
from flashc.cython_core.layout import FLAG_INSTANT_END, KIND_BAR, MAX_INTENTS, head
from support.c_live import LiveMachine
from support.c_machine import CMachine
from support.fir_tapes import HIGH, LOW
from support.kernels import KernelMachine

RECORD = [60_000_000_000, head(KIND_BAR, FLAG_INSTANT_END), 1, 2, 1, 2, 3, 6]
_PROGRAM = """\
program p edition 1
instance btc
stream %b0 bar btc "BTC/USDC" 60000000000 ns price 2 qty 6
segment decide %b0 {
  decided 0
}
segment risk {
"""


def program_of(asked: str) -> str:
    """A program that at each bar sends an order for each `o` of `asked` and cancels for each `x`, each with own words."""
    lines = [f"  %{k}: i64 = iconst {100 + k}" for k in range(len(asked) + 7)]
    for k, letter in enumerate(asked):
        words = " ".join(f"%{k + word}" for word in range(7 if letter == "o" else 2))
        lines.append(f"  {'emit' if letter == 'o' else 'cancel'} 0 {words}")
    return _PROGRAM + "\n".join(lines) + "\n}\n"


@pytest.mark.parametrize("asked", ["o" * MAX_INTENTS, "o" * (MAX_INTENTS + 1), "oooxoooxxxoo"])
def test_what_the_out_block_does_not_hold_is_dropped(asked: str, tmp_path: Path) -> None:
    """The machines also look at the words behind the block."""
    program = parse_program(program_of(asked))
    slow = Machine(program)
    slow.init(())
    expected = slow.event(RECORD)
    assert len(expected.intents) == MAX_INTENTS
    live = LiveMachine(program, tmp_path, every=2, ticks=(LOW, HIGH))
    for fast in (KernelMachine(program, tmp_path), CMachine(program, tmp_path), live):
        fast.init(())
        assert fast.event(RECORD) == expected, type(fast).__name__

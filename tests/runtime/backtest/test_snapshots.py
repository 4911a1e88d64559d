"""Snapshots of a compiled strategy: what is taken up by the same, by an edited and by another strategy, and what not."""

from __future__ import annotations

import ctypes
from pathlib import Path

import numpy as np
import pytest
from flashc.compiler.backends.c.printer import print_strategy
from flashc.compiler.backends.c.toolchain import build, find_toolchain
from flashc.compiler.ir.parser import parse_program
from flashc.cython_core.layout import FLAG_INSTANT_END, IO_WORDS, KIND_BAR, OUT_WORDS, head
from flashc.runtime.backtest.driver import parameter_words
from flashc.runtime.backtest.snapshots import Taken, restore, save
from flashc.runtime.backtest.strategy_object import StrategyObject, open_object
from flashc.runtime.errors import RuntimeFault
from hypothesis import given, settings
from hypothesis import strategies as st

PROGRAM = """\
program p edition 1
instance btc
param %p0 f64 = 0x1.0p-3 "alpha"
stream %b0 bar btc "BTC/USDC" 60000000000 ns price 2 qty 6
slot %s0 i64[1] = 0 id 00000001 "account/qty"
slot %s1 i64[1] = 0 id 00000002 "btc.1m/seen"
slot %s2 f64[8] = 0x0.0p+0 id 00000003 "past"
slot %s3 f64[1] = 0x0.0p+0 id 00000004 "setup/alpha"
segment setup {
  %0: f64 = param.f %p0
  store.f %s3 %0
}
segment bar %b0 {
  %0: i64 = ev close
  %1: i64 = load.i %s1
  %2: i64 = iconst 1
  %3: i64 = iadd %1 %2
  store.i %s1 %3
  %4: f64 = i2f %0
  %5: f64 = load.f %s3
  %6: f64 = fmul %4 %5
  ring.put.f %s2 %3 %6
  store.i %s0 %0
}
segment decide %b0 {
  decided 0
}
"""
#: A slot more at the end, one that moved to the front, another length of the ring.
WITH_A_VALUE = PROGRAM.replace("segment setup", 'slot %s9 f64[1] = 0x1.0p+0 id 00000009 "new"\nsegment setup').replace(
    "store.i %s0 %0", "store.i %s0 %0\n  store.f %s9 %6"
)
MOVED = PROGRAM.replace(
    'slot %s0 i64[1] = 0 id 00000001 "account/qty"\nslot %s1 i64[1] = 0 id 00000002 "btc.1m/seen"\n',
    'slot %s1 i64[1] = 0 id 00000002 "btc.1m/seen"\nslot %s0 i64[1] = 0 id 00000001 "account/qty"\n',
)
LONGER = PROGRAM.replace("f64[8]", "f64[16]")
OTHER_TYPE = PROGRAM.replace("f64[8] = 0x0.0p+0", "i64[8] = 0").replace("ring.put.f %s2 %3 %6", "ring.put.i %s2 %3 %3")


class Running:
    """One object with its state."""

    def __init__(self, text: str, folder: Path, alpha: float = 0.125) -> None:
        path = folder / f"{abs(hash(text))}.so"
        if not path.exists():
            build(print_strategy(parse_program(text)), path, find_toolchain())
        self.object: StrategyObject = open_object(path)
        self.state = np.full(self.object.table.state_words, -1, dtype=np.int64)
        params = parameter_words([alpha])
        function = ctypes.CFUNCTYPE(ctypes.c_int64, *[ctypes.c_int64] * 4)(self.object.table.init)
        assert function(params.ctypes.data, params.ctypes.data, self.state.ctypes.data, 0) == 0

    def bars(self, first: int, last: int) -> Running:
        out, io, rows = (np.zeros(n, dtype=np.int64) for n in (OUT_WORDS, IO_WORDS, 3))
        function = ctypes.CFUNCTYPE(ctypes.c_int64, *[ctypes.c_int64] * 7)(self.object.table.events)
        for k in range(first, last):
            bar = np.array([k, head(KIND_BAR, FLAG_INSTANT_END), 0, 0, 0, 100 + k, 0, 0], dtype=np.int64)
            words = (a.ctypes.data for a in (out, rows, io))
            assert function(bar.ctypes.data, 1, self.state.ctypes.data, 0, *words) == 1
        return self


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("objects")


def test_a_stopped_strategy_goes_on_as_if_it_had_not_stopped(folder: Path) -> None:
    through, first, second = (Running(PROGRAM, folder) for _ in range(3))
    snapshot = save(first.object, first.bars(0, 5).state)
    assert restore(second.object, second.state, snapshot) is Taken.WHOLE
    assert second.bars(5, 9).state.tolist() == through.bars(0, 9).state.tolist()


def test_slots_are_found_again_by_their_ids_wherever_they_are(folder: Path) -> None:
    old, new = Running(PROGRAM, folder).bars(0, 5), Running(MOVED, folder)
    assert restore(new.object, new.state, save(old.object, old.state)) is Taken.CARRIED
    assert new.state[0] == old.state[1] == 5
    assert new.state[1] == old.state[0] == 104
    assert new.state[2:].tolist() == old.state[2:].tolist()


@pytest.mark.parametrize(
    "text", [WITH_A_VALUE, LONGER, OTHER_TYPE], ids=["another value", "a longer window", "another type"]
)
def test_values_of_the_market_start_anew_if_one_of_them_is_new(text: str, folder: Path) -> None:
    old, new, fresh = Running(PROGRAM, folder).bars(0, 5), Running(text, folder), Running(text, folder)
    assert restore(new.object, new.state, save(old.object, old.state)) is Taken.RESTARTED
    assert new.state[0] == 104, "the account is carried"
    assert new.state[1:].tolist() == fresh.state[1:].tolist()


def test_what_parameters_decide_is_not_carried(folder: Path) -> None:
    old, new = Running(PROGRAM, folder).bars(0, 5), Running(MOVED, folder, alpha=0.5)
    restore(new.object, new.state, save(old.object, old.state))
    assert new.state.view(np.float64)[10] == 0.5


def refusal(running: Running, snapshot: bytes) -> str:
    before = running.state.tolist()
    with pytest.raises(RuntimeFault) as refused:
        restore(running.object, running.state, snapshot)
    assert running.state.tolist() == before, "nothing was changed"
    assert refused.value.first.code == "FC0916"
    return refused.value.first.message


def test_what_is_no_whole_snapshot_is_refused_with_the_reason(folder: Path) -> None:
    running = Running(PROGRAM, folder).bars(0, 5)
    whole = save(running.object, running.state)
    assert refusal(running, b"") == "it is no snapshot"
    assert refusal(running, b"x" * len(whole)) == "it is no snapshot"
    assert refusal(running, whole[:20]) == "it is cut off after 20 bytes"
    assert refusal(running, whole[:-8]) == f"it has {len(whole) - 8} bytes, its own header says {len(whole)}"
    assert refusal(running, whole[:-1] + b"\x7f") == "its check sum is wrong: it is damaged or was changed"
    other = whole[:8] + (9).to_bytes(4, "little") + whole[12:]
    assert refusal(running, other) == "it has version 9 of the binary interface, this release has 1"


@settings(max_examples=300, deadline=None)
@given(data=st.data())
def test_no_damage_is_taken_up(folder: Path, data: st.DataObject) -> None:
    running = Running(PROGRAM, folder).bars(0, 5)
    whole = bytearray(save(running.object, running.state))
    at = data.draw(st.integers(0, len(whole) - 1))
    whole[at] ^= data.draw(st.integers(1, 255))
    assert refusal(running, bytes(whole))

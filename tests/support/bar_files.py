"""Bars in files, for the tests of what reads and checks them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from flashc.runtime.errors import RuntimeFault
from flashc.runtime.market_data.importers.bars import ImportOptions, import_bars
from flashc.runtime.market_data.importers.tables import read_table
from flashc.runtime.market_data.store.records import Dataset
from hypothesis import given, settings
from hypothesis import strategies as st

NOW = 1_800_000_000 * 10**9
T = 1_704_067_200  # 2024-01-01, seconds
HEAD = "ts,open,high,low,close,volume"


def import_file(path: Path, options: ImportOptions | None = None) -> Dataset:
    return import_bars(read_table(path), path, options or ImportOptions())


def options(*repairs: str, **said: str) -> ImportOptions:
    return ImportOptions(repairs=frozenset(repairs), now_ns=NOW, **said)


def row(minute: int, prices: str = "100,102,99,101,1.5", factor: int = 1000) -> str:
    return f"{(T + 60 * minute) * factor},{prices}"


def faults(path: Path, *repairs: str, **said: str) -> RuntimeFault:
    with pytest.raises(RuntimeFault) as caught:
        import_file(path, options(*repairs, **said))
    return caught.value


def damage_everywhere(path: Path, content: bytes, judge: Callable[[Path], object]) -> None:
    """Call `judge` for the file with a wrong byte, or cut short. A fault of it fails the test."""

    # The same damage every time: a reader's own crash must not come and go.
    @settings(max_examples=150, deadline=None, derandomize=True)
    @given(place=st.integers(0, len(content) - 1), value=st.integers(0, 255), cut=st.integers(0, 20))
    def damage(place: int, value: int, cut: int) -> None:
        damaged = bytearray(content)
        damaged[place] = value
        path.write_bytes(bytes(damaged[: len(damaged) - cut]))
        judge(path)

    damage()

"""Measured latencies from CSV and npz."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from flashc.runtime.backtest.latency_file import LatencyFileError, read_latencies


def test_a_csv_has_a_column_per_kind_and_empty_cells_are_skipped(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("when,place,cancel\nx,5,\ny,6,7\n")
    assert read_latencies(tmp_path / "a.csv") == {"place": (5, 6), "cancel": (7,)}


def test_an_npz_has_an_array_per_kind(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", place=np.array([5, 6]), response=np.array([1]))
    assert read_latencies(tmp_path / "a.npz") == {"place": (5, 6), "response": (1,)}


def test_order_latencies_of_hftbacktest_are_differences_of_times(tmp_path: Path) -> None:
    rows = np.array([(100, 130, 190), (200, 0, 0), (300, 340, 350)], dtype=[(n, "i8") for n in ("req_ts", "exch_ts", "resp_ts")])  # fmt: skip
    np.savez(tmp_path / "a.npz", data=rows)
    assert read_latencies(tmp_path / "a.npz") == {"place": (30, 40), "response": (60, 10)}


@pytest.mark.parametrize("text", ["", "place\n", "place\nfast\n", "place\n1.5\n", "other\n5\n", f"place\n{2**50}\n"])
def test_what_is_not_latencies_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "a.csv").write_text(text)
    with pytest.raises(LatencyFileError):
        read_latencies(tmp_path / "a.csv")


def test_a_broken_npz_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.npz").write_bytes(b"PK\x03\x04 broken")
    with pytest.raises(LatencyFileError):
        read_latencies(tmp_path / "a.npz")

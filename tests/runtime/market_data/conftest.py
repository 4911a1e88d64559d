"""Data for the tests of market data. Real files are used where FLASHC_REAL_DATA names their folder."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from flashc.runtime.market_data.bars import Bars, Dataset
from flashc.runtime.market_data.instruments import parse_instrument

MINUTE = 60 * 10**9
START = 1_704_067_200 * 10**9  # 2024-01-01
NOW = 1_800_000_000 * 10**9


@pytest.fixture(scope="session")
def real_data() -> Path:
    folder = os.environ.get("FLASHC_REAL_DATA")
    if not folder or not Path(folder).is_dir():
        pytest.skip("FLASHC_REAL_DATA does not name a folder of real files")
    return Path(folder)


@pytest.fixture
def write_csv(tmp_path: Path) -> Callable[..., Path]:
    """Write lines to a CSV file whose name tells the instrument and the period."""

    def write(*lines: str, name: str = "btc-usdt_1m.csv") -> Path:
        path = tmp_path / name
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        return path

    return write


@pytest.fixture
def make_dataset() -> Callable[..., Dataset]:
    """Bars at the given minutes after START, with prices that differ from bar to bar."""

    def make(
        minutes: list[int],
        symbol: str = "BTC/USDC",
        period_ns: int = MINUTE,
        notional: bool = False,
        name: str = "test",
    ) -> Dataset:
        k = np.asarray(minutes, np.int64)
        close = 100.0 + (k * 7919 % 101) / 100.0
        opens = 100.0 + (k * 104729 % 97) / 100.0
        volume = (k * 31 % 11) / 1000.0
        bars = Bars(
            START + k * period_ns,
            opens,
            np.round(np.maximum(opens, close) + 0.05, 2),
            np.round(np.minimum(opens, close) - 0.03, 2),
            close,
            volume,
            volume * (opens + close) / 2.0 if notional else None,
            k % 5,
        )
        instrument = parse_instrument(symbol)
        assert instrument is not None
        return Dataset(name, instrument, "test", period_ns, bars)

    return make

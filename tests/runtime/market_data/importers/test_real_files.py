"""The importer and the tape on recorded market data. Skipped where FLASHC_REAL_DATA is not set."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from flashc.cython_core import layout
from flashc.runtime.errors import RuntimeFault
from flashc.runtime.market_data.tapes.build import StreamNeed, build_tape
from flashc.runtime.market_data.verify.bars import verify
from support.bar_files import import_file

MINUTE = 60 * 10**9
_ROW = re.compile(
    r"\| `(?P<file>[a-z]+-[a-z]+_[a-z]+_[15]m_[^`]+)` \| (?P<symbol>\S+) \| [^|]+ \| [^|]+ \| [^|]+ "
    r"\| (?P<rows>[\d,]+) "
    r"\| (?P<missing>[\d,]+)(?: \((?P<runs>[\d,]+), (?P<longest>[\d,]+) min\))? \| (?P<still>[\d,]+) \|"
)


def number(text: str | None) -> int:
    return int((text or "0").replace(",", ""))


def test_every_bar_file_imports_cleanly_with_the_counts_of_its_description(real_data: Path):
    table = [_ROW.search(line) for line in (real_data / "README.md").read_text().splitlines()]
    described = [match for match in table if match]
    assert len(described) == 32
    for match in described:
        data = import_file(real_data / match["file"])
        report = verify(data)
        still = next(item.count for item in report.items if item.check == "zero_volume")
        assert data.instrument.symbol == match["symbol"]
        assert data.rules == ()
        assert report.ok
        assert (len(data.bars), report.missing_bars, len(report.gaps), still) == (
            number(match["rows"]),
            number(match["missing"]),
            number(match["runs"]),
            number(match["still"]),
        ), match["file"]
        if report.gaps:
            longest = max(gap.bars for gap in report.gaps) + 1  # from one bar to the next
            assert longest * data.period_ns // MINUTE == number(match["longest"])


def test_other_files_are_refused_by_name_of_their_kind(real_data: Path):
    refused = [p for p in real_data.glob("*.parquet") if re.search("depth|trades|bbo|quotes", p.name)]
    assert len(refused) == 15
    for path in refused:
        with pytest.raises(RuntimeFault) as caught:
            import_file(path)
        assert caught.value.first.code == "FC1002"
        assert "not OHLCV bars" in caught.value.first.message


def test_five_minute_bars_summed_here_equal_recorded_ones(real_data: Path):
    compared = 0
    recorded = [import_file(path) for path in sorted(real_data.glob("btc-usdt_binance_5m_*.parquet"))]
    for path in sorted(real_data.glob("btc-usdt_binance_1m_202[45]-0[12357]*.parquet")):
        if "2024-01" in path.name:
            continue  # before the recorded 5m files
        for five in recorded:
            compared += _equal_bars(import_file(path), five)
    assert compared == 44_910  # whole bars; the five-minute bar where a one-minute file ends is left out


def _equal_bars(one, five) -> int:
    start, stop = max(one.from_ns, five.from_ns), min(one.to_ns, five.to_ns)
    if start >= stop:
        return 0
    need = StreamNeed("bar", "BTC/USDT", 5 * MINUTE, 2, 6)
    ours = build_tape([one], [need], start, stop).records
    theirs = build_tape([five], [need], start, stop).records
    words = [layout.TIME, layout.OPEN, layout.HIGH, layout.LOW, layout.CLOSE]
    common = np.isin(theirs[:, layout.TIME], ours[:, layout.TIME])
    assert (theirs[common][:, words] == ours[:, words]).all()
    # five volumes are rounded to lots one by one here, and their sum there
    assert np.abs(theirs[common][:, layout.VOLUME] - ours[:, layout.VOLUME]).max() <= 3
    return len(ours)

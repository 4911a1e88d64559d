from __future__ import annotations

from dataclasses import replace

import numpy as np
from flashc.runtime.market_data.day_parts import parts_of, set_hash
from flashc.runtime.market_data.verify.bars import Report, verify


def item(report: Report, name: str):
    return next(found for found in report.items if found.check == name)


def test_gaps_are_listed_with_the_longest_first(make_dataset):
    report = verify(make_dataset([0, 1, 3, 10, 11, 13]))
    gaps = item(report, "gaps")
    assert (gaps.count, gaps.level, len(report.gaps)) == (8, "note", 3)
    assert gaps.worst[0] == "2024-01-01 00:04: 6 bars"
    assert "longest 6m" in gaps.found
    assert report.ok


def test_jumps_are_reported_not_refused(make_dataset):
    data = make_dataset([0, 1, 2])
    data.bars.close[1] *= 1.2
    data.bars.high[1] *= 1.3
    jumps = item(verify(data, jump=0.1), "jumps")
    assert (jumps.count, jumps.level) == (2, "note")
    assert jumps.worst[0].startswith("2024-01-01 00:01: +2")


def test_every_fault_is_found(make_dataset):
    data = make_dataset([0, 1, 2, 3, 4, 5])
    bars = data.bars
    bars.ts[2] = bars.ts[1]
    bars.ts[4] += 7
    bars.ts[5] -= 10**12
    bars.low[0] = np.nan
    bars.high[3] = 1.0
    report = verify(data)
    assert not report.ok
    faults = {found.check for found in report.items if found.level == "fault"}
    assert faults == {"order", "duplicates", "bar_grid", "values", "high_low"}


def test_values_off_the_venues_grid_are_counted(make_dataset):
    data = make_dataset([0, 1, 2], notional=True)
    data.bars.close[1] += 0.001
    found = item(verify(data), "price_grid")
    assert (found.count, found.level, "0.001" in found.found) == (1, "note", True)
    assert item(verify(data, price_decimals=3), "price_grid").level == "ok"


def test_bars_without_volume_are_counted(make_dataset):
    data = make_dataset(list(range(6)))
    data.bars.volume[2:5] = 0.0
    assert "longest run 3" in item(verify(data), "zero_volume").found


def test_changed_bars_are_a_fault_against_the_stored_hash(make_dataset):
    data = make_dataset([0, 1])
    stored = set_hash(parts_of(data))
    assert verify(data, stored_hash=stored).ok
    changed = replace(data, bars=replace(data.bars, close=data.bars.close + 0.01))
    assert item(verify(changed, stored_hash=stored), "content_hash").level == "fault"

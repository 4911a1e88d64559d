"""Every rule for rows of bars: what it refuses, by row, and what it changes when asked."""

from __future__ import annotations

import pytest
from support.bar_files import HEAD, T, faults, import_file, options, row


def test_identical_rows_are_dropped_and_counted(write_csv):
    data = import_file(write_csv(HEAD, row(0), row(1), row(1), row(2)), options())
    assert len(data.bars) == 3
    assert [(rule.name, rule.count) for rule in data.rules] == [("drop_exact_duplicates", 1)]


def test_rows_from_newest_to_oldest_are_turned_round(write_csv):
    data = import_file(write_csv(HEAD, row(2), row(1), row(0)), options())
    assert data.bars.ts[0] == T * 10**9
    assert [rule.name for rule in data.rules] == ["reverse_rows"]


BAD = [
    ("unsorted", [row(0), row(2), row(1)], "FC1004", 3, "sort_rows"),
    ("conflict", [row(0), row(1), row(1, "100,105,99,101,1.5")], "FC1005", 3, None),
    ("nan", [row(0), row(1, "100,102,NaN,101,1.5"), row(2)], "FC1006", 2, "drop_missing_values"),
    ("empty cell", [row(0), row(1, "100,102,,101,1.5"), row(2)], "FC1006", 2, "drop_missing_values"),
    ("infinite", [row(0), row(1, "100,inf,99,101,1.5"), row(2)], "FC1006", 2, "drop_missing_values"),
    ("text", [row(0), row(1, "100,102,99,oops,1.5"), row(2)], "FC1006", 2, None),
    ("negative price", [row(0), row(1, "100,102,-99,101,1.5"), row(2)], "FC1007", 2, "drop_bad_prices"),
    ("zero price", [row(0), row(1, "0,0,0,0,0"), row(2)], "FC1007", 2, "drop_bad_prices"),
    ("gigantic", [row(0), row(1, "100,1e15,99,101,1.5"), row(2)], "FC1007", 2, "drop_bad_prices"),
    ("negative volume", [row(0), row(1, "100,102,99,101,-1"), row(2)], "FC1007", 2, "drop_bad_prices"),
    ("high too low", [row(0), row(1, "100,100.5,99,101,1"), row(2)], "FC1007", 2, "widen_high_low"),
    ("off grid", [row(0), row(1), row(2), f"{(T + 185) * 1000},100,102,99,101,1"], "FC1008", 4, "drop_off_grid"),
    ("future", [row(0), row(1), f"{2_000_000_040 * 1000},100,102,99,101,1"], "FC1008", 3, "drop_future"),
    ("no time", [row(0), ",100,102,99,101,1"], "FC1006", 2, None),
    ("tiny time", [row(0), "17,100,102,99,101,1"], "FC1003", 2, None),
    ("word as time", ["2024-01-01T00:00:00Z,1,1,1,1,1", "yesterday,1,1,1,1,1"], "FC1003", 2, None),
]


@pytest.mark.parametrize(("lines", "code", "at", "repair"), [bad[1:] for bad in BAD], ids=[bad[0] for bad in BAD])
def test_bad_rows_are_refused_with_their_number_or_repaired_by_name(write_csv, lines, code, at, repair):
    path = write_csv(HEAD, *lines)
    error = faults(path).first
    assert (error.code, error.where.row) == (code, at)
    if repair is None:
        assert faults(path, "all").first.code == code
    else:
        assert any(repair in text for text in error.helps)
        assert [(rule.name, rule.count) for rule in import_file(path, options(repair)).rules] == [(repair, 1)]


def test_independent_faults_are_reported_together(write_csv):
    path = write_csv(HEAD, row(0), row(2, "0,0,0,0,0"), row(4, "100,100,99,101,1"), row(3), row(5, "1,nan,1,1,1"))
    assert [fault.code for fault in faults(path).faults] == ["FC1006", "FC1007", "FC1007", "FC1004"]

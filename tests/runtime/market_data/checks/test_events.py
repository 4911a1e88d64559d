"""Every rule for rows of books and trades: refused with the row's number, or dropped by name."""

from __future__ import annotations

from dataclasses import replace

import pytest
from flashc.runtime.errors import RuntimeFault
from flashc.runtime.market_data.events import EventSet
from flashc.runtime.market_data.importers.any_file import import_any
from flashc.runtime.market_data.importers.bars import ImportOptions

OPTIONS = ImportOptions(instrument="BTC/USDC")

GOOD = "1704067200000000,1704067200005000,1,100.5,2,false,7"


@pytest.mark.parametrize(
    ("row", "code", "rule"),
    [
        ("1704067200000000,,1,100.5,2,false,7", "FC1006", "drop_missing_stamps"),
        ("1704067200000000,1704067200005000,0,100.5,2,false,7", "FC1006", "drop_unknown_side"),
        ("1704067200000000,1704067200005000,sideways,100.5,2,false,7", "FC1006", "drop_unknown_side"),
        ("1704067200000000,1704067200005000,1,-100.5,2,false,7", "FC1007", "drop_bad_prices"),
        ("1704067200000000,1704067200005000,1,0,2,false,7", "FC1007", "drop_bad_prices"),
        ("1704067200000000,1704067200005000,1,100.5,-2,false,7", "FC1007", "drop_bad_prices"),
        ("1704067200000000,1704067200005000,1,100.5,1e300,false,7", "FC1007", "drop_bad_prices"),
        ("1704067200000000,1704067200005000,1,,2,false,7", "FC1006", "drop_missing_values"),
        ("1704067200000000,1704067200005000,1,nan,2,false,7", "FC1006", "drop_missing_values"),
    ],
)
def test_a_broken_row_is_refused_with_its_number_or_dropped_by_name(row, code, rule, tmp_path):
    path = tmp_path / "depth.csv"
    path.write_text("\n".join(["ts,local_ts,side,price,qty,is_snapshot,last_id", GOOD, row, GOOD]) + "\n")
    with pytest.raises(RuntimeFault) as caught:
        import_any(path, OPTIONS)
    assert (caught.value.first.code, caught.value.first.where.row) == (code, 2)
    assert rule in caught.value.first.helps[0]
    found = import_any(path, replace(OPTIONS, repairs=frozenset({rule})))
    assert isinstance(found, EventSet)
    assert found.book is not None
    assert len(found.book) == 2
    assert [(use.name, use.count) for use in found.rules] == [(rule, 1)]


def test_a_trade_of_nothing_is_refused(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("ts,price,qty,is_buyer_maker\n1704067200000000,100.5,0,true\n")
    with pytest.raises(RuntimeFault) as caught:
        import_any(path, OPTIONS)
    assert caught.value.first.code == "FC1007"

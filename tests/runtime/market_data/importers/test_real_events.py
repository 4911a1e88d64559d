"""Recorded books, trades and best prices: import, verify, build. Skipped where FLASHC_REAL_DATA is not set."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from flashc.cython_core import layout
from flashc.runtime.market_data.events import EventSet
from flashc.runtime.market_data.importers.any_file import combine, import_any
from flashc.runtime.market_data.tapes.build import StreamNeed, build_tape
from flashc.runtime.market_data.verify.events import verify_events
from support.book_replay import check_promises

_ROW = re.compile(r"\| `(?P<file>[^`]*_(?:depth|trades|bbo|depth5000)_[^`]*)` \| (?P<rows>[\d,]+) \|")


def events(path: Path) -> EventSet:
    found = import_any(path)
    assert isinstance(found, EventSet)
    return found


def need(data: EventSet, kind: str, period_ns: int = 0) -> StreamNeed:
    return StreamNeed(kind, data.instrument.symbol, period_ns, 2, 8)


def test_every_file_imports_verifies_and_builds_a_tape(real_data: Path):
    described = [_ROW.search(line) for line in (real_data / "README.md").read_text().splitlines()]
    files = {match["file"]: int(match["rows"].replace(",", "")) for match in described if match}
    assert len(files) == 13
    for name, rows in files.items():
        data = events(real_data / name)
        kind, part = next(iter(data.parts().items()))
        skipped = sum(rule.count for rule in data.rules if rule.name == "backlog_trades")
        if "_bbo_" not in name:
            assert len(part) + skipped == rows, name
        report = verify_events(data, 2, 8)
        assert report.ok
        found = {item.check: item.count for item in report.items}
        assert not any(found.get(rule) for rule in ("crossed_book", "one_sided_book", "sequence_gap")), name
        tape = build_tape([data], [need(data, "book" if kind == "book" else "trade")])
        if len(tape) < 100_000:
            check_promises(tape)


@pytest.mark.parametrize(("asset", "count"), [("btc", 1_072), ("eth", 1_056)])
def test_the_replayed_top_equals_the_best_prices_where_update_ids_are_shared(asset, count, real_data: Path):
    when = "2024-08-08_2024-08-09"
    depth = events(real_data / f"{asset}-usdt_binance_depth_{when}.parquet")
    best = events(real_data / f"{asset}-usdt_binance_bbo_{when}.parquet")
    tops = [
        {row[1]: row[2:] for row in check_promises(build_tape([data], [need(data, "book")]))[0]}
        for data in (depth, best)
    ]
    shared = tops[0].keys() & tops[1].keys()
    assert len(shared) == count
    assert all(tops[0][key] == tops[1][key] for key in shared)


def test_a_book_with_its_trades_gives_bars_that_close_on_the_minute(real_data: Path):
    when = "2024-08-08_2024-08-09"
    parts = [events(real_data / f"btc-usdt_binance_{kind}_{when}.parquet") for kind in ("depth", "trades")]
    data = combine(parts, "btc_l2")
    tape = build_tape([data], [need(data, "book"), need(data, "trade"), need(data, "bar", 60 * 10**9)])
    bars = tape.records[(tape.records[:, layout.HEAD] & 255) == layout.KIND_BAR]
    assert len(bars) == 10
    since = bars[:, layout.TIME] % (60 * 10**9)
    assert (since <= 250_000_000).all()
    trades = tape.records[(tape.records[:, layout.HEAD] & 255) == layout.KIND_TRADE]
    assert len(trades) == 19_903  # one came before the book was there
    assert tape.assumptions[0].startswith("the recorder's clock is taken to run 1275.8")
    assert (np.diff(trades[:, layout.UPDATE_ID]) == 1).all()

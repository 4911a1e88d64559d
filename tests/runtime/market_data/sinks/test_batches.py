"""Data sets as batches, and batches as lines and rows."""

from __future__ import annotations

import numpy as np
from flashc.runtime.market_data.sinks.batches import batches, ranks, row_count
from flashc.runtime.market_data.sinks.database import rows_of
from flashc.runtime.market_data.sinks.influx import authorization, line_protocol
from hypothesis import given
from hypothesis import strategies as st
from support.sink_data import T0, bars, trades


def test_bars_become_lines() -> None:
    (batch,) = batches(bars())
    assert line_protocol(batch).decode().splitlines() == [
        r"flashc_bars,dataset=my\ bars,instrument=BTC/USDC,period=1m,venue=mexc.spot "
        "open=10.5,high=10.5,low=10.5,close=10.5,volume=1.0,n_trades=3i 1790000000000000123",
        r"flashc_bars,dataset=my\ bars,instrument=BTC/USDC,period=1m,venue=mexc.spot "
        "open=11.0,high=11.0,low=11.0,close=11.0,volume=2.0,n_trades=4i 1790000060000000123",
    ]


def test_rows_of_one_time_differ_in_their_rank() -> None:
    book, found = batches(trades())
    assert found.n == [0, 1, 0]
    assert [",n=1" in line for line in line_protocol(found).decode().splitlines()] == [False, True, False]
    assert b"snapshot=true,ends=true" in line_protocol(book)


def test_batches_hold_all_rows_in_order() -> None:
    found = list(batches(trades(), rows=2))
    assert [(batch.kind, len(batch)) for batch in found] == [("book", 1), ("trades", 2), ("trades", 1)]
    assert sum(len(batch) for batch in found) == row_count(trades()) == 4
    assert row_count(bars()) == 2


def test_rows_have_null_for_what_is_absent() -> None:
    (batch,) = batches(bars())
    row = rows_of(batch)[0]
    assert row["notional"] is None
    assert (row["n"], row["ns"], row["n_trades"], row["period"]) == (0, T0, 3, "1m")
    assert row["time"].isoformat() == "2026-09-21T14:13:20+00:00"


@given(st.lists(st.integers(0, 3), max_size=30))
def test_time_and_rank_name_each_row(steps: list[int]) -> None:
    time = np.cumsum(np.array(steps, np.int64))
    keys = list(zip(time.tolist(), ranks(time).tolist(), strict=True))
    assert len(set(keys)) == len(keys)
    assert keys == sorted(keys)


def test_credentials_come_from_the_environment() -> None:
    assert authorization({}) == ()
    assert authorization({"INFLUX_TOKEN": "t"}) == (("Authorization", "Token t"),)
    assert authorization({"INFLUX_USERNAME": "u", "INFLUX_PASSWORD": "p"}) == (("Authorization", "Basic dTpw"),)

"""`flashc.data`: stored history and files as frames."""

from __future__ import annotations

from pathlib import Path

import flashc
import polars as pl
import pytest
from flashc.runtime.market_data.store.sets import save
from flashc.runtime.market_data.synth.book import BookParameters, generate_book


@pytest.fixture
def book(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("FLASHC_DATA", str(tmp_path))
    save(generate_book(BookParameters(duration_s=5, levels=5), "l2"), tmp_path)
    return "l2"


def test_a_kind_of_several_is_asked_for(book):
    trades = flashc.data(book, "trades")
    assert trades.columns == ["time", "receive", "venue_time", "side", "price", "qty", "trade_id"]
    assert trades["time"].dtype == pl.Datetime("ns", "UTC")
    assert (trades["time"].dt.epoch("ns") == trades["receive"]).all()
    for kind in (None, "bars"):
        with pytest.raises(flashc.FlashcError, match="book and trades"):
            flashc.data(book, kind)


def test_a_range_is_cut_at_both_ends(book):
    whole = flashc.data(book, "book")
    part = flashc.data(f"{book}@0", "book", from_="2024-01-01T00:00:01", to="2024-01-01T00:00:02")
    seconds = whole["time"].dt.second()
    assert len(part) == int((seconds == 1).sum()) > 0
    with pytest.raises(flashc.FlashcError) as caught:
        flashc.data(book, "book", to="2023-01-01")
    assert caught.value.codes == ("FC1012",)


def test_files_are_read_as_data_sets_are(book, tmp_path):
    path = tmp_path / "btc-usdc_1m.csv"
    path.write_text("ts,open,high,low,close,volume\n1704067200,1,1,1,1,1\n1704067260,1,1,1,1,2\n")
    assert flashc.data(str(path), from_="2024-01-01T00:01")["volume"].to_list() == [2.0]
    with pytest.raises(flashc.FlashcError) as caught:
        flashc.data("l3")
    assert caught.value.codes == ("FC1011",)
    with pytest.raises(flashc.FlashcError):
        flashc.data(str(path), to="2023-01-01")

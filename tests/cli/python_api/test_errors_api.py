"""Whatever the caller can mend is a `FlashcError` with the rendered message."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import flashc
import polars as pl
import pytest
from support.strategies import EMA_CROSS

SLIP = EMA_CROSS.replace("cross_up(quick", "cross_up(quik")


def frame(**changes: Any) -> pl.DataFrame:
    bars = flashc.data("demo").select(pl.col("time").dt.epoch("ns").alias("ts"), pl.exclude("time"))
    return bars.head(300).with_columns(**changes)


@pytest.mark.parametrize(
    ("data", "arguments", "kind", "says"),
    [
        ("demo", {"fats": 3}, "usage", ("error[FC1101]: `ema_cross` has no parameter `fats`", "did you mean `fast`?")),
        ("demo", {"slipage": 3}, "usage", ("no parameter `slipage`", "did you mean `slippage`?")),
        ("demo", {"fast": "lots"}, "usage", ("error[FC1102]: `fast=lots` cannot be used",)),
        ("demo", {"fast": None}, "usage", ("`fast=None` cannot be used", "'3h'")),
        ("demo", {"fees": "x"}, "usage", ("`fees=x` is not a fee",)),
        ("demo", {"fees": object}, "usage", ("is not a rate",)),
        ("demo", {"slippage": -1}, "usage", ("`slippage=-1` is not a number of ticks",)),
        ("demo", {"from_": "soon"}, "usage", ("`from_='soon'` is not a time",)),
        ("demo", {"from_": "2024-01-03", "to": "2024-01-02"}, "usage", ("`from_` is not before `to`",)),
        ("demo", {"from_": "2030-01-01"}, "data", ("error[FC1012]",)),
        ("demo", {"queue": "prob_log"}, "usage", ("`queue` is about order books",)),
        ("demo", {"engine": "d"}, "usage", ("error[FC1105]: there is no engine `d`", "auto, c, numba, ref")),
        ("dema", {}, "usage", ("error[FC1011]", "did you mean `demo`?")),
        (3, {}, "usage", ("`data` cannot be of type int", "pandas DataFrame")),
        ([], {}, "usage", ("no data was given",)),
        ({"btcc": None}, {}, "usage", ("cannot be of type NoneType",)),
    ],
    ids=str,
)
def test_wrong_use_is_said_in_python(data: Any, arguments: dict[str, Any], kind: str, says: tuple[str, ...]) -> None:
    with pytest.raises(flashc.FlashcError) as caught:
        flashc.load("s.yaml").backtest(data, **arguments)
    text = str(caught.value)
    assert caught.value.kind == kind
    assert "--" not in text.replace(" --> ", "").replace("`flashc data", "")
    for part in says:
        assert part in text


def test_faults_of_a_frame_name_the_frame_and_the_row() -> None:
    strategy = flashc.load("s.yaml")
    holed = frame(close=pl.when(pl.int_range(pl.len()) == 41).then(None).otherwise(pl.col("close")))
    for data, says in (
        (frame().drop("close"), "missing column: close\n --> frame of BTC/USDC"),
        (holed, "frame of BTC/USDC, row 42"),
        ({"ETH/USDC": frame()}, "the strategy needs data of BTC/USDC"),
        ({"!": frame()}, "`!` is not an instrument"),
        (frame(ts=pl.col("ts") // 7), "FC100"),
        (frame().head(0), "FC1001"),
        (frame().with_columns(close=pl.lit("x")), "`x` in column close is not a number"),
    ):
        with pytest.raises(flashc.FlashcError) as caught:
            strategy.backtest(data)
        assert says in str(caught.value)
        assert "cache" not in str(caught.value)


def test_mistakes_in_the_file_are_values_until_something_needs_the_file_to_be_right() -> None:
    strategy = flashc.loads(SLIP)
    (error,) = strategy.check().errors
    assert error.code == "FC0102"
    assert repr(strategy) == "<Strategy ema_cross: 1 error, see .check()>"
    for attempt in (lambda: strategy.backtest("demo"), strategy.compile, lambda: strategy.params):
        with pytest.raises(flashc.FlashcError) as caught:
            attempt()
        assert caught.value.codes == ("FC0102",)
        assert "strategy.yaml:10:18" in str(caught.value)
        assert "did you mean `quick`" in str(caught.value)


def test_a_text_that_is_no_strategy_is_reported_too() -> None:
    for text in ("", "[", "flash: 1\n", "a: b: c"):
        strategy = flashc.loads(text)
        assert strategy.check().errors
        assert "error" in repr(strategy)
        assert "<pre>" in strategy._repr_html_()


def test_files_that_cannot_be_read_or_written_are_said_so() -> None:
    with pytest.raises(flashc.FlashcError, match=r"there is no file `nope\.yaml`"):
        flashc.load("nope.yaml")
    result = flashc.load("s.yaml").backtest("demo")
    Path("blocked").write_text("")
    for attempt in (
        lambda: result.report("."),
        lambda: result.save("blocked"),
        lambda: result.report("blocked/a.html"),
    ):
        with pytest.raises(flashc.FlashcError):
            attempt()


def test_a_notebook_shows_the_message_without_a_traceback() -> None:
    with pytest.raises(flashc.FlashcError) as caught:
        flashc.loads(SLIP).compile()
    assert caught.value._render_traceback_()[0] == "error[FC0102]: no value called `quik`"


def test_unknown_names_of_the_package_are_attribute_errors() -> None:
    with pytest.raises(AttributeError, match="no attribute 'lode'"):
        _ = flashc.lode
    assert {"load", "loads", "FlashcError"} <= set(dir(flashc))

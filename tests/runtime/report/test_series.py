from __future__ import annotations

import numpy as np
from flashc.cython_core import layout
from flashc.runtime.report import series
from flashc.runtime.report.series import Bars, Indicator, bar_columns, bars_of_samples, bars_of_tape, indicator_columns
from hypothesis import given
from hypothesis import strategies as st
from support.report_runs import MINUTE, made_bars


def restored(columns: dict[str, np.ndarray]) -> list[tuple[int, int, int, int]]:
    """What the page's script makes of the columns: (open, high, low, close) of each bar."""
    found, last = [], 0
    rows = zip(*(columns[name].tolist() for name in ("gap", "body", "above", "below")), strict=True)
    for gap, body, above, below in rows:
        first = last + gap
        last = first + body
        found.append((first, max(first, last) + above, min(first, last) - below, last))
    return found


def test_bars_survive_their_columns() -> None:
    bars = made_bars(50)
    prices = zip(bars.open.tolist(), bars.high.tolist(), bars.low.tolist(), bars.close.tolist(), strict=True)
    assert restored(bar_columns(bars)) == list(prices)


def test_bars_of_a_tape_are_those_of_one_stream() -> None:
    records = np.zeros((3, 8), np.int64)
    records[:, layout.HEAD] = [
        layout.head(layout.KIND_BAR, 1, 0),
        layout.head(layout.KIND_BAR, 0, 1),
        layout.head(layout.KIND_TRADE),
    ]
    records[:, layout.TIME] = [10, 20, 30]
    records[:, layout.CLOSE] = [1, 2, 3]
    assert bars_of_tape(records, 1, "A/B", 0, 0, 5).close.tolist() == [2]
    assert bars_of_tape(records[:1], 0, "A/B", 0, 0, 5).time.tolist() == [10]


@given(st.lists(st.tuples(st.integers(1, 40), st.integers(1, 99)), min_size=1, max_size=60))
def test_bars_of_samples_agree_with_a_plain_loop(samples: list[tuple[int, int]]) -> None:
    time = np.cumsum([step for step, _ in samples])
    price = np.array([p for _, p in samples])
    found = bars_of_samples("A/B", 0, 0, time, price, 10)
    slots: dict[int, list[int]] = {}
    for at, p in zip(time.tolist(), price.tolist(), strict=True):
        slots.setdefault(-(-at // 10) * 10, []).append(p)
    assert found.time.tolist() == list(slots)
    expected = [(v[0], max(v), min(v), v[-1]) for v in slots.values()]
    assert list(zip(found.open, found.high, found.low, found.close, strict=True)) == expected


def test_no_samples_make_no_bars() -> None:
    empty = np.empty(0, np.int64)
    assert len(bars_of_samples("A/B", 0, 0, empty, empty, 10, empty)) == 0


def test_too_many_bars_are_merged(monkeypatch) -> None:
    monkeypatch.setattr(series, "MOST_BARS", 4)
    bars = made_bars(10)
    found = series.merged(bars)
    assert len(found) == 4
    assert found.period_ns == 3 * MINUTE
    assert found.open.tolist() == bars.open[::3].tolist()
    assert found.high.tolist() == [max(bars.high[k : k + 3]) for k in range(0, 10, 3)]
    assert int(found.volume.sum()) == int(bars.volume.sum())


class TestIndicators:
    def column(self, values: list[float], unit: str = "ratio") -> tuple[dict[str, np.ndarray], dict]:
        time = np.arange(1, len(values) + 1) * 1000
        return indicator_columns(Indicator("x", unit, time, np.array(values, np.float64)))

    def test_values_are_kept_to_a_step_and_absence_is_zero(self) -> None:
        columns, how = self.column([float("nan"), 1.0, 2.5, 5.0])
        numbers = columns["value"].tolist()
        assert numbers[0] == 0
        assert [how["low"] + (n - 1) * how["step"] for n in numbers[1:]] == [1.0, 2.5, 5.0]

    def test_a_value_that_never_exists_or_never_moves_is_fine(self) -> None:
        assert self.column([float("nan")] * 3)[0]["value"].tolist() == [0, 0, 0]
        assert self.column([7.0] * 3)[0]["value"].tolist() == [1, 1, 1]

    def test_a_range_beyond_floats_is_left_out(self) -> None:
        assert self.column([-1.7e308, 1.7e308])[0]["value"].tolist() == [0, 0]

    def test_a_condition_becomes_the_times_at_which_it_turns(self) -> None:
        assert self.column([0, 1, 1, 0, 1], "bool")[0]["edges"].tolist() == [2, 4, 5, 5]

    def test_the_unit_says_where_it_is_drawn(self) -> None:
        time, values = np.empty(0, np.int64), np.empty(0)
        places = [Indicator("x", unit, time, values).place for unit in ("price", "bool", "ratio")]
        assert places == ["price", "marks", "x"]


def test_a_bar_of_any_instrument_is_a_value() -> None:
    assert isinstance(made_bars(1), Bars)

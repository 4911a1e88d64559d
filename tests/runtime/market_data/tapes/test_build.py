"""Laws of the tape against a slow, obvious reference."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from flashc.cython_core import layout
from flashc.runtime.errors import RuntimeFault
from flashc.runtime.market_data.bars import Dataset, content_hash
from flashc.runtime.market_data.tapes.build import StreamNeed, Tape, build_tape, open_tape, write_tape
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

MINUTE = 60 * 10**9
START = 1_704_067_200 * 10**9
LAWS = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)

minutes = st.lists(st.integers(0, 70), min_size=1, max_size=60, unique=True).map(sorted)


def need(period: int = 1, symbol: str = "BTC/USDC") -> StreamNeed:
    return StreamNeed("bar", symbol, period * MINUTE, 2, 6)


def build_or_none(
    datasets: list[Dataset], needs: list[StreamNeed], from_ns: int | None = None, to_ns: int | None = None
) -> Tape | None:
    """The tape, or None where no whole bar lies in the range."""
    try:
        return build_tape(datasets, needs, from_ns, to_ns)
    except RuntimeFault as error:
        if error.first.code == "FC1012":
            return None
        raise


def nearest(value: Fraction) -> int:
    return round(value)  # ties to even, as the rules say


def reference_base(data: Dataset) -> dict[int, list[int]]:
    """Close time -> [carried, count, open, high, low, close, volume, notional], one entry per minute."""
    bars, result = data.bars, {}
    rows = {int(ts): k for k, ts in enumerate(bars.ts)}
    last = 0
    for ts in range(int(bars.ts[0]), int(bars.ts[-1]) + 1, MINUTE):
        k = rows.get(ts)
        if k is None:
            result[ts + MINUTE] = [1, 0, last, last, last, last, 0, 0]
            continue
        ticks = [round(float(column[k]) * 100.0) for column in (bars.open, bars.high, bars.low, bars.close)]
        lots = round(float(bars.volume[k]) * 1e6)
        notional = nearest(Fraction((ticks[1] + ticks[2] + ticks[3]) * lots, 3))
        if bars.notional is not None:
            notional = min(max(round(float(bars.notional[k]) * 1e8), ticks[2] * lots), ticks[1] * lots)
        result[ts + MINUTE] = [0, int(bars.n_trades[k]), *ticks, lots, notional]
        last = ticks[3]
    return result


def reference_aggregate(base: dict[int, list[int]], factor: int) -> dict[int, list[int]]:
    result = {}
    for close in base:
        parts = [base.get(close - (factor - 1 - k) * MINUTE) for k in range(factor)]
        if close % (factor * MINUTE) or None in parts:
            continue
        result[close] = [
            min(p[0] for p in parts), sum(p[1] for p in parts), parts[0][2], max(p[3] for p in parts),
            min(p[4] for p in parts), parts[-1][5], sum(p[6] for p in parts), sum(p[7] for p in parts),
        ]  # fmt: skip
    return result


def reference_tape(feeds: list[tuple[Dataset, int]]) -> list[list[int]]:
    """Records of several streams; a feed is a data set and its period in minutes."""
    start = max(int(data.bars.ts[0]) for data, _ in feeds)
    stop = min(int(data.bars.ts[-1]) + MINUTE for data, _ in feeds)
    order = {data.instrument: k for k, (data, _) in reversed(list(enumerate(feeds)))}
    events = []
    for number, (data, factor) in enumerate(feeds):
        base = {t: bar for t, bar in reference_base(data).items() if start < t <= stop}
        for time, (carried, count, *words) in reference_aggregate(base, factor).items():
            head = layout.head(layout.KIND_BAR, carried * layout.FLAG_CARRIED, number, count)
            events.append(((time, factor, order[data.instrument], number), [time, head, *words]))
    records = [record for _, record in sorted(events)]
    for k, record in enumerate(records):
        if k + 1 == len(records) or records[k + 1][0] != record[0]:
            record[1] |= layout.FLAG_INSTANT_END << layout.FLAG_SHIFT
    return records


@LAWS
@given(minutes=minutes, notional=st.booleans())
def test_a_tape_of_one_stream_equals_the_reference(make_dataset, minutes, notional):
    data = make_dataset(minutes, notional=notional)
    assert build_tape([data], [need()]).records.tolist() == reference_tape([(data, 1)])


@LAWS
@given(minutes=minutes, periods=st.lists(st.sampled_from([1, 2, 3, 5, 15]), min_size=1, max_size=4))
def test_longer_bars_are_sums_of_whole_aligned_shorter_ones(make_dataset, minutes, periods):
    data = make_dataset(minutes)
    base = reference_base(data)
    needs = [need(period) for period in periods]
    if any(not reference_aggregate(base, period) for period in periods):
        with pytest.raises(RuntimeFault) as caught:
            build_tape([data], needs)
        assert caught.value.first.code == "FC1012"
        return
    assert build_tape([data], needs).records.tolist() == reference_tape([(data, period) for period in periods])


@LAWS
@given(one=minutes, two=minutes, periods=st.lists(st.sampled_from([1, 5]), min_size=2, max_size=2))
def test_instruments_are_merged_in_file_order_over_their_common_range(make_dataset, one, two, periods):
    btc, eth = make_dataset(one, name="b"), make_dataset(two, "ETH/USDC", name="e")
    needs = [need(periods[0], "ETH/USDC"), need(1), need(periods[1]), need(1, "ETH/USDC")]
    feeds = [(eth, periods[0]), (btc, 1), (btc, periods[1]), (eth, 1)]
    tape = build_or_none([btc, eth], needs)
    if tape is not None:
        assert tape.records.tolist() == reference_tape(feeds)


@LAWS
@given(minutes=minutes, cut=st.tuples(st.integers(-3, 75), st.integers(-3, 75)), period=st.sampled_from([1, 5]))
def test_building_a_range_equals_slicing_the_whole(make_dataset, minutes, cut, period):
    data = make_dataset(minutes)
    start, stop = (START + edge * MINUTE for edge in cut)
    whole, part = build_or_none([data], [need(period)]), build_or_none([data], [need(period)], start, stop)
    times = whole.records[:, layout.TIME] if whole else np.empty(0, np.int64)
    kept = (times - period * MINUTE >= start) & (times <= stop)
    assert (part is not None) == bool(kept.any())
    if part is not None and whole is not None:
        assert part.records.tolist() == whole.records[kept].tolist()


@LAWS
@given(minutes=minutes)
def test_a_tape_survives_its_file(make_dataset, tmp_path, minutes):
    tape = build_tape([make_dataset(minutes)], [need()])
    path = tmp_path / "x.tape"
    write_tape(tape, path)
    again = open_tape(path)
    assert again.records.tolist() == tape.records.tolist()
    assert again.tape_hash() == tape.tape_hash()
    assert (again.streams, again.rules, again.data_hash) == (tape.streams, tape.rules, tape.data_hash)


def test_every_rule_is_counted(make_dataset):
    tape = build_tape([make_dataset([0, 1, 5, 6, 12])], [need(), need(5)])
    counts = {rule.name: rule.count for rule in tape.rules}
    assert counts == {"vwap_from_hlc3": 5, "carry_close": 8, "partial_bar_dropped": 1}
    assert [stream.n_carried for stream in tape.streams] == [8, 0]


def test_values_off_the_grid_are_counted_with_the_largest_change(make_dataset):
    data = make_dataset([0, 1])
    bars = data.bars
    bars.close[0] = 100.125  # a tie: to the even tick
    bars.high[0] = 101.0
    bars.volume[1] = 0.0000004
    tape = build_tape([data], [need()])
    rules = {rule.name: rule for rule in tape.rules}
    assert tape.records[0, layout.CLOSE] == 10012
    assert (rules["price_to_tick"].count, "0.005" in rules["price_to_tick"].detail) == (1, True)
    assert "1 became 0" in rules["volume_to_lot"].detail


def test_a_traded_value_outside_its_bar_is_clamped_and_counted(make_dataset):
    data = make_dataset([1, 2], notional=True)
    assert data.bars.notional is not None
    data.bars.notional[0] *= 3.0
    tape = build_tape([data], [need()])
    assert tape.records[0, layout.NOTIONAL] == tape.records[0, layout.HIGH] * tape.records[0, layout.VOLUME]
    assert [(rule.name, rule.count) for rule in tape.rules] == [("vwap_clamped", 1)]


def test_the_data_hash_depends_on_the_used_bars_only(make_dataset):
    short, long = make_dataset(list(range(20))), make_dataset(list(range(40)), name="other")
    stop = START + 20 * MINUTE
    assert build_tape([short], [need()]).data_hash == build_tape([long], [need(5)], None, stop).data_hash
    assert build_tape([long], [need()]).data_hash != build_tape([short], [need()]).data_hash
    assert build_tape([long], [need()]).data_hash == content_hash(long.bars)


def test_dollar_quotes_stand_for_each_other_and_that_is_stated(make_dataset):
    tape = build_tape([make_dataset([0, 1], "BTC/USDT")], [need()])
    assert "BTC/USDT prices stand for BTC/USDC" in tape.assumptions[0]
    assert (tape.streams[0].symbol, tape.streams[0].data_symbol) == ("BTC/USDC", "BTC/USDT")


@pytest.mark.parametrize("symbol", ["ETH/USDC", "BTC/EUR"])
def test_data_of_another_instrument_is_refused(make_dataset, symbol):
    with pytest.raises(RuntimeFault) as caught:
        build_tape([make_dataset([0, 1], symbol)], [need()])
    assert caught.value.first.code == "FC1014"


def test_every_missing_stream_is_named_with_the_command_that_gets_it(make_dataset):
    data = make_dataset(list(range(10)), period_ns=5 * MINUTE)
    needs = [need(1), need(5), need(5, "ETH/USDC"), StreamNeed("book", "BTC/USDC", 0, 2, 6)]
    with pytest.raises(RuntimeFault) as caught:
        build_tape([data], needs)
    fault = caught.value.first
    assert fault.code == "FC1010"
    assert fault.facts["missing"] == ("1m bars of BTC/USDC", "5m bars of ETH/USDC", "book updates of BTC/USDC")
    assert any("data import" in text and "ETH/USDC" in text for text in fault.helps)


def test_two_data_sets_for_one_stream_are_refused(make_dataset):
    with pytest.raises(RuntimeFault) as caught:
        build_tape([make_dataset([0], name="a"), make_dataset([0], name="b")], [need()])
    assert caught.value.first.code == "FC1011"


def test_a_range_without_bars_names_what_there_is(make_dataset):
    with pytest.raises(RuntimeFault) as caught:
        build_tape([make_dataset([0, 1])], [need()], START + 10**15, None)
    assert caught.value.first.code == "FC1012"
    assert "2024-01-01 00:00 to 2024-01-01 00:02" in caught.value.first.notes[0]


def test_numbers_too_large_for_the_tape_are_refused(make_dataset):
    data = make_dataset([0, 1])
    data.bars.volume[1] = 1e14
    with pytest.raises(RuntimeFault) as caught:
        build_tape([data], [need()])
    assert caught.value.first.code == "FC1016"


@pytest.mark.parametrize(
    "damage",
    [lambda d: b"", lambda d: d[:-8], lambda d: b"X" + d[1:], lambda d: d[:8] + b"\x09" + d[9:], lambda d: d[:64]],
)
def test_a_damaged_tape_is_refused(make_dataset, tmp_path, damage):
    path = tmp_path / "x.tape"
    write_tape(build_tape([make_dataset([0, 1])], [need()]), path)
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(RuntimeFault) as caught:
        open_tape(path)
    assert caught.value.first.code == "FC1015"


def test_a_tape_with_any_one_bit_changed_is_refused(make_dataset, tmp_path):
    path = tmp_path / "x.tape"
    tape = build_tape([make_dataset([0, 1])], [need()])
    write_tape(tape, path)
    whole = path.read_bytes()
    padding = range(whole.rindex(b"}") + 1, len(whole) - tape.records.nbytes)
    for at in sorted({*range(48), *range(64, len(whole))} - set(padding)):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 1 << at % 8]) + whole[at + 1 :])
        with pytest.raises(RuntimeFault) as caught:
            open_tape(path)
        assert caught.value.first.code == "FC1015", at


def test_a_sum_too_large_for_the_tape_is_refused(make_dataset):
    data = make_dataset(list(range(10)))
    data.bars.volume[:] = 3.5e5
    for column in (data.bars.open, data.bars.high, data.bars.low, data.bars.close):
        column *= 200.0
    assert len(build_tape([data], [need(1)])) == 10
    with pytest.raises(RuntimeFault) as caught:
        build_tape([data], [need(5)])
    assert caught.value.first.code == "FC1016"


def test_records_are_aligned_in_the_file(make_dataset, tmp_path):
    path = tmp_path / "x.tape"
    tape: Tape = build_tape([make_dataset([0, 1])], [need()])
    write_tape(tape, path)
    assert path.read_bytes()[-2 * 64 :] == np.ascontiguousarray(tape.records).tobytes()
    assert path.stat().st_size % 64 == 0

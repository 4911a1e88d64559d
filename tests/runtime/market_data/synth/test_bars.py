from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from flashc.runtime.errors import RuntimeFault
from flashc.runtime.market_data.bars import content_hash
from flashc.runtime.market_data.synth.bars import REGIMES, SynthParameters, generate
from flashc.runtime.market_data.synth.prng import GAMMA, Stream
from flashc.runtime.market_data.verify.bars import verify
from hypothesis import given, settings
from hypothesis import strategies as st

SMALL = SynthParameters(bars=3000, jump_rate=0.01, missing_rate=0.01, outage_rate=0.001, still_rate=0.02)
GOLDEN = "9ccb82d453fe1061d88f610b2c845b1c71736d4dd54c8b60a014791874ce480a"


def split_mix(state: int) -> int:
    """SplitMix64's finaliser in whole numbers of any size."""
    mask = (1 << 64) - 1
    state = (state ^ (state >> 30)) * 0xBF58476D1CE4E5B9 & mask
    state = (state ^ (state >> 27)) * 0x94D049BB133111EB & mask
    return state ^ (state >> 31)


def test_the_random_stream_is_split_mix_64():
    stream = Stream(7, "noise")
    start = stream._state
    words = [*stream.words(3).tolist(), *stream.words(2).tolist()]
    assert words == [split_mix((start + k * GAMMA) % 2**64) for k in range(1, 6)]


def test_normal_draws_have_mean_zero_and_variance_one():
    draws = Stream(1, "x").normal(100_000)
    assert abs(float(draws.mean())) < 0.02
    assert abs(float(draws.var()) - 1.0) < 0.02
    assert float(np.abs(draws).max()) < 6.0


def test_the_same_seed_gives_the_same_bits_on_every_machine():
    assert content_hash(generate(SMALL).bars) == GOLDEN


def test_instruments_of_a_seed_move_together_but_not_alike():
    btc = generate(SynthParameters(bars=20_000, regime="walk")).bars.close
    eth = generate(SynthParameters(bars=20_000, regime="walk", instrument="ETH/USDC", price=2500.0)).bars.close
    together = float(np.corrcoef(np.diff(np.log(btc)), np.diff(np.log(eth)))[0, 1])
    assert 0.4 < together < 0.95


def test_another_seed_gives_another_market():
    assert content_hash(generate(replace(SMALL, seed=2)).bars) != GOLDEN


@settings(max_examples=25, deadline=None)
@given(
    seed=st.integers(0, 2**63),
    bars=st.integers(1, 400),
    regime=st.sampled_from(REGIMES),
    volatility=st.floats(0.0, 0.05),
    jump=st.floats(0.0, 0.5),
    holes=st.floats(0.0, 0.5),
)
def test_every_market_passes_verification(seed, bars, regime, volatility, jump, holes):
    parameters = SynthParameters(
        seed=seed, bars=bars, regime=regime, volatility=volatility, jump_rate=jump, missing_rate=holes,
        outage_rate=holes / 50, still_rate=holes, regime_bars=50,
    )  # fmt: skip
    data = generate(parameters)
    report = verify(data)
    assert report.ok
    by_name = {item.check: item for item in report.items}
    assert by_name["price_grid"].count == by_name["volume_grid"].count == 0
    assert data.from_ns == parameters.start_ns
    assert data.to_ns == parameters.start_ns + bars * parameters.period_ns


def test_outages_and_still_bars_are_made():
    report = verify(generate(SMALL))
    assert report.missing_bars > 50
    assert max(gap.bars for gap in report.gaps) > 10
    assert next(item.count for item in report.items if item.check == "zero_volume") > 20


def test_a_range_stays_near_its_start_and_a_trend_does_not():
    calm = generate(SynthParameters(bars=20_000, regime="range", jump_rate=0.0)).bars.close
    steep = generate(SynthParameters(bars=20_000, regime="trend", jump_rate=0.0, trend_strength=0.1)).bars.close
    assert np.abs(calm / calm[0] - 1.0).max() < 0.12
    assert abs(steep[-1] / steep[0] - 1.0) > 0.2


def test_every_parameter_out_of_bounds_is_named():
    bad = SynthParameters(bars=0, regime="sideways", volatility=-1.0, start_ns=7, jump_rate=2.0)
    with pytest.raises(RuntimeFault) as caught:
        generate(bad)
    assert len(caught.value.first.notes) == 5


def test_progress_is_reported_to_the_end():
    seen: list[int] = []
    generate(replace(SMALL, bars=70_000), progress=seen.append)
    assert seen == [65_536, 70_000]

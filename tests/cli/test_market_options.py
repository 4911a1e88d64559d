"""--latency, --queue and --fill as values, and as facts of a run that can be taken again."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from flashc.cli.market_options import MarketOptions, market_options, options_from_facts
from flashc.cli.problem import Problem

MS = 10**6


def test_defaults_are_ten_milliseconds_each_way_and_a_queue_model_in_the_middle() -> None:
    model = market_options(None, None, None).model
    assert (model.latency.place, model.latency.cancel, model.latency.response) == ((10 * MS,),) * 3
    assert (model.queue, model.power, model.refill_half_life_ns, model.impact) == ("prob_power", 3.0, 0, 0.0)


def test_latencies_are_given_by_kind_and_the_others_keep_their_default() -> None:
    options = market_options("place=2ms, cancel=500us,feed=1.5ms", None, None)
    latency = options.model.latency
    assert (latency.place, latency.cancel, latency.response) == ((2 * MS,), (500_000,), (10 * MS,))
    assert options.feed.shift_ns == 1_500_000


def test_a_queue_model_may_carry_its_exponent() -> None:
    assert market_options(None, "prob_power:2.5", None).model.power == 2.5
    assert market_options(None, "risk_averse", None).model.queue == "risk_averse"


def test_fill_assumptions_are_read() -> None:
    options = market_options(None, None, "refill=500ms,impact=0.1,band=5%,order=trades_first")
    assert (options.model.refill_half_life_ns, options.model.impact) == (500 * MS, 0.1)
    assert (options.model.band_parts, options.feed.order) == (5_000_000, "trades_first")


@pytest.mark.parametrize(
    ("latency", "queue", "fill"),
    [
        ("place=2", None, None),
        ("place=-2ms", None, None),
        ("place=ms", None, None),
        ("place=1ms,place=2ms", None, None),
        ("flight=2ms", None, None),
        ("nowhere.csv", None, None),
        ("place=1e9s", None, None),
        (None, "prob", None),
        (None, "prob_power:0", None),
        (None, "prob_power:nan", None),
        (None, "prob_log:2", None),
        (None, None, "order=random"),
        (None, None, "impact=-1"),
        (None, None, "impact=inf"),
        (None, None, "refill"),
        (None, None, "band=2000%"),
        (None, None, "band=5"),
        (None, None, ""),
    ],
)
def test_a_value_that_makes_no_sense_is_wrong_use_with_a_way_on(
    latency: str | None, queue: str | None, fill: str | None
) -> None:
    with pytest.raises(Problem) as raised:
        market_options(latency, queue, fill)
    assert (raised.value.kind, bool(raised.value.helps)) == ("usage", True)


def test_measured_latencies_come_from_a_file_and_are_known_again(tmp_path: Path) -> None:
    path = tmp_path / "measured.csv"
    path.write_text("place,response\n2000000,1000000\n3000000,\n")
    options = market_options(str(path), None, None)
    assert options.model.latency.place == options.model.latency.cancel == (2 * MS, 3 * MS)
    assert options.model.latency.response == (MS,)
    facts = json.loads(json.dumps(options.facts()))
    assert facts["latency_ns"]["place"]["count"] == 2
    assert options_from_facts(facts) == options
    path.write_text("place\n1\n2\n")
    with pytest.raises(Problem, match="not those of the run"):
        options_from_facts(facts)


def test_a_broken_file_of_latencies_is_a_fault_of_the_data(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("place\n-5\n")
    with pytest.raises(Problem) as raised:
        market_options(str(tmp_path / "x.csv"), None, None)
    assert (raised.value.kind, "sample 1" in raised.value.message) == ("data", True)


@pytest.mark.parametrize(
    "options", [MarketOptions(), market_options("place=1ns,feed=3us", "prob_power:0.5", "order=depth_first,impact=1")]
)
def test_the_facts_of_a_run_give_its_options_again(options: MarketOptions) -> None:
    assert options_from_facts(json.loads(json.dumps(options.facts()))) == options

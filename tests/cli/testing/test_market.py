"""Tests on generated data and on tapes."""

from __future__ import annotations

from pathlib import Path

import pytest
from flashc.cli.app import run as flashc
from suite import BOOK, CROSS, messages, one, run, wrong

NEVER = "    expect:\n      - never: pos.notional > 200 USDC\n"


@pytest.mark.parametrize("kind", ["walk", "trend", "range", "mixed", "jumps", "gaps", "still"])
def test_every_kind_of_bars_can_be_made(kind: str) -> None:
    found = one(f"    generate: {{kind: {kind}, seed: 2, length: 3h}}\n{NEVER}")
    assert messages(found) == []
    assert found.decisions > 100


@pytest.mark.parametrize("kind", ["walk", "jumps", "gaps", "empty_book", "crossed_book"])
def test_every_kind_of_book_can_be_made(kind: str) -> None:
    found = one(f"    generate: {{kind: {kind}, seed: 2, length: 20s}}\n{NEVER}", BOOK)
    assert messages(found) == []
    assert found.decisions > 50


def test_equal_seeds_give_equal_orders() -> None:
    first, second, other = (
        one(f"    generate: {{kind: walk, seed: {seed}, length: 6h}}\n    intents: []\n").orders for seed in (5, 5, 6)
    )
    assert first == second != other


def test_the_start_and_the_price_of_generated_data_can_be_said() -> None:
    generate = "    generate: {kind: walk, length: 4h, from: 2025-03-01, price: 500 USDC/BTC, volatility: 1 bps}\n"
    asked = "    expect:\n      - always: near(close, 500 USDC/BTC, 25 USDC/BTC)\n"
    found = one(generate + asked)
    assert messages(found) == []


def test_a_kind_that_the_strategy_cannot_read_is_refused() -> None:
    assert messages(one(f"    generate: {{kind: crossed_book}}\n{NEVER}")) == [
        "FC0809 `crossed_book` is no kind of bars"
    ]
    assert messages(one(f"    generate: {{kind: trend}}\n{NEVER}", BOOK)) == ["FC0809 `trend` is no kind of a book"]


@pytest.mark.parametrize(
    ("generate", "message"),
    [
        ("kind: walk, length: -3h", "the length of generated data is above 0"),
        ("kind: walk, price: 0 USDC/BTC", "the price of generated data is above 0"),
    ],
)
def test_settings_that_give_no_data_are_refused(generate: str, message: str) -> None:
    assert wrong(f"    generate: {{{generate}}}\n{NEVER}") == [f"FC0809 {message}"]


def test_a_start_that_is_no_time_is_refused() -> None:
    found = one(f"    generate: {{kind: walk, from: yesterday}}\n{NEVER}")
    assert messages(found) == ["FC0809 `yesterday` is not a time"]


def test_data_shorter_than_the_warm_up_is_said() -> None:
    found = one(f"    generate: {{kind: walk, length: 9m}}\n{NEVER}")
    assert messages(found) == ["FC0804 the data end before the warm-up does"]


def test_a_tape_that_is_not_there_is_said() -> None:
    found = one(f"    tape: nowhere.csv\n{NEVER}")
    assert messages(found) == ["FC1011 no file and no data set is called `nowhere.csv`"]


def test_an_option_of_books_on_bars_is_refused_where_it_stands() -> None:
    (finding,) = one(f"    generate: {{kind: walk}}\n    latency: place=2ms\n{NEVER}").findings
    assert finding.code == "FC0809"
    assert finding.primary is not None
    assert finding.message == "`latency` is about order books, and this strategy reads only bars"


def test_two_sources_are_one_too_many() -> None:
    assert wrong(f"    generate: {{kind: walk}}\n    tape: x\n{NEVER}") == ["FC0809 `t` has `tape` and `generate`"]


@pytest.fixture(scope="module")
def tape(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tapes")
    made = ["data", "synth", "--seed", "3", "--bars", "600", "--name", "bars", "--root", str(folder)]
    assert flashc(made) == 0
    return folder / "bars"


class TestTapes:
    def test_a_tape_is_run_in_the_range_that_is_asked(self, tape: Path) -> None:
        whole = one(f"    tape: {tape}\n{NEVER}")
        part = one(f"    tape: {tape}\n    to: 2024-01-01T05:00\n{NEVER}")
        assert messages(whole) == messages(part) == []
        assert (whole.decisions, part.decisions) == (600, 300)

    def test_a_tape_can_be_pinned_by_its_hash(self, tape: Path) -> None:
        found = one(f"    tape: {tape}\n    sha256: 00000000\n{NEVER}")
        assert messages(found) == ["FC0811 the data is not what the test pins"]
        digest = found.findings[0].notes[0].rpartition(" ")[2]
        assert one(f"    tape: {tape}\n    sha256: {digest[:16]}\n{NEVER}").passed

    def test_a_tape_without_what_the_strategy_reads_is_said(self, tape: Path) -> None:
        (finding,) = one(f"    tape: {tape}\n{NEVER}", BOOK).findings
        assert finding.code == "FC0803"

    def test_a_damaged_tape_is_said(self, tape: Path, tmp_path: Path) -> None:
        (tmp_path / "bad.csv").write_text("time,open\n1,")
        (finding,) = one(f"    tape: {tmp_path / 'bad.csv'}\n{NEVER}").findings
        assert finding.code.startswith("FC10")


def test_the_laws_are_tried_on_generated_data() -> None:
    found = run(f"  t:\n    generate: {{kind: walk, seed: 4, length: 4h}}\n{NEVER}", CROSS, laws=True)
    assert found.findings == list(found.front.diagnostics)
    assert {"engine", "prefix", "restart", "chunk"} <= set(found.runs[0].held_laws)

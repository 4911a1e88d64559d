"""The laws as a library: each holds where it should, says nothing where it has nothing to say, and can be broken."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from flashc.cli import running
from flashc.cli.app import run
from flashc.cli.exit_codes import Exit
from flashc.cli.laws import ALL, LAWS, LawResult, explain, idle, outcome, prefix, relabel, run_laws
from flashc.cli.laws.ground import Ground
from flashc.cli.market_options import options_for
from flashc.cli.prepared import Prepared, prepare
from flashc.runtime.backtest import restart
from flashc.runtime.backtest.result import O_CLOSED, RunResult

ROOT = Path(__file__).resolve().parents[2]
NO_OPTIONS = {"--latency": None, "--queue": None, "--fill": None, "--bounds": None}
pytestmark = pytest.mark.xdist_group("laws")  # they share data and kernels


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("laws") / "data"
    for name, symbol, *kind in (
        ("btc", "BTC/USDC", "--bars", "13000"),
        ("eth", "ETH/USDC", "--bars", "13000"),
        ("l2", "BTC/USDC", "--kind", "book", "--duration", "100s"),
    ):
        at = ["--seed", "11", "--instrument", symbol, "--name", name, "--root", str(folder)]
        assert run(["data", "synth", *kind, *at]) == Exit.OK
    return folder


def ground_of(data: Path, name: str, *sets: str, engines: tuple[str, ...] = ("numba",)) -> Ground:
    names = [str(data / one) for one in sets]
    prepared = prepare(ROOT / "strategies" / f"{name}.yaml", [], names)
    options = options_for(prepared, NO_OPTIONS, 0)
    tape = running.make_tape(prepared, names, None, None, options)
    account = running.account_of(prepared, running.costs_of(prepared, None, 0))
    return Ground(prepared, tape, account, options, engines)


@pytest.fixture(scope="module")
def on_bars(data: Path) -> Ground:
    return ground_of(data, "lead_lag", "btc", "eth")


@pytest.fixture(scope="module")
def on_books(data: Path) -> Ground:
    return ground_of(data, "spread_capture", "l2")


def fresh(ground: Ground) -> Ground:
    return Ground(ground.prepared, ground.tape, ground.account, ground.options, ground.engines)


@pytest.mark.parametrize("kind", ["on_bars", "on_books"])
def test_all_laws_hold_on_every_engine(kind: str, request: pytest.FixtureRequest) -> None:
    ground: Ground = request.getfixturevalue(kind)
    found = run_laws(ground.prepared, ground.tape, ground.account, ground.options, ("ref", "numba", "c"))
    assert [law.name for law in found] == list(ALL)
    assert all(law.held and not law.difference for law in found), [law.message for law in found if not law.held]
    silent = [law.name for law in found if not law.compared]
    assert silent == ([] if kind == "on_bars" else ["relabel"]), "a book of one instrument has no names to swap"


def test_a_law_with_nothing_to_compare_says_why(on_books: Ground) -> None:
    names = LAWS["relabel"](on_books), LAWS["engine"](on_books)
    assert [law.where for law in names] == ["the strategy names one instrument", "only numba was asked for"]
    assert all(law.held and law.compared == 0 for law in names)


class Looks(Ground):
    """An engine that decides less when it does not see the whole tape."""

    def run(self, engine: str, records: object = None, *rest: object, **more: object) -> RunResult:
        found = Ground.run(self, engine, records, *rest, **more)  # type: ignore[arg-type]
        return found if records is None else replace(found, decisions=found.decisions[: len(found.decisions) // 2])


def assert_broken(law: LawResult, *words: str) -> None:
    assert not law.held
    assert law.difference
    assert all(word in law.message for word in ("is broken", law.name, *words)), law.message


@pytest.mark.parametrize("kind", ["on_bars", "on_books"])
def test_a_decision_that_needs_the_rest_of_the_tape_breaks_the_prefix(
    kind: str, request: pytest.FixtureRequest
) -> None:
    own = request.getfixturevalue(kind)
    ground = Looks(own.prepared, own.tape, own.account, own.options, own.engines)
    assert_broken(prefix.law(ground), "cut before record")


def test_the_cuts_are_between_instants_and_inside_orders(on_books: Ground) -> None:
    times, whole = on_books.tape.records[:, 0], on_books.whole("numba")
    made = list(prefix.cuts(on_books.tape.records, whole))
    assert all(times[len(cut.records)] > times[len(cut.records) - 1] for cut in made)
    assert any("while order" in cut.where for cut in made)
    assert all(cut.until <= times[len(cut.records) - 1] for cut in made)


@pytest.mark.parametrize("word", ["state", "sim"])
def test_a_forgotten_word_breaks_the_restart(on_bars: Ground, monkeypatch: pytest.MonkeyPatch, word: str) -> None:
    original = restart.carry_over

    def forgetting(old: object, new: object) -> object:
        getattr(old, word)[:8] = 0
        return original(old, new)  # type: ignore[arg-type]

    monkeypatch.setattr(restart, "carry_over", forgetting)
    assert_broken(LAWS["restart"](fresh(on_bars)), "never stopped and stopped before records")


def test_a_forgotten_level_breaks_the_restart_on_books(on_books: Ground, monkeypatch: pytest.MonkeyPatch) -> None:
    original = restart.carry_over_books

    def forgetting(old: object, new: object) -> object:
        for pair in old.blocks:  # type: ignore[attr-defined]
            pair[1][16:] = 0
        return original(old, new)  # type: ignore[arg-type]

    monkeypatch.setattr(restart, "carry_over_books", forgetting)
    assert_broken(LAWS["restart"](fresh(on_books)))


class Batches(Ground):
    """An engine that loses an order when the batches are short."""

    def run(self, engine: str, *rest: object, chunk: int = 1 << 18, **more: object) -> RunResult:
        found = Ground.run(self, engine, *rest, chunk=chunk, **more)  # type: ignore[arg-type]
        return replace(found, orders=found.orders[1:]) if chunk == 7 else found


def test_a_batch_that_loses_an_order_breaks_the_chunks(on_bars: Ground) -> None:
    ground = Batches(on_bars.prepared, on_bars.tape, on_bars.account, None, ("numba",))
    assert_broken(LAWS["chunk"](ground), "by 7", "orders[0]")


def test_an_unused_stream_that_counts_breaks_idleness(on_bars: Ground, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(idle, "UNUSED_BARS", 0)  # the first stream of the strategy
    assert_broken(LAWS["idle"](fresh(on_bars)), "another instrument")


def test_idle_bars_stand_in_every_place_and_end_their_instant(on_bars: Ground) -> None:
    records = idle.with_idle_bars(on_bars.tape.records)
    idles = (records[:, 1] >> 16 & 0xFFFF) == idle.UNUSED_BARS
    assert np.array_equal(np.delete(records, idles.nonzero()[0], axis=0)[:, 2:], on_bars.tape.records[:, 2:])
    last = np.r_[records[1:, 0] != records[:-1, 0], True]
    assert np.array_equal((records[:, 1] >> 8 & 1) == 1, last)
    same, before = records[1:, 0] == records[:-1, 0], idles[:-1]
    assert (before & same).any() and (idles[1:] & same).any() and (idles[1:-1] & ~same[1:] & ~same[:-1]).any()


def test_a_name_that_means_something_breaks_relabelling(on_bars: Ground, monkeypatch: pytest.MonkeyPatch) -> None:
    original = relabel.relabelled

    def sorting(prepared: Prepared, names: dict[str, str]) -> Prepared:
        bare = prepared.source.text.partition("\ntests:")[0] + "\n"  # the file's tests are about the first instrument
        text = bare.replace("trade: [btc, eth]", "trade: [eth, btc]")
        return original(replace(prepared, source=replace(prepared.source, text=text)), names)

    monkeypatch.setattr(relabel, "relabelled", sorting)
    assert_broken(LAWS["relabel"](fresh(on_bars)), "btc and eth swapped")


def test_names_are_swapped_as_words_only(on_bars: Ground) -> None:
    text = relabel.relabelled(on_bars.prepared, {"btc": "eth", "eth": "btc"}).source.text
    assert "instruments: {eth: BTC/USDC, btc: ETH/USDC}" in text
    assert "ret(eth.close, window) + ret(btc.close, window)" in text


def test_a_wrong_mask_breaks_the_explanation(on_bars: Ground, monkeypatch: pytest.MonkeyPatch) -> None:
    original = explain.holds
    monkeypatch.setattr(explain, "holds", lambda tree, probes: original(tree, probes) != (tree["op"] == "lt"))
    assert_broken(LAWS["explain"](fresh(on_bars)), "mask from the shown values")


def test_a_difference_names_time_place_and_both_values(on_bars: Ground) -> None:
    program, whole = on_bars.program, on_bars.whole("numba")
    orders = whole.orders.copy()
    orders[3, O_CLOSED] += 1
    state = whole.state.copy()
    state[0] ^= 1
    cases = {
        "orders[3].closed": replace(whole, orders=orders),
        "rows of fills": replace(whole, fills=whole.fills[:-1]),
        "points of equity": replace(whole, equity=whole.equity[:-2], equity_time=whole.equity_time[:-2]),
        f"state {program.slots[0].label}[0]": replace(whole, state=state),
        "cash": replace(whole, cash=whole.cash + 1),
    }
    for place, other in cases.items():
        found = outcome.first_difference(program, whole, other)
        assert found is not None
        assert found.place == place
        assert str(found).startswith("at "), str(found)
        assert found.one != found.other
    assert outcome.first_difference(program, whole, whole) is None


def test_the_earliest_difference_is_told_first(on_bars: Ground) -> None:
    whole = on_bars.whole("numba")
    decisions, equity = whole.decisions.copy(), whole.equity.copy()
    decisions[-1, 2] ^= 1
    equity[5] += 1
    found = outcome.first_difference(on_bars.program, whole, replace(whole, decisions=decisions, equity=equity))
    assert found is not None
    assert found.place == "equity[5]"

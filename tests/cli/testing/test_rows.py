"""Rows: named values are replaced, the machine is the compiled one."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest
from flashc.cli.front import Front, front_of
from flashc.cli.testing.programs import Programs, Watched
from flashc.cli.testing.rows import RowRun
from flashc.cli.testing.runner import instrument_facts, rule_names
from flashc.cli.testing.seen import Order, Seen
from flashc.compiler.frontend.assertions import CheckedTest
from flashc.compiler.ir.walk import renumber
from flashc.compiler.passes import PASSES
from flashc.dsl.source import Source
from suite import BOOK, CROSS, messages, one, run, wrong

START = "    start: {qty: 0.5 BTC, entry: 100 USDC/BTC, age: 5m}\n"
HELD = "quick: 2 USDC/BTC, calm: 1 USDC/BTC, close: 100 USDC/BTC"


def expect(*lines: str) -> str:
    return "    expect:\n" + "\n".join(f"      {line}" for line in lines) + "\n"


def rows(*lines: str) -> str:
    return "    rows:\n" + "\n".join(f"      - {{{line}}}" for line in lines) + "\n"


class TestPositions:
    def test_a_position_at_the_start_is_what_exits_see(self) -> None:
        facts = ("pos.qty == 500_000 lots", "near(pos.entry, 100 USDC/BTC, 0.001 USDC/BTC)", "pos.age == 5m")
        lines = [line for fact in facts for line in ("- at: 0s", f"  holds: {fact}")]
        assert messages(one(START + rows(f"t: 0s, {HELD}") + expect(*lines))) == []

    def test_the_first_exit_that_holds_sells_and_the_next_row_is_flat(self) -> None:
        given = rows(f"t: 0s, {HELD}", "t: 1m, close: 98 USDC/BTC, calm: 3 USDC/BTC")
        found = one(START + given + expect("- at: 1m", "  holds: fired(exits.stop) and not fired(exits.out)"))
        assert messages(found) == []
        assert [(o.rule, o.side_text, o.style, o.lots) for o in found.orders] == [
            ("exits.stop", "sell", "market", 500_000)
        ]

    def test_best_and_worst_prices_can_be_given(self) -> None:
        start = "    start: {qty: 0.5 BTC, entry: 100 USDC/BTC, best: 120 USDC/BTC}\n"
        given = rows(f"t: 0s, {HELD}", "t: 1m, close: 114 USDC/BTC")
        assert messages(one(start + given + expect("- at: 1m", "  holds: fired(exits.trail)"))) == [
            "FC0805 this does not hold at 1m"
        ], "the row before has sold: 100 is more than 5 below 120"
        assert messages(one(start + given + expect("- at: 0s", "  holds: fired(exits.trail)"))) == []

    def test_an_entry_fills_at_once_and_its_exit_sees_the_position(self) -> None:
        flat = f"t: 0s, {HELD}, bands.upper: 200 USDC/BTC"
        given = rows(flat, "t: 1m, close: 101 USDC/BTC", "t: 2m, close: 102 USDC/BTC", "t: 3m, close: 50 USDC/BTC")
        found = one(
            given + expect("- at: 2m", "  holds: fired(entries.long)", "- at: 3m", "  holds: fired(exits.stop)")
        )
        assert messages(found) == []
        assert [order.since_ns // 10**9 for order in found.orders] == [120, 180]

    def test_parameters_of_the_test_are_used(self) -> None:
        given = START + rows(f"t: 0s, {HELD}", "t: 1m, close: 97 USDC/BTC")
        asked = expect("- never: fired(exits.stop)")
        assert messages(one(given + asked)) == ["FC0805 this is true at 1m"]
        assert messages(one(given + "    params: {least: 5 pct}\n" + asked)) == []


class TestWarmth:
    def test_what_counts_ticks_counts_rows(self) -> None:
        flat = f"t: 0s, {HELD}, bands.upper: 200 USDC/BTC"
        found = one(rows(flat, "t: 1m, close: 101 USDC/BTC") + expect("- never: fired(entries.long)"))
        assert messages(found) == ["FC0804 the rows end before the warm-up does"]

    def test_what_is_given_needs_no_warm_up(self) -> None:
        assert messages(one(START + rows(f"t: 0s, {HELD}") + expect("- always: quick > calm"))) == []

    def test_what_is_not_asked_need_not_be_warm(self) -> None:
        """`close[lag]` belongs to the entry."""
        assert messages(one(START + rows(f"t: 0s, {HELD}") + expect("- always: not fired(exits.stop)"))) == []


class TestWhatIsNotGiven:
    def test_a_clause_that_reads_it_is_an_error_where_it_is_asked(self) -> None:
        found = one(rows("t: 0s, mid: 100 USDC/BTC") + expect("- never: fired(exits.gone)"), BOOK)
        assert messages(found) == ["FC0807 the decision of this row reads `lean`, which no row gives"]

    def test_a_rule_that_is_not_asked_may_lack_it(self) -> None:
        assert one(START + rows(f"t: 0s, {HELD}", "t: 1m", "t: 2m") + expect("- never: fired(exits.out)")).passed

    def test_an_assertion_that_reads_it_is_an_error(self) -> None:
        given = START + rows(f"t: 0s, {HELD}", "t: 1m", "t: 2m")
        found = one(given + expect("- never: volume > 5 BTC"))
        assert messages(found) == ["FC0807 an assertion of this row reads `volume`, which no row gives"]

    def test_rows_without_a_price_are_refused(self) -> None:
        given = rows("t: 0s, quick: 2 USDC/BTC, calm: 1 USDC/BTC")
        assert messages(one(given + expect("- never: fired(exits.out)"))) == ["FC0807 the rows give no price"]


class TestBooks:
    def test_the_sides_follow_from_the_mid(self) -> None:
        given = rows("t: 0s, mid: 100 USDC/BTC, lean: 0.1")
        facts = ("same_tick(bid, 99.99 USDC/BTC)", "same_tick(ask, 100.01 USDC/BTC)", "spread == 2 ticks")
        assert messages(one(given + expect(*(f"- always: {fact}" for fact in facts)), BOOK)) == []

    def test_the_mid_follows_from_the_sides(self) -> None:
        given = rows("t: 0s, bid: 99 USDC/BTC, ask: 101 USDC/BTC, lean: 0.1")
        assert messages(one(given + expect("- always: near(mid, 100 USDC/BTC, 1 tick)"), BOOK)) == []

    def test_orders_that_fill_nothing_rest_until_their_time_is_over(self) -> None:
        given = rows("t: 0s, mid: 100 USDC/BTC, lean: 0.5", "t: 1s", "t: 3s, lean: 0.0")
        asked = expect("- at: 1s", "  holds: working.count == 1", "- at: 3s", "  holds: working.count == 0")
        assert messages(one("    fills: none\n" + given + asked, BOOK)) == []

    def test_what_takes_and_is_not_filled_tries_again(self) -> None:
        start = "    fills: none\n    start: {qty: 0.5 BTC, entry: 100 USDC/BTC, age: 5m}\n"
        found = one(start + rows("t: 0s, mid: 100 USDC/BTC, lean: 0.5") + expect("- always: fired(exits.late)"), BOOK)
        assert messages(found) == []
        assert [order.style for order in found.orders] == ["ioc", "ioc"]


class TestWrongRows:
    @pytest.mark.parametrize(
        ("test", "found"),
        [
            (rows("t: 0s, qick: 1 USDC/BTC"), "FC0801 no value called `qick`"),
            (rows("t: 0s, lag: 3"), "FC0801 `lag` is a parameter"),
            (rows("t: 0s, bands: 3"), "FC0801 `bands` has several values"),
            (rows("t: 0s, pos.qty: 3 BTC"), "FC0801 `pos.qty` cannot be given"),
            (rows("t: 0s, quick: 5 BTC"), "FC0802 `quick` is a price, not a quantity"),
            (rows("t: 0s, close: 5.001 USDC/BTC"), "FC0802 `close` is not a whole number of ticks"),
            (rows("t: 5s", "t: 4s"), "FC0808 rows go forward in time"),
            (rows("t: 5"), "FC0802 expected a length of time"),
            (rows("t: -1s"), "FC0808 a row cannot be before the start"),
            (rows("t: 0s, close: -5 USDC/BTC"), "FC0802 `close` cannot be -5 USDC/BTC"),
            (rows("t: 0s, volume: -5 BTC"), "FC0802 `volume` cannot be -5 BTC"),
            (
                "    start: {qty: 0 BTC, entry: 1 USDC/BTC}\n" + rows("t: 0s"),
                "FC0802 `qty` of an open position is above 0",
            ),
            (rows("quick: 5 USDC/BTC"), "FC0809 a row of `t` has no time"),
            (rows("t: 0s, close: quick"), "FC0809 a test's values are constants"),
            ("    start: {qty: 1 BTC}\n" + rows("t: 0s"), "FC0809 an open position has a quantity and an entry price"),
            ("    start: {qty: 1 BTC, entry: 1 USDC/BTC, old: 3s}\n" + rows("t: 0s"), "FC0801 a position has no `old`"),
            ("    params: {least: 90 pct}\n" + rows("t: 0s"), "FC0601 `least` is outside of its range"),
            ("    instrument: eth\n" + rows("t: 0s"), "FC0801 `eth` is not traded"),
            ("    from: 2024-01-01\n" + rows("t: 0s"), "FC0809 `from` has no meaning here"),
        ],
    )
    def test_one_mistake_gives_one_message(self, test: str, found: str) -> None:
        assert wrong(test + expect("- never: fired(exits.out)")) == [found]

    @pytest.mark.parametrize(
        ("line", "found"),
        [
            ("- always: quick", "FC0203 expected a condition, found a price"),
            ("- always: quick > 5", "FC0206 this number needs a unit"),
            ("- always: quik > calm", "FC0102 no value called `quik`"),
            ("- always: fired(exits.sotp)", "FC0102 no rule called `sotp`"),
            ("- always: fired(stop)", "FC0104 `fired` takes one rule"),
            ("- holds: true", "FC0809 an item of `expect` is one assertion"),
            ("- count: true", "FC0809 an item of `expect` is one assertion"),
        ],
    )
    def test_an_assertion_is_typed_like_the_strategy(self, line: str, found: str) -> None:
        assert wrong(rows("t: 0s") + expect(line)) == [found]

    def test_fired_is_for_tests_alone(self) -> None:
        text = CROSS.replace("out: quick < calm", "out: fired(entries.long)")
        assert [d.code for d in run("  t: {rows: [{t: 0s}], intents: []}\n", text).front.diagnostics.errors][:1] == [
            "FC0103"
        ]

    def test_a_test_named_twice_is_a_duplicate_key(self) -> None:
        found = run("  t: {rows: [{t: 0s}], intents: []}\n  t: {rows: [{t: 0s}], intents: []}\n")
        assert [d.code for d in found.front.diagnostics.errors] == ["FC0003"]


def test_rows_may_give_values_of_another_instrument_on_its_own_grid() -> None:
    text = (
        CROSS.replace("trade: BTC/USDC", "instruments: {btc: BTC/USDC, eth: ETH/USDC}\ntrade: btc")
        .replace("out: quick < calm", "out: eth.close < 2_000 USDC/ETH and eth.volume > 1 ETH")
        .replace("quick: ema(close, 12)", "quick: ema(close, 12)\n  unread: eth.close")
    )
    given = rows("t: 0s, close: 100 USDC/BTC, eth.close: 1_999.99 USDC/ETH, eth.volume: 1.00001 ETH")
    assert messages(one(START + given + expect("- always: fired(exits.out)"), text)) == []


@pytest.mark.parametrize("strategy", [CROSS, BOOK])
def test_the_program_of_rows_means_the_same_after_every_pass(strategy: str) -> None:
    """Passes keep every decision and every order: such a program could run on any executor."""
    given = {
        CROSS: rows(
            f"t: 0s, {HELD}, bands.upper: 200 USDC/BTC",
            *(f"t: {k}m, close: {100 + k * k % 7} USDC/BTC" for k in range(1, 30)),
        ),
        BOOK: rows(
            "t: 0s, mid: 100 USDC/BTC, lean: 0.5", *(f"t: {k}s, mid: {100 + k * k % 7} USDC/BTC" for k in range(1, 30))
        ),
    }[strategy]
    front = front_of(Source("f.yaml", f"{strategy}tests:\n  t:\n{given}    intents: []\n"))
    assert front.tested is not None
    test = front.tested.tests[0]
    watched = Programs(front.tested, strategy is BOOK).of(test)
    program = watched.program
    for step in PASSES:
        program = renumber(step.run(program))
    plain, passed = heard(front, test, watched), heard(front, test, replace(watched, program=program))
    assert plain == passed
    assert len(plain) > 35


def heard(front: Front, test: CheckedTest, watched: Watched) -> list[object]:
    """Decisions and orders of a run over rows."""
    assert front.document is not None
    facts = instrument_facts(front.document)
    witness = Heard([])
    RowRun(test, watched, facts["btc"], facts, rule_names(front.document), witness).run()
    return witness.found


@dataclass
class Heard:
    found: list[object]

    def decided(self, seen: Seen) -> None:
        self.found.append((seen.since_ns, seen.reason_word, seen.mask))

    def ordered(self, order: Order) -> None:
        self.found.append(order)

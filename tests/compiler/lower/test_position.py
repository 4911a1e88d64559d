"""The position machine as scenarios: prices in, reasons and fills out, through the reference interpreter."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from flashc.compiler.evaluate.evaluator import Machine
from flashc.compiler.frontend.check import check
from flashc.compiler.ir.layout import state_words
from flashc.compiler.pipeline import compile_checked
from flashc.cython_core.layout import FLAG_INSTANT_END, KIND_BAR, REASON_SHIFT, REASONS, head
from flashc.dsl.document_reader import read_document
from flashc.dsl.source import Source
from flashc.runtime.backtest import reference
from flashc.runtime.backtest.result import F_QTY, F_SIDE, F_TIME, Account, Feed, KernelFacts, Terms

MINUTE = 60_000_000_000
DAY = 1440 * MINUTE
MIDNIGHT = 19_700 * DAY


@dataclass(frozen=True)
class Outcome:
    reasons: list[str]
    rules: list[int]
    fills: list[tuple[int, int]]  # (minute since the start, signed lots)


def strategy(rules: str) -> str:
    return f"flash: 1\nstrategy: scenario\ntrade: BTC/USDC\ndecide: 1m\n{rules}"


def compile_text(text: str):  # type: ignore[no-untyped-def]
    document, found = read_document(Source("scenario.yaml", text))
    assert document is not None
    assert not found.errors, [d.message for d in found]
    checked, found = check(document)
    assert checked is not None, [(d.code, d.message) for d in found]
    return compile_checked(checked)


def play(rules: str, closes: list[float], start: int = MIDNIGHT + 600 * MINUTE, cash: int = 1_000_000) -> Outcome:
    """Each bar opens where the last one closed, closes at the given price (in thousands) and trades."""
    compiled = compile_text(strategy(rules))
    records, before = [], round(closes[0] * 100_000)
    for k, close in enumerate(closes):
        price = round(close * 100_000)
        top, bottom = max(before, price), min(before, price)
        records.append([start + (k + 1) * MINUTE, head(KIND_BAR, FLAG_INSTANT_END), before, top, bottom, price, 10**6, price * 10**6])  # fmt: skip
        before = price
    facts = KernelFacts(state_words(compiled.program), (Feed(0, MINUTE),))
    account = Account(cash * 10**8, (Terms(1, 0, 0, min_notional_atoms=10**8),))
    params = [p.default for p in compiled.program.params]
    result = reference.run(Machine(compiled.program), facts, records, params, account)
    words = [int(r) for r in result.decisions[:, 1]]
    fills = [(int(f[F_TIME] - start) // MINUTE, int(f[F_SIDE] * f[F_QTY])) for f in result.fills]
    return Outcome([REASONS[w & 0xFFFF] for w in words], [w >> REASON_SHIFT for w in words], fills)


UP_DOWN = "entries:\n  up: close > open\nexits:\n  down: close < open\nsize: 0.5 BTC\n"


def test_a_decision_at_a_close_fills_at_the_next_open() -> None:
    out = play(UP_DOWN, [50, 51, 51, 50, 50, 50])
    assert out.reasons == ["no_entry", "entered", "no_exit", "exited", "no_entry", "no_entry"]
    assert out.fills == [(2, 500_000), (4, -500_000)]


def test_the_first_entry_in_the_file_wins() -> None:
    rules = "entries:\n  big: close > open + 2000 USDC/BTC\n  any: close > open\nexits:\n  out: pos.age > 1h\nsize: 0.1 BTC\n"
    assert play(rules, [50, 53, 53]).rules[1] == 0
    assert play(rules, [50, 51, 51]).rules[1] == 1


def test_the_first_exit_in_the_file_wins_and_sells_everything() -> None:
    rules = (
        "entries:\n  up: close > open\nexits:\n  crash: close < 0.9 * pos.entry\n  down: close < open\nsize: 0.3 BTC\n"
    )
    out = play(rules, [50, 51, 51, 40, 40])
    assert out.reasons[3] == "exited"
    assert out.rules[3] == 1  # exits are numbered after the one entry
    assert out.fills[-1] == (4, -300_000)


def test_a_notional_size_is_lots_at_the_last_close_rounded_down() -> None:
    out = play(UP_DOWN.replace("0.5 BTC", "100 USDC"), [50, 51, 51])
    assert out.fills == [(2, 1_960)]  # 100 / 51 000 = 0.00196078...


@pytest.mark.parametrize(("size", "lots"), [("0.29 BTC", 290_000), ("0.07 BTC * 1.0", 70_000)])
def test_a_quantity_on_the_lot_grid_is_taken_exactly(size: str, lots: int) -> None:
    out = play(UP_DOWN.replace("size: 0.5 BTC", f"size: {size}"), [50, 51, 51])
    assert [found for _, found in out.fills] == [lots]


def test_a_size_that_comes_out_too_small_is_skipped_and_named() -> None:
    rules = (
        "entries:\n  up:\n    when: {up: go}\n    size: 100 USDC * clamp(close / open - 1.0, 0.0, 1.0)\n"
        "    below_min: skip\nlet:\n  go: close > open\nexits:\n  down: close < open\n"
    )
    out = play(rules, [50, 50.1, 50.1])
    assert out.reasons[1] == "below_minimum"
    assert out.fills == []


def test_below_min_round_up_takes_the_least_order() -> None:
    rules = (
        "entries:\n  up:\n    when: {up: go}\n    size: 100 USDC * clamp(close / open - 1.0, 0.0, 1.0)\n"
        "    below_min: round_up\nlet:\n  go: close > open\nexits:\n  down: close < open\n"
    )
    assert play(rules, [50, 50.1, 50.1]).fills == [(2, 20)]  # 1 USDC / 50 100 = 0.00001996, one lot up


COOLED = "entries:\n  up:\n    when: {c: go}\n    cooldown: 4m\nlet:\n  go: close > open\nexits:\n  down: close < open\nsize: 0.1 BTC\n"


def test_a_cooldown_counts_from_the_entry_and_from_the_way_out() -> None:
    # entered at minute 2, sold at the open of minute 4: blocked until 4 minutes after that
    out = play(COOLED, [50, 51, 50, 51, 52, 53, 54, 55, 56])
    assert out.reasons == [
        "no_entry",
        "entered",
        "exited",
        "cooling_down",
        "cooling_down",
        "cooling_down",
        "entered",
        "no_exit",
        "no_exit",
    ]


def test_position_fields_follow_the_fills() -> None:
    gained = "entries:\n  up: close > open\nexits:\n  won: pos.gain > 9 pct\nsize: 0.1 BTC\n"
    assert play(gained, [50, 51, 52, 54, 55.7, 55]).reasons[4] == "exited"  # entry 51 000, +9.2 %
    aged = "entries:\n  up: close > open\nexits:\n  old: pos.age >= 2m\nsize: 0.1 BTC\n"
    assert play(aged, [50, 51, 51, 51, 51]).reasons == ["no_entry", "entered", "no_exit", "exited", "no_entry"]
    trailing = "entries:\n  up: close > open\nexits:\n  trail: close < pos.best - 1500 USDC/BTC\nsize: 0.1 BTC\n"
    out = play(trailing, [50, 51, 53, 55, 54, 53.4, 53])
    assert out.reasons[3:6] == ["no_exit", "no_exit", "exited"]


LIMITED = UP_DOWN.replace("0.5 BTC", "{size}") + "risk:\n  day_loss: {{limit: 500 USDC, then: {then}}}\n"


def test_a_day_loss_flattens_and_halts_until_midnight() -> None:
    rules = LIMITED.format(size="0.5 BTC", then="flatten_and_halt").replace(
        "down: close < open", "never: pos.age > 10d"
    )
    closes = [50, 51, 51, 49.9, 49.9, 50.5, 51]
    out = play(rules, closes)
    assert out.reasons == ["no_entry", "entered", "no_exit", "day_loss", "no_entry", "halted", "halted"]
    assert out.fills == [(2, 500_000), (4, -500_000)]


def test_halt_blocks_entries_but_leaves_the_position_to_its_exits() -> None:
    rules = LIMITED.format(size="0.5 BTC", then="halt").replace("down: close < open", "low: close < 45_000 USDC/BTC")
    out = play(rules, [50, 51, 51, 49, 49.5, 44, 44, 45])
    assert out.reasons == ["no_entry", "entered", "no_exit", "no_exit", "no_exit", "exited", "no_entry", "halted"]


def test_a_halt_ends_at_utc_midnight() -> None:
    rules = LIMITED.format(size="0.5 BTC", then="flatten_and_halt").replace(
        "down: close < open", "never: pos.age > 10d"
    )
    start = MIDNIGHT + DAY - 7 * MINUTE
    out = play(rules, [50, 51, 51, 49.9, 49.9, 50.5, 51, 52], start=start)
    assert out.reasons[5:] == ["halted", "entered", "no_exit"]  # the bar that closes at 00:00 belongs to the new day


def test_nothing_is_decided_while_an_order_is_on_its_way() -> None:
    compiled = compile_text(strategy(UP_DOWN))
    machine = Machine(compiled.program)
    machine.init([])
    record = [MIDNIGHT + MINUTE, head(KIND_BAR, FLAG_INSTANT_END), 5_000_000, 5_100_000, 5_000_000, 5_100_000, 1, 1]
    assert len(machine.event(record).intents) == 1
    later = [MIDNIGHT + 2 * MINUTE, *record[1:]]
    out = machine.event(later)
    assert REASONS[out.reason & 0xFFFF] == "in_flight"
    assert out.intents == ()


def test_a_rejected_order_leaves_the_machine_flat_and_ready() -> None:
    out = play(UP_DOWN, [50, 51, 52, 53], cash=100)  # half a coin costs 25 000
    assert out.fills == []
    assert out.reasons == ["no_entry", "entered", "entered", "entered"]


MULTI = """let:
  slow: sma(close, 2)@5m
entries:
  up: close > slow
exits:
  out: pos.age > 1d
size: 0.01 BTC
"""


def test_a_slower_clock_is_seen_from_its_close_on_and_never_before() -> None:
    compiled = compile_text(strategy(MULTI))
    machine = Machine(compiled.program)
    machine.init([])
    reasons = []
    for minute in range(1, 16):
        price = 100_000 * (50 + minute)
        machine_record = [MIDNIGHT + minute * MINUTE, head(KIND_BAR), price, price, price, price, 1, price]
        last = minute % 5 != 0
        machine_record[1] |= (FLAG_INSTANT_END if last else 0) << 8
        out = machine.event(machine_record)
        if not last:
            out = machine.event(
                [
                    MIDNIGHT + minute * MINUTE,
                    head(KIND_BAR, FLAG_INSTANT_END, 1),
                    price,
                    price,
                    price,
                    price,
                    5,
                    5 * price,
                ]
            )
        reasons.append(REASONS[out.reason & 0xFFFF])
    # two closed 5m bars are needed: the first armed decision is the one at minute 10, not 9 and not 11
    assert reasons[:9] == ["not_armed"] * 9
    assert reasons[9] == "entered"

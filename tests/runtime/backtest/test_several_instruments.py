"""Several instruments, timers, wakes, cancels and reports that bring orders: for the reference and the compiled driver.

The strategy of these tests is a puppet: records of a control stream say what it wants, now, at a wake, or when an order
has ended without a trade.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from flashc.compiler.evaluate.evaluator import Machine
from flashc.compiler.ir.builder import ProgramBuilder, SegmentBuilder
from flashc.compiler.ir.layout import state_words
from flashc.compiler.ir.nodes import Program, Slot, Stream
from flashc.cython_core.layout import (
    FLAG_INSTANT_END,
    INSTANCE_SHIFT,
    KIND_BAR,
    KIND_DONE,
    KIND_REJECT,
    STYLE_CANCEL,
    STYLE_IOC,
    STYLE_LIMIT,
    STYLE_MARKET,
    head,
)
from flashc.runtime.backtest import driver, reference
from flashc.runtime.backtest import result as names
from flashc.runtime.backtest.reference_core import Core
from flashc.runtime.backtest.reference_schedule import Schedule
from flashc.runtime.backtest.result import Account, Feed, KernelFacts, RunResult, Terms
from flashc.runtime.backtest.sim_words import MAX_WAKES
from hypothesis import given, settings
from hypothesis import strategies as st
from support.kernels import addresses, import_kernel

SECOND = 10**9
MINUTE = 60 * SECOND
CONTROL = 2
WORDS = ("side", "style", "qty", "price", "ttl", "how")


def puppet() -> Program:
    """Streams: bars of a and b, control, timers of 20 s and 30 s. Instance 0 decides on control, 1 on the first timer.

    `how` packs the instance, the tag (8 bits), how often to send again (3 bits), and seconds to a wake (0: now).
    """
    builder = ProgramBuilder()
    bars = [Stream(name, "bar", name[1:], name, MINUTE, 2, 6) for name in ("ba", "bb", "bc")]
    timers = [Stream(f"t{s}", "timer", "", "", s * SECOND, 0, 0) for s in (20, 30)]
    slot = {name: builder.slot("i64", name) for name in (*WORDS, "now", "wanted", "asked", "again", "fired")}
    read = SegmentBuilder(builder, "bar", "bc")
    for name, word in zip(WORDS, ("open", "high", "low", "close", "volume", "notional"), strict=True):
        read.store(slot[name], read.ev(word))
    how = read.ev("notional")
    read.store(slot["now"], read.ev("time"))
    read.store(slot["again"], read.op("iand", read.op("ishr", how, read.i(9)), read.i(7)))
    later = read.op("ile", read.i(4096), how)
    read.store(slot["asked"], read.select(later, read.i(1), read.i(0)))
    read.store(slot["wanted"], read.select(later, read.i(0), read.i(1)))
    segments = [s.finish() for s in (read, *_rules(builder, slot))]
    segments[-1] = replace(segments[-1], instance=1)
    slots = tuple(builder.slots)
    return Program("puppet", 1, (), (*bars, *timers), slots, (), tuple(segments), instances=("a", "b"))


def _rules(builder: ProgramBuilder, slot: dict[str, Slot]) -> list[SegmentBuilder]:
    ring, manage, decide = (SegmentBuilder(builder, *t) for t in (("timer", "t30"), ("manage",), ("decide", "bc")))
    risk, report, timed = (SegmentBuilder(builder, *t) for t in (("risk",), ("report",), ("decide", "t20")))
    ring.store(slot["fired"], ring.load(slot["fired"]) + 1)

    with manage.when(manage.load(slot["asked"]).eq(2)):  # a wake was asked for: this is it
        manage.store(slot["wanted"], 1)
        manage.store(slot["asked"], 0)

    decide.effect("decided", attrs=(0,))
    with decide.when(decide.load(slot["asked"]).eq(1)):
        seconds = decide.op("ishr", decide.load(slot["how"]), decide.i(12))
        decide.effect("wake", decide.load(slot["now"]) + seconds * SECOND)
        decide.store(slot["asked"], 2)

    with risk.when(risk.load(slot["wanted"]).eq(1)):
        risk.store(slot["wanted"], 0)
        for instance in (0, 1):
            with risk.when(risk.op("iand", risk.load(slot["how"]), risk.i(1)).eq(instance)):
                _send(risk, slot, instance)

    kind = report.op("iand", report.ev("head"), report.i(0xFF))
    status = report.op("ishr", report.ev("head"), report.i(32))
    failed = kind.eq(KIND_REJECT) | (kind.eq(KIND_DONE) & status.ne(names.FILLED))
    with report.when(failed & (report.load(slot["again"]) > 0)):
        report.store(slot["again"], report.load(slot["again"]) - 1)
        report.store(slot["wanted"], 1)

    timed.effect("decided", attrs=(1,))
    timed.effect("reason", timed.load(slot["fired"]), attrs=(1,))
    return [ring, manage, decide, risk, report, timed]


def _send(risk: SegmentBuilder, slot: dict[str, Slot], instance: int) -> None:
    """The order or cancel that the slots describe."""
    tag = risk.op("iand", risk.op("ishr", risk.load(slot["how"]), risk.i(1)), risk.i(0xFF))
    cancels = risk.load(slot["style"]).eq(STYLE_CANCEL)
    with risk.when(cancels):
        risk.effect("cancel", tag, risk.load(slot["qty"]), attrs=(instance,))
    with risk.when(~cancels):
        words = (risk.load(slot[name]) for name in ("side", "style", "qty", "price", "ttl"))
        risk.effect("emit", *words, risk.i(7), tag, attrs=(instance,))


PUPPET = puppet()
FACTS = KernelFacts(
    state_words(PUPPET), (Feed(0, MINUTE), Feed(1, MINUTE)), (Feed(4, 30 * SECOND), Feed(3, 20 * SECOND))
)
STILL = replace(FACTS, timers=())
TERMS = (Terms(1, 50_000, 10_000), Terms(10, 40_000, 0, min_qty_lots=2))
Rows = list[list[int]]
Run = Callable[..., RunResult]


def bar(stream: int, minute: int, price: int, low: int = 0, volume: int = 10, *, ends: bool = False) -> list[int]:
    """The bar of an instrument that closes at `minute`."""
    flags = FLAG_INSTANT_END if ends else 0
    return [minute * MINUTE, head(KIND_BAR, flags, stream), price, price, low or price, price, volume, 0]


def want(
    minute: int, side: int, style: int, qty: int, price: int = 0, ttl: int = 0, *,
    of: int = 0, tag: int = 0, again: int = 0, wake: int = 0,
) -> list[int]:  # fmt: skip
    """What the strategy wants at `minute`, or `wake` seconds later."""
    how = of | tag << 1 | again << 9 | wake << 12
    return [minute * MINUTE, head(KIND_BAR, FLAG_INSTANT_END, CONTROL), side, style, qty, price, ttl, how]


def minutes(*prices: tuple[int, int]) -> Rows:
    """One bar of each instrument per minute, from minute 1 on."""
    return [row for k, (a, b) in enumerate(prices, 1) for row in (bar(0, k, a), bar(1, k, b, ends=True))]


def runs(folder: Path) -> dict[str, Run]:
    compiled = addresses(import_kernel(PUPPET, folder))

    def slow(rows: Rows, facts: KernelFacts = STILL, cash: int = 10**7) -> RunResult:
        return reference.run(Machine(PUPPET), facts, in_time(rows), (), Account(cash, TERMS))

    def fast(rows: Rows, facts: KernelFacts = STILL, cash: int = 10**7, chunk: int = 3) -> RunResult:
        tape = np.array(in_time(rows), dtype=np.int64).reshape(-1, 8)
        return driver.run(compiled, facts, tape, (), Account(cash, TERMS), chunk=chunk)

    return {"reference": slow, "numba": fast}


def in_time(rows: Rows) -> Rows:
    return sorted(rows, key=lambda row: row[0])


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Run]:
    return runs(tmp_path_factory.mktemp("kernels"))


@pytest.fixture(params=["reference", "numba"])
def run(request: pytest.FixtureRequest, both: dict[str, Run]) -> Run:
    return both[request.param]


def column(table: np.ndarray, number: int) -> list[int]:
    return [int(x) for x in table[:, number]]


def test_two_instruments_share_the_cash_and_keep_their_positions_fees_and_minimums(run: Run) -> None:
    rows = [
        *minutes((100, 50), (110, 60), (120, 70)),
        want(1, 1, STYLE_MARKET, 1000),
        want(2, 1, STYLE_MARKET, 10, of=1),
    ]
    result = run([*rows, want(2, 1, STYLE_MARKET, 1, of=1)])
    fees = [(110_000 * 50_000 + 5 * 10**7) // 10**8, (7_000 * 40_000 + 5 * 10**7) // 10**8]
    assert column(result.fills, names.F_INSTRUMENT) == [0, 1]
    assert column(result.fills, names.F_FEE) == fees
    assert column(result.fills, names.F_VALUE) == [110_000, 7_000]
    assert column(result.fills, names.F_CASH) == [10**7 - 110_000 - fees[0], 10**7 - 117_000 - sum(fees)]
    assert result.position.tolist() == [1000, 10]
    assert result.rejects() == {"below_minimum_quantity": 1}


def test_the_equity_curve_has_one_point_per_closing_time_and_marks_every_position(run: Run) -> None:
    result = run(
        [*minutes((100, 50), (110, 60), (120, 70)), want(1, 1, STYLE_MARKET, 1000), want(1, 1, STYLE_MARKET, 10, of=1)]
    )
    assert result.equity_time.tolist() == [MINUTE, 2 * MINUTE, 3 * MINUTE]
    gain = 1000 * 10 + 10 * 10 * 10
    assert (result.equity - result.equity[1]).tolist()[1:] == [0, gain]
    assert column(result.fills, names.F_BAR) == [1, 1]
    assert result.equity[2] == result.cash + 1000 * 120 + 10 * 70 * 10


def test_an_order_meets_the_bars_of_its_own_instrument_only(run: Run) -> None:
    rows = [bar(0, 1, 100), bar(1, 1, 50, ends=True), want(1, 1, STYLE_MARKET, 10, of=1)]
    result = run([*rows, bar(0, 2, 100, ends=True), bar(0, 3, 100), bar(1, 3, 51, ends=True)])
    assert result.fills[0, [names.F_TIME, names.F_PRICE]].tolist() == [2 * MINUTE, 51]


def test_an_unknown_instrument_is_refused() -> None:
    core = Core(Account(1, TERMS))
    assert core.refusal(core.new_order((1, STYLE_MARKET, 1, 0, 0, 0, 0, 2), 0)) == names.BAD_INSTRUMENT


def test_an_open_order_is_cancelled_by_its_tag_before_it_meets_the_next_bar(run: Run) -> None:
    rows = [
        *minutes((100, 50), (100, 50), (100, 50)),
        want(1, 1, STYLE_LIMIT, 10, 90, tag=3),
        want(1, 1, STYLE_LIMIT, 10, 91, tag=4),
    ]
    result = run([*rows, want(2, 0, STYLE_CANCEL, 0, tag=3), bar(0, 4, 100, 80, ends=True)])
    assert [names.STATUS[s] for s in column(result.orders, names.O_STATUS)] == ["cancelled", "filled"]
    assert column(result.orders, names.O_CLOSED) == [2 * MINUTE, 4 * MINUTE]
    assert column(result.orders, names.O_TAG) == [3, 4]


def test_a_cancel_of_another_instrument_or_of_an_ended_order_does_nothing(run: Run) -> None:
    rows = [*minutes((100, 50), (100, 50), (100, 50)), want(1, 1, STYLE_LIMIT, 10, 90, tag=3)]
    result = run([*rows, want(2, 0, STYLE_CANCEL, 0, tag=3, of=1), want(2, 0, STYLE_CANCEL, 0, tag=5)])
    assert column(result.orders, names.O_STATUS) == [names.RESTING]


def test_a_cancel_at_the_end_of_life_counts_as_expiry(run: Run) -> None:
    rows = [*minutes((100, 50), (100, 50)), want(1, 1, STYLE_LIMIT, 10, 90, tag=3), want(2, 0, STYLE_CANCEL, 1, tag=3)]
    assert column(run(rows).orders, names.O_STATUS) == [names.EXPIRED]


def test_an_order_that_a_report_brings_carries_the_time_of_the_report_and_meets_the_next_bar(run: Run) -> None:
    rows = [*minutes((100, 50), (100, 50), (90, 50)), want(1, 1, STYLE_IOC, 10, 90, again=1)]
    result = run(rows)
    assert column(result.orders, names.O_TIME) == [MINUTE, MINUTE]
    assert [names.STATUS[s] for s in column(result.orders, names.O_STATUS)] == ["cancelled", "filled"]
    assert column(result.fills, names.F_TIME) == [2 * MINUTE]


def test_a_refused_order_is_sent_again_at_once_as_often_as_the_strategy_wants(run: Run) -> None:
    result = run([*minutes((100, 50)), want(1, 1, STYLE_MARKET, 1, of=1, again=5)])
    assert result.rejects() == {"below_minimum_quantity": 6}
    assert set(column(result.orders, names.O_TIME)) == {MINUTE}


def test_timers_fire_on_their_grid_and_share_the_instant_of_what_happens_at_their_time(run: Run) -> None:
    result = run(minutes((100, 50), (100, 50)), FACTS)
    rows = [(t // SECOND, reason >> INSTANCE_SHIFT, reason & 0xFFFF) for t, reason, _ in result.decisions.tolist()]
    # The timer of 20 s comes before that of 30 s, and both belong to the instant of the bars at 60 and 120.
    assert rows == [(60, 1, 1), (80, 1, 1), (100, 1, 2), (120, 1, 3)]


def test_timers_fire_through_hours_without_data(run: Run) -> None:
    result = run([bar(0, 1, 100), bar(1, 1, 50, ends=True), bar(0, 301, 100, ends=True)], FACTS)
    assert len(result.decisions) == 300 * 3 + 1
    assert np.diff(result.decisions[:, 0]).tolist() == [20 * SECOND] * 900
    assert result.equity_time.tolist() == [MINUTE, 301 * MINUTE]


def test_a_wake_comes_at_its_time_between_the_records(run: Run) -> None:
    result = run([*minutes((100, 50), (101, 50), (102, 50)), want(1, 1, STYLE_MARKET, 10, wake=70)])
    assert column(result.orders, names.O_TIME) == [130 * SECOND]
    assert result.fills[0, [names.F_TIME, names.F_PRICE]].tolist() == [2 * MINUTE, 102]


def test_a_wake_at_the_time_of_a_record_comes_before_it(run: Run) -> None:
    result = run([*minutes((100, 50), (101, 50), (102, 50)), want(1, 1, STYLE_MARKET, 10, wake=60)])
    assert column(result.orders, names.O_TIME) == [2 * MINUTE]
    assert result.fills[0, names.F_PRICE] == 101


def test_a_wake_after_the_last_record_never_comes(run: Run) -> None:
    assert len(run([*minutes((100, 50)), want(1, 1, STYLE_MARKET, 10, wake=70)]).orders) == 0


def test_a_wake_in_the_past_comes_at_once_after() -> None:
    schedule = Schedule(())
    schedule.passed(100)
    schedule.ask(50)
    assert schedule.due() == 101


def test_wakes_without_end_let_the_tape_go_on() -> None:
    schedule, seen = Schedule(()), []
    schedule.passed(0)
    schedule.ask(1)

    def event(record: object) -> None:
        seen.append(record)
        schedule.ask(0)

    while schedule.due() <= 10**6:
        schedule.fire(10**6, event)
    assert len(seen) == MAX_WAKES
    schedule.passed(10**6)
    assert schedule.due() == 10**6 + 1


def test_a_wake_that_waits_comes_after_the_next_record_and_not_after_all_that_are_there(tmp_path: Path) -> None:
    """The strategy counts how often it is woken and asks again at once, without end."""
    builder = ProgramBuilder()
    count, last = builder.slot("i64", "count"), builder.slot("i64", "last")
    manage, decide = SegmentBuilder(builder, "manage"), SegmentBuilder(builder, "decide", "ba")
    manage.store(count, manage.load(count) + 1)
    manage.store(last, manage.ev("time"))
    manage.effect("wake", manage.i(0))
    decide.effect("decided", attrs=(0,))
    bars = (Stream("ba", "bar", "a", "a", MINUTE, 2, 6), Stream("bb", "bar", "b", "b", MINUTE, 2, 6))
    segments = (manage.finish(), decide.finish())
    program = Program("restless", 1, (), bars, tuple(builder.slots), (), segments, instances=("a",))
    facts, account = KernelFacts(state_words(program), (Feed(0, MINUTE),)), Account(10**7, TERMS[:1])
    rows = minutes((100, 50), (101, 50), (102, 50))
    tape, compiled = np.array(rows, dtype=np.int64), addresses(import_kernel(program, tmp_path))
    slow = reference.run(Machine(program), facts, rows, (), account)
    for chunk in (1, 4, 100):
        fast = driver.run(compiled, facts, tape, (), account, chunk=chunk)
        assert fast.state.tolist() == slow.state.tolist()
        assert fast.decisions.tolist() == slow.decisions.tolist()
    assert slow.state[:2].tolist() == [3 + 2 * MAX_WAKES, 3 * MINUTE]
    assert slow.decisions[:, 0].tolist() == [MINUTE, 2 * MINUTE, 3 * MINUTE]


EVENTS = st.lists(
    st.one_of(
        st.tuples(
            st.just("bars"), st.integers(90, 110), st.integers(45, 55), st.integers(85, 110), st.sampled_from((0, 5))
        ),
        st.tuples(
            st.just("want"),
            st.sampled_from((-1, 1)),
            st.sampled_from((0, 1, 2, 3, 4, STYLE_CANCEL)),
            st.sampled_from((0, 1, 2, 50, 900)),
            st.sampled_from((48, 50, 95, 100, 105)),
            st.sampled_from((0, 0, MINUTE, 90 * SECOND)),
            st.fixed_dictionaries(
                {
                    "of": st.integers(0, 1),
                    "tag": st.integers(0, 3),
                    "again": st.integers(0, 3),
                    "wake": st.sampled_from((0, 0, 0, 20, 45, 60, 200)),
                }
            ),
        ),
    ),
    max_size=40,
)


@settings(max_examples=150, deadline=None)
@given(events=EVENTS, cash=st.integers(0, 10**5), timed=st.booleans(), chunk=st.integers(1, 50))
def test_the_twins_agree_on_anything_and_every_fill_reaches_cash_and_position(
    both: dict[str, Run], events: list[tuple[object, ...]], cash: int, timed: bool, chunk: int
) -> None:
    minute, rows = 1, [bar(0, 1, 100), bar(1, 1, 50, ends=True)]
    for kind, *words in events:
        if kind == "bars":
            minute += 1
            a, b, low, volume = words
            rows += [bar(0, minute, a, min(a, low), volume), bar(1, minute, b, ends=True)]  # type: ignore[type-var,arg-type]
        else:
            rows.append(want(minute, *words[:-1], **words[-1]))  # type: ignore[arg-type]
    facts = FACTS if timed else STILL
    slow, fast = both["reference"](rows, facts, cash), both["numba"](rows, facts, cash, chunk)
    for name in RunResult.__slots__:
        assert np.array_equal(getattr(slow, name), getattr(fast, name)), name
    fills = fast.fills.tolist()
    assert fast.cash == cash - sum(f[names.F_SIDE] * f[names.F_VALUE] + f[names.F_FEE] for f in fills)
    for number in (0, 1):
        own = [f for f in fills if f[names.F_INSTRUMENT] == number]
        assert fast.position[number] == sum(f[names.F_SIDE] * f[names.F_QTY] for f in own)
    filled = {o[names.O_NUMBER]: o[names.O_FILLED] for o in fast.orders.tolist() if o[names.O_FILLED]}
    assert filled == {f[names.F_ORDER]: f[names.F_QTY] for f in fills}

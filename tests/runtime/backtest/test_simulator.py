"""The rules of the order simulator, one scenario each, for the reference and for the compiled driver.

The strategy of these tests has no mind: a second stream's records carry the intents, and every report that comes back
is written to a ring, so a scenario sees exactly what a strategy would be told.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from flashc.compiler.evaluate.evaluator import Machine
from flashc.compiler.ir.builder import ProgramBuilder, SegmentBuilder
from flashc.compiler.ir.layout import offsets, state_words
from flashc.compiler.ir.nodes import Program, Stream
from flashc.cython_core.layout import (
    FLAG_INSTANT_END,
    KIND_BAR,
    KIND_DONE,
    KIND_FILL,
    KIND_REJECT,
    STYLE_FOK,
    STYLE_IOC,
    STYLE_LIMIT,
    STYLE_MARKET,
    STYLE_POST_ONLY,
    head,
)
from flashc.runtime.backtest import driver, reference
from flashc.runtime.backtest import result as names
from flashc.runtime.backtest.result import Account, Feed, KernelFacts, RunResult, Terms
from hypothesis import given, settings
from hypothesis import strategies as st
from support.kernels import addresses, import_kernel

MINUTE = 60_000_000_000
LOG = 64  # reports that the ring keeps
FIELDS = ("time", "head", "side", "qty", "price", "value", "fee", "tag")
TAKER, MAKER = 50_000, 10_000


def echo() -> Program:
    """Emits what the records of stream b1 say; logs the reports."""
    builder = ProgramBuilder()
    streams = tuple(Stream(f"b{k}", "bar", "btc", "BTC/USDC", MINUTE, 2, 6) for k in range(2))
    words = ("side", "style", "qty", "price", "ttl")
    wanted = {name: builder.slot("i64", f"wanted {name}") for name in words}
    count = builder.slot("i64", "reports")
    logs = {name: builder.slot("i64", f"log {name}", LOG) for name in FIELDS}
    read = SegmentBuilder(builder, "bar", "b1")
    for name, word in zip(words, ("open", "high", "low", "close", "volume"), strict=True):
        read.store(wanted[name], read.ev(word))
    decide, risk, report = SegmentBuilder(builder, "decide", "b1"), SegmentBuilder(builder, "risk"), SegmentBuilder(builder, "report")  # fmt: skip
    decide.effect("decided", attrs=(0,))
    risk.effect("emit", *(risk.load(wanted[name]) for name in words), risk.i(7), risk.i(0), attrs=(0,))
    serial = report.load(count)
    for name in FIELDS:
        report.effect("ring.put.i", serial, report.ev(name), attrs=(logs[name].name,))
    report.store(count, serial + 1)
    segments = tuple(s.finish() for s in (read, decide, risk, report))
    return Program("echo", 1, (), streams, tuple(builder.slots), (), segments)


ECHO = echo()
FACTS = KernelFacts(state_words(ECHO), (Feed(0, MINUTE),))
Rows = list[list[int]]
Run = Callable[[Rows, Account], RunResult]


def bar(minute: int, open_: int, high: int, low: int, close: int, volume: int = 10) -> list[int]:
    """The bar that closes at `minute`."""
    return [minute * MINUTE, head(KIND_BAR, 0, 0), open_, high, low, close, volume, 0]


def order(minute: int, side: int, style: int, qty: int, price: int = 0, ttl: int = 0) -> list[int]:
    """An intent decided at `minute`, after the bar that closes then."""
    return [minute * MINUTE, head(KIND_BAR, FLAG_INSTANT_END, 1), side, style, qty, price, ttl, 0]


@pytest.fixture(scope="module", params=["reference", "numba"])
def run(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Run:
    if request.param == "reference":
        return lambda rows, account: reference.run(Machine(ECHO), FACTS, rows, (), account)
    compiled = addresses(import_kernel(ECHO, tmp_path_factory.mktemp("kernels")))
    return lambda rows, account: driver.run(compiled, FACTS, np.array(rows, dtype=np.int64), (), account, chunk=3)


def account(cash: int = 1_000_000, **changes: int) -> Account:
    slippage = changes.pop("slippage_ticks", 0)
    terms = Terms(**{"scale": 1, "taker_rate": TAKER, "maker_rate": MAKER, **changes})
    return Account(cash, (terms,), slippage)


def reports(result: RunResult) -> Rows:
    """The reports that the strategy saw, in order: kind, then the other words but the head."""
    place = offsets(ECHO)
    column = {f: result.state[place[s.name] :] for s in ECHO.slots if s.label.startswith("log ") for f in [s.label[4:]]}
    count = int(result.state[place[next(s.name for s in ECHO.slots if s.label == "reports")]])
    rows = [[int(column[f][k]) for f in FIELDS] for k in range(count)]
    return [[row[1] & 0xFF, row[0] // MINUTE, *row[2:]] for row in rows]


def reject(result: RunResult, number: int = 1) -> str:
    row = result.orders[number - 1]
    assert row[names.O_STATUS] == names.REJECTED
    return names.REJECTS[row[names.O_REJECT]]


def status(result: RunResult, number: int = 1) -> str:
    return names.STATUS[result.orders[number - 1][names.O_STATUS]]


FLAT = bar(1, 100, 100, 100, 100)
BUY = order(1, 1, STYLE_MARKET, 1000)


def test_a_market_order_fills_at_the_next_open_and_pays_the_taker_fee(run: Run) -> None:
    result = run([FLAT, BUY, bar(2, 103, 110, 90, 105)], account())
    fee = (103_000 * TAKER + 5 * 10**7) // 10**8
    cash = 1_000_000 - 103_000 - fee
    assert result.fills.tolist() == [[1, MINUTE, 1, 1000, 103, 103_000, fee, 7, 1, 0, 1000, cash, 0, MINUTE, 0, 0]]
    assert result.equity.tolist() == [1_000_000, cash + 105_000]
    assert (result.cash, result.position.tolist()) == (cash, [1000])
    assert reports(result) == [[KIND_FILL, 1, 1, 1000, 103, 103_000, fee, 0], [KIND_DONE, 1, 1, 0, 0, 0, 0, 0]]


@pytest.mark.parametrize(("value", "fee"), [(999, 0), (1000, 1), (2999, 1), (3000, 2)])
def test_a_fee_is_rounded_to_the_nearest_atom_halves_up(run: Run, value: int, fee: int) -> None:
    result = run([bar(1, 1, 1, 1, 1), order(1, 1, STYLE_MARKET, value), bar(2, 1, 1, 1, 1)], account())
    assert result.fills[0][names.F_FEE] == fee


def test_slippage_goes_against_the_trader_on_both_sides(run: Run) -> None:
    rows = [FLAT, BUY, bar(2, 100, 100, 100, 100), order(2, -1, STYLE_MARKET, 1000), bar(3, 100, 100, 100, 100)]
    assert run(rows, account(slippage_ticks=2)).fills[:, names.F_PRICE].tolist() == [102, 98]


def test_slippage_never_takes_a_price_below_one_tick(run: Run) -> None:
    rows = [bar(1, 1, 1, 1, 1), order(1, 1, STYLE_MARKET, 10), bar(2, 1, 1, 1, 1), order(2, -1, STYLE_MARKET, 10), bar(3, 1, 1, 1, 1)]  # fmt: skip
    assert run(rows, account(slippage_ticks=5)).fills[:, names.F_PRICE].tolist() == [6, 1]


def test_an_order_waits_while_nothing_trades_and_each_wait_is_counted(run: Run) -> None:
    result = run([FLAT, BUY, bar(2, 100, 100, 100, 100, 0), bar(3, 100, 100, 100, 100, 0), bar(4, 120, 120, 120, 120)], account())  # fmt: skip
    assert result.waits == 2
    assert result.fills[0].tolist()[1:5] == [3 * MINUTE, 1, 1000, 120]


def test_cash_never_goes_below_zero(run: Run) -> None:
    fee = (100_000 * TAKER + 5 * 10**7) // 10**8
    rows = [FLAT, BUY, bar(2, 100, 100, 100, 100)]
    enough, short = run(rows, account(100_000 + fee)), run(rows, account(100_000 + fee - 1))
    assert (enough.cash, enough.position.tolist()) == (0, [1000])
    assert reject(short) == "insufficient_balance"
    assert reports(short) == [[KIND_REJECT, 1, 1, 1000, 0, 0, 0, 0]]
    assert short.rejects() == {"insufficient_balance": 1}


def test_a_priced_order_may_take_all_the_cash_and_not_an_atom_more(run: Run) -> None:
    rows = [FLAT, order(1, 1, STYLE_LIMIT, 1000, 100), bar(2, 101, 101, 101, 101)]
    fee = 50  # 5 bps
    enough, short = run(rows, account(100_000 + fee)), run(rows, account(100_000 + fee - 1))
    assert status(enough) == "resting"
    assert reject(short) == "insufficient_balance"


@pytest.mark.parametrize(
    ("intent", "reason"),
    [
        (order(1, 0, STYLE_MARKET, 10), "bad_side"),
        (order(1, 2, STYLE_MARKET, 10), "bad_side"),
        (order(1, 1, 9, 10), "bad_style"),
        (order(1, 1, -1, 10), "bad_style"),
        (order(1, 1, STYLE_MARKET, 0), "bad_quantity"),
        (order(1, 1, STYLE_LIMIT, 10, 0), "bad_price"),
        (order(1, 1, STYLE_MARKET, 4), "below_minimum_quantity"),
        (order(1, 1, STYLE_MARKET, 9), "below_minimum"),
        (order(1, 1, STYLE_LIMIT, 9, 111), "below_minimum"),
        (order(1, 1, STYLE_MARKET, 2**61), "too_large"),
        (order(1, 1, STYLE_LIMIT, 10, 2**62), "too_large"),
        (order(1, -1, STYLE_MARKET, 10), "not_held"),
        (order(1, 1, STYLE_LIMIT, 10_001, 100), "insufficient_balance"),
    ],
)
def test_a_bad_order_is_refused_at_once_with_its_reason(run: Run, intent: list[int], reason: str) -> None:
    result = run([FLAT, intent, bar(2, 100, 100, 100, 100)], account(min_notional_atoms=1000, min_qty_lots=5))
    assert reject(result) == reason
    assert result.cash == 1_000_000
    assert reports(result)[0][:2] == [KIND_REJECT, 1]


def test_only_so_many_orders_can_be_open(run: Run) -> None:
    rows = [FLAT, *(order(1, 1, STYLE_LIMIT, 10, 50) for _ in range(names.MAX_OPEN + 1))]
    result = run(rows, account())
    assert reject(result, names.MAX_OPEN + 1) == "too_many_orders"
    assert status(result, names.MAX_OPEN) == "sent"


def test_a_limit_order_fills_only_when_a_later_bar_trades_through_it(run: Run) -> None:
    touch, through = bar(2, 100, 101, 95, 100), bar(3, 100, 101, 94, 100)
    result = run([FLAT, order(1, 1, STYLE_LIMIT, 1000, 95), touch, through], account())
    fee = (95_000 * MAKER + 5 * 10**7) // 10**8
    assert result.fills.tolist() == [
        [1, 3 * MINUTE, 1, 1000, 95, 95_000, fee, 7, 2, 1, 1000, 1_000_000 - 95_000 - fee, 0, 3 * MINUTE, 0, 0]
    ]


def test_a_resting_order_gets_its_own_price_when_the_market_gaps_through(run: Run) -> None:
    rows = [FLAT, BUY, bar(2, 100, 100, 100, 100), order(2, -1, STYLE_LIMIT, 1000, 105), bar(3, 100, 105, 100, 100)]
    result = run([*rows, bar(4, 120, 121, 119, 120)], account())
    assert result.fills[1].tolist()[1:5] == [4 * MINUTE, -1, 1000, 105]


def test_a_marketable_limit_order_takes_at_the_open(run: Run) -> None:
    result = run([FLAT, order(1, 1, STYLE_LIMIT, 1000, 105), bar(2, 101, 102, 100, 101)], account())
    assert result.fills[0].tolist()[1:6] == [MINUTE, 1, 1000, 101, 101_000]
    assert result.fills[0][names.F_MAKER] == 0


def test_a_post_only_order_is_refused_when_it_would_take(run: Run) -> None:
    result = run([FLAT, order(1, 1, STYLE_POST_ONLY, 1000, 105), bar(2, 101, 102, 100, 101)], account())
    assert reject(result) == "would_cross"
    rests = run([FLAT, order(1, 1, STYLE_POST_ONLY, 1000, 101), bar(2, 101, 102, 100, 101)], account())
    assert rests.fills[0].tolist()[1:5] == [2 * MINUTE, 1, 1000, 101]
    assert rests.fills[0][names.F_MAKER] == 1


@pytest.mark.parametrize("style", [STYLE_IOC, STYLE_FOK])
def test_an_immediate_order_takes_at_the_open_or_is_cancelled(run: Run, style: int) -> None:
    takes = run([FLAT, order(1, 1, style, 1000, 101), bar(2, 101, 102, 90, 101)], account())
    assert takes.fills[0].tolist()[1:5] == [MINUTE, 1, 1000, 101]
    misses = run([FLAT, order(1, 1, style, 1000, 100), bar(2, 101, 102, 90, 101)], account())
    assert (status(misses), len(misses.fills)) == ("cancelled", 0)
    assert reports(misses) == [[KIND_DONE, 1, 1, 1000, 100, 0, 0, 0]]


def test_an_order_ends_with_its_life_and_fills_only_in_bars_that_close_before(run: Run) -> None:
    rows = [FLAT, order(1, 1, STYLE_LIMIT, 1000, 95, 2 * MINUTE), bar(2, 100, 101, 96, 100), bar(3, 100, 101, 90, 100)]
    assert status(run(rows, account())) == "filled"
    short = [rows[0], order(1, 1, STYLE_LIMIT, 1000, 95, 2 * MINUTE - 1), *rows[2:]]
    result = run(short, account())
    assert status(result) == "expired"
    assert result.orders[0][names.O_CLOSED] == 3 * MINUTE - 1
    assert reports(result) == [[KIND_DONE, 2, 1, 1000, 95, 0, 0, 0]]


def test_a_market_order_can_expire_while_it_waits(run: Run) -> None:
    rows = [FLAT, order(1, 1, STYLE_MARKET, 1000, 0, MINUTE), bar(2, 100, 100, 100, 100, 0), bar(3, 100, 100, 100, 100)]
    result = run(rows, account())
    assert (status(result), result.waits) == ("expired", 1)


def test_two_sells_of_the_same_lots_cannot_both_fill(run: Run) -> None:
    sells = [order(2, -1, STYLE_MARKET, 1000), order(2, -1, STYLE_MARKET, 1000)]
    result = run([FLAT, BUY, bar(2, 100, 100, 100, 100), *sells, bar(3, 100, 100, 100, 100)], account())
    assert [status(result, k) for k in (2, 3)] == ["filled", "rejected"]
    assert reject(result, 3) == "not_held"
    assert result.position.tolist() == [0]


def test_a_tape_without_orders_leaves_only_equity(run: Run) -> None:
    result = run([FLAT], account())
    assert result.equity.tolist() == [1_000_000]
    assert len(result.decisions) == len(result.orders) == len(result.fills) == 0


PRICES = st.integers(90, 110)
EVENTS = st.lists(
    st.one_of(
        st.tuples(st.just("bar"), PRICES, PRICES, PRICES, PRICES, st.sampled_from((0, 1, 5))),
        st.tuples(
            st.just("order"),
            st.sampled_from((-1, 1)),
            st.integers(0, 4),
            st.integers(1, 4000),
            PRICES,
            st.sampled_from((0, 0, 1, MINUTE, 2 * MINUTE, 3 * MINUTE - 1)),
        ),
    ),
    max_size=40,
)


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Rows, Account, int], tuple[RunResult, RunResult]]:
    compiled = addresses(import_kernel(ECHO, tmp_path_factory.mktemp("kernels")))

    def run_both(rows: Rows, money: Account, chunk: int) -> tuple[RunResult, RunResult]:
        tape = np.array(rows, dtype=np.int64).reshape(-1, 8)
        slow = reference.run(Machine(ECHO), FACTS, rows, (), money)
        return slow, driver.run(compiled, FACTS, tape, (), money, chunk=chunk)

    return run_both


@settings(max_examples=150, deadline=None)
@given(events=EVENTS, cash=st.integers(0, 10**6), slippage=st.integers(0, 3), scale=st.sampled_from((1, 10)), chunk=st.integers(1, 50))  # fmt: skip
def test_the_twins_agree_on_anything_and_money_is_conserved(
    both: Callable[[Rows, Account, int], tuple[RunResult, RunResult]],
    events: list[tuple[object, ...]],
    cash: int,
    slippage: int,
    scale: int,
    chunk: int,
) -> None:
    minute, rows = 1, [FLAT]
    for kind, *words in events:
        if kind == "bar":
            minute += 1
            rows.append(bar(minute, words[0], max(words[:4]), min(words[:4]), *words[3:]))  # type: ignore[arg-type,type-var]
        else:
            rows.append(order(minute, *words))  # type: ignore[arg-type]
    slow, fast = both(rows, account(cash, slippage_ticks=slippage, scale=scale), chunk)
    for name in RunResult.__slots__:
        assert np.array_equal(getattr(slow, name), getattr(fast, name)), name
    spent = sum(f[names.F_SIDE] * f[names.F_VALUE] + f[names.F_FEE] for f in fast.fills.tolist())
    assert fast.cash == cash - spent
    assert fast.position[0] == sum(f[names.F_SIDE] * f[names.F_QTY] for f in fast.fills.tolist())
    assert all(f[names.F_CASH] >= 0 and f[names.F_POSITION] >= 0 for f in fast.fills.tolist())
    assert len(fast.fills) == sum(o[names.O_STATUS] == names.FILLED for o in fast.orders.tolist())


def test_tables_grow_when_a_strategy_trades_without_end(run: Run) -> None:
    rows = [FLAT]
    for minute in range(1, 3000):
        rows += [
            order(minute, 1, STYLE_MARKET, 10),
            order(minute, -1, STYLE_MARKET, 10),
            bar(minute + 1, 100, 100, 100, 100),
        ]
    result = run(rows, account(10**9))
    assert len(result.orders) == 2 * 2999
    assert result.orders[:, names.O_NUMBER].tolist() == list(range(1, 2 * 2999 + 1))

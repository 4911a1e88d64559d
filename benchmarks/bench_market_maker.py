"""A market maker on an L2 tape: flashc's market against hftbacktest's ROI-vector depth, and reading a book alone.

    python benchmarks/bench_market_maker.py [--events 2000000] [--repeat 7] [--latency-us 2000] [--stride-ms 10]
    python benchmarks/bench_market_maker.py --data DEPTH.parquet TRADES.parquet --instrument BTC/USDT

Both see the same events (level changes and trades with venue and receive time) in the same process, with the same queue
model (power 3) and the same constant order latency. The logic is the same, written by hand for both: every 10 ms,
flat: quote one lot at the best bid, post-only; holding: offer it at the best ask; when the touch has moved, cancel and
quote again once the cancel is confirmed. hftbacktest is skipped when it is not installed (`pip install hftbacktest`).
An event is a level change or a trade. Fills are counted on both sides; they differ a little where the models do
(`docs/market-simulation.md`).
"""

from __future__ import annotations

import argparse
import importlib.util
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from flashc.cython_core.layout import (
    FLAG_INSTANT_END,
    FLAG_MESSAGE_END,
    HEAD,
    IO_FIRST_BOOK,
    KIND_DONE,
    KIND_FILL,
    KIND_LEVEL,
    KIND_REJECT,
    KIND_RESET,
    KIND_TIMER,
    KIND_TRADE,
    NEVER,
    OUT_DECIDED,
    OUT_INTENTS,
    OUT_WAKE,
    PRICE,
    QTY,
    SIDE,
    STYLE_CANCEL,
    STYLE_POST_ONLY,
    TAG,
    TIME,
    VENUE_TIME,
    head,
)
from flashc.runtime.backtest.driver import KernelAddresses
from flashc.runtime.backtest.kernel_library import emit
from flashc.runtime.backtest.market import driver
from flashc.runtime.backtest.market.book import book_depth, book_px, book_qty, book_value
from flashc.runtime.backtest.market.model import BookFeed, Latency, MarketModel, MarketTape, market_tape
from flashc.runtime.backtest.native_ops import int_words
from flashc.runtime.backtest.result import Account, Feed, KernelFacts, Terms
from numba import cfunc, njit, types
from numpy.typing import NDArray

Words = NDArray[np.int64]
MS = 1_000_000
CLOCK: Callable[[], float] = time.process_time  # processor time: another's load does not count; both run in one thread
START = 1_700_000_000_000_000_000
MID = 6_000_000  # ticks
BOOK, TRADES, TIMER = 0, 1, 2
LOW, HIGH = MID * 3 // 4, MID * 5 // 4


# --- the tape


@njit
def generate(records: Any, seed: int) -> None:
    """A book of 60 ticks a side around a walking middle; four level changes a message, a trade every fifth message.

    A message comes 2 ms after the one before on average, and is received 1 to 4 ms later.
    """
    np.random.seed(seed)
    count, at, mid, venue, receive = len(records), 0, MID, START, START
    lots = np.zeros(400_000, dtype=np.int64)  # by tick modulo; bids below the middle, asks from it on
    for k in range(1, 61):
        for side in (1, -1):
            tick = mid - k if side > 0 else mid + k - 1
            lots[tick % 400_000] = 50
            at = _level(records, at, receive, venue, side, tick, 50, k == 60 and side < 0)
    while at < count - 16:
        venue += np.random.randint(1, 4 * MS)
        receive = max(receive, venue + np.random.randint(1 * MS, 4 * MS))
        if np.random.random() < 0.2:
            taker = 1 if np.random.random() < 0.5 else -1
            tick = mid if taker > 0 else mid - 1
            size = min(lots[tick % 400_000], np.random.randint(1, 40))
            _trade(records, at, receive, venue, taker, tick, size)
            at += 1
            left = lots[tick % 400_000] - size
            lots[tick % 400_000] = left
            at = _level(records, at, receive, venue, -taker, tick, left, left > 0)
            if left > 0:
                continue
            mid += taker  # the level is gone: the other side follows
            tick = mid - 1 if taker > 0 else mid
            lots[tick % 400_000] = 30
            at = _level(records, at, receive, venue, taker, tick, 30, False)
            tick = mid if taker > 0 else mid - 1
            if lots[tick % 400_000] == 0:
                lots[tick % 400_000] = 40
            at = _level(records, at, receive, venue, -taker, tick, lots[tick % 400_000], True)
            continue
        for k in range(4):
            side = 1 if np.random.random() < 0.5 else -1
            distance = min(59, int(np.random.exponential(8.0)))
            tick = mid - 1 - distance if side > 0 else mid + distance
            least = 1 if distance == 0 else 0
            lots[tick % 400_000] = max(least, lots[tick % 400_000] + np.random.randint(-20, 21))
            at = _level(records, at, receive, venue, side, tick, lots[tick % 400_000], k == 3)
    while at < count:
        tick = mid - 1
        at = _level(records, at, receive, venue, 1, tick, 30, True)


@njit
def _level(records: Any, at: int, receive: int, venue: int, side: int, tick: int, lots: int, last: bool) -> int:
    row = records[at]
    row[TIME], row[HEAD], row[SIDE], row[QTY], row[PRICE], row[VENUE_TIME] = (
        receive,
        LEVEL_HEAD,
        side,
        lots,
        tick,
        venue,
    )
    if last:
        row[HEAD] |= FLAG_MESSAGE_END << 8
    return at + 1


@njit
def _trade(records: Any, at: int, receive: int, venue: int, taker: int, tick: int, lots: int) -> None:
    row = records[at]
    row[TIME], row[HEAD], row[SIDE], row[QTY], row[PRICE], row[VENUE_TIME] = (
        receive,
        TRADE_HEAD,
        taker,
        lots,
        tick,
        venue,
    )


LEVEL_HEAD, TRADE_HEAD = head(KIND_LEVEL, 0, BOOK), head(KIND_TRADE, 0, TRADES)


@dataclass(frozen=True, slots=True)
class Data:
    """A tape whose book is stream BOOK and whose trades are stream TRADES, and its grid in units of the instrument."""

    tape: MarketTape
    tick_size: float
    lot_size: float

    @property
    def events(self) -> int:
        """Level changes and trades."""
        return int(np.isin(self.tape.records[:, HEAD] & 0xFF, (KIND_LEVEL, KIND_TRADE)).sum())

    def start(self, records: int) -> Data:
        """The first records only."""
        return Data(MarketTape(self.tape.records[:records], self.tape.books), self.tick_size, self.lot_size)


def recorded(files: list[str], instrument: str) -> Data:
    """A tape from files of a book and its trades."""
    from flashc.runtime.market_data.importers.any_file import import_any
    from flashc.runtime.market_data.tapes.build import StreamNeed, build_tape

    sets = [import_any(Path(name)) for name in files]
    needs = [StreamNeed(kind, instrument, 0, 2, 5) for kind in ("book", "trade")]
    return Data(market_tape(build_tape(sets, needs)), 0.01, 0.00001)


def made(events: int, seed: int = 3) -> Data:
    """Records with the flags that a tape carries."""
    records = np.zeros((events, 8), dtype=np.int64)
    generate(records, seed)
    ends = np.append(np.diff(records[:, TIME]) > 0, True)
    records[ends, HEAD] |= FLAG_INSTANT_END << 8
    return Data(MarketTape(records, (BookFeed(BOOK, LOW, HIGH, TRADES),)), 0.01, 0.00001)


# --- flashc

_INTS, _FLOATS = types.CPointer(types.int64), types.CPointer(types.float64)
_EVENTS = types.int64(_INTS, types.int64, _INTS, _FLOATS, _INTS, _INTS, _INTS)
_REPORT = types.int64(_INTS, _INTS, _FLOATS, _INTS, _INTS)
_INIT = types.int64(_INTS, _FLOATS, _INTS, _FLOATS)
# state words: lots held; tag of the order in flight (0: none), its side and price, whether it is being cancelled;
# orders sent so far; features read
HELD, LIVE, LIVE_SIDE, LIVE_PRICE, CANCELLING, SENT, FEATURES = range(7)


@cfunc(_INIT)
def init(params: Any, params_f: Any, st: Any, sf: Any) -> int:
    return 0


@cfunc(_EVENTS, error_model="numpy")
def quote(rec: Any, n: int, st: Any, sf: Any, out: Any, rows: Any, io: Any) -> int:
    """The market maker."""
    out[OUT_INTENTS] = 0
    out[OUT_DECIDED] = 0
    out[OUT_WAKE] = NEVER
    if rec[HEAD] & 0xFF != KIND_TIMER:
        return 1
    book = int_words(io[IO_FIRST_BOOK + BOOK])
    side = 1 if st[HELD] == 0 else -1
    price = book_px(book, side, 0)
    if price == 0:
        return 1
    if st[LIVE] == 0:
        st[SENT] += 1
        st[LIVE], st[LIVE_SIDE], st[LIVE_PRICE], st[CANCELLING] = st[SENT], side, price, 0
        out[OUT_INTENTS] = emit(out, 0, side, STYLE_POST_ONLY, 1, price, 0, 0, st[SENT], 0)
    elif st[CANCELLING] == 0 and (st[LIVE_PRICE] != price or st[LIVE_SIDE] != side):
        st[CANCELLING] = 1
        out[OUT_INTENTS] = emit(out, 0, 0, STYLE_CANCEL, 0, 0, 0, 0, st[LIVE], 0)
    return 1


@cfunc(_REPORT, error_model="numpy")
def told(rec: Any, st: Any, sf: Any, out: Any, io: Any) -> int:
    out[OUT_INTENTS] = 0
    out[OUT_WAKE] = NEVER
    kind = rec[HEAD] & 0xFF
    if kind == KIND_FILL:
        st[HELD] += rec[SIDE] * rec[QTY]
    elif kind in (KIND_DONE, KIND_REJECT) and rec[TAG] == st[LIVE]:
        st[LIVE] = 0
    return 0


@cfunc(_EVENTS, error_model="numpy")
def read(rec: Any, n: int, st: Any, sf: Any, out: Any, rows: Any, io: Any) -> int:
    """Features at the timer: touch, imbalance of five levels, value of ten."""
    out[OUT_INTENTS] = 0
    out[OUT_DECIDED] = 0
    out[OUT_WAKE] = NEVER
    if rec[HEAD] & 0xFF != KIND_TIMER:
        return 1
    book = int_words(io[IO_FIRST_BOOK + BOOK])
    st[FEATURES] += book_px(book, 1, 0) + book_px(book, -1, 0) + book_qty(book, 1, 0) - book_qty(book, -1, 0)
    st[FEATURES] += (
        book_depth(book, 1, 5) - book_depth(book, -1, 5) + book_value(book, 1, 10) - book_value(book, -1, 10)
    )
    return 1


def flashc_run(data: Data, events: Any, stride_ns: int, latency_ns: int) -> tuple[float, int, int]:
    """(seconds, orders, fills)."""
    kernel = KernelAddresses(init.address, events.address, told.address)
    facts = KernelFacts(16, (Feed(BOOK),), (Feed(TIMER, stride_ns),), market=True)
    account = Account(10**15, (Terms(10, 50_000, 10_000),))
    model = MarketModel(Latency((latency_ns,), (latency_ns,), (latency_ns,)), "prob_power", 3.0)
    began = CLOCK()
    result = driver.run_market(kernel, facts, data.tape, (), account, model)
    return CLOCK() - began, len(result.orders), len(result.fills)


# --- hftbacktest


def peer_events(data: Data) -> Any:
    """The same events in hftbacktest's format."""
    from hftbacktest import BUY_EVENT, DEPTH_EVENT, EXCH_EVENT, LOCAL_EVENT, SELL_EVENT, TRADE_EVENT
    from hftbacktest.types import event_dtype

    records = data.tape.records
    records = records[records[:, HEAD] & 0xFF != KIND_RESET]  # the book begins empty, and the tape resets it once
    events = np.zeros(len(records), dtype=event_dtype)
    kind = np.where(records[:, HEAD] & 0xFF == KIND_LEVEL, DEPTH_EVENT, TRADE_EVENT)
    side = np.where(records[:, SIDE] > 0, BUY_EVENT, SELL_EVENT)
    events["ev"] = (kind | side | EXCH_EVENT | LOCAL_EVENT).astype(np.uint64)
    events["exch_ts"], events["local_ts"] = records[:, VENUE_TIME], records[:, TIME]
    events["px"], events["qty"] = records[:, PRICE] * data.tick_size, records[:, QTY] * data.lot_size
    return events


def peer_strategy() -> Callable[..., None]:
    from hftbacktest import GTX, LIMIT

    @njit
    def strategy(hbt: Any, stride_ns: int, lot: float, sent: Any) -> None:
        live, cancelling, live_side, live_tick = 0, False, 0, 0
        while hbt.elapse(stride_ns) == 0:
            hbt.clear_inactive_orders(0)
            if live > 0 and live not in hbt.orders(0):
                live = 0
            depth, held = hbt.depth(0), hbt.position(0)
            side = 1 if held < lot / 2 else -1
            tick = depth.best_bid_tick if side > 0 else depth.best_ask_tick
            if live == 0:
                sent[0] += 1
                live, cancelling, live_side, live_tick = sent[0], False, side, tick
                if side > 0:
                    hbt.submit_buy_order(0, live, tick * depth.tick_size, lot, GTX, LIMIT, False)
                else:
                    hbt.submit_sell_order(0, live, tick * depth.tick_size, lot, GTX, LIMIT, False)
            elif not cancelling and (live_tick != tick or live_side != side):
                cancelling = True
                hbt.cancel(0, live, False)

    compiled: Callable[..., None] = strategy
    return compiled


def peer_read() -> Callable[..., None]:
    @njit
    def strategy(hbt: Any, stride_ns: int, lot: float, sent: Any) -> None:
        while hbt.elapse(stride_ns) == 0:
            depth = hbt.depth(0)
            bid, ask, total = depth.best_bid_tick, depth.best_ask_tick, 0.0
            for k in range(10):
                total += depth.bid_qty_at_tick(bid - k) - depth.ask_qty_at_tick(ask + k)
            sent[0] += int(total)

    compiled: Callable[..., None] = strategy
    return compiled


def peer_run(
    data: Data, events: Any, strategy: Callable[..., None], stride_ns: int, latency_ns: int
) -> tuple[float, int, int]:
    """(seconds, orders, fills)."""
    from hftbacktest import BacktestAsset, ROIVectorMarketDepthBacktest

    feed = data.tape.books[0]
    asset = (
        BacktestAsset()
        .data(events)
        .linear_asset(1.0)
        .constant_order_latency(latency_ns, latency_ns)
        .power_prob_queue_model(3.0)
        .no_partial_fill_exchange()
        .trading_value_fee_model(0.0001, 0.0005)
        .tick_size(data.tick_size)
        .lot_size(data.lot_size)
        .roi_lb(feed.low_ticks * data.tick_size)
        .roi_ub(feed.high_ticks * data.tick_size)
    )
    hbt, sent = ROIVectorMarketDepthBacktest([asset]), np.zeros(1, dtype=np.int64)
    began = CLOCK()
    strategy(hbt, stride_ns, data.lot_size, sent)
    seconds = CLOCK() - began
    fills = int(hbt.state_values(0).num_trades)
    hbt.close()
    return seconds, int(sent[0]), fills


# --- the report

Timed = tuple[float, int, int]  # seconds, orders, fills
Runs = dict[str, Callable[[], Timed]]


def in_turns(contenders: Runs, repeat: int) -> dict[str, Timed]:
    """The quickest of several runs of each; they take turns, so that a busy machine is busy for all."""
    runs: dict[str, list[Timed]] = {name: [] for name in contenders}
    for _ in range(repeat):
        for name, run in contenders.items():
            runs[name].append(run())
    return {name: min(each) for name, each in runs.items()}


def show(title: str, events: int, timed: dict[str, Timed]) -> None:
    print(title)
    for name, (seconds, orders, fills) in timed.items():
        ratio = seconds / timed["flashc"][0]
        print(
            f"  {name:<12}{seconds / events * 1e9:8.1f} ns/event {ratio:6.2f} x {orders:>9,} orders {fills:>9,} fills"
        )


def contenders(data: Data, kernel: Any, peer: Callable[[], Any], pause: int, latency: int) -> Runs:
    """By name; each has run once on a short tape, so that nothing is compiled while it is timed."""
    flashc_run(data.start(20_000), kernel, pause, latency)
    found: Runs = {"flashc": lambda: flashc_run(data, kernel, pause, latency)}
    if importlib.util.find_spec("hftbacktest") is not None:
        events, strategy = peer_events(data), peer()
        peer_run(data, events[:20_000], strategy, pause, latency)
        found["hftbacktest"] = lambda: peer_run(data, events, strategy, pause, latency)
    return found


def main() -> None:
    options = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    options.add_argument("--events", type=int, default=2_000_000)
    options.add_argument("--data", nargs="+", default=[])
    options.add_argument("--instrument", default="BTC/USDT")
    options.add_argument("--repeat", type=int, default=7)
    options.add_argument("--latency-us", type=int, default=2000)
    options.add_argument("--stride-ms", type=int, default=10)
    given = options.parse_args()
    data = recorded(given.data, given.instrument) if given.data else made(given.events)
    latency, stride, times = given.latency_us * 1000, given.stride_ms * MS, data.tape.records[:, TIME]
    driver.load()
    print(f"{data.events:,} events, {(times[-1] - times[0]) / 1e9:,.0f} s of tape")
    maker = contenders(data, quote, peer_strategy, stride, latency)
    show("market maker with queue and latency", data.events, in_turns(maker, given.repeat))
    reader = contenders(data, read, peer_read, 100 * MS, latency)
    show("reading the book every 100 ms, no orders", data.events, in_turns(reader, given.repeat))


if __name__ == "__main__":
    main()

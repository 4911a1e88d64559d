"""One symbol from the streams and snapshots to a book that is valid or says why not, trades and candles. No sockets.

Give it the session's events, snapshots and the time; ask `wanted` for the snapshot it needs and `validity` whether the
book may be used. Everything else it knows stands in `picture`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field

from ....cython_core.wire.decimals import DecimalFault, parse_decimal
from ....cython_core.wire.depth_codes import APPLIED, OVERLAP
from ....cython_core.wire.messages import AggreBookTicker, AggreDepths, Deals, LimitDepths, Push, SpotKline
from ...market_data.synth.prng import Stream
from ..stream import channels
from ..stream.channels import Channel
from ..stream.counters import Counters
from ..stream.events import (
    HOUR,
    MS,
    SECOND,
    ChannelConfirmed,
    Event,
    FrameRefused,
    LinkLost,
    LinkUp,
    Overflow,
    PushFrame,
)
from .depth_sync import IDLE, NEVER, DepthSync
from .handover import Change, Handover
from .liveness import Agreement, CrossWatch, StallWatch, Top, TradePace
from .reference_book import ASK, BID, DepthBook, ReferenceBook
from .validity import VALID, Validity
from .values import Candle, Trade, TradeIds, candle_of, limit_levels, plain_version, ticker_top, trades_of


@dataclass(frozen=True, slots=True)
class FeedConfig:
    """What is watched, and when the book counts as valid. Times are ns."""

    symbol: str
    price_decimals: int
    qty_decimals: int
    speed: str = "100ms"
    interval: str = "Min1"
    check_levels: int = 0  # 5, 10 or 20: whole tops of the book too, to compare the book with
    depth_age_ns: int = SECOND
    most_lag_ns: int = 500 * MS
    drop_lag_ns: int = 2 * SECOND  # beyond it frames are not worth applying
    agree_ticks: int = 2
    crossed_halt_ns: int = 10 * SECOND
    band_percent: int = 20  # of the last valid middle
    link_age_ns: int = 23 * HOUR

    def channels(self) -> tuple[Channel, ...]:
        """The channels that the feed needs."""
        checks = (channels.limit_depth(self.symbol, self.check_levels),) if self.check_levels else ()
        return (
            *checks,
            channels.depth(self.symbol, self.speed),
            channels.book_ticker(self.symbol, self.speed),
            channels.deals(self.symbol, self.speed),
            channels.kline(self.symbol, self.interval),
        )


@dataclass(slots=True)
class _Seen:
    """What is known of one channel of this symbol."""

    confirmed: set[int] = field(default_factory=set)  # links
    last_ns: int = 0
    frames: int = 0


class MarketFeed:
    """One symbol's market data. `on_trade` is called for each trade, once."""

    def __init__(
        self,
        config: FeedConfig,
        chance: Stream,
        counters: Counters,
        book: DepthBook | None = None,
        on_trade: Callable[[Trade], None] | None = None,
    ) -> None:
        self.config = config
        self.counters = counters
        self.book = book or ReferenceBook(config.symbol, config.price_decimals, config.qty_decimals)
        self.sync = DepthSync(self.book, chance, counters)
        self.halted: str | None = None
        self.offset_ns: int | None = None  # the exchange's epoch time minus our clock
        self.lag_ns: int | None = None  # of the last change of the book
        self.last_trade: Trade | None = None
        self.candle: Candle | None = None
        self.ticker: Top | None = None
        self._on_trade = on_trade
        self._seen = {channel.kind: _Seen() for channel in config.channels()}
        self._links: dict[int, int] = {}  # number -> since when
        self._handover = Handover()
        self._agreement = Agreement(config.agree_ticks)
        self._pace = TradePace()
        self._stall = StallWatch()
        self._dropping = False
        self._applied_ns = 0
        self._cross = CrossWatch(config.crossed_halt_ns)
        self._middle: int | None = None
        self._ticker_version = -1
        self._sources: dict[str, int] = {}  # kind -> the newest link that gave it
        self._ids = TradeIds()
        self._state = Validity("no_link", "", 0)

    # ---- what comes

    def set_clock(self, offset_ns: int | None) -> None:
        """The exchange's time is ours plus this; None if it is not known."""
        self.offset_ns = offset_ns

    def event(self, event: Event, now_ns: int) -> None:
        """An event of the session; those of other symbols do nothing."""
        self._alive(now_ns)
        if isinstance(event, PushFrame):
            if event.channel.symbol == self.config.symbol:
                self._push(event, now_ns)
        elif isinstance(event, LinkUp):
            self._links[event.link] = now_ns
            if self.sync.state == IDLE:
                self._restart("start", now_ns)
        elif isinstance(event, LinkLost):
            self._lost(event, now_ns)
        elif isinstance(event, ChannelConfirmed):
            if event.channel.symbol == self.config.symbol and event.channel.kind in self._seen:
                self._seen[event.channel.kind].confirmed.add(event.link)
        elif isinstance(event, Overflow):
            self._restart("overflow", now_ns)
        elif isinstance(event, FrameRefused):
            self._refused(event, now_ns)
        self._judge(now_ns)

    def wanted(self) -> int | None:
        """The ticket of a snapshot that must be asked for now, once."""
        return None if self.halted else self.sync.wanted()

    def snapshot(
        self,
        ticket: int,
        last_update_id: int,
        bids: Sequence[tuple[str, str]],
        asks: Sequence[tuple[str, str]],
        now_ns: int,
    ) -> None:
        """The answer to a ticket, prices and quantities as decimal text."""
        try:
            ladders = [[self._level(price, qty) for price, qty in side] for side in (bids, asks)]
        except DecimalFault as error:
            self.sync.failed(ticket, f"malformed_{error.reason}", now_ns)
        else:
            if any(ticks <= 0 for ladder in ladders for ticks, _ in ladder):
                self.sync.failed(ticket, "malformed_zero_price", now_ns)
            else:
                self.sync.snapshot(ticket, last_update_id, ladders[0], ladders[1], now_ns)
                self._joined()
                self._after(now_ns, self.sync.synced)
        self._judge(now_ns)

    def snapshot_failed(self, ticket: int, why: str, now_ns: int) -> None:
        """A snapshot did not come. `why` is a short name."""
        self.sync.failed(ticket, why, now_ns)
        self._judge(now_ns)

    def timer(self, now_ns: int) -> None:
        """Let time pass; at least every 100 ms, as a longer pause counts as a stall of this process."""
        self._alive(now_ns)
        if self.halted is None:
            self.sync.timer(now_ns)
        self._judge(now_ns)

    def next_ns(self) -> int:
        """When something of the book is due."""
        return NEVER if self.halted else self.sync.next_ns()

    def halt(self, why: str, now_ns: int) -> None:
        """Latch: the book is not valid until `resume`. `why` is one of `HALTS`."""
        if self.halted is None:
            self.counters.add("halts", why)
            self.halted = why
            self._judge(now_ns)

    def resume(self, now_ns: int) -> None:
        """Undo a halt and build the book anew; what counted as plausible is forgotten."""
        self.halted, self._middle, self._cross = None, None, CrossWatch(self.config.crossed_halt_ns)
        self._restart("asked", now_ns)
        self._judge(now_ns)

    # ---- whether it may be used

    def validity(self, now_ns: int) -> Validity:
        """VALID or the first reason that holds, now."""
        self._judge(now_ns)
        return self._state

    def _judge(self, now_ns: int) -> None:
        reason, detail = self._reason(now_ns)
        if reason == VALID and (bid := self.book.best_bid()) and (ask := self.book.best_ask()):
            self._middle = (bid[0] + ask[0]) // 2
        before = self._state
        if (reason, detail) == (before.reason, before.detail):
            return
        if before.valid:
            self.counters.add("invalid", reason)
        self._state = Validity(reason, detail, now_ns)

    def _reason(self, now_ns: int) -> tuple[str, str]:
        if self.halted is not None:
            return "halted", self.halted
        if not self._links:
            return "no_link", ""
        for kind in ("depth", "book_ticker"):
            if not self._seen[kind].confirmed:
                return "unconfirmed", kind
        if not self.sync.synced:
            return "building", self.sync.cause
        if self.sync.crossed or self._cross.recent(now_ns):
            return "crossed", ""
        if self.book.best_bid() is None or self.book.best_ask() is None:
            return "one_sided", "bids" if self.book.best_bid() is None else "asks"
        return self._time_reason(now_ns)

    def _time_reason(self, now_ns: int) -> tuple[str, str]:
        limits = self.config
        if self._stall.stalled:
            return "own_stall", ""
        if self.offset_ns is None or self.lag_ns is None or self.lag_ns < -limits.most_lag_ns:
            return "clock", ""
        if self.lag_ns > limits.most_lag_ns:
            return "lag", ""
        if now_ns - self._applied_ns > limits.depth_age_ns:
            return "stale", ""
        if not self._agreement.holds(now_ns):
            return "disagreement", ""
        if self._pace.stopped(now_ns):
            return "trades_stopped", ""
        if now_ns - self._links.get(self._handover.link or 0, now_ns) > limits.link_age_ns:
            return "old_link", ""
        return VALID, ""

    # ---- connections

    def _lost(self, event: LinkLost, now_ns: int) -> None:
        self._links.pop(event.link, None)
        for seen in self._seen.values():
            seen.confirmed.discard(event.link)
        was = self._handover.link
        goes_on, frames = self._handover.lost(event.link)
        for frame in frames:
            self._apply(frame, now_ns)
        if was == event.link and not goes_on:
            self._restart("link", now_ns)
            self._pace.forget()

    def _restart(self, cause: str, now_ns: int) -> None:
        self._handover.clear()
        self._forget()
        self.sync.begin(now_ns, cause)

    def _forget(self) -> None:
        """The book is built anew: what was compared with it counts no more, nor do versions."""
        self._agreement.forget()
        self._ticker_version = -1

    def _refused(self, event: FrameRefused, now_ns: int) -> None:
        """A frame that nobody can read may have been a change of this book, unless it names another channel."""
        if event.reason == "not_asked" or event.link != self._handover.link:
            return
        if event.channel is None or (event.channel.symbol, event.channel.kind) == (self.config.symbol, "depth"):
            self._restart("refused", now_ns)

    def _alive(self, now_ns: int) -> None:
        if self._stall.alive(now_ns):
            self.counters.add("own_stalls")

    # ---- pushes

    def _push(self, event: PushFrame, now_ns: int) -> None:
        push, kind = event.push, event.channel.kind
        if not isinstance(push, Push) or kind not in self._seen:
            return
        if self.halted is not None:
            self.counters.add("not_heard", "halted")
            return
        seen = self._seen[kind]
        seen.last_ns, seen.frames = now_ns, seen.frames + 1
        if push.symbol is not None and push.symbol != self.config.symbol:
            self.counters.add("other_symbol")
            self.halt("other_symbol", now_ns)
        elif isinstance(push.body, AggreDepths):
            self._depth(event, push, push.body, now_ns)
        elif isinstance(push.body, Deals):
            self._deals(push.body, self._newest(kind, event.link), now_ns)
        elif not self._newest(kind, event.link):
            self.counters.add("not_heard", "older_link")
        elif isinstance(push.body, AggreBookTicker):
            self._book_ticker(push.body, now_ns)
        elif isinstance(push.body, SpotKline):
            self._kline(push.body, now_ns)
        elif isinstance(push.body, LimitDepths):
            self._whole_top(push.body, now_ns)

    def _newest(self, kind: str, link: int) -> bool:
        """Whether this connection is the newest that gave the channel: of two, only one is heard."""
        self._sources[kind] = max(link, self._sources.get(kind, 0))
        return link == self._sources[kind]

    def _depth(self, event: PushFrame, push: Push, body: AggreDepths, now_ns: int) -> None:
        change = Change(event.payload, plain_version(body.from_version), plain_version(body.to_version))
        is_old = self.sync.synced and change.last <= self.book.version
        if (not is_old and self._too_late(event.link, push, now_ns)) or self._far_off(body, now_ns):
            return
        frames = self._handover.take(event.link, change, self.book.version, self.sync.synced)
        if not frames:
            self.counters.add("depth_standby")
        for frame in frames:
            self._apply(frame, now_ns)

    def _apply(self, frame: bytes, now_ns: int) -> None:
        was_synced = self.sync.synced
        outcome = self.sync.frame(frame, now_ns)
        if was_synced and not self.sync.synced:
            self._forget()
        elif not was_synced:
            self._joined()
        self._after(now_ns, outcome in (APPLIED, OVERLAP))

    def _joined(self) -> None:
        """Once the book is built its versions count; those of best prices that came meanwhile may be of before."""
        if self.sync.synced:
            self._ticker_version = -1

    def _after(self, now_ns: int, applied: bool) -> None:
        """Look at the book after a change or a join."""
        if not applied:
            return
        self._applied_ns = now_ns
        self._pace.book(now_ns)
        if self._cross.look(self.sync.crossed, now_ns):
            self.halt("crossed", now_ns)
        bid, ask = self.book.best_bid(), self.book.best_ask()
        if bid is not None and ask is not None and not self.sync.crossed:
            self._agreement.book((bid[0], ask[0]), now_ns)
            self._plausible((bid[0], ask[0]), now_ns)

    def _too_late(self, link: int, push: Push, now_ns: int) -> bool:
        """Whether the frame is dropped for its lag; the book is built anew when frames are in time again."""
        sent_ms = push.send_time_ms or push.create_time_ms
        if sent_ms is None or self.offset_ns is None:
            return False
        sent_ns = sent_ms * MS - self.offset_ns
        self._stall.fresh(sent_ns)
        lag_ns, feeds = now_ns - sent_ns, self._handover.link in (None, link)
        if feeds:
            self.lag_ns = lag_ns
        if lag_ns > (self.config.most_lag_ns if self._dropping else self.config.drop_lag_ns):
            self.counters.add("lag_drops")
            if feeds and not self._dropping:
                self._dropping = True
                self.sync.pause("lag")
            return True
        if self._dropping:
            self._dropping = False
            self._handover.link = link
            self._restart("lag", now_ns)
        return False

    def _book_ticker(self, body: AggreBookTicker, now_ns: int) -> None:
        try:
            top = ticker_top(body, self.config.price_decimals)
        except DecimalFault as error:
            self.counters.add("ticker_refused", error.reason)
            return
        version = plain_version(body.version)
        if 0 <= version < self._ticker_version:
            self.counters.add("ticker_old")
            return
        self._ticker_version = max(version, self._ticker_version)
        if top is None:
            return
        self.ticker = top
        if self._plausible(top, now_ns):
            self._agreement.ticker(top, now_ns)

    def _deals(self, body: Deals, newest: bool, now_ns: int) -> None:
        try:
            trades = trades_of(body, self.config.price_decimals, self.config.qty_decimals, self.counters)
        except DecimalFault as error:
            self.counters.add("deals_refused", error.reason)
            return
        if trades:
            self._pace.trades(now_ns)
        for trade in trades:
            if trade.trade_id and self._ids.repeated(trade.trade_id):
                self.counters.add("deals_repeated")
                continue
            if not trade.trade_id and not newest:
                self.counters.add("not_heard", "older_link")
                continue  # without an id nobody can tell repeats: only one connection is heard
            if not self._plausible((trade.ticks, trade.ticks), now_ns):
                return
            self.counters.add("deals")
            self.last_trade = trade
            if self._on_trade is not None:
                self._on_trade(trade)

    def _kline(self, body: SpotKline, now_ns: int) -> None:
        try:
            candle = candle_of(body, self.config.price_decimals, self.config.qty_decimals)
        except DecimalFault as error:
            self.counters.add("candle_refused", error.reason)
            return
        if self.candle is None or candle.start_s >= self.candle.start_s:
            same = self.candle is not None and candle.start_s == self.candle.start_s
            self._pace.candle(candle.volume_lots if same else 0, now_ns)
            self.candle = candle

    def _whole_top(self, body: LimitDepths, now_ns: int) -> None:
        """Compare the book with a whole top of the same version."""
        try:
            bids, asks = limit_levels(body, self.config.price_decimals, self.config.qty_decimals)
        except DecimalFault as error:
            self.counters.add("limit_depth_refused", error.reason)
            return
        if not self.sync.synced or plain_version(body.version) != self.book.version:
            return
        if bids != self.book.levels(BID, len(bids)) or asks != self.book.levels(ASK, len(asks)):
            self.counters.add("top_differs")
            self._restart("top_differs", now_ns)

    # ---- plausibility

    def _far_off(self, body: AggreDepths, now_ns: int) -> bool:
        """Whether a change speaks of other prices altogether: three levels or more, all far from the middle."""
        if self._middle is None:
            return False
        rows = [row for row in (*body.bids, *body.asks) if row.quantity.strip("0.")]
        if len(rows) < 3 or not all(self._is_far(row.price) for row in rows):
            return False
        self.counters.add("implausible")
        self.halt("implausible", now_ns)
        return True

    def _is_far(self, price: str) -> bool:
        assert self._middle is not None
        try:
            ticks = parse_decimal(price, self.config.price_decimals)
        except DecimalFault:
            return False  # the book refuses it
        return not self._middle // 2 <= ticks <= self._middle * 3 // 2

    def _plausible(self, top: Top, now_ns: int) -> bool:
        """Whether prices are near the last valid middle; if not, the symbol is halted."""
        if self._middle is not None:
            band = self._middle * self.config.band_percent // 100
            if any(abs(price - self._middle) > band for price in top):
                self.counters.add("implausible")
                self.halt("implausible", now_ns)
                return False
        return True

    def _level(self, price: str, qty: str) -> tuple[int, int]:
        return parse_decimal(price, self.config.price_decimals), parse_decimal(qty, self.config.qty_decimals)

    # ---- what is known

    def picture(self, now_ns: int) -> dict[str, object]:
        """All of it, as JSON values. Ages and lags are whole ms."""
        state, bid, ask = self.validity(now_ns), self.book.best_bid(), self.book.best_ask()
        return {
            "valid": state.valid,
            "reason": state.reason,
            "detail": state.detail,
            "for_ms": (now_ns - state.since_ns) // MS,
            "bid": None if bid is None else list(bid),
            "ask": None if ask is None else list(ask),
            "version": self.book.version,
            "lag_ms": None if self.lag_ns is None else self.lag_ns // MS,
            "channels": {
                kind: {
                    "confirmed": bool(seen.confirmed),
                    "age_ms": (now_ns - seen.last_ns) // MS if seen.last_ns else None,
                    "frames": seen.frames,
                }
                for kind, seen in self._seen.items()
            },
            "last_trade": None if self.last_trade is None else asdict(self.last_trade),
            "candle": None if self.candle is None else asdict(self.candle),
        }

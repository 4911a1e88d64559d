"""A small market whose truth is known: it moves step by step and says what the exchange would push."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from flashc.runtime.market_data.synth.prng import Stream
from flashc.runtime.mexc.market.feed import FeedConfig, MarketFeed
from flashc.runtime.mexc.market.reference_book import ASK, BID
from flashc.runtime.mexc.stream import channels
from flashc.runtime.mexc.stream.counters import Counters
from flashc.runtime.mexc.stream.events import PushFrame
from support.fake_streams import MS, SECOND, Answering, FakeExchange, Peer, agreeable, depth_frame, push

SYMBOL = "MXUSDT"
CONFIG = FeedConfig(SYMBOL, 2, 0)
DEPTH, TICKER = channels.depth(SYMBOL).name, channels.book_ticker(SYMBOL).name
DEALS, KLINE = channels.deals(SYMBOL).name, channels.kline(SYMBOL).name
EPOCH_NS = 1_790_000_000 * SECOND


def text(ticks: int) -> str:
    return f"{ticks // 100}.{ticks % 100:02}"


@dataclass
class FakeMarket:
    """One version per change. `middle` walks; levels stand within ten ticks of it."""

    middle: int = 10_000
    version: int = 500
    book: dict[int, dict[int, int]] = field(default_factory=lambda: {BID: {}, ASK: {}})
    trades: int = 0
    volume: int = 0

    def __post_init__(self) -> None:
        self.chance = Stream(7, "fake market")
        self.since: dict[tuple[int, int], int] = {}
        self.first = self.version + 1
        for distance in range(1, 11):
            self.book[BID][self.middle - distance] = 5
            self.book[ASK][self.middle + distance] = 5

    def draw(self, below: int) -> int:
        return int(self.chance.words(1)[0]) % below

    def set(self, side: int, ticks: int, lots: int) -> None:
        """One change of the book."""
        self.version += 1
        self.since[side, ticks] = lots
        if lots:
            self.book[side][ticks] = lots
        else:
            self.book[side].pop(ticks, None)

    def step(self) -> None:
        """Some changes, at least one; the middle may move by a tick."""
        self.middle += self.draw(3) - 1
        for side in (BID, ASK):
            for ticks in [ticks for ticks in self.book[side] if (ticks - self.middle) * side >= 0]:
                self.set(side, ticks, 0)
            self.set(side, self.middle - side, 1 + self.draw(9))
            self.set(side, self.middle - side * (2 + self.draw(9)), self.draw(9))

    def top(self) -> tuple[int, int]:
        return max(self.book[BID]), min(self.book[ASK])

    def depth(self, sent_ms: int) -> bytes:
        """All changes since the last call as one message."""
        sides = {
            side: [(text(ticks), str(lots)) for (of, ticks), lots in self.since.items() if of == side]
            for side in (BID, ASK)
        }
        frame = depth_frame(DEPTH, self.first, self.version, sides[BID], sides[ASK], symbol=SYMBOL, sent_ms=sent_ms)
        self.first, self.since = self.version + 1, {}
        return frame

    def ticker(self, sent_ms: int) -> bytes:
        bid, ask = self.top()
        prices = {"bidPrice": text(bid), "bidQuantity": "1", "askPrice": text(ask), "askQuantity": "1"}
        return push(
            TICKER, symbol=SYMBOL, sent_ms=sent_ms, publicAggreBookTicker={**prices, "version": str(self.version)}
        )

    def deal(self, sent_ms: int) -> bytes:
        self.trades += 1
        self.volume += 2
        row = {
            "price": text(self.top()[1]),
            "quantity": "2",
            "tradeType": 1,
            "time": sent_ms,
            "tradeId": str(self.trades),
        }
        return push(DEALS, symbol=SYMBOL, sent_ms=sent_ms, publicAggreDeals={"deals": [row]})

    def kline(self, sent_ms: int) -> bytes:
        start = sent_ms // 60_000 * 60
        prices = {name: text(self.middle) for name in ("openingPrice", "closingPrice", "highestPrice", "lowestPrice")}
        values = {
            "interval": "Min1",
            "windowStart": start,
            "windowEnd": start + 60,
            "volume": str(self.volume),
            **prices,
        }
        return push(KLINE, symbol=SYMBOL, sent_ms=sent_ms, publicSpotKline=values)

    def snapshot(self) -> tuple[int, list[tuple[str, str]], list[tuple[str, str]]]:
        """What REST gives."""
        sides = [[(text(ticks), str(lots)) for ticks, lots in sorted(self.book[side].items())] for side in (BID, ASK)]
        return self.version, sides[0][::-1], sides[1]


class Play:
    """A feed, a session, the exchange and the market in virtual time.

    `spoil` may change, repeat or leave out what one connection gets: it is given the peer, the channel's kind and the
    frame, and gives the frames that travel. `late_ms` is added to the age of everything sent.
    """

    def __init__(self, config: FeedConfig = CONFIG, reply: Answering = agreeable, **session: Any) -> None:
        self.market = FakeMarket()
        self.exchange = FakeExchange(**session)
        self.exchange.answer = reply
        self.counters: Counters = self.exchange.counters
        self.feed = MarketFeed(config, Stream(2, "feed"), self.counters)
        self.feed.set_clock(EPOCH_NS)
        self.spoil: Callable[[Peer, str, bytes], list[bytes]] = lambda peer, kind, frame: [frame]
        self.answer: Callable[[], tuple[int, Any, Any] | str] = self.market.snapshot
        self.late_ms = 5
        self.steps = 0
        self.seen: list[tuple[int, str]] = []  # every change of validity
        self.wrong: list[int] = []  # versions at which a valid book was not the truth
        self.asked: list[int] = []
        self.truth: dict[int, dict[int, dict[int, int]]] = {}
        self.exchange.session.subscribe(config.channels(), self.exchange.now_ns)
        self.exchange.act()

    @property
    def now_ns(self) -> int:
        return self.exchange.now_ns

    def run(self, seconds: float) -> None:
        """Let the market and everyone else go on, in steps of 100 ms."""
        self.exchange.run(round(seconds * 10) * 100 * MS, self._step)

    def _step(self) -> None:
        self.market.step()
        self.steps += 1
        self.truth[self.market.version] = {side: dict(levels) for side, levels in self.market.book.items()}
        sent_ms = (self.now_ns + EPOCH_NS) // MS - self.late_ms
        frames = [("depth", DEPTH, self.market.depth(sent_ms)), ("book_ticker", TICKER, self.market.ticker(sent_ms))]
        if self.steps % 2:
            frames.append(("deals", DEALS, self.market.deal(sent_ms)))
        if self.steps % 10 == 0:
            frames.append(("kline", KLINE, self.market.kline(sent_ms)))
        for kind, name, frame in frames:
            for peer in list(self.exchange.peers.values()):
                if name in peer.asked:
                    for spoiled in self.spoil(peer, kind, frame):
                        peer.push(spoiled)
        self.exchange.act()
        self._tell()

    def _tell(self) -> None:
        for event in self.exchange.events:
            self.feed.event(event, self.now_ns)
            if isinstance(event, PushFrame):
                self._look()
        self.exchange.events.clear()
        self.feed.timer(self.now_ns)
        if (ticket := self.feed.wanted()) is not None:
            self.asked.append(self.now_ns)
            answer = self.answer()
            if isinstance(answer, str):
                self.feed.snapshot_failed(ticket, answer, self.now_ns)
            else:
                self.feed.snapshot(ticket, *answer, self.now_ns)
        self._look()

    def _look(self) -> None:
        state = self.feed.validity(self.now_ns)
        if not self.seen or self.seen[-1][1] != str(state):
            self.seen.append((self.now_ns, str(state)))
        book = self.feed.book
        if state.valid and book.version in self.truth:
            seen = {side: dict(book.levels(side, 99)) for side in (BID, ASK)}
            if seen != self.truth[book.version]:
                self.wrong.append(book.version)

    def invalid_after(self, since_ns: int) -> tuple[int, str]:
        """When the book was first invalid at or after a time, and why."""
        state = [item for item in self.seen if item[0] <= since_ns][-1]
        if state[1] != "valid":
            return since_ns, state[1]
        return next(item for item in self.seen if item[0] > since_ns and item[1] != "valid")

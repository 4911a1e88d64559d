"""Faults B in virtual time: no order of events makes a wrong book count as valid. Each test is named for its fault."""

from __future__ import annotations

import pytest
from flashc.runtime.mexc.market.reference_book import ASK, BID
from support.fake_market import DEPTH, SYMBOL, TICKER, FakeMarket, Play, text
from support.fake_streams import MS, SECOND, Peer, depth_frame, push


def valid_play() -> Play:
    play = Play()
    play.run(2)
    assert play.feed.validity(play.now_ns).valid, play.seen
    return play


def healed(play: Play, seconds: float = 62) -> None:
    """Everything is in order again: the book becomes valid, and at no moment a wrong one was."""
    play.spoil = lambda peer, kind, frame: [frame]
    play.answer = play.market.snapshot
    end = play.now_ns + int(seconds * SECOND)
    while play.now_ns < end and not play.feed.validity(play.now_ns).valid:
        play.run(0.5)
    play.run(0.5)
    assert play.feed.validity(play.now_ns).valid, play.seen[-5:]
    assert not play.wrong


@pytest.mark.parametrize("lost", [1, 2, 7])
def test_b_01_a_version_gap_ends_the_book_on_the_message_that_shows_it(lost: int) -> None:
    play = valid_play()
    left = lost

    def gap(peer: Peer, kind: str, frame: bytes) -> list[bytes]:
        nonlocal left
        if kind == "depth" and left:
            left -= 1
            return []
        return [frame]

    play.spoil = gap
    begun = play.now_ns
    play.run(2)
    at, reason = play.invalid_after(begun)
    assert reason == "building (gap)"
    assert at == begun + (lost + 1) * 100 * MS
    assert play.counters["depth_gap"] >= 1
    healed(play, 5)


def test_b_01_gaps_without_end_never_give_a_wrong_book_nor_a_storm_of_snapshots() -> None:
    play = valid_play()
    count = 0

    def gaps(peer: Peer, kind: str, frame: bytes) -> list[bytes]:
        nonlocal count
        count += kind == "depth"
        return [] if kind == "depth" and count % 4 == 0 else [frame]

    play.spoil = gaps
    play.run(70)
    assert all(late - early >= 60 * SECOND for early, late in zip(play.asked, play.asked[6:], strict=False))
    assert not play.wrong
    healed(play)


def repeats(play: Play, kind_of: str) -> None:
    sent: list[bytes] = []

    def spoil(peer: Peer, kind: str, frame: bytes) -> list[bytes]:
        if kind != "depth":
            return [frame]
        sent.append(frame)
        return [frame, frame if kind_of == "same" else sent[max(0, len(sent) - 7)]]

    play.spoil = spoil


@pytest.mark.parametrize("kind_of", ["same", "old"])
def test_b_02_repeated_and_old_changes_have_no_effect(kind_of: str) -> None:
    play = valid_play()
    repeats(play, kind_of)
    mark = play.now_ns
    play.run(10)
    assert [reason for at, reason in play.seen if at > mark] == []
    assert play.counters["depth_old"] >= 90
    healed(play, 1)


def test_b_02_overlapping_changes_are_applied_and_counted() -> None:
    play = valid_play()
    wide: list[int] = []

    def step() -> None:
        """Send the changes of this and the last step as one message."""
        play.market.first, play.market.since = (wide.pop(0), dict(before)) if wide else (play.market.first, {})
        wide.append(play.market.version + 1)

    before: dict[tuple[int, int], int] = {}
    original = play.market.step

    def stepping() -> None:
        step()
        original()
        for key in set(play.market.since) - set(before):
            before[key] = play.market.since[key]
        before.clear()
        before.update(play.market.since)

    play.market.step = stepping  # type: ignore[method-assign]
    play.run(5)
    assert play.counters["depth_overlap"] >= 20
    assert not play.wrong


@pytest.mark.parametrize("kind", ["newer", "cached", "failing"])
def test_b_03_a_snapshot_that_does_not_fit_is_asked_for_again_within_bounds(kind: str) -> None:
    play = Play()
    old = play.market.snapshot()
    for _ in range(20):
        play.market.step()
    play.market.depth(0)  # nobody hears of these steps

    def answer() -> object:
        version, bids, asks = play.market.snapshot()
        return {"newer": (version + 10_000, bids, asks), "cached": old}.get(kind, "http")

    play.answer = answer  # type: ignore[assignment]
    play.run(62)
    assert all(reason != "valid" for _, reason in play.seen)
    assert 2 <= len(play.asked) <= 8
    assert all(late - early >= 60 * SECOND for early, late in zip(play.asked, play.asked[6:], strict=False))
    healed(play)


def test_b_03_a_snapshot_that_comes_five_seconds_late_still_joins_or_is_left() -> None:
    play = Play()
    late: list[tuple[int, int, object]] = []
    original = play.feed.snapshot
    play.feed.snapshot = lambda ticket, *rest: late.append((play.now_ns + 4900 * MS, ticket, rest[:3]))  # type: ignore[assignment]
    for _ in range(200):
        play.run(0.1)
        while late and late[0][0] <= play.now_ns:
            _, ticket, answer = late.pop(0)
            original(ticket, *answer, play.now_ns)  # type: ignore[misc]
    assert play.feed.validity(play.now_ns).valid
    assert not play.wrong


def crossing(play: Play, ticks: int) -> None:
    """From now on the exchange says a bid above (or at) its best ask."""

    original = play.market.step

    def step() -> None:
        original()
        play.market.set(BID, play.market.top()[1] + ticks, 3)

    play.market.step = step  # type: ignore[method-assign]


@pytest.mark.parametrize("ticks", [0, 3])
def test_b_04_a_crossed_or_locked_book_is_invalid_then_built_anew_then_halted(ticks: int) -> None:
    play = valid_play()
    crossing(play, ticks)
    begun = play.now_ns
    play.run(1)
    assert play.invalid_after(begun) == (begun + 100 * MS, "crossed")
    resync = next(at for at, reason in play.seen if reason == "building (crossed)")
    assert resync - begun <= 700 * MS
    play.run(30)
    assert str(play.feed.validity(play.now_ns)) == "halted (crossed)"
    halted = next(at for at, reason in play.seen if reason.startswith("halted"))
    assert halted - begun >= 10 * SECOND
    assert not play.wrong


def test_b_04_a_cross_that_passes_does_not_even_cost_a_snapshot() -> None:
    play = valid_play()
    crossing(play, 1)
    play.run(0.3)
    assert play.feed.validity(play.now_ns).reason == "crossed"
    del play.market.step
    play.run(0.2)
    assert play.feed.validity(play.now_ns).reason == "crossed", "not before it has been in order for 300 ms"
    play.run(0.3)
    assert play.feed.validity(play.now_ns).valid
    assert len(play.asked) == 1


@pytest.mark.parametrize("price", ["0", "-1.00", "1" * 40, "1e5", "1.005", "", "abc", "NaN", "1,5"])
def test_b_05_a_bad_number_refuses_the_message_and_ends_the_book(price: str) -> None:
    play = valid_play()
    once = [True]

    def spoil(peer: Peer, kind: str, frame: bytes) -> list[bytes]:
        if kind != "depth" or not once:
            return [frame]
        once.clear()
        version = play.market.version
        sent_ms = play.now_ns // MS + 1_790_000_000_000 - 5
        return [depth_frame(DEPTH, version, version, [(price, "1")], symbol=SYMBOL, sent_ms=sent_ms)]

    play.spoil = spoil
    begun = play.now_ns
    play.run(1)
    at, reason = play.invalid_after(begun)
    assert at <= begun + 100 * MS
    assert reason in ("building (refused)", "building (gap)")
    healed(play, 5)


@pytest.mark.parametrize("side", [BID, ASK])
def test_b_06_a_one_sided_book_has_no_valid_moment(side: int) -> None:
    play = valid_play()
    original = play.market.step

    def empty() -> None:
        original()
        for ticks in list(play.market.book[side]):
            play.market.set(side, ticks, 0)

    play.market.step = empty  # type: ignore[method-assign]
    play.market.ticker = lambda sent_ms: push(
        TICKER, symbol=SYMBOL, sent_ms=sent_ms, publicAggreBookTicker={"bidPrice": "1"}
    )  # type: ignore[method-assign]
    play.market.deal = lambda sent_ms: push(DEPTH, symbol=SYMBOL)  # type: ignore[method-assign]
    play.run(3)
    assert play.feed.validity(play.now_ns).reason == "one_sided"
    assert (play.feed.book.best_bid() is None) == (side == BID)
    picture = play.feed.picture(play.now_ns)
    assert (picture["bid"] is None) == (side == BID)


def test_b_07_the_symbol_in_the_message_must_be_ours() -> None:
    play = valid_play()
    play.spoil = lambda peer, kind, frame: [frame.replace(b"\x1a\x06MXUSDT", b"\x1a\x06ETHBTC")]
    play.run(1)
    assert str(play.feed.validity(play.now_ns)) == "halted (other_symbol)"
    assert play.counters["other_symbol"] == 1


@pytest.mark.parametrize("kind_of", ["depth", "book_ticker", "deals"])
def test_b_07_prices_of_another_symbol_halt(kind_of: str) -> None:
    play = valid_play()
    other = FakeMarket(middle=350, version=play.market.version, trades=10**6)

    def spoil(peer: Peer, kind: str, frame: bytes) -> list[bytes]:
        sent_ms = play.now_ns // MS + 1_790_000_000_000 - 5
        if kind != kind_of:
            return [frame]
        other.step()
        return {
            "depth": [other.depth(sent_ms)],
            "book_ticker": [other.ticker(sent_ms)],
            "deals": [other.deal(sent_ms)],
        }[kind]

    play.spoil = spoil
    play.run(1)
    assert str(play.feed.validity(play.now_ns)) == "halted (implausible)"
    assert not play.wrong


def test_b_08_versions_that_run_backwards_are_refused() -> None:
    play = valid_play()
    once = [True]

    def spoil(peer: Peer, kind: str, frame: bytes) -> list[bytes]:
        if kind != "depth" or not once:
            return [frame]
        once.clear()
        return [frame, depth_frame(DEPTH, play.market.version + 9, play.market.version + 1, symbol=SYMBOL)]

    play.spoil = spoil
    begun = play.now_ns
    play.run(1)
    assert play.invalid_after(begun)[1] == "building (backwards)"
    healed(play, 5)


def test_b_08_messages_that_change_places_never_give_a_wrong_book() -> None:
    play = valid_play()
    held: list[bytes] = []

    def swap(peer: Peer, kind: str, frame: bytes) -> list[bytes]:
        if kind != "depth":
            return [frame]
        held.append(frame)
        if len(held) % 20 == 10:
            return []
        return [frame, held[-2]] if len(held) % 20 == 11 else [frame]

    play.spoil = swap
    play.run(30)
    assert play.counters["depth_gap"] >= 1
    healed(play)


def test_b_09_versions_that_begin_anew_bring_no_storm_of_snapshots() -> None:
    play = valid_play()
    play.market.version = 3
    play.market.first = 1
    play.run(30)
    assert play.feed.validity(play.now_ns).valid
    assert len(play.asked) <= 4
    assert play.counters["depth_restart"] == 1
    assert not play.wrong


def test_b_09_versions_that_begin_anew_while_the_book_is_built_are_those_of_the_best_prices_too() -> None:
    play = valid_play()
    play.answer = lambda: "away"
    play.exchange.cut(1)
    play.market.version += 10**6
    play.run(3)
    assert play.feed.validity(play.now_ns).reason == "building"
    play.market.version = 3
    play.market.first = 1
    play.answer = play.market.snapshot
    play.run(90)
    assert play.feed.validity(play.now_ns).valid, play.seen[-5:]
    assert not play.wrong


def test_b_10_disagreement_of_book_and_best_prices_ends_validity_within_half_a_second() -> None:
    play = valid_play()

    def drifted(sent_ms: int) -> bytes:
        bid, ask = (price + 20 for price in play.market.top())
        prices = {"bidPrice": text(bid), "bidQuantity": "1", "askPrice": text(ask), "askQuantity": "1"}
        return push(TICKER, symbol=SYMBOL, sent_ms=sent_ms, publicAggreBookTicker=prices)

    original = play.market.ticker
    play.market.ticker = drifted  # type: ignore[method-assign]
    begun = play.now_ns
    play.run(1)
    at, reason = play.invalid_after(begun)
    assert reason == "disagreement"
    assert 300 * MS <= at - begun <= 500 * MS
    play.market.ticker = original  # type: ignore[method-assign]
    healed(play, 1)

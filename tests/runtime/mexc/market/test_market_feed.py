"""One symbol against a market whose truth is known, in virtual time."""

from __future__ import annotations

import pytest
from flashc.runtime.mexc.market.depth_sync import CAUSES
from flashc.runtime.mexc.market.feed import FeedConfig
from flashc.runtime.mexc.market.validity import HALTS, REASONS, Validity
from support.fake_market import CONFIG, DEPTH, Play
from support.fake_streams import MS, SECOND, Peer, depth_frame


def valid_play(**session: object) -> Play:
    play = Play(**session)
    play.run(2)
    assert play.feed.validity(play.now_ns).valid, play.seen
    return play


def test_a_book_becomes_valid_and_is_the_true_one() -> None:
    play = valid_play()
    play.run(30)
    assert [reason for _, reason in play.seen if reason != "valid"] == [
        "unconfirmed (book_ticker)",
        "building (start)",
    ], play.seen
    assert not play.wrong
    assert len(play.asked) == 1
    assert play.counters["deals"] == play.market.trades
    assert play.feed.candle is not None


def test_the_picture_is_json_and_says_the_state() -> None:
    play = valid_play()
    picture = play.feed.picture(play.now_ns)
    assert (picture["valid"], picture["reason"], picture["lag_ms"]) == (True, "valid", 5)
    assert picture["version"] == play.market.version


def test_before_a_connection_and_without_a_clock_the_book_is_not_valid() -> None:
    play = Play()
    assert play.feed.validity(play.now_ns).reason == "no_link"
    play.feed.set_clock(None)
    play.run(2)
    assert play.feed.validity(play.now_ns).reason == "clock"


def test_a_rotation_costs_no_valid_moment() -> None:
    play = valid_play()
    for _ in range(5):
        play.exchange.session.rotate(play.now_ns)
        play.run(8)
    assert [reason for at, reason in play.seen if at > play.seen[0][0] + 2 * SECOND] == []
    assert play.counters["rotations.asked"] == 5
    assert list(play.exchange.peers) == [6]
    assert play.counters["deals"] == play.market.trades
    assert play.counters["deals_repeated"] > 0
    assert not play.wrong
    assert len(play.asked) == 1


@pytest.mark.parametrize("lead", [0, 3, 12])
def test_a_rotation_to_a_connection_that_is_ahead_or_behind_costs_nothing(lead: int) -> None:
    """`lead` steps is what the old connection lags behind the new one."""
    play = valid_play()
    held: list[bytes] = []

    def behind(peer: Peer, kind: str, frame: bytes) -> list[bytes]:
        if kind != "depth" or peer.number != 1:
            return [frame]
        held.append(frame)
        return [held.pop(0)] if len(held) > lead else []

    play.spoil = behind
    play.run(0.1)
    play.feed.config = FeedConfig(
        "MXUSDT", 2, 0, depth_age_ns=10 * SECOND, agree_ticks=99, drop_lag_ns=10 * SECOND, most_lag_ns=5 * SECOND
    )
    play.run(lead / 10)
    mark = play.now_ns
    play.exchange.session.rotate(play.now_ns)
    play.run(8)
    assert [reason for at, reason in play.seen if at > mark] in ([], ["valid"])
    assert len(play.asked) == 1
    assert not play.wrong


def test_an_own_stall_is_not_mistaken_for_a_fresh_book() -> None:
    play = valid_play()
    play.exchange.now_ns += 5 * SECOND
    play.feed.timer(play.now_ns)
    assert play.feed.validity(play.now_ns).reason in ("own_stall", "stale")
    assert play.counters["own_stalls"] == 1
    play.run(5)
    assert play.feed.validity(play.now_ns).valid


def test_repeats_of_a_trade_count_once_and_unknown_sides_are_counted() -> None:
    play = valid_play()
    play.spoil = lambda peer, kind, frame: [frame, frame] if kind == "deals" else [frame]
    play.run(10)
    assert play.counters["deals"] == play.market.trades
    assert play.counters["deals_repeated"] >= 45
    play.spoil = lambda peer, kind, frame: [frame.replace(b"\x18\x01\x20", b"\x18\x07\x20")]
    play.run(1)
    assert play.counters["unknown_code.trade_type"] == 5


def test_a_backlog_is_dropped_whole_and_the_book_built_anew() -> None:
    play = valid_play()
    play.late_ms = 3_000
    play.run(1)
    assert play.feed.validity(play.now_ns).reason == "building"
    assert play.feed.validity(play.now_ns).detail == "lag"
    assert play.counters["lag_drops"] == 10
    play.late_ms = 5
    play.run(1)
    assert play.feed.validity(play.now_ns).valid
    assert not play.wrong


def test_a_lag_above_the_bound_makes_the_book_invalid_but_keeps_it() -> None:
    play = valid_play()
    play.late_ms = 700
    play.run(1)
    assert play.feed.validity(play.now_ns).reason == "lag"
    play.late_ms = 5
    play.run(0.3)
    assert play.feed.validity(play.now_ns).valid
    assert len(play.asked) == 1


def test_a_halt_stays_until_someone_resumes() -> None:
    play = valid_play()
    play.feed.halt("asked", play.now_ns)
    play.run(5)
    assert str(play.feed.validity(play.now_ns)) == "halted (asked)"
    play.feed.resume(play.now_ns)
    play.run(2)
    assert play.feed.validity(play.now_ns).valid


def test_whole_tops_are_compared_with_the_book() -> None:
    from flashc.runtime.mexc.stream import channels
    from support.fake_streams import push

    play = Play(FeedConfig("MXUSDT", 2, 0, check_levels=5))
    name = channels.limit_depth("MXUSDT", 5).name
    wrong = False

    def with_top(peer: Peer, kind: str, frame: bytes) -> list[bytes]:
        if kind != "depth":
            return [frame]
        version, bids, asks = play.market.snapshot()
        rows = {
            side: [{"price": p, "quantity": q} for p, q in ladder[:5]]
            for side, ladder in (("bids", bids), ("asks", asks))
        }
        if wrong:
            rows["bids"][3]["quantity"] = "77"
        return [frame, push(name, symbol="MXUSDT", publicLimitDepths={**rows, "version": str(version)})]

    play.spoil = with_top
    play.run(5)
    assert play.feed.validity(play.now_ns).valid
    assert play.counters["top_differs"] == 0
    wrong = True
    play.run(0.1)
    assert str(play.feed.validity(play.now_ns)) == "building (top_differs)"


def test_every_reason_is_one_of_the_table() -> None:
    for reason in REASONS:
        detail = {"building": next(iter(CAUSES)), "halted": next(iter(HALTS))}.get(reason, "")
        assert Validity(reason, detail, 0).valid is False
    with pytest.raises(AssertionError):
        Validity("perhaps", "", 0)


def test_frames_of_another_symbol_do_nothing() -> None:
    play = valid_play()
    before = play.feed.picture(play.now_ns)
    other = DEPTH.replace("MXUSDT", "BTCUSDT")
    peer = play.exchange.peers[1]
    peer.push(depth_frame(other, 1, 1))
    play.exchange.act()
    assert play.counters["push_refused.not_asked"] == 1
    assert play.feed.picture(play.now_ns) == before
    assert CONFIG.channels()[0].name == DEPTH
    assert play.now_ns % (100 * MS) == 0

"""Faults W and B of the local exchange, injected by name, in virtual time with every byte of the wire.

At no moment is a book valid that is not the exchange's; the fault shows in the client's state; afterwards all heals.
"""

from __future__ import annotations

import pytest
from flashc.runtime.mexc.market.feed import FeedConfig
from support.fake_streams import MS, SECOND
from support.world_play import WorldPlay


def ready(**session: object) -> WorldPlay:
    play = WorldPlay(**session)  # type: ignore[arg-type]
    play.play(0.6)
    assert play.reason == "valid", play.seen
    return play


def healed(play: WorldPlay, seconds: float = 6) -> None:
    """In order again, never wrong, and something was compared."""
    play.heal()
    for _ in range(int(seconds * 2)):
        play.play(0.5)
        if play.reason == "valid":
            break
    assert play.reason == "valid", play.seen[-6:]
    assert not play.wrong
    assert play.compared > 5


# ---- W


@pytest.mark.parametrize("how", ["reset", "frame", "end", "inside"])
def test_w_01_stream_close(how: str) -> None:
    play = ready()
    at = play.fault("W-01", how=how, count=1)
    play.play(0.2)
    assert play.first(at, "no_link") <= 100 * MS
    healed(play)
    assert play.counters["links_lost.server_closed"] + play.counters["links_lost.reset"] == 1


def test_w_02_connection_limits() -> None:
    play = ready(rotate_after_ns=4 * SECOND, overlap_ns=SECOND)
    at = play.fault("W-02", life=8_000, quiet=4_000, unsubscribed=1_000)
    play.play(14)
    assert play.since(at) == []
    assert play.counters["rotations.age"] >= 2
    assert play.counters["links_lost.server_closed"] == 0
    healed(play)
    assert len(play.snapshots) == 1


@pytest.mark.parametrize("channel", ["", "public.aggre.depth", "public.aggre.bookTicker"])
def test_w_03_silent_stream(channel: str) -> None:
    play = ready()
    at = play.fault("W-03", channel=channel)
    play.play(2)
    assert play.first(at, "stale", "disagreement") <= 2 * SECOND
    healed(play)


@pytest.mark.parametrize("how", ["dropped", "refused", "code", "other", "full"])
def test_w_04_subscription_reply(how: str) -> None:
    play = WorldPlay()
    play.fault("W-04", how=how)
    play.play(3.5)
    if how in ("code", "other"):  # only the answer is wrong, and the data comes
        assert play.reason == "valid"
        assert play.counters["channel_refused"] + play.counters["wrong_echo"] >= 1
    else:
        assert play.reason == "unconfirmed (depth)"
        assert play.counters["channel_alarms"] >= 4
    healed(play, 40)


@pytest.mark.parametrize(
    "kind", ["huge", "fragments", "rsv1", "masked", "length", "opcode", "utf8", "control", "continuation"]
)
def test_w_05_frame_abuse(kind: str) -> None:
    play = ready()
    at = play.fault("W-05", kind=kind, gap=60_000)
    play.play(0.4)
    assert play.counters["links_lost.frame"] == 1
    assert play.first(at, "no_link") <= 100 * MS
    healed(play, 40)


@pytest.mark.parametrize(
    ("kind", "reasons"),
    [
        ("new_field", ()),
        ("missing_price", ("building (refused)",)),
        ("missing_quantity", ("building (refused)",)),
        ("missing_version", ("building (refused)",)),
        ("no_body", ("stale", "building (gap)", "disagreement")),
        ("garbage", ("building (refused)",)),
        ("truncated", ("building (refused)",)),
    ],
)
def test_w_06_schema_change(kind: str, reasons: tuple[str, ...]) -> None:
    play = ready()
    at = play.fault("W-06", kind=kind)
    play.play(1.2)
    if reasons:
        assert play.first(at, *reasons) <= 1100 * MS
    else:
        assert play.since(at) == []
    healed(play, 70)


def test_w_07_two_links() -> None:
    play = ready()
    at = play.fault("W-07", later=200)
    play.play(2)
    assert play.since(at) == []
    assert play.counters["depth_old"] >= 15
    assert play.counters["deals_repeated"] >= 15
    healed(play)


def test_w_08_burst() -> None:
    play = ready()
    play.fault("W-08", times=20, hold=500)
    play.play(2)
    assert not play.wrong
    healed(play)


def test_w_09_no_pong() -> None:
    play = ready(ping_every_ns=2 * SECOND, pong_within_ns=SECOND)
    play.fault("W-09", data="flows")
    play.play(4)
    assert play.counters["links_lost.no_pong"] == 1
    healed(play, 20)


# ---- B


@pytest.mark.parametrize(("messages", "keep"), [(1, 3), (7, 12)])
def test_b_01_depth_gap(messages: int, keep: int) -> None:
    play = ready()
    at = play.fault("B-01", messages=messages, keep=keep)
    play.play(2)
    assert play.first(at, "building (gap)") <= 2 * SECOND
    assert play.counters["depth_gap"] >= 1
    healed(play, 70)


@pytest.mark.parametrize("kind", ["same", "old", "overlap"])
def test_b_02_depth_repeat(kind: str) -> None:
    play = ready()
    at = play.fault("B-02", kind=kind)
    play.play(2)
    assert play.since(at) == []
    assert play.counters["depth_old"] + play.counters["depth_overlap"] >= 10
    healed(play)


@pytest.mark.parametrize("kind", ["older", "newer", "late", "cached"])
def test_b_03_snapshot(kind: str) -> None:
    play = WorldPlay()
    play.fault("B-03", kind=kind, time=2_000)
    play.play(4)
    assert not play.wrong
    assert len(play.snapshots) <= 6
    healed(play, 70)


@pytest.mark.parametrize("kind", ["crossed", "locked"])
def test_b_04_crossed_book(kind: str) -> None:
    play = ready()
    at = play.fault("B-04", kind=kind)
    play.play(1.5)
    assert play.first(at, "crossed") <= SECOND
    assert play.first(at, "building (crossed)") <= 1700 * MS
    play.play(14)
    assert play.reason == "halted (crossed)"
    play.wrong.clear()  # a true bid may come to stand at the false one's price: stream and snapshot then differ
    play.heal()
    play.feed.resume(play.now_ns)
    healed(play, 70)


@pytest.mark.parametrize(
    "kind", ["zero", "negative", "long", "exponent", "off_tick", "empty", "letters", "nan", "comma"]
)
def test_b_05_bad_numbers(kind: str) -> None:
    play = ready()
    at = play.fault("B-05", kind=kind)
    play.play(0.4)
    assert play.first(at, "building (refused)") <= 400 * MS
    assert play.counters["depth_refused"] >= 1
    healed(play)


@pytest.mark.parametrize("side", ["asks", "bids"])
def test_b_06_one_sided_book(side: str) -> None:
    play = ready()
    at = play.fault("B-06", side=side)
    play.play(1)
    assert play.first(at, f"one_sided ({side})", "building", "crossed", "disagreement", "stale") <= SECOND
    healed(play, 70)


@pytest.mark.parametrize(("kind", "reason"), [("wrapper", "halted (other_symbol)"), ("body", "halted (implausible)")])
def test_b_07_other_symbol(kind: str, reason: str) -> None:
    play = WorldPlay()
    play.session.subscribe(FeedConfig("ETHUSDC", 2, 4).channels(), play.now_ns)
    play.play(1)
    assert play.reason == "valid"
    play.fault("B-07", kind=kind, symbol="")
    play.play(1.5)
    assert play.reason == reason, play.seen
    play.heal()
    play.feed.resume(play.now_ns)
    healed(play, 70)


@pytest.mark.parametrize("kind", ["backwards", "swapped"])
def test_b_08_depth_order(kind: str) -> None:
    play = ready()
    at = play.fault("B-08", kind=kind)
    play.play(1)
    assert play.first(at, "building (backwards)", "building (gap)") <= SECOND
    healed(play, 70)


def test_b_09_version_restart() -> None:
    play = ready()
    at = play.fault("B-09")
    play.play(5)
    assert play.first(at, "building", "stale") <= 3 * SECOND
    healed(play)
    assert len(play.snapshots) <= 3


def test_b_10_ticker_drift() -> None:
    play = ready()
    at = play.fault("B-10", ticks=20)
    play.play(1)
    assert 300 * MS <= play.first(at, "disagreement") <= 600 * MS
    healed(play)

"""Faults W in virtual time: whatever a stream does, the book is valid only while it is true. Named for the faults."""

from __future__ import annotations

import tracemalloc
from typing import Any

import pytest
from flashc.cython_core.wire import ws_frames
from flashc.runtime.mexc.stream.events import ChannelAlarm, LinkLost
from support.fake_market import DEPTH, SYMBOL, Play
from support.fake_streams import MS, SECOND, Peer, agreeable, push


def valid_play(**session: object) -> Play:
    play = Play(**session)
    play.run(2)
    assert play.feed.validity(play.now_ns).valid, play.seen
    return play


def healed(play: Play, seconds: float = 5) -> None:
    play.spoil = lambda peer, kind, frame: [frame]
    play.run(seconds)
    assert play.feed.validity(play.now_ns).valid, play.seen[-5:]
    assert not play.wrong


@pytest.mark.parametrize("reason", ["reset", "server_closed"])
def test_w_01_a_connection_that_ends_takes_validity_with_it_at_once(reason: str) -> None:
    play = valid_play()
    at = play.now_ns
    if reason == "reset":
        play.exchange.cut(1)
    else:
        play.exchange.peers[1].send(ws_frames.encode_frame(ws_frames.CLOSE, (1001).to_bytes(2, "big")))
        play.exchange.act()
    play._tell()
    assert play.invalid_after(at) == (at, "no_link")
    healed(play)
    assert play.counters[f"links_lost.{reason}"] == 1


def test_w_01_a_connection_that_ends_inside_a_frame_leaves_no_half_message() -> None:
    play = valid_play()
    frame = ws_frames.encode_frame(ws_frames.BINARY, play.market.depth(0))
    for cut in (1, 2, 3, 60, len(frame) - 1):
        link = next(iter(play.exchange.peers))
        play.exchange.peers[link].send(frame[:cut])
        play.exchange.cut(link)
        play._tell()
        assert not play.feed.validity(play.now_ns).valid
        while not play.exchange.peers:
            play.run(1)
    healed(play)


def test_w_02_a_connection_is_renewed_before_its_end_without_an_invalid_moment() -> None:
    play = valid_play(rotate_after_ns=55 * SECOND)
    mark, lives = play.now_ns, 0
    born = {1: 0}

    def limited(peer: Peer, kind: str, frame: bytes) -> list[bytes]:
        born.setdefault(peer.number, play.now_ns)
        assert peer.number == 1 or play.now_ns - born[peer.number] < 60 * SECOND, "the exchange ended the connection"
        return [frame]

    play.spoil = limited
    play.run(65)
    lives = max(play.exchange.peers)
    assert lives >= 2
    assert [reason for at, reason in play.seen if at > mark] == []
    assert not play.wrong
    assert len(play.asked) == 1


def test_w_02_closes_of_idle_connections_are_prevented_by_pings() -> None:
    """The exchange closes after 60 s without data unless pinged."""
    play = valid_play(silent_after_ns={})
    heard = {1: play.now_ns}

    def answer(peer: Peer, request: dict[str, Any]) -> list[dict[str, Any]]:
        assert play.now_ns - heard.get(peer.number, play.now_ns) < 60 * SECOND
        heard[peer.number] = play.now_ns
        return agreeable(peer, request)

    play.exchange.answer = answer
    play.exchange.run(600 * SECOND)
    assert list(play.exchange.peers) == [1]
    assert play.now_ns - heard[1] <= 15 * SECOND


@pytest.mark.parametrize("muted", ["depth", "book_ticker", "deals", "all"])
def test_w_03_a_silent_stream_is_found_within_two_seconds(muted: str) -> None:
    play = valid_play()
    play.run(25)
    assert play.feed.validity(play.now_ns).valid
    play.spoil = lambda peer, kind, frame: [] if muted in (kind, "all") else [frame]
    begun = play.now_ns
    play.run(3)
    at, reason = play.invalid_after(begun)
    assert at - begun <= 2 * SECOND
    reasons = {"depth": "disagreement", "book_ticker": "disagreement", "deals": "trades_stopped", "all": "stale"}
    assert reason in (reasons[muted], "stale")
    healed(play)


def test_w_03_a_stream_that_stays_silent_on_one_connection_is_taken_from_a_new_one() -> None:
    play = valid_play()
    play.spoil = lambda peer, kind, frame: [] if peer.number == 1 and kind == "depth" else [frame]
    play.run(30)
    assert play.feed.validity(play.now_ns).valid
    assert list(play.exchange.peers) == [2]
    assert play.counters["channel_silent.depth"] == 1
    assert not play.wrong


@pytest.mark.parametrize("how", ["dropped", "refused", "code", "other"])
def test_w_04_a_subscription_counts_by_its_data_and_alarms_after_three_seconds(how: str) -> None:
    ill = True

    def answer(peer: Peer, request: dict[str, Any]) -> list[dict[str, Any]]:
        if not ill or request["method"] == "PING":
            return agreeable(peer, request)
        names = ",".join(request["params"])
        refusal = f"Not Subscribed successfully! [{names}].  Reason：Blocked! "
        return {
            "dropped": [],
            "refused": [{"id": request["id"], "code": 0, "msg": refusal}],
            "code": [{"id": request["id"], "code": 30, "msg": names}],
            "other": [{"id": request["id"], "code": 0, "msg": DEPTH.replace("MX", "BTC")}],
        }[how]

    play = Play(reply=answer)
    alarms: list[ChannelAlarm] = []
    original = play.feed.event
    play.feed.event = lambda event, now_ns: (
        (isinstance(event, ChannelAlarm) and alarms.append(event)) or original(event, now_ns)
    )  # type: ignore[assignment, return-value]
    play.run(4)
    assert play.feed.validity(play.now_ns).reason == "unconfirmed"
    assert {alarm.channel.kind for alarm in alarms} == {"depth", "book_ticker", "deals", "kline"}
    ill = False
    play.run(40)
    assert play.feed.validity(play.now_ns).valid
    assert not play.wrong


ABUSE = {
    "huge": bytes((0x82, 0x7F)) + (1 << 62).to_bytes(8, "big"),
    "fragments": bytes((0x02, 0x00)) + bytes((0x00, 0x00)) * 5000,
    "rsv1": bytes((0xC2, 0x01, 0x05)),
    "masked": bytes((0x82, 0x81, 1, 2, 3, 4, 5)),
    "length": bytes((0x82, 0x7E, 0x00, 0x05)) + b"hello",
    "opcode": bytes((0x83, 0x01, 0x05)),
    "utf8": bytes((0x81, 0x02, 0xC3, 0x28)),
    "control": bytes((0x89, 0x7E, 0x00, 0x7E)) + b"x" * 126,
    "continuation": bytes((0x80, 0x01, 0x05)),
}


@pytest.mark.parametrize("kind", ABUSE)
def test_w_05_abuse_of_the_protocol_costs_the_connection_and_nothing_else(kind: str) -> None:
    play = valid_play()
    at = play.now_ns
    play.exchange.peers[1].send(ABUSE[kind])
    play.exchange.act()
    play._tell()
    assert play.invalid_after(at)[0] == at
    assert play.counters["links_lost.frame"] == 1
    healed(play)


def test_w_05_endless_fragments_and_huge_announcements_hold_little_memory() -> None:
    play = valid_play(most_payload=1 << 20)
    tracemalloc.start()
    play.exchange.peers[1].send(bytes((0x02, 0x7F)) + (1 << 19).to_bytes(8, "big"))
    for _ in range(40):
        if 1 in play.exchange.peers:
            play.exchange.peers[1].send(bytes(65_536))
    play.exchange.act()
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 8 << 20


def test_w_06_new_fields_are_skipped() -> None:
    play = valid_play()
    new = b"\x98\x3f\x07" + b"\xa2\x3f\x03abc" + b"\xad\x3f\x01\x02\x03\x04" + b"\xa9\x3f" + b"8" * 8
    mark = play.now_ns
    play.spoil = lambda peer, kind, frame: [frame + new]
    play.run(5)
    assert [reason for at, reason in play.seen if at > mark] == []


@pytest.mark.parametrize(
    ("body", "counter"),
    [
        ({"asks": [{"quantity": "1"}]}, "depth_refused.empty"),
        ({"bids": [{"price": "1.00"}]}, "depth_refused.empty"),
        ({"fromVersion": ""}, "depth_refused.bad_version"),
    ],
)
def test_w_06_a_missing_field_refuses_the_message(body: dict[str, Any], counter: str) -> None:
    play = valid_play()
    version = str(play.market.version + 1)
    sent_ms = (play.now_ns // MS) + 1_790_000_000_000 - 5
    depth = {"fromVersion": version, "toVersion": version, **body}
    play.exchange.peers[1].push(push(DEPTH, symbol=SYMBOL, sent_ms=sent_ms, publicAggreDepths=depth))
    play.exchange.act()
    play._tell()
    assert str(play.feed.validity(play.now_ns)) == "building (refused)"
    assert play.counters[counter] == 1
    healed(play)


@pytest.mark.parametrize("frame", [b"", b"\x00", b"\xff" * 50, b"\x0a\x7fshort", b"hello"])
def test_w_06_bytes_that_are_no_message_are_counted_and_the_book_built_anew(frame: bytes) -> None:
    play = valid_play()
    play.exchange.peers[1].push(frame)
    play.exchange.act()
    play._tell()
    assert play.counters["push_refused"] == 1
    assert not play.feed.validity(play.now_ns).valid or frame == b""
    healed(play)


def test_w_06_a_message_without_a_body_is_a_heartbeat_and_no_datum() -> None:
    play = valid_play()
    play.spoil = lambda peer, kind, frame: [push(DEPTH, symbol=SYMBOL)] if kind == "depth" else [frame]
    begun = play.now_ns
    play.run(2)
    assert play.invalid_after(begun)[0] - begun <= 2 * SECOND
    assert play.counters["heartbeats"] == 20
    healed(play)


@pytest.mark.parametrize("later", [0, 1, 2, 15])
def test_w_07_the_same_stream_twice_counts_once(later: int) -> None:
    play = valid_play()
    sent: list[list[bytes]] = []

    def twice(peer: Peer, kind: str, frame: bytes) -> list[bytes]:
        if kind == "depth":
            sent.append([])
        sent[-1].append(frame) if sent else None
        again = sent.pop(0) if kind == "kline" or len(sent) > later + 1 else []
        return [frame, *again]

    play.spoil = twice
    mark, trades = play.now_ns, play.counters["deals"]
    before = play.market.trades
    play.run(20)
    assert [reason for at, reason in play.seen if at > mark] == []
    assert play.counters["deals"] - trades == play.market.trades - before
    assert not play.wrong


def test_w_08_a_burst_beyond_the_queue_is_dropped_whole() -> None:
    play = valid_play(most_events=200)
    frames = []
    for _ in range(300):
        play.market.step()
        frames.append(play.market.depth((play.now_ns // MS) + 1_790_000_000_000))
    at = play.now_ns
    play.exchange.peers[1].push(*frames)
    play.exchange.act()
    play._tell()
    assert str(play.invalid_after(at)[1]) in ("building (overflow)", "building (gap)")
    assert play.counters["overflows"] == 1
    assert play.counters["frames_dropped"] == 201
    healed(play)


def test_w_08_what_comes_too_late_is_dropped_until_it_is_in_time_again() -> None:
    play = valid_play()
    backlog: list[bytes] = []

    def delayed(peer: Peer, kind: str, frame: bytes) -> list[bytes]:
        if kind == "depth":
            backlog.append(frame)
            return [backlog.pop(0)] if len(backlog) > 30 else []
        return [frame]

    play.spoil = delayed
    play.run(6)
    assert str(play.feed.validity(play.now_ns)) == "building (lag)"
    assert play.counters["lag_drops"] >= 20
    play.spoil = lambda peer, kind, frame: [*backlog, frame] if kind == "depth" and not backlog.clear() else [frame]  # type: ignore[func-returns-value]
    healed(play)


def test_w_09_without_a_pong_the_connection_is_dead_within_two_periods() -> None:
    play = valid_play()
    play.exchange.answer = lambda peer, request: [] if request["method"] == "PING" else agreeable(peer, request)
    begun = play.now_ns
    while play.counters["links_lost.no_pong"] == 0:
        play.run(1)
    assert play.now_ns - begun <= 30 * SECOND
    play.exchange.answer = agreeable
    healed(play)


@pytest.mark.parametrize("seconds", [0.5, 2, 10])
def test_w_10_after_an_own_stall_nothing_is_valid_until_something_fresh_came(seconds: float) -> None:
    play = valid_play()
    missed: list[bytes] = []
    for _ in range(int(seconds * 10)):
        play.exchange.now_ns += 100 * MS
        play.market.step()
        missed.append(play.market.depth((play.now_ns // MS) + 1_790_000_000_000 - 5))
    at = play.now_ns
    for frame in missed[:-1]:
        play.exchange.peers[1].push(frame)
        play.exchange.act()
        events, play.exchange.events = play.exchange.events, []
        for event in events:
            play.feed.event(event, play.now_ns)
        assert not play.feed.validity(play.now_ns).valid
    assert play.counters["own_stalls"] == 1
    play.spoil = lambda peer, kind, frame: (
        [missed.pop(), frame] if missed and kind == "depth" and not missed[:-1].clear() else [frame]
    )  # type: ignore[func-returns-value]
    play.run(0.1)
    play.spoil = lambda peer, kind, frame: [frame]
    healed(play, 6)
    assert next(reason for time, reason in play.seen if time >= at).startswith(
        ("own_stall", "stale", "lag", "building")
    )


def test_no_link_is_left_behind() -> None:
    play = valid_play()
    for _ in range(6):
        play.exchange.cut(next(iter(play.exchange.peers)))
        while not play.exchange.peers:
            play.run(1)
    lost = [event for event in play.exchange.events if isinstance(event, LinkLost)]
    assert not lost
    assert len(play.exchange.session.links()) == 1
    healed(play)

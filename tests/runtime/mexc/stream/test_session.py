"""A session against a scripted exchange in virtual time: subscriptions, pings, silence, reconnects, rotation."""

from __future__ import annotations

import gc
import weakref
from typing import Any

import pytest
from flashc.cython_core.wire import ws_frames
from flashc.runtime.mexc.stream import channels
from flashc.runtime.mexc.stream.channels import Channel
from flashc.runtime.mexc.stream.events import (
    ChannelAlarm,
    ChannelConfirmed,
    FrameRefused,
    Heartbeat,
    LinkLost,
    LinkUp,
    Overflow,
    PushFrame,
    QueryWanted,
    Subscribed,
)
from support.fake_streams import MS, SECOND, FakeExchange, Peer, agreeable, depth_frame, push

DEPTH = channels.depth("MXUSDT")
HOUR = 3600 * SECOND


def started(*wanted: Channel, **config: Any) -> FakeExchange:
    exchange = FakeExchange(**config)
    exchange.session.subscribe(wanted or (DEPTH,), exchange.now_ns)
    exchange.act()
    exchange.run(SECOND)
    return exchange


def feed(exchange: FakeExchange, first: int = 1) -> None:
    """One valid change of the book on every connection."""
    for peer in list(exchange.peers.values()):
        for name in peer.asked:
            peer.push(depth_frame(name, first, first, [("1.0", "2")]))
    exchange.act()


def test_a_channel_counts_only_after_its_first_valid_datum() -> None:
    exchange = started()
    assert [type(event) for event in exchange.events] == [LinkUp, Subscribed]
    peer = exchange.peers[1]
    assert (peer.target, peer.asked) == ("/ws", [DEPTH.name])
    peer.push(push(DEPTH.name), b"\xff\xff")
    exchange.act()
    assert [type(event) for event in exchange.events[2:]] == [Heartbeat, FrameRefused]
    feed(exchange)
    confirmed, frame = exchange.events[4:]
    assert confirmed == ChannelConfirmed(1, DEPTH, exchange.now_ns)
    assert isinstance(frame, PushFrame)
    assert (frame.link, frame.channel, frame.receive_ns) == (1, DEPTH, exchange.now_ns)
    assert exchange.counters.picture()["push_refused.truncated"] == 1


def test_thirty_channels_share_a_connection_and_requests_stay_small_and_slow() -> None:
    wanted = [channels.depth(f"S{number:03}USDT") for number in range(65)]
    exchange = started(*wanted)
    assert [len(peer.asked) for peer in exchange.peers.values()] == [30, 30, 5]
    for peer in exchange.peers.values():
        sizes = [len(frame.payload) for frame in peer.frames]
        assert max(sizes) <= 1024
        assert len(sizes) <= 3
        assert [request["id"] for request in peer.texts] == list(range(1, len(sizes) + 1))


def test_wanting_a_channel_twice_asks_once_and_unwanting_all_closes() -> None:
    exchange = started(DEPTH)
    exchange.session.subscribe([DEPTH, channels.deals("MXUSDT")], exchange.now_ns)
    exchange.run(SECOND)
    peer = exchange.peers[1]
    assert peer.asked == [DEPTH.name, channels.deals("MXUSDT").name]
    exchange.session.unsubscribe([channels.deals("MXUSDT")], exchange.now_ns)
    exchange.run(SECOND)
    assert peer.texts[-1]["method"] == "UNSUBSCRIPTION"
    exchange.session.unsubscribe([DEPTH], exchange.now_ns)
    exchange.act()
    assert exchange.take(LinkLost)[0].reason == "not_needed"
    assert exchange.closed == [1]
    exchange.run(60 * SECOND)
    assert not exchange.peers


def test_a_channel_without_a_datum_raises_an_alarm_after_three_seconds() -> None:
    exchange = started()
    exchange.run(1900 * MS)
    assert not exchange.take(ChannelAlarm)
    exchange.run(200 * MS)
    alarm = exchange.take(ChannelAlarm)
    assert [(event.channel, event.why, event.detail) for event in alarm] == [(DEPTH, "no_datum", "acknowledged")]
    feed(exchange)
    assert exchange.take(ChannelConfirmed)


def test_a_request_without_an_answer_is_asked_again() -> None:
    exchange = FakeExchange()
    exchange.answer = lambda peer, request: [] if request["method"] != "PING" else agreeable(peer, request)
    exchange.session.subscribe([DEPTH], exchange.now_ns)
    exchange.act()
    exchange.run(7 * SECOND)
    assert [request["params"] for request in exchange.peers[1].texts] == [[DEPTH.name]] * 2


def test_a_refusal_has_code_0_and_is_no_success() -> None:
    bad = channels.depth("NOSUCHUSDT")
    refused: list[int] = []

    def answer(peer: Peer, request: dict[str, Any]) -> list[dict[str, Any]]:
        if bad.name not in request.get("params", ()):
            return agreeable(peer, request)
        refused.append(len(request["params"]))
        text = f"Not Subscribed successfully! [{bad.name}].  Reason：Blocked! "
        return [{"id": request["id"], "code": 0, "msg": text}]

    exchange = FakeExchange()
    exchange.answer = answer
    exchange.session.subscribe([DEPTH, bad], exchange.now_ns)
    exchange.act()
    exchange.run(SECOND)
    assert exchange.peers[1].asked == [DEPTH.name]
    assert refused == [2, 1]
    assert [(event.channel, event.why) for event in exchange.take(ChannelAlarm)] == [(bad, "refused")]
    exchange.run(31 * SECOND, lambda: feed(exchange))
    assert refused == [2, 1, 1]
    assert exchange.counters["channel_refused"] == 2


@pytest.mark.parametrize(
    ("reply", "counter"),
    [
        ({"id": 1, "code": 0, "msg": "spot@public.aggre.depth.v3.api.pb@100ms@BTCUSDT"}, "wrong_echo"),
        ({"id": 9, "code": 0, "msg": DEPTH.name}, "control_refused.no_request"),
        ("{", "control_refused.not_json"),
        ("[" * 60_000, "control_refused.not_json"),
        ("[]", "control_refused.not_an_answer"),
        ('{"msg": 1}', "control_refused.not_an_answer"),
        ('{"msg":"' + "x" * 70_000 + '"}', "control_refused.too_long"),
    ],
)
def test_a_wrong_answer_is_counted_and_confirms_nothing(reply: Any, counter: str) -> None:
    exchange = FakeExchange()
    exchange.answer = lambda peer, request: [reply]
    exchange.session.subscribe([DEPTH], exchange.now_ns)
    exchange.act()
    exchange.run(SECOND)
    assert exchange.counters[counter] == 1
    assert not exchange.take(Subscribed)


def test_a_ping_goes_out_every_fifteen_seconds_and_needs_its_pong() -> None:
    exchange = started()
    exchange.run(120 * SECOND, lambda: feed(exchange))
    pings = [request for request in exchange.peers[1].texts if request == {"method": "PING"}]
    assert 8 <= len(pings) <= 9
    exchange.answer = lambda peer, request: [] if request["method"] == "PING" else agreeable(peer, request)
    muted = exchange.now_ns
    while not (lost := exchange.take(LinkLost)):
        exchange.run(100 * MS, lambda: feed(exchange))
    assert lost[0].reason == "no_pong"
    assert exchange.now_ns - muted <= 30 * SECOND


def test_a_ping_of_the_server_is_answered_with_its_own_payload() -> None:
    exchange = started()
    exchange.peers[1].send(ws_frames.encode_frame(ws_frames.PING, b"here"))
    exchange.act()
    assert exchange.peers[1].frames[-1] == ws_frames.Frame(ws_frames.PONG, b"here")


def test_a_broken_connection_is_dialled_again_with_all_channels() -> None:
    exchange = started(DEPTH, channels.deals("MXUSDT"))
    feed(exchange)
    exchange.cut(1)
    lost = exchange.take(LinkLost)[0]
    assert (lost.reason, lost.planned) == ("reset", False)
    exchange.run(SECOND)
    assert exchange.peers[2].asked == [DEPTH.name, channels.deals("MXUSDT").name]


def test_dials_that_fail_come_slower_and_slower_up_to_thirty_seconds() -> None:
    exchange = FakeExchange(refuse_dials=True)
    exchange.session.subscribe([DEPTH], exchange.now_ns)
    exchange.act()
    exchange.run(300 * SECOND)
    gaps = [(late - early) / SECOND for early, late in zip(exchange.dial_times, exchange.dial_times[1:], strict=False)]
    assert 12 <= len(gaps) <= 30
    assert max(gaps) <= 30
    assert min(gaps[7:]) >= 15
    exchange.refuse_dials = False
    exchange.run(31 * SECOND)
    assert exchange.peers


def test_a_dial_that_nobody_answers_is_given_up() -> None:
    exchange = FakeExchange()
    exchange._do = lambda action: exchange.dial_times.append(exchange.now_ns)  # type: ignore[method-assign]
    exchange.session.subscribe([DEPTH], exchange.now_ns)
    exchange.act()
    exchange.run(11 * SECOND)
    assert exchange.take(LinkLost)[0].reason == "connect_timeout"


@pytest.mark.parametrize(
    ("data", "detail"),
    [
        (bytes((0x82, 0x81, 1, 2, 3, 4, 5)), "masked_server_frame"),
        (bytes((0xC2, 0x01, 5)), "reserved_bits"),
        (bytes((0x82, 0x7F)) + (1 << 40).to_bytes(8, "big"), "too_big"),
        (bytes((0x02, 0x00)) + bytes((0x00, 0x00)) * 2000, "too_many_fragments"),
        (bytes((0x82, 0x7E, 0, 5)) + b"hello", "bad_length"),
    ],
)
def test_abuse_of_the_protocol_ends_the_connection_with_bounded_memory(data: bytes, detail: str) -> None:
    exchange = started()
    exchange.peers[1].send(data)
    exchange.act()
    lost = exchange.take(LinkLost)[0]
    assert (lost.reason, lost.detail) == ("frame", detail)
    exchange.run(SECOND)
    assert exchange.peers[2].asked == [DEPTH.name]


def test_the_buffer_of_a_connection_that_ends_is_freed_at_once() -> None:
    """A megabyte each: an exception that holds its frame would keep it until garbage is collected, some time."""

    class Watched(ws_frames.FrameReader):
        pass

    exchange = FakeExchange()
    exchange.session._reader = Watched
    exchange.session.subscribe((DEPTH,), exchange.now_ns)
    exchange.run(SECOND)
    watched = weakref.ref(exchange.session.links()[0]._reader)
    gc.disable()
    try:
        exchange.peers[1].send(bytes((0x82, 0x7F)) + (1 << 40).to_bytes(8, "big"))
        exchange.act()
        assert exchange.take(LinkLost)[0].reason == "frame"
        assert watched() is None
    finally:
        gc.enable()


@pytest.mark.parametrize(
    ("answer", "detail"),
    [
        (b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n", "wrong_status (403)"),
        (b"hello\r\n\r\n", "not_http"),
        (b"HTTP/1.1 101 Switching\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n", "wrong_accept (101)"),
        (b"HTTP/1.1 101 Switching\r\n\r\n", "no_upgrade (101)"),
        (b"HTTP/1.1 200 OK\r\nX: " + b"y" * 40_000, "not_http"),
    ],
)
def test_a_server_that_does_not_speak_websocket_is_left(answer: bytes, detail: str) -> None:
    exchange = FakeExchange()
    exchange.session.subscribe([DEPTH], exchange.now_ns)
    (dial,) = exchange.session.outbox.actions()
    exchange.session.connected(dial.link, exchange.now_ns)
    exchange.session.outbox.actions()
    exchange.session.received(dial.link, answer, exchange.now_ns)
    lost = [event for event in exchange.session.outbox.events() if isinstance(event, LinkLost)]
    assert [(event.reason, event.detail) for event in lost] == [("handshake", detail)]


def test_a_goodbye_is_answered_and_the_connection_made_anew() -> None:
    exchange = started()
    peer = exchange.peers[1]
    peer.send(ws_frames.encode_frame(ws_frames.CLOSE, (1001).to_bytes(2, "big") + b"bye"))
    exchange.act()
    lost = exchange.take(LinkLost)[0]
    assert (lost.reason, lost.detail) == ("server_closed", "1001")
    assert peer.frames[-1].opcode == ws_frames.CLOSE


def test_rotation_comes_before_23_hours_with_both_connections_alive() -> None:
    exchange = started(silent_after_ns={}, ping_every_ns=55 * SECOND)
    born = exchange.now_ns
    together = 0

    def each() -> None:
        nonlocal together
        together += len(exchange.peers) == 2
        feed(exchange)

    exchange.run(21 * HOUR, each, step_ns=58 * SECOND)
    assert not exchange.take(LinkLost)
    while not (lost := exchange.take(LinkLost)):
        exchange.run(10 * SECOND, each, step_ns=SECOND)
    assert exchange.now_ns - born < 23 * HOUR
    assert (lost[0].link, lost[0].reason, lost[0].planned) == (1, "rotated", True)
    assert together >= 2
    confirmed = [(event.link, event.now_ns) for event in exchange.take(ChannelConfirmed)]
    assert [link for link, _ in confirmed] == [1, 2]
    assert lost[0].now_ns - confirmed[1][1] >= exchange.session.config.overlap_ns


def test_a_channel_that_falls_silent_gets_a_new_connection_and_an_alarm() -> None:
    ticker = channels.book_ticker("MXUSDT")
    exchange = started(DEPTH, ticker)

    def both(peer: Peer) -> None:
        peer.push(push(ticker.name, publicAggreBookTicker={"bidPrice": "1", "askPrice": "2"}))
        if peer.number != 1 or exchange.now_ns < 1_020 * SECOND:
            peer.push(depth_frame(DEPTH.name, 1, 1))

    exchange.run(60 * SECOND, lambda: [both(peer) for peer in list(exchange.peers.values())] and None)
    assert [(event.channel.kind, event.why) for event in exchange.take(ChannelAlarm)] == [("depth", "silent")]
    assert [event.reason for event in exchange.take(LinkLost)] == ["rotated"]
    assert list(exchange.peers) == [2]
    assert exchange.counters["rotations.silent"] == 1


def test_a_burst_that_fills_the_queue_is_dropped_whole_and_said() -> None:
    exchange = started(most_events=100)
    frames = [depth_frame(DEPTH.name, number, number) for number in range(1, 102)]
    exchange.peers[1].push(*frames)
    exchange.act()
    assert [event.dropped for event in exchange.take(Overflow)] == [101]
    assert not exchange.take(PushFrame)
    assert exchange.counters["frames_dropped"] == 101


def test_each_connection_of_a_private_session_has_a_query_of_its_own() -> None:
    exchange = FakeExchange(fresh_query=True)
    exchange.session.subscribe(channels.PRIVATE, exchange.now_ns)
    exchange.act()
    assert len(exchange.take(QueryWanted)) == 1
    exchange.run(5 * SECOND)
    assert not exchange.peers
    exchange.session.use_query("listenKey=one", exchange.now_ns)
    exchange.act()
    exchange.run(SECOND)
    assert exchange.peers[1].target == "/ws?listenKey=one"
    exchange.cut(1)
    exchange.run(SECOND)
    assert len(exchange.take(QueryWanted)) == 1
    exchange.session.use_query("listenKey=two", exchange.now_ns)
    exchange.act()
    exchange.run(SECOND)
    assert exchange.peers[2].target == "/ws?listenKey=two"
    shown = repr(exchange.session.links()) + repr(exchange.events)
    assert "listenKey=" not in shown


def test_a_stopped_session_says_goodbye_and_dials_no_more() -> None:
    exchange = started()
    peer = exchange.peers[1]
    exchange.session.stop(exchange.now_ns)
    exchange.act()
    assert peer.frames[-1].opcode == ws_frames.CLOSE
    assert exchange.take(LinkLost)[0].planned
    exchange.run(60 * SECOND)
    assert not exchange.peers

"""Laws of a session: how bytes are cut changes nothing, and no bytes bring it down. Transcripts of whole sessions."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

from flashc.cython_core import native
from flashc.cython_core.wire import ws_frames
from flashc.runtime.mexc.stream import channels
from flashc.runtime.mexc.stream.events import ChannelConfirmed, Event, LinkLost, PushFrame
from hypothesis import given, settings
from hypothesis import strategies as st
from support.fake_streams import MS, SECOND, FakeExchange, Peer, agreeable, depth_frame, push

DEPTH, DEALS = channels.depth("MXUSDT"), channels.deals("MXUSDT")


def started() -> FakeExchange:
    exchange = FakeExchange()
    exchange.session.subscribe([DEPTH, DEALS], exchange.now_ns)
    exchange.act()
    exchange.run(SECOND)
    exchange.events.clear()
    return exchange


MESSAGES = st.lists(
    st.sampled_from(
        [
            ws_frames.encode_frame(ws_frames.BINARY, depth_frame(DEPTH.name, 1, 1, [("1.0", "2")])),
            ws_frames.encode_frame(ws_frames.BINARY, push(DEALS.name)),
            ws_frames.encode_frame(ws_frames.BINARY, b"\xff\xff"),
            ws_frames.encode_frame(ws_frames.TEXT, b'{"id":0,"code":0,"msg":"PONG"}'),
            ws_frames.encode_frame(ws_frames.TEXT, b"{"),
            ws_frames.encode_frame(ws_frames.PING, b"x"),
            ws_frames.encode_frame(ws_frames.CLOSE, b"\x03\xe8"),
            b"\xc2\x01\x05",
        ]
    ),
    max_size=12,
).map(b"".join)


def seen(data: bytes, cuts: list[int]) -> tuple[list[Event], dict[str, int]]:
    exchange = started()
    edges = [0, *sorted({cut % (len(data) + 1) for cut in cuts}), len(data)]
    for first, last in pairwise(edges):
        exchange.session.received(1, data[first:last], exchange.now_ns)
    exchange.events += exchange.session.outbox.events()
    counts = exchange.counters.picture()
    return exchange.events, counts


@settings(max_examples=60, deadline=None)
@given(data=MESSAGES, cuts=st.lists(st.integers(0, 400), max_size=8))
def test_how_the_bytes_are_cut_changes_nothing(data: bytes, cuts: list[int]) -> None:
    assert seen(data, cuts)[0] == seen(data, [])[0]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.binary(max_size=300), max_size=6))
def test_no_bytes_bring_a_session_down(pieces: list[bytes]) -> None:
    exchange = started()
    for piece in pieces:
        exchange.session.received(1, piece, exchange.now_ns)
        exchange.session.timer(exchange.now_ns)
    lost = [event for event in exchange.session.outbox.events() if isinstance(event, LinkLost)]
    assert len(lost) <= 1
    assert all(event.reason in ("frame", "server_closed") for event in lost)


def test_the_c_core_and_its_twin_give_the_same_events() -> None:
    data = ws_frames.encode_frame(ws_frames.BINARY, depth_frame(DEPTH.name, 1, 1, [("1.0", "2")])) * 3
    library = native.library()
    if library is None:
        assert native.reason()
        return
    exchange = started()
    exchange.session._decode = library.decode_push
    exchange.session.received(1, data, exchange.now_ns)
    assert exchange.session.outbox.events() == seen(data, [])[0]


# ---- transcripts


class Transcript(FakeExchange):
    """Writes down what a session does and says, a line each."""

    def __init__(self, **config: Any) -> None:
        super().__init__(**config)
        self.lines: list[str] = []
        self.begin_ns = self.now_ns

    def note(self, text: str) -> None:
        self.lines.append(f"{(self.now_ns - self.begin_ns) // MS:>8} ms  {text}")

    def _do(self, action: Any) -> None:
        self.note(f"-> {type(action).__name__.lower()} {action.link}")
        super()._do(action)

    def act(self) -> None:
        super().act()
        for event in self.events:
            named = "" if not isinstance(event, PushFrame | ChannelConfirmed) else f" {event.channel.name}"
            if isinstance(event, LinkLost):
                named = f" {event.reason} {event.detail}".rstrip()
            self.note(f"   {type(event).__name__} {getattr(event, 'link', '')}{named}")
        self.events.clear()


def told(scene: Callable[[Transcript], None], **config: Any) -> str:
    exchange = Transcript(**config)

    def answer(peer: Peer, request: dict[str, Any]) -> list[dict[str, Any]]:
        exchange.note(f"<- {peer.number} heard {request}")
        return agreeable(peer, request)

    exchange.answer = answer
    exchange.session.subscribe([DEPTH, DEALS], exchange.now_ns)
    exchange.act()
    scene(exchange)
    return "\n".join(exchange.lines) + "\n"


def feed(exchange: Transcript) -> None:
    for peer in list(exchange.peers.values()):
        for name in peer.asked[:2]:
            body = {"publicAggreDeals": {}} if name == DEALS.name else {"publicAggreDepths": {"toVersion": "1"}}
            peer.push(push(name, **body))
    exchange.act()


def test_a_session_that_connects_loses_its_connection_and_comes_back(golden: Callable[[str, str], None]) -> None:
    def scene(exchange: Transcript) -> None:
        exchange.run(SECOND)
        feed(exchange)
        exchange.run(16 * SECOND)
        exchange.cut(1)
        exchange.run(SECOND)
        feed(exchange)
        exchange.act()
        exchange.session.unsubscribe([DEALS], exchange.now_ns)
        exchange.run(SECOND)
        exchange.session.stop(exchange.now_ns)
        exchange.act()

    golden("mexc/session_reconnect.txt", told(scene, silent_after_ns={}))


def test_a_session_that_is_rotated(golden: Callable[[str, str], None]) -> None:
    def scene(exchange: Transcript) -> None:
        exchange.run(SECOND)
        feed(exchange)
        exchange.run(SECOND)
        exchange.session.rotate(exchange.now_ns)
        exchange.act()
        exchange.run(SECOND)
        feed(exchange)
        exchange.run(5 * SECOND)

    golden("mexc/session_rotation.txt", told(scene, silent_after_ns={}))

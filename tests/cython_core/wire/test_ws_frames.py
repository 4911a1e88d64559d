"""WebSocket frames: what an honest peer sends comes through whole, all else is refused with a reason."""

from __future__ import annotations

import pytest
from flashc.cython_core.wire.ws_frames import (
    BINARY,
    CLOSE,
    PING,
    PONG,
    REASONS,
    TEXT,
    Frame,
    FrameFault,
    FrameReader,
    encode_frame,
)
from hypothesis import given
from hypothesis import strategies as st

MOST = 1000

#: bytes, whether a client sends them, reason
REFUSED = (
    (b"\xc2\x00", False, "reserved_bits"),
    (b"\x83\x00", False, "unknown_opcode"),
    (b"\x8b\x00", False, "unknown_opcode"),
    (b"\x82\x81abcd\x00", False, "masked_server_frame"),
    (b"\x82\x01a", True, "unmasked_client_frame"),
    (b"\x09\x00", False, "control_fragmented"),
    (b"\x89\x7e\x00\x7e", False, "control_too_long"),
    (b"\x80\x00", False, "bad_continuation"),
    (b"\x02\x00\x82\x00", False, "bad_continuation"),
    (b"\x02\x00" + b"\x00\x00" * 1024, False, "too_many_fragments"),
    (b"\x82\x7e\x00\x7d", False, "bad_length"),
    (b"\x82\x7f\x00\x00\x00\x00\x00\x00\xff\xff", False, "bad_length"),
    (b"\x82\x7f\x80\x00\x00\x00\x00\x00\x00\x00", False, "bad_length"),
    (b"\x82\x7e\x03\xe9", False, "too_big"),
    (b"\x82\x7f\x7f\xff\xff\xff\xff\xff\xff\xff", False, "too_big"),
    (b"\x02\x01a\x80\x7e\x03\xe8", False, "too_big"),
    (b"\x81\x01\xff", False, "bad_utf8"),
    (b"\x01\x01\xe6\x80\x01\xb3", False, "bad_utf8"),
    (b"\x88\x03\x03\xe8\xff", False, "bad_utf8"),
    (b"\x88\x01\x03", False, "bad_close"),
    (b"\x88\x02\x03\xed", False, "bad_close"),
    (b"\x88\x02\x03\xf7", False, "bad_close"),
    (b"\x88\x02\x13\x88", False, "bad_close"),
)


@pytest.mark.parametrize(("data", "from_client", "reason"), REFUSED)
def test_bytes_against_the_rules_are_refused_with_their_reason(data: bytes, from_client: bool, reason: str) -> None:
    reader = FrameReader(MOST, from_client=from_client)
    with pytest.raises(FrameFault) as caught:
        reader.feed(data)
    assert caught.value.reason == reason
    with pytest.raises(FrameFault):
        reader.feed(b"")


def test_every_reason_is_tried() -> None:
    assert {reason for _, _, reason in REFUSED} == set(REASONS)


def test_fragments_are_joined_and_control_frames_come_between() -> None:
    data = b"\x01\x03\xe6\xb3\xa8" + b"\x89\x01p" + b"\x00\x00" + b"\x80\x01!"
    assert FrameReader(MOST).feed(data) == [Frame(PING, b"p"), Frame(TEXT, "注!".encode())]


def test_nothing_is_read_behind_a_close() -> None:
    reader = FrameReader(MOST)
    assert reader.feed(b"\x88\x02\x03\xe8\xff\xff\xff") == [Frame(CLOSE, b"\x03\xe8")]
    assert reader.closed
    assert reader.feed(b"\xff\xff") == []


def test_messages_before_a_fault_are_not_lost() -> None:
    with pytest.raises(FrameFault) as caught:
        FrameReader(MOST).feed(b"\x8a\x00\xff\xff")
    assert caught.value.frames == (Frame(PONG, b""),)


payloads = st.binary(max_size=200) | st.sampled_from([b"x" * 125, b"x" * 126, b"x" * 65535, b"x" * 65536])


@given(
    st.lists(st.tuples(st.sampled_from([BINARY, PING]), payloads), max_size=6),
    st.none() | st.binary(min_size=4, max_size=4),
    st.data(),
)
def test_frames_survive_any_cut(given_frames: list[tuple[int, bytes]], mask: bytes | None, data: st.DataObject) -> None:
    frames = [Frame(opcode, payload if opcode == BINARY else payload[:125]) for opcode, payload in given_frames]
    text = b"".join(encode_frame(frame.opcode, frame.payload, mask) for frame in frames)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=8)))
    reader = FrameReader(1 << 17, from_client=mask is not None)
    found = [f for a, b in zip([0, *cuts], [*cuts, len(text)], strict=True) for f in reader.feed(text[a:b])]
    assert found == frames

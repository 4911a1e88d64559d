"""The quick look at a frame says what the whole decoder says, wherever the quick look accepts."""

from __future__ import annotations

import pytest
from flashc.cython_core.wire.official import message_class
from flashc.cython_core.wire.push import PushFault, decode_push
from flashc.cython_core.wire.schema import BODIES, WRAPPER
from flashc.runtime.market_data.record.peek import Peek, peek
from hypothesis import given, settings
from hypothesis import strategies as st

DEPTH = "spot@public.aggre.depth.v3.api.pb@10ms@BTCUSDC"


def frame(channel: str, body: int, send_ms: int = 1_790_000_000_130) -> bytes:
    made = message_class(WRAPPER)(channel=channel, symbol="BTCUSDC", sendTime=send_ms)
    if body:
        getattr(made, BODIES[body][0]).SetInParent()
    return made.SerializeToString()


@pytest.mark.parametrize("body", [0, *BODIES])
def test_every_body_is_told(body: int) -> None:
    assert peek(frame(DEPTH, body)) == Peek(DEPTH, body, 1_790_000_000_130)


def test_the_order_of_fields_does_not_matter_and_unknown_ones_are_skipped() -> None:
    whole = frame(DEPTH, 313)
    unknown = bytes([0x12, 3]) + b"abc" + bytes([0x48, 0x96, 0x01])
    assert peek(unknown + whole) == peek(whole)


def test_two_bodies_are_left_to_the_whole_decoder() -> None:
    both = frame(DEPTH, 313) + frame("", 314)
    assert peek(both).body_number == decode_push(both).body_number == 314


@given(st.integers(0, 400), st.binary(max_size=12), st.integers(0, 60))
@settings(max_examples=120, deadline=None)
def test_whatever_the_whole_decoder_reads_the_quick_look_reads_alike(at: int, noise: bytes, cut: int) -> None:
    whole = frame(DEPTH, 313) + bytes([0x28, 5])
    damaged = (whole[:at] + noise + whole[at + len(noise) :])[: len(whole) - cut]
    try:
        push = decode_push(damaged)
    except PushFault:
        return  # the body is checked later; the quick look need not see what is wrong
    assert peek(damaged) == Peek(push.channel, push.body_number, push.send_time_ms or 0)


@pytest.mark.parametrize("broken", [b"\x0a", b"\x0a\x05abc", b"\xff" * 12, b"\x0a\x02\xff\xfe"])
def test_what_is_no_frame_is_refused(broken: bytes) -> None:
    with pytest.raises(PushFault):
        peek(broken)

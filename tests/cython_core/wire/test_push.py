"""Push frames: equal to the official decoder, whatever the bytes."""

from __future__ import annotations

import re
from dataclasses import fields

import pytest
from flashc.cython_core.wire.messages import CLASSES, AggreDepths, Deal, Deals, Level, PrivateOrder, Push
from flashc.cython_core.wire.push import REASONS, PushFault, decode_push
from flashc.cython_core.wire.schema import MESSAGES, WRAPPER
from hypothesis import given, settings
from support.wire_bytes import DEAL, DEPTH, ORDER, frames, official

EVENT = "spot@public.aggre.{}.v3.api.pb@100ms"


def test_the_sample_trade() -> None:
    push = decode_push(DEAL)
    assert push == Push(EVENT.format("deals") + "@MXUSDT", "MXUSDT", None, None, 1790000000130, 314, push.body)
    assert push.body == Deals((Deal("2.5001", "12.5", 1, 1790000000123, "10X0_11X0"),), EVENT.format("deals"))


def test_the_sample_depth() -> None:
    push = decode_push(DEPTH)
    assert (push.symbol, push.send_time_ms, push.body_number) == ("MXUSDT", 1790000000130, 313)
    assert push.body == AggreDepths(
        (Level("2.51", "0"),), (Level("2.49", "100.0"),), EVENT.format("depth"), "1001", "1003"
    )


def test_the_sample_order() -> None:
    body = decode_push(ORDER).body
    assert isinstance(body, PrivateOrder)
    assert (body.id, body.client_id, body.price, body.quantity) == ("C02__1", "ab_01", "2.5", "10")
    assert (body.order_type, body.trade_type, body.status, body.is_maker) == (1, 1, 1, True)
    assert body.create_time_ms == 1790000000100
    assert body.last_deal_quantity is None


def test_a_frame_without_body_is_a_heartbeat() -> None:
    assert decode_push(b"\x0a\x01c") == Push("c", None, None, None, None, 0, None)


#: bytes, reason
REFUSED = (
    (b"\x0a", "truncated"),
    (b"\x0a\x05ab", "truncated"),
    (b"\x28" + b"\x80" * 10 + b"\x01", "bad_varint"),
    (b"\x02\x00", "bad_tag"),
    (b"\xff\xff\xff\xff\x1f", "bad_tag"),
    (b"\x0a\xff\xff\xff\xff\x0f", "bad_length"),
    (b"\x0e", "bad_wire_type"),
    (b"\x0c", "bad_group"),
    (b"\x0b\x14", "bad_group"),
    (b"\x0b" * 101 + b"\x0c" * 101, "too_deep"),
    (b"\x0a\x01\xff", "bad_utf8"),
)


@pytest.mark.parametrize(("frame", "reason"), REFUSED)
def test_other_bytes_are_refused_with_their_reason(frame: bytes, reason: str) -> None:
    with pytest.raises(PushFault) as caught:
        decode_push(frame)
    assert caught.value.reason == reason
    assert official(frame) is None


def test_every_reason_is_tried() -> None:
    assert {reason for _, reason in REFUSED} == set(REASONS)


def decoded(frame: bytes) -> Push | None:
    try:
        return decode_push(frame)
    except PushFault:
        return None


@settings(max_examples=200, deadline=None)
@given(frames())
def test_every_frame_means_what_the_official_decoder_says(frame: bytes) -> None:
    assert decoded(frame) == official(frame)


@pytest.mark.parametrize("name", sorted(CLASSES))
def test_the_classes_have_the_fields_of_the_table(name: str) -> None:
    ours = [re.sub("_m?s$", "", field.name) for field in fields(CLASSES[name])]
    table = [re.sub("([A-Z])", lambda m: "_" + m[1].lower(), field.name) for field in MESSAGES[name].fields]
    extra = ["trade_id"] if name == "PublicDealsV3ApiItem" else []
    assert ours == table + extra


def test_every_message_has_a_class() -> None:
    assert set(CLASSES) == set(MESSAGES) - {WRAPPER}

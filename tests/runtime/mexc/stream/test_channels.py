"""Names of channels and their parts, both ways."""

from __future__ import annotations

import pytest
from flashc.cython_core.wire.schema import BODIES
from flashc.runtime.mexc.stream import channels
from flashc.runtime.mexc.stream.channels import KINDS, Channel, ChannelFault, parse_channel

NAMES = {
    "spot@public.aggre.deals.v3.api.pb@100ms@MXUSDT": channels.deals("MXUSDT"),
    "spot@public.aggre.depth.v3.api.pb@10ms@MXUSDT": channels.depth("MXUSDT", "10ms"),
    "spot@public.limit.depth.v3.api.pb@MXUSDT@20": channels.limit_depth("MXUSDT"),
    "spot@public.aggre.bookTicker.v3.api.pb@100ms@MXUSDT": channels.book_ticker("MXUSDT"),
    "spot@public.bookTicker.batch.v3.api.pb@MXUSDT": Channel("book_ticker_batch", "MXUSDT"),
    "spot@public.kline.v3.api.pb@GOLD(PAXG)USDT@Min15": channels.kline("GOLD(PAXG)USDT", "Min15"),
    "spot@public.miniTicker.v3.api.pb@MXUSDT@UTC+8": Channel("mini_ticker", "MXUSDT", "UTC+8"),
    "spot@public.miniTickers.v3.api.pb@24H": Channel("mini_tickers", None, "24H"),
    "spot@public.increase.depth.batch.v3.api.pb@MXUSDT": Channel("depth_batch", "MXUSDT"),
    "spot@public.deals.v3.api.pb@MXUSDT": Channel("old_deals", "MXUSDT"),
    "spot@public.increase.depth.v3.api.pb@MXUSDT": Channel("old_depth", "MXUSDT"),
    "spot@public.bookTicker.v3.api.pb@币安人生USDT": Channel("old_book_ticker", "币安人生USDT"),
    "spot@private.orders.v3.api.pb": Channel("orders"),
    "spot@private.deals.v3.api.pb": Channel("fills"),
    "spot@private.account.v3.api.pb": Channel("account"),
}


@pytest.mark.parametrize(("name", "channel"), NAMES.items())
def test_a_name_and_its_parts_say_the_same(name: str, channel: Channel) -> None:
    assert parse_channel(name) == channel
    assert channel.name == name


def test_every_kind_has_a_name_and_a_body_of_the_table() -> None:
    assert {channel.kind for channel in NAMES.values()} == set(KINDS)
    assert sorted(kind.body for kind in KINDS.values()) == sorted(BODIES)


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("", "unknown_kind"),
        ("spot@public.aggre.depth.v3.api@100ms@MXUSDT", "unknown_kind"),
        ("spot@public.aggre.depth.v3.api.pb", "wrong_parts"),
        ("spot@public.aggre.depth.v3.api.pb@100ms", "wrong_parts"),
        ("spot@public.aggre.depth.v3.api.pb@100ms@MXUSDT@", "wrong_parts"),
        ("spot@public.aggre.depth.v3.api.pb@1s@MXUSDT", "bad_option"),
        ("spot@public.aggre.depth.v3.api.pb@100ms@mxusdt", "bad_symbol"),
        ("spot@public.aggre.depth.v3.api.pb@100ms@MX,USDT", "bad_symbol"),
        ("spot@public.aggre.depth.v3.api.pb@100ms@", "bad_symbol"),
        ("spot@public.limit.depth.v3.api.pb@MXUSDT@7", "bad_option"),
        ("spot@public.kline.v3.api.pb@MXUSDT@1m", "bad_option"),
        ("spot@public.miniTicker.v3.api.pb@MXUSDT", "wrong_parts"),
        ("spot@public.miniTickers.v3.api.pb@UTC+8:15", "bad_option"),
        ("spot@private.orders.v3.api.pb@MXUSDT", "wrong_parts"),
        ("spot@" + "x" * 500, "too_long"),
    ],
)
def test_any_other_name_is_refused(name: str, reason: str) -> None:
    with pytest.raises(ChannelFault) as caught:
        parse_channel(name)
    assert caught.value.reason == reason

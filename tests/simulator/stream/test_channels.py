"""Names of channels, as the exchange reads them."""

from __future__ import annotations

import pytest
from flashc.simulator.stream.channels import KINDS, parse_channel

DEPTH = "spot@public.aggre.depth.v3.api.pb@10ms@BTCUSDC"
NAMES = {
    "public.aggre.deals": "spot@public.aggre.deals.v3.api.pb@100ms@BTCUSDC",
    "public.aggre.depth": DEPTH,
    "public.limit.depth": "spot@public.limit.depth.v3.api.pb@BTCUSDC@20",
    "public.aggre.bookTicker": "spot@public.aggre.bookTicker.v3.api.pb@10ms@BTCUSDC",
    "public.bookTicker.batch": "spot@public.bookTicker.batch.v3.api.pb@BTCUSDC",
    "public.kline": "spot@public.kline.v3.api.pb@BTCUSDC@Min1",
    "public.miniTicker": "spot@public.miniTicker.v3.api.pb@BTCUSDC@UTC+8",
    "public.miniTickers": "spot@public.miniTickers.v3.api.pb@UTC+12:45",
    "public.increase.depth.batch": "spot@public.increase.depth.batch.v3.api.pb@BTCUSDC",
    "public.deals": "spot@public.deals.v3.api.pb@BTCUSDC",
    "public.increase.depth": "spot@public.increase.depth.v3.api.pb@BTCUSDC",
    "public.bookTicker": "spot@public.bookTicker.v3.api.pb@BTCUSDC",
    "private.orders": "spot@private.orders.v3.api.pb",
    "private.deals": "spot@private.deals.v3.api.pb",
    "private.account": "spot@private.account.v3.api.pb",
}


def test_every_kind_has_a_name_here() -> None:
    assert set(NAMES) == set(KINDS)


@pytest.mark.parametrize("kind", KINDS)
def test_a_name_is_read_as_its_kind(kind: str) -> None:
    channel = parse_channel(NAMES[kind])
    assert channel is not None
    assert (channel.kind, channel.name) == (kind, NAMES[kind])
    assert channel.symbol in ("BTCUSDC", "")
    assert channel.symbol == "" or channel.symbol not in channel.event_type


def test_the_parts_of_a_name() -> None:
    depth = parse_channel(DEPTH)
    assert depth is not None
    assert (depth.every_ns, depth.event_type) == (10_000_000, "spot@public.aggre.depth.v3.api.pb@10ms")
    top = parse_channel(NAMES["public.limit.depth"])
    assert top is not None
    assert (top.detail, top.event_type) == ("20", "spot@public.limit.depth.v3.api.pb@20")


@pytest.mark.parametrize(
    "name",
    [
        "",
        "spot@public.aggre.depth.v3.api@10ms@BTCUSDC",  # the retired channel
        "spot@public.aggre.depth.v3.api.pb@BTCUSDC",
        "spot@public.aggre.depth.v3.api.pb@50ms@BTCUSDC",
        "spot@public.limit.depth.v3.api.pb@BTCUSDC@15",
        "spot@public.miniTicker.v3.api.pb@BTCUSDC",
        "spot@public.kline.v3.api.pb@BTCUSDC@1m",
        "spot@private.orders.v3.api.pb@BTCUSDC",
        DEPTH + "\n",
    ],
)
def test_other_names_are_no_channels(name: str) -> None:
    assert parse_channel(name) is None

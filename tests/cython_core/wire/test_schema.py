"""The table of push messages, by frames whose bytes are known and by the official library."""

from __future__ import annotations

import pytest
from flashc.cython_core.wire.official import message_class
from flashc.cython_core.wire.schema import BODIES, MESSAGES, SCALARS, WRAPPER

DEALS = (
    "0a2e73706f74407075626c69632e61676772652e6465616c732e76332e6170692e7062403130306d73404d5855534454d2134d0a220a06322e35"
    "303031120431322e35180120fbd8c1a28c342a09313058305f31315830122773706f74407075626c69632e61676772652e6465616c732e76332e"
    "6170692e7062403130306d731a064d58555344543082d9c1a28c34"
)
DEPTH = (
    "0a2e73706f74407075626c69632e61676772652e64657074682e76332e6170692e7062403130306d73404d58555344541a064d58555344543082"
    "d9c1a28c34ca134f0a090a04322e3531120130120d0a04322e343912053130302e301a2773706f74407075626c69632e61676772652e64657074"
    "682e76332e6170692e7062403130306d732204313030312a0431303033"
)
ORDER = (
    "0a1d73706f7440707269766174652e6f72646572732e76332e6170692e70621a064d58555344543082d9c1a28c3482133d0a064330325f5f3112"
    "0561625f30311a03322e35220231302a023235320130380140014801520232355a0231306a013072013078018001e4d8c1a28c34"
)


def decoded(text: str) -> object:
    return message_class(WRAPPER).FromString(bytes.fromhex(text))


def test_a_frame_of_trades_decodes() -> None:
    push = decoded(DEALS)
    deal = push.publicAggreDeals.deals[0]
    assert (push.symbol, push.sendTime) == ("MXUSDT", 1_790_000_000_130)
    assert (deal.price, deal.quantity, deal.tradeType, deal.tradeId) == ("2.5001", "12.5", 1, "10X0_11X0")
    assert deal.time == 1_790_000_000_123


def test_a_frame_of_depth_decodes_and_asks_come_first() -> None:
    depth = decoded(DEPTH).publicAggreDepths
    assert [(level.price, level.quantity) for level in depth.asks] == [("2.51", "0")]
    assert [(level.price, level.quantity) for level in depth.bids] == [("2.49", "100.0")]
    assert (depth.fromVersion, depth.toVersion) == ("1001", "1003")


def test_a_frame_of_an_order_decodes() -> None:
    order = decoded(ORDER).privateOrders
    assert (order.id, order.clientId, order.orderType, order.tradeType, order.status) == ("C02__1", "ab_01", 1, 1, 1)
    assert order.isMaker
    assert order.createTime == 1_790_000_000_100
    assert not order.HasField("triggerPrice")


def test_the_keys_on_the_wire_are_the_published_ones() -> None:
    keys = [
        "ea12",
        "f212",
        "fa12",
        "8213",
        "8a13",
        "9213",
        "9a13",
        "a213",
        "aa13",
        "b213",
        "ba13",
        "c213",
        "ca13",
        "d213",
        "da13",
    ]
    made = []
    for name, _ in BODIES.values():
        push = message_class(WRAPPER)()
        getattr(push, name).SetInParent()
        made.append(push.SerializeToString()[:2].hex())
    assert made == keys


@pytest.mark.parametrize("message", MESSAGES.values(), ids=lambda message: message.name)
def test_numbers_and_names_are_unique_and_types_exist(message) -> None:
    fields = (*message.fields, *message.oneof)
    assert len({field.number for field in fields}) == len({field.name for field in fields}) == len(fields)
    assert all(field.type in SCALARS or field.type in MESSAGES for field in fields)

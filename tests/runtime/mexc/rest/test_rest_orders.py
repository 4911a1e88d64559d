"""Orders over REST: sent once, acknowledged as they were sent, and no doubt taken for an answer."""

from __future__ import annotations

from dataclasses import replace

import pytest
from flashc.runtime.mexc.keys.secret import Secret
from flashc.runtime.mexc.rest.budget import Budget
from flashc.runtime.mexc.rest.codes import CODES, Kind
from flashc.runtime.mexc.rest.errors import (
    AuthFault,
    BadAnswer,
    ClockFault,
    Definitive,
    Mismatch,
    NotSent,
    RateLimited,
    UnknownOutcome,
)
from flashc.runtime.mexc.rest.results import NewOrder
from flashc.runtime.mexc.rest.signing import signature
from flashc.runtime.net.http import HttpAnswer, TransportError
from support.mexc_fakes import FakeTransport, answer, client, parameters, refusal, run

ORDER = NewOrder("MXUSDT", "BUY", "LIMIT", "ab_01", quantity="10", price="2.50")
ACK = {
    "symbol": "MXUSDT", "orderId": "C02__1", "orderListId": -1, "price": "2.5", "origQty": "10.0", "type": "LIMIT",
    "side": "BUY", "transactTime": 1790000000000,
}  # fmt: skip
ROW = {
    **ACK,
    "clientOrderId": "ab_01",
    "status": "NEW",
    "executedQty": "0",
    "cummulativeQuoteQty": None,
    "updateTime": None,
}


def placed(*answers: object, **more: object) -> tuple[object, FakeTransport]:
    """What placing ORDER ends in, and the transport."""
    rest, transport, _ = client(POST_order=list(answers), **more)

    async def work() -> object:
        await rest.sync_clock()
        try:
            return await rest.place(ORDER)
        except Exception as error:
            return error

    return run(work()), transport


def test_an_order_is_signed_and_all_of_it_is_in_the_query() -> None:
    ack, transport = placed(answer(ACK))
    assert (ack.order_id, ack.client_id) == ("C02__1", "")
    request = transport.sent[-1]
    assert request.body == b""
    assert dict(request.headers) == {"X-MEXC-APIKEY": "sim-key", "Content-Type": "application/json"}
    total, _, found = request.query.rpartition("&signature=")
    assert total.startswith(
        "symbol=MXUSDT&side=BUY&type=LIMIT&quantity=10&price=2.50&newClientOrderId=ab_01&recvWindow=2000&timestamp="
    )
    assert found == signature(Secret("sim-secret"), total.encode())


@pytest.mark.parametrize(
    "change",
    [
        {"symbol": "BTCUSDT"}, {"side": "SELL"}, {"type": "LIMIT_MAKER"}, {"price": "2.51"}, {"price": None},
        {"origQty": "1"}, {"origQty": ""}, {"side": None}, {"clientOrderId": "other"}, {"newClientOrderId": "other"},
    ],
    ids=str,
)  # fmt: skip
def test_an_acknowledgement_of_other_values_is_a_mismatch(change: dict[str, object]) -> None:
    found, transport = placed(answer({**ACK, **change}))
    assert isinstance(found, Mismatch)
    assert isinstance(found, UnknownOutcome)
    assert transport.count("POST", "order") == 1


def test_a_market_order_may_be_acknowledged_with_any_price() -> None:
    for price in ("0", "2.63", None):
        ack = {**ACK, "type": "MARKET", "price": price}
        rest, _, _ = client(POST_order=answer(ack))
        run(rest.sync_clock())
        assert run(rest.place(replace(ORDER, type="MARKET", price=""))).order_id == "C02__1"


LOST = [
    TransportError("no answer in time", sent=True),
    answer({}, 500), answer({"code": 500, "msg": "internal"}, 500), refusal(503, 503), refusal(504, 504),
    answer(b"<html>403 Forbidden</html>", 403), refusal(403, 403), answer(b"<html>hello</html>"), answer(b""), answer([]),
    answer(None), answer({"code": 30004, "msg": "x"}), refusal(99999), refusal(30004, 500), answer({"code": 0, "data": {}}),
    answer({"code": "x"}, 400), answer({}, 400), answer(b"too many", 429), answer({}, 302), refusal(-2011), refusal(20002),
    answer(b'{"symbol":"MXUSDT","symbol":"MXUSDT"}'),
]  # fmt: skip


@pytest.mark.parametrize("given", LOST, ids=range(len(LOST)))
def test_whatever_proves_nothing_is_of_unknown_outcome_and_not_sent_again(given: object) -> None:
    found, transport = placed(given)
    assert isinstance(found, UnknownOutcome), repr(found)
    assert transport.count("POST", "order") == 1


@pytest.mark.parametrize("code", [code for code, row in CODES.items() if row.creates and row.kind is Kind.DEFINITIVE])
def test_a_code_of_the_closed_list_is_definitive(code: int) -> None:
    found, transport = placed(refusal(code))
    assert type(found) is Definitive
    assert (found.code, found.http) == (code, 400)
    assert transport.count("POST", "order") == 1


def test_too_many_requests_is_told_apart_from_a_doubt() -> None:
    found, _ = placed(refusal(429, 429, retry_after="3"))
    assert isinstance(found, RateLimited)
    assert not found.banned
    found, _ = placed(refusal(429, 418))
    assert isinstance(found, RateLimited)
    assert found.banned


def test_the_time_of_an_order_is_never_corrected_by_sending_again() -> None:
    found, transport = placed(refusal(700003), answer(ACK))
    assert isinstance(found, ClockFault)
    assert transport.count("POST", "order") == 1


def test_an_order_is_not_sent_before_the_time_is_known() -> None:
    rest, transport, _ = client(POST_order=answer(ACK))
    with pytest.raises(ClockFault):
        run(rest.place(ORDER))
    assert transport.sent == []


def test_a_read_with_a_refused_time_is_signed_anew_once() -> None:
    rest, transport, _ = client(GET_openOrders=[refusal(10073), answer([ROW])])
    (row,) = run(rest.open_orders("MXUSDT"))
    assert (row.client_id, row.executed_quote, row.update_ms) == ("ab_01", "0", 0)
    first, second = (request for request in transport.sent if request.path.endswith("openOrders"))
    assert first.query != second.query
    assert transport.count("GET", "time") == 2


def test_a_read_is_not_signed_anew_twice() -> None:
    rest, transport, _ = client(GET_openOrders=refusal(700003))
    with pytest.raises(ClockFault):
        run(rest.open_orders("MXUSDT"))
    assert transport.count("GET", "openOrders") == 2


def test_refused_keys_silence_the_client_for_a_minute() -> None:
    rest, transport, clock = client(GET_account=[refusal(700002), answer({"balances": []})])
    with pytest.raises(AuthFault, match="700002"):
        run(rest.account())
    with pytest.raises(NotSent, match="refused the keys"):
        run(rest.account())
    clock.now_ns += 61_000_000_000
    assert run(rest.account()).balances == ()
    assert transport.count("GET", "account") == 2


def test_an_order_never_waits_for_the_budget() -> None:
    rest, transport, _ = client(POST_order=answer(ACK))
    rest.budget = Budget()
    run(rest.sync_clock())
    for _ in range(5):
        run(rest.place(ORDER))
    with pytest.raises(NotSent, match="budget") as error:
        run(rest.place(ORDER))
    assert 0 < error.value.wait_ns <= 1_000_000_000
    assert transport.count("POST", "order") == 5


@pytest.mark.parametrize(
    "change",
    [
        {"symbol": ""}, {"side": "buy"}, {"type": "STOP"}, {"client_id": ""}, {"client_id": "a b"}, {"client_id": "x" * 33},
        {"price": "1e-5"}, {"price": "0"}, {"price": "0.000"}, {"price": "-1"}, {"price": ""}, {"price": "NaN"}, {"price": "1."},
        {"quantity": ""}, {"quantity": "0"}, {"quote_quantity": "5"}, {"stp_mode": "x"}, {"type": "MARKET"},
        {"type": "MARKET", "price": "", "side": "SELL", "quantity": "", "quote_quantity": "5"},
    ],
    ids=str,
)  # fmt: skip
def test_an_order_that_is_none_is_not_sent(change: dict[str, str]) -> None:
    rest, transport, _ = client(POST_order=answer(ACK))
    with pytest.raises(NotSent):
        run(rest.place(replace(ORDER, **change)))
    assert transport.sent == []


def test_a_cancel_that_comes_too_late_is_definitive_of_the_cancel_only() -> None:
    rest, _, _ = client(
        DELETE_order=refusal(-2011, text="Unknown order sent."), GET_order=answer({**ROW, "status": "FILLED"})
    )
    with pytest.raises(Definitive) as error:
        run(rest.cancel("MXUSDT", client_id="ab_01"))
    assert error.value.code == -2011
    assert run(rest.order("MXUSDT", client_id="ab_01")).status == "FILLED"


@pytest.mark.parametrize("status", ["CANCELED", "NEW", "PARTIALLY_FILLED", "PARTIALLY_CANCELED"])
def test_any_status_in_the_answer_of_a_cancel_means_that_it_was_taken(status: str) -> None:
    rest, _, _ = client(DELETE_order=answer({**ROW, "origClientOrderId": "ab_01", "status": status}))
    assert run(rest.cancel("MXUSDT", order_id="C02__1")).order_id == "C02__1"


def test_the_answer_of_another_order_is_a_mismatch() -> None:
    rest, _, _ = client(GET_order=answer(ROW), GET_myTrades=answer([{**TRADE, "symbol": "BTCUSDT"}]))
    for ids in ({"order_id": "C02__2"}, {"client_id": "other"}):
        with pytest.raises(Mismatch):
            run(rest.order("MXUSDT", **ids))
    with pytest.raises(Mismatch):
        run(rest.my_trades("MXUSDT"))


TRADE = {
    "symbol": "MXUSDT", "id": "505979017439002624X1", "orderId": "C02__1", "price": "2.5", "qty": "10", "quoteQty": "25",
    "commission": "0", "commissionAsset": "USDT", "time": 1790000000000, "isBuyer": True, "isMaker": False,
}  # fmt: skip


def test_fills_are_read_with_what_is_left_out() -> None:
    rest, transport, _ = client(GET_myTrades=answer([TRADE]))
    (fill,) = run(rest.my_trades("MXUSDT", 1, 2, limit=100))
    assert (fill.trade_id, fill.client_id, fill.is_self_trade) == ("505979017439002624X1", "", False)
    assert parameters(transport.sent[-1])["startTime"] == "1"


def test_a_batch_may_be_taken_in_part() -> None:
    rows = [
        {"symbol": "MXUSDT", "orderId": "1", "orderListId": -1},
        {"newClientOrderId": "b", "msg": "no", "code": 30004},
    ]
    rest, transport, _ = client(POST_batchOrders=answer(rows))
    run(rest.sync_clock())
    taken, refused = run(rest.place_batch([ORDER, replace(ORDER, client_id="b")]))
    assert (taken.order_id, refused.code) == ("1", 30004)
    assert parameters(transport.sent[-1])["batchOrders"].startswith('[{"symbol":"MXUSDT","side":"BUY","type":"LIMIT"')


def test_listen_keys_have_no_text_form() -> None:
    rest, transport, _ = client(
        POST_userDataStream=answer({"listenKey": "canary"}),
        PUT_userDataStream=answer({}),
        DELETE_userDataStream=answer({"listenKey": "canary"}),
        GET_userDataStream=answer({"listenKey": ["canary"], "total": 60, "available": 59}),
    )
    key = run(rest.new_listen_key())
    run(rest.keep_listen_key(key))
    run(rest.end_listen_key(key))
    listed = run(rest.listen_keys())
    assert (listed.count, listed.total, listed.available) == (1, 60, 59)
    assert "canary" not in repr([key, listed, transport.sent])
    assert parameters(transport.sent[-2])["listenKey"] == "canary"


def test_settings_and_the_account_are_read() -> None:
    rest, _, _ = client(
        GET_tradeFee=HttpAnswer(
            200, b'{"data":{"makerCommission":0,"takerCommission":0.00050},"code":0,"msg":"success"}'
        ),
        GET_mxDeduct_enable=answer({"data": {"mxDeductEnable": True}, "code": 200}),
        DELETE_order_all=answer({"code": 200, "msg": "success", "timestamp": 1}),
        GET_account=answer(
            {"canTrade": True, "balances": [{"asset": "MX", "free": "1", "locked": None, "available": "1"}]}
        ),
        GET_uid=answer({"uid": 123}),
    )
    fee = run(rest.trade_fee("MXUSDT"))
    assert (fee.maker, fee.taker) == ("0", "0.00050")
    assert run(rest.mx_deduct())
    run(rest.cancel_all())
    assert run(rest.account()).balances[0].locked == "0"
    assert run(rest.uid()) == "123"


def test_an_account_without_a_list_of_balances_is_a_bad_answer() -> None:
    rest, _, _ = client(GET_account=answer({"canTrade": True}))
    with pytest.raises(BadAnswer):
        run(rest.account())

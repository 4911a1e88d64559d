"""Market data over REST: typed, tolerant of what is left out, strict about what matters."""

from __future__ import annotations

import pytest
from flashc.runtime.mexc.rest.errors import BadAnswer, Definitive, Mismatch, NotSent, RateLimited, UnknownOutcome
from flashc.runtime.net.http import HttpAnswer, TransportError
from support.mexc_fakes import answer, client, parameters, refusal, run


def test_candles_are_read_as_they_stand() -> None:
    row = [1790000000000, "2.5", "2.6", "2.4", "2.55", "100", 1790000060000, "255.5"]
    rest, transport, _ = client(GET_klines=answer([row, [*row[:5], 7, 1790000060000, "1"]]))
    first, second = run(rest.klines("MXUSDT", "1m", 1790000000000, 1790000120000, 2))
    assert (first.open_ms, first.high, first.close_ms, first.quote_volume) == (
        1790000000000,
        "2.6",
        1790000060000,
        "255.5",
    )
    assert second.volume == "7"
    assert transport.sent[0].query == "symbol=MXUSDT&interval=1m&startTime=1790000000000&endTime=1790000120000&limit=2"
    assert transport.sent[0].headers == ()


def test_trades_lack_ids_and_may_lack_more() -> None:
    row = {"a": None, "f": None, "l": None, "p": "2.5", "q": "10", "T": 1790000000000, "m": True, "M": True}
    rest, _, _ = client(GET_aggTrades=answer([row]), GET_trades=answer([{"price": "1", "qty": "2", "time": 3}]))
    (agg,) = run(rest.agg_trades("MXUSDT"))
    assert (agg.price, agg.qty, agg.buyer_is_maker) == ("2.5", "10", True)
    (trade,) = run(rest.trades("MXUSDT"))
    assert (trade.quote_qty, trade.buyer_is_maker) == ("0", False)


def test_a_book_keeps_its_text_and_its_version() -> None:
    raw = {"lastUpdateId": 56000000001, "bids": [["2.49", "5.12181600"]], "asks": [], "timestamp": 1, "new": {}}
    rest, transport, _ = client(GET_depth=answer(raw))
    book = run(rest.depth("GOLD(PAXG)USDT"))
    assert (book.last_update_id, book.bids, book.asks) == (56000000001, (("2.49", "5.12181600"),), ())
    assert transport.sent[0].query == "symbol=GOLD%28PAXG%29USDT&limit=5000"


@pytest.mark.parametrize("code", [0, 200])
def test_both_wrapper_codes_are_success(code: int) -> None:
    rest, _, _ = client(GET_defaultSymbols=answer({"code": code, "data": ["MXUSDT"], "msg": "success", "timestamp": 1}))
    assert run(rest.default_symbols()) == ("MXUSDT",)


def test_tickers_may_be_nearly_empty() -> None:
    idle = {"symbol": "MXUSDT", "bidPrice": "", "bidQty": None, "askPrice": "0"}
    rest, _, _ = client(GET_ticker_bookTicker=answer(idle), GET_ticker_24hr=answer([idle]))
    assert run(rest.book_ticker("MXUSDT")).bid_qty == "0"
    assert run(rest.tickers_24hr())[0].last == "0"


def test_an_answer_of_another_symbol_is_a_mismatch() -> None:
    rest, _, _ = client(GET_ticker_price=answer({"symbol": "BTCUSDT", "price": "1"}))
    with pytest.raises(Mismatch, match="symbol BTCUSDT where MXUSDT"):
        run(rest.ticker_price("MXUSDT"))


BAD_BOOKS = [
    b"", b"<html>blocked</html>", b'{"lastUpdateId":1', b"[]", b"null", b"7", b'{"bids":[],"asks":[]}',
    b'{"lastUpdateId":1,"lastUpdateId":2,"bids":[],"asks":[]}', b'{"lastUpdateId":NaN,"bids":[],"asks":[]}',
    b'{"lastUpdateId":1.5,"bids":[],"asks":[]}', b'{"lastUpdateId":1,"bids":{},"asks":[]}',
    b'{"lastUpdateId":1,"bids":["x"],"asks":[]}', b'{"lastUpdateId":1,"bids":[["1e5","1"]],"asks":[]}',
    b'{"lastUpdateId":1,"bids":[["1"]],"asks":[]}', b'{"lastUpdateId":1,"bids":[[null,"1"]],"asks":[]}',
    b'{"lastUpdateId":1,"bids":' + b"[" * 20 + b"]" * 20 + b',"asks":[]}', b"[" * 100_000, b'"\xff"',
    b'{"lastUpdateId":99999999999999999999999999,"bids":[],"asks":[]}', b"9" * 5000,
]  # fmt: skip


@pytest.mark.parametrize("body", BAD_BOOKS, ids=range(len(BAD_BOOKS)))
def test_a_bad_answer_is_a_typed_error(body: bytes) -> None:
    rest, _, _ = client(GET_depth=HttpAnswer(200, body))
    with pytest.raises(BadAnswer):
        run(rest.depth("MXUSDT"))


def test_brackets_in_texts_are_no_nesting() -> None:
    rest, _, _ = client(GET_ticker_price=answer({"symbol": "[" * 50 + '"\\{', "price": "1"}))
    with pytest.raises(Mismatch):
        run(rest.ticker_price("MXUSDT"))


def test_a_refusal_names_code_and_text_without_control_characters() -> None:
    rest, _, _ = client(GET_klines=refusal(10007, text="symbol\x1b[31m not\nsupport api" + "x" * 999))
    with pytest.raises(Definitive) as error:
        run(rest.klines("NOUSDT", "1m"))
    assert error.value.code == 10007
    assert str(error.value).isprintable()
    assert len(str(error.value)) < 320


def test_an_error_code_counts_with_status_200_too() -> None:
    rest, _, _ = client(GET_klines=answer({"code": 10007, "data": "symbol not support api"}))
    with pytest.raises(Definitive, match="symbol not support api"):
        run(rest.klines("NOUSDT", "1m"))


@pytest.mark.parametrize(
    ("status", "kind"), [(500, UnknownOutcome), (503, UnknownOutcome), (302, UnknownOutcome), (404, Definitive)]
)
def test_an_answer_without_a_code_is_told_by_its_status(status: int, kind: type[Exception]) -> None:
    rest, _, _ = client(GET_ping=answer({}, status))
    with pytest.raises(kind):
        run(rest.ping())


def test_retry_after_is_obeyed_exactly_and_nothing_leaves_before() -> None:
    rest, transport, clock = client(GET_ping=[refusal(429, 429, retry_after="17"), answer({})])
    with pytest.raises(RateLimited) as error:
        run(rest.ping())
    assert error.value.retry_after_ns == 17_000_000_000
    refused_ns = clock.now_ns
    run(rest.ping())
    assert len(transport.sent) == 2
    assert clock.now_ns == refused_ns + 17_000_000_000 + 1_000_000


def test_what_was_not_sent_and_what_was_lost_differ() -> None:
    cut = TransportError("no connection", sent=False)
    lost = TransportError("no answer in time", sent=True)
    rest, _, _ = client(GET_ping=[cut, lost, answer({})])
    with pytest.raises(NotSent, match="no connection"):
        run(rest.ping())
    with pytest.raises(UnknownOutcome, match="no answer in time"):
        run(rest.ping())
    assert rest.counters["lost"] == rest.counters["not_sent"] == 1


def test_symbols_are_asked_for_together() -> None:
    rest, transport, _ = client(GET_exchangeInfo=answer({"symbols": [{"symbol": "MXUSDT"}], "serverTime": 1}))
    assert [row["symbol"] for row in run(rest.exchange_info(["MXUSDT", "BTCUSDT"]))] == ["MXUSDT"]
    assert parameters(transport.sent[0]) == {"symbols": "MXUSDT,BTCUSDT"}

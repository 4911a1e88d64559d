"""The way of a call: path, method, parameters, checks in their order, and never an exception."""

from __future__ import annotations

import hashlib
import hmac
from ipaddress import ip_network

import pytest
from flashc.simulator.rest.calls import Call
from flashc.simulator.rest.endpoints import ENDPOINTS, PREFIX
from flashc.simulator.rest.keys import ApiKey
from flashc.simulator.rest.parameters import encoded_text, parameters_of, signature_of, signed_text
from hypothesis import given
from hypothesis import strategies as st
from support.rest_world import SECRET, START_MS, World

JSON = "application/json"

#: The vectors of the exchange's protocol: key `local-sim-secret-0001`.
VECTORS = (
    ("timestamp=1790000000000", "", "6b06ef9acd322f3219a9231395d938eb600c3b2e95e45d5d91383672eee1895e"),
    (
        "symbol=MXUSDT&side=BUY&type=LIMIT&quantity=10&price=2.5&newClientOrderId=ab_01&recvWindow=5000&timestamp=1790000000000",
        "",
        "1a741571ac8b39500de1eac55d6948ca2c10e02099b490dd1a9aecad9a9c1849",
    ),
    ("symbol=MXUSDT&side=SELL", "type=LIMIT&quantity=10&price=3&timestamp=1790000000000", "ee46f024269888fd6e99c5517f561e117f783a05167eb43427124c8c96fcc5d6"),
    (
        "symbol=%E5%B8%81%E5%AE%89%E4%BA%BA%E7%94%9FUSDT&timestamp=1790000000000",
        "",
        "55e4d691fa45489168aca86d69ff9b7474798295b16516847f0a22b0505de2b0",
    ),
    ("symbol=GOLD%28PAXG%29USDT&timestamp=1790000000000", "", "5d48b09603c8acd5161aaa3c7e31926cc309fa48c2453c11ff10c8235ca663a2"),
    (
        "batchOrders=%5B%7B%22symbol%22%3A%22MXUSDT%22%2C%22side%22%3A%22BUY%22%2C%22type%22%3A%22LIMIT%22%2C%22quantity%22%3A%2210%22%2C%22price%22%3A%222.5%22%7D%5D&timestamp=1790000000000",
        "",
        "4adce03a254bacc13ff9d28846e61dc15fe44680147d805fed3173074eba84fa",
    ),
)  # fmt: skip


def call(query: str, body: str = "", method: str = "GET", path: str = "account", **headers: str) -> Call:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Call(method, f"/api/v3/{path}", query, body, {"x-mexc-apikey": "sim-alice", "content-type": JSON, **named})


def signed(text: str) -> str:
    return hmac.new(SECRET, text.encode(), hashlib.sha256).hexdigest()


def code(world: World, asked: Call) -> int:
    body = world.send(asked).json()
    assert isinstance(body, dict)
    return int(body.get("code", 0))


@pytest.mark.parametrize(("query", "body", "signature"), VECTORS)
def test_the_signature_vectors_hold_through_the_api(query: str, body: str, signature: str) -> None:
    world = World()
    method = "POST" if body else "GET"
    for asked in (
        call(f"{query}&signature={signature}", body, method, "order" if body else "uid"),
        call(f"signature={signature}&{query}", body, method, "order" if body else "uid"),
        call(
            query,
            f"{body}&signature={signature}" if body else f"signature={signature}",
            method,
            "order" if body else "uid",
        ),
    ):
        assert signed_text(asked) == query + body
        assert signature_of(SECRET, signed_text(asked)) == signature
        assert code(world, asked) == 0
        if not body:
            assert code(world, call(f"{query}1&signature={signature}")) in (700002, 700003)


def test_a_name_in_both_parts_is_taken_from_the_query() -> None:
    sent = parameters_of(call("a=1&b=2&a=3", "a=4&c=5&c=6", "POST"))
    assert sent.values == {"a": "1", "b": "2", "c": "5"}


@pytest.mark.parametrize("kind", ["application/json", "application/x-www-form-urlencoded", ""])
def test_a_form_in_the_body_is_read_whatever_its_type(kind: str) -> None:
    assert parameters_of(call("", "a=x%20y&b=x+y", "POST", content_type=kind)).values == {"a": "x y", "b": "x y"}


def test_a_body_of_json_is_read() -> None:
    sent = parameters_of(call("", '{"a":"x","b":1.50,"c":[1],"d":null,"e":true}', "POST"))
    assert sent.values == {"a": "x", "b": "1.5", "c": "[1]", "e": "true"}
    assert parameters_of(call("", "[1]", "POST")).values == {"batchOrders": "[1]"}


def test_texts_that_are_no_unicode_are_marked() -> None:
    raw = b"a=%FF&b=\xff".decode("utf-8", "surrogateescape")
    assert parameters_of(call(raw)).values == {"a": "\N{REPLACEMENT CHARACTER}", "b": "?"}
    assert signature_of(b"k", raw) == hmac.new(b"k", b"a=%FF&b=\xff", hashlib.sha256).hexdigest()


def test_unknown_paths_and_methods() -> None:
    world = World()
    answer = world.send(Call("GET", "/api/v3/historicalTrades"))
    assert (answer.status, answer.json()) == (404, {"msg": "Not found", "code": 404})
    answer = world.send(Call("PATCH", "/api/v3/order"))
    assert (answer.status, answer.json()) == (405, {"msg": "Method not allowed", "code": 405})
    assert world.send(Call("GET", "/api/v3/ping/")).status == 404


def test_the_checks_come_in_their_order() -> None:
    """Each step mends one more fault of a request that has all of them; the code is always that of the first one left."""
    world = World()
    world.keys.rows["sim-alice"] = ApiKey(
        "sim-alice", "alice", SECRET, frozenset({"SPOT_DEAL_READ"}), (ip_network("10.0.0.0/8"),)
    )
    world.keys.rows["sim-home"] = ApiKey("sim-home", "alice", SECRET, frozenset({"SPOT_DEAL_READ"}))
    bad = {"content_type": "text/plain"}
    late = START_MS - 60_001
    steps = [
        (call("", x_mexc_apikey="", **bad), 400),
        (call("", x_mexc_apikey="no spaces", **bad), 700001),
        (call("", x_mexc_apikey="sim-nobody", **bad), 10072),
        (call("", **bad), 700006),
        (call("", x_mexc_apikey="sim-home", **bad), 700013),
        (call("recvWindow=60001", x_mexc_apikey="sim-home"), 700004),
        (call("signature=00&recvWindow=60001", x_mexc_apikey="sim-home"), 700004),
        (call("signature=00&recvWindow=60001&timestamp=x", x_mexc_apikey="sim-home"), 700004),
        (call(f"signature=00&recvWindow=60001&timestamp={late}", x_mexc_apikey="sim-home"), 700005),
        (call(f"signature=00&recvWindow=60000&timestamp={late}", x_mexc_apikey="sim-home"), 700003),
        (call(f"signature=00&timestamp={START_MS}", x_mexc_apikey="sim-home"), 700002),
        (call(f"timestamp={START_MS}&signature={signed(f'timestamp={START_MS}')}", x_mexc_apikey="sim-home"), 700007),
    ]
    assert [code(world, asked) for asked, _ in steps] == [wanted for _, wanted in steps]


def test_a_missing_parameter_is_named() -> None:
    world = World()
    body = world.send(call("signature=00")).json()
    assert body == {
        "msg": "Mandatory parameter 'timestamp' was not sent, was empty/null, or malformed.",
        "code": 700004,
    }
    assert world.ask("alice", "GET", "myTrades")["msg"].split("'")[1] == "symbol"


@pytest.mark.parametrize(
    ("off_ms", "window", "wanted"),
    [
        (0, "", 0),
        (999, "", 0),
        (1000, "", 700003),
        (-5000, "", 0),
        (-5001, "", 700003),
        (-60000, "60000", 0),
        (-1, "0", 700003),
        (0, "0", 0),
        (0, "60001", 700005),
        (0, "x", 33333),
    ],
)
def test_the_window_of_time(off_ms: int, window: str, wanted: int) -> None:
    sent: dict[str, object] = {"recvWindow": window} if window else {}
    body = World().ask("alice", "GET", "uid", timestamp=START_MS + off_ms, **sent)
    assert body.get("code", 0) == wanted


def test_a_clock_that_is_off_is_the_exchanges_own() -> None:
    world = World()
    world.api.reads.clock_offset_ns = 7_000_000_000
    assert world.get("time") == {"serverTime": START_MS + 7000}
    assert world.ask("alice", "GET", "uid")["code"] == 700003
    assert "uid" in world.ask("alice", "GET", "uid", timestamp=START_MS + 7000)


def test_reading_calls_may_leave_the_content_type_out_and_writing_ones_not() -> None:
    world = World()
    query = f"timestamp={START_MS}&signature={signed(f'timestamp={START_MS}')}"
    plain = {"x-mexc-apikey": "sim-alice"}
    assert code(world, Call("GET", "/api/v3/uid", query, "", plain)) == 0
    assert code(world, Call("POST", "/api/v3/userDataStream", query, "", plain)) == 700013
    assert (
        code(
            world,
            Call(
                "POST",
                "/api/v3/userDataStream",
                query,
                "",
                {**plain, "content-type": "Application/JSON; charset=utf-8"},
            ),
        )
        == 0
    )


def test_an_upper_case_signature_is_a_matter_of_a_switch() -> None:
    query = f"timestamp={START_MS}&signature={signed(f'timestamp={START_MS}').upper()}"
    assert code(World(), call(query, path="uid")) == 700002
    assert code(World(("upper_signature=accepted",)), call(query, path="uid")) == 0


def test_lower_case_escapes_are_right_where_the_raw_text_counts_and_wrong_where_it_is_encoded_anew() -> None:
    query = f"symbol=%e5%b8%81&timestamp={START_MS}"
    asked = call(f"{query}&signature={signed(query)}", path="uid")
    assert encoded_text(asked) == f"symbol=%E5%B8%81&timestamp={START_MS}"
    assert code(World(), asked) == 0
    assert code(World(("signature_over=encoded",)), asked) == 700002


def test_time_and_signature_may_be_looked_at_the_other_way_round() -> None:
    asked = call(f"signature=00&timestamp={START_MS - 9000}")
    assert code(World(), asked) == 700003
    assert code(World(("check_order=signature",)), asked) == 700002


def test_refusals_may_come_with_status_200() -> None:
    answer = World(("error_status=200",)).signed("alice", "GET", "order", symbol="MXUSDT", orderId="1")
    assert (answer.status, answer.json()) == (200, {"msg": "Order does not exist.", "code": -2013})
    assert World(("error_status=200",)).send(Call("GET", "/none")).status == 404


def test_a_key_works_from_its_addresses_only() -> None:
    world = World()
    world.keys.rows["sim-alice"] = ApiKey(
        "sim-alice", "alice", SECRET, networks=(ip_network("10.0.0.0/8"), ip_network("::1/128"))
    )
    query = f"timestamp={START_MS}&signature={signed(f'timestamp={START_MS}')}"
    for address, wanted in (("10.1.2.3", 0), ("::1", 0), ("11.1.2.3", 700006), ("nowhere", 700006)):
        asked = Call("GET", "/api/v3/uid", query, "", {"x-mexc-apikey": "sim-alice"}, address)
        assert code(world, asked) == wanted
    assert world.ask("alice", "GET", "uid")["msg"] == "IP [127.0.0.1] not in the ip white list"


PATHS = sorted(key for key, row in ENDPOINTS.items() if row.prefix == PREFIX)
NAMES = ("symbol", "symbols", "limit", "startTime", "endTime", "interval", "side", "type", "quantity", "price", "quoteOrderQty", "newClientOrderId", "orderId", "origClientOrderId", "batchOrders", "listenKey", "stpMode", "uid", "tradeGroupId", "tradeGroupName", "mxDeductEnable", "recvWindow", "timestamp")  # fmt: skip
VALUES = st.one_of(
    st.sampled_from(["", "MXUSDT", "BTCUSDC", "MXUSDT,BTCUSDC", "BUY", "SELL", "LIMIT", "MARKET", "FILL_OR_KILL", "1", "0", "-1", "1e5", "9" * 30, "1m", "1M", "1W", "8h", "[]", "[{}]", '[{"symbol":"MXUSDT","side":"BUY","type":"LIMIT","quantity":{"a":1}}]', "[" * 5000, "true", "%", "%zz", "\x00", "2.5", "0.00000001", str(START_MS), str(START_MS - 3_600_000)]),
    st.text(max_size=12),
    st.integers(-(2**70), 2**70).map(str),
)  # fmt: skip
WORLD = World()
WORLD.book()


@given(st.sampled_from(PATHS), st.dictionaries(st.sampled_from(NAMES), VALUES, max_size=6))
def test_whatever_a_signed_call_says_there_is_an_answer(where: tuple[str, str], sent: dict[str, str]) -> None:
    method, path = where
    sent.setdefault("timestamp", str(WORLD.now_ms))
    answer = WORLD.signed(
        "alice",
        method,
        path.removeprefix("/api/v3/"),
        **{k: v.encode("utf-8", "replace").decode() for k, v in sent.items()},
    )
    assert answer.status in (200, 400)
    assert WORLD.exchange.audit().is_right
    answer.json()


RAW = st.binary(max_size=60).map(lambda raw: raw.decode("utf-8", "surrogateescape"))


@given(
    st.sampled_from(PATHS), RAW, RAW, st.dictionaries(st.sampled_from(["x-mexc-apikey", "content-type", "x"]), RAW), RAW
)
def test_whatever_bytes_come_there_is_an_answer(
    where: tuple[str, str], query: str, body: str, headers: dict[str, str], address: str
) -> None:
    answer = WORLD.send(Call(*where, query, body, headers, address))
    assert answer.status in (200, 400)
    answer.body.decode()
    signature = signature_of(SECRET, signed_text(Call(*where, query + f"&timestamp={START_MS}", body)))
    known = {"x-mexc-apikey": "sim-bob", "content-type": JSON}
    assert WORLD.send(Call(*where, f"{query}&timestamp={START_MS}&signature={signature}", body, known)).status in (
        200,
        400,
    )

"""The signature is the exchange's, byte for byte."""

from __future__ import annotations

import pytest
from flashc.runtime.mexc.keys.secret import Secret
from flashc.runtime.mexc.rest.signing import encode, parameter_text, signature, signed_query

SECRET = Secret("local-sim-secret-0001")

VECTORS = [
    ("timestamp=1790000000000", "6b06ef9acd322f3219a9231395d938eb600c3b2e95e45d5d91383672eee1895e"),
    (
        "symbol=MXUSDT&side=BUY&type=LIMIT&quantity=10&price=2.5&newClientOrderId=ab_01&recvWindow=5000&timestamp=1790000000000",
        "1a741571ac8b39500de1eac55d6948ca2c10e02099b490dd1a9aecad9a9c1849",
    ),
    (
        "symbol=MXUSDT&side=SELLtype=LIMIT&quantity=10&price=3&timestamp=1790000000000",
        "ee46f024269888fd6e99c5517f561e117f783a05167eb43427124c8c96fcc5d6",
    ),
    (
        "symbol=%E5%B8%81%E5%AE%89%E4%BA%BA%E7%94%9FUSDT&timestamp=1790000000000",
        "55e4d691fa45489168aca86d69ff9b7474798295b16516847f0a22b0505de2b0",
    ),
    (
        "symbol=GOLD%28PAXG%29USDT&timestamp=1790000000000",
        "5d48b09603c8acd5161aaa3c7e31926cc309fa48c2453c11ff10c8235ca663a2",
    ),
    (
        "batchOrders=%5B%7B%22symbol%22%3A%22MXUSDT%22%2C%22side%22%3A%22BUY%22%2C%22type%22%3A%22LIMIT%22%2C%22quantity%22%3A%2210%22%2C%22price%22%3A%222.5%22%7D%5D&timestamp=1790000000000",
        "4adce03a254bacc13ff9d28846e61dc15fe44680147d805fed3173074eba84fa",
    ),
]


@pytest.mark.parametrize(("total", "expected"), VECTORS)
def test_signatures_are_those_of_the_vectors(total: str, expected: str) -> None:
    assert signature(SECRET, total.encode()) == expected


@pytest.mark.parametrize(
    ("parameters", "total"),
    [
        ([("symbol", "币安人生USDT")], VECTORS[3][0]),
        ([("symbol", "GOLD(PAXG)USDT")], VECTORS[4][0]),
        (
            [("batchOrders", '[{"symbol":"MXUSDT","side":"BUY","type":"LIMIT","quantity":"10","price":"2.5"}]')],
            VECTORS[5][0],
        ),
    ],
)
def test_parameters_are_encoded_as_the_vectors_are(parameters: list[tuple[str, str]], total: str) -> None:
    assert parameter_text([*parameters, ("timestamp", "1790000000000")]) == total


def test_a_signed_query_ends_with_window_time_and_signature() -> None:
    query = signed_query(SECRET, [("symbol", "MXUSDT")], 1_790_000_000_000, 2_000)
    total, _, found = query.rpartition("&signature=")
    assert total == "symbol=MXUSDT&recvWindow=2000&timestamp=1790000000000"
    assert found == signature(SECRET, total.encode())


def test_blanks_are_percent_20_and_unreserved_characters_stay() -> None:
    assert encode("a b+c~d-e_f.g/h,i") == "a%20b%2Bc~d-e_f.g%2Fh%2Ci"

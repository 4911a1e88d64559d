"""Control messages of a stream."""

from __future__ import annotations

import json

import pytest
from flashc.simulator.stream.control import BadRequest, Request, accepted, parse_request, refused
from hypothesis import given
from hypothesis import strategies as st


def test_a_request_is_read() -> None:
    assert parse_request('{"method":"SUBSCRIPTION","params":["a","b"],"id":7}') == Request(
        "SUBSCRIPTION", ("a", "b"), 7
    )
    assert parse_request('{"method":"PING"}') == Request("PING", (), 0)
    assert parse_request('{"method":"SUBSCRIPTION","params":["a"],"id":null}').id == 0


def test_a_ping_is_one_in_any_letters_unless_told_otherwise() -> None:
    assert parse_request('{"method":"ping"}') == Request("PING", (), 0)
    with pytest.raises(BadRequest, match="unknown method"):
        parse_request('{"method":"ping"}', any_letters=False)


def test_answers_have_the_recorded_texts() -> None:
    assert accepted(7, ["a", "b"]) == '{"id":7,"code":0,"msg":"a,b"}'
    assert refused(0, ["a"]) == '{"id":0,"code":0,"msg":"Not Subscribed successfully! [a].  Reason\uff1a Blocked! "}'


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{",
        '{"method":"X","id":1}',
        '{"method":"SUBSCRIPTION"}',
        '{"method":"SUBSCRIPTION","params":[1]}',
        "[" * 9000,
    ],
)
def test_what_is_no_request_is_answered_with_code_0(text: str) -> None:
    with pytest.raises(BadRequest) as caught:
        parse_request(text)
    assert json.loads(str(caught.value))["code"] == 0


@given(st.text(max_size=200))
def test_any_text_is_a_request_or_gets_an_answer(text: str) -> None:
    assert read_or_answer(text)


def read_or_answer(text: str) -> bool:
    try:
        return bool(parse_request(text).method)
    except BadRequest as error:
        return json.loads(str(error))["code"] == 0

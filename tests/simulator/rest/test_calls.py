"""Answers are bytes of JSON."""

from __future__ import annotations

from flashc.simulator.rest.calls import JSON_TYPE, json_answer


def test_an_answer_is_compact_json_in_utf8() -> None:
    answer = json_answer({"code": 0, "msg": "币"}, 200, {"Retry-After": "1"})
    assert answer.body == '{"code":0,"msg":"币"}'.encode()
    assert answer.headers == {"Content-Type": JSON_TYPE, "Retry-After": "1"}
    assert answer.json() == {"code": 0, "msg": "币"}


def test_text_that_was_not_utf8_goes_back_as_the_bytes_it_was() -> None:
    assert json_answer("\udcff").body == b'"\xff"'

"""Answers are bytes of JSON."""

from __future__ import annotations

from flashc.simulator.rest.calls import JSON_TYPE, json_answer


def test_an_answer_is_compact_json_in_utf8() -> None:
    answer = json_answer({"code": 0, "msg": "币"}, 200, {"Retry-After": "1"})
    assert answer.body == '{"code":0,"msg":"币"}'.encode()
    assert answer.headers == {"Content-Type": JSON_TYPE, "Retry-After": "1"}
    assert answer.json() == {"code": 0, "msg": "币"}


def test_an_answer_is_utf8_whatever_came_in() -> None:
    assert json_answer("\udcff").body == b'"?"'

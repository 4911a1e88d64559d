"""The control port: who may ask, what is shown, and what can be changed."""

from __future__ import annotations

import json
from typing import Any

import pytest
from flashc.simulator.faults.catalogue import CATALOGUE
from flashc.simulator.rest.calls import Call
from flashc.simulator.server.clock import Clock
from flashc.simulator.server.control import ControlApp
from flashc.simulator.server.driver import Driver
from flashc.simulator.server.exchange_app import ExchangeApp
from support.local_exchange import START_NS, world


@pytest.fixture
def control() -> ControlApp:
    made, clock = world(), Clock(START_NS)
    app = ExchangeApp(clock, None)
    app.world = made
    driver = Driver(clock, made, app)
    driver.soon = lambda: None  # nothing runs here
    found = ControlApp(made, driver, "right")
    found.port = 9
    return found


def ask(
    control: ControlApp, method: str, path: str, body: object = None, *, host: str = "127.0.0.1:9", token: str = "right"
) -> tuple[int, Any]:
    headers = {"host": host, "authorization": f"Bearer {token}"}
    target, _, query = path.partition("?")
    answer = control.reply(Call(method, target, query, "" if body is None else json.dumps(body), headers))
    return answer.status, answer.json()


@pytest.mark.parametrize("host", ["", "evil.example:9", "127.0.0.1", "127.0.0.1.evil.example:9", "127.0.0.1:8"])
def test_only_loopback_names_are_answered(control: ControlApp, host: str) -> None:
    assert ask(control, "GET", "/state", host=host)[0] == 403


def test_changes_need_the_token(control: ControlApp) -> None:
    for token in ("", "wrong", "righ", "right2"):
        assert ask(control, "POST", "/faults", {"name": "B-01"}, token=token)[0] == 401
    assert ask(control, "GET", "/faults", token="")[1]["active"] == []


def test_every_fault_is_injected_shown_and_healed(control: ControlApp) -> None:
    for row in CATALOGUE.values():
        status, found = ask(control, "POST", "/faults", {"name": row.name, "after_ms": 1_000})
        assert (status, found["fault"]["id"]) == (200, row.id)
    assert [one["id"] for one in ask(control, "GET", "/faults")[1]["active"]] == list(CATALOGUE)
    assert len(ask(control, "GET", "/catalogue")[1]["faults"]) == 73
    assert len(ask(control, "POST", "/heal")[1]["healed"]) == 73
    found = ask(control, "GET", "/faults")[1]
    assert (len(found["active"]), len(found["history"])) == (0, 73)


def test_a_fault_takes_its_schedule_and_target(control: ControlApp) -> None:
    body = {
        "name": "latency",
        "set": {"to_client": 20},
        "for_ms": 50,
        "every_ms": 100,
        "count": 3,
        "link": "public",
        "chance": 50,
    }
    found = ask(control, "POST", "/faults", body)[1]["fault"]
    assert found["values"] == {"to_server": 300, "to_client": 20, "jitter": 0}
    assert found["schedule"] == {"after_ms": 0, "for_ms": 50, "every_ms": 100, "count": 3}
    assert (found["target"]["link"], found["target"]["chance"]) == ("public", 50)


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"name": "dept-gap"}, "FC1307"),
        ({"name": "depth-gap", "set": {"mesages": 1}}, "FC1308"),
        ({"name": "depth-gap", "set": {"messages": -1}}, "FC1309"),
        ({"name": 5}, ""),
        ({"name": "depth-gap", "set": []}, ""),
        ({"name": "depth-gap", "for_ms": "5s"}, ""),
        ({"name": "depth-gap", "every_ms": 10}, ""),
        ({"name": "depth-gap", "for_ms": 0}, ""),
        ({"name": "depth-gap", "symbol": "btcusdc"}, "FC1309"),
        ({"name": "depth-gap", "account": "carol"}, "FC1309"),
        ({"name": "depth-gap", "link": "all"}, ""),
        ({"name": "depth-gap", "chance": 0}, ""),
        ([], ""),
    ],
)
def test_wrong_faults_are_refused_with_a_reason(control: ControlApp, body: object, code: str) -> None:
    status, found = ask(control, "POST", "/faults", body)
    assert (status, found["error"]["code"]) == (400, code)
    assert found["error"]["message"]


def test_the_ledger_is_the_exchanges_own(control: ControlApp) -> None:
    found = ask(control, "GET", "/ledger")[1]
    assert found["audit"]["right"]
    assert found["accounts"]["alice"]["balances"]["USDC"] == {"free": "100000", "locked": "0"}
    assert list(ask(control, "GET", "/ledger?account=bob")[1]["accounts"]) == ["bob"]


def test_switches_are_shown_and_set(control: ControlApp) -> None:
    assert ask(control, "GET", "/switches")[1]["cancel_status"] == "after"
    assert ask(control, "POST", "/switches", {"cancel_status": "before"})[1]["cancel_status"] == "before"
    assert ask(control, "POST", "/switches", {"cancel_status": "DONE"})[1]["error"]["code"] == "FC1306"


def test_the_clock_can_be_hurried(control: ControlApp) -> None:
    assert ask(control, "POST", "/clock", {"speed": 60})[0] == 200
    assert ask(control, "GET", "/state")[1]["speed"] == 60
    assert ask(control, "POST", "/clock", {"speed": -1})[0] == 400


def test_what_is_not_there_says_so(control: ControlApp) -> None:
    assert ask(control, "GET", "/nothing")[0] == 404
    assert ask(control, "DELETE", "/faults")[0] == 405
    bad = Call("POST", "/faults", "", "{", {"host": "localhost:9", "authorization": "Bearer right"})
    assert control.reply(bad).status == 400

"""What `docs/exchange-clients.md` shows works as it stands there, but for ports, keys and the clients' own pace."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.exchange_thread import RunningExchange, run_exchange
from support.peer_bars import required

required("ccxt")
pytestmark = pytest.mark.xdist_group("ccxt")

PAGE = Path(__file__).resolve().parents[2] / "docs" / "exchange-clients.md"
NODE_S = 60.0


@pytest.fixture(scope="module")
def exchange(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningExchange]:
    with run_exchange(tmp_path_factory.mktemp("exchange")) as running:
        yield running


def blocks(language: str, running: RunningExchange) -> list[str]:
    """The page's programs in a language, for an account of this exchange."""
    found = re.findall(rf"```{language}\n(.*?)```", PAGE.read_text(encoding="utf-8"), flags=re.DOTALL)
    assert found, language
    key, secret = running.keys("alice")
    new = {
        "http://127.0.0.1:8870": running.http_url,
        "ws://127.0.0.1:8870/ws": running.ws_url,
        "sim-alice-...": key,
        '"apiKey":': '"enableRateLimit": False, "apiKey":',
        "    apiKey:": "    enableRateLimit: false, apiKey:",
    }
    for old, text in new.items():
        found = [block.replace(old, text) for block in found]
    return [re.sub(r"(secret\W+)\.\.\.", rf"\g<1>{secret}", block) for block in found]


def test_the_python_programs_trade_and_watch(exchange: RunningExchange, capsys: pytest.CaptureFixture[str]) -> None:
    plain, streams, _ = blocks("python", exchange)
    exec(plain, {})  # as a reader would
    assert capsys.readouterr().out.startswith("open\n{'BTC'")
    exec(streams, {})
    price, bid = (float(text) for text in capsys.readouterr().out.split())
    assert price == pytest.approx(bid, rel=0.05)


def test_the_clock_of_the_page_keeps_to_time_that_runs_faster(tmp_path: Path) -> None:
    with run_exchange(tmp_path, speed=10) as running:
        plain, _, clock = blocks("python", running)
        names: dict[str, Any] = {}
        exec(plain.split("exchange.load_markets()")[0], names)
        exec(clock.replace("60)", "10)"), names)
        client = names["exchange"]
        for _ in range(3):
            assert client.fetch_balance()["USDC"]["free"] > 0
            client.sleep(50)


def test_the_settings_for_freqtrade_are_the_addresses_that_ccxt_reads(exchange: RunningExchange) -> None:
    import ccxt.pro

    (text,) = blocks("json", exchange)
    settings = json.loads(text)
    client = getattr(ccxt.pro, settings["name"])(settings["ccxt_config"])
    addresses = client.urls["api"]
    assert {*addresses["spot"].values()} == {exchange.http_url}
    assert addresses["ws"]["spot"] == exchange.ws_url
    assert all(address.startswith(exchange.http_url + "/api/v1/") for address in addresses["contract"].values())


def test_the_javascript_program_trades_and_watches(exchange: RunningExchange, tmp_path: Path) -> None:
    """Only where Node.js finds ccxt and protobufjs, for instance by NODE_PATH."""
    node = shutil.which("node")
    if (
        node is None
        or subprocess.run([node, "-e", "require('ccxt');require('protobufjs')"], capture_output=True).returncode
    ):
        pytest.skip("Node.js with ccxt and protobufjs is not here")
    (text,) = blocks("javascript", exchange)
    (tmp_path / "program.cjs").write_text(text)
    done = subprocess.run([node, tmp_path / "program.cjs"], capture_output=True, text=True, timeout=NODE_S)
    assert (done.returncode, done.stderr) == (0, "")
    assert "USDC" in done.stdout

"""`flashc watch` beside a local exchange."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flashc.cli import watch
from flashc.cli.app import run
from flashc.cli.data_record import rest_of
from flashc.cli.exit_codes import Exit
from flashc.runtime.market_data.synth.prng import Stream
from flashc.runtime.mexc.market.feed import FeedConfig, MarketFeed
from flashc.runtime.mexc.market.validity import Validity
from flashc.runtime.mexc.stream.counters import Counters
from support.ended_when import press_ctrl_c
from support.exchange_thread import run_exchange


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The stream address of an exchange that runs in a thread."""
    with run_exchange(tmp_path_factory.mktemp("exchange")) as running:
        yield running.ws_url


@pytest.fixture
def until_valid(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C comes as soon as the book is valid."""
    told = watch._Watch._line

    def line(self: Any, symbol: str, state: Validity) -> None:
        told(self, symbol, state)
        if state.valid:
            press_ctrl_c()

    monkeypatch.setattr(watch._Watch, "_line", line)


@pytest.mark.usefixtures("until_valid")
def test_a_book_becomes_valid_and_each_change_is_a_line(url: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["watch", "BTC/USDC", "--url", url, "--for", "120s"]) == Exit.OK
    out = capsys.readouterr().out
    lines = [line.split(maxsplit=3)[2:] for line in out.splitlines() if " s  BTCUSDC" in line]
    assert ["BTCUSDC", "valid"] in lines
    assert "depth_applied" in out


@pytest.mark.usefixtures("until_valid")
def test_json_prints_the_whole_state(url: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["watch", "BTC/USDC", "--url", url, "--for", "120s", "--json"]) == Exit.OK
    said = json.loads(capsys.readouterr().out)
    assert said["version"] == 1
    assert said["symbols"]["BTCUSDC"]["channels"]["depth"]["confirmed"] in (True, False)
    assert said["counters"]["dials"] == 1


def test_a_watch_ends_after_its_time(url: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["watch", "BTC/USDC", "--url", url, "--for", "1s"]) == Exit.OK
    assert "dials" in capsys.readouterr().out


def test_a_stream_that_never_came_is_no_success(url: str, capsys: pytest.CaptureFixture[str]) -> None:
    wrong = url.replace("/ws", "/other")
    assert run(["watch", "BTC/USDC", "--url", wrong, "--rest", rest_of(url), "--for", "1s"]) == Exit.ENVIRONMENT
    assert "FC1032" in capsys.readouterr().err


def test_the_screen_has_a_row_for_each_book() -> None:
    feed = MarketFeed(FeedConfig("BTCUSDC", 2, 6), Stream(1, "feed"), Counters())
    assert watch.screen_rows([feed], 0) == [("BTCUSDC", "- / -  no_link", "bad")]


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["BTC/USDC", "--url", "ws://192.0.2.1/ws"], Exit.USAGE, "FC1210"),
        (["BTC/USDC", "--url", "ws://127.0.0.1:1/ws", "--for", "soon"], Exit.USAGE, "is not a length of time"),
        (["nonsense", "--url", "ws://127.0.0.1:1/ws"], Exit.USAGE, "is not an instrument"),
        (["BTC/USDC", "--url", "ws://127.0.0.1:1/ws"], Exit.ENVIRONMENT, "FC1030"),
    ],
)
def test_what_cannot_be_watched_is_one_message(
    arguments: list[str], code: int, message: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert run(["watch", *arguments]) == code
    said = capsys.readouterr().err
    assert message in said
    assert "fetched" not in said

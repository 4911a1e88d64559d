"""`flashc data fetch` as a user meets it: what it prints, how it ends, and what is there afterwards."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from flashc.cli.app import run
from flashc.runtime.market_data.moments import parse_moment
from flashc.runtime.market_data.store.places import table_at
from flashc.runtime.market_data.store.sets import read_record
from support.mexc_history import HistoryServer, serving

NOW_MS = (parse_moment("2026-09-21T14:13:20") or 0) // 10**6
BARS = ["data", "fetch", "BTC/USDC", "--kind", "1m", "--from", "2026-09-18", "--to", "2026-09-20"]


@pytest.fixture
def history(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[HistoryServer]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("FLASHC_DATA", raising=False)
    with serving(HistoryServer(NOW_MS)) as server:
        yield server


def asked(history: HistoryServer, path: str) -> int:
    return sum(found == f"/api/v3/{path}" for found, _ in history.requests)


def test_several_symbols_and_kinds_in_one_call(history: HistoryServer, capsys: pytest.CaptureFixture[str]) -> None:
    history.missing = lambda ms: ms == (parse_moment("2026-09-18T07:30") or 0) // 10**6
    command = ["data", "fetch", "BTC/USDC", "ETH/USDC", "--kind", "1m", "--kind", "1h", *BARS[5:], "--url", history.url]
    assert run(command) == 0
    text = capsys.readouterr().out
    for line in (
        "btc-usdc_mexc_1m: 2,879 1m bars of BTC/USDC", "eth-usdc_mexc_1h: 48 1h bars of ETH/USDC",
        "no bar     1, the exchange has none; first 2026-09-18 07:30", "new        2,879 rows",
    ):  # fmt: skip
        assert line in text
    assert run(["data", "verify", "btc-usdc_mexc_1m"]) == 0


def test_json_says_what_is_new_and_a_second_call_asks_for_nothing(
    history: HistoryServer, capsys: pytest.CaptureFixture[str]
) -> None:
    for added in (2880, 0):
        assert run([*BARS, "--url", history.url, "--name", "b", "--json"]) == 0
        [found] = json.loads(capsys.readouterr().out)["datasets"]
        assert (found["added_rows"], found["bars"], found["missing_bars"]) == (added, 2880, 0)
    assert asked(history, "klines") == 6


def test_without_from_it_goes_on_where_the_data_set_is(
    history: HistoryServer, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["data", "fetch", "BTC/USDC", "--url", history.url]) == 2
    assert "say from when" in capsys.readouterr().err
    assert run([*BARS, "--url", history.url]) == 0
    capsys.readouterr()
    assert run(["data", "fetch", "BTC/USDC", "--url", history.url, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)["datasets"][0]
    assert found["to"] == (parse_moment("2026-09-21T14:13") or 0)


def test_a_process_that_is_killed_goes_on_with_the_same_content(history: HistoryServer, tmp_path: Path) -> None:
    assert run([*BARS, "--url", history.url, "--root", "whole"]) == 0
    child: list[subprocess.Popen[bytes]] = []

    def kill(path: str, query: dict[str, str], n: int) -> None:
        if path.endswith("klines") and asked(history, "klines") == 6 + 3:
            os.kill(child[0].pid, signal.SIGKILL)

    history.odd = kill  # type: ignore[assignment]
    child.append(
        subprocess.Popen(
            [sys.executable, "-m", "flashc", *BARS, "--url", history.url, "--root", "killed"], cwd=tmp_path
        )
    )
    assert child[0].wait(120) == -signal.SIGKILL
    history.odd = lambda path, query, n: None
    assert run([*BARS, "--url", history.url, "--root", "killed"]) == 0
    hashes = {read_record(table_at(root, "btc-usdc_mexc_1m")).content_hash for root in ("whole", "killed")}
    assert len(hashes) == 1


def test_ctrl_c_keeps_what_came_and_says_how_to_go_on(history: HistoryServer, tmp_path: Path) -> None:
    child: list[subprocess.Popen[str]] = []

    def interrupt(path: str, query: dict[str, str], n: int) -> None:
        if asked(history, "klines") == 3 and path.endswith("klines"):
            child[0].send_signal(signal.SIGINT)

    history.odd = interrupt  # type: ignore[assignment]
    command = [sys.executable, "-m", "flashc", *BARS, "--url", history.url]
    child.append(subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.PIPE, text=True))
    _, said = child[0].communicate(timeout=120)
    assert child[0].returncode == 130
    assert "new rows are stored, and the same command goes on from there" in said
    assert read_record(table_at(None, "btc-usdc_mexc_1m")).total_rows >= 998


@pytest.mark.parametrize(
    ("odd", "code", "words"),
    [
        ((403, {"Content-Type": "text/html"}, b"<html>Access denied</html>"), "FC1032", "not the exchange's"),
        ((200, {}, b"<html>hello</html>"), "FC1032", "--url"),
        ((404, {}, b"nothing"), "FC1032", "--url"),
        ((404, {}, b'{"error":{}}'), "FC1032", "--url"),
        ((418, {"Retry-After": "259200"}, b'{"code":418,"msg":"banned"}'), "FC1033", "wait 3d"),
        ((400, {}, b'{"code":10007,"msg":"bad symbol"}'), "FC1033", "code 10007: bad symbol"),
    ],
)
def test_what_is_not_the_exchange_or_refuses_is_one_clear_message(
    odd: tuple[int, dict[str, str], bytes],
    code: str,
    words: str,
    history: HistoryServer,
    capsys: pytest.CaptureFixture[str],
) -> None:
    history.odd = lambda path, query, n: odd
    assert run([*BARS, "--url", history.url]) == 3
    said = capsys.readouterr().err
    assert said.startswith(f"error[{code}]") and words in said
    assert said.count("error") == 1 or code == "FC1033"
    assert not Path("data").exists()


def test_nobody_there(history: HistoryServer, capsys: pytest.CaptureFixture[str]) -> None:
    assert run([*BARS, "--url", "http://127.0.0.1:1"]) == 3
    assert capsys.readouterr().err.startswith("error[FC1030]: the exchange cannot be reached")


def test_a_server_without_tls_where_tls_is_asked_for(
    history: HistoryServer, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run([*BARS, "--url", history.url.replace("http:", "https:")]) == 3
    said = capsys.readouterr().err
    assert said.startswith("error[FC1031]")
    assert "this port speaks no TLS" in said


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["BCT/USDC", "--from", "2026-01-01"], "did you mean `BTC/USDC`"),
        (["BTC/USDT", "--from", "2026-01-01"], "did you mean `BTC/USDC`"),
        (["DOGE/USDT", "--from", "2026-01-01"], "it lists BTC/USDC, ETH/USDC"),
        (["BTC/USDC", "--from", "2999-01-01"], "lies in the future"),
        (["BTC/USDC", "--from", "2026-01-01", "--name", ""], "cannot be the name"),
        (["nonsense!"], "is not an instrument"),
        (["BTC/USDC", "--kind", "1M"], "bars of a month cannot be stored"),
        (["BTC/USDC", "--kind", "2m"], "one of 1m, 5m, 15m, 30m, 1h, 4h, 1d, trades"),
        (["BTC/USDC", "--from", "yesterday"], "is not a time"),
        (["BTC/USDC", "--from", "2026-02-01", "--to", "2026-01-01"], "lies not before"),
        (["BTC/USDC", "ETH/USDC", "--name", "both"], "names one data set"),
    ],
)
def test_wrong_use(
    arguments: list[str], words: str, history: HistoryServer, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["data", "fetch", *arguments, "--url", history.url]) == 2
    assert words in capsys.readouterr().err


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("1W", "bars of a week cannot be stored"),
        ("1M", "date_trunc('month', time)"),
        ("2h", "makes them of `--kind 1h`"),
        ("8h", "makes them of `--kind 4h`"),
        ("7m", "one of 1m, 5m"),
        ("3d", "one of 1m, 5m"),
    ],
)
def test_a_kind_that_the_store_cannot_hold_says_why_and_what_to_do(
    kind: str, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert (
        run(["data", "fetch", "BTC/USDC", "--kind", kind, "--from", "2026-01-01", "--url", "http://127.0.0.1:1"]) == 2
    )
    said = capsys.readouterr().err
    assert words in said
    assert ("makes them of" in said) == (kind in ("2h", "8h"))

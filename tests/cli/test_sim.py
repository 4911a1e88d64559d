"""`flashc sim`: a running exchange and the commands that speak to it."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flashc.cli.app import run


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLASHC_DATA", str(tmp_path / "data"))


@pytest.fixture(scope="module")
def exchange(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, dict[str, Any], subprocess.Popen[str]]]:
    """A running exchange: its folder, what it said, and its process."""
    folder = tmp_path_factory.mktemp("simulator")
    ports = ["--port", "0", "--tls-port", "0", "--control-port", "0"]
    line = [sys.executable, "-m", "flashc", "sim", "exchange", "--symbols", "BTC/USDC", "--for", "10m", "--json"]
    ports += ["--traders", "3"]
    with subprocess.Popen([*line, *ports, "--folder", str(folder)], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        said = ""
        while not said.endswith("}\n"):
            part = process.stdout.readline()
            assert part, "it ended"
            said += part
        yield folder, json.loads(said), process
        process.kill()


def test_the_whole_way_of_a_fault(
    exchange: tuple[Path, dict[str, Any], subprocess.Popen[str]], capsys: pytest.CaptureFixture[str]
) -> None:
    folder, said, process = exchange
    there = ["--folder", str(folder)]

    def flashc(*words: str) -> tuple[int, str]:
        code = run(["sim", *words, *there])
        found = capsys.readouterr()
        return code, found.out + found.err

    assert said["symbols"] == ["BTCUSDC"]
    assert Path(said["accounts"]).stat().st_mode & 0o777 == 0o600
    assert Path(said["token"]).stat().st_mode & 0o777 == 0o600
    token = Path(said["token"]).read_text().strip()
    secret = next(line for line in Path(said["accounts"]).read_text().splitlines() if "secret" in line).split()[-1]
    assert token not in json.dumps(said)
    assert secret not in json.dumps(said)

    assert "BTCUSDC" in flashc("status")[1]
    state = json.loads(flashc("status", "--json")[1])
    assert (state["traders"]["number"], state["accounts"][-1]) == (3, "trader-3")
    assert "accounts     alice, bob\n  traders      3, orders placed " in flashc("status")[1]
    assert "trader-3: " in flashc("ledger")[1]
    assert flashc("fault", "depth-gap", "--set", "messages=2", "--for", "1h", "--symbol", "btc/usdc")[0] == 0
    active = json.loads(flashc("faults", "--json")[1])["active"]
    assert [(one["id"], one["values"]["messages"], one["on"]) for one in active] == [("B-01", 2, True)]
    assert "B-01 depth-gap  over" in flashc("heal", "B-01")[1]
    assert flashc("heal", "B-01")[0] == 2
    assert "no fault was active" in flashc("heal")[1]
    assert flashc("switch", "cancel_status=before") == (0, "cancel_status=before\n")
    assert flashc("switch", "cancel-status=before") == (0, "cancel_status=before\n")
    assert "cancel_status=before" in flashc("switch")[1]
    assert "everything adds up" in flashc("ledger")[1]
    assert flashc("ledger", "--account", "nobody")[0] == 2

    Path(said["token"]).write_text("other")
    code, text = flashc("fault", "depth-gap")
    assert (code, "FC1314" in text) == (3, True)
    Path(said["token"]).write_text(token)

    process.send_signal(signal.SIGINT)
    assert process.wait(60) == 130
    assert flashc("status")[0] == 3
    assert not Path(said["token"]).exists()


def test_a_taken_port_is_said_before_markets_are_made(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        ports = ["--port", str(port), "--tls-port", "0", "--control-port", "0"]
        assert run(["sim", "exchange", *ports, "--folder", str(tmp_path / "new")]) == 3
    assert "FC1311" in capsys.readouterr().err
    assert not (tmp_path / "new" / "accounts.yaml").exists()


def test_the_list_of_switches_needs_no_exchange(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["sim", "switch", "--all"]) == 0
    assert "cancel_status=after  the status in the answer to DELETE order\n    after, before" in capsys.readouterr().out
    assert run(["sim", "switch", "--all", "--json"]) == 0
    assert len(json.loads(capsys.readouterr().out)["switches"]) > 40


@pytest.mark.parametrize("control", ["http://127.0.0.1:99999", "nonsense", "http://127.0.0.1:1"])
def test_an_announcement_that_leads_nowhere_is_no_exchange(
    control: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    running = {"pid": 1, "http": "", "https": "", "ws": "", "wss": "", "control": control}
    (tmp_path / "running.json").write_text(json.dumps(running))
    assert run(["sim", "status", "--folder", str(tmp_path)]) == 3
    assert "FC1310" in capsys.readouterr().err


def test_the_catalogue_needs_no_exchange(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["sim", "faults", "--all"]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 73
    assert run(["sim", "faults", "latency"]) == 0
    assert "--set to_client=300" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("line", "code", "text"),
    [
        (["fault", "dept-gap"], 2, "FC1307"),
        (["fault", "gap"], 2, "did you mean `depth-gap`"),
        (["fault", "depth-gap", "--for", "9999d"], 2, "is too long"),
        (["fault", "depth-gap", "--set", "mesages=1"], 2, "FC1308"),
        (["fault", "depth-gap", "--set", "messages=x"], 2, "FC1309"),
        (["fault", "depth-gap", "--set", "messages"], 2, "NAME=VALUE"),
        (["fault", "depth-gap", "--for", "soon"], 2, "is not a time"),
        (["fault", "depth-gap", "--for", "0s"], 2, "no time at all"),
        (["fault", "depth-gap", "--every", "5s"], 2, "needs a shorter"),
        (["fault", "depth-gap", "--link", "x"], 2, "is no link"),
        (["fault", "depth-gap"], 3, "FC1310"),
        (["status"], 3, "FC1310"),
        (["switch", "nothing=1"], 2, "FC1306"),
        (["switch", "cancel_statu=before"], 2, "did you mean `cancel_status`?"),
        (["switch", "--all", "a=b"], 2, "sets nothing"),
        (["exchange", "--speed", "fast"], 2, "is no speed"),
        (["exchange", "--symbols", "?"], 2, "is not an instrument"),
        (["exchange", "--data", "nothing"], 2, "FC1011"),
        (["exchange", "--data", ","], 2, "names no data set"),
        (["exchange", "--data", ""], 2, "names no data set"),
        (["exchange", "--symbols", "BTC/BTC"], 2, "an asset for itself"),
        (["exchange", "--for", "0s"], 2, "no time at all"),
        (["exchange", "--port", "9000", "--tls-port", "9000"], 2, "two of the ports are the same"),
        (["exchange", "--traders", "101"], 2, "at most 100"),
        (["exchange", "--port", "x"], 2, "'--port': not a whole number\n  = help: `flashc sim exchange --help`"),
        (["exchange", "--data", "a", "--symbols", "BTC/USDT"], 2, "one of the two"),
        (["exchange", "--accounts", "nothing.yaml"], 1, "FC1301"),
        (["exchange", "--switch", "cancel_status=x"], 2, "FC1306"),
    ],
)
def test_wrong_use_is_one_message(
    line: list[str], code: int, text: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["sim", *line, "--folder", str(tmp_path)]) == code
    assert text in capsys.readouterr().err

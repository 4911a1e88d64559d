"""A recording made from the local exchange backtests: two processes, as two terminals would have them."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from flashc.cli.app import run
from flashc.cli.exit_codes import Exit
from support.ended_when import recording_until

STRATEGY = """\
flash: 1
strategy: maker
trade: BTC/USDC
decide: 100ms
let:
  press: imbalance(5) @ book
entries:
  long: {when: press > 0, execute: rest}
exits:
  out: {when: press < 0, execute: cross}
execution:
  rest: {style: post_only, price: bid, ttl: 2s}
  cross: {style: market}
size: 0.01 BTC
"""


def test_what_the_local_exchange_streams_is_recorded_verified_and_backtested(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("FLASHC_DATA", str(tmp_path / "data"))
    (tmp_path / "maker.yaml").write_text(STRATEGY)
    ports = ["--port", "0", "--tls-port", "0", "--control-port", "0"]
    command = [sys.executable, "-m", "flashc", "sim", "exchange", "--symbols", "BTC/USDC", *ports, "--for", "10m"]
    sim = subprocess.Popen([*command, "--folder", str(tmp_path / "sim"), "--json"], stdout=subprocess.PIPE, text=True)
    assert sim.stdout is not None
    try:
        said = json.loads("".join(iter(sim.stdout.readline, "}\n")) + "}")
        url, authority = said["https"].replace("https:", "wss:") + "/ws", said["authority"]
        record = ["data", "record", "BTC/USDC", "--url", url, "--name", "l2", "--json"]
        assert run(record) == Exit.ENVIRONMENT
        assert "FC1031" in capsys.readouterr().out
        with recording_until(lambda recording: recording.status().rows > 2_000):
            assert run([*record, "--certificate", authority]) == Exit.OK
        found = json.loads(capsys.readouterr().out)
        fetch = [
            "data",
            "fetch",
            "BTC/USDC",
            "--url",
            said["https"],
            "--certificate",
            authority,
            "--from",
            "2020-01-01",
        ]
        assert run([*fetch, "--name", "b", "--json"]) in (Exit.OK, Exit.FILE)  # a young exchange may have no bar yet
        capsys.readouterr()
    finally:
        sim.kill()
        sim.communicate()
    assert found["datasets"][0]["venue"] == "mexc.spot"
    assert found["datasets"][0]["rows"]["book"] > 100 and found["gaps"] == []
    assert run(["data", "verify", "l2"]) == Exit.OK
    assert "no faults" in capsys.readouterr().out
    assert run(["backtest", "maker.yaml", "--data", "l2", "--json"]) == Exit.OK
    result = json.loads(capsys.readouterr().out)
    assert "recording_gap" not in json.dumps(result)

"""backtest and explain from end to end on a generated book with trades, and on several instruments."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from flashc.cli.app import run
from flashc.cli.exit_codes import Exit
from flashc.runtime.backtest.run_folder import read_table

MAKER = """\
flash: 1
strategy: maker
trade: BTC/USDC
decide: {every: 100ms}
let:
  press: imbalance(5) @ book
entries:
  long: {when: press > 0.1, execute: rest}
exits:
  out: {when: press < 0, execute: cross}
execution:
  rest: {style: post_only, price: bid, ttl: 2s}
  cross: {style: market}
size: 0.01 BTC
"""
PAIR = """\
flash: 1
strategy: pair
instruments: {btc: BTC/USDC, eth: ETH/USDC}
trade: [btc, eth]
decide: 1m
let:
  change: close - close[1]
entries:
  long: change > 0
exits:
  out: change < 0 and pos.age > 1m
size: 100 USDC
"""


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("books")
    (folder / "maker.yaml").write_text(MAKER.replace("{every: 100ms}", "100ms"))
    (folder / "pair.yaml").write_text(PAIR)
    root = ["--root", str(folder / "data")]
    assert run(["data", "synth", "--kind", "book", "--name", "l2", "--duration", "40s", *root]) == Exit.OK
    for name, symbol in (("btc", "BTC/USDC"), ("eth", "ETH/USDC")):
        assert run(["data", "synth", "--bars", "400", "--name", name, "--instrument", symbol, *root]) == Exit.OK
    return folder


@pytest.fixture(autouse=True)
def _inside(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLASHC_DATA", str(place / "data"))
    monkeypatch.chdir(place)


def result(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, object]:
    capsys.readouterr()
    assert run(["backtest", *arguments, "--json"]) == Exit.OK
    found: dict[str, object] = json.loads(capsys.readouterr().out)
    return found


def folders(out: str) -> list[Path]:
    return sorted(path for path in Path(out).iterdir() if path.is_dir())


def test_bars_wait_as_the_file_says(capsys: pytest.CaptureFixture[str], place: Path, tmp_path: Path) -> None:
    text = MAKER.replace("{every: 100ms}", "1s").replace("press < 0,", "press < 0 and close@1s > bid,")
    since = {}
    for lateness in ("0s", "10s"):
        (place / "late.yaml").write_text(f"{text}lateness: {lateness}\n")
        result(capsys, "late.yaml", "--data", "l2", "--out", str(tmp_path / lateness))
        (folder,) = folders(str(tmp_path / lateness))
        since[lateness] = read_table(folder, "decisions")["time"] % 10**9
    assert len(since["0s"]) == len(since["10s"]) > 30
    assert not since["0s"].any()  # at the end of each second
    assert since["10s"].all()  # with the event after it


@pytest.mark.parametrize(
    "arguments",
    [
        ("maker.yaml", "--data", "l2", "--latency", "place=20ms,cancel=5ms,response=5ms", "--fill", "refill=100ms"),
        ("pair.yaml", "--data", "btc", "--data", "eth"),
    ],
    ids=["books", "two instruments"],
)
def test_both_engines_write_the_same_run(
    arguments: tuple[str, ...], capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    fast = result(capsys, *arguments, "--out", str(tmp_path / "fast"))
    slow = result(capsys, *arguments, "--out", str(tmp_path / "slow"), "--engine", "ref")
    for key in ("ir_hash", "data", "params", "metrics", "trades"):
        assert fast[key] == slow[key]
    (one,), (other,) = folders(str(tmp_path / "fast")), folders(str(tmp_path / "slow"))
    for name in ("decisions", "orders", "fills", "equity", "trades"):
        mine, theirs = read_table(one, name), read_table(other, name)
        assert {k: v.tolist() for k, v in mine.items()} == {k: v.tolist() for k, v in theirs.items()}, name
    assert len(read_table(one, "fills")["order"]) > 4


def test_every_assumption_stands_on_the_screen_and_in_the_manifest(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    options = [
        "--latency",
        "place=2ms",
        "--queue",
        "prob_power:2",
        "--fill",
        "refill=500ms,impact=0.5,order=trades_first",
    ]
    assert run(["backtest", "maker.yaml", "--data", "l2", "--out", str(tmp_path), *options]) == Exit.OK
    screen = capsys.readouterr().out
    manifest = json.loads((folders(str(tmp_path))[0] / "manifest.json").read_text())
    for words in (
        "place 2 ms, cancel 10 ms",
        "prob_power with exponent 2",
        "half every 500 ms",
        "impact: 0.5",
        "trades first",
    ):
        assert words in screen
        assert any(words in line for line in manifest["assumptions"])
    assert manifest["market"]["latency_ns"] == {
        "place": 2_000_000,
        "cancel": 10_000_000,
        "response": 10_000_000,
        "feed": 0,
    }


def test_bounds_show_the_range_of_what_no_data_say(capsys: pytest.CaptureFixture[str]) -> None:
    found = result(capsys, "maker.yaml", "--data", "l2", "--bounds")
    bounds = found["bounds"]
    assert isinstance(bounds, dict)
    assert list(bounds) == ["risk_averse", "prob_power", "fifo_optimistic", "trades_first", "depth_first"]
    assert bounds["prob_power"] == found["metrics"]
    assert run(["backtest", "maker.yaml", "--data", "l2", "--bounds"]) == Exit.OK
    assert "queue risk_averse" in capsys.readouterr().out


@pytest.mark.parametrize(
    "option", [["--latency", "place=1ms"], ["--queue", "prob_log"], ["--fill", "impact=1"], ["--bounds"]]
)
def test_options_of_books_are_refused_on_bars(option: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["backtest", "pair.yaml", "--data", "btc", "--data", "eth", *option]) == Exit.USAGE
    assert "reads only bars" in capsys.readouterr().err


def test_slippage_is_refused_on_books(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["backtest", "maker.yaml", "--data", "l2", "--slippage", "1"]) == Exit.USAGE
    assert "--fill impact" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "at"),
    [
        (("maker.yaml", "--data", "l2", "--latency", "place=3ms"), "2024-01-01T00:00:20"),
        (("pair.yaml", "--data", "btc", "--data", "eth"), "2024-01-01T03:00"),
    ],
    ids=["books", "two instruments"],
)
def test_a_decision_of_a_run_can_be_explained(
    arguments: tuple[str, ...], at: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    result(capsys, *arguments, "--out", str(tmp_path))
    assert run(["explain", str(folders(str(tmp_path))[0]), "--at", at, "--json"]) == Exit.OK
    found = json.loads(capsys.readouterr().out)
    assert found["armed"]
    assert found["rules"] or found["reason"] == "in_flight"


def test_the_instrument_to_explain_can_be_named(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    result(capsys, "pair.yaml", "--data", "btc", "--data", "eth", "--out", str(tmp_path))
    command = ["explain", str(folders(str(tmp_path))[0]), "--at", "2024-01-01T03:00"]
    for name, symbol in (("btc", "BTC/USDC"), ("ETH/USDC", "ETH/USDC")):
        assert run([*command, "--instrument", name]) == Exit.OK
        assert f"pair on {symbol} at 2024-01-01 03:00 UTC" in capsys.readouterr().out
    assert run([*command, "--instrument", "sol"]) == Exit.USAGE
    assert "it trades btc, eth" in capsys.readouterr().err


def test_a_book_without_trades_is_enough_where_no_rule_reads_trades(
    place: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    alone = tmp_path / "data" / "alone"
    alone.parent.mkdir()
    rows = "".join(
        f"{1_700_000_000 + k},{1_700_000_000 + k},{side},{price},{1 + (k * 7 + n) % 5},{str(k == 0).lower()}\n"
        for k in range(60)
        for n, (side, price) in enumerate((("buy", "100.00"), ("sell", "100.02")))
    )
    book = tmp_path / "BTCUSDC-book.csv"
    book.write_text("local_ts,ts,side,price,qty,is_snapshot\n" + rows)
    root = ["--root", str(tmp_path / "data")]
    arguments = ["--instrument", "BTC/USDC", "--name", "alone", *root]
    assert run(["data", "import", str(book), *arguments]) == Exit.OK
    (tmp_path / "s.yaml").write_text(MAKER.replace("{every: 100ms}", "book").replace("@ book", ""))
    data = str(alone)
    fast = result(capsys, str(tmp_path / "s.yaml"), "--data", data, "--out", str(tmp_path / "fast"))
    slow = result(capsys, str(tmp_path / "s.yaml"), "--data", data, "--out", str(tmp_path / "slow"), "--engine", "ref")
    assert fast["trades"] == slow["trades"]
    (folder,) = folders(str(tmp_path / "fast"))
    assert len(read_table(folder, "decisions")["time"]) == 60

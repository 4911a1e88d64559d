"""backtest, compile and explain from end to end, on bars that the generator makes."""

from __future__ import annotations

import ctypes
import json
import platform
import re
import subprocess
from pathlib import Path
from types import SimpleNamespace

import pytest
from flashc.cli.app import run
from flashc.cli.exit_codes import Exit
from support.strategies import EMA_CROSS

STRATEGY = EMA_CROSS
RANGES = """\

  fast: {type: int, default: 12, in: 4..30}
  slow: {type: int, default: 26, in: 10..60}"""
RANGED = STRATEGY.replace(" {fast: 12, slow: 26}", RANGES)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a strategy and 3,000 generated bars called `demo`."""
    folder = tmp_path_factory.mktemp("work")
    (folder / "s.yaml").write_text(STRATEGY)
    (folder / "ranged.yaml").write_text(RANGED)
    arguments = ["data", "synth", "--seed", "7", "--bars", "3000", "--name", "demo", "--root", str(folder / "data")]
    assert run(arguments) == Exit.OK
    return folder


@pytest.fixture(autouse=True)
def _inside(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLASHC_DATA", str(place / "data"))
    monkeypatch.chdir(place)


def result(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, object]:
    capsys.readouterr()
    assert run(["backtest", "s.yaml", "--data", "demo", "--json", *arguments]) == Exit.OK
    found: dict[str, object] = json.loads(capsys.readouterr().out)
    return found


def test_loading_does_not_count_as_running(monkeypatch: pytest.MonkeyPatch) -> None:
    from flashc.cli import running
    from flashc.runtime.backtest import driver

    order, load, drive = [], driver.load, driver.run
    monkeypatch.setattr(driver, "load", lambda: [order.append("load"), load()])
    monkeypatch.setattr(driver, "run", lambda *a, **k: [order.append("run"), drive(*a, **k)][1])
    clock = SimpleNamespace(perf_counter=lambda: float(order.append("clock") or len(order)))
    monkeypatch.setattr(running, "time", clock)
    assert run(["backtest", "s.yaml", "--data", "demo", "--engine", "c"]) == Exit.OK
    assert order[:5] == ["clock", "load", "clock", "run", "clock"]


def test_the_table_says_what_a_trader_asks(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["backtest", "s.yaml", "--data", "demo"]) == Exit.OK
    out = capsys.readouterr().out
    for words in (
        "Net profit",
        "Buy and hold",
        "Max drawdown",
        "Sharpe",
        "Win rate",
        "Fees",
        "exits.out",
        "Assumptions",
    ):
        assert words in out
    assert "still warming up" in out
    assert re.search(r"Run folder  runs/ema_cross-[0-9a-f]{12}\n", out)


def test_all_engines_give_the_same_object_but_for_time(capsys: pytest.CaptureFixture[str]) -> None:
    found = {engine: result(capsys, "--engine", engine) for engine in ("c", "numba", "ref")}
    for engine, one in found.items():
        assert one.pop("engine") == engine
        one.pop("timing")
    assert found["c"] == found["numba"] == found["ref"]
    assert found["c"]["trades"]


def test_the_engine_that_was_chosen_is_said(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from flashc.runtime.backtest import driver

    driver.load()  # the choice depends on whether it is stored
    hints: list[str] = []
    monkeypatch.setattr("flashc.cli.console.hint", hints.append)
    assert result(capsys, "--to", "2024-01-01T03:00")["engine"] == "ref"
    assert hints == ["ref engine: 180 events take less than loading a compiled engine"]
    hints.clear()
    assert result(capsys)["engine"] == "c"
    assert hints[0].startswith("c engine: ")
    hints.clear()
    result(capsys, "--engine", "c")
    assert hints == [], "the user knows"


def test_without_a_c_compiler_the_other_engines_run(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from flashc.runtime.backtest import driver

    driver.load()
    monkeypatch.setenv("CC", "no-such-compiler")
    assert result(capsys)["engine"] == "numba"
    assert run(["backtest", "s.yaml", "--data", "demo", "--engine", "c"]) == Exit.ENVIRONMENT
    err = capsys.readouterr().err
    assert "error[FC0909]: `no-such-compiler` is not a C compiler that can be run" in err


def test_generated_c_that_does_not_compile_is_our_fault_and_says_what_to_report(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, place: Path
) -> None:
    from flashc.cli import native

    monkeypatch.setenv("FLASHC_CACHE", str(place / "cache"))
    monkeypatch.setattr(native, "print_strategy", lambda *_, **__: "int nothing(void) { return missing; }\n")
    assert run(["backtest", "s.yaml", "--data", "demo", "--engine", "c"]) == Exit.BUG
    err = capsys.readouterr().err
    (folder,) = (place / "cache").glob("broken-*")
    assert "error[FC0912]: the generated C does not compile" in err
    assert str(folder) in err
    texts = {path.name: path.read_text() for path in folder.iterdir()}
    assert sorted(texts) == ["facts.json", "fir.txt", "messages.txt", "strategy.c"]
    assert "missing" in texts["messages.txt"]
    assert not [name for name, text in texts.items() if str(Path.home()) in text or str(place) in text]


@pytest.mark.skipif(platform.machine() != "x86_64", reason="sets a register of this processor")
def test_a_process_that_flushes_subnormals_is_refused(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    text = "void control(unsigned word);\nvoid control(unsigned word) { __builtin_ia32_ldmxcsr(word); }\n"
    helper = str(tmp_path / "control.so")
    subprocess.run(["cc", "-shared", "-fPIC", "-x", "c", "-", "-o", helper], input=text.encode(), check=True)
    control = ctypes.CDLL(helper).control
    control(0x9FC0)  # flush to zero, subnormals are zero
    try:
        found = run(["backtest", "s.yaml", "--data", "demo", "--engine", "c"])
    finally:
        control(0x1F80)
    assert found == Exit.ENVIRONMENT
    assert "error[FC0911]: the processor rounds differently here" in capsys.readouterr().err
    assert run(["backtest", "s.yaml", "--data", "demo", "--engine", "c"]) == Exit.OK


def test_a_damaged_object_of_the_cache_is_made_again(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, place: Path
) -> None:
    monkeypatch.setenv("FLASHC_CACHE", str(place / "cache"))
    first = result(capsys, "--engine", "c")
    (made,) = (place / "cache" / "objects").glob("strategy-*.so")
    whole = made.read_bytes()
    for damage in (whole[:-100], b"", whole[:3000] + b"x" + whole[3001:]):
        made.unlink()
        made.write_bytes(damage)
        again = result(capsys, "--engine", "c")
        assert (again["trades"], made.read_bytes()) == (first["trades"], whole)


def test_trades_add_up_to_the_profit(capsys: pytest.CaptureFixture[str], place: Path) -> None:
    from decimal import Decimal

    import polars as pl

    found = result(capsys, "--out", "sums")
    folder = next((place / "sums").iterdir())
    fills = pl.read_parquet(folder / "fills.parquet")
    held = int((fills["side"] * fills["qty"]).sum())
    pnl = sum(Decimal(trade["pnl"]) for trade in found["trades"])  # type: ignore[attr-defined, index]
    if held == 0:
        assert pnl == Decimal(found["metrics"]["net_pnl"])  # type: ignore[call-overload, index]
    assert len(found["trades"]) == found["metrics"]["trades"]  # type: ignore[arg-type, call-overload, index]


def test_the_same_run_is_the_same_folder(capsys: pytest.CaptureFixture[str], place: Path) -> None:
    result(capsys, "--out", "twice")
    first = {path.name: path.read_bytes() for path in next((place / "twice").iterdir()).iterdir()}
    result(capsys, "--out", "twice")
    folders = list((place / "twice").iterdir())
    assert len(folders) == 1
    assert {path.name: path.read_bytes() for path in folders[0].iterdir()} == first


def test_other_costs_are_another_run(capsys: pytest.CaptureFixture[str], place: Path) -> None:
    free, dear = result(capsys, "--fees", "0"), result(capsys, "--fees", "0/10bps", "--slippage", "3")
    assert free["metrics"]["fees"] == "0.00000000"  # type: ignore[call-overload, index]
    assert dear["metrics"]["net_pnl"] != free["metrics"]["net_pnl"]  # type: ignore[call-overload, index]


def test_a_range_limits_the_bars(capsys: pytest.CaptureFixture[str]) -> None:
    found = result(capsys, "--from", "2024-01-01T12:00", "--to", "2024-01-02")
    assert found["data"]["events"] == 720  # type: ignore[call-overload, index]


def test_set_changes_a_parameter_and_not_the_meaning(capsys: pytest.CaptureFixture[str]) -> None:
    plain, changed = result(capsys), result(capsys, "--set", "fast=5")
    assert changed["params"] == {"fast": 5, "slow": 26}
    assert changed["ir_hash"] == plain["ir_hash"]
    assert changed["trades"] != plain["trades"]


@pytest.mark.parametrize(
    ("arguments", "code", "exit_code"),
    [
        (["--set", "fats=9"], "FC1101", Exit.USAGE),
        (["--set", "fast"], "FC1102", Exit.USAGE),
        (["--set", "fast=lots"], "FC1102", Exit.USAGE),
        (["--set", "fast=3"], "FC1102", Exit.USAGE),
        (["--set", "fast=5 bps"], "FC1102", Exit.USAGE),
        (["--engine", "fortran"], "FC1105", Exit.USAGE),
        (["--data", "nowhere"], "FC1011", Exit.USAGE),
        (["--from", "2031-01-01"], "FC1012", Exit.FILE),
        (["--from", "yesterday"], "is not a time", Exit.USAGE),
        (["--from", "2024-01-02", "--to", "2024-01-01"], "not before", Exit.USAGE),
        (["--fees", "many"], "is not a fee", Exit.USAGE),
        (["--slippage", "-1"], "invalid value", Exit.USAGE),
        (["--out", "/proc/nowhere"], "FC1107", Exit.ENVIRONMENT),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_what_cannot_run_says_why(
    arguments: list[str], code: str, exit_code: Exit, capsys: pytest.CaptureFixture[str]
) -> None:
    data = [] if "--data" in arguments else ["--data", "demo"]
    assert run(["backtest", "ranged.yaml", *data, *arguments]) == exit_code
    err = capsys.readouterr().err
    assert code in err
    assert "Traceback" not in err
    assert "compiler bug" not in err


def test_no_data_is_wrong_use(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["backtest", "s.yaml"]) == Exit.USAGE
    assert "no data was named" in capsys.readouterr().err


def test_a_broken_strategy_is_not_run(capsys: pytest.CaptureFixture[str], place: Path) -> None:
    (place / "bad.yaml").write_text(STRATEGY.replace("quick, calm)", "quik, calm)", 1))
    assert run(["backtest", "bad.yaml", "--data", "demo"]) == Exit.FILE
    assert "FC0102" in capsys.readouterr().err


def trade_times(capsys: pytest.CaptureFixture[str]) -> tuple[str, int]:
    """The folder of a run, and the time (ns) of the decision behind its first entry."""
    found = result(capsys, "--out", "explained")
    return str(next(Path("explained").iterdir())), int(found["trades"][0]["entry_ts"])  # type: ignore[call-overload, index]


def test_explain_shows_why_it_entered(capsys: pytest.CaptureFixture[str]) -> None:
    folder, entry = trade_times(capsys)
    assert run(["explain", folder, "--at", str(entry)]) == Exit.OK
    lines = capsys.readouterr().out.splitlines()
    assert lines[1] == "flat · armed · entered (entries.long)"
    assert lines[2] == "entries.long: yes"
    assert lines[3].startswith("  ✔ long  cross_up(quick, calm) is true (quick ")


def test_explain_shows_what_kept_it_out(capsys: pytest.CaptureFixture[str]) -> None:
    folder, entry = trade_times(capsys)
    assert run(["explain", folder, "--at", str(entry - 60 * 10**9), "--json"]) == Exit.OK
    found = json.loads(capsys.readouterr().out)
    assert (found["phase"], found["reason"], found["rules"][0]["fired"]) == ("flat", "no_entry", False)
    assert found["nearest"]["after_ns"] == 60 * 10**9


def test_explain_before_warm_up_says_when_it_is_over(capsys: pytest.CaptureFixture[str]) -> None:
    folder, _ = trade_times(capsys)
    assert run(["explain", folder, "--at", "2024-01-01T00:30"]) == Exit.OK
    assert "not armed: warm-up is over at 2024-01-01 03:01" in capsys.readouterr().out


def test_explain_in_a_position_sees_the_fill_of_the_same_bar(capsys: pytest.CaptureFixture[str]) -> None:
    folder, entry = trade_times(capsys)
    assert run(["explain", folder, "--at", str(entry + 60 * 10**9)]) == Exit.OK
    assert capsys.readouterr().out.splitlines()[1].startswith("open · armed")


@pytest.mark.parametrize(
    ("arguments", "code"),
    [(["nowhere", "--at", "2024-01-01"], "FC1103"), (["latest", "--at", "2024-01-01"], "FC1103")],
    ids=["folder", "latest"],
)
def test_a_run_that_is_not_there(
    arguments: list[str], code: str, capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(["explain", *arguments]) == Exit.USAGE
    assert code in capsys.readouterr().err


def test_an_instant_before_the_run(capsys: pytest.CaptureFixture[str]) -> None:
    folder, _ = trade_times(capsys)
    assert run(["explain", folder, "--at", "1999-01-01"]) == Exit.USAGE
    assert "FC1104" in capsys.readouterr().err


def test_explain_refuses_other_data(capsys: pytest.CaptureFixture[str]) -> None:
    folder, entry = trade_times(capsys)
    assert run(["data", "synth", "--seed", "8", "--bars", "3000", "--name", "other", "--replace"]) == Exit.OK
    assert run(["explain", folder, "--at", str(entry), "--data", "other"]) == Exit.FILE
    assert "not the data of this run" in capsys.readouterr().err


def test_compile_writes_the_same_folder_twice(capsys: pytest.CaptureFixture[str], place: Path) -> None:
    for name in ("one", "two"):
        assert run(["compile", "s.yaml", "-o", name, "--json"]) == Exit.OK
    first, second = (next((place / name).iterdir()) for name in ("one", "two"))
    assert first.name == second.name
    files = sorted(path.name for path in first.iterdir() if path.name != "provenance.json")
    assert all((first / name).read_bytes() == (second / name).read_bytes() for name in files)


@pytest.mark.parametrize("form", ["hir", "fir", "kernel", "manifest"])
def test_every_form_can_be_printed(form: str, capsys: pytest.CaptureFixture[str], place: Path) -> None:
    assert run(["compile", "s.yaml", "--emit", form, "-o", "none"]) == Exit.OK
    assert capsys.readouterr().out.strip()
    assert not (place / "none").exists()


def test_stages_can_be_timed_dumped_and_stopped_at(capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["--stop-after", "lower", "--dump", "after:lower", "--time-passes"]
    assert run(["compile", "s.yaml", *arguments]) == Exit.OK
    captured = capsys.readouterr()
    assert captured.out.startswith("# after lower\nprogram ")
    assert captured.err.startswith("stage")


@pytest.mark.parametrize(
    "arguments", [["--emit", "poem"], ["--stop-after", "lunch"], ["--dump", "after:lunch"]], ids=" ".join
)
def test_unknown_forms_and_stages_list_the_known(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["compile", "s.yaml", *arguments]) == Exit.USAGE
    assert "= help: " in capsys.readouterr().err


def test_check_report_names_inputs_and_warm_up(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["check", "s.yaml", "--report"]) == Exit.OK
    out = capsys.readouterr().out
    assert out.startswith("ema_cross · edition 1 · ir ")
    assert "armed" in out
    assert "181 closed 1m bars of btc" in out


def test_a_comment_does_not_make_another_run(capsys: pytest.CaptureFixture[str], place: Path) -> None:
    result(capsys, "--out", "comments")
    (place / "commented.yaml").write_text("# a thought\n" + STRATEGY)
    assert run(["backtest", "commented.yaml", "--data", "demo", "--out", "comments"]) == Exit.OK
    assert len(list((place / "comments").iterdir())) == 1


def test_a_strategy_that_never_trades_has_a_result(capsys: pytest.CaptureFixture[str], place: Path) -> None:
    (place / "never.yaml").write_text(STRATEGY.replace("cross_up(quick, calm)", "quick > 2 * calm"))
    assert run(["backtest", "never.yaml", "--data", "demo"]) == Exit.OK
    out = capsys.readouterr().out
    assert re.search(r"^Trades +0$", out, flags=re.MULTILINE)
    assert re.search(r"^Win rate +-$", out, flags=re.MULTILINE)
    assert "flat, no entry rule held" in out
    assert run(["backtest", "never.yaml", "--data", "demo", "--json"]) == Exit.OK
    metrics = json.loads(capsys.readouterr().out)["metrics"]
    assert [metrics[name] for name in ("win_rate", "profit_factor", "sharpe", "trades")] == [None, None, None, 0]


def test_data_shorter_than_the_warm_up_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["backtest", "s.yaml", "--data", "demo", "--to", "2024-01-01T01:00"]) == Exit.OK
    assert "never over: the data is shorter than the warm-up" in capsys.readouterr().out


def test_no_loss_has_no_sign() -> None:
    from flashc.cli.tables import percent

    assert (percent(-0.00001), percent(-0.0001)) == ("0.00 %", "-0.01 %")


def test_one_bar_is_enough_for_a_result(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["backtest", "s.yaml", "--data", "demo", "--to", "2024-01-01T00:01"]) == Exit.OK
    assert re.search(r"^Bars +1 of 1m$", capsys.readouterr().out, flags=re.MULTILINE)


LOGIC = """\
flash: 1
strategy: logic
trade: BTC/USDC
decide: 1m
params: {hold: 90m, small: 5 bps}
let:
  quick: ema(close, 12)
  strong: quick > ema(close, 26) and rsi(close, 14) > 101
  edge: (quick - close) / close
entries:
  long:
    when:
      either: strong or edge > small
exits:
  old: pos.age > hold
size: 100 USDC
"""


def test_parameters_are_shown_as_they_are_written(capsys: pytest.CaptureFixture[str], place: Path) -> None:
    (place / "logic.yaml").write_text(LOGIC)
    assert run(["backtest", "logic.yaml", "--data", "demo", "--set", "small=2 bps"]) == Exit.OK
    assert capsys.readouterr().out.splitlines()[0] == "logic on BTC/USDC  (hold 90m, small 2 bps)"


def test_explain_opens_a_named_condition_and_keeps_its_units(capsys: pytest.CaptureFixture[str], place: Path) -> None:
    (place / "logic.yaml").write_text(LOGIC)
    assert run(["backtest", "logic.yaml", "--data", "demo", "--json"]) == Exit.OK
    (entry, *_) = json.loads(capsys.readouterr().out)["trades"]
    assert run(["explain", "latest", "--at", str(entry["entry_ts"])]) == Exit.OK
    lines = capsys.readouterr().out.splitlines()
    assert lines[3] == "  ✔ either  strong or edge > small"
    assert lines[4] == "      ✘ strong  quick > ema(close, 26) and rsi(close, 14) > 101"
    assert lines[6].startswith("          ✘ rsi(close, 14) ")
    assert re.fullmatch(r" {6}✔ edge [0-9.]+ bps > small 5 bps +spare [0-9.]+ bps", lines[7])


def test_streams_that_the_data_lacks_are_named_together(capsys: pytest.CaptureFixture[str]) -> None:
    book = Path(__file__).parents[1] / "data" / "strategies" / "btc_micro_trend.yaml"
    assert run(["backtest", str(book), "--data", "demo"]) == Exit.FILE
    told = capsys.readouterr().err
    assert "error[FC1010]" in told
    for stream in ("book updates of BTC/USDC", "trade updates of BTC/USDC", "book updates of ETH/USDC"):
        assert stream in told

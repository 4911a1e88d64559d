"""`flashc why-not` and `flashc trace`: counts and values against the run's own tables and plain arithmetic."""

from __future__ import annotations

import csv
import io
import json
import math
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from flashc.cli.app import run
from flashc.cli.exit_codes import Exit
from flashc.cython_core.layout import REASONS
from flashc.runtime.backtest.run_folder import latest_run, read_table

STRATEGY = """\
flash: 1
strategy: asked
trade: BTC/USDC
decide: 1m
let:
  quick: ema(close, 5)
  calm: ema(close, 20)
  rising: quick > calm
  channel: bbands(close, 20, 2.0)
  unread: rsi(close, 14)
entries:
  long:
    when:
      up: quick - calm > 8 USDC/BTC
      low: close < channel.upper
    cooldown: 30m
exits:
  out: quick < calm
size: 100 USDC
"""


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("asked")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setenv("FLASHC_DATA", str(folder / "data"))
        assert run(["data", "synth", "--seed", "7", "--bars", "3000", "--name", "demo"]) == Exit.OK
        (folder / "s.yaml").write_text(STRATEGY)
        assert run(["backtest", "s.yaml", "--data", "demo"]) == Exit.OK
    return folder


@pytest.fixture(autouse=True)
def here(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(place)
    monkeypatch.setenv("FLASHC_DATA", str(place / "data"))


def said(capsys: pytest.CaptureFixture[str], *arguments: str, code: Exit = Exit.OK) -> str:
    assert run(list(arguments)) == code
    shown = capsys.readouterr()
    return shown.out if code == Exit.OK else shown.err


def decisions() -> dict[str, np.ndarray]:  # type: ignore[type-arg]
    folder = latest_run(Path("runs"))
    assert folder is not None
    return read_table(folder, "decisions")


# why-not


def test_counts_are_those_of_the_masks(capsys: pytest.CaptureFixture[str]) -> None:
    found = json.loads(said(capsys, "why-not", "latest", "--json"))
    (one,) = found["instruments"]
    rule = next(r for r in one["rules"] if r["rule"] == "entries.long")
    rows = decisions()
    code = rows["reason"] & 0xFFFF
    asked = np.isin(code, [REASONS.index(name) for name in ("no_entry", "entered", "cooling_down")])
    masks = rows["mask"][asked]
    assert one["untold"] == 0
    assert rule["evaluated"] == len(masks)
    assert rule["held"] == int((masks & 3 == 3).sum())
    assert sum(rule["kept"].values()) == rule["held"]
    up, low = rule["clauses"]
    assert [up["false"], up["alone"]] == [int((masks & 1 == 0).sum()), int((masks & 3 == 2).sum())]
    assert [low["false"], low["alone"]] == [int((masks & 2 == 0).sum()), int((masks & 3 == 1).sum())]
    longest = max(map(len, "".join("1" if m & 1 == 0 else "0" for m in masks.tolist()).split("0")))
    assert up["longest"]["decisions"] == longest


def test_the_near_miss_is_the_least_shortfall_where_a_clause_was_alone(capsys: pytest.CaptureFixture[str]) -> None:
    found = json.loads(said(capsys, "why-not", "latest", "--rule", "long", "--json"))
    up = found["instruments"][0]["rules"][0]["clauses"][0]
    table = list(csv.DictReader(io.StringIO(said(capsys, "trace", "latest", "--expr", "quick - calm"))))
    values = {int(row["time_ns"]): row["quick - calm [USDC/BTC]"] for row in table}
    rows = decisions()
    code = rows["reason"] & 0xFFFF
    alone = np.isin(code, [REASONS.index("no_entry")]) & (rows["mask"] & 3 == 2)
    short = {t: 8 - float(values[t]) for t in rows["time"][alone].tolist()}
    best = min(short, key=lambda t: short[t])
    assert up["near"]["time"] == best
    assert up["near"]["short"] == f"{short[best]:.6g} USDC/BTC"
    assert up["near"]["text"] == f"{8 - short[best]:.6g} > 8"


@pytest.mark.parametrize("width", [60, 80, 200])
def test_the_table_fits_the_terminal(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, width: int
) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    table = said(capsys, "why-not", "latest", "--rule", "long").partition("  clause")[2]
    header = "  clause" + table.partition("\n")[0]
    assert max(map(len, (header, *table.splitlines()))) <= max(width, 70)
    assert (" longest " in header, header.rstrip().endswith("was")) == (width >= 80, width == 200)


def test_a_rule_without_decisions_was_never_evaluated(capsys: pytest.CaptureFixture[str]) -> None:
    shown = said(capsys, "why-not", "latest", "--to", "2024-01-01T00:30", "--no-near")
    assert shown.rstrip().endswith("exits.out: never evaluated")


def test_a_stretch_and_a_rule_narrow_the_question(capsys: pytest.CaptureFixture[str]) -> None:
    asked = ("--from", "2024-01-01T12:00", "--to", "2024-01-01T13:00", "--rule", "exits", "--no-near")
    text = said(capsys, "why-not", "latest", *asked)
    assert "BTC/USDC: 60 decisions" in text
    assert "exits.out" in text and "entries.long" not in text


@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        (("--from", "2031-01-01"), "FC1110"),
        (("--from", "2024-01-02", "--to", "2024-01-01"), "`--from` is not before `--to`"),
        (("--rule", "entries.short"), "no rule `entries.short`"),
        (("--instrument", "eth"), "does not trade `eth`"),
        (("--data", "nowhere"), "FC1011"),
    ],
)
def test_a_wrong_question_is_one_message(
    capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], part: str
) -> None:
    assert part in said(capsys, "why-not", "latest", *arguments, code=Exit.USAGE)


# trace


def test_values_stand_at_their_decisions_with_units(capsys: pytest.CaptureFixture[str]) -> None:
    text = said(capsys, "trace", "latest", "--let", "quick,rising", "--let", "channel.upper", "--expr", "close")
    table = list(csv.reader(io.StringIO(text)))
    assert table[0] == ["time", "time_ns", "quick [USDC/BTC]", "rising", "channel.upper [USDC/BTC]", "close [USDC/BTC]"]
    body = table[1:]
    rows = decisions()
    assert [int(line[1]) for line in body] == rows["time"].tolist()
    armed = (rows["reason"] & 0xFFFF) != 0
    assert [all(line[2:]) for line in body] == armed.tolist()
    closes = [float(line[5]) for line in body if line[5]]
    quick = [float(line[2]) for line in body if line[2]]
    for k in range(1, len(quick)):  # alpha of 5 is 1/3
        assert math.isclose(quick[k], quick[k - 1] + (closes[k] - quick[k - 1]) / 3, rel_tol=1e-12)
    assert body[0][0] == "2024-01-01T00:01:00Z"


def test_every_keeps_the_last_decision_of_each_stretch(capsys: pytest.CaptureFixture[str]) -> None:
    asked = ("--let", "quick", "--from", "2024-01-01T06:00", "--to", "2024-01-01T09:00", "--every", "1h")
    times = [line.split(",")[0] for line in said(capsys, "trace", "latest", *asked).splitlines()[1:]]
    assert times == ["2024-01-01T06:59:00Z", "2024-01-01T07:59:00Z", "2024-01-01T08:59:00Z"]


def test_files_hold_what_the_pipe_gets(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    text = said(capsys, "trace", "latest", "--let", "quick,rising")
    assert run(["trace", "latest", "--let", "quick,rising", "-o", str(tmp_path / "a.csv")]) == Exit.OK
    assert (tmp_path / "a.csv").read_text() == text
    assert run(["trace", "latest", "--let", "quick,rising", "-o", str(tmp_path / "a.parquet")]) == Exit.OK
    frame = pl.read_parquet(tmp_path / "a.parquet")
    assert frame.columns == ["time", "time_ns", "quick [USDC/BTC]", "rising"]
    assert frame["rising"].dtype == pl.Boolean
    lines = list(csv.reader(io.StringIO(text)))[1:]
    assert ["" if v is None else repr(v) for v in frame["quick [USDC/BTC]"].to_list()] == [line[2] for line in lines]


def test_without_names_everything_that_is_read_is_traced(capsys: pytest.CaptureFixture[str]) -> None:
    header = said(capsys, "trace", "latest", "--every", "1d").splitlines()[0]
    assert header.startswith("time,time_ns,quick [USDC/BTC],calm [USDC/BTC],rising,channel.upper [USDC/BTC]")


@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        (("--let", "quik"), "did you mean `quick`?"),
        (("--let", "channel.top"), "has no part `top`"),
        (("--expr", "close +"), "FC0101"),
        (("--expr", "ema(close@5m, 3)"), "which the run did not have"),
        (("--every", "soon"), "is not a length of time"),
        (("-o", "a.xlsx"), "neither .csv nor .parquet"),
        (("--from", "2031-01-01"), "FC1110"),
    ],
)
def test_what_cannot_be_traced_is_one_message(
    capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], part: str
) -> None:
    assert part in said(capsys, "trace", "latest", *arguments, code=Exit.USAGE)


# runs that are not whole


@pytest.mark.parametrize("command", [("why-not",), ("trace",), ("explain", "--at", "2024-01-01T12:00")])
@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (lambda run: (run / "decisions.parquet").unlink(), "it has no `decisions.parquet`"),
        (lambda run: (run / "decisions.parquet").write_bytes(b"x" * 300), "`decisions.parquet` is damaged"),
        (lambda run: (run / "strategy.yaml").unlink(), "it has no `strategy.yaml`"),
        (lambda run: (run / "manifest.json").write_bytes(b"\xff\xfe"), "`manifest.json` is not text"),
        (
            lambda run: (
                pl.read_parquet(run / "decisions.parquet").drop("mask").write_parquet(run / "decisions.parquet")
            ),
            "`decisions.parquet` has no column `mask`",
        ),
    ],
)
def test_a_run_that_lacks_a_file_is_one_message(
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    command: tuple[str, ...],
    damage: Callable[[Path], object],
    words: str,
) -> None:
    folder = latest_run(Path("runs"))
    assert folder is not None
    shutil.copytree(folder, tmp_path / "run")
    damage(tmp_path / "run")
    shown = said(capsys, command[0], str(tmp_path / "run"), *command[1:], code=Exit.FILE)
    assert "FC1103" in shown
    assert words in shown


def test_data_that_moved_is_asked_for(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLASHC_DATA", "elsewhere")
    shown = said(capsys, "trace", "latest", code=Exit.FILE)
    assert "the data of this run is gone" in shown
    assert "`--data`" in shown

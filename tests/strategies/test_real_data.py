"""The ready strategies, and the two long examples of the language, run on recorded bars, books and trades.

The files are found in the folder FLASHC_REAL_DATA, or in `shared/data/real` beside the repository; without them nothing
is tested here.
"""

from __future__ import annotations

import json
import os
from decimal import Decimal
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from flashc.cli.app import run
from flashc.cli.exit_codes import Exit
from support.measured import MEASURED

ROOT = Path(__file__).resolve().parents[2]
REAL = Path(os.environ.get("FLASHC_REAL_DATA", ROOT.parent / "shared" / "data" / "real"))
FILES = sorted((ROOT / "strategies").glob("*.yaml"))
EXAMPLES = [ROOT / "tests" / "data" / "strategies" / f"{name}.yaml" for name in ("btc_micro_trend", "revert_two")]
DAY = "2024-08-08_2024-08-09"
NEEDED = {
    f"{name}{kind}": [f"{name}-usdt_binance_{part}.parquet" for part in parts]
    for name in ("btc", "eth")
    for kind, parts in (("", ["1m_2024-07_2024-08"]), ("_l2", [f"depth_{DAY}", f"trades_{DAY}"]))
}
pytestmark = [
    pytest.mark.skipif(
        not all((REAL / file).is_file() for files in NEEDED.values() for file in files), reason="no recorded data"
    ),
    pytest.mark.xdist_group("strategies"),
]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the recorded data sets, as if USDT were USDC."""
    folder = tmp_path_factory.mktemp("real")
    for name, files in NEEDED.items():
        symbol = f"{name[:3].upper()}/USDC"
        paths = [str(REAL / file) for file in files]
        arguments = ["--instrument", symbol, "--name", name, "--root", str(folder / "data")]
        assert run(["data", "import", *paths, *arguments]) == Exit.OK
    return folder


def printed(file: Path, names: list[str], place: Path, capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    data = ",".join(str(place / "data" / name) for name in names)
    capsys.readouterr()
    assert run(["backtest", str(file), "--data", data, "--out", str(place / "runs"), *arguments]) == Exit.OK
    return capsys.readouterr().out


def result(file: Path, place: Path, capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(printed(file, MEASURED.data_of(file), place, capsys, "--json", *arguments))
    return found


@pytest.mark.parametrize("file", FILES, ids=lambda path: path.stem)
def test_a_ready_strategy_trades_on_recorded_data(file: Path, place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = result(file, place, capsys)
    assert len(found["trades"]) >= 3
    assert sum(Decimal(trade["fees"]) for trade in found["trades"]) <= Decimal(found["metrics"]["fees"])


@pytest.mark.parametrize("file", EXAMPLES, ids=lambda path: path.stem)
def test_a_long_example_decides_on_recorded_books(file: Path, place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = printed(file, ["btc_l2", "eth_l2", "btc", "eth"], place, capsys)
    assert "flat, no entry rule held" in text


def folder_hashes(folder: Path) -> dict[str, str]:
    """File name -> hash of its bytes, for the only run folder below `folder`."""
    (only,) = folder.iterdir()
    return {path.name: sha256(path.read_bytes()).hexdigest() for path in only.iterdir()} | {"folder": only.name}


@pytest.mark.parametrize("file", FILES, ids=lambda path: path.stem)
def test_the_compiled_engines_leave_the_same_run_folder(
    file: Path, place: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for engine in ("c", "numba"):
        result(file, place, capsys, "--engine", engine, "--out", str(tmp_path / engine))
    assert folder_hashes(tmp_path / "c") == folder_hashes(tmp_path / "numba")


@pytest.mark.parametrize("name", sorted(MEASURED.BOOKS))
def test_the_reference_leaves_the_same_run_folder_on_recorded_books(
    name: str, place: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file, until = ROOT / "strategies" / f"{name}.yaml", "2024-08-08T23:54:40"
    for engine in ("c", "ref"):
        result(file, place, capsys, "--to", until, "--engine", engine, "--out", str(tmp_path / engine))
    assert folder_hashes(tmp_path / "c") == folder_hashes(tmp_path / "ref")

"""Runs the ready strategies over generated data and writes the table of `strategies/README.md`. `make docs` runs it."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "strategies" / "README.md"
SEED = 11
SYMBOLS = {"BTC/USDC": "btc", "ETH/USDC": "eth"}
LENGTHS = {"": ["--bars", "200000"], "_l2": ["--kind", "book", "--duration", "20m"]}
BOOKS = {"imbalance_scalper", "revert_two", "spread_capture"}

_TABLE = re.compile(r"(<!-- measured: begin.*?-->\n).*?(<!-- measured: end -->)", re.S)


def data_of(file: Path) -> list[str]:
    """The data sets that a strategy needs: bars of each instrument that it names, or a book with its trades."""
    text = file.read_text(encoding="utf-8")
    kind = "_l2" if file.stem in BOOKS else ""
    return [name + kind for symbol, name in SYMBOLS.items() if symbol in text]


def synths() -> list[list[str]]:
    """Arguments of the commands that generate the data sets."""
    return [
        ["data", "synth", *length, "--seed", str(SEED), "--instrument", symbol, "--name", f"{name}{kind}"]
        for kind, length in LENGTHS.items()
        for symbol, name in SYMBOLS.items()
    ]


def table(backtest: Callable[[Path], dict[str, Any]]) -> str:
    """One row for each strategy. `backtest` gives what `flashc backtest --json` prints for a file."""
    lines = [
        "| strategy | data | trades | win rate | profit factor | net profit | return | drawdown | exposure | fees |",
        "|---|---|--:|--:|--:|--:|--:|--:|--:|--:|",
    ]
    for file in sorted((ROOT / "strategies").glob("*.yaml")):
        found = backtest(file)["metrics"]
        factor = "-" if found["profit_factor"] is None else f"{found['profit_factor']:.2f}"
        cells = [
            f"[{file.stem}]({file.name})",
            " ".join(f"`{name}`" for name in data_of(file)),
            f"{found['trades']:,}",
            _share(found["win_rate"]),
        ]
        cells += [factor, f"{float(found['net_pnl']):,.2f}", _share(found["return"]), _share(found["max_drawdown"])]
        cells += [_share(found["exposure"]), f"{float(found['fees']):,.2f}"]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def filled(text: str, rows: str) -> str:
    """The page with a fresh table."""
    return _TABLE.sub(lambda match: match[1] + rows + match[2], text)


def _share(value: float | None) -> str:
    return "-" if value is None else f"{round(100 * value, 2) + 0.0:.2f} %"  # + 0.0: never "-0.00 %"


def _flashc(folder: Path, *arguments: str) -> str:
    command = [sys.executable, "-m", "flashc", *arguments]
    return subprocess.run(command, cwd=folder, stdout=subprocess.PIPE, text=True, check=True).stdout


def main(folder: Path) -> None:
    for arguments in synths():
        _flashc(folder, *arguments, "--root", str(folder / "data"))

    def backtest(file: Path) -> dict[str, Any]:
        data = ",".join(str(folder / "data" / name) for name in data_of(file))
        found: dict[str, Any] = json.loads(_flashc(folder, "backtest", str(file), "--data", data, "--json"))
        return found

    PAGE.write_text(filled(PAGE.read_text(encoding="utf-8"), table(backtest)), encoding="utf-8")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as name:
        main(Path(name))

"""Runs the ready strategies over generated bars and writes the table of `strategies/README.md`. `make docs` runs it."""

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
BARS = 200_000
SEED = 11
DATA = {"BTC/USDC": "btc", "ETH/USDC": "eth"}

_TABLE = re.compile(r"(<!-- measured: begin.*?-->\n).*?(<!-- measured: end -->)", re.S)


def data_of(file: Path) -> str:
    """The name of the data set of the instrument that a strategy trades."""
    return next(name for symbol, name in DATA.items() if f"\ntrade: {symbol}\n" in file.read_text(encoding="utf-8"))


def synth(symbol: str, name: str) -> list[str]:
    """Arguments of the command that generates the bars."""
    return ["data", "synth", "--seed", str(SEED), "--bars", str(BARS), "--instrument", symbol, "--name", name]


def table(backtest: Callable[[Path], dict[str, Any]]) -> str:
    """One row for each strategy. `backtest` gives what `flashc backtest --json` prints for a file."""
    lines = [
        "| strategy | data | trades | win rate | profit factor | net profit | return | drawdown | exposure | fees |",
        "|---|---|--:|--:|--:|--:|--:|--:|--:|--:|",
    ]
    for file in sorted((ROOT / "strategies").glob("*.yaml")):
        found = backtest(file)["metrics"]
        factor = "-" if found["profit_factor"] is None else f"{found['profit_factor']:.2f}"
        cells = [f"[{file.stem}]({file.name})", f"`{data_of(file)}`", f"{found['trades']:,}", _share(found["win_rate"])]
        cells += [factor, f"{float(found['net_pnl']):,.2f}", _share(found["return"]), _share(found["max_drawdown"])]
        cells += [_share(found["exposure"]), f"{float(found['fees']):,.2f}"]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def filled(text: str, rows: str) -> str:
    """The page with a fresh table."""
    return _TABLE.sub(lambda match: match[1] + rows + match[2], text)


def _share(value: float | None) -> str:
    return "-" if value is None else f"{100 * value:.2f} %"


def _flashc(folder: Path, *arguments: str) -> str:
    command = [sys.executable, "-m", "flashc", *arguments]
    return subprocess.run(command, cwd=folder, stdout=subprocess.PIPE, text=True, check=True).stdout


def main(folder: Path) -> None:
    for symbol, name in DATA.items():
        _flashc(folder, *synth(symbol, name), "--root", str(folder / "data"))

    def backtest(file: Path) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(
            _flashc(folder, "backtest", str(file), "--data", str(folder / "data" / data_of(file)), "--json")
        )
        return found

    PAGE.write_text(filled(PAGE.read_text(encoding="utf-8"), table(backtest)), encoding="utf-8")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as name:
        main(Path(name))

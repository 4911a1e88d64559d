"""`make demo`: from the file to an explained trade, on bars and on an order book that it makes itself.

Everything runs through the command line, as a user would type it; the lines that begin with `$` are the commands.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
STRATEGY = ROOT / "strategies" / "ema_cross.yaml"
SCALPER = ROOT / "strategies" / "imbalance_scalper.yaml"


def flashc(folder: Path, *arguments: str) -> str:
    """Run one command in `folder`, show it and what it prints, and return its output."""
    show = " ".join(arguments).replace(str(ROOT) + "/", "")
    print(f"\n$ flashc {show}", flush=True)
    text = quiet(folder, *arguments)
    print(text, end="", flush=True)
    return text


def quiet(folder: Path, *arguments: str) -> str:
    """Run one command in `folder`; return its output. A failure ends the demo with the command's own message."""
    done = subprocess.run([sys.executable, "-m", "flashc", *arguments], cwd=folder, stdout=subprocess.PIPE, text=True)
    if done.returncode:
        sys.exit(done.returncode)
    return done.stdout


def on_bars(folder: Path) -> None:
    """Check, compile, make data, backtest with a report, explain the first trade's entry."""
    strategy = str(STRATEGY)
    print(STRATEGY.read_text(encoding="utf-8"), end="")
    flashc(folder, "check", strategy, "--report")
    flashc(folder, "compile", strategy, "-o", "artifacts")
    flashc(folder, "data", "synth", "--seed", "7", "--bars", "100000", "--name", "demo", "--replace")
    flashc(folder, "backtest", strategy, "--data", "demo", "--report", "report.html")
    result = json.loads(quiet(folder, "backtest", strategy, "--data", "demo", "--json"))
    if result["trades"]:
        flashc(folder, "explain", "latest", "--at", str(result["trades"][0]["entry_ts"]))


def on_a_book(folder: Path) -> None:
    """Make an order book with trades, run the scalper on it from some distance to the venue, with a report."""
    strategy, book = str(SCALPER), ["--kind", "book", "--seed", "7", "--duration", "20m"]
    flashc(folder, "data", "synth", *book, "--name", "demo_book", "--replace")
    away = ["--latency", "place=20ms,cancel=20ms,response=10ms"]
    flashc(folder, "backtest", strategy, "--data", "demo_book", *away, "--report", "book.html")


def main(folder: Path) -> None:
    """Both walks, then where to look."""
    on_bars(folder)
    on_a_book(folder)
    print(f"\nEverything that was written is in {folder}\nThe reports, for any browser:")
    print(f"  {folder / 'report.html'}\n  {folder / 'book.html'}")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(tempfile.mkdtemp(prefix="flashc-demo-")))

"""`backtest --report FILE`: a finished run as one HTML page."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from . import console
from .problem import Problem

if TYPE_CHECKING:
    from ..runtime.market_data.tapes.file import Tape
    from ..runtime.report.series import Bars, Chart
    from .outcome import Outcome
    from .prepared import Prepared
    from .running import Finished


def check_place(path: Path) -> None:
    """Before a long run: raises `Problem` if the page could not be written there."""
    if path.is_dir():
        raise Problem(f"`{path}` is a directory", helps=(f"name a file, such as `{path / 'report.html'}`",))
    near = next((parent for parent in path.absolute().parents if parent.exists()), None)
    if near is not None and not near.is_dir():
        raise Problem(f"`{near}` is a file, so `{path}` cannot be written")


def report_line(outcome: Outcome, folder: Path, path: Path | None) -> str:
    """Write the page of the run in `folder`; returns the line that says so, behind a newline. Raises OSError."""
    if path is None:
        return ""
    from ..runtime.report.page import write_report

    console.hint("writing the report")
    path.parent.mkdir(parents=True, exist_ok=True)
    size = write_report(folder, path, chart_of(outcome.prepared, outcome.finished))
    return f"\n{'Report':<10}  {path} ({size / 1e6:.1f} MB), opens in any browser"


def chart_of(prepared: Prepared, finished: Finished) -> Chart:
    """The prices of each traded instrument, and the values that the file names."""
    from ..runtime.report.series import Chart
    from .running import base_numbers
    from .traced import indicators

    numbers = dict.fromkeys(base_numbers(finished))
    bars = [bars for bars in (_bars(finished.tape, number) for number in numbers) if len(bars)]
    return Chart(bars, indicators(prepared, finished, bars, _say_compiling))


def _say_compiling() -> None:
    console.hint("compiling the kernel that writes down values for the chart; this happens once for a strategy")


def _bars(tape: Tape, number: int) -> Bars:
    """The bars of a stream; of a trade stream, bars made from its trades. A book without trades has none."""
    from ..runtime.report.series import bars_of_tape, bars_of_trades

    stream = tape.streams[number]
    decimals = stream.price_decimals, stream.qty_decimals
    if stream.kind == "bar":
        return bars_of_tape(tape.records, number, stream.symbol, *decimals, stream.period_ns)
    return bars_of_trades(tape.records, [number], stream.symbol, *decimals)

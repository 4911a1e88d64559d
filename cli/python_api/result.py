"""A finished backtest as a value: figures, frames, pictures, the report, and the explanation of a decision."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from functools import cached_property
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from . import given
from .errors import told, usage
from .tables import NAMES, Tables, pandas_frame
from .texts import Text

if TYPE_CHECKING:
    import polars as pl

    from ..outcome import Outcome
    from .drawing import Line, Mark, Picture

#: The figures of the short form; `print` and `metrics` have them all.
SHOWN = (
    "Period", "Bars", "Events", "End equity", "Net profit", "Buy and hold", "Max drawdown", "Sharpe", "Profit factor",
    "Win rate", "Trades", "Exposure", "Fees",
)  # fmt: skip

#: Beyond so many round trips a picture shows no marks: they would hide the price.
MOST_MARKS = 2000


class Result:
    """What `Strategy.backtest` returns. Frames are made when they are first asked for."""

    def __init__(self, outcome: Outcome, data: Sequence[str]) -> None:
        self._outcome = outcome
        self._data = tuple(data)
        self._tables = Tables(outcome)

    @property
    def strategy(self) -> str:
        return self._outcome.summary.strategy

    @property
    def params(self) -> dict[str, str]:
        """The parameters of this run, as they were spelled."""
        return dict(self._outcome.view.params)

    @property
    def assumptions(self) -> list[str]:
        """Everything that was assumed, one line each."""
        return list(self._outcome.view.assumptions)

    @cached_property
    def metrics(self) -> dict[str, Any]:
        """Figure -> number, with the names of `backtest --json`; None for a figure that does not exist."""
        found = self._outcome.json()["metrics"]
        assert isinstance(found, dict)
        return {name: float(value) if isinstance(value, str) else value for name, value in found.items()}

    @cached_property
    def trades(self) -> pl.DataFrame:
        """Finished round trips."""
        return self._tables.trades()

    @cached_property
    def fills(self) -> pl.DataFrame:
        """Executions."""
        return self._tables.fills()

    @cached_property
    def orders(self) -> pl.DataFrame:
        """Orders, with what became of them."""
        return self._tables.orders()

    @cached_property
    def equity(self) -> pl.DataFrame:
        """Equity and drawdown over time."""
        return self._tables.equity()

    @cached_property
    def decisions(self) -> pl.DataFrame:
        """Decisions, with their reasons."""
        return self._tables.decisions()

    def to_pandas(self, table: str = "trades") -> Any:
        """One of the tables as a pandas frame. Raises `FlashcError` without pandas, or for another name."""
        if table not in NAMES:
            raise usage(f"there is no table `{table}`", f"there are: {', '.join(NAMES)}")
        try:
            return pandas_frame(getattr(self, table))
        except ModuleNotFoundError:
            raise usage("pandas is not installed", "`pip install 'flashc[notebook]'`") from None

    def json(self) -> dict[str, object]:
        """The object that `flashc backtest --json` prints, with money, prices and quantities as exact text."""
        return self._outcome.json()

    def save(self, out: str | Path = "runs") -> Path:
        """Write the run folder below `out`, as the command does, and return it."""
        with told():
            return self._outcome.write(str(out))

    def report(self, path: str | Path) -> Path:
        """Write the run as one HTML page that opens offline; returns its path."""
        from ..report import check_place, report_line

        place = Path(path)
        with told(), tempfile.TemporaryDirectory() as scratch:
            check_place(place)
            report_line(self._outcome, self._outcome.write(scratch), place)
        return place

    def explain(self, at: Any) -> Text:
        """Why it traded or did not at that time, clause by clause, as `flashc explain` says it."""
        from ..explain_text import explain_text
        from ..inquiry import inquire
        from ..runs import open_run

        moment = given.moment("at", at)
        if moment is None:
            raise usage("no time was given", "write '2024-03-01T09:30' (UTC), or a datetime")
        with told(), tempfile.TemporaryDirectory() as scratch:
            past = open_run(str(self._outcome.write(scratch)))
            return Text(explain_text(inquire(past, moment, list(self._data)), False))

    def plot(self, instrument: str | None = None) -> Picture:
        """Price with entries and exits, equity and drawdown, as a picture. Raises `FlashcError`.

        `instrument` is the symbol to show, the first one if it is left out.
        """
        from .drawing import RED, Line, panes

        symbols = [grid.symbol for grid in self._outcome.summary.grids]
        symbol = symbols[0] if instrument is None else instrument
        if symbol not in symbols:
            raise usage(f"the strategy does not trade `{symbol}`", f"it trades {', '.join(symbols)}")
        time = self._outcome.finished.result.equity_time
        equity, fall = (self.equity[name].to_numpy() for name in ("equity", "drawdown"))
        lines = [
            self._price(symbols.index(symbol), symbol),
            Line(f"equity, {self._outcome.view.quote}", time, equity, 130),
            Line("drawdown, %", time, 100 * fall, 70, RED, True),
        ]
        return panes(f"{self.strategy} on {symbol}", lines, self._marks(symbol) if len(lines[0].time) else ())

    def _price(self, number: int, symbol: str) -> Line:
        from ..running import price_course
        from .drawing import Line

        time, ticks = price_course(self._outcome.finished, number)
        decimals = self._outcome.summary.grids[number].price_decimals
        return Line(symbol, time, ticks / 10.0**decimals, 200, "#888888", decimals=decimals)

    def _marks(self, symbol: str) -> list[Mark]:
        import polars as pl

        from .drawing import Mark

        own = self.trades.filter(pl.col("instrument") == symbol)
        if len(own) > MOST_MARKS:
            return []
        found = []
        for way in ("entry", "exit"):
            times, rules = own[f"{way}_time"].to_physical(), own[f"{way}_rule"]
            for time, price, rule, side in zip(times, own[f"{way}_price"], rules, own["side"], strict=True):
                found.append(Mark(time, price, (way == "entry") == (side == "long"), f"{rule} at {price}"))
        return found

    def __str__(self) -> str:
        """What `flashc backtest` prints."""
        text = self._outcome.text("")
        return text[: text.rindex("\nRun folder")]

    def __repr__(self) -> str:
        from ..tables import title_of
        from ..text import pairs

        return f"{title_of(self._outcome.view)}\n\n{pairs(self._rows())}"

    def _repr_html_(self) -> str:
        from ..tables import title_of
        from .drawing import small

        cells = "".join(
            f'<tr><td style="text-align:left">{escape(name)}</td><td style="text-align:right">{escape(value)}</td></tr>'
            for name, value in self._rows()
        )
        line = small(self.equity["equity"].to_numpy(), "equity")
        return f"<div><b>{escape(title_of(self._outcome.view))}</b>{line}<table>{cells}</table></div>"

    def _rows(self) -> list[tuple[str, str]]:
        from ..tables import figures

        return [row for row in figures(self._outcome.view) if row[0] in SHOWN]

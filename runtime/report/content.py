"""The readable part of a page as plain texts and rows: everything that the template prints."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..backtest.money import Ints, exact_sum
from . import statistics as count
from . import text
from .drawing import equity_drawing, histogram
from .figures import FigureGroup, Tile, figure_groups, tiles
from .folder import Run
from .highlight import highlight
from .series import Chart


@dataclass(frozen=True, slots=True)
class Cell:
    """A month: its text, and a shade from -1 (worst) to 1 (best)."""

    text: str
    shade: float


@dataclass(frozen=True, slots=True)
class Distribution:
    title: str
    note: str
    drawing: str  # SVG
    marks: tuple[str, ...]  # labels below it, evenly spread
    zero: float | None = None  # where 0 lies between two labels, in percent


@dataclass(frozen=True, slots=True)
class Row:
    """A line of a table: texts, and a share for the bar behind the last one."""

    cells: tuple[str, ...]
    share: float = 0.0


@dataclass(frozen=True, slots=True)
class Content:
    """Texts are not escaped yet, except `drawing`s and `source`, which are HTML."""

    title: str
    doc: str
    symbols: str
    period: str
    tiles: Sequence[Tile]
    drawing: str
    chart_note: str
    years: Sequence[tuple[str, Sequence[Cell], Cell]]
    distributions: Sequence[Distribution]
    figures: Sequence[FigureGroup]
    costs: Sequence[tuple[str, str]]
    exit_rules: Sequence[Row]
    reasons: Sequence[Row]
    clauses: Sequence[tuple[str, Sequence[Row]]]
    rejects: Sequence[tuple[str, str]]
    assumptions: Sequence[str]
    facts: Sequence[tuple[str, str]]
    params: Sequence[tuple[str, str]]
    source: str
    trades: int
    version: str
    run_id: str


def content_of(run: Run, chart: Chart) -> Content:
    """Everything that can be read without a script."""
    manifest, places = run.manifest, money_places(run)
    bars = chart.bars[0] if len(chart.bars) == 1 else None
    spent = count.costs(run, bars.time, bars.close) if bars else count.costs(run)
    data = manifest["data"]
    return Content(
        title=run.strategy,
        doc=str(manifest.get("doc", "")).strip(),
        symbols=", ".join(i.symbol for i in run.instruments),
        period=f"{count.moment(data['from'])} \N{EN DASH} {count.moment(data['to'])} UTC",
        tiles=tiles(run, places),
        drawing=equity_drawing(run.column("equity", "time"), run.column("equity", "equity"), run.start),
        chart_note=_chart_note(chart),
        years=_years(count.monthly_returns(run)),
        distributions=_distributions(run, places),
        figures=figure_groups(run, places),
        costs=_costs(run, spent, places),
        exit_rules=_exit_rules(run, places),
        reasons=_reasons(run),
        clauses=_clauses(run),
        rejects=[(name.replace("_", " "), f"{n:,}") for name, n in manifest.get("rejects", {}).items()],
        assumptions=[str(line) for line in manifest.get("assumptions", ())],
        facts=_facts(run),
        params=[(str(name), _plain(value)) for name, value in params_of(manifest).items()],
        source=highlight(run.source),
        trades=len(run.trades),
        version=str(manifest.get("flashc", "")),
        run_id=str(manifest["id"]),
    )


def money_places(run: Run) -> int:
    """Cents, or finer where trades earn less than that."""
    pnl = run.trades.pnl
    typical = float(np.median(np.abs(pnl))) if len(pnl) else 1e8
    return 2 if typical >= 1e7 else 4


def _plain(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def _chart_note(chart: Chart) -> str:
    merged = [bars for bars in chart.bars if bars.period_ns]
    if not merged:
        return "This run has no bars to draw."
    return f"Finest bars: {text.span(merged[0].period_ns)}, {len(merged[0]):,} of them."


def _years(years: Sequence[count.Year]) -> list[tuple[str, Sequence[Cell], Cell]]:
    values = [abs(m) for year in years for m in year.months if m is not None]
    most = max(values, default=0.0) or 1.0

    def cell(value: float | None, scale: float) -> Cell:
        if value is None:
            return Cell("", 0.0)
        # The square root keeps small months apart from nothing.
        shade = np.sign(value) * min(1.0, abs(value) / scale) ** 0.5
        return Cell(text.percent(value, 1).removesuffix("\N{NARROW NO-BREAK SPACE}%"), round(float(shade), 3))

    return [(str(y.year), [cell(m, most) for m in y.months], cell(y.total, 3 * most)) for y in years]


def _distributions(run: Run, places: int) -> list[Distribution]:
    profit, held = count.profit_bins(run), count.holding_bins(run)
    if not profit:
        return []
    hours, days = count.hour_bins(run), count.weekday_bins(run)
    bounds = [
        f"{text.money(round(b.low), places)} to {text.money(round(b.high), places)} {run.quote}: "
        + text.plural(b.count, "trade")
        for b in profit
    ]
    low, high = profit[0].low, profit[-1].high
    ends = (text.money(round(low), places, True), text.money(round(high), places, True))
    zero = -100 * low / (high - low)
    colour = "Red where trades of the bin lost together."
    return [
        Distribution("Profit of a trade", f"In {run.quote}, after fees; the ends hold what is beyond.",
                     histogram(profit, bounds), ends, round(zero, 2) if 12 < zero < 88 else None),
        Distribution("Time held", colour, histogram(held, _titles(run, held, places)), tuple(b.label for b in held)),
        Distribution("Hour of entry", f"UTC. {colour}", histogram(hours, _titles(run, hours, places)),
                     tuple(b.label if k % 3 == 0 else "" for k, b in enumerate(hours))),
        Distribution("Weekday of entry", f"UTC. {colour}", histogram(days, _titles(run, days, places)),
                     tuple(b.label for b in days)),
    ]  # fmt: skip


def _titles(run: Run, bins: Sequence[count.Bin], places: int) -> list[str]:
    return [f"{b.label}: {text.plural(b.count, 'trade')}, {text.money(b.pnl, places, True)} {run.quote}" for b in bins]


def _costs(run: Run, spent: count.Costs, places: int) -> list[tuple[str, str]]:
    quote, total = run.quote, spent.taken + spent.rested
    fees = spent.taker_fees + spent.maker_fees
    account = run.manifest["account"]
    rows = [
        ("Fees", f"{text.money(fees, places)} {quote}"),
        ("Fees of start equity", text.percent(fees / run.start)),
        (
            "Taker fills",
            f"{spent.taker_fills:,} ({text.percent(spent.taken / total if total else None, 1)} of turnover)",
        ),
        (
            "Maker fills",
            f"{spent.maker_fills:,} ({text.percent(spent.rested / total if total else None, 1)} of turnover)",
        ),
        ("Taker fees", f"{text.money(spent.taker_fees, places)} {quote} at {_rate(account['taker'])}"),
        ("Maker fees", f"{text.money(spent.maker_fees, places)} {quote} at {_rate(account['maker'])}"),
        ("Turnover", f"{text.money(total, 0)} {quote}"),
        ("Turnover of start equity", text.number(total / run.start) + "\N{MULTIPLICATION SIGN}"),
        ("Slippage", f"{text.money(spent.slippage, places)} {quote} ({account.get('slippage_ticks', 0)} ticks)"),
    ]
    if spent.drift is not None:
        rows.append(("Moved from decision to fill", f"{text.money(spent.drift, places)} {quote} against the orders"))
    gross = exact_sum(run.trades.pnl) + exact_sum(run.trades.fees)
    rows.append(("Profit before fees", f"{text.money(gross, places, True)} {quote}"))
    return rows


def _rate(rates: object) -> str:
    """One rate, or one for each instrument: those that differ."""
    each = rates if isinstance(rates, list) else [rates]
    return ", ".join(dict.fromkeys(text.percent(float(str(rate)), 3) for rate in each))


def _exit_rules(run: Run, places: int) -> list[Row]:
    trades, rows = run.trades, []
    for rule in np.unique(trades.exit_rule):
        mine: Ints = trades.pnl[trades.exit_rule == rule]
        held: Ints = (trades.exit_time - trades.entry_time)[trades.exit_rule == rule]
        total = exact_sum(mine)
        cells = (
            run.rules[int(rule)],
            f"{len(mine):,}",
            text.percent(float(np.count_nonzero(mine > 0)) / len(mine), 1),
            text.money(round(total / len(mine)), places, True),
            text.span(int(held.mean())),
            text.money(total, places, True),
        )
        rows.append(Row(cells))
    return rows


def _reasons(run: Run) -> list[Row]:
    found = count.reason_counts(run)
    total = sum(n for _, n in found) or 1
    return [
        Row((text.MEANINGS.get(name, name.replace("_", " ")), name, f"{n:,}", text.percent(n / total)), n / total)
        for name, n in found
    ]


def _clauses(run: Run) -> list[tuple[str, Sequence[Row]]]:
    groups: dict[str, list[Row]] = {}
    for c in count.clause_counts(run):
        seen = max(1, c.evaluated)
        name = f"{c.set}.{c.rule}: held as a whole {text.percent(c.rule_held / seen)} of {c.evaluated:,} decisions"
        cells = (c.name, text.percent(c.held / seen), f"{c.evaluated - c.held:,}", f"{c.alone:,}")
        groups.setdefault(name, []).append(Row(cells, c.held / seen))
    return list(groups.items())


def _facts(run: Run) -> list[tuple[str, str]]:
    manifest = run.manifest
    armed, decided = count.armed_from(run), len(run.column("decisions", "time"))
    waited = int(np.count_nonzero(count.reasons_of(run) == 0))
    over = "never over: the data is shorter than the warm-up" if armed is None else f"over at {count.moment(armed)} UTC"
    rows: list[tuple[str, Any]] = [
        ("Warm-up", f"{over} ({text.plural(waited, 'decision')})"),
        ("Decisions", f"{decided:,}"),
        ("Events", f"{manifest.get('events', 0):,}"),
        ("Data", ", ".join(str(name) for name in manifest.get("sources", ()))),
        ("Venue", f"{manifest['venue']['name']}, as of {manifest['venue'].get('taken', '?')}"),
        ("Made by", f"flashc {manifest.get('flashc', '')}"),
        ("Data hash", str(manifest["data"]["hash"])[:16]),
        ("Meaning hash", str(manifest["meaning"]["ir"])[:16]),
    ]
    rows += [setting(str(key), value) for key, value in _model(manifest).items()]
    return rows


def setting(key: str, value: Any) -> tuple[str, str]:
    """A key of the manifest in words, its value with a unit: `latency_ns` 2000000 as `Latency`, `2ms`."""
    plain = key.removesuffix("_ns")
    if plain != key:
        value = {name: _exact(ns) for name, ns in value.items()} if isinstance(value, dict) else _exact(value)
    return plain.replace("_", " ").capitalize(), _short(value) or text.NONE


def _exact(ns: int) -> str:
    return text.span(ns) if ns % 10**9 == 0 and ns else f"{ns / 1e6:.15g}ms"


def _model(manifest: Any) -> dict[str, Any]:
    """What the manifest says of fills, latency and queues besides the sentences."""
    account = {k: v for k, v in manifest["account"].items() if k not in {"start", "maker", "taker", "slippage_ticks"}}
    return {**account, **(manifest.get("market") or {})}


def params_of(manifest: Mapping[str, Any]) -> dict[str, Any]:
    """As the file writes them, `90s`; plain numbers in a folder that says no more."""
    found: dict[str, Any] = manifest.get("shown_params") or manifest.get("params", {})
    return found


def _short(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key} {_short(inner)}" for key, inner in value.items())
    return ", ".join(map(_short, value)) if isinstance(value, list) else str(value)

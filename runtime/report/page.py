"""Writes a run as one HTML page: `assets/report.html.j2` filled from the run folder, style and script inlined.

    write_report(folder, path, chart)

The page makes no request: a Content-Security-Policy allows nothing but its own style and the one script whose hash it
names. Text of the strategy (names, documentation, rules) reaches HTML escaped, and the script as text only. What the
script draws lies in `<script type="text/plain">` blocks, packed as `packing.py` says, behind everything that can be
read without it.
"""

from __future__ import annotations

import base64
import hashlib
import json
from functools import lru_cache
from pathlib import Path
from typing import Any

from ...cython_core.layout import ATOM_DECIMALS
from ..backtest.money import Ints
from .content import Content, content_of
from .folder import Run, read_run
from .packing import Group, pack
from .series import MOST_BARS, NS_PER_US, Bars, Chart, bar_columns, indicator_columns, merged

ASSETS = Path(__file__).with_name("assets")
STYLES = ("report.css",)
SCRIPTS = ("packing.js", "format.js", "levels.js", "view.js", "draw.js", "chart.js", "trades.js", "main.js")
#: Equity is kept in steps of at most this share of its range.
EQUITY_STEPS = 1 << 20

Packed = dict[str, Group]


def write_report(folder: Path, path: Path, chart: Chart | None = None) -> int:
    """Write the page of the run in `folder` to `path`; returns its size in bytes. Raises OSError."""
    text = render(read_run(folder), chart or Chart())
    data = text.encode()
    path.write_bytes(data)
    return len(data)


def render(run: Run, chart: Chart) -> str:
    """The whole page."""
    chart = Chart([merged(bars) for bars in chart.bars], chart.indicators)
    groups, facts = pack_all(run, chart)
    script = asset_text(SCRIPTS)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    content: Content = content_of(run, chart)
    page: str = _template().render(
        c=content,
        style=asset_text(STYLES),
        script=script,
        script_hash=f"sha256-{digest}",
        facts=script_json(facts),
        groups={name: group.text for name, group in groups.items()},
    )
    return page


@lru_cache(maxsize=1)
def _template() -> Any:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    loader = FileSystemLoader(ASSETS)
    environment = Environment(
        loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    return environment.get_template("report.html.j2")


@lru_cache(maxsize=4)
def asset_text(names: tuple[str, ...]) -> str:
    """Files of `assets/` one after the other. Scripts share one function scope, so that nothing is global."""
    body = "\n".join((ASSETS / name).read_text(encoding="utf-8") for name in names)
    return f'(() => {{\n"use strict";\n{body}\n}})();' if names[0].endswith(".js") else body


def script_json(value: object) -> str:
    """JSON that may stand inside a `<script>` element: nothing in it can end the element or begin a comment."""
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    for mark in "<>&\u2028\u2029":
        text = text.replace(mark, f"\\u{ord(mark):04x}")
    return text


def pack_all(run: Run, chart: Chart) -> tuple[Packed, dict[str, object]]:
    """Packed columns by name of their group, and the facts that the script needs to read them."""
    groups: Packed = {}
    equity, unit = _equity_columns(run)
    groups["equity"] = pack(equity)
    groups["trades"] = pack(_trade_columns(run))
    bars = []
    for k, found in enumerate(chart.bars):
        groups[f"bars{k}"] = pack(bar_columns(found))
        bars.append(_bar_facts(found, f"bars{k}"))
    lines = []
    for k, indicator in enumerate(chart.indicators):
        columns, how = indicator_columns(indicator)
        groups[f"line{k}"] = pack(columns)
        symbol = indicator.symbol or run.instruments[0].symbol
        place = {"name": indicator.name, "unit": indicator.unit, "pane": indicator.place, "symbol": symbol}
        lines.append({"group": f"line{k}", **place, **how})
    facts: dict[str, object] = {
        "strategy": run.strategy,
        "quote": run.quote,
        "atoms": ATOM_DECIMALS,
        "start": run.start,
        "equityUnit": unit,
        "instruments": [
            {"symbol": i.symbol, "price": i.price_decimals, "qty": i.qty_decimals} for i in run.instruments
        ],
        "rules": run.rules,
        "bars": bars,
        "lines": lines,
        "heads": {name: group.object() for name, group in groups.items()},
    }
    return groups, facts


def _bar_facts(bars: Bars, group: str) -> dict[str, object]:
    return {
        "group": group,
        "symbol": bars.symbol,
        "decimals": bars.price_decimals,
        "period": bars.period_ns // NS_PER_US,
    }


def _equity_columns(run: Run) -> tuple[dict[str, Ints], int]:
    """Time in us and equity in units of a power of ten of atoms: fine enough for any screen."""
    time, equity = run.column("equity", "time"), run.column("equity", "equity")
    stride = -(-len(time) // MOST_BARS) or 1
    span = int(equity.max() - equity.min()) if len(equity) else 0
    unit = 10 ** max(0, len(str(span // EQUITY_STEPS)) - (1 if span < EQUITY_STEPS else 0))
    return {"time": time[::stride] // NS_PER_US, "equity": (equity[::stride] + unit // 2) // unit}, unit


def _trade_columns(run: Run) -> dict[str, Ints]:
    trades = run.trades
    return {
        "instrument": trades.instrument,
        "side": trades.side,
        "qty": trades.qty,
        "entry": trades.entry_time // NS_PER_US,
        "entryPrice": trades.entry_price,
        "exit": trades.exit_time // NS_PER_US,
        "exitPrice": trades.exit_price,
        "fees": trades.fees,
        "pnl": trades.pnl,
        "entryRule": trades.entry_rule,
        "exitRule": trades.exit_rule,
        "notional": trades.entry_notional,
    }

"""Every assumption of a backtest in words. The report prints them all; none is silent."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from .running import Costs

if TYPE_CHECKING:
    from ..runtime.backtest.result import RunResult
    from ..runtime.market_data.tape_file import Tape

_FILLS = (
    "an order decided at the close of a bar meets the market at the open of the next bar with volume, and fills whole",
    "a resting limit order fills only when a later bar trades through its price",
    "rules see closed bars only; stop and target are rules, tried in file order at each close",
)


def assumptions(venue: str, costs: Costs, from_venue: bool, tape: Tape, result: RunResult) -> list[str]:
    """One line each: fills, costs, data, and the repairs that were made to the data."""
    source = f"as {venue} pins them" if from_venue else "as given with --fees"
    lines = [*_FILLS, f"fees: maker {rate_text(costs.maker)}, taker {rate_text(costs.taker)}, {source}"]
    lines.append(f"slippage: {costs.slippage_ticks} ticks against the trader on every order that takes")
    lines += list(tape.assumptions)
    lines += [f"{rule.name}: {rule.detail} ({rule.count:,})" for rule in tape.rules]
    if result.waits:
        lines.append(f"orders waited {result.waits:,} times for a bar with volume")
    return lines


def rate_text(rate: Decimal) -> str:
    """`0.05 %`."""
    text = format((100 * rate).normalize(), "f")
    return f"{text} %"

"""What a fetch knows of its data set. It stands in each commit beside the rows that it is about, and nowhere else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Self

from .bar_plan import BarPage
from .ranges import NO_RANGES, Ranges
from .trade_plan import TradePage

FORMAT = "mexc-fetch/1"
#: So many stretches without bars, and truncated seconds, are listed by name; all are counted.
MOST_NAMED = 200


@dataclass(frozen=True, slots=True)
class FetchProgress:
    """What of one symbol and kind has been asked for and stored.

    `covered` is done and never asked for again. `missing` are stretches in it without bars, the longest of them;
    `truncated` are seconds (their start, ns) of which the exchange gives no more than it gave.
    """

    symbol: str
    kind: str
    covered: Ranges = NO_RANGES
    missing: Ranges = NO_RANGES
    missing_bars: int = 0
    truncated: tuple[int, ...] = ()
    truncated_seconds: int = 0
    outside_rows: int = 0

    def with_bars(self, page: BarPage, period_ns: int, stop_ns: int) -> FetchProgress:
        """With a page of bars, of which what lies before `stop_ns` counts as covered."""
        missing = Ranges.of((a, min(b, stop_ns)) for a, b in page.missing)
        named = Ranges.of([*self.missing, *missing])
        return replace(
            self,
            covered=self.covered.plus(page.start_ns, stop_ns),
            missing=named if len(named.parts) <= MOST_NAMED else _longest(named),
            missing_bars=self.missing_bars + missing.length // period_ns,
            outside_rows=self.outside_rows + page.outside,
        )

    def with_trades(self, page: TradePage) -> FetchProgress:
        """With a page of trades."""
        cut = (page.start_ns,) if page.truncated else ()
        return replace(
            self,
            covered=self.covered.plus(page.start_ns, page.stop_ns),
            truncated=(*self.truncated, *cut)[:MOST_NAMED],
            truncated_seconds=self.truncated_seconds + len(cut),
            outside_rows=self.outside_rows + page.outside,
        )

    def and_then(self, later: FetchProgress) -> FetchProgress:
        """With what another fetch of the same symbol and kind has done."""
        named = Ranges.of([*self.missing, *later.missing])
        return replace(
            self,
            covered=Ranges.of([*self.covered, *later.covered]),
            missing=named if len(named.parts) <= MOST_NAMED else _longest(named),
            missing_bars=self.missing_bars + later.missing_bars,
            truncated=(*self.truncated, *later.truncated)[:MOST_NAMED],
            truncated_seconds=self.truncated_seconds + later.truncated_seconds,
            outside_rows=self.outside_rows + later.outside_rows,
        )

    def json(self) -> dict[str, Any]:
        """For a commit."""
        return {
            "format": FORMAT, "symbol": self.symbol, "kind": self.kind, "covered": self.covered.json(),
            "missing": self.missing.json(), "missing_bars": self.missing_bars, "truncated": list(self.truncated),
            "truncated_seconds": self.truncated_seconds, "outside_rows": self.outside_rows,
        }  # fmt: skip

    @classmethod
    def read(cls, facts: Mapping[str, Any]) -> Self | None:
        """From a commit; None if it says nothing of a fetch. KeyError, TypeError or ValueError if it is damaged."""
        if facts.get("format") != FORMAT:
            return None
        return cls(
            str(facts["symbol"]), str(facts["kind"]), Ranges.of(facts["covered"]), Ranges.of(facts["missing"]),
            int(facts["missing_bars"]), tuple(int(second) for second in facts["truncated"]),
            int(facts["truncated_seconds"]), int(facts["outside_rows"]),
        )  # fmt: skip


def covered_of(facts: Mapping[str, Any]) -> list[tuple[int, int]] | None:
    """The stretches of time (ns) that a fetch has stored, from what a record keeps of it; None if it was no fetch."""
    found = FetchProgress.read(facts)
    return None if found is None else list(found.covered)


def _longest(ranges: Ranges) -> Ranges:
    """The longest stretches, in the order of their times."""
    return Ranges.of(sorted(ranges, key=lambda part: (part[0] - part[1], part[0]))[:MOST_NAMED])

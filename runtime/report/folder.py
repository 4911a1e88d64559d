"""A run folder as values: what a page is made of. Columns that a later version adds are ignored, missing ones are 0."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np

from ...cython_core.layout import ATOM_DECIMALS
from ..backtest.money import Ints
from ..backtest.run_folder import read_manifest, read_table
from ..backtest.trades import Trades

_TABLES = ("equity", "trades", "fills", "orders", "decisions")


@dataclass(frozen=True, slots=True)
class Instrument:
    """Its name and grid. `scale` is the atoms in one tick times one lot."""

    symbol: str
    price_decimals: int
    qty_decimals: int

    @property
    def scale(self) -> int:
        return int(10 ** (ATOM_DECIMALS - self.price_decimals - self.qty_decimals))


@dataclass(frozen=True, slots=True)
class Run:
    """Everything that a run folder says. Tables are columns by name."""

    manifest: Mapping[str, Any]
    source: str
    tables: Mapping[str, Mapping[str, Ints]]

    @property
    def strategy(self) -> str:
        return str(self.manifest["strategy"])

    @property
    def instruments(self) -> list[Instrument]:
        facts = self.manifest.get("grids") or [self.manifest["instrument"]]
        return [Instrument(str(f["symbol"]), int(f["price_decimals"]), int(f["qty_decimals"])) for f in facts]

    @property
    def quote(self) -> str:
        return self.instruments[0].symbol.partition("/")[2]

    @property
    def rules(self) -> list[str]:
        return [str(name) for name in self.manifest["rules"]]

    @property
    def metrics(self) -> Mapping[str, Any]:
        found: Mapping[str, Any] = self.manifest["metrics"]
        return found

    @property
    def start(self) -> int:
        """Starting equity in atoms."""
        return atoms(self.manifest["account"]["start"])

    def column(self, table: str, name: str) -> Ints:
        """A column, or zeros where the run has none of that name."""
        columns = self.tables[table]
        if name in columns:
            return columns[name]
        length = len(next(iter(columns.values()))) if columns else 0
        return np.zeros(length, np.int64)

    @property
    def trades(self) -> Trades:
        return Trades(*(self.column("trades", name) for name in Trades.__dataclass_fields__))


def read_run(folder: Path) -> Run:
    """Raises OSError, or ValueError if it is not a run folder of this version."""
    tables = {name: read_table(folder, name) for name in _TABLES}
    return Run(read_manifest(folder), (folder / "strategy.yaml").read_text(encoding="utf-8"), tables)


def atoms(text: str) -> int:
    """Money of a manifest in atoms."""
    return int(Decimal(text).scaleb(ATOM_DECIMALS))

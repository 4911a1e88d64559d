"""Finding a run folder again, and what it says about itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..runtime.backtest.run_folder import MANIFEST, latest_run, read_manifest, read_table
from .problem import Problem

if TYPE_CHECKING:
    from ..runtime.backtest.money import Ints

ROOT = Path("runs")
LATEST = "latest"

_COMMON = ("time", "side", "qty", "price", "instrument", "rule")
#: What the commands read of each table.
_COLUMNS: Mapping[str, tuple[str, ...]] = {
    "decisions": ("time", "reason", "mask"),
    "orders": (*_COMMON, "style", "status"),
    "fills": (*_COMMON, "value", "fee"),
    "trades": (),
    "equity": ("time", "equity"),
}


@dataclass(frozen=True, slots=True)
class PastRun:
    """A run folder: its facts, and its decisions as columns (time, reason, mask)."""

    folder: Path
    manifest: Mapping[str, Any]

    @property
    def strategy_file(self) -> Path:
        """The strategy as it was run. Raises `Problem` if it is gone."""
        path = self.folder / "strategy.yaml"
        if not path.is_file():
            raise _unreadable(self.folder, "it has no `strategy.yaml`")
        return path

    def decisions(self) -> dict[str, Ints]:
        return self.table("decisions")

    def table(self, name: str) -> dict[str, Ints]:
        """The columns of a table. Raises `Problem` if it is gone, damaged or not what a run writes."""
        from polars.exceptions import PolarsError

        try:
            found = read_table(self.folder, name)
        except FileNotFoundError:
            raise _unreadable(self.folder, f"it has no `{name}.parquet`") from None
        except (OSError, PolarsError):
            raise _unreadable(self.folder, f"`{name}.parquet` is damaged, or no Parquet file") from None
        missing = [column for column in _COLUMNS[name] if column not in found]
        if missing:
            raise _unreadable(self.folder, f"`{name}.parquet` has no column `{missing[0]}`")
        return found


def _unreadable(folder: Path, why: str) -> Problem:
    helps = ("run the backtest again",)
    return Problem(f"the run in `{folder}` cannot be read: {why}", kind="data", helps=helps, code="FC1103")


def open_run(name: str) -> PastRun:
    """A run by folder, by name below `runs/`, or the `latest` there. Raises `Problem`."""
    folder = _folder(name)
    try:
        return PastRun(folder, read_manifest(folder))
    except FileNotFoundError:
        helps = ("`flashc backtest` prints where it wrote one",)
        raise Problem(f"`{folder}` is not a run folder", helps=helps, code="FC1103") from None
    except UnicodeDecodeError:
        raise _unreadable(folder, f"`{MANIFEST}` is not text") from None
    except (ValueError, OSError) as error:
        raise _unreadable(folder, str(error)) from None


def _folder(name: str) -> Path:
    if name == LATEST:
        found = latest_run(ROOT)
        if found is None:
            helps = ("`flashc backtest FILE --data NAME` makes one",)
            raise Problem("there is no run in `runs` yet", helps=helps, code="FC1103")
        return found
    path = Path(name)
    below = ROOT / name
    return below if not path.exists() and (below / MANIFEST).exists() else path

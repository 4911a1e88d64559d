"""Finding a run folder again, and what it says about itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..runtime.backtest.run_folder import MANIFEST, latest_run, read_manifest, read_table
from .problem import Problem

ROOT = Path("runs")
LATEST = "latest"


@dataclass(frozen=True, slots=True)
class PastRun:
    """A run folder: its facts, and its decisions as columns (time, reason, mask)."""

    folder: Path
    manifest: Mapping[str, Any]

    @property
    def strategy_file(self) -> Path:
        return self.folder / "strategy.yaml"

    def decisions(self) -> dict[str, Any]:
        return dict(read_table(self.folder, "decisions"))


def open_run(name: str) -> PastRun:
    """A run by folder, by name below `runs/`, or the `latest` there. Raises `Problem`."""
    folder = _folder(name)
    try:
        return PastRun(folder, read_manifest(folder))
    except FileNotFoundError:
        helps = ("`flashc backtest` prints where it wrote one",)
        raise Problem(f"`{folder}` is not a run folder", helps=helps, code="FC1103") from None
    except (ValueError, OSError) as error:
        raise Problem(f"the run in `{folder}` cannot be read: {error}", kind="data", code="FC1103") from None


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

"""The notebooks run from the first cell to the last, in an empty folder; in the repository they have no output."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
NOTEBOOKS = sorted(EXAMPLES.glob("*.ipynb"))


def cells(notebook: Any) -> list[Any]:
    return [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]


def executed(path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Its code cells after a run. Raises what a cell raises."""
    nbclient = pytest.importorskip("nbclient")
    nbformat = pytest.importorskip("nbformat")
    pytest.importorskip("ipykernel")
    # `flashc` lies beside the Python that runs the tests, and IPython writes its history only where it may.
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("IPYTHONDIR", str(folder / ".ipython"))
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.delenv("FLASHC_DATA", raising=False)
    notebook = nbformat.read(path, as_version=4)
    client = nbclient.NotebookClient(notebook, timeout=300, resources={"metadata": {"path": str(folder)}})
    return cells(client.execute())


def shown(found: list[Any]) -> str:
    """All text that the cells show."""
    texts = []
    for output in (output for cell in found for output in cell["outputs"]):
        texts.append(output.get("text", ""))
        texts += [str(value) for value in output.get("data", {}).values()]
    return "\n".join(texts)


def test_there_are_notebooks() -> None:
    assert [path.name for path in NOTEBOOKS] == ["compare_runs.ipynb", "first_backtest.ipynb", "order_book.ipynb"]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_outputs_are_not_kept(path: Path) -> None:
    for cell in cells(json.loads(path.read_text(encoding="utf-8"))):
        assert cell["outputs"] == []
        assert cell["execution_count"] is None


SAYS = {
    "first_backtest": (
        "error[FC0102]: no value called `quik`",
        "Entry clause that did not hold",
        "<svg ",
        "entered",
        "first_backtest.html",
    ),
    "compare_runs": ("has no parameter `overbought`", "FC1102", "net_pnl", "frame of BTC/USDC, row 10"),
    "order_book": ("post_only", "risk_averse", "latency: place 10 ms", "fifo_optimistic"),
}


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_every_cell_runs(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = shown(executed(path, tmp_path, monkeypatch))
    for part in SAYS[path.stem]:
        assert part in text
    assert "Traceback" not in text

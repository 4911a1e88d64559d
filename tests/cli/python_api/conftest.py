"""A folder with a data set of bars, as the current one."""

from __future__ import annotations

from pathlib import Path

import pytest
from flashc.cli.app import run
from flashc.cli.exit_codes import Exit
from support.strategies import EMA_CROSS


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Holds `s.yaml` and the data set `demo`."""
    folder = tmp_path_factory.mktemp("api")
    (folder / "s.yaml").write_text(EMA_CROSS)
    command = ["data", "synth", "--seed", "7", "--bars", "3000", "--name", "demo", "--root", str(folder / "data")]
    assert run(command) == Exit.OK
    return folder


@pytest.fixture(autouse=True)
def here(place: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.delenv("FLASHC_DATA", raising=False)
    monkeypatch.chdir(place)
    return place

"""Every law of `flashc.cli.laws` on every ready strategy, over generated data."""

from __future__ import annotations

from pathlib import Path

import pytest
from flashc.cli import running
from flashc.cli.app import run
from flashc.cli.exit_codes import Exit
from flashc.cli.laws import ALL, run_laws
from flashc.cli.market_options import options_for
from flashc.cli.prepared import prepare
from flashc.cli.settings import moment
from support.measured import MEASURED

ROOT = Path(__file__).resolve().parents[2]
FILES = sorted((ROOT / "strategies").glob("*.yaml"))
#: The least time in which every strategy decides after its warm-up: the reference is slow.
BARS_UNTIL, BOOKS_UNTIL = "2024-01-09T12:00", "2024-01-01T00:02:30"
NO_OPTIONS = {"--latency": None, "--queue": None, "--fill": None, "--bounds": None}
ENGINES = ("ref", "numba", "c")
pytestmark = pytest.mark.xdist_group("strategies")  # they share data and kernels


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("laws") / "data"
    shorter = {"200000": "13000", "20m": "3m"}
    for arguments in MEASURED.synths():
        assert run([*(shorter.get(word, word) for word in arguments), "--root", str(folder)]) == Exit.OK
    return folder


@pytest.mark.parametrize("file", FILES, ids=lambda path: path.stem)
def test_every_law_holds(file: Path, data: Path) -> None:
    names = [str(data / name) for name in MEASURED.data_of(file)]
    prepared = prepare(file, [], names)
    options = options_for(prepared, NO_OPTIONS, 0)
    tape = running.make_tape(prepared, names, None, moment("--to", BOOKS_UNTIL if options else BARS_UNTIL), options)
    account = running.account_of(prepared, running.costs_of(prepared, None, 0))
    found = {law.name: law for law in run_laws(prepared, tape, account, options, ENGINES)}
    assert not [law.message for law in found.values() if not law.held]
    several = len(prepared.compiled.checked.document.instruments) > 1
    compared = [name for name in ALL if found[name].compared]
    assert compared == [name for name in ALL if several or name != "relabel"], (
        "a law that compares nothing is not tried"
    )

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from flashc.runtime.backtest.run_folder import columns, latest_run, read_manifest, read_table, run_id, write_run


def table() -> np.ndarray:
    return np.arange(6, dtype=np.int64).reshape(3, 2)


def test_a_run_is_read_back_as_written(tmp_path: Path) -> None:
    folder = tmp_path / "runs" / "a"
    write_run(
        folder, {"strategy": "x"}, {"decisions": columns(("time", "mask"), table())}, {"strategy.yaml": "flash: 1\n"}
    )
    assert read_manifest(folder)["strategy"] == "x"
    assert read_table(folder, "decisions")["mask"].tolist() == [1, 3, 5]
    assert (folder / "strategy.yaml").read_text() == "flash: 1\n"


def test_the_same_run_replaces_itself_and_leaves_nothing_beside(tmp_path: Path) -> None:
    folder = tmp_path / "a"
    write_run(folder, {}, {"decisions": columns(("time", "mask"), table())}, {})
    write_run(folder, {"second": True}, {}, {})
    assert sorted(p.name for p in folder.iterdir()) == ["manifest.json"]
    assert [p.name for p in tmp_path.iterdir()] == ["a"]


def test_a_failed_write_leaves_the_old_run(tmp_path: Path) -> None:
    folder = tmp_path / "a"
    write_run(folder, {"old": True}, {}, {})
    with pytest.raises(ValueError, match=r"NaN|Out of range"):
        write_run(folder, {"bad": float("nan")}, {}, {})
    assert read_manifest(folder)["old"] is True
    assert [p.name for p in tmp_path.iterdir()] == ["a"]


def test_equal_runs_are_equal_byte_for_byte(tmp_path: Path) -> None:
    for name in ("a", "b"):
        write_run(tmp_path / name, {"x": 1}, {"t": columns(("time", "mask"), table())}, {})
    files = ["manifest.json", "t.parquet"]
    assert all((tmp_path / "a" / f).read_bytes() == (tmp_path / "b" / f).read_bytes() for f in files)


def test_the_identity_does_not_depend_on_key_order() -> None:
    assert run_id({"a": 1, "b": 2}) == run_id({"b": 2, "a": 1})
    assert run_id({"a": 1}) != run_id({"a": 2})


def test_a_foreign_manifest_is_refused(tmp_path: Path) -> None:
    (tmp_path / "manifest.json").write_text(json.dumps({"version": 99}))
    with pytest.raises(ValueError, match="version"):
        read_manifest(tmp_path)


def test_the_latest_run_is_found(tmp_path: Path) -> None:
    assert latest_run(tmp_path) is None
    write_run(tmp_path / "a", {}, {}, {})
    write_run(tmp_path / "b", {}, {}, {})
    import os

    os.utime(tmp_path / "a" / "manifest.json", (2**31, 2**31))
    found = latest_run(tmp_path)
    assert found is not None
    assert found.name == "a"

"""A run on disk: its columns as Parquet, its facts as `manifest.json`, what it ran as text files.

    runs/ema_cross-1f0c9a7be2d4/
      manifest.json        hashes of data and meaning, parameters, venue, every assumption, figures
      decisions.parquet    one row per decision: time, reason, mask
      orders.parquet  fills.parquet  trades.parquet
      equity.parquet       one row per base bar: time, equity (atoms)
      strategy.yaml        the strategy file as it was run, and other texts

The folder's name ends in a hash of everything that decides the result, so the same run lands in the same place, and the
folder holds no clock times of its own. It appears whole or not at all: everything is written beside it and renamed.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

from .money import Ints

MANIFEST = "manifest.json"
MANIFEST_VERSION = 1

Table = Mapping[str, Ints]


def run_id(identity: Mapping[str, object]) -> str:
    """Twelve hex digits that stand for everything that decides a result. `identity` must be plain JSON values."""
    text = json.dumps(identity, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def load() -> None:
    """Bring what writes tables into memory, while something else is waited for."""
    import polars  # noqa: F401


def write_run(
    folder: Path, manifest: Mapping[str, object], tables: Mapping[str, Table], texts: Mapping[str, str]
) -> None:
    """Write a run folder, replacing one of the same name.

    `tables` are columns of equal length by table name; `texts` are file contents by file name. Raises OSError.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    partial = folder.with_name(f".{folder.name}.{os.getpid()}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir()
    try:
        for name, table in tables.items():
            _write_table(partial / f"{name}.parquet", table)
        for name, text in texts.items():
            (partial / name).write_text(text, encoding="utf-8")
        body = {"version": MANIFEST_VERSION, **manifest}
        (partial / MANIFEST).write_text(json.dumps(body, indent=2, allow_nan=False) + "\n", encoding="utf-8")
        _move_into_place(partial, folder)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def columns(names: Sequence[str], table: Ints) -> Table:
    """A two-dimensional table as named columns."""
    assert table.shape[1] == len(names)
    return {name: table[:, number] for number, name in enumerate(names)}


def read_manifest(folder: Path) -> dict[str, object]:
    """The facts of a run. Raises OSError, or ValueError if the file is not a manifest of this version."""
    found = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    if not isinstance(found, dict) or found.get("version") != MANIFEST_VERSION:
        raise ValueError(f"{folder / MANIFEST} is not a run manifest of version {MANIFEST_VERSION}")
    return found


def read_table(folder: Path, name: str) -> dict[str, Ints]:
    """The columns of one table. Raises OSError."""
    import polars as pl

    frame = pl.read_parquet(folder / f"{name}.parquet")
    return {column: frame[column].to_numpy() for column in frame.columns}


def latest_run(root: Path) -> Path | None:
    """The run folder written last below `root`, or None."""
    manifests = sorted(root.glob(f"*/{MANIFEST}"), key=lambda path: (path.stat().st_mtime_ns, str(path)))
    return manifests[-1].parent if manifests else None


def _write_table(path: Path, table: Table) -> None:
    import polars as pl

    pl.DataFrame(dict(table)).write_parquet(path, compression="lz4", statistics=False)


def _move_into_place(partial: Path, folder: Path) -> None:
    """Rename over an existing folder: rename cannot replace a full directory, so the old one steps aside first."""
    if not folder.exists():
        partial.rename(folder)
        return
    old = folder.with_name(f".{folder.name}.{os.getpid()}.old")
    folder.rename(old)
    partial.rename(folder)
    shutil.rmtree(old)

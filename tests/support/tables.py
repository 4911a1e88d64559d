"""Hands on the files of a stored data set, to damage them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl


def files(folder: Path, kind: str) -> list[Path]:
    """Files of one kind, by day."""
    return sorted(folder.rglob(f"kind={kind}/*/*.parquet"))


def edit(folder: Path, kind: str, change: Callable[[pl.DataFrame], pl.DataFrame]) -> None:
    """Rewrite the first file of a kind where it is, as no writer of tables would."""
    path = files(folder, kind)[0]
    change(pl.read_parquet(path, hive_partitioning=False)).write_parquet(path)


def edit_record(folder: Path, change: Callable[[dict[str, Any]], None]) -> None:
    """Rewrite the record in the newest commit."""
    path = sorted((folder / "_delta_log").glob("*.json"))[-1]
    lines = path.read_text().splitlines()
    place = next(k for k, line in enumerate(lines) if "commitInfo" in line)
    action = json.loads(lines[place])
    change(action["commitInfo"])
    path.write_text("\n".join([*lines[:place], json.dumps(action), *lines[place + 1 :]]) + "\n")

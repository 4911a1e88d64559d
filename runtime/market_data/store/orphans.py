"""Files in a table's folder that no version names: a writer made them and died before its commit.

A living writer's files look the same until its commit, so only files that nobody has touched for `SAFE_AGE_NS` are
taken for orphans: a commit follows its files within minutes.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from stat import S_ISREG
from typing import Any
from urllib.parse import unquote

from .delta import PARTITIONS
from .places import LOG

#: A day, many times what any commit takes.
SAFE_AGE_NS = 86_400 * 10**9

_COMMIT = re.compile(r"([0-9]{20})\.json")
#: What the Delta library calls its files of rows, and any file that it has not finished.
_ROWS, _UNFINISHED = re.compile(r"part-.+\.parquet"), re.compile(r".+#[0-9]+")


def orphans(folder: Path, now_ns: int) -> list[tuple[Path, int]]:
    """Files of a local table that no version names, by name, each with its size in bytes. `now_ns` is by the clock of
    the disk.

    None where the log cannot be read or does not go back to the first version: then nobody knows what versions named.
    """
    found = sorted(_old(folder, now_ns - SAFE_AGE_NS))
    if not found:
        return []
    named = _named(folder)  # after the files were listed: what is committed meanwhile is named
    return [] if named is None else [(path, size) for path, size in found if path not in named]


def _old(folder: Path, before_ns: int) -> Iterator[tuple[Path, int]]:
    """What people put beside the rows stays: it has other names, or lies outside the folders of rows."""
    for top, wanted in ((f"{PARTITIONS[0]}=*/**", _ROWS), (f"{PARTITIONS[0]}=*/**", _UNFINISHED), (LOG, _UNFINISHED)):
        for path in folder.glob(f"{top}/*"):
            with suppress(OSError):  # its writer has finished it under another name, or has taken it back
                state = path.lstat()
                if wanted.fullmatch(path.name) and S_ISREG(state.st_mode) and state.st_mtime_ns < before_ns:
                    yield path, state.st_size


def _named(folder: Path) -> set[Path] | None:
    """Every file that some version added or removed."""
    logs = sorted(path for path in (folder / LOG).glob("*.json") if _COMMIT.fullmatch(path.name))
    if not logs or [int(path.stem) for path in logs] != list(range(len(logs))):
        return None
    found: set[Path] = set()
    try:
        for log in logs:
            for line in log.read_text(encoding="utf-8").splitlines():
                found |= {folder / text for text in _paths(json.loads(line))}
    except (OSError, ValueError, AttributeError):
        return None
    return found


def _paths(line: dict[str, Any]) -> Iterator[str]:
    """The files of one line of the log, as they stand there and as the disk may call them."""
    for action in line.values():
        if isinstance(action, dict) and isinstance(path := action.get("path"), str):
            yield from (path, unquote(path))
